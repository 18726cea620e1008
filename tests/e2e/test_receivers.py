# SPDX-License-Identifier: ISC
"""
Real servers take what we send: every kind of message, plain and by STARTTLS.  The
bytes that arrive are the canonical form, made here in Python independently, and the
server's log has no complaint about the protocol.
"""

import email
import email.policy
import json
import random
import re

import pytest

import conftest
HEADER = """\
From: Alice <alice@client.test>
To: Bob <bob@example.test>
Subject: {subject}
Date: Sun, 22 Nov 2026 09:00:00 +0000
Message-ID: <{id}@client.test>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

"""

# (fixture, TLS level): all five, ours, and encryption where there is any; those
# with CHUNKING also on a port without it, where the text goes by DATA
LINKS = [
    ("postfix", "none"), ("postfix", "verify"), ("postfix", "none", "DATA"),
    ("exim", "none"), ("exim", "verify"), ("exim", "none", "DATA"),
    ("opensmtpd", "none"),
    ("aiosmtpd", "none"), ("aiosmtpd", "verify"),
    ("pythonsmtpd", "none"),
    ("sink", "none"), ("sink", "encrypt"),
]

BOB = "bob@example.test"


def message(body, subject="a test"):
    """A whole header, so that nothing needs to be added, and this body."""
    head = HEADER.format(subject=subject, id=random.getrandbits(64))
    return head.encode() + body


