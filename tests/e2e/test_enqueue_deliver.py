# SPDX-License-Identifier: ISC
"""From the queue to a server, with no daemon: -odb, -odi, -v, --wait and
--queue-on-defer."""

import json
import re
import time

import pytest

from faults_support import Server
from queue_support import SPOOL_UID, Box, wait_for
from scripted import deaf, dialogue

TO = "bob@example.org"
LATER = dialogue(RCPT="451 4.3.0 later")


def refuse_bob(c):
    """... for ever; others, as who gets his bounce, only now."""
    c.say("550 5.1.1 nobody here" if "bob@" in c.lines[-1]
          else "451 4.3.0 later")


NEVER = dialogue(RCPT=refuse_bob)


@pytest.fixture
def served(machine):
    """served(script, ...): a box whose mail goes to a server of that script."""
    servers = []

    def make(*scripts, queue="", **how):
        server = Server(*(scripts or (dialogue(),)))
        servers.append(server)
        server.__enter__()
        box = Box(machine, queue=queue,
                  config=f"server = 127.0.0.1:{server.port}\ntimeout = 5s",
                  **how)
        box.server = server
        return box
    yield make
    for server in servers:
        server.__exit__(None, None, None)


@pytest.mark.parametrize("words", [[], ["-odb"], ["-O", "DeliveryMode=b"]],
                         ids=" ".join)
def test_in_the_background(served, words):
    box = served()
    run = box.sendmail(*words, TO)
    assert (run.rc, run.out, run.err) == (0, "", ""), run
    wait_for(lambda: not box.queue())
    assert not box.strangers()


def test_the_child_holds_nobody_up(served):
    """Who reads our output sees its end, while the server says nothing."""
    box = served(deaf)
    began = time.monotonic()
    run = box.sendmail(TO)
    assert run.rc == 0, run
    assert time.monotonic() - began < 3
    assert [m.rcpts for m in box.queue()] == [[TO]]


@pytest.mark.parametrize("words", [["-odq"], ["-odd"], ["-bq"],
                                   ["-Qlook at it"]], ids=" ".join)
def test_not_now(served, words):
    box = served()
    assert box.sendmail(*words, TO).rc == 0
    time.sleep(0.3)
    assert len(box.queue()) == 1
    assert not box.server.conns


def test_interactive(served):
    box = served()
    run = box.sendmail("-odi", "-oem", TO)
    assert (run.rc, run.out, run.err) == (0, "", ""), run
    assert box.queue() == []
    assert len(box.server.conns) == 1


def test_interactive_and_deferred(served):
    """It is safe, as ever: 0, as Sendmail has it."""
    box = served(LATER)
    run = box.sendmail("-odi", TO)
    assert (run.rc, run.err) == (0, ""), run
    assert [m.rcpts for m in box.queue()] == [[TO]]


def test_interactive_and_refused(served):
    """The caller is told, and his mail comes back."""
    box = served(NEVER)
    run = box.sendmail("-odi", "-f", "me@x.org", TO)
    assert run.rc == 67, run
    assert "550 5.1.1 nobody here" in run.err
    [bounce] = box.queue()
    assert (bounce.sender, bounce.rcpts) == ("", ["me@x.org"])
    assert not box.strangers()


@pytest.mark.parametrize("mode, rc", [("-oem", 67), ("-oee", 0)])
def test_interactive_and_mailed_back(served, mode, rc):
    """The bounce says it, so stderr does not."""
    box = served(NEVER)
    run = box.sendmail("-odi", mode, "-f", "me@x.org", TO)
    assert (run.rc, run.err) == (rc, ""), run
    assert [m.rcpts for m in box.queue()] == [["me@x.org"]]


def test_wait(served):
    box = served()
    run = box.smtpsend("--wait", "--json", TO)
    assert run.rc == 0, run
    assert '"status":"delivered"' in run.out
    assert box.queue() == []


