# SPDX-License-Identifier: ISC
"""Faults in combination: what one of them does to the other recipients."""

import signal
import subprocess
import threading
import time

import pytest

from fakedns import SERVFAIL
from faults_support import (BINARY, IOERR, MESSAGE, NOHOST, OK, TEMPFAIL,
                            UNAVAILABLE, Server, World, big_message, check,
                            send)
from scripted import dialogue, drop, raw_then, stall

BASE = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
CAROL, BOB = "carol@example.test", "bob@example.test"


def test_ascii_recipients_do_without_smtputf8():
    """One address that needs SMTPUTF8 does not spoil the mail of others."""
    with Server(dialogue()) as srv:
        run = send(srv.port, to=("bjørn@example.test", BOB))
    check(run, UNAVAILABLE, to="bjørn@example.test", status="failed",
          enhanced="5.6.7")
    check(run, UNAVAILABLE, status="delivered")
    assert len(srv.conns[0].messages) == 1
    assert not [x for x in srv.lines if "SMTPUTF8" in x], srv.lines


def test_who_was_never_offered_goes_to_the_next_host():
    """The first transaction is lost behind its dot; the rest is not in it."""
    with World() as w:
        bad = w.mx(10, dialogue(BASE + ("LIMITS RCPTMAX=1",), DOT=drop))
        good = w.mx(20, dialogue())
        run = w.send(to=(BOB, CAROL))
    check(run, TEMPFAIL, status="deferred", stage="end of data",
          maybe_sent=True, host="mx1.example.test")
    check(run, TEMPFAIL, to=CAROL, status="delivered", host="mx2.example.test")
    assert len(bad.conns) == 1
    assert [x for x in good.lines if x.startswith("RCPT")] == [
        f"RCPT TO:<{CAROL}>"]


def test_who_was_never_offered_was_not_sent_to():
    with Server(dialogue(BASE + ("LIMITS RCPTMAX=1",), DOT=drop)) as srv:
        run = send(srv.port, to=(BOB, CAROL))
    check(run, TEMPFAIL, status="deferred", maybe_sent=True)
    check(run, TEMPFAIL, to=CAROL, status="deferred",
          maybe_sent=lambda m: not m)


def test_goodbye_unheard_then_the_rest():
    """One mail per session, and no answer to QUIT: it is called again."""
    caps = BASE + ("LIMITS RCPTMAX=1 MAILMAX=1",)
    with Server(dialogue(caps, QUIT=drop)) as srv:
        run = send(srv.port, "-v", to=(BOB, CAROL), json_events=False)
    assert run.rc == OK, run
    assert len(srv.conns) == 2


def test_source_address_of_the_other_family():
    """An MX that cannot be reached from --source is passed over."""
    with World() as w:
        w.dns.add("example.test", "MX", (10, "six.test"))
        w.dns.add("six.test", "AAAA", "::1")
        good = w.mx(20, dialogue())
        run = w.send("--source", "127.0.0.1")
    check(run, OK, status="delivered")
    assert len(good.conns) == 1


def test_long_reasons_of_two_hosts():
    """A reason too long for the summary is still a reason."""
    with World() as w:
        w.mx(10, dialogue(CONNECT="554 " + "no " * 160))
        w.mx(20, dialogue(CONNECT="554 " + "no " * 160))
        run = w.send()
    check(run, TEMPFAIL, status="deferred", text=lambda t: "no no" in t)


def wait_for(condition):
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.01)


def start(port, *args, **how):
    p = subprocess.Popen([BINARY, "--server", f"127.0.0.1:{port}", *args, BOB],
                         stdin=subprocess.PIPE, stderr=subprocess.PIPE, **how)
    p.stdin.write(MESSAGE)
    p.stdin.close()
    p.stdin = None
    return p


@pytest.mark.parametrize("which", [signal.SIGHUP, signal.SIGINT])
def test_ignored_signals_stay_ignored(which):
    """nohup(1), and the shell for jobs in the background, ignore them."""
    released = []

    def slow(c):
        wait_for(lambda: released)
        c.say("250 2.0.0 queued")

    with Server(dialogue(DOT=slow)) as srv:
        p = start(srv.port,
                  preexec_fn=lambda: signal.signal(which, signal.SIG_IGN))
        wait_for(lambda: srv.conns and srv.conns[0].final_dot)
        p.send_signal(which)
        time.sleep(0.2)
        released.append(True)
        _, err = p.communicate(timeout=20)
    assert p.returncode == OK, err


@pytest.mark.parametrize("which", [signal.SIGHUP, signal.SIGINT,
                                   signal.SIGTERM])
