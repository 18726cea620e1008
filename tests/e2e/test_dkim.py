# SPDX-License-Identifier: ISC
"""What is signed, by others' judgement; what is not sent without (issue 10)."""

import contextlib
import email
import os
import random
import re
import subprocess

import pytest

import conftest
from dkim_support import (BOTH, DOMAIN, Keys, by_dkimpy, make_key, verdicts)
from queue_support import SPOOL_UID, wait_for
from runner_support import QueueBox
from scripted import Server, dialogue

ME, TO = f"me@{DOMAIN}", "bob@example.net"
EIGHT = ("PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "SIZE 0")
SEVEN = ("PIPELINING",)
HEAD = f"From: Me <{ME}>\nTo: {TO}\nSubject: a test\n"

# header lines and body; all that canonicalisation and re-coding can go wrong on
TEXTS = {
    "nothing": ("", ""),
    "a line": ("", "hello\n"),
    "no end": ("", "hello"),
    "empty lines": ("", "\n\n\n"),
    "empty lines around": ("", "\n\nhello\n\n\n\n"),
    "blanks at line ends": ("", "a \nb\t\n \t\nc  d\te\n  \n\n"),
    "dots": ("", ".\n..\n.a\n"),
    "8 bit": ("", "sch\u00f6ne  Gr\u00fc\u00dfe \n\n"),
    "long lines": ("", "x" * 3000 + " y\n"),
    "header folded": ("Cc: a@x.org,\n \tb@x.org ,\n  c@x.org\n", "x\n"),
    "header repeated": ("Comments: a\nList-Id: <a.x.org>\nCc: a@x.org\n"
                        "Keywords: b\nList-Id: <b.x.org>\n", "x\n"),
    "for lists": ("List-Unsubscribe: <https://x.org/u>\n"
                  "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n", "x\n"),
    "multipart": ("MIME-Version: 1.0\nContent-Type: multipart/mixed; "
                  "boundary=b\n", "--b\nContent-Type: text/plain; "
                  "charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
                  "\u00e4 \u00f6\n--b\nContent-Type: text/html\n\n<p> x </p>\n"
                  "--b--\n"),
    "a block edge": ("", ("a b  c\n" * 10000)),
    "large": ("", "\n".join(("word \t" * (i % 20)) for i in range(20000))),
}


def text_of(name):
    head, body = TEXTS[name]
    return (HEAD + head + "\n" + body).encode()


@pytest.fixture(name="keys", scope="module")
def fixture_keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("dkim"))


@pytest.fixture(name="server")
def fixture_server():
    servers = []

    def make(caps=EIGHT, **over):
        srv = Server(dialogue(caps=caps, **over))
        servers.append(srv)
        return srv.__enter__()
    yield make
    for srv in servers:
        srv.__exit__(None, None, None)


def config(tmp_path, text):
    path = tmp_path / "smtpsend.conf"
    path.write_text(text)
    return path


def send(smtpsend, conf, srv, message, *args):
    return smtpsend("--config", conf, "--server", f"127.0.0.1:{srv.port}",
                    "--tls", "none", "-f", ME, *args, TO, message=message)


def taken(srv):
    """The messages that came whole, without the dots that DATA doubles."""
    found = []
    for conn in srv.conns:
        texts = iter(conn.messages)
        for line in conn.lines:
            if line == "DATA":
                found.append(re.sub(rb"(?m)^\.\.", b".", next(texts)))
            elif line.startswith("BDAT"):
                found.append(next(texts))
    return [text for text in found if text]  # not a lone dot after refusals


def judge(keys, srv, n, who=BOTH):
    texts = taken(srv)
    assert len(texts) == n
    for text, found in zip(texts, verdicts(keys, texts)):
        assert set(found) == who and all(found.values()), (found, text[:3000])
    return texts


@pytest.mark.parametrize("caps", [EIGHT, SEVEN], ids=["8bit", "7bit"])
@pytest.mark.parametrize("form", ["relaxed/relaxed", "simple/simple",
                                  "relaxed/simple", "simple/relaxed"])
def test_verifies(smtpsend, tmp_path, keys, server, caps, form):
    srv = server(caps)
    conf = config(tmp_path, keys.section(
        more=f"canonicalization = {form}\nexpiry = 7d\n"))
    for name in TEXTS:
        run = send(smtpsend, conf, srv, text_of(name))
        assert run.status == 0, (name, run)
    texts = judge(keys, srv, len(TEXTS))
    assert all(t.startswith(b"DKIM-Signature: v=1; a=rsa-sha256;")
               for t in texts)
    assert all(len(line) < 79 for t in texts
               for line in t.partition(b"\r\nFrom:")[0].split(b"\r\n"))
    sent = b"".join(texts)
    assert (b"\xc3\xb6" in sent) == (caps == EIGHT)


