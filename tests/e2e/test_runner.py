# SPDX-License-Identifier: ISC
"""The queue is run: each recipient gets what he is to get, once, whatever dies.

FAULTS rows 49 and 64 (the text cannot be read), 59 (a crash in the middle), 63
(a verdict cannot be recorded), 71 (signals), 78 (two runners), 86.
"""

import os
import re
import signal
import time

import pytest

import conftest
from faults_support import Strace, closed_port
from queue_support import SPOOL_UID, wait_for
from runner_support import QUICK, QueueBox
from scripted import Server, dialogue, rst, stall

TO = "bob@example.org"


def taken(*servers):
    """The subjects that the servers took, one for each message."""
    return sorted(re.search(rb"Subject: (.*)\r", text).group(1).decode()
                  for srv in servers for c in srv.conns
                  for text in c.messages)


def rcpts(srv):
    return [re.search("<(.*)>", line).group(1) for line in srv.lines
            if line.startswith("RCPT")]


def test_what_is_queued_is_delivered(machine):
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        for n in range(3):
            box.put(TO, text=b"Subject: %d\n\nhello\n" % n)
        run = box.q()
        assert (run.rc, run.out, run.err) == (0, "", "")
        assert box.queue() == []
    assert taken(srv) == ["0", "1", "2"]
    assert not box.strangers()


def test_without_a_queue_there_is_nothing_to_do(machine):
    box = QueueBox(machine, 1, spool=False)
    assert (box.q().rc, box.q("-v").rc) == (0, 0)


def test_a_stranger_may_not(machine):
    box = QueueBox(machine, 1)
    box.put(TO)
    run = box.q(uid=4321)
    assert run.rc == 77 and "not yours" in run.err, run
    assert box.states() == ["P"]


@pytest.mark.parametrize("words", [["sendmail", "-q"], ["sendmail", "-qf"],
                                   ["runq"]], ids=" ".join)
def test_whoever_runs_it_has_no_say_where_it_goes(machine, words):
    """The configuration of the spool's owner himself is none of the queue's."""
    with Server(dialogue()) as srv, Server(dialogue()) as other:
        box = QueueBox(machine, srv.port)
        (box.bin / "runq").symlink_to(conftest.BINARY)
        box.put(TO)
        home = box.folder / "home"
        folder = home / ".config/smtpsend"
        folder.mkdir(parents=True)
        (folder / "smtpsend.conf").write_text(
            f"server = 127.0.0.1:{other.port}\n")
        for p in (home, *home.rglob("*")):
            os.chown(p, SPOOL_UID, SPOOL_UID)
            p.chmod(0o700)
        run = box.command(*words, uid=SPOOL_UID, env={"HOME": str(home)},
                          stdin=b"")
        assert (run.rc, run.err) == (0, ""), run
        assert taken(srv) == ["hi"] and taken(other) == []