def test_stopped_by_a_signal_behind_the_dot(which):
    with Server(dialogue(DOT=lambda c: c.stall())) as srv:
        p = start(srv.port)
        wait_for(lambda: srv.conns and srv.conns[0].final_dot)
        p.send_signal(which)
        _, err = p.communicate(timeout=20)
    assert p.returncode == TEMPFAIL, err
    assert b"stopped by signal" in err and b"duplicate" in err, err


@pytest.mark.parametrize("style", ["-v", "--json"])
def test_full_standard_output_does_not_hide_the_delivery(style):
    with Server(dialogue()) as srv, open("/dev/full", "wb") as full:
        p = start(srv.port, style, stdout=full)
        _, err = p.communicate(timeout=20)
    assert len(srv.conns[0].messages) == 1
    assert p.returncode == IOERR, err
    assert b"No space left" in err and b"delivered" in err, err


def test_stop_while_explaining():
    with World() as w:
        w.dns.script("example.test", "MX", lambda q: None)
        p = subprocess.Popen([BINARY, "--explain", "--resolver",
                              f"{w.dns.address}:{w.dns.port}", BOB],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: w.dns.count("example.test", "MX"))
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=20)
    assert p.returncode == TEMPFAIL, (out, err)
    assert b"stopped by signal 2" in out + err, (out, err)


def test_explain_failed_outweighs_deferred():
    with World() as w:
        w.dns.script("later.test", "MX", lambda q: q.answer(rcode=SERVFAIL))
        run = w.send("--explain", to=("a@later.test", "a@never.test"))
        swapped = w.send("--explain", to=("a@never.test", "a@later.test"))
    assert (run.rc, swapped.rc) == (NOHOST, NOHOST), run


def test_a_slow_reader_is_no_stalled_one():
    """Text that gets through extends the deadline, also behind the dot."""
    def slow(c):
        c.say("354 go")
        while not c.buf.endswith(b"\r\n.\r\n"):
            time.sleep(0.1)
            c.buf += c.sock.recv(8192)
        c.say("250 2.0.0 queued")
        c.buf.clear()

    with Server(dialogue(DATA=slow), rcvbuf=4096) as srv:
        run = send(srv.port, stdin=big_message(250_000), seconds=1)
    check(run, OK, status="delivered")
    assert run.seconds > 1.5


def test_a_late_destination_gets_the_lane_that_became_free():
    """100 connections are the most at once; one that ends wakes who waits."""
    def late(q):
        threading.Timer(0.5, lambda: q.reply(q.honest())).start()

    def slow(c):
        time.sleep(1)
        dialogue()(c)

    with World() as w:
        w.host("stalled.test", stall, backlog=256)
        w.host("slow.test", slow)
        w.host("good.test", dialogue())
        w.dns.add("d0.test", "MX", (10, "good.test"))
        w.dns.script("d0.test", "MX", late)
        for i in range(1, 100):
            w.dns.add(f"d{i}.test", "MX", (10, "stalled.test"))
        w.dns.add("d100.test", "MX", (10, "slow.test"))
        run = w.send(to=[f"bob@d{i}.test" for i in range(101)], seconds=4)
    check(run, TEMPFAIL, to="bob@d100.test", status="delivered")
    check(run, TEMPFAIL, to="bob@d0.test", status="delivered",
          seconds=lambda s: s < 3)
    stalled = [e for e in run.of("connect") if e["host"] == "stalled.test"]
    assert len(stalled) == 10, "those who come later know that it is silent"


def test_in_clear_once_is_in_clear_for_the_rest():
    """TLS that failed is not tried again for each session of one mail."""
    caps = BASE + ("STARTTLS", "LIMITS RCPTMAX=1 MAILMAX=1")
    script = dialogue(caps, STARTTLS=raw_then(b"220 go\r\n", drop))
    with Server(script) as srv:
        run = send(srv.port, to=(BOB, CAROL))
    check(run, OK, status="delivered")
    check(run, OK, to=CAROL, status="delivered")
    assert [len(c.messages) for c in srv.conns] == [0, 1, 1]


def test_too_large_for_one_host_while_the_other_is_away():
    """Put off, so it must not look permanent."""
    with World() as w:
        w.mx(10, dialogue(BASE + ("SIZE 100",)))
        w.mx(20, drop)
        run = w.send()
    check(run, TEMPFAIL, status="deferred", enhanced="4.3.4")


def test_a_handshake_that_takes_too_long_is_about_no_certificate():
    with Server(lambda c: c.linger()) as srv:
        run = send(srv.port, server="smtps", seconds=1)
        srv.closing.set()
    check(run, TEMPFAIL, status="deferred", stage="TLS", enhanced="4.7.0")
    assert "certificate" not in run.err, run
