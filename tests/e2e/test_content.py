# SPDX-License-Identifier: ISC
"""What arrives is what was meant: line ends, letters and parts, read by Python."""

import base64
import email
import json
import quopri
import random
import re
import subprocess
from email import policy
from email.header import decode_header, make_header

import pytest

from conftest import BINARY
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


def test_names_without_quotes_need_no_smtputf8(smtpsend, old):
    """As web forms and old programs write them."""
    send(smtpsend, old, message=OWN + b"To: M\xc3\xbcller, Hans <h@x.test>\n"
         b"Cc: \"Gr\xc3\xbc\xc3\x9fe <a@x.test>\nContent-Disposition: attachment;"
         b" filename=Gr\xc3\xbc\xc3\x9fe an alle.pdf\n\nhi\n")
    mail = email.message_from_bytes(old.messages[0], policy=policy.default)
    assert "Hans" in mail["to"] and "h@x.test" in mail["to"]
    assert mail.get_filename() == "Grüße an alle.pdf"


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


@pytest.mark.parametrize("declared", ["gb2312", "gb18030", "big5", "euc-kr",
                                      "shift_jis", "euc-jp"])
@pytest.mark.parametrize("front", range(4))
def test_no_encoded_word_ends_inside_a_character(smtpsend, old, declared, front):
    raw = "x" * front + {"big5": "中文信件", "euc-kr": "한국어"}.get(
        declared, "中文" if declared[:2] == "gb" else "日本語") * 20
    if declared == "gb18030":
        raw += "\N{GRINNING FACE}" * 10
    send(smtpsend, old, message=OWN + b"Subject: " + raw.encode(declared) +
         f"\nContent-Type: text/plain; charset={declared}\n\nhi\n".encode())
    subject = email.message_from_bytes(old.messages[0])["subject"]
    words = [decode_header(w)[0] for w in subject.split()]
    assert len(words) > 1
    assert "".join(octets.decode(charset) for octets, charset in words) == raw


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


# ---- parts ----

EIGHT = ("PIPELINING", "8BITMIME")
CHUNKS = ("PIPELINING", "8BITMIME", "CHUNKING")
MIXED = (b"MIME-Version: 1.0\nContent-Type: multipart/%s; boundary=b\n%s\n"
         b"--b\nContent-Type: text/plain; charset=utf-8\n\nGr\xc3\xbc\xc3\x9fe?\n"
         b"--b\nContent-Type: application/x\n\n\xff\xfe?\n\xfd\n--b--\n")


def leaves(octets):
    """Type, name and content of each leaf, as Python reads them."""
    found = []
    for part in email.message_from_bytes(octets).walk():
        if part.is_multipart():
            continue
        data = part.get_payload(decode=True)
        if part.get_content_maintype() == "text":
            data = data.replace(b"\r\n", b"\n").rstrip(b"\n")
        found.append((part.get_content_type(), part.get_filename(), data))
    return found


@pytest.mark.parametrize("cte", [b"quoted-printable", b"base64", b"x-any",
                                 b"8bit"])
def test_an_encoding_on_a_multipart_is_none(smtpsend, old, cte):
    field = b"Content-Transfer-Encoding: %s\n" % cte
    send(smtpsend, old, message=OWN + MIXED % (b"mixed", field))
    assert leaves(old.messages[0]) == [
        ("text/plain", None, "Grüße?".encode()),
        ("application/x", None, b"\xff\xfe?\n\xfd")]
    assert b"Content-Transfer-Encoding: 7bit" in old.messages[0]


def test_what_is_signed_is_not_touched(smtpsend, old):
    """A server for 8 bits gets it octet by octet, another one refuses it."""
    parts = MIXED.replace(b"application/x\n\n", b"application/x\n"
                          b"Content-Transfer-Encoding: 8bit\n\n")
    message = OWN + parts % (b"signed", b"")
    run = send(smtpsend, old, "--json", message=message, status=69)
    got = results(run)["bob@example.test"]
    assert got["status"] == "failed" and got["enhanced"] == "5.6.3"
    assert "multipart/signed" in got["text"] and "8BITMIME" in got["text"]
    assert not any(c.startswith(b"MAIL") for c in old.commands)
    with Recorder(offers=EIGHT) as r:
        send(smtpsend, r, message=message)
    assert r.messages[0].endswith(
        parts.split(b"%s\n")[1].replace(b"\n", b"\r\n"))


