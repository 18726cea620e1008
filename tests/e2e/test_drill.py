# SPDX-License-Identifier: ISC
"""Clients that misbehave on purpose: --quit-after data and auth, --drop-after,
--reset-after, --stall.  Nobody is called served who is not.
"""

import pytest

from faults_support import (NOUSER, OK, TEMPFAIL, USAGE, Server, certificates,
                            check, send, smtpsend, tls_dialogue)
from relay_support import BOB, CAPS, CONFIG, Setup
from scripted import dialogue, drop

STEPS = ("connect", "ehlo", "tls", "mail", "rcpt", "data")
PLAIN = ("PIPELINING", "8BITMIME", "CHUNKING")


def verbs(srv):
    return [line.split(" ")[0] for line in srv.lines]


def test_data_ends_before_the_text():
    """DATA, although CHUNKING is offered; 354; nothing more, not even QUIT."""
    with Server(dialogue(PLAIN)) as srv:
        run = send(srv.port, "--quit-after", "data", stdin=b"")
    check(run, OK, status="verified", stage="DATA", code=354)
    assert verbs(srv) == ["EHLO", "MAIL", "RCPT", "DATA"]
    assert srv.conns[0].end == "fin" and not srv.conns[0].messages


@pytest.mark.parametrize("caps", [(), PLAIN])
def test_data_is_refused(caps):
    with Server(dialogue(caps, DATA="451 4.3.0 not now")) as srv:
        run = send(srv.port, "--quit-after", "data")
    check(run, TEMPFAIL, status="deferred", code=451)
    assert verbs(srv)[-1] == "QUIT"


@pytest.mark.parametrize("caps", [(), PLAIN])
def test_data_where_some_are_refused(caps):
    """Each has his own verdict; he who was refused is not verified."""
    rcpt = ["250 ok", "550 5.1.1 no such user", "250 ok"]
    with Server(dialogue(caps, RCPT=rcpt)) as srv:
        run = send(srv.port, "--quit-after", "data",
                   to=("a@x.test", "b@x.test", "c@x.test"))
    check(run, NOUSER, to="b@x.test", status="failed", code=550)
    for to in ("a@x.test", "c@x.test"):
        check(run, NOUSER, to=to, status="verified", code=354)
    assert not srv.conns[0].messages


def test_data_where_the_server_takes_one_at_a_time():
    """Who never came as far is not verified by another's 354."""
    caps = ("PIPELINING", "LIMITS RCPTMAX=1")
    with Server(dialogue(caps)) as srv:
        run = send(srv.port, "--quit-after", "data",
                   to=("a@x.test", "b@x.test"))
    said = [line for line in srv.lines if line.startswith("RCPT")]
    for to in ("a@x.test", "b@x.test"):
        asked = any(to in line for line in said)
        assert run.results[to]["status"] == ("verified" if asked else
                                             "deferred"), run
    assert run.rc == (OK if len(said) == 2 else TEMPFAIL)


@pytest.mark.parametrize("how, end", [("--drop-after", "fin"),
                                      ("--reset-after", "rst")])
@pytest.mark.parametrize("step", STEPS)
def test_left_without_quit(step, how, end):
    with Server(tls_dialogue()) as srv:
        run = send(srv.port, how, step)
        said = send(srv.port, how, step, "-v", json_events=False)
    verified = step in ("rcpt", "data")
    check(run, OK, status="verified" if verified else "reached")
    assert "QUIT" not in verbs(srv) and said.rc == OK
    assert [c.end for c in srv.conns] == [end, end], step
    assert not any(c.messages for c in srv.conns)
    assert f"without QUIT, as {how} has it" in said.out, said


@pytest.mark.parametrize("how, end", [("--drop-after", "fin"),
                                      ("--reset-after", "rst")])
@pytest.mark.parametrize("server", ["clear", "tls", "smtps"])
def test_left_after_the_dot(server, how, end):
    """The message is sent, and what the server said of it is the result."""
    scripts = {"clear": dialogue(PLAIN), "tls": tls_dialogue(),
               "smtps": dialogue(PLAIN, smtps=certificates().context())}
    with Server(scripts[server]) as srv:
        run = send(srv.port, how, "dot",
                   server="smtps" if server == "smtps" else "smtp")
    check(run, OK, status="delivered", queue_id="ABC123")
    assert "QUIT" not in verbs(srv) and srv.conns[0].end == end
    assert len(srv.conns[0].messages) == 1


