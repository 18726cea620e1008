# SPDX-License-Identifier: ISC
"""What a person or a program sees: silence, transcript, JSON, progress."""

import json
import os
import re
import select
import subprocess
import time

import pytest

import conftest
from servers.recorder import Recorder

MESSAGE = (b"From: alice@client.test\r\nTo: bob@example.test\r\n"
           b"Subject: output\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
           b"Message-ID: <1@client.test>\r\n\r\nhello\r\nworld\r\n")
SENDER = ["-f", "alice@client.test", "--helo", "client.test"]
ESCAPE = b"\x1b"

RESULT_KEYS = {
    "event": str, "recipient": str, "status": str, "code": int,
    "enhanced": str, "stage": str, "host": str, "address": str, "port": int,
    "tls": str, "text": str, "queue_id": str, "seconds": (int, float)}


@pytest.fixture
def recorder():
    with Recorder() as r:
        yield r


def on_terminal(args, message, stdout=False, env=None, seconds=60):
    """
    Run smtpsend with stderr (and perhaps stdout) on a pseudo-terminal; returns the
    exit status and all that the terminal got.
    """
    master, slave = os.openpty()
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                   "TERM": "xterm", "USER": "alice", **(env or {})}
    child = subprocess.Popen(
        [str(conftest.BINARY), *map(str, args)], stdin=subprocess.PIPE,
        stdout=slave if stdout else subprocess.PIPE, stderr=slave,
        env=environment, start_new_session=True)
    os.close(slave)
    child.stdin.write(message)
    child.stdin.close()
    shown, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.1)[0]:
            if child.poll() is not None:
                break
            continue
        try:
            shown += os.read(master, 65536)
        except OSError:
            break
    os.close(master)
    return child.wait(10), shown


def test_success_is_silent(smtpsend, recorder):
    run = smtpsend("--server", recorder.url, *SENDER, "bob@example.test",
                   message=MESSAGE)
    assert (run.status, run.out, run.err) == (0, b"", b"")


WRITES = {"--html-report": "run.html", "--timing": "run.svg",
          "--transcript": "run.log", "--save-cert": "run.pem",
          "--keylog": "run.keys"}


@pytest.mark.parametrize("option", WRITES)
@pytest.mark.parametrize("by", ["--file", "stdin", "a link"])
def test_the_message_is_not_written_over(recorder, tmp_path, option, by):
    message = tmp_path / "message"
    message.write_bytes(MESSAGE)
    where = tmp_path / WRITES[option]
    where.symlink_to(message) if by == "a link" else where.hardlink_to(message)
    with open(message, "rb") as f:
        more = [] if by == "stdin" else ["--file", message]
        run = subprocess.run(
            [conftest.BINARY, f"{option}={where}", *more, "--server",
             recorder.url, *SENDER, "bob@example.test"], stdin=f,
            capture_output=True, timeout=60, check=False)
    assert (run.returncode, run.stderr.decode()) == (
        73, f"smtpsend: {option} {where}: that file is the message\n")
    assert message.read_bytes() == MESSAGE
    assert not recorder.messages


def test_two_options_do_not_write_one_file(smtpsend, recorder, tmp_path):
    to = ["--server", recorder.url, *SENDER, "bob@example.test"]
    run = smtpsend("--transcript", tmp_path / "x", "--html-report",
                   tmp_path / "x", *to, message=MESSAGE)
    assert run.status == 73
    assert b"--transcript writes that file" in run.err
    run = smtpsend("--transcript", "/dev/null", "--html-report", "/dev/null",
                   *to, message=MESSAGE)
    assert (run.status, run.err) == (0, b"")


def test_success_is_silent_on_a_terminal_too(smtpsend, recorder):
    status, shown = on_terminal(["--server", recorder.url, *SENDER,
                                 "bob@example.test"], MESSAGE, stdout=True)
    assert (status, shown) == (0, b"")


