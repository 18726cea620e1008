# SPDX-License-Identifier: ISC
"""Faults in combination: what one of them does to the other recipients."""

from faults_support import UNAVAILABLE, Server, check, send
from scripted import dialogue

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