def test_one_of_three_is_deferred(machine):
    three = ("a@example.org", "b@example.org", "c@example.org")
    replies = ["250 ok", "451 4.3.0 later", "250 ok"]
    with Server(dialogue(RCPT=replies), dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put(*three)
        assert box.q().rc == 0
        assert box.states() == ["DPD"]
        assert '"text":"later"' in box.words(), box.words()
        assert box.q().rc == 0
        assert box.queue() == []
    assert rcpts(srv) == [*three, "b@example.org"]


def test_verdicts_on_two_servers_survive_a_crash(machine):
    """Killed when two of four have it: only the others are tried again."""
    with Server(dialogue()) as up, Server(dialogue(MAIL=stall),
                                          dialogue()) as slow:
        box = QueueBox(machine, config=(
            f"[domain up.example]\nserver = 127.0.0.1\nport = {up.port}\n"
            f"[domain slow.example]\nserver = 127.0.0.1\n"
            f"port = {slow.port}\n"))
        box.put("a@up.example", "b@slow.example", "c@up.example",
                "d@slow.example")
        with box.process("sendmail", "-q") as p:
            wait_for(lambda: box.states() == ["DPDP"])
            wait_for(lambda: any("MAIL" in line for line in slow.lines))
            p.kill()
        assert box.states() == ["DPDP"]
        assert box.q().rc == 0
        assert box.queue() == []
    assert rcpts(up) == ["a@up.example", "c@up.example"]
    assert rcpts(slow)[-2:] == ["b@slow.example", "d@slow.example"]
    assert len(taken(up)) == len(taken(slow)) == 1


def test_the_lane_waits_for_the_record(machine):
    """The next mail of a connection begins after the one before is safe."""
    seen = []

    def reply(c):
        seen.append("".join(sorted(box.states())))
        c.say("250 ok")

    with Server(dialogue(MAIL=reply)) as srv:
        box = QueueBox(machine, srv.port,
                       queue=QUICK + "site-lanes = 1\n")
        box.put("a@example.org")
        box.put("b@example.org")
        assert box.q().rc == 0
    assert len(srv.conns) == 1
    # the first is gone, or at least marked, when the second is begun
    assert seen in (["PP", "P"], ["PP", "DP"]), seen


def test_it_is_recorded_before_anybody_is_asked(machine):
    """Killed at each try, it backs off: the attempt counts already."""
    with Server(stall) as srv:
        box = QueueBox(machine, srv.port)
        box.put(TO)
        runs = []
        for n in range(3):
            with box.process("sendmail", "-q") as p:
                wait_for(lambda n=n: len(srv.conns) > n)
                p.kill()
            runs.append(newest_runs(box))
    assert runs == [1, 2, 3]


def newest_runs(box):
    data = box.files()[0].read_bytes()
    bank = 4096
    return max((int.from_bytes(data[4096 + b * bank:][:4], "little"),
                int.from_bytes(data[4096 + b * bank + 8:][:4], "little"))
               for b in (0, 1))[1]


@pytest.mark.parametrize("ask,want", [
    (("-qRann",), "ann"), (("-q!Rann",), "bob"), (("-qSnobody",), ""),
    (("-qSme@",), "ann bob"), (("-q!Sme@",), ""), (("-qI01",), "ann bob"),
    (("-qf",), "ann bob")])
def test_only_some_of_them(machine, ask, want):
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put("ann@example.org")
        box.put("bob@example.org")
        run = box.command("sendmail", *ask, stdin=b"")
        assert (run.rc, run.err) == (0, "")
    assert sorted(r.split("@")[0] for r in rcpts(srv)) == want.split()


def test_three_runners(machine):
    """Each message once."""
    many = 600 if conftest.LONG else 60
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        for n in range(many):
            box.put(TO, text=b"Subject: %03d\n\nhello\n" % n)
        running = [box.process("sendmail", "-q") for _ in range(3)]
        assert [p.wait(60) for p in running] == [0, 0, 0]
        assert box.queue() == []
    assert taken(srv) == ["%03d" % n for n in range(many)]


def test_a_stopped_runner_keeps_what_it_has(machine):
    """FAULTS 78: the other one passes it by, and it is not sent twice."""
    with Server(dialogue(DATA=stall), dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put("a@example.org", text=b"Subject: one\n\nhello\n")
        with box.process("sendmail", "-q") as p:
            wait_for(lambda: "DATA" in srv.lines)
            p.send_signal(signal.SIGSTOP)
            box.put("b@example.org", text=b"Subject: two\n\nhello\n")
            begun = time.monotonic()
            assert box.q().rc == 0
            assert time.monotonic() - begun < 10
            assert box.states() == ["P"]        # the stopped one's
            p.send_signal(signal.SIGCONT)
            srv.conns[0].sock.shutdown(2)
            assert p.wait(20) == 0
    assert rcpts(srv).count("b@example.org") == 1


def test_nobody_answers_in_dns(machine):
    box = QueueBox(machine, config=(
        f"resolver = 127.0.0.1:{closed_port()}\n"))
    box.put(TO)
    run = box.q()
    assert (run.rc, run.out, run.err) == (0, "", "")
    assert box.states() == ["P"]
    assert '"stage":"DNS' in box.words(), box.words()


def test_a_text_that_is_damaged_is_not_sent(machine):
    """FAULTS 49: no final dot; out of the way, for a person to look at."""
    big = b"Subject: x\n\n" + b"x" * 70 + b"\n" + b"hello\n" * 60000
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put(TO, text=big)
        path, = box.files()
        with open(path, "r+b") as f:
            f.seek(200000)
            f.write(b"HELLO")
        run = box.q()
        assert run.rc == 74, run
        assert box.queue() == []
        assert (box.spool / "corrupt" / path.name).exists()
        assert box.q().rc == 0
    assert not any(c.final_dot for c in srv.conns)
    assert box.smtpsend("--queue", "status").rc == 1
    why = box.smtpsend("--queue", "why", path.name)
    assert "corrupt/" in why.out and "are not what was written" in why.out
    assert box.smtpsend("--queue", "release", path.name).rc == 0
    assert path.exists()
    assert box.smtpsend("--queue", "rm", path.name).rc == 0
    assert not [p for p in box.spool.rglob("*") if path.name in p.name]


def test_a_text_that_the_disk_refuses(machine):
    """FAULTS 49, 64: once, it is deferred; twice, it is out of the way."""
    big = b"Subject: x\n\n" + b"hello\n" * 60000
    for times in (1, 2):
        with Server(dialogue()) as srv:
            box = QueueBox(machine, srv.port)
            box.put(TO, text=big)
            path, = box.files()
            for _ in range(times):
                # header and trailer are read twice before the text
                wrap = Strace("pread64:error=EIO:when=5+", path=str(path))
                run = box.q(wrap=wrap)
                assert wrap.injected() > 0
                assert not any(c.final_dot for c in srv.conns)
            bad = (box.spool / "corrupt" / path.name).exists()
            assert (run.rc, bad) == ((0, False) if times == 1 else (74, True))
            assert box.q().rc == 0
        assert len(taken(srv)) == 2 - times


@pytest.mark.parametrize("when", ["1+", "2+"])
def test_a_message_that_the_disk_refuses(machine, when):
    """Its header, or its end: the next -q that finds it so puts it aside; one
    that can read it in between sends it."""
    big = b"Subject: x\n\n" + b"hello\n" * 60000
    for between in (False, True):
        with Server(dialogue(RCPT="450 4.2.0 later")) as srv:
            box = QueueBox(machine, srv.port)
            box.put(TO, text=big)
            path, = box.files()
            for again in (False, True):
                wrap = Strace(f"pread64:error=EIO:when={when}", path=str(path))
                run = box.q(wrap=wrap)
                assert wrap.injected() > 0
                bad = (box.spool / "corrupt" / path.name).exists()
                assert bad == (again and not between)
                assert (run.rc, path.exists()) == (75, not bad), run
                if between:
                    assert box.q().rc == 0 and path.exists()
            assert len(srv.conns) == (2 if between else 0)
        why = box.smtpsend("--queue", "why", path.name)
        assert "Input/output error" in why.out
        assert ("corrupt/" in why.out) != between
        box.smtpsend("--queue", "rm", path.name)


def test_a_delivery_that_cannot_be_recorded(machine):
    """FAULTS 63: held/, 74, and never sent again."""
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put(TO)
        # the first is the attempt's; then nothing can be written any more
        wrap = Strace("fdatasync:error=EIO:when=2+")
        run = box.q(wrap=wrap)
        assert wrap.injected() > 0
        assert run.rc == 74, run
        assert box.queue() == []
        assert box.q().rc == 0
        held = list((box.spool / "held").iterdir())
    assert len(held) >= 1
    assert len(taken(srv)) == 1


def test_an_attempt_that_cannot_be_recorded(machine):
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put(TO)
        run = box.q(wrap=Strace("fdatasync:error=EIO"))
        assert run.rc == 74, run
        assert srv.conns == []
        assert box.states() == ["P"]
        assert box.q().rc == 0
    assert len(taken(srv)) == 1


def test_a_message_that_cannot_be_opened(machine):
    """The others go; 75, and nobody waits for it."""
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put("a@example.org")
        box.put("b@example.org")
        path = box.files()[0]
        path.chmod(0)
        run = box.q()
        assert run.rc == 75, run
        assert box.states() == ["P"]
        path.chmod(0o600)
        assert box.q().rc == 0
    assert rcpts(srv) == ["b@example.org", "a@example.org"]


def test_a_broken_configuration_keeps_all(machine):
    """FAULTS 86."""
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put(TO)
        box.configure(box.config + "\nnonsense\n")
        run = box.q()
        assert run.rc == 75 and "stays in the queue" in run.err, run
        assert box.states() == ["P"]
        box.configure(box.config)
        assert box.q().rc == 0
    assert len(taken(srv)) == 1


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle(machine, which):
    """Within 5 s, with 75; it is tried again."""
    with Server(dialogue(MAIL=stall), dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put(TO)
        with box.process("sendmail", "-q") as p:
            wait_for(lambda: any("MAIL" in line for line in srv.lines))
            begun = time.monotonic()
            p.send_signal(which)
            assert p.wait(10) == 75
            assert time.monotonic() - begun < 5
        assert box.states() == ["P"]
        assert box.q().rc == 0
    assert len(taken(srv)) == 1


def test_lost_connections(machine):
    """A server that resets each second connection: nothing is lost."""
    scripts = [dialogue(MAIL=rst), dialogue()]
    with Server(*scripts) as srv:
        box = QueueBox(machine, srv.port)
        for n in range(5):
            box.put(TO, text=b"Subject: %d\n\nhello\n" % n)
        for _ in range(3):
            assert box.q().rc == 0
        assert box.queue() == []
    assert taken(srv) == ["0", "1", "2", "3", "4"]


def test_real_servers(machine, server):
    """Each of 20 messages is there once, and the server's log is clean."""
    box = QueueBox(machine, server.port)
    for n in range(20):
        box.put("bob@example.test", text=b"Subject: %d\n\nhello\n" % n)
    run = box.q()
    assert run.rc == 0, run
    assert box.queue() == []
    assert len({str(m) for m in server.stored(20)}) == 20
    assert len(server.stored(0, 0)) in (0, 20)      # new ones, or all again

