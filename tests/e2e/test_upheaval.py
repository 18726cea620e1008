# SPDX-License-Identifier: ISC
"""The machine sleeps in the middle (FAULTS 73); the program is replaced under
a daemon that runs (FAULTS 90)."""

import shutil
import struct
import subprocess
from pathlib import Path

import conftest
from queue_support import wait_for
from runner_support import QueueBox
from scripted import Server, dialogue
from test_daemon import daemon

TO = "bob@example.org"
HOURS = 8 * 3600
CLOCK = Path(__file__).parents[1] / "queue" / "preload_clock.c"


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_asleep_in_the_middle_of_a_mail(machine):
    """The reply to the dot is 8 hours late: too late, and tried again."""
    box = None

    def sleeps(c):
        c.send(b"220 x.org ESMTP\r\n")
        for verb, reply in ((("EHLO",), b"250 x.org\r\n"),
                            (("MAIL",), b"250 ok\r\n"),
                            (("RCPT",), b"250 ok\r\n"),
                            (("DATA",), b"354 go on\r\n")):
            c.expect(*verb)
            c.send(reply)
        c.data()
        # it waits, with a deadline from before
        wait_for(lambda: hasattr(box, "asleep") and box.asleep())
        (box.folder / "clock").write_bytes(struct.pack("q", HOURS))
        c.send(b"25")
        c.wait_end()

    with Server(sleeps, dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        preload = box.folder / "clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", preload, CLOCK],
                       check=True)
        (box.folder / "clock").write_bytes(struct.pack("q", 0))
        box.put(TO)
        with box.process("sendmail", "-q", LD_PRELOAD=str(preload),
                         CLOCK_FILE=str(box.folder / "clock"),
                         CLOCK_SLEEPS="yes") as p:
            box.asleep = lambda: state(p.pid) == "S"
            assert p.wait(30) == 0
        assert box.states() == ["P"]
        run = box.command("mailq", stdin=b"")
        assert "timed out" in run.out or "no reply" in run.out, str(run)
        assert box.q().rc == 0
        assert box.queue() == []
    assert [len(c.messages) for c in srv.conns] == [1, 1]


def test_replaced_while_it_runs(machine):
    """The old program needs nothing from its folder any more."""
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        build, there = Path(conftest.BINARY).parent, box.folder / "there"
        parts = ("smtpsend", "smtpsend-net.so", "smtpsend-relay.so",
                 "src/net/door.o")      # by which it knows its build folder
        for part in parts:
            (there / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(build / part, there / part)
        link = box.bin / "smtpsend"
        link.unlink()
        link.symlink_to(there / "smtpsend")
        with daemon(box):
            for part in parts:          # as dpkg does: new files
                (there / "new").write_bytes(b"not a program")
                (there / "new").rename(there / part)
            assert box.sendmail("-i", TO, uid=4321).rc == 0
            wait_for(lambda: not box.files())
    assert [len(c.messages) for c in srv.conns] == [1]
