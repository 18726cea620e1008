# SPDX-License-Identifier: ISC
"""The sink: logins, replies for one address, its own and others' options."""

import json
import mailbox
import os
import pathlib
import re
import smtplib
import ssl
import subprocess

import pytest

from faults_support import BINARY, MESSAGE, OK, USAGE, certificates, smtpsend

MAIL = "Subject: x\n\nhello\n"


class Running:
    """smtpsend --sink with its output in files."""

    def __init__(self, tmp_path, *args):
        self.out, self.err = tmp_path / "out", tmp_path / "err"
        with self.out.open("wb") as out:
            self.p = subprocess.Popen(
                [BINARY, "--sink", "127.0.0.1:0", *map(str, args)],
                stdout=out, stderr=subprocess.PIPE)
        said = self.p.stderr.readline().decode()
        self.port = int(re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n",
                                     said).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.p.terminate()
        self.rest = self.p.stderr.read().decode()
        self.p.stderr.close()
        assert self.p.wait(20) == OK

    def client(self):
        return smtplib.SMTP("127.0.0.1", self.port, "client.test", timeout=20)

    def text(self):
        return self.out.read_text()


@pytest.mark.parametrize("mechanism", ["plain", "login", "cram_md5"])
def test_any_login_is_taken(tmp_path, mechanism):
    with Running(tmp_path, "-v") as sink, sink.client() as c:
        c.ehlo()
        assert c.esmtp_features["auth"].split() == ["PLAIN", "LOGIN",
                                                    "CRAM-MD5"]
        c.user, c.password = "joe", "s3cret"
        method = getattr(c, "auth_" + mechanism)
        assert c.auth(mechanism.replace("_", "-").upper(), method)[0] == 235
        c.sendmail("a@client.test", "b@x.test", MAIL)
    text = sink.text()
    assert "logged in as joe" in text
    assert "s3cret" not in text and "czNjcmV0" not in text
    assert "***" in text


def test_only_this_login(tmp_path):
    with Running(tmp_path, "--sink-auth", "joe:s3c:ret") as sink:
        with sink.client() as c:
            with pytest.raises(smtplib.SMTPSenderRefused) as no:
                c.sendmail("a@client.test", "b@x.test", MAIL)
            assert no.value.smtp_code == 530
        with sink.client() as c:
            with pytest.raises(smtplib.SMTPAuthenticationError):
                c.login("joe", "wrong")
        with sink.client() as c:
            c.login("joe", "s3c:ret")
            assert c.sendmail("a@client.test", "b@x.test", MAIL) == {}
    assert "logged in as joe" in sink.text()


def test_our_own_relay_logs_in(tmp_path):
    """The relay module, over TLS with a certificate that it can verify."""
    certs = certificates()
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    password.chmod(0o600)
    with Running(tmp_path, "--sink-auth", "joe:s3cret", "-v", "--cert",
                 certs.path("good.pem"), "--key", certs.path("good.key"),
                 "--sink-tls") as sink:
        config = tmp_path / "config"
        config.write_text(f"relay = work\n[relay work]\nurl = smtps://joe@"
                          f"127.0.0.1:{sink.port}\npassword-file = {password}\n"
                          f"ca = {certs.ca}\n")
        config.chmod(0o600)
        run = smtpsend("--config", config, "-f", "a@client.test",
                       "bob@example.test")
    assert run.rc == OK, run
    assert "logged in as joe" in sink.text()


def test_a_reply_for_one_address(tmp_path):
    with Running(tmp_path, "--sink-reply", "RCPT:bob@x.test=550 5.1.1 no bob",
                 "--sink-reply", "MAIL:eve@client.test=553") as sink:
        with sink.client() as c:
            refused = c.sendmail("a@client.test", ["ann@x.test", "BOB@x.test"],
                                 MAIL)
            assert refused == {"BOB@x.test": (550, b"5.1.1 no bob")}
            with pytest.raises(smtplib.SMTPSenderRefused):
                c.sendmail("eve@client.test", "ann@x.test", MAIL)


