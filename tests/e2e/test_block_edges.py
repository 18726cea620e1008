# SPDX-License-Identifier: ISC
"""A message whose last octet ends a block: when has the server all of it?

The moment is short, so each way is tried some times over; what is counted is
exact: one copy, and the verdict of whoever has it (FAULTS row 51).
"""

import pytest

import conftest
from faults_support import MESSAGE, OK, TEMPFAIL, Server, World, check, send
from scripted import dialogue, drop, rst
from servers.sink import Sink

BLOCK = 65536
HEAD = MESSAGE.partition(b"\r\n\r\n")[0]
CHUNKED = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING")
TIMES = 20


def columns(size):
    """A body of so many octets in lines of 75 columns."""
    line = b"x" * 75 + b"\n"
    return (line * (size // len(line) + 1))[:size]


EDGES = {
    "a block of body": MESSAGE.replace(b"\r\n", b"\n") + columns(BLOCK - 6),
    "just a block of body": HEAD.replace(b"\r\n", b"\n") + b"\n\n" +
                            columns(BLOCK),
    "two blocks": HEAD.replace(b"\r\n", b"\n") + b"\n\n" + columns(2 * BLOCK),
    "a block of head, no body": HEAD + b"\r\nX-Long: " + b"\r\n ".join(
        [b"y" * 70] * 900) + b"\r\n\r\n",
}

edges = pytest.mark.parametrize("message", EDGES.values(), ids=EDGES.keys())
caps = pytest.mark.parametrize("caps", [CHUNKED, CHUNKED[:-1]],
                               ids=["BDAT", "DATA"])


@edges
def test_what_the_sink_has_is_delivered(tmp_path, message):
    """Our own sink: with CHUNKING, and as fast as it can be."""
    with Sink(tmp_path / "sink", conftest.BINARY) as sink:
        sink.mark()
        for _ in range(TIMES):
            check(send(sink.port, stdin=message), OK, status="delivered")
        assert len(sink.stored(TIMES)) == TIMES


@edges
@caps
def test_a_quick_250(message, caps):
    with Server(dialogue(caps)) as srv:
        for _ in range(TIMES):
            check(send(srv.port, stdin=message), OK, status="delivered",
                  code=250)
        assert len([m for c in srv.conns for m in c.messages]) == TIMES


@edges
@caps
@pytest.mark.parametrize("action", [drop, rst], ids=["FIN", "RST"])
def test_a_quick_close_is_perhaps_sent(message, caps, action):
    """... so the other host gets no second copy."""
    with World() as w:
        first = w.mx(10, dialogue(caps, DOT=action))
        second = w.mx(20, dialogue(caps))
        for _ in range(TIMES // 4):
            run = w.send(stdin=message)
            check(run, TEMPFAIL, status="deferred", maybe_sent=True)
    assert all(c.final_dot for c in first.conns)
    assert not second.conns, "a second copy"
