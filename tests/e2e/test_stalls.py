# SPDX-License-Identifier: ISC
"""Nothing holds up the loop of the queue: what is large is done a little in a
turn, and no turn waits for the disk.  A turn lies between two calls of poll()."""

import contextlib
import os
import re
import signal
import subprocess
import tempfile

from queue_support import wait_for
from runner_support import QueueBox
from scripted import Server, dialogue
from test_bounce import mails
from test_forward import ForwardBox

MANY = "recorders = 2\nretry = 1s 1s\nidle = 1s\n"
TURN = 3 << 20	# octets that a turn may write
BIG = b"Subject: big\n\n" + (b"x" * 70 + b"\n") * 120000


class Trace:
    """The turns of the first process of those that ran under it."""

    def __init__(self):
        self.log = tempfile.NamedTemporaryFile(mode="r")
        self.pid = None
        self.wrap = ["strace", "-f", "-qq", "-s", "0", "-e", "trace=poll,"
                     "pwrite64,fsync,fdatasync,sync_file_range,ftruncate",
                     "-o", self.log.name]

    def calls(self):
        self.log.seek(0)
        lines = [line.split(maxsplit=1) for line in self.log
                 if "resumed" not in line]
        self.pid = self.pid or min(int(pid) for pid, _ in lines)
        return [what for pid, what in lines if int(pid) == self.pid]

    def turns(self):
        """The calls of each, but of what comes before the first poll."""
        found = [[]]
        for call in self.calls():
            if call.startswith("poll("):
                found.append([])
            else:
                found[-1].append(call)
        return found[1:]

    def waits(self):
        """What waited for the disk in a turn."""
        return [call for turn in self.turns() for call in turn
                if re.match("f?(data)?sync|ftruncate", call)]

    def written(self):
        """Octets, in each turn."""
        return [sum(int(n) for call in turn for n in re.findall(
            r'pwrite64\(\d+, "[^"]*"\.*, (\d+)', call))
            for turn in self.turns()]


@contextlib.contextmanager
def daemon(box):
    """A daemon that takes requests, and its trace."""
    trace = Trace()
    with subprocess.Popen(
            [*box.machine, *trace.wrap, str(box.bin / "smtpsend"), "--daemon"],
            stdin=subprocess.DEVNULL,
            env=box.machine.environment(HOME="/nonexistent")) as p:
        try:
            wait_for(lambda: all((box.run / n).exists()
                                 for n in ("control", "submit")))
            yield trace
            trace.calls()
            os.kill(trace.pid, signal.SIGTERM)
            assert p.wait(20) == 0
        finally:
            p.kill()


def test_a_large_message_is_forwarded_in_steps(machine):
    with Server(dialogue()) as srv:
        box = ForwardBox(machine, port=srv.port, queue=MANY)
        box.forward("bob", "far@x.test, also@x.test\n")
        box.put("bob", text=BIG)
        trace = Trace()
        assert box.wrapped(trace.wrap, "sendmail", "-q").rc == 0
        box.run_all()
        [(_, rcpts, text)] = mails(srv)
        assert rcpts == ["far@x.test", "also@x.test"]
        assert text.endswith(BIG[-71 * 9:].replace(b"\n", b"\r\n"))
        assert len(text) > len(BIG)
    written = trace.written()
    assert sum(written) > len(BIG) and max(written) < TURN, written
    assert trace.waits() == []


def test_what_mailq_changes_is_recorded_elsewhere(machine):
    """... and so is the end of a message with a key, however large."""
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port, queue=MANY)
        for n in range(6):
            box.smtpsend("--at", "+1h", "--dedupe", f"k{n}", "-f", "me@x.test",
                         "bob@x.test", stdin=BIG)
        for name in ("held", "corrupt", "tmp"): # are made but once
            (box.spool / name).mkdir(mode=0o700)
            os.chown(box.spool / name, *box.spool.stat()[4:6])
        ids = [m.id for m in box.queue()]
        (box.spool / "queue" / ids[5]).rename(box.spool / "held" / ids[5])
        with daemon(box) as trace:
            for words, n in ((("rm", *ids[:2]), 2), (("hold", ids[2]), 1),
                             (("release", *ids[2:4], ids[5]), 3),
                             (("bounce", ids[3]), 1),
                             (("edit-rcpt", ids[4], "bob@x.test", "a@x.test"),
                              1)):
                run = box.command("mailq", *words)
                assert run.rc == 0, run
                assert re.match(f"{n} message", run.out), run
            wait_for(lambda: len(mails(srv)) == 1)      # the report
            wait_for(lambda: len(box.files()) == 3)
            box.smtpsend("--dedupe", "now", "-f", "me@x.test", "bob@x.test",
                         stdin=BIG, uid=1234)
            wait_for(lambda: len(mails(srv)) == 2)
            wait_for(lambda: len(box.files()) == 3)
            for n in (0, 1, 3):
                run = box.smtpsend("--dedupe", f"k{n}", "bob@x.test")
                assert run.rc == 0, run                 # it was there
            assert len(box.files()) == 3
        assert trace.waits() == []
        left = [p for p in (box.spool / "keys").iterdir()
                if p.stat().st_size > len(BIG)]
        assert len(left) == 3
