# SPDX-License-Identifier: ISC
"""What arrives is what was meant: line ends, letters and parts, read by Python."""

import email
import json
import re
from email import policy
from email.header import decode_header, make_header

import pytest

from servers.recorder import Recorder

OWN = (b"From: alice@client.test\nDate: Sun, 22 Nov 2026 09:00:00 +0000\n"
       b"Message-ID: <1@client.test>\n")
SEVEN = ("PIPELINING", "ENHANCEDSTATUSCODES")	# neither 8BITMIME nor SMTPUTF8


@pytest.fixture
def recorder():
    with Recorder() as r:
        yield r


@pytest.fixture
def old():
    """A server that takes 7 bits only."""
    with Recorder(offers=SEVEN) as r:
        yield r


def send(smtpsend, recorder, *args, message=b"", status=0, to="bob@example.test",
         **how):
    run = smtpsend("--server", recorder.url, "--helo", "client.test", "-f",
                   "alice@client.test", *args, *([to] if to else []),
                   message=message, **how)
    assert run.status == status, run
    return run


# ---- what ends a line ----

HIDDEN = [b"Bcc: victim@example.test", b"To: victim@example.test",
          b"Resent-To: victim@example.test", b"\rBcc: victim@example.test",
          b"\0Bcc: victim@example.test", b"\r\0\rCc: victim@example.test"]