def tampered(text):
    """Each signed line changed, and each field there may be only one of added."""
    head, _, body = text.partition(b"\r\n\r\n")
    lines = re.split(rb"\r\n(?![ \t])", head)
    for i, line in enumerate(lines):
        if line.startswith((b"DKIM-", b"X-", b"Received")):
            continue
        changed = [*lines[:i], line + b"x", *lines[i + 1:]]
        yield b"\r\n".join(changed) + b"\r\n\r\n" + body
    for name in (b"From", b"Subject", b"To", b"Cc", b"Date", b"Reply-To",
                 b"Message-ID", b"MIME-Version", b"Content-Type",
                 b"Content-Transfer-Encoding", b"In-Reply-To", b"References"):
        yield name + b": x\r\n" + text
        yield head + b"\r\n" + name + b": x\r\n\r\n" + body
    for at in range(0, len(body), max(1, len(body) // 20)):
        if not body[at:at + 1].isspace():
            yield (head + b"\r\n\r\n" + body[:at] +
                   bytes([body[at] ^ 1]) + body[at + 1:])
    yield text + b"x\r\n"


def test_tampering(smtpsend, tmp_path, keys, server):
    srv = server()
    conf = config(tmp_path, keys.section())
    assert send(smtpsend, conf, srv, text_of("for lists")).status == 0
    texts = list(tampered(judge(keys, srv, 1)[0]))
    assert len(texts) > 30
    for text, found in zip(texts, verdicts(keys, texts)):
        assert not any(found.values()), (found, text)


def test_octets_of_the_signature(smtpsend, tmp_path, keys, server):
    """Of the field itself, too: whichever octet of it is another one."""
    srv = server()
    conf = config(tmp_path, keys.section(both=False))
    assert send(smtpsend, conf, srv, text_of("a line")).status == 0
    text = taken(srv)[0]
    end = text.index(b"\tb=") + 1
    texts = []
    for at in range(len("DKIM-Signature: "), end):
        if not text[at:at + 1].isspace():
            texts.append(text[:at] + bytes([text[at] ^ 1]) + text[at + 1:])
    for changed, found in zip(texts, by_dkimpy(AnyRecord(keys.records), texts)):
        assert not any(found.values()), changed[:end]


class AnyRecord(dict):
    """For selectors that are no longer what they were."""

    def __missing__(self, name):
        return self["r1"]


# ---- who signs ----

def signers(srv):
    """Of each message the d= of its signatures."""
    return [re.findall(rb"\sd=([^;]*);", t.partition(b"\r\nFrom:")[0])
            for t in taken(srv)]


@pytest.mark.parametrize("section, more, author, sender, domains", [
    (DOMAIN, "", ME, ME, [b"example.org"] * 2),
    (DOMAIN, "", "me@EXAMPLE.org", "x@other.test", [b"example.org"] * 2),
    (DOMAIN, "", "me@sub.example.org", ME, []),
    (DOMAIN, "", "me@other.test", ME, []),
    (DOMAIN, "identity = sender", "me@other.test", ME, [b"example.org"] * 2),
    ("*.example.org", "", "me@sub.example.org", ME, [b"sub.example.org"] * 2),
    ("*.example.org", "domain = example.org", "me@sub.example.org", ME,
     [b"example.org"] * 2),
    ("*", "", "me@other.test", ME, [b"other.test"] * 2),
    ("*", "", "me@[192.0.2.1]", "me@[192.0.2.1]", []),
    ("b\u00fccher.example", "", "me@b\u00fccher.example", ME,
     [b"xn--bcher-kva.example"] * 2),
], ids=str)
def test_who_signs(smtpsend, tmp_path, keys, server, section, more, author,
                   sender, domains):
    srv = server()
    conf = config(tmp_path, keys.section(section, more))
    text = f"From: {author}\nSubject: x\n\nx\n".encode()
    run = send(smtpsend, conf, srv, text, "-f", sender)
    assert run.status == 0, run
    assert signers(srv) == [domains]


def test_users(smtpsend, tmp_path, keys, server):
    srv = server()
    for users in ("nobody-else 4711", "root"):
        conf = config(tmp_path, keys.section(more=f"users = {users}\n"))
        assert send(smtpsend, conf, srv, text_of("a line")).status == 0
    assert [len(d) for d in signers(srv)] == [0, 2]


def test_users_are_checked(smtpsend, tmp_path, keys):
    """Who is misspelt would never be signed for, and nobody would say so."""
    conf = config(tmp_path, keys.section(
        more="users = root nobody-else 4711 ro\n"))
    run = smtpsend("--config", conf, "-bC")
    assert (run.status, run.stderr) == (78, "".join(
        f"smtpsend: [dkim {DOMAIN}] users: this machine has no user {name}\n"
        for name in ("nobody-else", "ro"))), run


def test_users_with_commas_are_nobody_s_logins(smtpsend, tmp_path, keys, server):
    srv = server()
    conf = config(tmp_path, keys.section(more="users = daemon, root\n"))
    run = send(smtpsend, conf, srv, text_of("a line"))
    assert run.status == 78 and "blanks are wanted between" in run.stderr, run
    assert not srv.conns


def test_nobody_signs_without_an_author(smtpsend, tmp_path, keys, server):
    """A signature that does not cover a From is none."""
    srv = server()
    conf = config(tmp_path, keys.section(more="identity = sender\n"))
    run = send(smtpsend, conf, srv, b"Subject: x\r\n\r\nx\r\n", "--as-is")
    assert run.status == 0, run
    assert b"DKIM" not in taken(srv)[0]


TWO_AUTHORS = (b"From: me@example.org\nFrom: ceo@bank.test\nSubject: x\n"
               b"\nx\n")


def test_two_authors(smtpsend, tmp_path, keys, server):
    """RFC 5322 3.6, RFC 6376 8.15: it is neither signed nor sent unsigned."""
    srv = server()
    run = send(smtpsend, config(tmp_path, keys.section()), srv, TWO_AUTHORS)
    assert run.status == 65 and "2 From: fields" in run.stderr, run
    assert run.stderr.count("\n") == 1 and not srv.conns
    # who has no key is not asked
    run = send(smtpsend, config(tmp_path, keys.section("other.test")), srv,
               TWO_AUTHORS)
    assert run.status == 0 and b"DKIM" not in taken(srv)[0], run


@pytest.mark.parametrize("section, opens", [("other.test", False),
                                            (DOMAIN, True)])
def test_who_does_not_sign_opens_no_library(tmp_path, keys, server, section,
                                            opens):
    srv = server()
    conf = config(tmp_path, keys.section(section))
    log = tmp_path / "strace"
    done = subprocess.run(
        ["strace", "-f", "-o", log, "-e", "trace=%file", conftest.BINARY,
         "--config", conf, "--server", f"127.0.0.1:{srv.port}", "--tls",
         "none", "-f", ME, TO], input=text_of("a line"), check=True)
    assert done.returncode == 0
    assert len(signers(srv)[0]) == 2 * opens
    for name in ("libcrypto", "smtpsend-net"):
        assert (name in log.read_text()) == opens


def test_is_said(smtpsend, tmp_path, keys, server):
    srv = server()
    conf = config(tmp_path, keys.section())
    run = send(smtpsend, conf, srv, text_of("a line"), "-v")
    for words in ("r1, rsa-sha256", "e1, ed25519-sha256"):
        assert f"DKIM: signed by {DOMAIN}, selector {words}" in run.stdout
    run = send(smtpsend, conf, srv, text_of("a line"), "--json")
    assert '"event":"signed"' in run.stdout
    assert f'"domain":"{DOMAIN}","selector":"e1","algorithm":' \
           '"ed25519-sha256"' in run.stdout


def test_is_explained(smtpsend, tmp_path, keys):
    conf = config(tmp_path, keys.section())
    words = ["--config", conf, "--server", "127.0.0.1:9", "--explain", "-f"]
    run = smtpsend(*words, ME, TO)
    assert run.status == 0
    assert (f"DKIM\n  signed by {DOMAIN} ([dkim {DOMAIN}]), selectors r1 and "
            "e1\n") in run.stdout
    run = smtpsend("--json", *words, ME, TO)
    assert (f'{{"event":"dkim","domain":"{DOMAIN}","section":"{DOMAIN}",'
            '"selectors":["r1","e1"]}') in run.stdout
    for sender in ("me@other.test", ""):
        run = smtpsend(*words, sender, TO)
        assert run.status == 0 and "DKIM" not in run.stdout


# ---- keys that cannot be used ----

def bad_keys(tmp_path):
    """(path, what is said)"""
    yield tmp_path / "none.pem", "No such file"
    yield make_key(tmp_path / "open.pem", mode=0o644), "mode is 0644"
    yield make_key(tmp_path / "short.pem", bits=768), "RSA of 768 bits"
    half = tmp_path / "half.pem"
    half.write_bytes(make_key(tmp_path / "x.pem").read_bytes()[:300])
    half.chmod(0o600)
    yield half, "no private key"
    empty = tmp_path / "empty.pem"
    empty.touch(0o600)
    yield empty, "no private key"
    locked = tmp_path / "locked.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-aes256",
                    "-pass", "pass:x", "-out", locked], check=True,
                   capture_output=True)
    locked.chmod(0o600)
    yield locked, "without a passphrase"
    ec = tmp_path / "ec.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-out", ec], check=True)
    ec.chmod(0o600)
    yield ec, "neither an RSA nor an Ed25519 key"