def test_what_is_signed_and_fits_nowhere_is_refused_at_once(smtpsend, recorder):
    message = OWN + MIXED.replace(b"Gr", b"x" * 1200) % (b"signed", b"")
    run = send(smtpsend, recorder, message=message, status=65)
    assert "multipart/signed" in run.stderr and recorder.sessions == []


def test_a_broken_dkim_signature_is_told(smtpsend, old):
    message = (OWN + b"DKIM-Signature: v=1; d=x; b=\n\nGr\xc3\xbc\xc3\x9fe\n")
    quiet = send(smtpsend, old, message=message)
    assert "DKIM-Signature" in quiet.stderr
    told = send(smtpsend, old, "-v", message=message)
    assert "DKIM-Signature does not hold" in told.stdout
    run = send(smtpsend, old, "--json", message=message)
    notes = [e for e in map(json.loads, run.stdout.splitlines())
             if e["event"] == "note"]
    assert any("DKIM-Signature" in e["text"] for e in notes), run
    with Recorder(offers=EIGHT) as r:
        assert "DKIM" not in send(smtpsend, r, message=message).stderr


@pytest.mark.parametrize("change", [
    b"Subject: Gr\xc3\xbc\xc3\x9fe\n\nhi\n", b"To: root\n\nhi\n", b"\nx\ry\n"])
def test_a_header_that_was_signed_and_is_changed_is_told(smtpsend, recorder,
                                                         change):
    signed = OWN + b"DKIM-Signature: v=1; d=x; b=\n"
    run = send(smtpsend, recorder, message=signed + change)
    assert "DKIM-Signature may not hold" in run.stderr
    run = send(smtpsend, recorder, message=signed + b"\nhi\n")
    assert run.stderr == ""


@pytest.mark.parametrize("body, charset", [
    ("Grüße\n".encode(), "utf-8"), ("Grüße\n".encode("latin1"), "unknown-8bit")])
def test_the_same_labels_on_both_paths(smtpsend, body, charset):
    got = []
    for offers in SEVEN, EIGHT, CHUNKS:
        with Recorder(offers=offers) as r:
            send(smtpsend, r, message=body)
        mail = email.message_from_bytes(r.messages[0])
        got.append((mail["mime-version"], mail["content-type"]))
        assert mail.get_payload(decode=True).strip() == body.strip()
        assert mail["content-transfer-encoding"] == (
            "quoted-printable" if offers is SEVEN else "8bit")
    assert got == [("1.0", f"text/plain; charset={charset}")] * 3


def test_a_byte_order_mark_is_no_header(smtpsend, recorder):
    send(smtpsend, recorder, "-t", to=None,
         message=b"\xef\xbb\xbfTo: bob@example.test\nSubject: x\n\nhi\n")
    mail = email.message_from_bytes(recorder.messages[0])
    assert mail["subject"] == "x" and mail.get_payload() == "hi\r\n"


def test_text_that_looks_like_a_header(smtpsend, recorder):
    """Ours: text.  Sendmail's: a header, and a word about it."""
    run = send(smtpsend, recorder, "-v", message=b"ERROR: disk full\n")
    assert recorder.messages[0].endswith(b"\r\n\r\nERROR: disk full\r\n")
    assert "no header" in run.stdout and run.stderr == ""
    run = send(smtpsend, recorder, message=b"ERROR: disk full\n\nmore\n")
    assert recorder.messages[1].endswith(b"\r\n\r\nmore\r\n")


def as_sendmail(smtpsend, machine, recorder, tmp_path, *args, name="sendmail",
                message=b"", status=0, more="", **how):
    """On a machine whose configuration names the server."""
    link = tmp_path / name
    if not link.is_symlink():
        link.symlink_to(BINARY)
    box = machine(files={"/etc/smtpsend/smtpsend.conf": (
        f"server = {recorder.url}\nhelo = client.test\nlog = none\n{more}")},
        **how)
    run = smtpsend(*args, message=message, wrap=box, binary=link)
    assert run.status == status, run
    return run


def test_sendmail_knows_keys_alone(smtpsend, recorder, machine, tmp_path):
    run = as_sendmail(smtpsend, machine, recorder, tmp_path, "bob@example.test",
                      message=b"hi\n", status=78, more="ca = /nowhere\n")
    assert run.stderr == "sendmail: ca /nowhere: No such file or directory\n"


