# SPDX-License-Identifier: ISC
"""What arrives is what was meant: line ends, letters and parts, read by Python."""

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