def test_bad_keys(smtpsend, tmp_path, server):
    """78 with the reason, and nobody is talked with."""
    srv = server()
    for path, words in bad_keys(tmp_path):
        conf = config(tmp_path, f"[dkim {DOMAIN}]\nselector = r1\n"
                      f"key = {path}\n")
        run = send(smtpsend, conf, srv, text_of("a line"))
        assert run.status == 78 and words in run.stderr, (path, run)
        assert str(path) in run.stderr
    assert not srv.conns


def test_keys_are_checked(smtpsend, tmp_path, keys):
    run = smtpsend("--config", config(tmp_path, keys.section()), "-bC")
    assert (run.status, run.stderr) == (0, ""), run
    for path, words in bad_keys(tmp_path):
        conf = config(tmp_path, f"[dkim {DOMAIN}]\nselector = r1\n"
                      f"key = {path}\n")
        run = smtpsend("--config", conf, "-bC")
        assert run.status == 78 and words in run.stderr, (path, run)


def test_an_rsa_key_as_ed25519(smtpsend, tmp_path, keys, server):
    srv = server()
    conf = config(tmp_path, f"[dkim {DOMAIN}]\ned25519-selector = e1\n"
                  f"ed25519-key = {keys.rsa}\n")
    run = send(smtpsend, conf, srv, text_of("a line"))
    assert run.status == 78 and "no Ed25519 key" in run.stderr
    assert not srv.conns


