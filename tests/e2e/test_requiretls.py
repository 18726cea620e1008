# SPDX-License-Identifier: ISC
"""Messages that demand TLS all the way (RFC 8689; issue 10)."""

import contextlib

import pytest

from fakedns import FakeDns
from faults_support import STARTTLS, certificates, smtpsend, tls_dialogue
from scripted import Server, dialogue

TO = "bob@r.test"
OFFERS = (*STARTTLS, "REQUIRETLS")


@pytest.fixture(name="world")
def fixture_world():
    """Servers of r.test in their order, at one port, and how to get there."""
    with contextlib.ExitStack() as stack:
        def make(*scripts):
            dns = stack.enter_context(FakeDns())
            dns.default = lambda q: q.honest(ad=True)   # or nobody vouches
            servers, port = [], 0
            for i, script in enumerate(scripts, 1):
                srv = stack.enter_context(
                    Server(script, address=f"127.0.0.{i}", port=port))
                servers.append(srv)
                port = srv.port
                dns.add("r.test", "MX", (i, f"mx{i}.example.test"))
                dns.add(f"mx{i}.example.test", "A", srv.address)
            return servers, ("--resolver", f"127.0.0.1:{dns.port}",
                             "--dnssec", "trust-ad", "--port", port,
                             "--allow-loopback-mx", "--ca", certificates().ca)
        yield make


def send(words, *more):
    return smtpsend(*words, "-O", "requiretls=yes", "-f", "a@client.test",
                    *more, TO)


def mails(srv):
    return [line for line in srv.lines if line.startswith("MAIL")]


def test_said(world):
    [srv], words = world(tls_dialogue(caps=OFFERS))
    run = send(words)
    assert run.rc == 0, run
    assert mails(srv)[0].split(" ")[-1] == "REQUIRETLS"
    run = smtpsend(*words, "-f", "a@client.test", TO)
    assert run.rc == 0 and "REQUIRETLS" not in mails(srv)[1]


def test_not_offered(world):
    """By nobody: it is not sent, and that is final."""
    servers, words = world(tls_dialogue(), tls_dialogue())
    run = send(words)
    [result] = [e for e in run.events if e["event"] == "result"]
    assert (result["status"], result["enhanced"]) == ("failed", "5.7.30"), run
    assert all(len(srv.conns) == 1 and mails(srv) == [] for srv in servers)


def test_the_next_offers_it(world):
    (first, second), words = world(tls_dialogue(), tls_dialogue(caps=OFFERS))
    run = send(words)
    assert run.rc == 0, run
    assert mails(first) == [] and len(mails(second)) == 1


def test_offered_in_clear_alone(world):
    """What was said before TLS does not count; and in clear it never goes."""
    def said(c):
        return dialogue(OFFERS, tls=certificates().context("good"),
                        EHLO=["250-x\n250-REQUIRETLS\n250 STARTTLS",
                              "250 x"])(c)

    [srv], words = world(said)
    assert send(words).rc not in (0, 75) and mails(srv) == []
    [srv], words = world(dialogue((*OFFERS[:-2], "REQUIRETLS")))
    assert send(words).rc == 75 and mails(srv) == []
