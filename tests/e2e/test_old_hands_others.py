# SPDX-License-Identifier: ISC
"""smtpsend-oldhands(7), the sections after swaks': acts of s_client, msmtp and
curl with both programs, before the same server, which hears the same."""

import os
import re
import shlex
import shutil
import subprocess

import pytest

from faults_support import BINARY, Server, certificates
from scripted import dialogue
from test_old_hands import HOST, MESSAGE, PAGE

EIGHT = ["8BITMIME"]
# title: (has TLS, what counts of the dialogue)
ACTS = {
    "See the chain of certificates": (True, r"STARTTLS"),
    "What a server offers": (False, r"EHLO|QUIT"),
    "Recipients from the header": (False, r"EHLO|MAIL|RCPT|DATA|QUIT"),
    "Send a file": (False, r"EHLO|MAIL|RCPT|DATA|QUIT"),
}


def act(title):
    text = PAGE.read_text().replace("\\-", "-")
    text = text[text.index(".Sh OPENSSL"):]
    theirs, ours = re.search(
        rf"^\.It {title}\n\.Bd -literal -compact\n(.*)\n(.*)\n\.Ed$", text,
        re.M).groups()
    return shlex.split(theirs), shlex.split(ours)


@pytest.fixture(name="folder")
def make_folder(tmp_path):
    (tmp_path / "message.eml").write_text(MESSAGE)
    return tmp_path


def run(words, folder, port):
    at = f"127.0.0.1:{port}"
    argv, feed = [], "/dev/null"
    if "<" in words:
        feed = folder / words[words.index("<") + 1]
        words = words[:words.index("<")]
    for word in words:
        argv.append(re.sub(rf"{re.escape(HOST)}(:25)?", at, word))
    if argv[0] == "msmtp":
        argv = [w for w in argv if w != f"--host={at}"]
        argv[1:1] = ["--host=127.0.0.1", f"--port={port}",
                     "--from=alice@client.test"]
    elif argv[0] == "smtpsend":
        argv[0] = str(BINARY)
        if at not in argv:              # where msmtp has its account
            argv[1:1] = ["--server", at, "-f", "alice@client.test"]
    with open(feed, "rb") as source:
        done = subprocess.run(
            argv, cwd=folder, stdin=source, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=30, check=False,
            env={**os.environ, "HOME": str(folder)})
    return done.returncode, done.stdout.decode(errors="replace")


def seen(words, folder, over_tls, counts):
    """(commands, TLS, messages, output)"""
    how = {"tls": certificates().context()} if over_tls else {}
    with Server(dialogue(EIGHT + ["STARTTLS"] * over_tls, **how)) as srv:
        _, text = run(words, folder, srv.port)
        srv.over.set()
        srv.errors.clear()              # s_client ends without QUIT
    lines = [re.match(r"[A-Z]+(?: \w+:<[^>]*>)?", re.sub(
        r"^BDAT .*", "DATA", line)).group() for c in srv.conns
        for line in c.lines if re.match(rf"{counts}|BDAT", line)]
    return (lines, [bool(c.tls) for c in srv.conns],
            [m.replace(b"\r\n", b"\n") for c in srv.conns
             for m in c.messages], text)


@pytest.mark.parametrize("title", ACTS)
def test_act(title, folder):
    theirs, ours = act(title)
    if not shutil.which(theirs[0]):
        pytest.skip(f"{theirs[0]} is not installed")
    a, b = seen(theirs, folder, *ACTS[title]), seen(ours, folder, *ACTS[title])
    assert a[0] and a[:2] == b[:2], (a, b)
    assert len(a[2]) == len(b[2]) == ("DATA" in ACTS[title][1]), (a, b)
    for x, y in zip(a[2], b[2]):
        assert x.strip() == y.strip(), (a, b)
    if title == "See the chain of certificates":
        assert "BEGIN CERTIFICATE" in a[3], a
        assert re.search(r"^  certificate", b[3], re.M), b[3]
    if title == "What a server offers":
        assert "8BITMIME" in b[3], b
