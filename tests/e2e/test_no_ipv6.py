# SPDX-License-Identifier: ISC
"""Machines without IPv6 (disable_ipv6, so that not even ::1 is there), and such
as have nothing but it."""

import functools
import re
import smtplib
import socket
import subprocess

import pytest

import conftest
from queue_support import wait_for
from runner_support import QUICK
from scripted import Server, dialogue
from test_listen import LISTEN, codes, daemon, talk
from test_listen import MAIL as HANDED_IN
from test_local import BOB, LocalBox
from worlds import in_own_network, set_address

OFF = "/proc/sys/net/ipv6/conf/all/disable_ipv6"
MAIL = b"Subject: hi\n\nhello\n"


def without_ipv6(*addresses):
    """For a test: in its own network, where IPv6 is off."""
    def decorate(test):
        @in_own_network(*addresses)
        @functools.wraps(test)
        def run(*args, **kwargs):
            with open(OFF, "w", encoding="ascii") as f:
                f.write("1")
            with socket.socket(socket.AF_INET6) as s, \
                    pytest.raises(OSError, match="assign requested address"):
                s.bind(("::1", 0))
            test(*args, **kwargs)
        return run
    return decorate


def smtpsend(box, *words):
    """On a machine whose hosts file knows localhost by both."""
    done = subprocess.run([*box, conftest.BINARY, *words], input=MAIL,
                          check=False, capture_output=True, timeout=60,
                          env=box.environment(HOME="/nonexistent"))
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def to(box, *words):
    return smtpsend(box, "-f", "a@client.test", *words, "b@example.test")


@without_ipv6()
def test_one_shot(machine):
    """By IPv4, without a word about IPv6; by IPv6 alone it cannot go."""
    box = machine()
    with Server(dialogue()) as srv:
        assert to(box, "--server", f"localhost:{srv.port}") == (0, "", "")
        assert to(box, "--server", f"127.0.0.1:{srv.port}") == (0, "", "")
        rc, _, err = to(box, "--server", f"[::1]:{srv.port}")
    assert (rc, err) == (75, (
        "smtpsend: b@example.test: not delivered, deferred: connect "
        f"[::1]:{srv.port}: Cannot assign requested address -- nothing was "
        "queued: send it again later\n"))


@without_ipv6()
def test_probe(machine):
    """It says which addresses are well, and why the others are not."""
    box = machine()
    with Server(dialogue(), dialogue()) as srv:
        _, out, _ = smtpsend(box, "--probe", f"localhost:{srv.port}")
        assert (f"connect localhost [::1]:{srv.port}: Cannot assign requested "
                "address -- this machine has no address to come from: is IPv6 "
                "off here? -4 looks at IPv4 only") in out, out
        _, out, _ = smtpsend(box, "--probe", "-4", f"localhost:{srv.port}")
        assert "::1" not in out and f"[127.0.0.1]:{srv.port}" in out


@without_ipv6()
def test_sink(machine):
    box = machine()
    rc, _, err = smtpsend(box, "--sink", "[::1]:2525")
    assert (rc, err) == (71, "smtpsend: cannot listen on [::1]:2525: Cannot "
                         "assign requested address\n")
    with subprocess.Popen([conftest.BINARY, "--sink", "localhost:2525",
                           "--sink-count", "1"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as p:
        wait_for(lambda: not socket.socket().connect_ex(("127.0.0.1", 2525)))
        assert to(box, "--server", "localhost:2525") == (0, "", "")
        out, err = p.communicate(timeout=20)
    assert p.returncode == 0 and b"hello" in out
    assert b"::1" not in err


def box_with_log(machine, listen):
    box = LocalBox(machine, queue=QUICK + listen)
    log = box.folder / "log"
    log.touch()
    log.chmod(0o666)
    conf = "/etc/smtpsend/smtpsend.conf"
    text = (box.machine.folder / conf.lstrip("/")).read_text()
    box.machine.write(conf, f"log = {log}\n{text}")
    return box, log


@without_ipv6()
def test_daemon_without_it(machine):
    """listen = as the manual has it: what is there is used, the log tells of
    the rest, and the queue does its work."""
    box, log = box_with_log(machine, LISTEN)
    with daemon(box):
        assert codes(talk(HANDED_IN, BOB))[-2:] == ["250", "221"]
        wait_for(lambda: len(box.mbox("bob")) == 1)
        said = [line for line in log.read_text().splitlines()
                if "cannot listen" in line]
        assert len(said) == 1 and said[0].endswith(
            "cannot listen at [::1]:25: Cannot assign requested address; this "
            "machine has no such address: take it out of listen = of [queue]\"")


@without_ipv6()
def test_daemon_that_has_no_other(machine):
    box, _ = box_with_log(machine, "listen = [::1]:25\n")
    run = box.smtpsend("--daemon")
    assert run.rc == 78
    assert re.fullmatch(r"smtpsend: cannot listen at \[::1\]:25: .*; this "
                        r"machine has no such address: .*\n", run.err), run


@in_own_network()
def test_daemon_without_ipv4(machine):
    """127.0.0.1 is not there: ::1 is as good."""
    with socket.socket() as s:
        set_address(s, 0, "0.0.0.0")
        with pytest.raises(OSError, match="assign requested address"):
            s.bind(("127.0.0.1", 0))
    box, log = box_with_log(machine, LISTEN)
    with daemon(box):
        with smtplib.SMTP("::1", 25) as c:
            c.sendmail("a@x.test", ["bob"], "Subject: hi\r\n\r\nhi\r\n")
        wait_for(lambda: len(box.mbox("bob")) == 1)
        assert "cannot listen at 127.0.0.1:25" in log.read_text()