def test_a_weak_key(smtpsend, tmp_path, server):
    srv = server()
    weak = make_key(tmp_path / "weak.pem", bits=1024)
    conf = config(tmp_path, f"[dkim {DOMAIN}]\nselector = r1\nkey = {weak}\n")
    run = send(smtpsend, conf, srv, text_of("a line"))
    assert run.status == 0
    assert "RSA of 1024 bits; 2048 are wanted" in run.stderr
    assert len(signers(srv)[0]) == 1


def test_a_credential(smtpsend, tmp_path, keys, server):
    srv = server()
    conf = config(tmp_path, f"[dkim {DOMAIN}]\nselector = r1\n"
                  f"key-credential = {keys.rsa.name}\n")
    run = send(smtpsend, conf, srv, text_of("a line"))
    assert run.status == 78 and "CREDENTIALS_DIRECTORY" in run.stderr
    run = smtpsend("--config", conf, "--server", f"127.0.0.1:{srv.port}",
                   "--tls", "none", "-f", ME, TO, message=text_of("a line"),
                   env={"CREDENTIALS_DIRECTORY": str(keys.folder)})
    assert run.status == 0, run
    judge(keys, srv, 1, BOTH - {("dkimpy", "e1")})


@pytest.mark.parametrize("text, words", [
    (f"[dkim {DOMAIN}]\nselector = a\n", "a selector has no key"),
    (f"[dkim {DOMAIN}]\nkey = /x\n", "a key has no selector"),
    (f"[dkim {DOMAIN}]\nexpiry = 7d\n", "no selector and no key"),
    (f"[dkim {DOMAIN}]\nselector = a\nkey = x\n", "path that begins with /"),
    (f"[dkim {DOMAIN}]\nselector = a b\nkey = /x\n", "a selector is wanted"),
    (f"[dkim {DOMAIN}]\nselektor = a\n", "did you mean selector?"),
    (f"[dkim {DOMAIN}]\nselector = a\nkey = /x\nkey-credential = y\n",
     "has a file for it"),
    (f"[dkim {DOMAIN}]\nselector = a\nkey = /x\ned25519-selector = a\n"
     "ed25519-key = /y\n", "the same selector"),
    (f"[dkim {DOMAIN}]\ncanonicalization = loose\n", "relaxed/relaxed"),
    (f"[dkim {DOMAIN}]\nexpiry = 1s\n", "from 1h to 24855d"),
    (f"[dkim {DOMAIN}]\nidentity = x\n", "from or sender"),
    (f"[dkim me@{DOMAIN}]\nselector = a\nkey = /x\n", "a domain is wanted"),
])
def test_bad_sections(smtpsend, tmp_path, server, text, words):
    srv = server()
    run = send(smtpsend, config(tmp_path, text), srv, text_of("a line"))
    assert run.status == 78 and words in run.stderr, run
    assert not srv.conns


