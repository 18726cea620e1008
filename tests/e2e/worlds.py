# SPDX-License-Identifier: ISC
"""
Machines that the program believes to be on: a host name, an /etc and a user of
the test's choice, in a mount and a UTS namespace of its own.

    def test_x(machine):
        box = machine(hostname="box.example.net", mailname="example.com",
                      files={"/etc/smtpsend.conf": "tls = verify\\n"})
        run = send(srv.port, wrap=box)
        run = send(srv.port, wrap=box.user(4321), env=box.environment())

A machine is the list of words to put in front of a command (`wrap=` of
faults_support.smtpsend and of the fixture smtpsend; `[*box, "cat", "/etc/hosts"]`
with subprocess).  Each run enters it anew, so nothing is left running; what the
program writes below /etc or /dev stays in machine.folder and never reaches the
machine below.  The network and /tmp are shared with it, so servers on loopback
and files of tmp_path are there.
"""

import ctypes
import fcntl
import functools
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

# Debian's, as its installer and debootstrap write it; and the plainest.
HOSTS = """\
127.0.0.1\tlocalhost
::1\t\tlocalhost ip6-localhost ip6-loopback
ff02::1\t\tip6-allnodes
ff02::2\t\tip6-allrouters
"""
HOSTS_V4 = "127.0.0.1\tlocalhost\n"

# What a test means when it says nothing: absent unless asked for.
NOT_THERE = ("mailname", "smtpsend.conf", "aliases", "netrc")

# Half of what is below /etc, and nobody's to change: not copied, but mounted.
LENT = [name for name in ("alternatives", "ssl") if Path("/etc", name).is_dir()]
LEND = "".join(f'mount -o bind,ro /etc/{name} "$1/etc/{name}" && '
               for name in LENT)

# $1 the folder, $2 the host name; then the command
ENTER = f"""
printf '%s\\n' "$2" >/proc/sys/kernel/hostname && {LEND}
mount --rbind "$1/etc" /etc && mount --rbind "$1/dev" /dev || exit 125
shift 2
exec "$@"
"""
# /dev is a folder, so its devices are mounted one by one
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEV = "".join(f'[ ! -e /dev/{d} ] || mount --bind /dev/{d} "$1/dev/{d}" || '
              'exit 125\n' for d in (*DEVICES, "pts", "shm"))


class Machine(list):
    """
    hostname  str or bytes, any: what gethostname() says
    hosts     the text of /etc/hosts; None: no such file
    mailname  what stands in /etc/mailname; None: no such file
    passwd    lines for /etc/passwd behind those that are there
    resolv    the text of /etc/resolv.conf; None: as on the machine below
    files     {"/etc/...": text, bytes, or None: no such file}
    """

    def __init__(self, folder, hostname="box.example.net", hosts=HOSTS,
                 mailname=None, passwd=(), resolv=None, files=None):
        self.folder = Path(folder)
        self.etc, self.dev = self.folder / "etc", self.folder / "dev"
        self.folder.mkdir(exist_ok=True)
        self._copy_etc()
        self._make_dev()
        for name in NOT_THERE:
            self.write(f"/etc/{name}", None)
        self.write("/etc/hosts", hosts)
        if mailname is not None:
            self.write("/etc/mailname", mailname + "\n")
        if resolv is not None:
            self.write("/etc/resolv.conf", resolv)
        if passwd:
            known = (self.etc / "passwd").read_text()
            self.write("/etc/passwd", known + "".join(
                line + "\n" for line in passwd))
        for path, text in (files or {}).items():
            self.write(path, text)
        super().__init__(["unshare", "--mount", "--uts", "sh", "-c",
                          DEV + ENTER, "machine", str(self.folder),
                          os.fsdecode(hostname)])

    def _copy_etc(self):
        self.etc.mkdir()
        shutil.copystat("/etc", self.etc)
        for name in LENT:
            (self.etc / name).mkdir()
        subprocess.run(["cp", "-a", "-t", self.etc, *(
            e.path for e in os.scandir("/etc") if e.name not in LENT)],
            check=True)

    def _make_dev(self):
        """Places for devices to be mounted on; /dev/log is the test's to make
        (machine.dev / "log"), so nothing reaches the real syslog."""
        self.dev.mkdir()
        for name in DEVICES:
            (self.dev / name).touch()
        for name in ("pts", "shm"):
            (self.dev / name).mkdir()
        for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"),
                             ("stdout", "fd/1"), ("stderr", "fd/2"),
                             ("ptmx", "pts/ptmx")):
            (self.dev / name).symlink_to(target)

    def write(self, path, text, mode=0o644):
        """A file below /etc, made, replaced, or (None) taken away."""
        assert path.startswith("/etc/"), path
        assert path.split("/")[2] not in LENT, f"{path} is not the machine's"
        target = self.folder / path.lstrip("/")
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)
        if text is None:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else
                           os.fsencode(text))
        target.chmod(mode)

    def user(self, uid, gid=None):
        """The same machine, entered as that user; needs no line in passwd."""
        return [*self, "setpriv", "--reuid", str(uid), "--regid",
                str(uid if gid is None else gid), "--clear-groups", "--"]

    @staticmethod
    def environment(**words):
        """What a bare login would have: nothing of ours but PATH; a value of
        None takes a word away."""
        bare = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **words}
        return {k: v for k, v in bare.items() if v is not None}


# A network of a test's own

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8914, 0x8916, 1


def enter_network(addresses):
    """A new network: only lo, with 127.0.0.1, ::1 and these of IPv4."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for n, address in enumerate(("127.0.0.1", *addresses)):
            set_address(s, n, address)
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def set_address(sock, n, address):
    """lo's n-th; 0.0.0.0 takes it away."""
    name = b"lo" if n == 0 else b"lo:%d" % n
    fcntl.ioctl(sock, SIOCSIFADDR, struct.pack(
        "16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(address)))


def in_own_network(*addresses):
    """
    For a test that needs addresses which are not of loopback, say 192.0.2.1: it
    runs in a child, in a network namespace whose lo has them.  It can use no
    fixtures that have servers running.
    """
    def decorate(test):
        @functools.wraps(test)
        def run(*args, **kwargs):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    enter_network(addresses)
                    test(*args, **kwargs)
                    status = 0
                except BaseException:	# pytest's skip is one
                    traceback.print_exc()
                finally:
                    sys.stderr.flush()
                    os._exit(status)
            assert os.waitpid(child, 0)[1] == 0, "see stderr"
        return run
    return decorate


def main(words):
    """worlds.py FORM COMMAND...: run a command under that form of /etc/hosts."""
    forms = {"usual": HOSTS, "v4": HOSTS_V4, "none": None}
    if len(words) < 2 or words[0] not in forms:
        print(f"usage: worlds.py {'|'.join(forms)} COMMAND...", file=sys.stderr)
        return 64
    with tempfile.TemporaryDirectory(prefix="machine-") as folder:
        box = Machine(folder, socket.gethostname(), forms[words[0]])
        return subprocess.run([*box, *words[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
