# SPDX-License-Identifier: ISC
"""Nothing holds up the loop of the queue: what is large is done a little in a
turn, and no turn waits for the disk.  A turn lies between two calls of poll()."""

import re
import tempfile

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
        self.wrap = ["strace", "-f", "-qq", "-s", "0", "-e", "trace=poll,"
                     "pwrite64,fsync,fdatasync,sync_file_range,ftruncate",
                     "-o", self.log.name]

    def calls(self):
        self.log.seek(0)
        lines = [line.split(maxsplit=1) for line in self.log
                 if "resumed" not in line]
        first = min(int(pid) for pid, _ in lines)
        return [what for pid, what in lines if int(pid) == first]

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
