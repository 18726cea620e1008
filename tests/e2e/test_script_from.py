# SPDX-License-Identifier: ISC
"""--script-from: what a transcript tells is played again."""

import re
import subprocess

import pytest

from conftest import BINARY
from faults_support import DATAERR, MESSAGE, NOINPUT, OK, USAGE
from servers.recorder import Recorder
from test_sink_options import Running

ARGS = ["--no-config", "-f", "a@client.test", "--helo", "client.test"]
TEXT = MESSAGE + b".dot\r\n${to} \\x41 \xc3\xa9\r\n"


@pytest.fixture
def play(smtpsend, tmp_path):
    """Make a script of the transcript and play it; returns it."""
    def run(transcript, server):
        made = smtpsend("--no-config", "--script-from", transcript)
        assert made.status == OK and made.stderr == "", made
        path = tmp_path / "again.smtp"
        path.write_bytes(made.out)
        again = smtpsend("--no-config", "--script", path, "--server", server,
                         "--timeout", "10s")
        assert again.status == OK, (again, made)
        return made.stdout
    return run


@pytest.mark.parametrize("how", ["-X", "-v", "-vv"])
@pytest.mark.parametrize("tls", ["may", "none"])
def test_against_the_sink(smtpsend, play, tmp_path, how, tls):
    log = tmp_path / "log"
    with Running(tmp_path, "--sink-dir", tmp_path, "--sink-reply",
                 "RCPT:eve@x.test=550 5.1.1 no") as sink:
        server = f"127.0.0.1:{sink.port}"
        shown = ["-X", log] if how == "-X" else [how]
        run = smtpsend(*ARGS, "--server", server, "--tls", tls, *shown,
                       "b@x.test", "eve@x.test", message=TEXT)
        assert run.status == 67, run
        if how != "-X":
            log.write_bytes(run.out)
        text = play(log, server)
    assert "< 550" in text and "@ handshake" in text or tls == "none"
    first, second = (p.read_bytes() for p in sorted(tmp_path.glob("*.eml")))
    assert b"\n.dot\r\n${to} \\x41 \xc3\xa9" in first or \
        b"\n.dot\n${to} \\x41 \xc3\xa9" in first
    if how == "-vv":
        assert bodies(second) == bodies(first)
    else:
        assert b"in place of a message" in second


def bodies(text):
    return re.split(rb"\r?\n\r?\n", text, maxsplit=1)[1]


def test_by_data_and_a_pipe(smtpsend, play, tmp_path):
    with Recorder() as server:
        run = smtpsend(*ARGS, "--server", server.url, "-vv", "b@x.test",
                       message=TEXT)
        made = smtpsend("--script-from", "-", message=run.out)
        path = tmp_path / "log"
        path.write_bytes(run.out)
        assert play(path, server.url).splitlines()[1:] == \
            made.stdout.splitlines()[1:]
    assert server.messages[0] == server.messages[1]
    assert server.sessions[0] == server.sessions[1]


def test_the_last_run_counts(smtpsend, tmp_path):
    log = tmp_path / "log"
    with Recorder() as server:
        for who in "one@x.test", "two@x.test":
            smtpsend(*ARGS, "--server", server.url, "-X", log, who,
                     message=TEXT)
    assert len(re.findall(r"(?m)^-- smtpsend, \w{3}, \d+ \w{3} \d{4} "
                          r"[\d:]{8} [+-]\d{4}$", log.read_text())) == 2
    text = smtpsend("--script-from", log).stdout
    assert "two@x.test" in text and "one@x.test" not in text


def test_faults(smtpsend, tmp_path):
    path = tmp_path / "x\x1b.log"
    path.write_text("hello\n")
    run = smtpsend("--script-from", path)
    assert run.status == DATAERR and "there is no dialogue in it" in run.stderr
    assert "\x1b" not in run.stderr
    run = smtpsend("--script-from", tmp_path / "none")
    assert run.status == NOINPUT and "none: No such file" in run.stderr
    for more in "b@x.test", "--talk=x":
        run = smtpsend("--script-from", path, more)
        assert run.status == USAGE, run


def test_a_full_disk(smtpsend, tmp_path):
    path = tmp_path / "log"
    path.write_text("  0.001 +0.000 -> EHLO me\n")
    with open("/dev/full", "wb") as full:
        p = subprocess.run([str(BINARY), "--script-from", str(path)],
                           stdout=full, stderr=subprocess.PIPE, check=False)
    assert p.returncode == 74 and b"No space left" in p.stderr
