# SPDX-License-Identifier: ISC
"""A real server as a child of the test: started, awaited, stopped, its log kept."""

import os
import select
import shutil
import signal
import socket
import subprocess
import time

START_SECONDS = 30

# also when the tests are killed themselves
DIES_WITH_US = ["setpriv", "--pdeathsig", "TERM", "--"]


RESERVED = []


def reserve(kind, host):
    """A port and the socket that keeps it; None when it is taken for UDP."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    keeper = socket.socket(family, socket.SOCK_STREAM)
    keeper.bind((host, 0))
    port = keeper.getsockname()[1]
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_DGRAM:
            try:
                probe.bind((host, port))
            except OSError:
                keeper.close()
                return None, None
    # only now: else the kernel might have given us a port that another keeps
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return port, keeper


def free_port(kind=socket.SOCK_STREAM, host="127.0.0.1"):
    """
    A port that nobody has, and nobody else gets while these tests run: a bound
    socket keeps it.  A server may listen there all the same, because servers set
    SO_REUSEADDR; without one, who connects is refused.
    """
    port = None
    while port is None:
        port, keeper = reserve(kind, host)
    RESERVED.append(keeper)
    return port


def eventually(probe, seconds=START_SECONDS, step=0.02):
    """The first true value of probe() within the time, else its last."""
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value or time.monotonic() > end:
            return value
        select.select([], [], [], step)


def greets(host, port):
    """Does an SMTP server greet there?"""
    try:
        with socket.create_connection((host, port), timeout=5) as s:
            banner = s.recv(512)
            s.sendall(b"QUIT\r\n")
            while s.recv(512):
                pass
            return banner.startswith(b"220")
    except OSError:
        return False


def accepts(host, port):
    """Does anybody listen there?"""
    try:
        socket.create_connection((host, port), timeout=5).close()
        return True
    except OSError:
        return False


class ServerDied(Exception):
    pass


class Process:
    """
    A program with a folder of its own.  Who inherits says in configure() which
    files it reads (new ports each time), in command() how it is run and in
    ready() when it can be used.
    """

    name = "process"
    litter = ()		# folders that are of no use afterwards

    def __init__(self, folder):
        self.folder = folder
        self.child = None
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)

    def configure(self):
        pass

    def command(self):
        raise NotImplementedError

    def ready(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")

    @property
    def output(self):
        return self.folder / "output.log"

    def log(self):
        """All it said so far."""
        if not self.output.exists():
            return ""
        return self.output.read_text(errors="replace")

    def start(self):
        """Three tries: another program may have taken the port meanwhile."""
        for attempt in range(3):
            self.configure()
            with open(self.output, "ab") as out:
                self.child = subprocess.Popen(
                    DIES_WITH_US + self.command(), stdin=subprocess.DEVNULL, stdout=out,
                    stderr=out, start_new_session=True,
                    env=self.environment(), cwd=self.folder)
            if eventually(lambda: self.has_died() or self.ready()):
                if not self.has_died():
                    return self
            self.stop()
        raise ServerDied(f"{self.name} does not start:\n{self.log()[-4000:]}")

    def has_died(self):
        return self.child.poll() is not None

    def stop(self):
        """End the child and all of its group, gently first."""
        if self.child is None:
            return
        group = self.child.pid
        for sig, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            if not signal_group(group, sig):
                break
            eventually(lambda: self.has_died() and not group_lives(group),
                       seconds)
        self.child.wait()
        self.child = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()
        self.tidy()

    def tidy(self):
        """Keep what it said, not the mail: that is much. E2E_KEEP keeps all."""
        if os.environ.get("E2E_KEEP"):
            return
        (self.folder / "whole.log").write_text(self.log())
        for folder in self.litter:
            shutil.rmtree(self.folder / folder, ignore_errors=True)


def signal_group(group, sig):
    try:
        os.killpg(group, sig)
        return True
    except ProcessLookupError:
        return False


def group_lives(group):
    return signal_group(group, 0)


def link_tree(source, target):
    """A copy that shares the files' bytes where the file system can."""
    def link(a, b):
        try:
            os.link(a, b, follow_symlinks=False)
        except OSError:
            shutil.copy2(a, b, follow_symlinks=False)

    shutil.copytree(source, target, symlinks=True, copy_function=link)
