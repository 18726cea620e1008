# SPDX-License-Identifier: ISC
"""What arrives is what was meant: line ends, letters and parts, read by Python."""

import json

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