def test_sendmail_takes_it_for_a_header(smtpsend, recorder, machine, tmp_path):
    run = as_sendmail(smtpsend, machine, recorder, tmp_path, "bob@example.test",
                      message=b"ERROR: disk full\n")
    assert recorder.messages[0].startswith(b"ERROR: disk full\r\n")
    assert "header" in run.stderr and len(run.stderr.splitlines()) == 1
    run = as_sendmail(smtpsend, machine, recorder, tmp_path, "bob@example.test",
                      message=b"disk full\n")
    assert recorder.messages[1].endswith(b"\r\n\r\ndisk full\r\n")
    assert run.stderr == ""


@pytest.mark.parametrize("kind", ["gz", "", "xz"])
@pytest.mark.parametrize("offers", [SEVEN, CHUNKS])
@pytest.mark.parametrize("front", [b"", b"Subject: backup\n\n"])
def test_binary_arrives_as_it_was(smtpsend, kind, offers, front, tmp_path):
    (tmp_path / "a").write_text("text\n" * 1000)
    data = subprocess.run(["tar", f"c{dict(gz='z', xz='J').get(kind, '')}", "a"],
                          cwd=tmp_path, stdout=subprocess.PIPE,
                          check=True).stdout
    with Recorder(offers=offers) as r:
        send(smtpsend, r, message=front + data)
    assert leaves(r.messages[0]) == [("application/octet-stream", None, data)]


def test_a_raw_attachment_arrives_as_it_was(smtpsend):
    data = bytes(range(256)) * 10 + b"\n\r\r\n.\n..\n"
    for offers in SEVEN, CHUNKS:
        for cte in b"", b"Content-Transfer-Encoding: binary\n":
            with Recorder(offers=offers) as r:
                send(smtpsend, r, message=OWN + b"MIME-Version: 1.0\n"
                     b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
                     b"Content-Type: image/png\n" + cte + b"\n" + data +
                     b"\n--b--\n")
            assert leaves(r.messages[0]) == [("image/png", None, data)]


@pytest.mark.parametrize("cte", ["x-uuencode", "x-gzip64"])
def test_an_unknown_encoding_is_kept_or_refused(smtpsend, old, cte):
    head = OWN + (f"MIME-Version: 1.0\nContent-Type: text/plain\n"
                  f"Content-Transfer-Encoding: {cte}\n\n").encode()
    send(smtpsend, old, message=head + b"begin 644 x\n`\nend\n")
    assert f"Content-Transfer-Encoding: {cte}".encode() in old.messages[0]
    assert old.messages[0].endswith(b"begin 644 x\r\n`\r\nend\r\n")
    run = send(smtpsend, old, message=head + b"begin \xe9\n", status=69)
    assert "Content-Transfer-Encoding" in run.stderr and len(old.messages) == 1


@pytest.mark.parametrize("message, status, words", [
    (b"X: " + b"y" * 1000 + b"\n\nhi\n", 65, "998"),
    (b"X: y\n\n" + b"y" * 1000 + b"\n", 65, "998"),
    (b"X: y\n\na\0b\n", 65, "NUL"), (b"X: \0y\n\nb\n", 65, "NUL"),
    (b"X: y\n\na\rb\n", 65, "CR"), (b"X: y\rZ: z\n\nb\n", 65, "CR"),
    (b"X: y\n\nGr\xc3\xbc\xc3\x9fe\n", 69, "--as-is"),
    (b"X: \xc3\xbc\n\nb\n", 69, '"X"'),
])
def test_as_is_changes_nothing(smtpsend, old, message, status, words):
    run = send(smtpsend, old, "--as-is", message=message, status=status)
    assert words in run.stderr and old.messages == [], run


@pytest.mark.parametrize("message", [
    b"X : y\n  \n\nGr\xc3\xbc\xc3\x9fe \t\n", b"X: \xc3\xbc\n\n\xff\n",
    b"\xef\xbb\xbfX: y\n\nb\n", b"ERROR: x\n", b"hi\n",
    b"To: root\nSubject: " + b"y" * 900 + b"\n\n" + b"z" * 998 + b"\n"])
def test_as_is_arrives_as_it_is(smtpsend, recorder, message):
    send(smtpsend, recorder, "--as-is", message=message)
    got = recorder.messages[0].removeprefix(b"\r\n")
    want = message.replace(b"\n", b"\r\n")
    assert got == want or got == want + b"\r\n", got


# ---- random trees, read by Python before and after ----

