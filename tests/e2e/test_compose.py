# SPDX-License-Identifier: ISC
"""A message that is made of options, read back by Python's parser."""

import email
import email.policy
import os

import pytest

from scripted import Server, dialogue

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
LONG = "Zeile mit Umlauten: äöü " * 60


def made(smtpsend, *words, message=b""):
    """What --print shows, as a message, and its octets."""
    run = smtpsend("--print", "-f", "ann@client.test", *words, message=message)
    assert (run.status, run.err) == (0, b""), run
    assert run.out.isascii() and b"\r" not in run.out
    assert max(map(len, run.out.split(b"\n"))) <= 998
    return email.message_from_bytes(run.out, policy=email.policy.default)


def shape(part):
    """["mixed", ["alternative", "text/plain", "text/html"], ...]"""
    if not part.is_multipart() or part.get_content_type() == "message/rfc822":
        return part.get_content_type()
    return [part.get_content_subtype(), *map(shape, part.iter_parts())]


def test_a_text_by_a_pipe(smtpsend):
    m = made(smtpsend, "-s", "Report", "bob@client.test", "cy@client.test",
             message=b"all is well\n")
    assert m["Subject"] == "Report" and m["From"].addresses[0].addr_spec == \
        "ann@client.test"
    assert m["To"] == "bob@client.test, cy@client.test"
    assert m["Date"] and m["Message-ID"] and m["MIME-Version"] == "1.0"
    assert m.get_content() == "all is well\n"
    assert m["Content-Transfer-Encoding"] == "7bit"


@pytest.mark.parametrize("text, encoding", [
    ("plain\n", "7bit"), ("", "7bit"), (".\nFrom here\n..\n", "7bit"),
    ("grüße =20\n", "quoted-printable"), ("x" * 5000, "quoted-printable"),
    (LONG, "quoted-printable"), ("Привет, мир\n" * 30, "base64"),
    ("end with a blank \n\ttab\t\n" + "é" + "\n" * 5, "quoted-printable"),
    ("no end é", "quoted-printable")], ids=range(9))
def test_texts(smtpsend, tmp_path, text, encoding):
    (tmp_path / "text").write_text(text, encoding="utf-8")
    for m in (made(smtpsend, "--body-file", tmp_path / "text"),
              made(smtpsend, "--body-file", "-", message=text.encode()),
              made(smtpsend, "--body", text)):
        assert m["Content-Transfer-Encoding"] == encoding
        got = m.get_content().replace("\r\n", "\n")
        assert got == text or got == text + "\n", got


def test_a_text_that_is_no_utf8(smtpsend):
    m = made(smtpsend, "-s", "x", message=b"gr\xfc\xdfe, dear all\n")
    assert m["Content-Type"] == 'text/plain; charset="unknown-8bit"'
    assert m.get_payload(decode=True) == b"gr\xfc\xdfe, dear all\n"
    assert m["Content-Transfer-Encoding"] == "quoted-printable"


def test_everything(smtpsend, tmp_path):
    for name, octets in {"a.html": b"<p>caf\xc3\xa9<img src='cid:l.png'>",
                         "l.png": PNG, "r\u00e9sum\u00e9 \"x\".pdf": PNG * 3,
                         "log": b"one\ntwo\n", "empty.csv": b"",
                         "m.eml": b"Subject: in\n\ninside\n"}.items():
        (tmp_path / name).write_bytes(octets)
    m = made(smtpsend, "-s", "Grüße, " + "lang " * 40, "--body", "café",
             "--html-file", tmp_path / "a.html", "--inline",
             tmp_path / "l.png", "--attach", tmp_path / "r\u00e9sum\u00e9 \"x\".pdf",
             "--attach", tmp_path / "log", "--attach", tmp_path / "empty.csv",
             "--attach", tmp_path / "m.eml", "--to", "Bob B <bob@client.test>",
             "--to", "c@client.test", "--cc", "Ü <d@client.test>", "--bcc",
             "e@client.test", "--reply-to", "r@client.test", "--date",
             "Sun, 31 Jan 2027 08:00:00 +0100", "--header", "X-Test: ä 1",
             "--header", "X-Test: 2", "f@client.test")
    assert shape(m) == ["mixed", ["alternative", "text/plain", ["related",
                        "text/html", "image/png"]], "application/pdf",
                        "text/plain", "text/csv", "message/rfc822"]
    assert m["Subject"] == "Grüße, " + ("lang " * 40).strip()
    assert m["To"] == "Bob B <bob@client.test>, c@client.test"
    assert m["Cc"].addresses[0].display_name == "Ü" and not m["Bcc"]
    assert m["Date"] == "Sun, 31 Jan 2027 08:00:00 +0100"
    assert m["Reply-To"] == "r@client.test"
    assert m.get_all("X-Test") == ["ä 1", "2"]
    text, html, png, pdf, log, csv, eml = [
        p for p in m.walk() if not p.is_multipart()
        or p.get_content_type() == "message/rfc822"][:7]
    assert text.get_content() == "café\n"
    assert html.get_content().strip() == "<p>café<img src='cid:l.png'>"
    assert png["Content-ID"] == "<l.png>" and png.get_content() == PNG
    assert png.get_content_disposition() == "inline"
    assert pdf.get_filename() == "r\u00e9sum\u00e9 \"x\".pdf"
    assert pdf.get_content() == PNG * 3
    assert log.get_filename() == "log" and log.get_content() == "one\ntwo\n"
    assert csv.get_filename() == "empty.csv" and csv.get_content() == ""
    assert eml.get_content()["Subject"] == "in"
    assert not any(p.defects for p in m.walk())