@pytest.mark.parametrize("offers", [SEVEN, ("8BITMIME", "CHUNKING")])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("size", [0, 2_000_000])
def test_a_stray_cr_begins_no_field(smtpsend, offers, hidden, size):
    """Not in memory, not in a file, not re-coded: nobody else gets the mail."""
    message = (OWN + b"To: bob@example.test\nSubject: hi\r" + hidden +
               b"\nX: y\n\nGr\xc3\xbc\xc3\x9fe\rx\n" + b"a line of text\n" *
               (size // 15))
    with Recorder(offers=offers) as r:
        send(smtpsend, r, "-t", message=message, to=None)
    assert r.recipients == ["bob@example.test"]
    head, body = r.messages[0].split(b"\r\n\r\n", 1)
    names = [line.split(b":")[0] for line in head.split(b"\r\n")
             if line[:1] not in b" \t"]
    assert not {b"Bcc", b"Cc", b"Resent-To"} & set(names), head
    assert names.count(b"To") == 1 and b"X" in names
    assert b"\r" not in r.messages[0].replace(b"\r\n", b"")
    assert b"\0" not in r.messages[0]
    assert body.startswith(b"Gr=C3=BC=C3=9Fe=0Dx\r\n" if offers is SEVEN
                           else b"Gr\xc3\xbc\xc3\x9fe\r\nx\r\n")


def test_old_macintosh_text_has_lines(smtpsend, recorder):
    """No LF at all: each CR is a line end, in the header too."""
    text = (OWN + b"To: bob@example.test\nBcc: eve@example.test\n\na\n.\nb\n")
    send(smtpsend, recorder, "-t", message=text.replace(b"\n", b"\r"), to=None)
    assert sorted(recorder.recipients) == ["bob@example.test",
                                           "eve@example.test"]
    assert recorder.messages[0].endswith(
        b"To: bob@example.test\r\n\r\na\r\n..\r\nb\r\n")


# ---- a bad address stops nobody else ----

def results(run):
    return {e["recipient"]: e for e in map(json.loads, run.stdout.splitlines())
            if e["event"] == "result"}


@pytest.mark.parametrize("given, good, bad", [
    (["bob@x.test @"], ["bob@x.test"], ["@"]),
    (["bob@x.test", "@", "eve@y.test"], ["bob@x.test", "eve@y.test"], ["@"]),
    (["a@x.test b@x.test"], ["a@x.test", "b@x.test"], []),
    (["foo.@example.test, user name@d.test"],
     ['"foo."@example.test', '"user name"@d.test'], []),
    (["a@x.test, b\r\nRCPT TO:<c@x.test>, d@x.test"],
     ["a@x.test", "d@x.test"], ["b\r\nRCPT TO:<c@x.test>"]),
    (["a@x.test,\"b@x.test,c@-x.test"], ["a@x.test"],
     ["\"b@x.test", "c@-x.test"]),
])
@pytest.mark.parametrize("where", ["arguments", "header"])
def test_the_good_ones_go(smtpsend, recorder, given, good, bad, where):
    """A bad one has a line of its own, a result in JSON, and the exit status."""
    message = OWN + b"Subject: x\n\nhi\n"
    args = given
    if where == "header":
        given = [g.replace("\r\n", "\1") for g in given]
        bad = [b.replace("\r\n", "\1") for b in bad]
        args = ["-t"]
        message = b"".join(b"To: %s\n" % g.encode() for g in given) + message
    for json_too in False, True:
        recorder.sessions.clear()
        run = send(smtpsend, recorder, *(["--json"] * json_too), *args,
                   message=message, to=None, status=65 if bad else 0)
        assert sorted(recorder.recipients) == sorted(good)
        lines = run.stderr.splitlines()
        assert len(lines) == len(bad), run
        for line in lines:
            assert "failed at address: " in line, run
    got = results(run)
    assert sorted(got) == sorted(good + bad)
    for one in bad:
        assert got[one]["status"] == "failed" and got[one]["stage"] == "address"
        assert got[one]["enhanced"] == "5.1.3" and got[one]["seconds"] >= 0


def test_nobody_left(smtpsend, recorder):
    """Then nothing is read and nobody is asked."""
    run = smtpsend("--server", recorder.url, "@", "b@", message=OWN)
    assert run.status == 65 and len(run.stderr.splitlines()) == 2, run
    run = smtpsend("--server", recorder.url, "-t", message=OWN + b"To: @\n\n")
    assert run.status == 65 and len(run.stderr.splitlines()) == 1, run
    assert recorder.sessions == []


def test_explain_tells_of_a_bad_one(smtpsend):
    run = smtpsend("--explain", "--server", "127.0.0.1:1", "bob@x.test, @")
    assert run.status == 65 and "@: failed at address" in run.stderr, run
    assert "x.test" in run.stdout


@pytest.mark.parametrize("sender, path", [
    ("user name@d.test", b'"user name"@d.test'),
    ("foo.@d.test", b'"foo."@d.test')])
def test_a_sender_that_is_no_dot_string(smtpsend, recorder, sender, path):
    send(smtpsend, recorder, "-f", sender, message=OWN + b"\nhi\n")
    assert recorder.commands[1].startswith(b"MAIL FROM:<%s>" % path)


# ---- other letters in the header ----

COMMENTED = (
    b"Received: from box (b\xc3\xbcro [192.0.2.1]) by mx (Gr\xc3\xbc\xc3\x9fe);"
    b"\n\tSun, 22 Nov 2026 09:00:00 +0000 (Mitteleurop\xc3\xa4ische Zeit)\n"
    b"From: alice@client.test (\xc3\x84lice)\n"
    b"Date: Sun, 22 Nov 2026 10:00:00 +0100 (Mitteleurop\xc3\xa4ische Zeit)\n"
    b"Message-ID: <1@client.test>\n"
    b"References: <0@client.test> (\xc3\xbc)\n"
    b"List-Id: Gr\xc3\xbc\xc3\x9fe <liste.example.test>\n"
    b"MIME-Version: 1.0 (\xc3\xbc)\n"
    b"Content-Type: text/plain (\xc3\xbc); charset=utf-8\n")


def test_comments_and_phrases_need_no_smtputf8(smtpsend, old):
    send(smtpsend, old, message=COMMENTED + b"\nhi\n")
    head = old.messages[0].split(b"\r\n\r\n")[0]
    assert max(head) < 128
    mail = email.message_from_bytes(old.messages[0], policy=policy.default)
    assert mail["date"].datetime.isoformat() == "2026-11-22T10:00:00+01:00"
    assert b"text/plain (=?utf-8?Q?=C3=BC?=); charset=utf-8" in head
    decoded = [str(make_header(decode_header(v))) for _, v in
               email.message_from_bytes(old.messages[0]).items()]
    for words in ("(Mitteleuropäische Zeit)", "Grüße <liste.example.test>",
                  "(Älice)", "<0@client.test> (ü)", "büro [192.0.2.1]"):
        assert any(words in " ".join(d.split()) for d in decoded), (words,
                                                                    decoded)


@pytest.mark.parametrize("field, words", [
    (b"References: <\xc3\xbc@client.test>", 'field "References"'),
    (b"X-A: ok\nIn-Reply-To: <\xc3\xbc@x>", 'field "In-Reply-To"'),
    (b"Reply-To: m\xc3\xbcller@client.test", 'field "Reply-To"')])
def test_a_field_that_needs_smtputf8_is_named(smtpsend, old, field, words):
    run = send(smtpsend, old, message=OWN + field + b"\n\nhi\n", status=69)
    assert words in run.stderr and "SMTPUTF8" in run.stderr, run
    assert old.messages == []


def test_an_address_that_needs_smtputf8_is_named(smtpsend, old):
    run = send(smtpsend, old, message=OWN + b"\nhi\n", status=69,
               to="müller@example.test")
    assert "the address müller@example.test needs SMTPUTF8" in run.stderr, run


@pytest.mark.parametrize("declared, raw", [
    ("koi8-r", "Привет"), ("iso-8859-2", "Żółw"), ("windows-1251", "Мир")])
def test_the_declared_charset_holds_for_all_fields(smtpsend, old, declared, raw):
    coded = raw.encode(declared)
    send(smtpsend, old, message=OWN.replace(
        b"From: alice@client.test", b"From: %s <alice@client.test>" % coded) +
        b"Subject: %s\nTo: \"%s\" <bob@example.test>\nMIME-Version: 1.0\n"
        b"Content-Type: text/plain; charset=%s\nContent-Disposition: inline;\n"
        b" filename=\"%s\"\n\n%s\n" % (coded, coded, declared.encode(), coded,
                                       coded))
    mail = email.message_from_bytes(old.messages[0], policy=policy.default)
    assert mail["subject"] == raw
    assert mail["from"].addresses[0].display_name == raw
    assert mail["to"].addresses[0].display_name == raw
    assert mail.get_filename() == raw
    assert mail.get_content().strip() == raw


def test_a_long_list_of_addresses_is_folded_between_them(smtpsend, recorder):
    """Each address arrives whole."""
    to = [f"user{i}@example{i}.test" for i in range(100)]
    ids = [f"<{i}.abcdefgh@client.test>" for i in range(100)]
    send(smtpsend, recorder, message=OWN + b"To: " + ",".join(to).encode() +
         b"\nReferences: " + "".join(ids).encode() + b"\n\nhi\n")
    got = email.message_from_bytes(recorder.messages[0], policy=policy.default)
    assert [a.addr_spec for a in got["to"].addresses] == to
    assert re.findall("<.*?>", got["references"]) == ids
    assert all(len(line) <= 998 for line in recorder.messages[0].split(b"\r\n"))
