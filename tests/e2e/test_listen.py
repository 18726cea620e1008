# SPDX-License-Identifier: ISC
"""SMTP over loopback: listen = of [queue], and smtpsend-smtp.socket.  Each test
has a network of its own, and so port 25."""

import contextlib
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys

import pytest

from queue_support import SPOOL_UID, wait_for
from runner_support import QUICK, QueueBox
from test_local import ANN, BOB, LocalBox
from test_sandbox import Daemon
from worlds import in_own_network

LISTEN = "listen = 127.0.0.1:25 [::1]:25\n"
HEAD = "EHLO me\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<bob>\r\n"
MAIL = HEAD + "DATA\r\nSubject: hi\r\n\r\nhello\r\n.\r\n"
TALK = """
import socket, sys
s = socket.create_connection((sys.argv[1], 25))
s.sendall(sys.stdin.buffer.read())
while block := s.recv(65536):
    sys.stdout.buffer.write(block)
"""


def local_box(machine, more=LISTEN):
    return LocalBox(machine, queue=QUICK + more)


def dead_end(machine, more=""):
    """Nothing leaves it: the next hop is not there."""
    return QueueBox(machine, 9, queue=QUICK + LISTEN + more)


@contextlib.contextmanager
def daemon(box, wrap=(), says=b""):
    with subprocess.Popen(
            [*box.machine, *wrap, str(box.bin / "smtpsend"), "--daemon"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=box.machine.environment(HOME="/nonexistent")) as p:
        try:
            wait_for((box.run / "submit").exists)
            yield p
        finally:
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
        assert (p.wait(10), p.stderr.read()) == (0, says)


def talk(text, uid, host="127.0.0.1"):
    done = subprocess.run([sys.executable, "-c", TALK, host], check=True,
                          input=(text + "QUIT\r\n").encode(), timeout=30,
                          stdout=subprocess.PIPE, user=uid, group=uid,
                          extra_groups=[])
    return done.stdout.decode()


def codes(text):
    return [line[:3] for line in text.splitlines() if line[3:4] == " "]


@in_own_network()
def test_a_library(machine):
    """Python's, with all that it can say."""
    box = local_box(machine)
    with daemon(box):
        for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            with smtplib.SMTP(host, 25) as c:
                c.ehlo()
                for word in ("pipelining", "8bitmime", "smtputf8", "chunking",
                             "dsn", "size"):
                    assert c.has_extn(word)
                assert not c.has_extn("auth") and not c.has_extn("starttls")
                c.sendmail("a@x.test", ["bob"],
                           "Subject: grüß\r\n\r\nhallo\r\n".encode(),
                           ["BODY=8BITMIME", "SMTPUTF8", "RET=HDRS",
                            "ENVID=e1"], ["NOTIFY=NEVER"])
        wait_for(lambda: len(box.mbox("bob")) == 3)
        for mail in box.mbox("bob"):
            assert "(from userid 0) with UTF8SMTP id" in " ".join(
                mail["Received"].split())


@in_own_network()
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_whose_it_is(machine, host):
    box = local_box(machine)
    with daemon(box):
        assert codes(talk(MAIL, BOB, host)) == [
            "220", "250", "250", "250", "354", "250", "221"]
        assert codes(talk(HEAD + "BDAT 20\r\nSubject: two\r\n\r\nhell"
                          "BDAT 3 LAST\r\no\r\n", ANN, host)) == [
            "220", "250", "250", "250", "250", "250", "221"]
        wait_for(lambda: len(box.mbox("bob")) == 2)
        got = sorted(re.search(r"\(from userid (\d+)\) with ESMTP id",
                               " ".join(m["Received"].split()))[1]
                     for m in box.mbox("bob"))
        assert got == [str(BOB), str(ANN)]


@in_own_network()
def test_bare_line_feeds_end_nothing(machine):
    box = local_box(machine)
    with daemon(box):
        for end in ("\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r"):
            text = MAIL.replace("hello", f"hello{end}MAIL FROM:<evil@x>")
            assert codes(talk(text, BOB))[5:] == ["550", "221"], repr(end)
        assert "421" in codes(talk("GET / HTTP/1.1\r\n" * 30, BOB))
        assert box.files() == [] and not box.mbox("bob")


@in_own_network()
def test_limits_are_each_ones_own(machine):
    box = dead_end(machine, "uid-messages = 1\nuid-connections = 1\n"
                   "restrict-from = yes\n")
    box.machine.write("/etc/passwd", (box.machine.etc / "passwd").read_text()
                      + f"bob:x:{BOB}:{BOB}::/:/bin/sh\n"
                      + f"ann:x:{ANN}:{ANN}::/:/bin/sh\n")
    bob, ann = (MAIL.replace("a@x.test", f"{n}@box.example.net").replace(
        "<bob>", "<joe@b.example>") for n in ("bob", "ann"))
    with daemon(box):
        assert codes(talk(bob, BOB))[-2] == "250"
        assert "550 5.7.1" in talk(ann, BOB)
        assert "452 4.3.1" in talk(bob, BOB)
        assert codes(talk(ann, ANN))[-2] == "250"
        for _ in range(2):
            assert codes(talk(ann, 0))[-2] == "250"
        assert sorted(m.uid for m in box.queue()) == [0, 0, BOB, ANN]
        with socket.create_connection(("127.0.0.1", 25)) as root:
            assert root.recv(4) == b"220 "
            assert talk("", BOB).startswith("220 ")


@in_own_network()
def test_who_cannot_be_known_has_no_rights(machine):
    """No row of the kernel's says whose the connection is."""
    box = dead_end(machine, "uid-messages = 1\n")
    log = box.folder / "log"
    box.configure(f"log = {log}\n{box.config}")
    log.touch()
    os.chown(log, SPOOL_UID, SPOOL_UID)
    hide = 'mount -t tmpfs none /proc/$$/net && exec "$@"'
    with daemon(box, ["sh", "-c", hide, "sh"]):
        text = MAIL.replace("<bob>", "<joe@b.example>")
        assert codes(talk(text, 0))[-2] == "250"
        assert "452 4.3.1" in talk(text, BOB)
        [mail] = box.queue()
        assert mail.uid == 65534
        assert b"(from an unknown user) with ESMTP id" in b" ".join(
            mail.text.split())
        assert re.search(r"uid=65534 .*status=queued.* user=unknown\n",
                         log.read_text())


@in_own_network("192.0.2.1")
@pytest.mark.parametrize("value", [
    "0.0.0.0:25", "127.0.0.1:25 192.0.2.1:25", "localhost:25"])
def test_elsewhere_nobody_listens(machine, value):
    box = QueueBox(machine, 9, queue=QUICK + f"listen = {value}\n")
    run = box.smtpsend("--print-config")
    assert run.rc == 78 and len(run.err.splitlines()) == 1
    assert re.search(r"smtpsend\.conf:\d+: .*(loopback|addresses with ports)",
                     run.err), run
    with daemon(box, says=run.err.encode()):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", 25))
        assert box.sendmail("joe@b.example", uid=BOB).rc == 0


@in_own_network()
def test_the_port_is_taken(machine):
    box = dead_end(machine)
    box.put("joe@b.example")
    with socket.create_server(("127.0.0.1", 25)):
        run = box.smtpsend("--daemon")
        assert run.rc == 75
        assert run.err == ("smtpsend: cannot listen at 127.0.0.1:25: Address "
                           "already in use; another mail server? It or listen "
                           "= of [queue] must go\n")
    assert len(box.queue()) == 1
    run = box.smtpsend("--daemon", uid=SPOOL_UID, shell=(
        'echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start; '
        'exec "$@"'))
    assert run.rc == 78 and "enable smtpsend-smtp.socket" in run.err


def activated(box, address):
    return ["setpriv", "--reuid", str(SPOOL_UID), "--regid", str(SPOOL_UID),
            "--clear-groups", "env", "SYSTEMD_LOG_LEVEL=err",
            "systemd-socket-activate", "-l", f"{box.run}/submit",
            "-l", f"{box.run}/control", "-l", address,
            "--fdname=submit:control:smtp", "-E", "NOTIFY_SOCKET", "-E", "HOME"]


@in_own_network("192.0.2.1")
def test_by_a_socket_unit(machine):
    """The daemon has no right to bind anything."""
    box = QueueBox(machine, 9, queue=QUICK + "listen = 127.0.0.1:2525\n")
    with Daemon(box, wrap=activated(box, "127.0.0.1:2526")) as d:
        def talk_at(port):
            with smtplib.SMTP("127.0.0.1", port) as c:
                c.sendmail("a@x.test", ["joe@b.example"], "Subject: hi\n\nx\n")
        wait_for(lambda: (box.run / "control").exists())
        wait_for(lambda: not socket.socket().connect_ex(("127.0.0.1", 2526)))
        talk_at(2526)
        d.wait_ready()
        talk_at(2525)
        assert [m.uid for m in box.queue()] == [0, 0]
    box = QueueBox(machine, 9)
    log = box.folder / "log"
    log.touch()
    os.chown(log, SPOOL_UID, SPOOL_UID)
    box.configure(f"log = {log}\n{box.config}")
    with Daemon(box, wrap=activated(box, "0.0.0.0:2526")) as d:
        wait_for(lambda: (box.run / "control").exists())
        assert box.sendmail("-odq", "joe@b.example").rc == 0
        socket.create_connection(("192.0.2.1", 2526)).close()
        d.wait_ready()
        wait_for(lambda: "is not on loopback" in log.read_text())


@in_own_network()
def test_its_life(machine):
    """HUP leaves them open; TERM says 421, also amid a message."""
    box = local_box(machine)
    with daemon(box) as p:
        with socket.create_connection(("::1", 25)) as s:
            f = s.makefile("rwb")
            assert f.readline().startswith(b"220 ")
            box.configure(box.config.replace("127.0.0.1:25 [::1]:25",
                                             "127.0.0.1:26"))
            p.send_signal(signal.SIGHUP)
            f.write(MAIL.replace("hello\r\n.\r\n", "").encode())
            f.flush()
            while not f.readline().startswith(b"354"):
                pass
            assert codes(talk(MAIL, BOB))[-2:] == ["250", "221"]
            wait_for(lambda: box.subjects("bob") == ["hi"])
            p.send_signal(signal.SIGTERM)
            assert f.readline().startswith(b"421 4.3.2")
        assert p.wait(10) == 0
        assert box.files() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("::1", 25))
