# SPDX-License-Identifier: ISC
"""smtpsend --sink as a server on a developer's desk, used by other clients."""

import mailbox
import re
import smtplib
import socket
import ssl
import subprocess

import pexpect
import pytest

import conftest
from servers.process import eventually
from servers.sink import Sink

TEXT = (b"From: alice@client.test\r\nTo: bob@example.test\r\nSubject: hi\r\n"
        b"\r\n.dot\r\n..\r\nFrom here on\r\nend\r\n")


@pytest.fixture
def make_sink(tmp_path):
    """make_sink(*options): a sink of its own."""
    running = []

    def make(*args, kind=Sink, **kw):
        folder = tmp_path / f"sink{len(running)}"
        running.append(kind(folder, conftest.BINARY, args, **kw).start())
        return running[-1]

    yield make
    for sink in running:
        sink.__exit__()


class ShySink(Sink):
    """Not greeted before the test: it counts, or speaks TLS, or refuses."""

    def greets(self):
        return True


class PrintingSink(Sink):
    """Without a folder: it prints."""

    def command(self):
        return [str(self.binary), "--sink", "127.0.0.1:0", *self.args]


def client(sink):
    return smtplib.SMTP(sink.host, sink.port, local_hostname="client.test",
                        timeout=20)


def converse(sink, *parts):
    """Raw bytes in, all replies out; each part is one write."""
    with socket.create_connection((sink.host, sink.port), timeout=20) as s:
        f = s.makefile("rb")
        said = f.readline()
        for part in parts:
            s.sendall(part)
        s.shutdown(socket.SHUT_WR)
        return said + f.read()


def codes(replies):
    return [int(c) for c in re.findall(rb"^(\d{3}) ", replies, re.M)]


def test_offers(make_sink):
    assert make_sink().offers() >= {
        "PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "SIZE", "DSN",
        "STARTTLS", "ENHANCEDSTATUSCODES"}


@pytest.mark.parametrize("name", ["smtplib", "swaks", "msmtp"])
def test_other_clients(make_sink, tmp_path, name):
    sink = make_sink()
    path = tmp_path / "text"
    path.write_bytes(TEXT)
    if name == "smtplib":
        with client(sink) as c:
            c.sendmail("alice@client.test", ["bob@example.test"], TEXT)
    elif name == "swaks":
        subprocess.run(["swaks", "--server", "127.0.0.1", "--port",
                        str(sink.port), "--from", "alice@client.test", "--to",
                        "bob@example.test", "--data", f"@{path}", "--pipeline"],
                       check=True, stdout=subprocess.DEVNULL, timeout=30)
    else:
        subprocess.run(["msmtp", "--host=127.0.0.1", f"--port={sink.port}",
                        "--from=alice@client.test", "--auth=off", "--tls=off",
                        "bob@example.test"], check=True, timeout=30,
                       input=TEXT.replace(b"\r\n", b"\n"))
    data = sink.stored(1)[0].data
    assert data.rstrip().endswith(TEXT[TEXT.index(b"Subject"):].rstrip())


def test_starttls_with_a_fresh_certificate(make_sink):
    sink = make_sink("--sink-name", "mail.example.test")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with client(sink) as c:
        c.starttls(context=context)
        der = c.sock.getpeercert(binary_form=True)
        c.sendmail("alice@client.test", ["bob@example.test"], TEXT)
    shown = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout",
                            "-text"], input=der, capture_output=True,
                           check=True).stdout
    assert b"mail.example.test" in shown
    assert sink.stored(1)[0].data == TEXT


def test_pipelining_and_chunking(make_sink):
    sink = make_sink()
    half = len(TEXT) // 2
    replies = converse(
        sink, b"EHLO client.test\r\n",
        b"MAIL FROM:<a@client.test> BODY=BINARYMIME\r\n"
        b"MAIL FROM:<a@client.test> SIZE=%d BODY=8BITMIME RET=HDRS ENVID=x\r\n"
        b"RCPT TO:<b@example.test> NOTIFY=NEVER ORCPT=rfc822;b@example.test\r\n"
        b"RCPT TO:<c@example.test>\r\n" % len(TEXT)
        + b"BDAT %d\r\n" % half + TEXT[:half]
        + b"BDAT %d LAST\r\n" % (len(TEXT) - half) + TEXT[half:],
        b"QUIT\r\n")
    got = codes(replies)
    assert got[:2] == [220, 250] and got[2] >= 500
    assert got[3:] == [250, 250, 250, 250, 250, 221], replies
    assert sink.stored(1)[0].data == TEXT


def test_smtp_rules(make_sink):
    """Wrong order and nonsense get 5yz, and the session goes on."""
    sink = make_sink()
    replies = converse(
        sink, b"MAIL FROM:<a@x.test>\r\n", b"HELO client.test\r\n",
        b"DATA\r\n", b"RCPT TO:<b@example.test>\r\n", b"NONSENSE\r\n",
        b"MAIL FROM:<a@x.test>\r\n", b"DATA\r\n", b"RSET\r\n", b"NOOP\r\n",
        b"VRFY bob\r\n", b"QUIT\r\n")
    got = codes(replies)
    assert got[0] == 220 and got[2] == 250
    assert all(c >= 500 for c in (got[1], got[3], got[4], got[5], got[7]))
    assert (got[6], got[8], got[9], got[11]) == (250, 250, 250, 221), replies


