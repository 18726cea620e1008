# SPDX-License-Identifier: ISC
"""The servers do what the other tests rely on, seen with another client."""

import smtplib
import subprocess

import pytest

RECEIVERS = ("postfix", "exim", "opensmtpd", "aiosmtpd", "pythonsmtpd")
MESSAGE = (b"From: a@client.test\r\nSubject: hi\r\nMessage-ID: <1@client.test>\r\n"
           b"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n\r\n.dot\r\nend\r\n")


@pytest.fixture(params=RECEIVERS)
def receiver(request):
    found = request.getfixturevalue(request.param)
    found.forget()
    return found


def send(server, tls=None):
    with smtplib.SMTP(server.host, server.port, timeout=30) as c:
        if tls:
            c.starttls(context=tls)
        c.sendmail("a@client.test", ["b@example.test", "c@example.test"],
                   MESSAGE)


def test_keeps_what_it_got(receiver):
    send(receiver)
    got = receiver.stored(2)
    assert {m.recipients for m in got} >= {("b@example.test",),
                                           ("c@example.test",)}
    assert all(m.data == MESSAGE for m in got)
    assert receiver.complaints() == []


def test_starttls(receiver, ca):
    if not receiver.starttls:
        assert "STARTTLS" not in receiver.offers()
        return
    import ssl
    context = ssl.create_default_context(cafile=str(ca.ca))
    with smtplib.SMTP(receiver.host, receiver.port, timeout=30) as c:
        c._host = "mail.test"
        c.starttls(context=context)
        c.sendmail("a@client.test", ["b@example.test"], MESSAGE)
    assert [m.data for m in receiver.stored(1)] == [MESSAGE]
    assert receiver.complaints() == []


def test_a_breach_of_protocol_is_noticed(postfix):
    """complaints() can fail: Postfix says so when a client leaves in between."""
    postfix.mark()
    with smtplib.SMTP(postfix.host, postfix.port, timeout=30) as c:
        c.ehlo("probe.test")
        c.mail("a@client.test")
        c.close()
    from servers.process import eventually
    assert eventually(postfix.complaints, 10)


def test_the_little_internet(make_world):
    world = make_world({
        "a.test": [("MX", "10 mx.a.test.")], "mx.a.test": [("A", "127.0.0.1")],
    })

    def ask(name, kind):
        return subprocess.run(
            ["drill", "-p", str(world.unbound.port), name, "@127.0.0.1", kind],
            check=True, capture_output=True, text=True).stdout

    assert "10 mx.a.test." in ask("a.test", "MX")
    assert "127.0.0.1" in ask("mx.a.test", "A")
    assert "NXDOMAIN" in ask("nowhere.test", "MX")
    assert "a.test. MX" in world.questions()