def test_a_refusal_is_one_line(smtpsend, tmp_path):
    """What was tried, where, and the server's own words."""
    from servers.sink import Sink
    with Sink(tmp_path / "sink", conftest.BINARY,
              ["--sink-reply", "RCPT=550 5.1.1 no such user here"]) as sink:
        run = smtpsend("--server", sink.url, *SENDER, "bob@example.test",
                       message=MESSAGE)
    assert run.status == 67, run
    assert run.out == b""
    assert len(run.stderr.splitlines()) == 1, run
    for word in ("bob@example.test", "no such user here", "127.0.0.1",
                 str(sink.port), "550"):
        assert word in run.stderr, run


def test_transcript(smtpsend, recorder):
    run = smtpsend("-v", "--server", recorder.url, *SENDER, "bob@example.test",
                   message=MESSAGE)
    assert run.status == 0, run
    for line in ("<- 220 recorder.test", "-> EHLO client.test",
                 "-> MAIL FROM:<alice@client.test>",
                 "-> RCPT TO:<bob@example.test>", "-> DATA", "<- 354", "-> .",
                 "<- 250 2.0.0 recorded", "-> QUIT"):
        assert line in run.stdout, (line, run)
    assert "~>" not in run.stdout and "<~" not in run.stdout
    assert str(recorder.port) in run.stdout
    assert "world" not in run.stdout, "message text only with -vv"
    assert re.search(r"bob@example\.test.*delivered|delivered.*bob@example\.test",
                     run.stdout), run
    assert ESCAPE not in run.out, "no colour in a pipe"
    assert run.err == b""


def test_very_verbose_shows_the_message(smtpsend, recorder):
    run = smtpsend("-vv", "--server", recorder.url, *SENDER, "bob@example.test",
                   message=MESSAGE)
    assert "world" in run.stdout and "Subject: output" in run.stdout


def test_transcript_of_tls(smtpsend, postfix, ca):
    """Lines under TLS have other marks, and the handshake is told."""
    postfix.forget()
    run = smtpsend("-v", "--server", postfix.url, "--tls", "verify", "--ca",
                   ca.ca, *SENDER, "bob@example.test", message=MESSAGE)
    assert run.status == 0, run
    for line in ("-> EHLO client.test", "-> STARTTLS", "~> EHLO client.test",
                 "~> MAIL FROM:<alice@client.test>", "<~ 250"):
        assert line in run.stdout, (line, run)
    for word in ("TLSv1.3", "AES", "mail.test", "trusted", "2026"):
        assert word in run.stdout, (word, run)
    queued = re.search(r"queued as (\w+)", run.stdout).group(1)
    assert run.stdout.rstrip().splitlines()[-1].count(queued) >= 1, \
        "the last line names the server's queue id"
    postfix.stored(1)


def test_transcript_of_the_lookups(smtpsend, make_world, recorder):
    world = make_world({"a.test": [("MX", "10 mx.a.test.")],
                        "mx.a.test": [("A", "127.0.0.1")]})
    run = smtpsend("-v", "--resolver", world.resolver, "--port", recorder.port,
                   "--allow-loopback-mx", *SENDER, "bob@a.test",
                   message=MESSAGE)
    assert run.status == 0, run
    for word in ("a.test", "MX", "10 mx.a.test", "127.0.0.1"):
        assert word in run.stdout, (word, run)


def test_colour_on_a_terminal_only(smtpsend, recorder):
    args = ["-v", "--server", recorder.url, *SENDER, "bob@example.test"]
    status, shown = on_terminal(args, MESSAGE, stdout=True)
    assert status == 0 and ESCAPE in shown
    status, shown = on_terminal(args, MESSAGE, stdout=True,
                                env={"NO_COLOR": "1"})
    assert status == 0 and ESCAPE not in shown