@pytest.mark.parametrize("script, rc, says", [
    (LATER, 75, "451 4.3.0 later"), (NEVER, 67, "550 5.1.1 nobody here")],
    ids=["later", "never"])
def test_wait_for_bad_news(served, script, rc, says):
    box = served(script)
    run = box.smtpsend("--wait", "-f", "me@x.org", TO)
    assert run.rc == rc and says in run.err, run
    [left] = box.queue()
    assert "nothing was queued" not in run.err
    if rc == 75:
        assert f"it stays in the queue as {left.id}" in run.err
        assert left.rcpts == [TO]
    else:
        assert left.rcpts == ["me@x.org"]


def test_wait_no_longer(served):
    box = served(deaf)
    began = time.monotonic()
    run = box.smtpsend("--wait=1", TO)
    assert run.rc == 75, run
    assert time.monotonic() - began < 4.5
    [left] = box.queue()
    assert f"it stays in the queue as {left.id}" in run.err


def test_wait_needs_no_queue(machine):
    with Server(dialogue()) as server:
        box = Box(machine, spool=False,
                  config=f"server = 127.0.0.1:{server.port}")
        assert box.smtpsend("--wait", TO).rc == 0
        assert len(server.conns) == 1


def test_queue_on_defer(served):
    box = served(LATER)
    run = box.smtpsend("--queue-on-defer", "--json", TO)
    assert run.rc == 0, run
    [left] = box.queue()
    result = json.loads(run.out.splitlines()[-1])
    assert (result["status"], result["queue_id"], result["code"],
            result["text"]) == ("queued", left.id, 451, "later")
    assert not box.strangers()


def test_queue_on_defer_queues_nobody_else(served):
    some = dialogue(RCPT=["250 2.1.5 ok", "451 4.3.0 later",
                          "550 5.1.1 nobody here"])
    box = served(some)
    run = box.smtpsend("--queue-on-defer", "a@x.org", "b@x.org", "c@x.org")
    assert run.rc == 67, run
    assert "b@x.org" not in run.err and "c@x.org" in run.err
    [left] = box.queue()	# for the next step, not for at once
    assert left.rcpts == ["b@x.org"]
    assert 40 < left.not_before - left.created < 90
    assert len(box.server.conns) == 1


def test_queue_on_defer_without_a_queue(machine):
    with Server(LATER) as server:
        box = Box(machine, spool=False,
                  config=f"server = 127.0.0.1:{server.port}")
        run = box.smtpsend("--queue-on-defer", TO)
    assert run.rc == 75, run
    assert run.err.endswith(
        "smtpsend: nothing was queued: this machine has no queue\n"), run


def test_verbose_is_a_dialogue(served):
    """What was not delivered now is queued all the same."""
    box = served(LATER)
    run = box.sendmail("-v", TO)
    assert run.rc == 0, run
    assert "RCPT TO:<bob@example.org>" in run.out
    [left] = box.queue()
    assert re.search(rf"{TO}: queued.*, queue id {left.id}", run.out), run


def test_a_user_s_own_way_on_defer(served):
    """... is told why nothing was queued."""
    box = served(LATER)
    own = box.folder / "own.conf"
    own.write_text(f"server = 127.0.0.1:{box.server.port}\n")
    run = box.smtpsend("--config", str(own), "--queue-on-defer", TO)
    assert run.rc == 75, run
    assert "nothing was queued: your own configuration says" in run.err


def test_nothing_that_enqueuing_does_not_need_is_mapped(served):
    box = served()
    trace = box.folder / "trace"
    run = box.sendmail("-odq", TO, shell=f"strace -e trace=openat,mmap "
                       f'-o {trace} "$@"')
    assert run.rc == 0, run
    text = trace.read_text()
    for name in ("libssl", "libcrypto", "libldns", "libidn2", "libcurl",
                 "smtpsend-net"):
        assert name not in text, name


def test_the_owner_of_the_spool_does_the_same(served):
    box = served()
    assert box.sendmail("-odi", TO, uid=SPOOL_UID).rc == 0
    assert box.queue() == []
