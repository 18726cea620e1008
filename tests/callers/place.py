# SPDX-License-Identifier: ISC
"""
The machine a caller of sendmail runs on: a Debian of its own over which all that
is written is thrown away, its own processes and network, smtpsend installed in it
as sendmail, its daemon, and on 127.0.0.1 the one server that mail goes to.

    place = Place(root, layer)          # in namespaces of its own already
    place.network(True)
    place.server_up(refuse=False)
    place.daemon()
    shown = place.run("alice", "git send-email ...")
    place.server.mails, place.queue()
"""

import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from queue_support import Stored	# noqa: E402
from server import Server		# noqa: E402

HOST = "box.example.net"
ALICE = 1001
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Ours and the test's: users, names, where mail goes. Whose mail is read
# elsewhere is an alias, as it should be on such a machine.
ALIASES = "root: admin@far.test\nalice: alice@far.test\nnobody: root\n" \
    "logcheck: root\n"
CONFIG = """\
server = 127.0.0.1
[local]
[queue]
"""
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


class Shown:
    """What the caller's user saw."""

    def __init__(self, rc, text):
        self.rc, self.text = rc, text

    def __str__(self):
        return f"exit {self.rc}: {self.text[-3000:]}"


def sh(*words, **how):
    return subprocess.run(words, check=True, **how)


class Place:
    def __init__(self, root, layer, over=()):
        self.folder = Path(layer).parent / "place"
        sh("mount", "-t", "tmpfs", "-o", "mode=755", "callers",
           str(self.folder))
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(mode=0o755)
        self.root = self.folder / "root"
        lower = ":".join(str(p) for p in (*over, layer, root))
        sh("mount", "-t", "overlay", "callers", "-o",
           f"lowerdir={lower},upperdir={self.folder}/upper,"
           f"workdir={self.folder}/work", str(self.root))
        sh("mount", "-t", "proc", "proc", f"{self.root}/proc")
        self.make_dev()
        for name in ("run", "tmp"):
            sh("mount", "-t", "tmpfs", "-o", "mode=1777" if name == "tmp" else
               "mode=755", name, f"{self.root}/{name}")
        socket.sethostname(HOST)
        self.server, self.log = None, []
        self.files()
        self.listen_log()

    def make_dev(self):
        dev = self.root / "dev"
        sh("mount", "-t", "tmpfs", "-o", "mode=755", "dev", str(dev))
        for name in DEVICES:
            (dev / name).touch()
            sh("mount", "--bind", f"/dev/{name}", str(dev / name))
        for name in ("pts", "shm"):
            (dev / name).mkdir()
        (dev / "shm").chmod(0o1777)
        sh("mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620",
           "devpts", str(dev / "pts"))
        for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"),
                             ("stdout", "fd/1"), ("stderr", "fd/2"),
                             ("ptmx", "pts/ptmx")):
            (dev / name).symlink_to(target)

    def files(self):
        self.write("/etc/hostname", HOST + "\n")
        self.write("/etc/mailname", HOST + "\n")
        self.write("/etc/hosts", f"127.0.0.1\tlocalhost\n127.0.1.1\t{HOST} box\n")
        self.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        self.write("/etc/aliases", ALIASES)
        self.write("/etc/smtpsend/smtpsend.conf", CONFIG)
        home = self.root / "home/alice"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        os.chown(home, ALICE, ALICE)

    def write(self, path, text, mode=0o644, owner=None):
        """A file in the caller's machine; below /home/alice it is hers."""
        target = Path(f"{self.root}{path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        target.chmod(mode)
        if owner is None and path.startswith("/home/alice/"):
            owner = ALICE
        while owner and str(target) != f"{self.root}/home/alice":
            os.chown(target, owner, owner)
            target = target.parent

    def listen_log(self):
        """What goes to syslog, for who reads why a test failed."""
        path = self.root / "dev/log"
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(str(path))
        path.chmod(0o666)

        def hear():
            while True:
                self.log.append(sock.recv(8192).decode(errors="replace"))
        threading.Thread(target=hear, daemon=True).start()

    # ---- the world outside ----

    def network(self, up):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s, SIOCSIFFLAGS,
                        struct.pack("16sH14x", b"lo", IFF_UP if up else 0))

    def server_up(self, **how):
        self.server = Server(**how)

    # ---- the machine ----

    def chroot(self, *words):
        return ["chroot", str(self.root), "/usr/bin/env", "-i", f"PATH={PATH}",
                "LC_ALL=C.UTF-8", "TERM=dumb", *words]

    def as_user(self, user, *words):
        home = {"root": "/root", "alice": "/home/alice"}.get(user, "/")
        group = "nogroup" if user == "nobody" else user
        who = [] if user == "root" else [
            "setpriv", "--reuid", user, "--regid", group, "--init-groups"]
        return self.chroot(f"HOME={home}", f"USER={user}", f"LOGNAME={user}",
                           "SHELL=/bin/sh", *who, *words)

    def daemon(self):
        sh(*self.chroot("/etc/init.d/smtpsend", "start"),
           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        run = self.root / "run/smtpsend"
        self.wait(lambda: (run / "control").exists() and
                  (run / "submit").exists(), "the daemon's sockets")

    def run(self, user, script, stdin=b"", seconds=100):
        """A shell script as that user; what is written comes in its order."""
        cwd = "cd ~ || exit 99\n"
        done = subprocess.Popen(
            self.as_user(user, "sh", "-c", cwd + script), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)
        try:
            out, _ = done.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)
            out, _ = done.communicate()
            out += b"\n[harness: it did not end]"
        return Shown(done.returncode, out.decode(errors="replace"))

    def queue(self):
        folder = self.root / "var/spool/smtpsend/queue"
        if not folder.exists():
            return []
        found = []
        for p in folder.iterdir():
            try:
                if p.name[0] != ".":
                    found.append(Stored(p))
            except FileNotFoundError:
                pass                    # delivered in the meantime
        return found

    def mbox(self, name):
        path = self.root / "var/mail" / name
        return path.read_bytes() if path.exists() else b""

    @staticmethod
    def wait(condition, what, seconds=60):
        limit = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > limit:
                raise AssertionError(f"waited {seconds} s for {what}")
            time.sleep(0.05)