def json_events(run):
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_json(smtpsend, recorder):
    run = smtpsend("--json", "--server", recorder.url, *SENDER,
                   "bob@example.test", "carol@example.test", message=MESSAGE)
    assert (run.status, run.err) == (0, b""), run
    events = json_events(run)
    assert [e["event"] for e in events[-2:]] == ["result", "result"]
    assert {"connect", "sent", "received"} <= {e["event"] for e in events}
    for result in events[-2:]:
        assert set(RESULT_KEYS) <= set(result), result
        for key, kind in RESULT_KEYS.items():
            assert isinstance(result[key], kind) \
                or (result[key] is None and key in ("tls", "queue_id")), key
        assert result["status"] == "delivered"
        assert result["code"] == 250
        assert result["enhanced"] == "2.0.0"
        assert result["address"] == "127.0.0.1"
        assert result["port"] == recorder.port
        assert result["seconds"] >= 0
    assert [e["recipient"] for e in events[-2:]] == ["bob@example.test",
                                                     "carol@example.test"]


def test_json_of_a_failure(smtpsend, tmp_path):
    from servers.sink import Sink
    with Sink(tmp_path / "sink", conftest.BINARY,
              ["--sink-reply", "RCPT=450 4.2.1 come \"back\" later"]) as sink:
        run = smtpsend("--json", "--server", sink.url, *SENDER,
                       "bob@example.test", message=MESSAGE)
    result = json_events(run)[-1]
    assert run.status == 75, run
    assert (result["status"], result["code"], result["enhanced"]) == \
        ("deferred", 450, "4.2.1")
    assert result["stage"].upper() == "RCPT"
    assert 'come "back" later' in result["text"]


def test_json_names_the_queue_id_and_tls(smtpsend, postfix, ca):
    postfix.forget()
    run = smtpsend("--json", "--server", postfix.url, "--ca", ca.ca, *SENDER,
                   "bob@example.test", message=MESSAGE)
    result = json_events(run)[-1]
    assert result["tls"] == "TLSv1.3"
    assert result["queue_id"] and result["queue_id"] in postfix.news()
    postfix.stored(1)


def test_a_hostile_server_cannot_reach_the_terminal(smtpsend, tmp_path):
    """Escape sequences in replies are shown, not obeyed."""
    import socket
    import threading
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        peer, _ = listener.accept()
        peer.sendall(b"554 \x1b]0;owned\x07\x1b[2J\xff\x9b\r\n")
        while peer.recv(512):
            pass
        peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
    run = smtpsend("-v", "--server", url, *SENDER, "bob@example.test",
                   message=MESSAGE)
    thread.join(10)
    listener.close()
    assert run.status == 75, run
    for stream in (run.out, run.err):
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", stream), stream
        stream.decode("utf-8")
        assert "\x9b" not in stream.decode("utf-8")
    assert b"owned" in run.out


def test_progress_of_a_slow_body(smtpsend):
    """On a terminal, after a second: bytes, rate, time left; then it is gone."""
    # more than the socket's buffers hold
    text = MESSAGE + (b"x" * 70 + b"\r\n") * 180_000
    with Recorder(rate=4_000_000) as slow:
        status, shown = on_terminal(
            ["--server", slow.url, *SENDER, "bob@example.test"], text)
        assert status == 0, shown
        assert re.search(rb"/s", shown), shown
        assert re.search(rb"\d+ ?%", shown), shown
        assert b"\r" in shown
        run = smtpsend("--server", slow.url, *SENDER, "bob@example.test",
                       message=text)
        assert run.err == b"", "none in a pipe"


def test_the_transcript_file(smtpsend, recorder, tmp_path):
    path = tmp_path / "log"
    for _ in range(2):
        run = smtpsend("-X", path, "--server", recorder.url, *SENDER,
                       "bob@example.test", message=MESSAGE)
        assert (run.status, run.out, run.err) == (0, b"", b""), run
    assert path.read_text().count("-> EHLO client.test") == 2


def test_json_has_a_result_for_each_when_the_message_is_unusable(smtpsend):
    run = smtpsend("--json", *SENDER, "bob@example.test", "carol@example.test",
                   message=b"")
    results = [e for e in json_events(run) if e["event"] == "result"]
    assert run.status == 65
    assert [(r["recipient"], r["status"], r["stage"]) for r in results] == [
        ("bob@example.test", "failed", "message"),
        ("carol@example.test", "failed", "message")]