def random_text(rng):
    words = ["Grüße", "plain", "€uro", "=3D", "From me", ".", "", "x" * 1500,
             "trailing \t", "日本語", "--b", "a\rb"]
    charset = rng.choice(["utf-8", "utf-8", "iso-8859-1", "koi8-r"])
    if charset != "utf-8":
        words = [w for w in words if w.isascii()] + {
            "iso-8859-1": ["Grüße", "ÿ"], "koi8-r": ["Привет"]}[charset]
    lines = [rng.choice(words) for _ in range(rng.randrange(6))]
    return charset, ("\n".join(lines) + "\n").encode(charset)


def random_leaf(rng):
    kind = rng.randrange(5)
    if kind < 2:
        charset, data = random_text(rng)
        cte = rng.choice([b"", b"Content-Transfer-Encoding: 8bit\n"])
        return (b"Content-Type: text/plain; charset=%s\n" % charset.encode() +
                cte + b"\n" + data)
    data = rng.randbytes(rng.randrange(300))
    if kind == 2:
        return (b"Content-Type: application/x\nContent-Disposition: attachment;"
                b" filename=\"Gr\xc3\xbc\xc3\x9fe %d\"\n"
                b"Content-Transfer-Encoding: base64\n\n" % rng.randrange(99) +
                base64.encodebytes(data))
    if kind == 3:
        return (b"Content-Type: text/html; charset=utf-8\n"
                b"Content-Transfer-Encoding: quoted-printable\n\n" +
                quopri.encodestring(random_text(rng)[1]))
    data = data.replace(b"--", b"++")
    return (b"Content-Type: application/y\nContent-Transfer-Encoding: binary\n"
            b"\n" + data)


def random_tree(rng, depth=0):
    if depth == 3 or rng.random() < 0.3:
        return random_leaf(rng)
    if depth > 0 and rng.random() < 0.2:
        return (b"Content-Type: message/rfc822\n\nSubject: Gr\xc3\xbc\xc3\x9fe\n"
                b"MIME-Version: 1.0\n" + random_tree(rng, depth + 1))
    b = b"=_%d_%d" % (depth, rng.randrange(10 ** 9))
    parts = [random_tree(rng, depth + 1) for _ in range(1 + rng.randrange(3))]
    cte = rng.choice([b"", b"Content-Transfer-Encoding: quoted-printable\n",
                      b"Content-Transfer-Encoding: 8bit\n"])
    return (b"Content-Type: multipart/mixed; boundary=\"%s\"\n" % b + cte +
            b"\n" + rng.choice([b"", b"pr\xc3\xa9ambule\n"]) +
            b"".join(b"--%s\n%s\n" % (b, p) for p in parts) +
            b"--%s--\n" % b)


def normal(octets):
    """What people read of it: leaves with their text, subjects inside."""
    mail = email.message_from_bytes(octets)
    subjects = [str(make_header(decode_header(
        s if isinstance(s, str) else s.encode())))
        for part in mail.walk() for s in part.get_all("subject", [])]
    out = []
    for kind, name, data in leaves(octets):
        if kind.startswith("text/"):
            data = b"\n".join(line.rstrip(b" \t\r") for line in
                              data.replace(b"\r", b"\n").split(b"\n"))
        out.append((kind, data))
    return subjects, out


@pytest.mark.parametrize("seed", range(40))
def test_random_trees_say_the_same_in_seven_bits(smtpsend, seed):
    rng = random.Random(seed)
    message = OWN + b"MIME-Version: 1.0\n" + random_tree(rng)
    for offers in SEVEN, CHUNKS:
        with Recorder(offers=offers) as r:
            send(smtpsend, r, message=message)
        got = r.messages[0]
        if b"DATA" in r.commands:
            got = got.replace(b"\r\n..", b"\r\n.")
        if offers is SEVEN:
            assert got.isascii() and max(map(len, got.split(b"\r\n"))) <= 998
        assert b"\r" not in got.replace(b"\r\n", b"") and b"\0" not in got
        assert normal(got)[1] == normal(message)[1]


# ---- completing ----

def head_of(recorder, n=0):
    return email.message_from_bytes(recorder.messages[n], policy=policy.default)


