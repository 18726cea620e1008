# SPDX-License-Identifier: ISC
"""Nothing from a server reaches a terminal raw: every octet, and what of UTF-8
does something to a line, in the greeting, the offers and the replies."""

import datetime
import os
import pty
import re
import select
import ssl
import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import conftest
from faults_support import dialogue
from scripted import Server

OCTETS = bytes(b for b in range(1, 256) if b not in b"\r\n") + b"\0"
HOSTILE = (b"\xc2\x85 \xc2\x9b31m \xe2\x80\xae \xe2\x80\xa8 \xe2\x80\x8b "
           b"\xef\xbb\xbf \xc0\xaf \xed\xa0\x80 \xf8\x88\x80\x80\x80 \xe2\x80")
# each ends with a harmless word, behind a NUL and a bare CR: a view that cuts
# or leaves out the server's words shows none of it
REPLIES = {
    "EHLO": b"250-x " + OCTETS + b"\r\n250-" + OCTETS[:128] + b"\r\n250-" +
            OCTETS[128:] + b"\r\n250-" + HOSTILE + b"\r\n250-XOFFER\r\n"
            b"250 8BITMIME " + OCTETS,
    "MAIL": b"250 2.1.0 " + OCTETS + HOSTILE + b" \r mail-word",
    "RCPT": b"550 5.1.1 " + HOSTILE + b" \0 \r \x1b[2J rcpt-word " + OCTETS,
    "QUIT": b"221 2.0.0 " + OCTETS + b" quit-word",
}
OWN = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")    # colours, the line's editing
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e"
                    "\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]")

SEND = ("-f", "a@client.test")
RUNS = {
    "brief": (*SEND, "--brief", "@", "bob@example.test"),
    "v": (*SEND, "-v", "@", "bob@example.test"),
    "vv": (*SEND, "-vv", "@", "bob@example.test"),
    "silent": (*SEND, "@", "bob@example.test"),
    "ask": (*SEND, "-v", "--quit-after", "rcpt", "@", "bob@example.test"),
    "timing": (*SEND, "--timing", "@", "bob@example.test"),
    "json": (*SEND, "--json", "@", "bob@example.test"),
    "probe": ("--probe", "@", "bob@example.test"),
    "cert": ("--show-cert", "@"),
    "script": ("--script", "SCRIPT", "@"),
    "v-script": ("--script", "SCRIPT", "-v", "@"),
    "differ": ("--ehlo-diff", "HOST", "OTHER"),
    "talk": ("--talk", "HOST"),
    "guide": ("--talk", "HOST"),
}
# what of the server's words a view has to show
SEEN = {
    "brief": "rcpt-word", "v": "rcpt-word", "vv": "rcpt-word",
    "silent": "rcpt-word", "ask": "rcpt-word", "timing": "rcpt-word",
    "json": "rcpt-word", "probe": "XOFFER", "cert": "STARTTLS",
    "script": "rcpt-word", "v-script": "rcpt-word", "differ": "XOFFER",
    "talk": "rcpt-word", "guide": "rcpt-word",
}
SCRIPT = "< 220\n> EHLO x\n< 250\n> MAIL FROM:<>\n< 250\n" \
         "> RCPT TO:<a@b.test>\n< 250\n"
SAYS = {"talk": b"EHLO x\nVRFY y\nMAIL FROM:<>\nRCPT TO:<a@b.test>\nQUIT\n/quit\n",
        "guide": b"/guide\n\nEHLO x\nMAIL FROM:<a@b.test>\n"
        b"RCPT TO:<a@b.test>\nQUIT\n/quit\n"}


def hostile(c):
    c.send(b"220 " + OCTETS + HOSTILE + b"\r\n")
    while True:
        verb = (c.line().split() or [""])[0].upper()
        c.send(REPLIES.get(verb, b"500 5.5.2 " + OCTETS) + b"\r\n")
        if verb == "QUIT":
            return


