# SPDX-License-Identifier: ISC
"""The daemon inside the sandbox of its unit, with sockets that others opened."""

import os
import signal
import socket
import struct
import subprocess
import time

import pytest

import conftest
from faults_support import certificates
from queue_support import MESSAGE, SPOOL_UID, Box, wait_for
from sandbox import Sandbox
from scripted import Server, dialogue
from test_bounce import by_recipient, mails, reports

UNIT = conftest.TOP / "scripts/systemd/smtpsend.service"
ME = "me@x.org"
DYNAMIC = 61184         # of systemd's DynamicUser=


class Daemon:
    """Started with these words before it; ready when it says so (sd_notify)."""

    def __init__(self, box, wrap=(), fds=(), args=("--daemon",)):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = "\0smtpsend-test-%d-%d" % (os.getpid(), time.monotonic_ns())
        self.notify.bind(name)
        self.notify.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.pid = None
        self.notify.settimeout(20)
        env = box.machine.environment(NOTIFY_SOCKET="@" + name[1:],
                                      HOME="/nonexistent")
        self.process = subprocess.Popen(
            [*box.machine, *wrap, str(box.bin / "smtpsend"), *args],
            env=env, pass_fds=fds, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def wait_ready(self):
        """Who says so is the daemon; its parents may be bubblewrap and such."""
        text = b""
        while b"READY=1" not in text.split(b"\n"):
            text, words, _, _ = self.notify.recvmsg(4096, 64)
        self.pid = struct.unpack("iii", words[0][2])[0]

    def kill(self, which):
        os.kill(self.pid, which)

    def __enter__(self):
        return self

    def __exit__(self, *how):
        try:
            if self.pid:
                self.kill(signal.SIGTERM)
            else:
                self.process.terminate()
            out, err = self.process.communicate(timeout=20)
        finally:
            self.process.kill()
            self.notify.close()
        if not how[0]:
            assert (self.process.returncode, out, err) == (0, b"", b"")


@pytest.fixture(name="world")
def fixture_world(machine):
    """A queue whose mail goes by STARTTLS to a server that refuses bob."""
    with Server(dialogue(caps=("PIPELINING", "STARTTLS"),
                         tls=certificates().context("good"),
                         RCPT=by_recipient(bob="550 5.1.1 no",
                                           eve="450 4.2.0 later"))) as srv:
        box = Box(machine,
                  config=f"server = 127.0.0.1:{srv.port}\ntls = encrypt")
        os.chown(box.run, SPOOL_UID, SPOOL_UID)
        yield box, srv


def sandbox(box):
    return Sandbox(UNIT, SPOOL_UID, [box.spool, box.run],
                   readable=[box.bin])


def test_the_daemon_does_its_work_there(world):
    box, srv = world
    for who in ("joe", "bob", "eve"):
        assert box.sendmail("-odq", "-f", ME, f"{who}@b.example").rc == 0
    with sandbox(box) as walls:
        with Daemon(box, walls.words, walls.fds) as daemon:
            daemon.wait_ready()
            daemon.kill(signal.SIGUSR1)
            wait_for(lambda: reports(srv) and
                     len([m for m in mails(srv) if m[0] == ME]) == 1)
            wait_for(lambda: len(box.queue()) == 1)
    [mail] = box.queue()
    assert mail.rcpts == ["eve@b.example"]
    assert not box.strangers()


def test_it_can_do_nothing_else(world, tmp_path):
    """The walls stand: what is done there by somebody else fails."""
    box, _ = world
    code = f"""
import os, socket
def tried(f):
    try:
        f()
        return "ok"
    except OSError:
        return "no"
print(*map(tried, (
    lambda: open("/etc/x", "w"), lambda: open("/var/x", "w"),
    lambda: os.setuid(0), lambda: os.chown("{box.spool}", 0, 0),
    lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0),
    lambda: os.stat("{tmp_path}/machine"), lambda: os.unshare(0x10000000)
        if hasattr(os, "unshare") else os.chroot("/"),
    lambda: open("{box.spool}/x", "w"))))
"""
    with sandbox(box) as walls:
        done = subprocess.run(
            [*box.machine, *walls.words, "python3", "-c", code],
            pass_fds=walls.fds, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["no"] * 7 + ["ok"], done
    (box.spool / "x").unlink()
