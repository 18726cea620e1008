# SPDX-License-Identifier: ISC
"""--exit-codes=swaks, side by side with swaks: both against the same servers."""

import re
import shutil
import subprocess

import pytest

from faults_support import (ROOT, Server, certificates, closed_port, send,
                            smtpsend, tls_dialogue)
from relay_support import Setup
from scripted import dialogue, drop, stall

CAPS = ("8BITMIME", "XCLIENT NAME ADDR", "STARTTLS")
FROM, BOB, JIM = "alice@client.test", "bob@example.test", "jim@example.test"
ADDR = "192.0.2.9"

needs_swaks = pytest.mark.skipif(not shutil.which("swaks"),
                                 reason="swaks is not installed")


def swaks(*args):
    p = subprocess.run(
        ["swaks", "--from", FROM, "--helo", "client.test", "--timeout", "1",
         *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
        timeout=60, check=False)
    return p.returncode, (p.stdout + p.stderr).decode(errors="replace")


def theirs(script, *args, to=BOB):
    with Server(script) as srv:
        got = swaks("--server", f"127.0.0.1:{srv.port}", "--to", to, *args)
        srv.over.set()
    return got


def ours(script, *args, to=(BOB,), **how):
    with Server(script) as srv:
        run = send(srv.port, "--exit-codes", "swaks", *args, to=to, seconds=1,
                   **how)
        srv.over.set()
    return run


REPLIES = [
    (0, {}), (21, {"CONNECT": "554 5.3.2 no"}), (6, {"CONNECT": drop}),
    (21, {"CONNECT": stall}), (22, {"EHLO": "550 no", "HELO": "550 no"}),
    (6, {"EHLO": drop}), (22, {"EHLO": stall}), (23, {"MAIL": "550 no"}),
    (23, {"MAIL": "421 4.3.2 bye"}), (6, {"MAIL": drop}),
    (23, {"MAIL": stall}), (24, {"RCPT": "550 no"}), (24, {"RCPT": "450 no"}),
    (6, {"RCPT": drop}), (25, {"DATA": "451 no"}), (6, {"DATA": drop}),
    (26, {"DOT": "550 no"}), (26, {"DOT": "450 no"}), (6, {"DOT": drop}),
    (26, {"DOT": stall}), (0, {"QUIT": "500 no"})]


@needs_swaks
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("want, over", REPLIES)
def test_replies(want, over, tls):
    def script():
        return tls_dialogue(caps=CAPS, **over) if tls else \
            dialogue(CAPS[:1], **over)

    code, text = theirs(script(), *(["--tls"] if tls else []))
    run = ours(script(), "--tls", "encrypt" if tls else "none")
    assert (code, run.rc) == (want, want), f"{text}\n{run}"


TLS = [
    (29, CAPS[:1], {}), (29, CAPS, {"STARTTLS": "454 no"}),
    (29, CAPS, {"STARTTLS": stall}),
    (32, CAPS, {"EHLO": ["250-mx\n250 STARTTLS", "550 no"],
                "HELO": "550 no"})]


@needs_swaks
@pytest.mark.parametrize("want, caps, over", TLS)
def test_starttls(want, caps, over):
    code, text = theirs(tls_dialogue(caps=caps, **over), "--tls")
    run = ours(tls_dialogue(caps=caps, **over), "--tls", "encrypt")
    assert (code, run.rc) == (want, want), f"{text}\n{run}"


@needs_swaks
def test_smtps():
    """The only EHLO there is no second one."""
    over = {"EHLO": "550 no", "HELO": "550 no"}

    def script():
        return dialogue((), smtps=certificates().context(), **over)

    code, text = theirs(script(), "--tls-on-connect")
    run = ours(script(), server="smtps")
    assert (code, run.rc) == (22, 22), f"{text}\n{run}"


@needs_swaks
@pytest.mark.parametrize("want, caps, over", [
    (0, CAPS[:2], {"XCLIENT": "220 hi"}), (33, CAPS[:1], {}),
    (33, ("XCLIENT NAME",), {}), (33, CAPS[:2], {"XCLIENT": "550 no"}),
    (34, CAPS[:2], {"XCLIENT": "220 hi", "HELO": "550 no",
                    "EHLO": ["250-mx\n250 XCLIENT ADDR", "550 no"]})])
def test_xclient(want, caps, over):
    code, text = theirs(dialogue(caps, **over), "--xclient-addr", ADDR)
    run = ours(dialogue(caps, **over), "--xclient", f"ADDR={ADDR}")
    assert (code, run.rc) == (want, want), f"{text}\n{run}"


@needs_swaks
@pytest.mark.parametrize("want, rcpt", [
    (0, ["250 ok", "550 no"]), (0, ["550 no", "250 ok"]),
    (24, ["550 no", "450 no"])])
def test_two_recipients(want, rcpt):
    code, text = theirs(dialogue((), RCPT=rcpt), to=f"{BOB},{JIM}")
    run = ours(dialogue((), RCPT=rcpt), to=(BOB, JIM))
    assert (code, run.rc) == (want, want), f"{text}\n{run}"


@needs_swaks
@pytest.mark.parametrize("server", [
    lambda: f"127.0.0.1:{closed_port()}", lambda: "nowhere.invalid"])
def test_no_connection(server):
    at = server()
    code, text = swaks("--server", at, "--to", BOB)
    run = smtpsend("--server", at, "--exit-codes=swaks", "--timeout", 2, BOB)
    assert (code, run.rc) == (2, 2), f"{text}\n{run}"


@needs_swaks
@pytest.mark.parametrize("words", [
    ("--zzz",), ("--quit-after", "zzz"), ("--xclient-port", "1", "--zz")])
def test_usage(words):
    code, text = swaks("--server", "127.0.0.1:9", "--to", BOB, *words)
    assert code == 1, text
    for where in (["--exit-codes=swaks", *words], [*words, "--exit-codes",
                                                   "swaks"]):
        run = smtpsend("--server", "127.0.0.1:9", *where, BOB,
                       json_events=False)
        assert run.rc == 1 and run.err, run


def test_login(tmp_path):
    """28; swaks' way to a login is another one, so only ours is run."""
    script = dialogue(("STARTTLS", "AUTH PLAIN"), AUTH="535 5.7.8 no",
                      tls=certificates().context())
    with Server(script) as srv:
        run = Setup(tmp_path).relay("work", f"smtp://localhost:{srv.port}") \
            .send("--exit-codes", "swaks", BOB)
    assert run.rc == 28, run


@needs_swaks
def test_what_comes_behind_the_verdict():
    """The one difference: the message is accepted, and swaks says 6."""
    code, text = theirs(dialogue((), QUIT=drop))
    run = ours(dialogue((), QUIT=drop))
    assert (code, run.rc) == (6, 0), f"{text}\n{run}"


def test_what_is_found_before():
    for words in (["--file", "/nonexistent"], ["--ca", "/nonexistent"]):
        run = smtpsend("--server", "127.0.0.1:9", "--exit-codes=swaks", *words,
                       BOB)
        assert run.rc == 1, run
    assert smtpsend("--server", "127.0.0.1:9", "--exit-codes=swaks",
                    "a@b@c").rc == 1
    assert smtpsend("--exit-codes=zzz", BOB).rc == 64


def test_the_manual_names_each():
    """Every number that the program has is said in EXIT STATUS."""
    code = (ROOT / "src/report/exits.c").read_text()
    page = (ROOT / "man/smtpsend.1").read_text()
    said = page[page.index("With\n.Fl -exit-codes Cm swaks"):]
    said = said[:said.index(".Sh EXAMPLES")]
    numbers, n = set(), 0
    for name, value in re.findall(r"^\t(SWAKS_\w+)(?: = (\d+))?", code, re.M):
        n = int(value) if value else n + 1
        numbers.add(n)
    assert numbers and all(re.search(rf"\b{n}\b", said) for n in numbers)