# ---- the queue ----

@pytest.fixture(name="queue_keys", scope="module")
def fixture_queue_keys(tmp_path_factory):
    """What the spool's user may read, and nobody else, on a way that is his."""
    folder = tmp_path_factory.mktemp("keys")
    return Keys(folder, SPOOL_UID)


@pytest.fixture(name="boxed")
def fixture_boxed(machine, server, queue_keys):
    def make(caps=EIGHT, more="", **over):
        srv = server(caps, **over)
        box = QueueBox(machine, srv.port, config="tls = none\n")
        place = box.folder / "keys"
        place.mkdir()
        for path in (queue_keys.rsa, queue_keys.ed25519):
            (place / path.name).write_bytes(path.read_bytes())
            (place / path.name).chmod(0o600)
            os.chown(place / path.name, SPOOL_UID, SPOOL_UID)
        box.rsa = place / queue_keys.rsa.name
        box.configure(queue_keys.section(more=more).replace(
            str(queue_keys.folder), str(place)) +
            "[defaults]\n" + box.config)
        return box, srv
    return make


@contextlib.contextmanager
def running(box):
    """Its daemon, which ends well, whatever the test has found."""
    with box.process("smtpsend", "--daemon") as p:
        try:
            wait_for(lambda: (box.run / "submit").exists())
            yield
        finally:
            p.terminate()
    assert p.returncode == 0


@pytest.mark.parametrize("caps", [EIGHT, SEVEN], ids=["8bit", "7bit"])
def test_queued(boxed, queue_keys, caps):
    box, srv = boxed(caps)
    for name in TEXTS:
        box.put("-f", ME, TO, text=text_of(name))
    assert box.q().rc == 0
    assert not box.queue()
    judge(queue_keys, srv, len(TEXTS))


def test_a_user_who_cannot_read_the_key(boxed, queue_keys):
    """It goes through the queue, and he is told what became of it."""
    box, srv = boxed()
    with running(box):
        run = box.smtpsend("-f", ME, TO, uid=1234, stdin=text_of("a line"))
        assert run.rc == 0, run
        judge(queue_keys, srv, 1)


def test_the_daemon_sees_that_a_key_has_changed(boxed, queue_keys):
    """One that is open to all, that mended, and another one; nobody tells it."""
    box, srv = boxed(more="canonicalization = simple/simple\n")

    def put():
        run = box.sendmail("-odb", "-f", ME, TO, stdin=text_of("a line"))
        assert run.rc == 0, run

    with running(box):
        put()
        wait_for(lambda: len(taken(srv)) == 1)
        box.rsa.chmod(0o644)
        put()
        wait_for(lambda: "mode is 0644" in box.words())
        box.rsa.chmod(0o600)
        wait_for(lambda: len(taken(srv)) == 2)
        other = make_key(box.folder / "other.pem")
        os.chown(other, SPOOL_UID, SPOOL_UID)
        other.rename(box.rsa)
        put()
        wait_for(lambda: len(taken(srv)) == 3)
    texts = taken(srv)
    judge(queue_keys, Taken(texts[:2]), 2)
    [found] = verdicts(queue_keys, texts[2:])
    assert found["dkimpy", "e1"] and not found["dkimpy", "r1"]


def test_what_is_put_off_is_queued(boxed):
    """Who sends is told so as soon as that is known, and does not wait on."""
    box, srv = boxed(RCPT="451 4.3.0 later")
    with running(box):
        run = box.smtpsend("-f", ME, TO, uid=1234, stdin=text_of("a line"))
    assert (run.rc, run.out, run.err) == (0, "", ""), run
    assert srv.conns and len(box.queue()) == 1


