# SPDX-License-Identifier: ISC
"""The last line of a terminal: what a run waits for, and a bar that fits."""

import re

import pexpect
import pytest

from faults_support import BINARY, MESSAGE, Blackhole, Server, World, dialogue, \
    send
from servers.recorder import Recorder


def spawn(tmp_path, *args, columns=80, message=MESSAGE):
    """The program on a terminal, its message from a file."""
    path = tmp_path / "message"
    path.write_bytes(message)
    words = ["--file", path, "--helo", "client.test", "-f", "a@client.test",
             *args, "bob@example.test"]
    return pexpect.spawn(BINARY, [str(w) for w in words], timeout=30,
                         dimensions=(24, columns), encoding="utf-8")


def all_of(run):
    """All that is still to come, and the exit status."""
    text = run.read()
    run.close()
    return text, run.exitstatus


def painted(text):
    """Every state that the last line has had."""
    return re.findall(r"\r([^\r\n]*)\x1b\[K", text)


def test_a_connection_that_takes_its_time(tmp_path):
    with Blackhole() as hole:
        run = spawn(tmp_path, "--server", f"127.0.0.1:{hole.port}",
                    "--timeout", 5)
        run.expect(rf"\rconnecting to 127\.0\.0\.1 \(port {hole.port}\), "
                   r"[23] s\x1b\[K")
        text, status = all_of(run)
    assert status == 75, text
    assert painted(text)[-1] == "", "it was not erased"
    assert text.split("\x1b[K")[-1].startswith("smtpsend: bob@example.test: ")


def test_a_server_that_says_nothing(tmp_path):
    """The line, after five seconds the hint, and then advice that names it."""
    with Server(lambda c: c.stall()) as srv:
        run = spawn(tmp_path, "--server", f"127.0.0.1:{srv.port}", "--timeout",
                    8)
        run.expect(rf"waiting for the greeting from 127\.0\.0\.1 \(port "
                   rf"{srv.port}\), \d s\x1b\[K")
        run.expect_exact(f"smtpsend: nothing has come from 127.0.0.1 so far -- "
                         f"if port {srv.port} speaks TLS from the first byte, "
                         f"write smtps://127.0.0.1:{srv.port}\r\n")
        text, status = all_of(run)
    assert status == 75 and "nothing has come" not in text
    assert f"smtps://127.0.0.1:{srv.port}" in text.split("\x1b[K")[-1]


def test_a_slow_name_server(tmp_path):
    with World() as w:
        w.dns.script("example.test", "MX", lambda q: None)
        run = spawn(tmp_path, "--resolver", f"{w.dns.address}:{w.dns.port}",
                    "--timeout", 4)
        run.expect(r"\rasking DNS for example\.test, \d s\x1b\[K")
        text, status = all_of(run)
    assert status == 75, text


def test_a_slow_reply_beside_the_transcript(tmp_path):
    """-v on the same terminal: each of its lines stands alone."""
    with Server(dialogue(DOT=lambda c: c.stall())) as srv:
        run = spawn(tmp_path, "-v", "--server", f"127.0.0.1:{srv.port}",
                    "--timeout", 4)
        run.expect(r"\rwaiting for [^\r]* from 127\.0\.0\.1 ")
        before = run.before
        text, _ = all_of(run)
    for line in (before + text).split("\r\n"):
        line = re.sub(r"\x1b\[\d*m", "", line.split("\x1b[K")[-1])
        assert not line or re.match(r" *\d+\.\d{3} [+]\d", line), repr(line)


def test_nothing_of_it_without_a_terminal():
    with Server(lambda c: c.stall()) as srv:
        run = send(srv.port, seconds=3, json_events=False)
    assert "\r" not in run.text and "waiting for the greeting from" \
        not in run.text


@pytest.mark.parametrize("columns", [20, 40, 60, 71, 80])
def test_no_line_wraps(tmp_path, columns):
    text = MESSAGE + (b"x" * 70 + b"\r\n") * 180_000
    with Recorder(rate=4_000_000) as slow:
        run = spawn(tmp_path, "--server", slow.url, columns=columns,
                    message=text)
        shown, status = all_of(run)
    assert status == 0, shown
    lines = [p for p in painted(shown) if p]
    assert lines and max(map(len, lines)) < columns, lines
    assert any("%" in p for p in lines)
    assert shown.endswith("\r\x1b[K") and "\n" not in shown


def test_clear_words_at_a_port_for_tls_and_tls_at_a_clear_one():
    """The advice at the end names the way that would have worked."""
    def hear(c):
        c.raw_recv()
        c.drop()

    with Server(lambda c: c.stall()) as srv:
        run = send(srv.port, seconds=1, json_events=False)
        assert f"write --server smtps://127.0.0.1:{srv.port}" in run.err, run
    with Server(lambda c: (c.say("220 hi"), hear(c))) as srv:
        run = send(srv.port, server="smtps", seconds=5, json_events=False)
        assert f"write --server smtp://127.0.0.1:{srv.port}" in run.err, run
