# SPDX-License-Identifier: ISC
"""
Issue 3, Done when 3 and 4: a canary secret is nowhere to be seen while a relay
is used, and libcurl is mapped only then.
"""

import base64
import json
import os
import re
import secrets
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from conftest import BINARY
from relay_support import (BOB, MESSAGE, USER, Setup, delivered, private,
                           scripted_relay)
from scripted import Server, stall
from servers.process import eventually

KINDS = ("file", "command", "credential", "token", "netrc")
AUTH = "235 2.7.0 welcome"


def disguises(secret):
    """The secret as it is, and within base64 wherever it begins."""
    found = [secret.encode()]
    for shift in range(3):
        text = base64.b64encode(b"x" * shift + secret.encode())
        # octets that depend on neighbours are left out
        found.append(text[4 if shift else 0:-4])
    return found


def holds(text, secret):
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogateescape")
    return any(d in text for d in disguises(secret))


@pytest.fixture
def canary():
    return "C4nary" + secrets.token_hex(16)


def setup_for(kind, folder, port, canary, environment):
    """A relay whose secret is given in this way."""
    setup, url = Setup(folder), f"smtp://localhost:{port}"
    if kind == "file":
        return setup.relay("work", url, password=canary)
    if kind == "token":
        return setup.bearer("work", url, token=canary)
    keys = {}
    if kind == "command":
        secret = private(folder / "secret", canary + "\n")
        keys["password-command"] = f"/bin/cat {secret}"
    if kind == "credential":
        private(folder / "work-password", canary + "\n")
        environment["CREDENTIALS_DIRECTORY"] = str(folder)
        keys["password-credential"] = "work-password"
    if kind == "netrc":
        keys["netrc"] = private(folder / "netrc", "machine localhost login "
                                f"{USER} password {canary}\n")
    return setup.relay("work", url, password=None, **keys)


def slow_relay(kind):
    """Everything takes a while, so that a look at the program is worth it."""
    def late(reply, seconds=0.3):
        def say(c):
            time.sleep(seconds)
            c.say(*reply.split("\n"))
        return say

    mechanisms = "OAUTHBEARER XOAUTH2" if kind == "token" else "PLAIN LOGIN"
    caps = ("PIPELINING", "STARTTLS", f"AUTH {mechanisms}")
    return scripted_relay(caps=caps, CONNECT=late("220 slow"),
                          AUTH=late(AUTH), DOT=late("250 2.0.0 ok"))


class Watch(threading.Thread):
    """Reads environ and cmdline of every process again and again."""

    def __init__(self, secret):
        super().__init__(daemon=True)
        self.secret, self.found, self.rounds = secret, set(), 0
        self.over = threading.Event()
        self.seen = set()

    def run(self):
        while not self.over.is_set():
            for path in Path("/proc").glob("[0-9]*"):
                for name in ("environ", "cmdline", "comm"):
                    self.look(path / name)
            self.rounds += 1
            self.over.wait(0.01)

    def look(self, path):
        try:
            text = path.read_bytes()
        except OSError:
            return
        if b"smtpsend" in text and path.name == "comm":
            self.seen.add(path.parent.name)
        if holds(text, self.secret):
            self.found.add(str(path))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *what):
        self.over.set()
        self.join()


def start(setup, *args, folder, environment=None, before=None):
    """The program in the background, with a TMPDIR and folder of its own."""
    folder.mkdir(exist_ok=True)
    env = {**os.environ, "TMPDIR": str(folder), "HOME": str(folder),
           "LC_ALL": "C.UTF-8", **(environment or {})}
    child = subprocess.Popen(
        [str(BINARY), "--config", str(setup.write()), "--timeout", "20",
         "--helo", "client.test", "-f", "alice@client.test", *args, BOB],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=folder, env=env, preexec_fn=before)
    child.stdin.write(MESSAGE)
    child.stdin.close()
    child.stdin = None
    return child


@pytest.mark.parametrize("how", (("-vv",), ("--json",)), ids="".join)
@pytest.mark.parametrize("kind", KINDS)
def test_canary(tmp_path, canary, kind, how):
    """ps, every environment, transcript, JSON, stderr, -X file, files."""
    environment, work = {}, tmp_path / "work"
    with Server(slow_relay(kind)) as srv, Watch(canary) as watch:
        setup = setup_for(kind, tmp_path, srv.port, canary, environment)
        child = start(setup, *how, "-X", "log", folder=work,
                      environment=environment)
        out, err = child.communicate(timeout=30)
    assert child.returncode == 0, (out + err).decode()
    assert any(l.startswith("AUTH") for l in srv.lines)
    assert holds("\n".join(srv.lines), canary), "the relay was not told it"
    assert str(child.pid) in watch.seen and watch.rounds > 3
    assert not watch.found
    for text in (out, err, (work / "log").read_bytes()):
        assert not holds(text, canary), text.decode()
    assert b"AUTH" in err + out, "the transcript shows curl's part"
    left = [p for p in work.rglob("*") if p.is_file() and
            holds(p.read_bytes(), canary)]
    assert not left