def test_users_of_the_queue(boxed, queue_keys):
    """He who hands it in counts, wherever it is signed."""
    box, srv = boxed(more="users = 1234\n")
    with running(box):
        for uid in (1234, 4321):
            run = box.sendmail("-f", ME, TO, uid=uid, stdin=text_of("a line"))
            assert run.rc == 0, run
        wait_for(lambda: len(taken(srv)) == 2)
    by_uid = {re.search(rb"from userid (\d+)", t).group(1): signers(Taken([t]))
              for t in taken(srv)}
    assert by_uid == {b"1234": [[b"example.org"] * 2], b"4321": [[]]}


def test_the_queue_keeps_what_it_cannot_sign(boxed, queue_keys):
    box, srv = boxed()
    box.rsa.chmod(0o644)
    box.put("-f", ME, TO, text=text_of("a line"))
    box.put("-f", "me@other.test", TO, text=b"From: me@other.test\n\nx\n")
    box.q()
    assert signers(srv) == [[]]             # the other one
    assert len(box.queue()) == 1
    run = box.command("mailq", "why", box.queue()[0].id, stdin=b"")
    assert "mode is 0644" in run.out and box.rsa.name in run.out, run
    box.rsa.chmod(0o600)
    assert box.q().rc == 0
    assert not box.queue()
    judge(queue_keys, Taken(taken(srv)[1:]), 1)


def test_the_queue_returns_two_authors(boxed):
    box, srv = boxed()
    box.put("-f", ME, TO, text=TWO_AUTHORS)
    box.q()
    box.q()
    assert not box.queue()
    [text] = taken(srv)                     # the report
    assert b"2 From: fields" in text and b"Final-Recipient" in text


class Taken:
    """Some of what a server took."""

    def __init__(self, texts):
        self.conns = [self]
        self.lines = ["BDAT"] * len(texts)
        self.messages = texts


def test_a_bounce(boxed, queue_keys):
    """The report about one that was refused is signed by its own From."""
    box, srv = boxed(more="users = nobody-else\n", RCPT=lambda c: c.say(
        "550 5.1.1 no" if "bob@" in c.lines[-1] else "250 ok") or
        (550 if "bob@" in c.lines[-1] else 250))
    box.configure((box.machine.folder / "etc/smtpsend/smtpsend.conf"
                   ).read_text().replace(f"[dkim {DOMAIN}]",
                                         "[dkim box.example.net]"))
    box.put("-f", ME, TO, text=text_of("a line"))
    box.q()
    box.q()
    texts = [t for t in taken(srv) if b"multipart/report" in t]
    assert len(texts) == 1
    report = email.message_from_bytes(texts[0])
    assert "MAILER-DAEMON@box.example.net" in report["From"]
    [found] = verdicts(queue_keys, texts, "box.example.net")
    assert set(found) == BOTH and all(found.values()), found


# ---- very many ----

def made_up(rng):
    words = ["word", " ", "  ", "\t", "\n", "\n\n", "\n \n", "\u00e9", ".",
             "x" * 70, "a: b", "=", "=20"]
    head = "".join(rng.choice([
        "Cc: a@x.org\n", "Reply-To:\n b@x.org\n", "X-A:  b\n",
        "References: <a@x>\n  <b@x>\n", "List-Id: <l.x.org>\n",
        "Content-Type: text/plain; charset=utf-8\nMIME-Version: 1.0\n", ""])
        for _ in range(rng.randrange(3)))
    seen, lines = set(), []
    for line in head.splitlines():
        name = line.partition(":")[0]
        if line[0] != " " and name in seen:
            continue
        seen.add(name)
        lines.append(line)
    body = "".join(rng.choice(words) for _ in range(rng.randrange(300)))
    return (HEAD + "\n".join(lines) + ("\n" if lines else "") + "\n" +
            body).encode()


COUNT = 10000 if conftest.LONG else 60


@pytest.mark.parametrize("caps", [EIGHT, SEVEN], ids=["8bit", "7bit"])
def test_very_many(boxed, queue_keys, caps):
    box, srv = boxed(caps)
    rng = random.Random(2024)
    for _ in range(COUNT // 2):
        box.put("-f", ME, TO, text=made_up(rng))
    assert box.q(timeout=3600).rc == 0
    judge(queue_keys, srv, COUNT // 2)


def test_another_record(smtpsend, tmp_path, keys, server):
    """The verifiers do look at it: another key's is of no use."""
    srv = server()
    conf = config(tmp_path, keys.section())
    assert send(smtpsend, conf, srv, text_of("a line")).status == 0
    other = Keys(tmp_path)
    [found] = verdicts(other, taken(srv))
    assert len(found) == len(BOTH) and not any(found.values())