def test_cron_mail_is_completed(smtpsend, recorder, machine, tmp_path):
    """As Debian's cron writes it."""
    as_sendmail(
        smtpsend, machine, recorder, tmp_path, "-i", "-FCronDaemon", "-B8BITMIME",
        "-oem", "root", hostname="box.example.net", mailname="example.com",
        message=b"From: root (Cron Daemon)\nTo: root@box, al\nCc: Al <al>\n"
        b"Subject: Cron <root@box> true\nContent-Length: 3\nReturn-Path: <x@y>\n"
        b"Message-ID:\nDate:\n\nhi\n")
    head = head_of(recorder)
    assert b"From: root@example.com (Cron Daemon)\r\n" in recorder.messages[0]
    assert head["to"] == "root@box.example.net, al@example.com"
    assert head["cc"] == "Al <al@example.com>"
    assert head["subject"] == "Cron <root@box> true"
    assert len(head.get_all("message-id")) == len(head.get_all("date")) == 1
    assert head["message-id"].endswith("@box.example.net>")
    assert head["content-length"] is None and head["return-path"] is None
    assert recorder.recipients == ["root@example.com"]


def test_root_at_box_is_here(smtpsend, recorder, machine, tmp_path):
    """In the envelope as in the header."""
    as_sendmail(smtpsend, machine, recorder, tmp_path, "-t", "root@box",
                hostname="box.example.net",
                message=b"To: al@BOX\nSubject: x\n\nhi\n")
    assert sorted(recorder.recipients) == ["al@box.example.net",
                                           "root@box.example.net"]
    assert head_of(recorder)["to"] == "al@box.example.net"


@pytest.mark.parametrize("gecos, name", [
    ("Al Bell,Room 7,,", "Al Bell"), ("& Bell", "Joe Bell"), ("", ""),
    ("Bell, Al", "Bell"), ("Jörg Müller", "Jörg Müller"),
    ("Al B. \"x\"", 'Al B. "x"')])
def test_the_full_name_is_passwds(smtpsend, recorder, machine, gecos, name):
    box = machine(hostname="box.example.net",
                  passwd=[f"joe:x:4321:4321:{gecos}:/nonexistent:/bin/sh"])
    run = smtpsend("--server", recorder.url, "bob@example.test",
                   message=b"Subject: x\n\nhi\n", wrap=box.user(4321))
    assert run.status == 0, run
    sender = head_of(recorder)["from"].addresses[0]
    assert sender.addr_spec == "joe@box.example.net"
    assert sender.display_name == name
    run = smtpsend("--server", recorder.url, "-f", "al@x.test", "b@example.test",
                   message=b"Subject: x\n\nhi\n", wrap=box.user(4321))
    assert head_of(recorder, 1)["from"] == "al@x.test"


def test_a_resent_block_is_completed(smtpsend, recorder):
    send(smtpsend, recorder, "-t", to=None, message=b"Resent-To: b@x.test\n" +
         OWN + b"\nhi\n")
    head = head_of(recorder)
    assert head["resent-from"] == "alice@client.test"
    assert re.fullmatch(r"<\S+@\S+[^.>]>", head["resent-message-id"])
    assert head["resent-date"] and head["date"] != head["resent-date"]
    assert head["message-id"] == "<1@client.test>"


@pytest.mark.parametrize("front, sender, rcpt", [
    (b"From al Sun Nov 22 09:00:00 2026 remote from far\n", b"al@far", "bob"),
    (b"From uucp Sun Nov 22 09:00:00 2026 remote from near.test\n"
     b">From a!b!al Sun Nov 22 09:00:00 2026 remote from far.test\n",
     b"al@b", "near!bob"),
    (b"From al@x.test Sun Nov 22 09:00:00 2026\n", b"al@x.test", "y!z!bob"),
])
def test_rmail(smtpsend, recorder, machine, tmp_path, front, sender, rcpt):
    as_sendmail(smtpsend, machine, recorder, tmp_path, rcpt, name="rmail",
                hostname="box.example.net",
                message=front + b"Subject: x\n\n>From here\nhi\n")
    assert recorder.commands[1].startswith(b"MAIL FROM:<%s>" % sender)
    host = (rcpt.split("!")[-2:-1] or ["box.example.net"])[0]
    assert recorder.recipients == ["bob@" + host]
    text = recorder.messages[0]
    assert b"From al" not in text and b"From uucp" not in text
    assert text.endswith(b"\r\n\r\n>From here\r\nhi\r\n")
    assert head_of(recorder)["from"] == sender.decode()


