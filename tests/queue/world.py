# SPDX-License-Identifier: ISC
"""
A machine of its own for one process: mount, network and host name namespaces, an
/etc with a user smtpsend, a few others and a configuration, a spool, DNS and a
server at 192.0.2.1:25 that every domain of *.example leads to.

    w = World(folder, program)      # this process is in it from now on
    w.fresh()                       # an empty spool, an empty ledger
    w.sendmail("-odq", "ok.1@a.example", message=...)
    w.quiet()                       # sendmail -q until nothing is left
    w.litter()

Needs root.  `program` is a folder with sendmail and mailq: links to smtpsend, or
the stand-in.
"""

import ctypes
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build"))
TOOLS = BUILD / "queue"
sys.path.insert(0, str(TOP / "tests" / "e2e"))
sys.dont_write_bytecode = True

from fakedns import FakeDns             # noqa: E402
from ledger import Ledger, Server       # noqa: E402
from worlds import enter_network        # noqa: E402

UID = 8125          # of smtpsend in that /etc
CALLER = 8126       # and of an ordinary user
USERS = {"bob": 8127, "carol": 8128}    # who have mailboxes
MAIL = 8            # the group that may write to the folder of those
SENDER = "ok.from@sender.example"
NEWNS, NEWUTS = 0x00020000, 0x04000000
PATIENCE = 60       # seconds; whatever lasts longer hangs
RUNS = 8            # of the queue, until it has to be empty

CONFIG = """\
resolver = 127.0.0.1:{port}
allow-loopback-mx = yes
[local]
deliver = no
[queue]
path = {spool}
run = {run}
postmaster = ok.postmaster@pm.example
reserve = 1M
bounces-per-minute = 0
"""


def mount(*words):
    subprocess.run(["mount", *words], check=True)