def test_a_reply_for_a_pattern(tmp_path):
    with Running(tmp_path, "--sink-reply", "RCPT:*@bad.example=550 5.1.1 no"
                 ) as sink, sink.client() as c:
        refused = c.sendmail("a@client.test", ["a@good.example",
                                               "b@bad.example"], MAIL)
    assert refused == {"b@bad.example": (550, b"5.1.1 no")}


def test_the_dialogue_comes_before_the_message(tmp_path):
    """-v, on stdout, in the order in which it happened."""
    with Running(tmp_path, "-v") as sink, sink.client() as c:
        c.sendmail("a@client.test", "b@x.test", MAIL)
    text = sink.text()
    order = [text.index(x) for x in ("connection from", "FROM:<a@", "--- ",
                                     "hello\n", "queued as")]
    assert order == sorted(order), text
    assert sink.rest == ""


def test_json(tmp_path):
    with Running(tmp_path, "--json") as sink, sink.client() as c:
        c.sendmail("a@client.test", ["b@x.test", "c@x.test"], MAIL)
    events = [json.loads(line) for line in sink.text().splitlines()]
    message, = [e for e in events if e["event"] == "message"]
    assert message["from"] == "<a@client.test>"
    assert message["to"] == "<b@x.test>,<c@x.test>"
    assert message["size"] == len(MAIL) + 3 and message["lane"] == 1
    assert message["file"] == message["login"] == ""
    assert any(e["event"] == "received" and e["line"].startswith("mail")
               for e in events)


def test_json_says_where_and_who(tmp_path):
    box = tmp_path / "box"
    with Running(tmp_path, "--json", "--sink-dir", box) as sink, \
            sink.client() as c:
        c.login("joe", "secret")
        c.sendmail("a@client.test", "b@x.test", MAIL)
    message, = [e for e in map(json.loads, sink.text().splitlines())
                if e["event"] == "message"]
    assert message["login"] == "joe"
    assert message["file"] == f"{box}/{message['id']}.eml"
    assert message["file"] == str(next(box.iterdir()))


def test_maildir(tmp_path):
    """Written in tmp, shown in new, with LF and as Python's mailbox reads it."""
    box = tmp_path / "box"
    with Running(tmp_path, "--sink-maildir", box, "--json") as sink, \
            sink.client() as c:
        for i in range(2):
            c.sendmail("a@client.test", ["b@x.test", "c@x.test"],
                       f"Subject: {i}\r\n\r\nFrom me\r\n.dot\r\n")
        c.ehlo_or_helo_if_needed()
        c.docmd("MAIL", "FROM:<a@client.test>")
        c.docmd("RCPT", "TO:<b@x.test>")
        c.docmd("DATA")
        c.sock.sendall(b"half")
        c.close()
    assert sorted(p.name for p in box.iterdir()) == ["cur", "new", "tmp"]
    assert not list((box / "tmp").iterdir())
    files = [e["file"] for e in map(json.loads, sink.text().splitlines())
             if e["event"] == "message"]
    assert sorted(files) == sorted(map(str, (box / "new").iterdir()))
    for i, file in enumerate(files):
        text = pathlib.Path(file).read_bytes()
        assert text == (b"Return-Path: <a@client.test>\n"
                        b"X-Envelope-To: <b@x.test>\n"
                        b"X-Envelope-To: <c@x.test>\n"
                        b"Subject: %d\n\nFrom me\n.dot\n" % i)
    assert len(mailbox.Maildir(box, create=False)) == 2


def test_a_maildir_that_cannot_be(tmp_path):
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "new").write_text("")
    run = smtpsend("--sink", "127.0.0.1:0", "--sink-maildir",
                   tmp_path / "box", json_events=False, timeout=20)
    assert run.rc == 73 and "Not a directory" in run.err, run


def test_the_transcript_file(tmp_path):
    log = tmp_path / "log"
    with Running(tmp_path, "-X", log) as sink, sink.client() as c:
        c.sendmail("a@client.test", "b@x.test", MAIL)
    assert "FROM:<a@" in log.read_text()
    assert "FROM:<a@" not in sink.text() and "hello\n" in sink.text()


