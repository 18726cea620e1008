# SPDX-License-Identifier: ISC
"""
The sandbox of a unit, without systemd: what smtpsend.service says, done by
bubblewrap, setpriv and a filter of system calls.

    with Sandbox(unit, uid, writable) as box:
        subprocess.Popen([*box.words, "smtpsend", "--daemon"], pass_fds=box.fds)

Read from the unit: ReadWritePaths is what the caller names instead, ProtectSystem,
ProtectHome, PrivateTmp, PrivateDevices, NoNewPrivileges, CapabilityBoundingSet,
RestrictAddressFamilies, MemoryDenyWriteExecute, SystemCallFilter.  A line that is
not understood and not known to change nothing here fails the test.
"""

import ctypes
import os
import platform
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2

# BPF, as linux/filter.h and linux/seccomp.h have it
LOAD, JEQ, JSET, RET = 0x20, 0x15, 0x45, 0x06
ALLOW, EPERM, KILL = 0x7fff0000, 0x00050001, 0x80000000
NR, ARCH, ARGS = 0, 4, 16
AUDIT_ARCH = {"x86_64": 0xc000003e, "aarch64": 0xc00000b7}
PROT_WRITE, PROT_EXEC = 2, 4

# What has no meaning here, or is done by what is done for others.
ELSEWHERE = {
    "Type", "ExecStart", "ExecReload", "User", "Group", "KillMode",
    "TimeoutStopSec", "Restart", "RestartSec", "WatchdogSec", "LimitNOFILE",
    "OOMScoreAdjust", "ReadWritePaths", "ProtectClock", "ProtectControlGroups",
    "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules",
    "ProtectKernelTunables", "ProtectProc", "PrivateMounts", "RemoveIPC",
    "KeyringMode", "LockPersonality", "RestrictNamespaces", "RestrictRealtime",
    "RestrictSUIDSGID", "SystemCallArchitectures", "SystemCallErrorNumber",
    "AmbientCapabilities", "AppArmorProfile",
}
FLAGS = {"ProtectSystem": ["strict"], "ProtectHome": ["yes"],
         "PrivateTmp": ["yes"], "PrivateDevices": ["yes"],
         "NoNewPrivileges": ["yes"], "CapabilityBoundingSet": [""],
         "MemoryDenyWriteExecute": ["yes"], "UMask": ["0077"]}


def read_unit(path):
    words, section = {}, None
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = line
        key, sep, value = line.partition("=")
        if section == "[Service]" and sep and not line.startswith("#"):
            words.setdefault(key, []).append(value)
    return words


def numbers():
    """System calls by name, of this machine's headers."""
    text = subprocess.run(["cc", "-E", "-dM", "-x", "c", "-"], text=True,
                          input="#include <sys/syscall.h>\n", check=True,
                          capture_output=True).stdout
    return {name: int(n) for name, n in
            re.findall(r"^#define __NR_(\w+) (\d+)$", text, re.M)}


def members(name):
    """The calls of a set of systemd's, with those of sets in it."""
    if not name.startswith("@"):
        return {name}
    text = subprocess.run(["systemd-analyze", "syscall-filter", name],
                          text=True, check=True, capture_output=True).stdout
    found = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            found |= members(word)
    return found


def allowed(filters):
    """What lines of SystemCallFilter= leave."""
    calls = set(members("@default"))
    for line in filters:
        for word in line.lstrip("~").split():
            if line.startswith("~"):
                calls -= members(word) - members("@default")
            else:
                calls |= members(word)
    return calls


def program(filters, families):
    """The filter, as octets for prctl(2)."""
    known = numbers()
    code = [(LOAD, 0, 0, ARCH), (JEQ, 1, 0, AUDIT_ARCH[platform.machine()]),
            (RET, 0, 0, KILL), (LOAD, 0, 0, NR)]
    # socket(): only of these families
    code += [(JEQ, 0, 2 + len(families), known["socket"]),
             (LOAD, 0, 0, ARGS)]
    code += [(JEQ, len(families) - n, 0, family)
             for n, family in enumerate(families)]
    code += [(RET, 0, 0, EPERM), (LOAD, 0, 0, NR)]
    # nothing becomes code that could be written
    code += [(JEQ, 0, 4, known["mprotect"]), (LOAD, 0, 0, ARGS + 16),
             (JSET, 0, 1, PROT_EXEC), (RET, 0, 0, EPERM), (LOAD, 0, 0, NR)]
    for name in sorted(allowed(filters) & set(known)):
        code += [(JEQ, 0, 1, known[name]), (RET, 0, 0, ALLOW)]
    code += [(RET, 0, 0, EPERM)]
    return b"".join(struct.pack("<HBBI", *line) for line in code)


def parents(path):
    """Folders on the way to what is bound, where those of others are hidden."""
    words = []
    for folder in reversed(Path(path).parents):
        if folder.parts[1:2] in (("tmp",), ("home",), ("root",)) and \
                len(folder.parts) > 2:
            words += ["--perms", "0755", "--dir", str(folder)]
    return words


class Sandbox:
    """words: to stand before the command; fds: to be passed on to it."""

    def __init__(self, unit, uid, writable, readable=()):
        service = read_unit(unit)
        for key, value in service.items():
            assert key in ELSEWHERE or FLAGS.get(key) == value or key in (
                "SystemCallFilter", "RestrictAddressFamilies"), (key, value)
        families = [getattr(socket, name) for name in
                    service["RestrictAddressFamilies"][0].split()]
        self.filter = os.memfd_create("filter", 0)
        os.write(self.filter, program(service["SystemCallFilter"], families))
        self.fds = (self.filter,)
        binds = []
        for path in (HERE.parent.parent, *readable):
            binds += [*parents(path), "--ro-bind", str(path), str(path)]
        for path in writable:
            binds += [*parents(path), "--bind", str(path), str(path)]
        self.words = [
            "bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
            "--tmpfs", "/tmp", "--tmpfs", "/home", "--tmpfs", "/root", *binds,
            "--unshare-ipc", "--cap-drop", "ALL", "--cap-add", "CAP_SETUID",
            "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP", "--",
            "setpriv", "--reuid", str(uid), "--regid", str(uid),
            "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all",
            "--no-new-privs", "/usr/bin/python3", __file__, str(self.filter)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.filter)


def enter(filter_fd, words):
    """Under the filter from now on, whatever is executed."""
    class Program(ctypes.Structure):
        _fields_ = [("n", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    code = os.pread(filter_fd, 1 << 20, 0)
    os.close(filter_fd)
    buf = ctypes.create_string_buffer(code, len(code))
    what = Program(len(code) // 8, ctypes.cast(buf, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    os.umask(0o077)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(what)):
        raise OSError(ctypes.get_errno(), "prctl")
    os.execvp(words[0], words)


if __name__ == "__main__":
    enter(int(sys.argv[1]), sys.argv[2:])