@pytest.mark.parametrize("names, want", [
    (["a.html"], "text/html"), (["a.png"], ["mixed", "text/plain",
                                           "application/octet-stream"])])
def test_shapes(smtpsend, tmp_path, names, want):
    """A picture that no HTML shows is among the files."""
    for name in names:
        (tmp_path / name).write_bytes(b"\0x")
    (tmp_path / "a.html").write_bytes(b"<p>")
    option = "--html-file" if names == ["a.html"] else "--inline"
    m = made(smtpsend, option, tmp_path / names[0])
    assert shape(m) == want or shape(m) == ["mixed", "text/plain", "image/png"]


def test_a_message_inside_that_is_binary(smtpsend, tmp_path):
    (tmp_path / "m.eml").write_bytes(b"Subject: x\n\n\0\1" + b"y" * 3000)
    m = made(smtpsend, "-s", "x", "--attach", tmp_path / "m.eml")
    assert shape(m) == ["mixed", "text/plain", "application/octet-stream"]


def test_large_files_cost_no_memory(smtpsend, tmp_path):
    with open(tmp_path / "big.bin", "wb") as f:
        for _ in range(24):
            f.write(os.urandom(1 << 20))
    with Server(dialogue()) as srv:
        run = smtpsend("--server", f"127.0.0.1:{srv.port}", "-s", "x",
                       "--attach", tmp_path / "big.bin", "--body", "",
                       "bob@client.test",
                       wrap=["sh", "-c", 'ulimit -v 40000; exec "$@"', "sh"])
        assert run.status == 0, run
    m = email.message_from_bytes(srv.conns[0].message,
                                 policy=email.policy.default)
    _, big = m.iter_parts()
    assert big.get_content() == (tmp_path / "big.bin").read_bytes()


def test_it_is_sent_to_all(smtpsend):
    with Server(dialogue()) as srv:
        run = smtpsend("--server", f"127.0.0.1:{srv.port}", "-s", "x", "--to",
                       "a@client.test", "--cc", "b@client.test", "--bcc",
                       "c@client.test", "d@client.test", message=b"hi\n")
        assert (run.status, run.out, run.err) == (0, b"", b""), run
    conn, = srv.conns
    assert sorted(l[8:] for l in conn.lines if l.startswith("RCPT")) == [
        f"<{x}@client.test>" for x in "abcd"]
    assert b"c@client" not in conn.message and b"d@client" not in conn.message


def test_no_text_is_read_where_none_is_sent(smtpsend):
    with Server(dialogue()) as srv:
        run = smtpsend("--server", f"127.0.0.1:{srv.port}", "--quit-after",
                       "rcpt", "--to", "a@client.test", "-s", "x",
                       message=None)
        assert run.status == 0, run
    assert "RCPT TO:<a@client.test>" in srv.conns[0].lines


def test_test_message(smtpsend):
    m = made(smtpsend, "--test-message", "bob@client.test")
    assert m["Subject"].startswith("test ") and m["To"] == "bob@client.test"
    assert "This is a test message from smtpsend on " in m.get_content()
    m = made(smtpsend, "--test-message", "-s", "mine", "bob@client.test")
    assert m.get_all("Subject") == ["mine"]


@pytest.mark.parametrize("words, said", [
    (["-s", "a\nBcc: x@y"], "line end"), (["--to", "a\rb"], "line end"),
    (["--header", "no colon"], "X-Name: value"),
    (["--header", "bad name: x"], "X-Name: value"),
    (["--header", "X-A: b\n"], "line end"),
    (["--header", "subject: x"], "--subject makes Subject"),
    (["--header", "Content-type: x"], "follows from"),
    (["--date", "tomorrow"], "a date is wanted"),
    (["--date", "Mon, 31 Jan 2027 08:00:00 +0100"], "a date is wanted"),
    (["-s", "a", "--subject", "b"], "once"),
    (["--body", "a", "--body-file", "b"], "exclude each other"),
    (["--file", "x", "-s", "a"], "for one that comes in"),
    (["--as-is", "-s", "a"], "for one that comes in")])
def test_bad_options(smtpsend, words, said):
    run = smtpsend(*words, "bob@client.test", message=b"hi\n")
    assert run.status == 64 and said in run.stderr, run
    assert len(run.stderr.splitlines()) == 1 and not run.out


@pytest.mark.parametrize("words, status, said", [
    (["--body", "", "--attach", "/nonexistent/x"], 66, "attachment /nonexistent/x"),
    (["--body", "", "--attach", "/"], 66, "a directory"),
    (["--body-file", "/nonexistent/x"], 66, "text file /nonexistent/x"),
    (["--html-file", "/bin/true"], 65, "--attach sends it"),
    (["-s", "x"], 65, "standard input is no text")])
def test_files_that_cannot_be_used(smtpsend, words, status, said):
    """Nothing is connected."""
    with Server(dialogue()) as srv:
        run = smtpsend("--server", f"127.0.0.1:{srv.port}", *words,
                       "bob@client.test", message=b"\0\1\2\xff" * 9)
        assert run.status == status and said in run.stderr, run
        assert len(run.stderr.splitlines()) == 1 and not srv.conns


def test_print_of_what_comes_in(smtpsend):
    run = smtpsend("--print", "-f", "a@client.test", "root",
                   message=b"Subject: x\nTo: root\nBcc: y\n\n.\nhi\r\nyou")
    assert run.status == 0 and run.out.endswith(b"\n\n.\nhi\nyou\n")
    assert b"Bcc" not in run.out and b"Message-ID" in run.out
    full = smtpsend("--print", "--body", "x", wrap=["sh", "-c",
                                                    'exec "$@" >/dev/full',
                                                    "sh"])
    assert full.status == 74 and "could not be printed" in full.stderr