class World:
    def __init__(self, folder, program, config=CONFIG):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.spool = self.folder / "spool"
        self.rundir = self.folder / "run"
        self.program = pathlib.Path(program)
        self.env = {"PATH": f"{program}:{os.environ['PATH']}", "HOME": "/",
                    "LC_ALL": "C.UTF-8"}
        self.enter()
        self.ledger = Ledger()
        self.server = Server(self.ledger)
        self.servers = [self.server]
        self.dns = FakeDns()
        self.dns.default = self.answer
        self.config = config
        self.configure(config)

    # the machine

    def enter(self):
        if ctypes.CDLL(None, use_errno=True).unshare(NEWNS | NEWUTS) < 0:
            raise OSError(ctypes.get_errno(), "unshare")
        mount("--make-rprivate", "/")
        enter_network(["192.0.2.1"])
        socket.sethostname("box.example")
        etc = self.folder / "etc"
        shutil.rmtree(etc, ignore_errors=True)
        etc.mkdir()
        for name in ("nsswitch.conf", "services", "protocols", "ld.so.cache",
                     "ld.so.conf", "ssl", "localtime", "alternatives"):
            if os.path.lexists(f"/etc/{name}"):
                subprocess.run(["cp", "-a", f"/etc/{name}", etc], check=True)
        (etc / "hosts").write_text("127.0.0.1\tlocalhost\n192.0.2.9\tbox.example box\n")
        (etc / "passwd").write_text(
            "root:x:0:0::/root:/bin/sh\n"
            f"smtpsend:x:{UID}:{UID}::/:/bin/false\n"
            f"caller:x:{CALLER}:{CALLER}::/:/bin/sh\n"
            "nobody:x:65534:65534::/:/bin/false\n" + "".join(
                f"{name}:x:{uid}:{uid}::{self.folder}/home/{name}:/bin/sh\n"
                for name, uid in USERS.items()))
        (etc / "group").write_text(
            f"root:x:0:\nmail:x:{MAIL}:\nsmtpsend:x:{UID}:\n"
            f"caller:x:{CALLER}:\nnogroup:x:65534:\n")
        mount("--bind", str(etc), "/etc")

    def configure(self, config):
        os.makedirs("/etc/smtpsend", exist_ok=True)
        text = config.format(port=self.dns.port, spool=self.spool,
                             run=self.rundir)
        pathlib.Path("/etc/smtpsend/smtpsend.conf").write_text(text)

    def move_spool(self, spool):
        """The spool lies there now."""
        self.spool = spool
        self.configure(self.config)
        if "STICK_SPOOL" in self.env:
            self.env["STICK_SPOOL"] = str(spool)

    def answer(self, q):
        """DNS: all of example leads to our server."""
        if not q.name.endswith(".example"):
            return q.answer(rcode=3)
        if q.kind == "MX" and not q.name.startswith("mx."):
            return q.answer(("MX", (10, "mx." + q.name)))
        if q.kind == "A":
            return q.answer(("A", "192.0.2.1"))
        return q.answer()

    def stop(self):
        for server in self.servers:
            server.stop()
        self.dns.stop()

    # a case

    def fresh(self):
        """No mail anywhere, no alias, and the first configuration."""
        self.configure(self.config)
        pathlib.Path("/etc/aliases").write_bytes(b"")
        for d in (self.spool, self.rundir):
            self.empty(d)
            os.chown(d, UID, UID)
        self.spool.chmod(0o700)
        self.rundir.chmod(0o755)
        self.ledger.accepts.clear()
        self.ledger.refused.clear()
        self.ledger.mended = False

    @staticmethod
    def empty(folder):
        folder.mkdir(exist_ok=True)
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)

    def command(self, name, *args):
        return [str(self.program / name), *args]

    def run(self, words, message=b"", timeout=PATIENCE, **how):
        """Exit status (None: it hung), stdout and stderr together."""
        env = {**self.env, **how.pop("env", {})}
        with open(self.folder / "input", "w+b") as f:
            f.write(message)
            f.seek(0)
            with subprocess.Popen(words, stdin=f, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env=env,
                                  **how) as p:
                try:
                    out = p.communicate(timeout=timeout)[0]
                    return p.returncode, out.decode(errors="replace")
                except subprocess.TimeoutExpired:
                    p.kill()
                    return None, "hung"

    def sendmail(self, *args, message=b"", **how):
        return self.run(self.command("sendmail", *args), message, **how)

    def names(self, folder="queue"):
        try:
            return sorted(os.listdir(self.spool / folder))
        except FileNotFoundError:
            return []

    def queued(self):
        return [n for n in self.names() if not n.startswith(".")]

    def quiet(self):
        """Run on until the queue is empty; what was wrong with that, or ""."""
        # what the dead have said is heard first
        wait_for(lambda: not any(s.talking for s in self.servers), 5)
        self.ledger.mended = True
        for _ in range(RUNS):
            patience = PATIENCE + len(self.queued()) / 10
            status, out = self.sendmail("-q", timeout=patience)
            if status is None:
                return f"hung: sendmail -q, {len(self.queued())} left"
            if status < 0:
                return f"sendmail -q died of signal {-status}: {out[-300:]}"
            if not self.queued():
                return ""
        return f"not empty after {RUNS} runs: {self.queued()[:9]} {out[-300:]}"

    def litter(self, keys=False):
        """Files that nobody needs any more, and such as are not smtpsend's."""
        found = []
        for d, dirs, files in os.walk(self.spool):
            here = os.path.relpath(d, self.spool)
            for f in files:
                if not (keys and here == "keys"):
                    found.append(os.path.join(here, f))
            for f in dirs + files:
                if os.lstat(os.path.join(d, f)).st_uid != UID:
                    found.append(os.path.join(here, f) + " (owner)")
        return found


def wait_for(condition, seconds=PATIENCE):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.005)
    return False


class Daemon:
    """sendmail -bD; ready when its submit socket is there."""

    WORDS, SOCKET, KIND = ("sendmail", "-bD"), "submit", socket.SOCK_STREAM

    def __init__(self, world, *options, wrap=()):
        self.world = world
        self.log = open(world.folder / "daemon.log", "ab")
        self.process = subprocess.Popen(
            [*wrap, *world.command(*self.WORDS, *options)],
            env=world.env,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True)
        self.ready = wait_for(lambda: self.is_ready() or
                              self.process.poll() is not None, 10) and \
            self.process.poll() is None

    def is_ready(self):
        try:
            with socket.socket(socket.AF_UNIX, self.KIND) as s:
                s.connect(str(self.world.rundir / self.SOCKET))
            return True
        except OSError:
            return False

    def said(self):
        return f"{self.process.poll()}, " + \
            (self.world.folder / "daemon.log").read_text(errors="replace")[-500:]

    def end(self):
        """SIGTERM; True when it ended by itself within ten seconds."""
        self.process.terminate()
        try:
            return self.process.wait(10) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            try:
                os.killpg(self.process.pid, 9)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.log.close()


class Agent(Daemon):
    """The service for local delivery."""

    WORDS, SOCKET = ("smtpsend", "--local-agent"), "local"
    KIND = socket.SOCK_SEQPACKET
