# SPDX-License-Identifier: ISC
"""
smtpsend-oldhands(7): each act of its table with both programs, before the same
server.  The server sees the same commands in the same order; where the page says
"Difference:" it does not, and the page says why.
"""

import email
import email.policy
import os
import re
import shlex
import shutil
import socket
import subprocess
import threading

import pytest

from faults_support import BINARY, ROOT, Server, certificates
from relay_support import private
from scripted import dialogue

PAGE = ROOT / "man/smtpsend-oldhands.7"
HOST, TEXT = "mx.example.test", "a text\nof two lines\n"
MESSAGE = ("From: alice@client.test\nTo: bob@example.test\nSubject: whole\n"
           "Date: Sun, 22 Nov 2026 09:00:00 +0000\nMessage-ID: <1@x.test>\n\n"
           + TEXT)

pytestmark = pytest.mark.skipif(not shutil.which("swaks"),
                                reason="swaks is not installed")


class Act:
    """Two lines of words, and what the page says of their difference."""

    def __init__(self, title, swaks, smtpsend, rest):
        self.title = title
        self.swaks, self.smtpsend = shlex.split(swaks), shlex.split(smtpsend)
        self.differs = rest.startswith("Difference: ")

    def has(self, *words):
        return any(w in self.swaks for w in words)

    @property
    def is_plain(self):
        """Nothing that the server must be made for."""
        special = re.compile(r"--(tls|auth|xclient|proxy|protocol|port|dump)")
        return not any(special.match(w) for w in self.swaks)


def acts():
    text = PAGE.read_text().replace("\\-", "-")
    text = text[text.index(".Sh SWAKS"):text.index(".Sh OPENSSL")]
    return [Act(*found) for found in re.findall(
        r"^\.It (.*)\n\.Bd -literal -compact\n(swaks .*)\n(smtpsend .*)\n"
        r"\.Ed\n((?:(?!\.It ).*\n)*)", text, re.M)]


ACTS = acts()


def test_the_page_is_read_whole():
    assert len(ACTS) == PAGE.read_text().count("\nswaks ") >= 40
    assert len({a.title for a in ACTS}) == len(ACTS)
    assert 0 < sum(a.differs for a in ACTS) < 10


def test_all_our_words_are_options():
    """Also in the sections that are not played."""
    table = (ROOT / "src/config/option_table.c").read_text()
    known = set(re.findall(r'\{ "([a-z0-9-]+)", ', table))
    text = PAGE.read_text()
    said = {w for line in re.findall(r"^smtpsend .*", text, re.M)
            for w in re.findall(r" --([a-z0-9-]+)", line)}
    named = set(re.findall(r"^\.Fl -([a-z-]+)", text, re.M))
    assert len(said) > 30 and said <= known, said - known
    assert named - known == {"drop-after-send", "pipe"}, named - known


@pytest.fixture(name="folder")
def make_folder(tmp_path):
    """The files that the page names."""
    certs = certificates()
    (tmp_path / "text.txt").write_text(TEXT)
    (tmp_path / "message.eml").write_text(MESSAGE)
    for name, source in (("ca.pem", "ca.pem"), ("own.pem", "good.pem"),
                         ("own.key", "good.key")):
        shutil.copy(certs.path(source), tmp_path / name)
    private(tmp_path / "password", "secret\n")
    return tmp_path


def write_relay(folder, port):
    text = re.search(r"^\[relay work\]\n(?:.* = .*\n)+", PAGE.read_text(),
                     re.M).group(0)
    for name in ("ca.pem", "password"):
        text = text.replace(f" = {name}\n", f" = {folder / name}\n")
    text = text.replace(f"smtp://{HOST}", f"smtp://localhost:{port}")
    private(folder / "relay.conf", text, 0o644)


def run(words, folder, port, *more):
    """These words, with the server in the place of the page's host."""
    at = "127.0.0.1" if "--port" in words else f"127.0.0.1:{port}"
    argv, last, feed = [], None, subprocess.DEVNULL
    for word in words:
        if last == "<":
            feed = open(folder / word, "rb")
        elif word != "<" and last not in ("--tls-sni", "--tls-name"):
            argv.append({"2525": str(port)}.get(word, re.sub(
                rf"^(\w+://|){re.escape(HOST)}$", rf"\g<1>{at}", word)))
        elif word != "<":
            argv.append(word)
        last = word
    program = BINARY if argv[0] == "smtpsend" else argv[0]
    done = subprocess.run(
        [program, *more, *argv[1:]], cwd=folder, stdin=feed,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30,
        check=False, env={**os.environ, "HOME": str(folder)})
    if feed is not subprocess.DEVNULL:
        feed.close()
    return done.returncode, done.stdout.decode(errors="replace")


def taken(c):
    good = "nobody" not in c.lines[-1]
    c.say("250 2.1.5 Ok" if good else "550 5.1.1 no such user")
    return 250 if good else 550


