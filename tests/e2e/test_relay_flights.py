# SPDX-License-Identifier: ISC
"""
Issue 3, Speed: over STARTTLS with PIPELINING a relay costs no more round trips
than curl itself to the end of AUTH, and then the engine's own 1 (BDAT) or 2.
"""

import subprocess

import pytest

from faults_support import certificates
from relay_support import BOB, MESSAGE, PASSWORD, USER, Setup, delivered
from scripted import Server

CAPS = ("PIPELINING", "8BITMIME")


def hello(c, *caps):
    c.expect("EHLO ")
    lines = ["relay.test", *CAPS, *caps]
    c.say(*["250-" + x for x in lines[:-1]], "250 " + lines[-1])


def signed_in(c, implicit, *caps):
    """Greeting to the end of AUTH; c.signed_in is the turns that took."""
    if implicit:
        c.starttls(certificates().context())
    c.say("220 relay.test ESMTP")
    if not implicit:
        hello(c, "STARTTLS", *caps)
        c.flight("STARTTLS")
        c.say("220 go")
        c.starttls(certificates().context())
    hello(c, "AUTH PLAIN", *caps)
    assert c.line().startswith("AUTH PLAIN "), "an initial response"
    c.say("235 2.7.0 welcome")
    c.signed_in = c.turns


def curl(implicit):
    """The turns of curl, with --sasl-ir, up to its 235."""
    def script(c):
        signed_in(c, implicit)
        c.rst()

    with Server(script) as srv:
        scheme = "smtps" if implicit else "smtp"
        subprocess.run(
            ["curl", "-s", "--ssl-reqd", "--sasl-ir", "--cacert",
             certificates().ca, "--url", f"{scheme}://localhost:{srv.port}",
             "--user", f"{USER}:{PASSWORD}", "--mail-from", "a@client.test",
             "--mail-rcpt", BOB, "-T", "-"], input=MESSAGE, timeout=30,
            check=False)
        srv.settle()
    return srv.conns[0].signed_in


def by_bdat(c):
    c.expect("MAIL FROM:<alice@client.test>", f"RCPT TO:<{BOB}>")
    assert c.bdat(), "one chunk is enough"
    c.quiet()
    c.say("250 2.1.0 ok", "250 2.1.5 ok", "250 2.0.0 taken")


def by_data(c):
    c.flight("MAIL FROM:<alice@client.test>", f"RCPT TO:<{BOB}>", "DATA")
    c.say("250 2.1.0 ok", "250 2.1.5 ok", "354 go")
    c.data()
    c.quiet()
    c.say("250 2.0.0 taken")


@pytest.mark.parametrize("implicit", (False, True), ids=("starttls", "smtps"))
@pytest.mark.parametrize("how,caps,turns", [
    (by_bdat, ("CHUNKING",), 1), (by_data, (), 2)], ids=("bdat", "data"))
def test_no_more_than_curl_and_the_engine(tmp_path, implicit, how, caps,
                                          turns):
    def script(c):
        signed_in(c, implicit, *caps)
        how(c)
        c.result = c.turns
        c.expect("QUIT")
        c.wait_end()

    scheme = "smtps" if implicit else "smtp"
    with Server(script) as srv:
        run = Setup(tmp_path).relay(
            "work", f"{scheme}://localhost:{srv.port}").send(BOB)
        srv.settle()
        assert not srv.errors, f"{srv.errors[0]!r}\n{run}"
    delivered(run)
    c = srv.conns[0]
    assert len(srv.conns) == 1
    assert c.message == MESSAGE
    assert c.signed_in <= curl(implicit), "curl needs fewer for AUTH"
    assert c.result - c.signed_in == turns


def test_fifty_recipients_are_one_flight(tmp_path):
    to = [f"r{i}@example.test" for i in range(50)]

    def script(c):
        signed_in(c, False)
        c.flight("MAIL FROM:", *["RCPT TO:"] * 50, "DATA")
        c.say("250 ok", *["250 ok"] * 50, "354 go")
        c.data()
        c.say("250 2.0.0 taken")
        c.expect("QUIT")
        c.wait_end()

    with Server(script) as srv:
        run = Setup(tmp_path).relay(
            "work", f"smtp://localhost:{srv.port}").send(*to)
        srv.settle()
        assert not srv.errors, f"{srv.errors[0]!r}\n{run}"
    for address in to:
        delivered(run, address)
