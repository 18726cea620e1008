# SPDX-License-Identifier: ISC
"""
Signals that kill by default mean "stop": what was accepted is still reported
(FAULTS 71).  Sent while a server owes a reply, while the message is read, while
a password command runs, and to the sink.
"""

import json
import re
import signal
import subprocess
import threading
import time

import pexpect
import pytest

from faults_support import BINARY, MESSAGE, OK, TEMPFAIL, Server, dialogue

FAULTS = {signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS,
          signal.SIGFPE, signal.SIGSEGV, signal.SIGSYS}
HARMLESS = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH,
            signal.SIGPIPE, signal.SIGXFSZ}
OTHERS = {signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN,
          signal.SIGTTOU}
STOPS = sorted(set(signal.valid_signals()) - FAULTS - HARMLESS - OTHERS)
SOME = [signal.SIGALRM, signal.SIGUSR1, signal.SIGTERM, signal.SIGRTMAX]
TO = ["ann@example.test", "bob@example.test"]


def wait_for(what, seconds=20):
    limit = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.005)


def catches(p, which):
    """Has the program got so far that it waits for this signal?"""
    text = open(f"/proc/{p.pid}/status", encoding="ascii").read()
    mask = int(re.search(r"^SigBlk:\s*(\w+)", text, re.M).group(1), 16)
    return mask >> (which - 1) & 1


def start(*args, **how):
    return subprocess.Popen([BINARY, *map(str, args)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            **how)


def test_all_that_kill_are_known():
    assert {signal.SIGALRM, signal.SIGUSR2, signal.SIGPWR, signal.SIGQUIT,
            signal.SIGVTALRM, signal.SIGIO, signal.SIGRTMIN} <= set(STOPS)
    assert len(STOPS) > 40


@pytest.mark.parametrize("which", STOPS, ids=int)
def test_what_was_accepted_is_reported(which):
    """LMTP: ann's verdict has come, bob's never does."""
    owes = threading.Event()

    def never(c):
        owes.set()
        c.stall()

    script = dialogue(lmtp=True, DOT=["250 2.0.0 ann has it", never])
    with Server(script) as srv:
        p = start("--json", "--server", f"lmtp://127.0.0.1:{srv.port}",
                  "--timeout", 60, *TO)
        p.stdin.write(MESSAGE)
        p.stdin.close()
        p.stdin = None
        assert owes.wait(20)
        # ann's reply may still be on its way: stop once it was taken
        seen = []
        while not any('"received"' in x and "ann has it" in x for x in seen):
            seen.append(p.stdout.readline().decode())
            assert seen[-1], seen
        p.send_signal(which)
        out, err = p.communicate(timeout=20)
    results = {e["recipient"]: e for e in map(json.loads, out.splitlines())
               if e["event"] == "result"}
    assert p.returncode == TEMPFAIL, (p.returncode, err)
    assert results[TO[0]]["status"] == "delivered", results
    assert results[TO[1]]["status"] == "deferred", results
    assert results[TO[1]]["text"] == f"stopped by signal {which:d}"
    assert results[TO[1]]["maybe_sent"] is True


@pytest.mark.parametrize("which", sorted(HARMLESS), ids=int)
def test_others_change_nothing(which):
    go = threading.Event()

    def wait(c):
        assert go.wait(20)
        c.say("250 2.0.0 queued")

    with Server(dialogue(DOT=wait)) as srv:
        p = start("--server", f"127.0.0.1:{srv.port}", TO[0])
        p.stdin.write(MESSAGE)
        p.stdin.close()
        p.stdin = None
        wait_for(lambda: srv.conns and srv.conns[0].final_dot)
        p.send_signal(which)
        go.set()
        _, err = p.communicate(timeout=20)
    assert (p.returncode, err) == (OK, b"")


@pytest.mark.parametrize("which", [*SOME, signal.SIGINT, signal.SIGQUIT],
                         ids=int)
def test_while_the_message_is_read(which):
    p = start("--server", "127.0.0.1:1", TO[0])
    p.stdin.write(MESSAGE)
    p.stdin.flush()
    wait_for(lambda: catches(p, which))
    p.send_signal(which)
    _, err = p.communicate(timeout=20)
    assert p.returncode == TEMPFAIL, err
    assert err.decode().startswith(f"smtpsend: stopped by signal {which:d} -- ")


def test_control_c_at_the_keyboard_just_ends_it():
    run = pexpect.spawn(BINARY, ["--server", "127.0.0.1:1", TO[0]], timeout=15,
                        encoding="utf-8")
    run.expect_exact("type the message")
    run.sendintr()
    run.expect(pexpect.EOF)
    run.close()
    assert run.signalstatus == signal.SIGINT


@pytest.mark.parametrize("which", SOME, ids=int)
def test_while_a_password_command_runs(tmp_path, which):
    began = tmp_path / "began"
    config = tmp_path / "config"
    config.write_text("relay = work\n[relay work]\nurl = smtp://127.0.0.1:1\n"
                      "user = me\nshell = yes\npassword-command = "
                      f"touch {began} && sleep 60\n")
    config.chmod(0o600)
    p = start("--config", config, TO[0])
    p.stdin.write(MESSAGE)
    p.stdin.close()
    p.stdin = None
    wait_for(began.exists)
    p.send_signal(which)
    _, err = p.communicate(timeout=20)
    assert p.returncode == TEMPFAIL, (p.returncode, err)
    assert b"a signal came" in err or b"stopped by signal" in err, err


def start_sink(tmp_path, **how):
    p = subprocess.Popen([BINARY, "--sink", "127.0.0.1:0", "--sink-dir",
                          tmp_path / "mail"], stderr=subprocess.PIPE, **how)
    assert p.stderr.readline().startswith(b"listening on ")
    return p


@pytest.mark.parametrize("which", STOPS, ids=int)
def test_the_sink_ends_in_order(tmp_path, which):
    with start_sink(tmp_path) as p:
        p.send_signal(which)
        assert p.wait(20) == OK


def test_the_sink_leaves_ignored_signals_alone(tmp_path):
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with start_sink(tmp_path, preexec_fn=ignore) as p:
        p.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            p.wait(0.3)
        p.send_signal(signal.SIGTERM)
        assert p.wait(20) == OK