def test_smtputf8(make_sink):
    sink = make_sink()
    with client(sink) as c:
        c.ehlo()
        c.command_encoding = "utf-8"
        c.sendmail("älice@client.test", ["jürgen@example.test"],
                   TEXT + "grüß\r\n".encode(), ["SMTPUTF8", "BODY=8BITMIME"])
    assert sink.stored(1)[0].data.endswith("grüß\r\n".encode())


def test_lmtp(make_sink):
    """A reply for each accepted recipient behind the text (RFC 2033)."""
    class LmtpSink(ShySink):
        lmtp = True

    sink = make_sink("--sink-lmtp", kind=LmtpSink)
    stuffed = TEXT.replace(b"\r\n.", b"\r\n..")
    replies = converse(
        sink, b"EHLO client.test\r\n", b"LHLO client.test\r\n",
        b"MAIL FROM:<a@client.test>\r\n" + b"RCPT TO:<b@example.test>\r\n"
        + b"RCPT TO:<c@example.test>\r\n" + b"DATA\r\n",
        stuffed + b".\r\n", b"QUIT\r\n")
    got = codes(replies)
    assert got[0] == 220 and got[1] >= 500, replies
    assert got[2:] == [250, 250, 250, 250, 354, 250, 250, 221], replies
    assert [(m.recipients, m.data) for m in sink.stored(2)] == [
        (("b@example.test",), TEXT), (("c@example.test",), TEXT)]


def test_tls_from_the_first_byte(tmp_path, smtpsend):
    with ShySink(tmp_path / "sink", conftest.BINARY, ["--sink-tls"]) as sink:
        run = smtpsend("--server", f"smtps://127.0.0.1:{sink.port}", "--tls",
                       "encrypt", "-f", "a@client.test", "b@example.test",
                       message=TEXT)
        assert run.status == 0, run
        assert len(sink.stored(1)) == 1


@pytest.mark.parametrize("fault, status", [
    ("MAIL=452 4.3.1 full", 75), ("RCPT=550 5.1.1 unknown", 67),
    ("RCPT=450", 75), ("DATA=554 5.6.0 no", 69), (".=451 4.3.0 later", 75),
    (".=drop", 75), ("MAIL=drop", 75), ("CONNECT=554 go away", 75)])
def test_faults_on_demand(tmp_path, smtpsend, fault, status):
    with ShySink(tmp_path / "sink", conftest.BINARY,
                    ["--sink-reply", fault]) as sink:
        run = smtpsend("--server", sink.url, "--tls", "none", "-f",
                       "a@client.test", "b@example.test", message=TEXT)
        assert run.status == status, run
        assert sink.stored(0, 0) == []


@pytest.mark.parametrize("reply", ["RCPT", "RCTP=450", "a\033[31m=450", ""])
def test_a_reply_that_is_none_is_a_usage_error(smtpsend, reply):
    run = smtpsend("--sink", "127.0.0.1:0", "--sink-reply", reply)
    assert run.status == 64 and "VERB=CODE" in run.stderr, run
    assert "\033" not in run.stderr and "listening" not in run.stderr


def test_mbox(make_sink, tmp_path):
    """Two messages in a file that Python's mailbox reads."""
    path = tmp_path / "box"

    class MboxSink(Sink):
        def command(self):
            return [str(self.binary), "--sink", "127.0.0.1:0", "--sink-mbox",
                    str(path)]

    sink = make_sink(kind=MboxSink)
    for _ in range(2):
        with client(sink) as c:
            c.sendmail("alice@client.test", ["bob@example.test"], TEXT)
    box = mailbox.mbox(path)
    eventually(lambda: len(mailbox.mbox(path)) == 2, 10)
    box = mailbox.mbox(path)
    assert len(box) == 2
    assert [m["Subject"] for m in box] == ["hi", "hi"]
    assert all("From here on" in m.get_payload() for m in box)


def test_prints_mail_by_default(make_sink):
    sink = make_sink(kind=PrintingSink)
    with client(sink) as c:
        c.sendmail("alice@client.test", ["bob@example.test"], TEXT)
    assert eventually(lambda: "end" in sink.log(), 10)
    for word in ("alice@client.test", "bob@example.test", "Subject: hi"):
        assert word in sink.log()


def test_what_it_prints_on_a_terminal_is_harmless(tmp_path):
    shell = pexpect.spawn(str(conftest.BINARY), ["--sink", "127.0.0.1:0"],
                          timeout=20)
    try:
        shell.expect(rb"listening on \S+:(\d+)")
        with smtplib.SMTP("127.0.0.1", int(shell.match.group(1))) as c:
            c.sendmail("alice@client.test", ["bob@example.test"],
                       TEXT.replace(b"end", b"\x1b[2J\x9b\x07end"))
        shell.expect(rb"here on.*end")
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x9b]",
                             shell.after), shell.after
    finally:
        shell.close(force=True)


def test_ends_after_so_many(tmp_path):
    with ShySink(tmp_path / "sink", conftest.BINARY,
                      ["--sink-count", "2"]) as sink:
        for _ in range(2):
            with client(sink) as c:
                c.sendmail("a@client.test", ["b@example.test"], TEXT)
        assert eventually(sink.has_died, 10)
        assert sink.child.returncode == 0


def test_twenty_clients_at_once(make_sink):
    sink = make_sink()
    clients = [client(sink) for _ in range(20)]
    for c in clients:
        c.sendmail("a@client.test", ["b@example.test"], TEXT)
    for c in reversed(clients):
        c.quit()
    assert [m.data for m in sink.stored(20)] == [TEXT] * 20