def canonical(raw):
    """Any line end becomes CRLF, the last line has an end."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def crlf(raw):
    return raw.replace(b"\n", b"\r\n")


def lines(count, length=70):
    return b"".join(b"%06d %s\n" % (n, b"x" * (length - 8))
                    for n in range(count))


def mixed_line_ends():
    ends = [b"\r\n", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n", b"\r"]
    rng = random.Random(5)
    return b"".join(b"line %d" % n + rng.choice(ends) for n in range(400))


DOTS = (b".\n..\n...\n.dot\n..two\n\n.\n\n.\r\n..\r\n.end\n"
        b"text\n.\nQUIT\nMAIL FROM:<x>\n.end")

MESSAGES = {
    "2 KB": lambda: message(lines(28)),
    "empty body": lambda: message(b""),
    "dots": lambda: message(DOTS),
    "8-bit": lambda: message("Grüße, 你好, \u00a0naïve\n".encode() * 40),
    "LF": lambda: message(lines(100)),
    "CRLF": lambda: crlf(message(lines(100))),
    "mixed line ends": lambda: message(mixed_line_ends()),
    "no final line end": lambda: message(b"the end"),
    "UTF-8 subject": lambda: message(b"hi\n", "=?utf-8?q?Gr=C3=BC=C3=9Fe?="),
    "a line of 998": lambda: message(b"y" * 998 + b"\nz\n"),
    "64 KB": lambda: message(lines(940)),
}


@pytest.fixture(params=LINKS, ids="-".join)
def link(request, ca):
    """A receiver and the options to reach it."""
    name, tls, *by_data = request.param
    server = request.getfixturevalue(name)
    server.forget()
    url = f"smtp://{server.host}:{server.port_data}" if by_data else server.url
    server.options = ["--server", url, "--tls", tls, "--ca", ca.ca, "-f",
                      "alice@client.test", "--helo", "client.test"]
    return server


def send(smtpsend, server, text, *recipients):
    run = smtpsend(*server.options, *recipients, message=text)
    assert run.status == 0, run
    assert (run.out, run.err) == (b"", b""), "success is silent"


def check_one(server, text, seconds=60):
    stored = server.stored(1, seconds)
    assert len(stored) == 1
    assert stored[0].data == canonical(text)
    assert server.complaints() == []


@pytest.mark.parametrize("kind", MESSAGES)
def test_message(smtpsend, link, kind):
    text = MESSAGES[kind]()
    send(smtpsend, link, text, BOB)
    check_one(link, text)


@pytest.mark.parametrize("body", [
    b"a\0b\0\0c\n\0\nd\n", b"z" * 5000 + b"\n.\n" + b"= \n" * 3],
    ids=["NULs", "a line of 5000"])
def test_what_smtp_cannot_carry_is_encoded(smtpsend, link, body):
    """Not on the wire as it is, and yet all of it arrives."""
    text = message(body)
    send(smtpsend, link, text, BOB)
    stored = link.stored(1)[0].data
    assert b"\0" not in stored
    assert max(map(len, stored.split(b"\r\n"))) <= 998
    read = email.message_from_bytes(stored)
    assert read.get_payload(decode=True).replace(b"\r\n", b"\n") == body
    assert read["Subject"] == "a test"
    assert link.complaints() == []


def test_a_raw_utf8_subject_is_readable(smtpsend, link):
    send(smtpsend, link, message(b"hi\n", "Grüße, 你好"), BOB)
    stored = link.stored(1)[0].data
    read = email.message_from_bytes(stored, policy=email.policy.default)
    assert read["Subject"] == "Grüße, 你好"
    if "SMTPUTF8" not in link.offers():
        assert stored.isascii()
    assert link.complaints() == []


def test_fifty_recipients_in_one_transaction(smtpsend, link):
    text = message(lines(28))
    everyone = [f"user{n:02}@example.test" for n in range(50)]
    send(smtpsend, link, text, *everyone)
    copies = link.stored(50)
    assert {c.data for c in copies} == {canonical(text)}
    assert sorted(c.recipients[0] for c in copies) == everyone
    assert link.transactions() == 1
    assert link.complaints() == []


@pytest.mark.parametrize("kind", conftest.some(["stdin", "file"], 2))
def test_twenty_megabytes(smtpsend, link, tmp_path, kind):
    text = message(lines(290_000, 72) + DOTS)
    assert len(text) > 20_000_000
    if kind == "file":
        path = tmp_path / "big.eml"
        path.write_bytes(text)
        link.options += ["--file", path]
        text_in = b""
    else:
        text_in = text
    send(smtpsend, link, text_in, BOB)
    check_one(link, text, 120)


def test_smtputf8_recipient(smtpsend, link):
    """Taken where it is offered; else refused by us, and nothing is sent."""
    text = message("héllo\n".encode())
    run = smtpsend(*link.options, "--json", "jürgen@example.test",
                   message=text)
    if "SMTPUTF8" in link.offers():
        assert run.status == 0, run
        stored = link.stored(1)
        assert stored[0].data == canonical(text)
        assert stored[0].recipients == ("jürgen@example.test",)
    else:
        result = json.loads(run.stdout.splitlines()[-1])
        assert (run.status, result["enhanced"]) == (69, "5.6.7"), run
        assert link.stored(0, 0) == []
        assert link.transactions() == 0
    assert link.complaints() == []


def test_null_sender(smtpsend, link):
    text = message(b"a bounce\n")
    send_from = [a if a != "alice@client.test" else "<>" for a in link.options]
    run = smtpsend(*send_from, BOB, message=text)
    assert run.status == 0, run
    check_one(link, text)


def test_several_in_turn(smtpsend, link):
    """One after the other, each whole: nothing of one gets into the next."""
    for n in range(5):
        text = message(b"number %d\n" % n)
        send(smtpsend, link, text, BOB)
        check_one(link, text)


def test_smtps(smtpsend, aiosmtps, postfix, ca):
    """TLS from the first byte, with a verified certificate."""
    for server, url in ((aiosmtps, aiosmtps.url),
                        (postfix, f"smtps://127.0.0.1:{postfix.smtps}")):
        server.forget()
        server.options = ["--server", url, "--tls", "verify", "--ca", ca.ca,
                          "-f", "alice@client.test"]
        text = message(lines(28))
        send(smtpsend, server, text, BOB)
        check_one(server, text)


def test_both_ways_to_send_a_text(smtpsend, postfix, exim):
    """What the links named DATA rely on: one port offers BDAT, one does not."""
    for server in (postfix, exim):
        for port, verb in ((server.port, "BDAT"), (server.port_data, "DATA")):
            server.forget()
            run = smtpsend("-v", "--server", f"smtp://127.0.0.1:{port}",
                           "--tls", "none", "-f", "alice@client.test", BOB,
                           message=message(DOTS))
            assert run.status == 0, run
            assert re.search(f"-> {verb}\\b", run.stdout), run
            server.stored(1)


def test_lmtp(smtpsend, aiolmtp):
    """A reply for each recipient behind the final dot (RFC 2033)."""
    aiolmtp.forget()
    text = message(DOTS)
    run = smtpsend("--server", aiolmtp.url, "-f", "alice@client.test", "--json",
                   "bob@example.test", "carol@example.test", message=text)
    assert run.status == 0, run
    results = [json.loads(l) for l in run.stdout.splitlines()]
    results = [r for r in results if r["event"] == "result"]
    assert [r["status"] for r in results] == ["delivered"] * 2
    stored = aiolmtp.stored(2)
    assert [s.data for s in stored] == [canonical(text)] * 2
    assert "LHLO" in aiolmtp.news()
    assert aiolmtp.complaints() == []


def test_a_wrong_authority_is_refused_under_verify(smtpsend, postfix, ca):
    postfix.forget()
    run = smtpsend("--server", postfix.url, "--tls", "verify", "--ca",
                   ca.other_ca, "-f", "alice@client.test", BOB,
                   message=message(b"hi\n"))
    assert run.status == 75, run
    assert "certificate" in run.stderr
    assert postfix.stored(0, 0.2) == []


def test_a_wrong_authority_does_not_matter_under_encrypt(smtpsend, postfix, ca):
    postfix.forget()
    text = message(b"hi\n")
    run = smtpsend("--server", postfix.url, "--tls", "encrypt", "--ca",
                   ca.other_ca, "-f", "alice@client.test", BOB, message=text)
    assert run.status == 0, run
    check_one(postfix, text)
    assert "TLS connection established" in postfix.news()


@pytest.mark.parametrize("tls, status", [("may", 0), ("encrypt", 75)])
def test_a_server_whose_tls_is_broken(smtpsend, opensmtpd, tls, status):
    """Debian's OpenSMTPD: under may it gets the mail in clear, else not."""
    opensmtpd.forget()
    text = message(b"hi\n")
    run = smtpsend("--server", f"smtp://127.0.0.1:{opensmtpd.port_tls}",
                   "--tls", tls, "-f", "alice@client.test", BOB, message=text)
    assert run.status == status, run
    got = opensmtpd.stored(1, 10 if status == 0 else 0.5)
    assert [m.data for m in got] == ([canonical(text)] if status == 0 else [])


def test_over_ipv6(smtpsend, postfix):
    postfix.forget()
    text = message(lines(28))
    run = smtpsend("--server", f"smtp://[::1]:{postfix.port6}", "-f",
                   "alice@client.test", BOB, message=text)
    assert run.status == 0, run
    check_one(postfix, text)
