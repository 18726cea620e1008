# SPDX-License-Identifier: ISC
"""--quit-after: as far as was asked, nothing further is needed, and it is said."""

import re

import pytest

from faults_support import (OK, TEMPFAIL, Server, certificates, check, send,
                            tls_dialogue)
from scripted import dialogue, drop, stall

STEPS = {"connect": "greeting", "ehlo": "EHLO", "tls": "TLS", "mail": "MAIL",
         "rcpt": "RCPT", "data": "DATA"}


@pytest.mark.parametrize("step, stage", STEPS.items())
def test_what_is_said_of_it(step, stage):
    """In the transcript, as JSON, and alone on a line without both."""
    word = "verified" if step in ("rcpt", "data") else "reached"
    with Server(tls_dialogue()) as srv:
        run = send(srv.port, "--quit-after", step, "--tls", "encrypt")
        secure = None if step in ("connect", "ehlo") else "TLSv1.3"
        check(run, OK, status=word, stage=stage, tls=secure)
        told = send(srv.port, "--quit-after", step, "--tls", "encrypt",
                    json_events=False)
        seen = send(srv.port, "--quit-after", step, "--tls", "encrypt", "-v",
                    json_events=False)
    where = r"127\.0\.0\.1\]:\d+"
    line = "bob@example.test: " + (
        rf"verified by \[{where}" if word == "verified" else
        rf"reached {stage} at \[{where}") + (", TLSv1.3" if secure else "") + (
            ", up to 354; no text was sent" if step == "data" else "")
    assert re.fullmatch(line + "\n", told.out), told
    assert told.err == "" and re.search(line + "\n", seen.out), seen
    assert "without TLS" not in told.out + seen.out
    assert not any(c.messages for c in srv.conns)


@pytest.mark.parametrize("step, over", [
    ("connect", {"EHLO": "550 no", "HELO": "550 no"}),
    ("ehlo", {"STARTTLS": "454 no"}),
    ("tls", {"EHLO": ["250-mx\n250 STARTTLS", "550 no"], "HELO": "550 no"}),
    ("tls", {"EHLO": ["250-mx\n250 STARTTLS", drop]}),
    ("mail", {"RCPT": "550 no"}), ("rcpt", {"DATA": "550 no"}), ("data", {"DOT": "550 no"})])
def test_nothing_further_is_needed(step, over):
    with Server(tls_dialogue(**over)) as srv:
        run = send(srv.port, "--quit-after", step, "--tls", "encrypt",
                   seconds=2)
    check(run, OK, stage=STEPS[step])


@pytest.mark.parametrize("step", ["connect", "ehlo", "tls", "mail"])
def test_no_recipient_is_needed_before_rcpt(step):
    with Server(tls_dialogue()) as srv:
        run = send(srv.port, "--quit-after", step, to=())
    assert run.rc == OK and [r["status"] for r in run.results.values()] == \
        ["reached"], run
    assert not any("RCPT" in line for line in srv.lines)


def test_smtps_needs_no_greeting():
    with Server(dialogue((), smtps=certificates().context(),
                         CONNECT=stall)) as srv:
        run = send(srv.port, "--quit-after", "tls", server="smtps", seconds=2)
        srv.over.set()
    check(run, OK, status="reached", stage="TLS", tls="TLSv1.3")


def test_tls_that_is_not_there_is_not_reached():
    with Server(dialogue(("PIPELINING",))) as srv:
        run = send(srv.port, "--quit-after", "tls")
    check(run, TEMPFAIL, status="deferred", stage="STARTTLS")
    assert "--tls may" not in run.err, run