def test_canary_in_no_failure(tmp_path, canary):
    """Nor when the relay repeats it, as a rude one might."""
    told = base64.b64encode(f"\0{USER}\0{canary}".encode()).decode()
    for n, reply in enumerate((f"535 5.7.8 not {canary}", f"535 {told}")):
        folder = tmp_path / str(n)
        folder.mkdir()
        with Server(scripted_relay(AUTH=reply)) as srv:
            run = Setup(folder).relay("work", f"smtp://localhost:{srv.port}",
                                      password=canary).send("-vv", BOB)
        assert run.rc == 75, run
        assert not holds(run.text, canary), run


def test_canary_in_no_system_call(tmp_path, canary):
    """It is read; it is written nowhere, not even to a temporary file."""
    log = tmp_path / "strace"
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).relay(
            "work", f"smtp://localhost:{srv.port}", password=canary).send(
            "-vv", BOB, wrap=["strace", "-f", "-qq", "-v", "-s", "100000", "-o",
                              str(log), "-e", "trace=%file,%process,write,"
                              "writev,pwrite64,sendto,sendmsg"])
    delivered(run)
    text = log.read_bytes()
    assert b"smtpsend-relay.so" in text
    assert not holds(text, canary)


def core_files(folder):
    return [p for p in folder.iterdir() if p.name.startswith("core")]


def unlimited():
    import resource
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def test_no_core(tmp_path, canary):
    """Killed by SIGSEGV with the secret in memory."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern != "core":
        pytest.skip(f"core_pattern is {pattern}")
    work, other = tmp_path / "work", tmp_path / "other"
    other.mkdir()
    with subprocess.Popen(["sleep", "60"], cwd=other,
                          preexec_fn=unlimited) as sleep:
        time.sleep(0.2)
        sleep.send_signal(signal.SIGSEGV)
    if not core_files(other):
        pytest.skip("this machine writes no core files at all")
    with Server(scripted_relay(AUTH=stall)) as srv:
        setup = setup_for("file", tmp_path, srv.port, canary, {})
        child = start(setup, folder=work, before=unlimited)
        assert eventually(lambda: any(l.startswith("AUTH") for l in srv.lines),
                          10)
        child.send_signal(signal.SIGSEGV)
        child.communicate(timeout=10)
    assert child.returncode == -signal.SIGSEGV
    assert not core_files(work), "a core with the secret in it"


def test_a_command_inherits_nothing(tmp_path, canary):
    """Of two relays, the command of one sees no secret of the other; it gets no
    descriptor of ours, and no shell unless asked for."""
    with Server(scripted_relay(AUTH="454 4.7.0 later")) as one, \
            Server(scripted_relay()) as two:
        script = tmp_path / "command"
        private(script, "#!/bin/sh\nenv >seen; ls -l /proc/self/fd >>seen\n"
                'echo "$@" >>seen; echo other\n', 0o700)
        setup = Setup(tmp_path).relay("one", f"smtp://localhost:{one.port}",
                                      password=canary)
        setup.relay("two", f"smtp://localhost:{two.port}", password=None,
                    password_command=f"{script} $HOME 'a b'")
        child = start(setup, folder=tmp_path / "work")
        out, err = child.communicate(timeout=30)
    assert child.returncode == 0, (out + err).decode()
    seen = (tmp_path / "work" / "seen").read_text()
    assert not holds(seen, canary)
    assert "socket:" not in seen
    assert "$HOME a b" in seen


def test_print_config_masks(tmp_path, canary):
    """Also a password in a URL, if there can be one at all."""
    setup = Setup(tmp_path).relay("work", "smtp://localhost:1", password=canary)
    run = setup.send("--print-config", json_events=False)
    assert run.rc == 0, run
    assert not holds(run.text, canary)
    setup = Setup(tmp_path).relay("work", f"smtp://joe:{canary}@localhost:1",
                                  user=None)
    for args in (("--print-config",), (BOB,)):
        run = setup.send(*args, json_events=False)
        assert run.rc in (0, 78), run
        assert not holds(run.text, canary), run


def test_the_json_shows_curls_part(tmp_path, canary):
    """With the credentials masked, and which line it was."""
    with Server(scripted_relay()) as srv:
        setup = setup_for("file", tmp_path, srv.port, canary, {})
        child = start(setup, "--json", folder=tmp_path / "work")
        out, _ = child.communicate(timeout=30)
    lines = [json.loads(l) for l in out.decode().splitlines()]
    said = [e["line"] for e in lines if e["event"] == "sent"]
    auth = [l for l in said if l.startswith("AUTH")]
    assert len(auth) == 1, said
    assert re.fullmatch(r"AUTH (PLAIN|LOGIN)( \S+)?", auth[0]), auth
    assert not holds(out, canary)