@pytest.mark.parametrize("step, over, rc, code", [
    ("dot", {"DOT": "550 5.7.1 spam"}, 69, 550),
    ("data", {"RCPT": "550 5.1.1 who?"}, NOUSER, 550),
    ("rcpt", {"RCPT": "450 4.2.1 later"}, TEMPFAIL, 450),
    ("mail", {"MAIL": "550 5.7.1 not you"}, 69, 550)])
def test_a_step_that_is_refused_is_left_with_quit(step, over, rc, code):
    with Server(dialogue(("8BITMIME",), **over)) as srv:
        run = send(srv.port, "--drop-after", step)
    check(run, rc, code=code)
    assert verbs(srv)[-1] == "QUIT", srv.lines


@pytest.mark.parametrize("step, before", [
    ("ehlo", "EHLO"), ("tls", "STARTTLS"), ("mail", "MAIL"), ("rcpt", "RCPT"),
    ("data", "DATA"), ("dot", "the dot")])
def test_stalls(step, before):
    """The time passes before that is said, and what came before is out."""
    with Server(tls_dialogue()) as srv:
        run = send(srv.port, "--stall", f"{step}=150ms", "--stall",
                   f"{step}=200ms", "-v", json_events=False)
    assert run.rc == OK and len(srv.conns[0].messages) == 1
    assert run.seconds >= 0.2
    assert run.out.count("as --stall has it") == 1
    note_at = run.out.index(f"waiting 0.2 s before {before}")
    said = {"the dot": "> .\n"}.get(before, f"> {before}")
    assert said not in run.out[:note_at], run
    assert said in run.out[note_at:], run


def test_who_hangs_up_while_we_wait_is_seen_at_once():
    def leave(c):
        c.say("250 ok")
        drop(c)

    with Server(dialogue((), MAIL=leave)) as srv:
        run = send(srv.port, "--stall", "rcpt=1h")
    check(run, TEMPFAIL, status="deferred")
    assert run.seconds < 30 and "RCPT" not in verbs(srv)


def test_a_pause_is_no_timeout():
    with Server(dialogue(())) as srv:
        run = send(srv.port, "--stall", "rcpt=1200ms", seconds=1)
    check(run, OK, status="delivered")


def test_auth_is_a_relays(tmp_path):
    setup = Setup(tmp_path)
    script = dialogue(CAPS, tls=certificates().context(), AUTH="235 2.7.0 ok")
    with Server(script) as srv:
        setup.relay("work", f"smtp://localhost:{srv.port}", auth="PLAIN")
        run = setup.send("--quit-after", "auth", BOB)
        left = setup.send("--drop-after", "auth", BOB)
    check(run, OK, to=BOB, status="reached", stage="AUTH")
    check(left, OK, to=BOB, status="reached", stage="AUTH")
    assert not any("MAIL" in line for line in srv.lines)
    assert verbs(srv).count("QUIT") == 1


def test_no_login_is_no_success(tmp_path):
    setup = Setup(tmp_path)
    script = dialogue(CAPS, tls=certificates().context())
    with Server(script) as srv:
        setup.relay("work", f"smtp://localhost:{srv.port}", ca=None,
                    user=None)
        run = setup.send("--quit-after", "auth", BOB)
    check(run, CONFIG, to=BOB, status="deferred")
    assert "no login was made" in run.text


@pytest.mark.parametrize("words, said", [
    (["--quit-after", "dot"], "data is wanted"),
    (["--drop-after", "quit"], "data or dot is wanted"),
    (["--stall", "rcpt"], "= and a time"),
    (["--stall", "rcpt="], "= and a time"),
    (["--stall", "rcpt=0"], "= and a time"),
    (["--stall", "auth=1s"], "= and a time"),
    (["--stall", "=1s"], "= and a time"),
    (["--quit-after", "rcpt", "--drop-after", "rcpt"], "exclude each other"),
    (["--drop-after", "rcpt", "--reset-after", "rcpt"], "exclude each other"),
    (["--print", "--stall", "rcpt=1s"], "exclude each other"),
    (["--quit-after", "auth"], "with --relay, not with --server"),
    (["--drop-after", "tls", "--tls", "none"], "--drop-after tls"),
    (["--stall", "tls=1s", "--tls", "none"], "--stall tls")])
def test_words_that_mean_nothing(words, said):
    run = smtpsend("--server", "127.0.0.1", *words, "bob@example.test",
                   json_events=False)
    assert run.rc == USAGE and said in run.err, run
    assert run.err.count("\n") == 1