def script(act):
    """A server as the act needs one."""
    caps, how = ["8BITMIME"], {}
    if act.has("--tls-on-connect"):
        how["smtps"] = certificates().context()
    elif any(w.startswith("--tls") for w in act.swaks):
        caps.append("STARTTLS")
        how["tls"] = certificates().context()
    if act.has("--pipeline"):
        caps.append("PIPELINING")
    if act.has("--auth"):
        caps.append("AUTH PLAIN")
    if any(w.startswith("--xclient") for w in act.swaks):
        caps.append("XCLIENT NAME ADDR")
    play = dialogue(caps, lmtp=act.has("LMTP"), RCPT=taken, XCLIENT="220 hi",
                    AUTH="235 2.7.0 ok", **how)

    def proxied(c):
        if act.has("AF_INET"):
            c.lines.append(repr(c.exactly(28)))
        elif act.has("TCP4"):
            c.line()
        play(c)

    return proxied


def normal(act, lines):
    """Without what both may choose: our name and address, and parameters of
    extensions.
    """
    out = []
    for line in lines:
        if not act.has("--helo"):
            line = re.sub(r"^(EHLO|HELO|LHLO) .*", r"\1", line)
        if not act.has("--from"):
            line = re.sub(r"^(MAIL FROM:<)[^>]*", r"\1", line)
        line = re.sub(r"^((?:MAIL|RCPT) [^>]*>).*", r"\1", line)
        line = re.sub(r"^BDAT \d+ LAST$", "DATA", line)
        out.append(re.sub(r"^AUTH PLAIN .*", "AUTH PLAIN", line))
    return out


def parts(act, raw):
    """What the words say of a message, as it came."""
    m = email.message_from_bytes(raw, policy=email.policy.default)
    text = m.get_body(("plain",))
    said = {"files": [(a.get_filename(), a.get_content())
                      for a in m.iter_attachments()]}
    if act.has("--h-Subject", "--data"):
        said["subject"] = m["Subject"]
    if act.has("--header"):
        said["header"] = m["X-Test"]
    if act.has("--body", "--data"):
        said["text"] = text.get_content().strip()
    if act.has("--from"):
        said["path"] = m["Return-Path"]
    return said


def files_of(said):
    """swaks gives a file neither name nor type: its octets are compared."""
    return [c if isinstance(c, bytes) else c.encode() for _, c in
            said.pop("files")]


def seen(act, words, folder, *more):
    """(commands, what of TLS was asked for, messages, exit status, output)"""
    with Server(script(act)) as srv:
        write_relay(folder, srv.port)
        status, text = run(words, folder, srv.port, *more)
        srv.over.set()
    lines = normal(act, [line for c in srv.conns for line in c.lines])
    tls = [(c.tls_version if act.has("--tls-protocol") else bool(c.tls),
            c.sni if act.has("--tls-sni") else None) for c in srv.conns]
    messages = [parts(act, m) for c in srv.conns for m in c.messages]
    return lines, tls, messages, status, text


@pytest.mark.parametrize("act", ACTS, ids=[a.title for a in ACTS])
def test_act(act, folder):
    theirs = seen(act, act.swaks, folder)
    ours = seen(act, act.smtpsend, folder)
    told = f"{theirs[0]}\n{ours[0]}\n{theirs[4]}\n{ours[4]}"
    assert (theirs[0] == ours[0]) is not act.differs, told
    assert theirs[1] == ours[1], told
    assert act.differs or (theirs[3] == 0) is (ours[3] == 0), told
    assert len(theirs[2]) == len(ours[2]), told
    for a, b in zip(theirs[2], ours[2]):
        assert [f.strip() for f in files_of(a)] == \
            [f.strip() for f in files_of(b)], told
        assert a == b, told
    assert len(ours[1]) == (0 if act.has("--dump-mail") else 1), told


class Tap:
    """A server of others, and what clients say to it."""

    def __init__(self, port):
        self.to = port
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.said, self.met = b"", False
        self.threads = [threading.Thread(target=self.serve, daemon=True)]
        self.threads[0].start()

    def serve(self):
        try:
            client, _ = self.sock.accept()
        except OSError:
            return
        self.met = True
        server = socket.create_connection(("127.0.0.1", self.to))
        back = threading.Thread(target=self.pump, daemon=True,
                                args=(server, client, False))
        back.start()
        self.pump(client, server, True)
        back.join(10)
        client.close()
        server.close()

    def pump(self, source, target, keep):
        try:
            while data := source.recv(65536):
                self.said += data if keep else b""
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.threads[0].join(10)
        self.sock.close()

    @property
    def commands(self):
        rest, out = self.said, []
        while rest:
            line, _, rest = rest.partition(b"\r\n")
            out.append(line.decode())
            if line == b"DATA":
                rest = (b"\r\n" + rest).partition(b"\r\n.\r\n")[2]
            elif line.startswith(b"BDAT"):
                rest = rest[int(line.split()[1]):]
        return out


PLAIN = [a for a in ACTS if a.is_plain and not a.differs]


@pytest.mark.parametrize("name, act", [
    (name, act) for i, name in enumerate(("postfix", "exim", "sink"))
    for act in PLAIN[i::3]], ids=lambda p: getattr(p, "title", p))
def test_act_before_a_real_server(name, act, folder, request):
    server, said = request.getfixturevalue(name), []
    for words, more in ((act.swaks, ()), (act.smtpsend, ("--tls", "none"))):
        with Tap(server.port) as tap:
            status, text = run(words, folder, tap.port, *more)
        assert tap.met, text
        said.append((normal(act, tap.commands), status == 0, text))
    assert said[0][:2] == said[1][:2], f"{said[0][2]}\n{said[1][2]}"
