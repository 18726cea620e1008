# SPDX-License-Identifier: ISC
"""Faults in combination: what one of them does to the other recipients."""

from faults_support import (OK, TEMPFAIL, UNAVAILABLE, Server, World, check,
                            send)
from scripted import dialogue, drop

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
    """A server of one mail per session that hangs up on QUIT is called again."""
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
