# SPDX-License-Identifier: ISC
"""Machines with a queue, and what lies in it.

    box = Box(machine)          # /etc with [queue], a spool of user 8125
    run = box.sendmail("-odq", "bob@example.org")       # as root
    run = box.sendmail("-t", uid=1234)
    [mail] = box.queue()
    mail.rcpts, mail.text, mail.uid, mail.flags, ...

The reader of the spool's format (src/spool/format.h) is written anew here, so
that what the program writes is looked at by somebody else.
"""

import os
import shutil
import struct
import subprocess
import tempfile
import time
import weakref
from pathlib import Path

import conftest

SPOOL_UID = 8125
HOLD, QUEUE_ONLY, REQUIRE_TLS, IS_BOUNCE = "hold", "queue_only", "tls", "bounce"
MESSAGE = b"Subject: hi\n\nhello\n"


class Stored:
    """One file of the spool."""

    def __init__(self, path):
        data = Path(path).read_bytes()
        self.id = Path(path).name
        self.uid, = struct.unpack_from("<I", data, 52)
        self.created, self.not_before, self.expires = struct.unpack_from(
            "<qqq", data, 56)
        self.flags, = struct.unpack_from("<I", data, 80)
        self.kind, = struct.unpack_from("<B", data, 84)
        self.hops, = struct.unpack_from("<H", data, 86)
        rcpts, envelope, text = struct.unpack_from("<QQQ", data, 88)
        self.head, = struct.unpack_from("<Q", data, 120)
        self.host = self.string(data, 256)
        self.tag = self.string(data, 512)
        self.key = self.string(data, 544)
        bank = -(-(rcpts + 1) * 64 // 4096) * 4096
        at = 4096 + 2 * bank
        self.runs, = struct.unpack_from("<I", data, 4096 + 8)
        self.next_try, = struct.unpack_from("<q", data, 4096 + 24)
        self.read_envelope(data[at:at + envelope])
        self.text = data[at + envelope:at + envelope + text]
        st = os.stat(path)
        self.owner = (st.st_uid, st.st_gid, st.st_mode & 0o7777)

    @staticmethod
    def string(data, at):
        return data[at:data.index(b"\0", at)].decode()

    def read_envelope(self, data):
        self.sender, self.envid, self.ret = None, None, 0
        self.rcpts, self.notify, self.orcpt = [], {}, {}
        while data:
            letter, n = data[:1], struct.unpack_from("<I", data, 1)[0]
            value, data = data[5:5 + n].decode(), data[5 + n:]
            if letter == b"F":
                self.sender = value
            elif letter == b"E":
                self.envid = value
            elif letter == b"T":
                self.ret = ord(value)
            elif letter == b"R":
                self.rcpts.append(value)
            elif letter == b"Y":
                self.notify[self.rcpts[-1]] = ord(value)
            elif letter == b"O":
                self.orcpt[self.rcpts[-1]] = value


class Result:
    def __init__(self, done):
        self.rc = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()

    def __str__(self):
        return f"exit {self.rc}\n{self.out}{self.err}"


class Box:
    """
    config  more for /etc/smtpsend/smtpsend.conf: before, and in, [queue]
    local   the keys of [local]: all mail goes out unless a test asks for more
    spool   False: there is none
    """

    def __init__(self, machine, config="", queue="", spool=True,
                 local="deliver = no", **how):
        # not below pytest's folder: each pytest that begins closes that for
        # others than root
        self.folder = Path(tempfile.mkdtemp(prefix="queue-box-"))
        self.folder.chmod(0o755)
        weakref.finalize(self, shutil.rmtree, self.folder, True)
        self.spool = self.folder / "spool"
        self.run = self.folder / "run"
        self.run.mkdir()
        os.chown(self.run, SPOOL_UID, SPOOL_UID)
        if spool:
            self.spool.mkdir()
            self.spool.chmod(0o700)
            os.chown(self.spool, SPOOL_UID, SPOOL_UID)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name in ("sendmail", "mailq", "rmail", "smtpsend"):
            (self.bin / name).symlink_to(conftest.BINARY)
        self.config = (f"{config}\n[local]\n{local}\n"
                       f"[queue]\npath = {self.spool}\n"
                       f"run = {self.run}\n{queue}\n")
        how.setdefault("hostname", "box.example.net")
        self.machine = machine(**how)
        self.configure(self.config)

    def configure(self, text):
        self.machine.write("/etc/smtpsend/smtpsend.conf", text)

    def command(self, name, *args, uid=0, stdin=MESSAGE, env=None, shell=None,
                timeout=60):
        """shell: a script that runs "$@" its own way."""
        wrap = self.machine.user(uid) if uid else list(self.machine)
        if shell:
            wrap = [*wrap, "sh", "-c", shell, "sh"]
        if env is None:
            env = {"HOME": "/nonexistent"}
        return Result(subprocess.run(
            [*wrap, str(self.bin / name), *args], input=stdin, check=False,
            capture_output=True, timeout=timeout,
            env=self.machine.environment(**env)))

    def sendmail(self, *args, **how):
        return self.command("sendmail", *args, **how)

    def smtpsend(self, *args, **how):
        return self.command("smtpsend", *args, **how)

    def queue(self):
        """What is queued, the oldest first."""
        folder = self.spool / "queue"
        if not folder.exists():
            return []
        found = []
        for p in sorted(folder.iterdir()):
            try:
                if not p.name.startswith("."):
                    found.append(Stored(p))
            except FileNotFoundError:
                pass                # delivered in the meantime
        return found

    def strangers(self):
        """What in the spool does not belong to its user."""
        return [p for p in (self.spool, *self.spool.rglob("*"))
                if (p.stat().st_uid, p.stat().st_gid) !=
                (SPOOL_UID, SPOOL_UID)]


def wait_for(condition, seconds=20):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.02)
