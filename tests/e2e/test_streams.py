# SPDX-License-Identifier: ISC
"""What must hold on every kind of connection: clear, STARTTLS, SMTPS, a relay.

FAULTS.md rows 47, 48 and 51: a slow body arrives as long as it moves, a server
that stands still is given up, and what we called lost does not leave later.
"""

import re
import time

import pytest

from faults_support import (OK, STARTTLS, TEMPFAIL, Server, Strace,
                            big_message, certificates, check, send)
from relay_support import CAPS, MESSAGE, Setup
from scripted import deaf, dialogue

KINDS = ("clear", "starttls", "smtps", "relay-starttls", "relay-smtps")


def script_of(kind, **over):
    relay, tls = kind.startswith("relay"), certificates().context("good")
    over.setdefault("AUTH", "235 2.7.0 welcome")
    caps = [k for k in (CAPS if relay else STARTTLS) if k != "STARTTLS"]
    if kind == "clear":
        return dialogue(caps, **over)
    if kind.endswith("smtps"):
        return dialogue(caps, smtps=tls, **over)
    return dialogue(caps + ["STARTTLS"], tls=tls, **over)


def send_by(kind, port, folder, *args, stdin=MESSAGE, wrap=()):
    """A run of the program through that kind of connection."""
    if kind.startswith("relay"):
        scheme = "smtps" if kind == "relay-smtps" else "smtp"
        setup = Setup(folder).relay("r", f"{scheme}://localhost:{port}")
        return setup.send("--timeout", 1, *args, "bob@example.test",
                          stdin=stdin, wrap=wrap)
    tls = "none" if kind == "clear" else "verify"
    return send(port, "--tls", tls, "--ca", certificates().ca, *args,
                server="smtps" if kind == "smtps" else "smtp", seconds=1,
                stdin=stdin, wrap=wrap)


@pytest.mark.parametrize("kind", KINDS)
def test_slow_but_moving(kind, tmp_path):
    """For four times the timeout a body only creeps, and arrives."""
    message = big_message(3 << 20)

    def slow(c):
        c.say("354 go")
        for _ in range(20):
            time.sleep(0.2)
            c.more()
        c.data()
        assert c.message == message
        c.say("250 2.0.0 taken")

    with Server(script_of(kind, DATA=slow), rcvbuf=16384) as srv:
        run = send_by(kind, srv.port, tmp_path, stdin=message)
    check(run, OK, status="delivered")


@pytest.mark.parametrize("kind", KINDS)
def test_standing_still(kind, tmp_path):
    def still(c):
        c.say("354 go")
        while len(c.buf) < 100000:
            c.more()
        deaf(c)

    with Server(script_of(kind, DATA=still), rcvbuf=16384) as srv:
        run = send_by(kind, srv.port, tmp_path, stdin=big_message(20 << 20))
    check(run, TEMPFAIL, status="deferred", stage="message body",
          text=lambda t: "timed out" in t)
    assert not srv.conns[0].final_dot


def writes(log):
    """How many writes to the network a traced run made."""
    return len(re.findall(r"^\d+ +sendto\(\d+, .*\) = \d+$", log, re.M))


@pytest.mark.parametrize("kind", KINDS)
def test_failed_write_is_the_last(kind, tmp_path):
    """Whichever write fails: stored and "not sent" never go together."""
    trace = tmp_path / "trace"
    with Server(script_of(kind)) as srv:
        run = send_by(kind, srv.port, tmp_path,
                      wrap=["strace", "-f", "-qq", "-e", "trace=sendto", "-o",
                            str(trace)])
    check(run, OK, status="delivered")
    n = writes(trace.read_text())
    assert n >= 4
    stored = []
    for i in range(1, n + 1):
        wrap = Strace(f"sendto:error=ENOBUFS:when={i}")
        with Server(script_of(kind)) as srv:
            run = send_by(kind, srv.port, tmp_path, wrap=wrap)
        assert wrap.injected() == 1, i
        stored.append(sum(len(c.messages) for c in srv.conns))
        assert stored[-1] == (run.rc == 0), f"write {i}\n{run}"
    assert 0 in stored, stored