def test_its_certificate(tmp_path):
    certs = certificates()
    context = ssl.create_default_context(cafile=certs.ca)
    context.check_hostname = False
    with Running(tmp_path, "--cert", certs.path("good.pem"), "--key",
                 certs.path("good.key"), "-v") as sink, sink.client() as c:
        c.starttls(context=context)
        c.sendmail("a@client.test", "b@x.test", MAIL)
    assert "TLSv1." in sink.text()


def test_levels_of_tls(tmp_path):
    with Running(tmp_path, "--tls", "none") as sink, sink.client() as c:
        c.ehlo()
        assert "starttls" not in c.esmtp_features
    with Running(tmp_path, "--tls", "encrypt") as sink, sink.client() as c:
        assert c.docmd("EHLO", "x")[0] == 250
        assert c.docmd("MAIL", "FROM:<a@x>")[0] == 530
        c.starttls()
        assert c.sendmail("a@client.test", "b@x.test", MAIL) == {}


@pytest.mark.parametrize("args, status, text", [
    (["--port", "26"], USAGE, "--port has no meaning with --sink"),
    (["--relay", "smtp://h"], USAGE, "exclude each other"),
    (["--resolver", "127.0.0.1"], USAGE, "has no meaning with --sink"),
    (["--cert", "/dev/null"], 78, "/dev/null"),
    (["-X", "/nowhere/log"], 73, "/nowhere/log"),
])
def test_what_does_not_go_with_it(args, status, text):
    run = smtpsend("--sink", "127.0.0.1:0", *args, json_events=False)
    assert run.rc == status and text in run.err, run


def test_a_fifo_is_refused_at_once(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    run = smtpsend("--sink", "127.0.0.1:0", "--sink-mbox", fifo,
                   json_events=False, timeout=20)
    assert run.rc == 73 and "it is no file" in run.err, run
    for other in (fifo, "/etc/passwd", "/dev/null"):
        run = smtpsend("--sink", "127.0.0.1:0", "--sink-dir", other,
                       json_events=False, timeout=20)
        assert run.rc == 73 and f"{other}: Not a directory" in run.err, run


def test_the_count_shuts_the_door(tmp_path):
    """Who is in may say good-bye, for two seconds; nobody else comes in."""
    with Running(tmp_path, "--sink-count", "1", "-v") as sink:
        idle, c = sink.client(), sink.client()
        c.sendmail("a@client.test", "b@x.test", MAIL)
        # the door may be closing while we knock: then it is reset
        with pytest.raises((OSError, smtplib.SMTPServerDisconnected)):
            sink.client()
        assert idle.noop()[0] == 250, "it was still in"
        assert sink.p.wait(20) == OK
    found = re.findall(r"== connection from 127\.0\.0\.1:(\d+)\n", sink.text())
    assert sorted(map(int, found)) == sorted(
        s.sock.getsockname()[1] for s in (idle, c))


def test_sessions_beyond_the_limit(tmp_path):
    with Running(tmp_path, "--sink-peers", "3", "-v") as sink:
        held = [sink.client() for _ in range(3)]
        with pytest.raises(smtplib.SMTPConnectError) as no:
            sink.client()
        assert no.value.smtp_code == 421
        for c in held:
            c.quit()
    assert "turned away: 3 connections are enough" in sink.text()


def test_three_hundred_at_once(tmp_path):
    """More than the 256 of before, each with a message."""
    box = tmp_path / "box"
    with Running(tmp_path, "--sink-dir", box) as sink:
        clients = [sink.client() for _ in range(300)]
        for c in clients:
            c.sendmail("a@client.test", "b@x.test", MAIL)
        for c in clients:
            c.quit()
    assert len(list(box.glob("*.eml"))) == 300


def test_messages_of_ours_arrive(tmp_path):
    with Running(tmp_path, "--sink-count", "1") as sink:
        run = smtpsend("--server", f"127.0.0.1:{sink.port}", "-f",
                       "a@client.test", "bob@example.test", stdin=MESSAGE)
        assert run.rc == OK
    assert "Subject: fault\n" in sink.text()