def on_terminal(words, says, locale, seconds=30):
    """All that the terminal got; what is said is said once it is quiet."""
    pid, fd = pty.fork()
    if pid == 0:
        env = {"PATH": os.environ["PATH"], "TERM": "xterm", "HOME": "/tmp",
               "LC_ALL": locale}
        os.execve(conftest.BINARY, [str(conftest.BINARY), *words], env)
    out, limit = b"", time.monotonic() + seconds
    while True:
        assert time.monotonic() < limit, out
        if not select.select([fd], [], [], 0.2)[0]:
            os.write(fd, says)
            says = b""
            continue
        try:
            out += os.read(fd, 65536)
        except OSError:         # the other end is closed
            break
    os.close(fd)
    os.waitpid(pid, 0)
    return out


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("name", RUNS)
def test_nothing_raw(name, locale, tmp_path):
    message = tmp_path / "message"
    message.write_bytes(b"Subject: hi\n\nhello\n")
    with Server(hostile) as srv, Server(hostile) as other:
        at = f"127.0.0.1:{srv.port}"
        (tmp_path / "script").write_text(SCRIPT)
        files = {"HOST": at, "OTHER": f"127.0.0.1:{other.port}",
                 "SCRIPT": str(tmp_path / "script")}
        words = [files.get(w, w) for w in RUNS[name]]
        if "@" in words:
            i = words.index("@")
            words[i:i + 1] = ["--server", at, *(
                ["--file", str(message)] if "-f" in words and
                "--quit-after" not in words else [])]
        out = on_terminal(words, SAYS.get(name, b""), locale)
        for s in (srv, other):
            s.errors.clear()    # a dialogue may end in the middle
    text = OWN.sub(b"", out).decode()       # UTF-8, all of it
    assert SEEN[name] in text, text
    if name != "cert":          # in clear there is none; the rest shows them
        assert re.search(r"\\(x|u00)1b", text), text
    assert not UNSEEN.search(text), repr(UNSEEN.search(text))


def test_nothing_raw_in_the_report(tmp_path):
    page = tmp_path / "page.html"
    with Server(hostile) as srv:
        subprocess.run(
            [str(conftest.BINARY), *SEND, "--html-report", str(page),
             "--server", f"127.0.0.1:{srv.port}", "bob@example.test"],
            input=b"Subject: hi\n\nhello\n", capture_output=True)
        srv.errors.clear()
    text = page.read_bytes().decode()
    assert "rcpt-word" in text and re.search(r"\\x1b", text)
    assert not UNSEEN.search(text), repr(UNSEEN.search(text))


# ---- certificates ----

BAD = "\x1b[2J \x07 \x85 \u202e \u2028 \u200b \r\n "


@pytest.fixture(name="context", scope="module")
def fixture_context(tmp_path_factory):
    """Of a server whose certificate has hostile names, long ones too: OpenSSL
    takes 100 KiB for all certificates, and this one stands there twice."""
    path = tmp_path_factory.mktemp("hostile") / "both.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    oid = x509.NameOID
    name = x509.Name([
        x509.NameAttribute(oid.COMMON_NAME, BAD + "cn-word"),
        x509.NameAttribute(oid.ORGANIZATIONAL_UNIT_NAME, "a\0b" + BAD),
        x509.NameAttribute(oid.ORGANIZATION_NAME, "o" * 40000)])
    now = datetime.datetime.utcnow()
    day = datetime.timedelta(days=1)
    cert = x509.CertificateBuilder().subject_name(name).issuer_name(name) \
        .public_key(key.public_key()).serial_number(1) \
        .not_valid_before(now - day).not_valid_after(now + day) \
        .add_extension(x509.SubjectAlternativeName([
            x509.DNSName("\x1b[2J\x07.san-word.test"),
            x509.DNSName("good.test\0.evil.test")]), False) \
        .sign(key, hashes.SHA256())
    path.write_bytes(cert.public_bytes(serialization.Encoding.PEM) +
                     key.private_bytes(serialization.Encoding.PEM,
                                       serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("words, word", [
    (("--show-cert",), "cn-word"), (("--show-cert=text",), "cn-word"),
    (("--probe",), "cn-word"), (("--probe", "--json"), "cn-word"),
    ((*SEND, "-vv", "bob@example.test"), "STARTTLS"),
    ((*SEND, "--tls", "verify", "-v", "bob@example.test"), "certificate"),
    ((*SEND, "--tls", "verify", "--json", "bob@example.test"), "certificate"),
], ids=["cert", "text", "probe", "probe-json", "vv", "verify", "json"])
def test_nothing_raw_of_a_certificate(context, words, word, locale, tmp_path):
    message = tmp_path / "message"
    message.write_bytes(b"Subject: hi\n\nhello\n")
    with Server(dialogue(("STARTTLS",), tls=context)) as srv:
        more = ["--server", f"127.0.0.1:{srv.port}"]
        if "-f" in words:
            more += ["--file", str(message)]
        out = on_terminal([*more, *words], b"", locale)
        srv.errors.clear()
    text = OWN.sub(b"", out).decode()
    assert word in text, text[:3000]
    assert "[2J" not in text or re.search(r"\\(x|u00)1b\[2J", text)
    assert not UNSEEN.search(text), repr(UNSEEN.search(text))