@pytest.mark.parametrize("protocol, sender, rcpt", [
    ("UUCP:near", b"al@far.test", b"bob@y.test"),
    ("uucp", b"al@far.test", b"bob@y.test"),
    ("ESMTP:near", b"near!far.test!al@box.example.net",
     b"y.test!bob@box.example.net"),
])
def test_what_debians_rmail_calls(smtpsend, recorder, machine, tmp_path,
                                  protocol, sender, rcpt):
    as_sendmail(smtpsend, machine, recorder, tmp_path, "-G", "-oee", "-oi",
                "-p", protocol, "-f", "near!far.test!al", "y.test!bob",
                hostname="box.example.net",
                message=b"From: al@far.test\nSubject: x\n\nhi\n")
    assert recorder.commands[1].startswith(b"MAIL FROM:<%s>" % sender)
    assert recorder.commands[2].startswith(b"RCPT TO:<%s>" % rcpt)


@pytest.mark.parametrize("hostname", ["box.example.net.", "box.", "box"])
def test_a_message_id_does_not_end_in_a_dot(smtpsend, recorder, machine,
                                            hostname):
    box = machine(hostname=hostname)
    run = smtpsend("--server", recorder.url, "-f", "a@x.test", "bob@example.test",
                   message=b"Subject: x\n\nhi\n", wrap=box)
    assert run.status == 0, run
    assert re.fullmatch(r"<[^@]+@[a-z.]*[a-z]>", head_of(recorder)["message-id"])


# ---- room, and input without end ----

LARGE = OWN + b"\n" + b"".join(b"%070d\n" % i for i in range(40_000))


def small_room(folder, size, *more):
    """Words before a command: these folders hold only so many octets."""
    mounts = " && ".join(f"mount -t tmpfs -o size={size} none {d}"
                         for d in (folder, *more))
    return ["unshare", "-m", "--propagation", "private", "sh", "-c",
            mounts + ' && exec "$@"', "-"]


@pytest.mark.parametrize("full", ["missing", "small", "all"])
def test_a_large_message_finds_room(smtpsend, recorder, tmp_path, full):
    """Where TMPDIR is missing or full another place is taken, memory at last."""
    room = tmp_path / "room"
    wrap = []
    if full != "missing":
        room.mkdir()
        more = ["/tmp", "/var/tmp"] if full == "all" else []
        wrap = small_room(room, "1500k", *more)
    if full == "all" and str(BINARY).startswith("/tmp"):
        pytest.skip("the program itself is in /tmp")
    run = smtpsend("--server", recorder.url, "-f", "a@client.test",
                   "bob@example.test", message=LARGE, wrap=wrap,
                   env={"TMPDIR": str(room)})
    assert run.status == 0, run
    assert recorder.messages[0].endswith(
        LARGE.split(b"\n\n", 1)[1].replace(b"\n", b"\r\n"))


def test_no_room_at_all_is_71_with_the_reason(smtpsend, recorder, tmp_path):
    wrap = ["prlimit", "--fsize=1500000", "--"]
    run = smtpsend("--server", recorder.url, "bob@example.test", message=LARGE,
                   wrap=wrap, env={"TMPDIR": str(tmp_path / "no")})
    assert run.status == 71, run
    assert "/no: No such file" in run.stderr and "/tmp: File too" in run.stderr
    assert "later" not in run.stderr and recorder.sessions == []


@pytest.mark.parametrize("endless, args, words", [
    (b"X-A: b\n", [], "header larger"), (b"Subject: y", [], "header larger"),
    (b"hello\n", ["--max-size", "3M"], "max-size"),
    (b"y", ["--max-size=2048k"], "max-size")])
def test_input_without_end(recorder, endless, args, words):
    """It ends us, not the disk; the header's limit holds while it is read."""
    p = subprocess.Popen([BINARY, "--server", recorder.url, *args,
                          "bob@example.test"], stdin=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    block, sent = endless * 10000, 0
    try:
        if endless.startswith(b"Subject"):
            p.stdin.write(endless)
            block = b"y" * 60000
        while sent < 500_000_000:
            sent += p.stdin.write(block)
    except BrokenPipeError:
        pass
    err = p.stderr.read().decode()
    assert p.wait(20) == 65 and words in err, err
    assert sent < 10_000_000 and recorder.sessions == []


def test_a_dash_is_standard_input(smtpsend, recorder):
    send(smtpsend, recorder, "--file", "-", message=OWN + b"\nhi\n")
    assert recorder.messages[0].endswith(b"\r\n\r\nhi\r\n")
