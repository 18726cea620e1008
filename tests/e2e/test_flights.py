# SPDX-License-Identifier: ISC
"""Round trips, counted by flights (DESIGN 5, issue 2).

The server answers only when the last command of a flight has come, then proves
by waiting that nothing comes behind it.  From SYN to knowing the result a client
needs one round trip for the connection and one for each of the server's turns.
"""

import pytest

from fakedns import FakeDns
from faults_support import (MESSAGE, OK, Server, World, big_message,
                            certificates, check, send)

ONE = ("bob@example.test",)
FIFTY = tuple(f"r{i}@example.test" for i in range(50))

everybody = pytest.mark.parametrize("to", [ONE, FIFTY], ids=["1", "50"])


def connect(c, caps):
    """Greeting and EHLO."""
    c.quiet()
    c.say("220 mx.example.test ESMTP")
    hello(c, caps)


def hello(c, caps):
    c.flight("EHLO client.test")
    lines = ["mx.example.test", "PIPELINING", *caps]
    c.say(*["250-" + x for x in lines[:-1]], "250 " + lines[-1])


def transaction(c, to, caps):
    """MAIL to the final reply; sets c.result to the turns it took."""
    if "CHUNKING" in caps:
        c.expect("MAIL FROM:<alice@client.test>",
                 *[f"RCPT TO:<{x}>" for x in to])
        assert c.bdat(), "one chunk is enough"
        c.quiet()
        assert c.message == MESSAGE
        c.say("250 2.1.0 ok", *["250 2.1.5 ok"] * len(to),
              "250 2.0.0 taken as 1a2b")
    else:
        c.flight("MAIL FROM:<alice@client.test>",
                 *[f"RCPT TO:<{x}>" for x in to], "DATA")
        c.say("250 2.1.0 ok", *["250 2.1.5 ok"] * len(to), "354 go")
        assert c.data() == MESSAGE
        c.quiet()
        c.say("250 2.0.0 taken as 1a2b")
    c.result = c.turns
    c.expect("QUIT")
    c.say("221 2.0.0 bye")
    c.wait_end()


def count(script, to, *args, server="smtp"):
    """Run it; the round trips from SYN to the result."""
    with Server(script) as srv:
        run = send(srv.port, *args, to=to, server=server, seconds=10)
        srv.settle()
        assert not srv.errors, f"{srv.errors[0]}\n{run}"
        for address in to:
            check(run, OK, to=address, status="delivered", code=250)
        assert len(srv.conns) == 1
    c = srv.conns[0]
    return 1 + c.result


@everybody
def test_plain_chunking_is_4(to):
    def script(c):
        connect(c, ["CHUNKING"])
        transaction(c, to, ["CHUNKING"])

    assert count(script, to) == 4


@everybody
def test_plain_data_is_5(to):
    def script(c):
        connect(c, [])
        transaction(c, to, [])

    assert count(script, to) == 5


def secured(c, to, caps):
    connect(c, ["STARTTLS", *caps])
    c.flight("STARTTLS")
    c.say("220 go")
    c.starttls(certificates().context())
    assert c.tls_version == "TLSv1.3"
    assert c.buf or c.tls, "no TLS"
    # Finished and EHLO come together; the tickets leave with the reply
    hello(c, caps)
    transaction(c, to, caps)


@everybody
def test_starttls_chunking_is_7(to):
    assert count(lambda c: secured(c, to, ["CHUNKING"]), to, "--tls",
                 "verify", "--ca", certificates().ca) == 7


@everybody
def test_starttls_data_is_8(to):
    assert count(lambda c: secured(c, to, []), to, "--tls", "encrypt") == 8


def implicit(c, to, caps):
    c.starttls(certificates().context())
    connect(c, caps)
    transaction(c, to, caps)


@everybody
def test_smtps_chunking_is_5(to):
    assert count(lambda c: implicit(c, to, ["CHUNKING"]), to,
                 server="smtps") == 5


@everybody
def test_smtps_data_is_6(to):
    assert count(lambda c: implicit(c, to, []), to, server="smtps") == 6


def test_finished_and_ehlo_in_one_write():
    """DESIGN 6: in two writes they cost a whole round trip on a long link."""
    def script(c):
        connect(c, ["STARTTLS"])
        c.flight("STARTTLS")
        c.say("220 go")
        reads = []
        real = c.raw_recv

        def counted(timeout=20):
            got = real(timeout)
            reads.append(got)
            return got

        c.raw_recv = counted
        c.starttls(certificates().context())
        n = len(reads)      # the last of these held Finished
        hello(c, [])
        assert len(reads) == n, "EHLO did not come with Finished"
        transaction(c, ONE, [])

    assert count(script, ONE, "--tls", "encrypt") == 8


def test_large_body_waits_for_the_recipients():
    """6 with CHUNKING: what exceeds the first window is sent when wanted."""
    message = big_message(300000)

    def script(c):
        connect(c, ["CHUNKING"])
        c.flight("MAIL FROM:", "RCPT TO:")
        c.say("250 ok", "250 ok")
        while not c.bdat():
            c.say("250 ok")
        c.quiet()
        assert c.message == message
        c.say("250 2.0.0 ok")
        c.result = c.turns
        c.expect("QUIT")
        c.say("221 2.0.0 bye")
        c.wait_end()

    with Server(script) as srv:
        run = send(srv.port, stdin=message)
    check(run, OK, status="delivered")
    assert 1 + srv.conns[0].result == 5


def test_nothing_behind_the_final_dot():
    """Not even QUIT, however long the reply takes."""
    def script(c):
        connect(c, [])
        c.flight("MAIL", "RCPT", "DATA")
        c.say("250 ok", "250 ok", "354 go")
        c.data()
        c.quiet(1.0)
        c.say("250 2.0.0 ok")
        c.expect("QUIT")
        c.wait_end()

    with Server(script) as srv:
        run = send(srv.port)
    check(run, OK, status="delivered")


def test_quit_is_sent_but_not_awaited():
    def script(c):
        connect(c, [])
        c.flight("MAIL", "RCPT", "DATA")
        c.say("250 ok", "250 ok", "354 go")
        c.data()
        c.say("250 2.0.0 ok")
        c.expect("QUIT")
        c.wait_end()

    with Server(script) as srv:
        run = send(srv.port, seconds=30, json_events=False)
    assert run.rc == OK, run
    assert srv.conns[0].end == "fin"
    assert run.seconds < 1.5, run


def test_two_dns_rounds():
    """MX, A and AAAA of the domain; A and AAAA of the hosts."""
    with World() as w:
        w.mx(10, lambda c: (connect(c, []), transaction(c, ONE, [])))
        w.mx(20, lambda c: None)
        w.dns.expect_rounds(
            {("example.test", t) for t in ("MX", "A", "AAAA")},
            {(f"mx{i}.example.test", t) for i in (1, 2)
             for t in ("A", "AAAA")})
        run = w.send()
    check(run, OK, status="delivered")
    assert len(w.dns.rounds) == 2, w.dns.rounds
    assert w.dns.rounds[0] == {("example.test", t)
                               for t in ("MX", "A", "AAAA")}
    assert w.dns.count() == 7, [(q.name, q.kind) for q in w.dns.asked]


def test_two_dns_rounds_for_many_domains():
    """All destinations at once."""
    domains = [f"d{i}.test" for i in range(5)]
    with World() as w:
        for d in domains:
            w.mx(10, lambda c: (connect(c, []), None), domain=d)
        w.dns.expect_rounds(
            {(d, t) for d in domains for t in ("MX", "A", "AAAA")},
            {(f"mx{i + 1}.example.test", t) for i in range(5)
             for t in ("A", "AAAA")})
        w.send("--explain", to=[f"bob@{d}" for d in domains])
    assert len(w.dns.rounds) == 2, w.dns.rounds
    assert w.dns.count() == 25


def test_implicit_mx_is_one_round():
    """The addresses of the domain were asked for along with its MX."""
    with World() as w:
        w.host("example.test",
               lambda c: (connect(c, []), transaction(c, ONE, [])))
        w.dns.expect_rounds({("example.test", t)
                             for t in ("MX", "A", "AAAA")})
        run = w.send()
    check(run, OK, status="delivered")
    assert len(w.dns.rounds) == 1, w.dns.rounds


def test_the_same_question_once():
    """Two domains with one MX host: its addresses are asked for once."""
    with World() as w, FakeDns():
        server = w.mx(10, lambda c: (connect(c, []), None))
        w.dns.add("other.test", "MX", (10, "mx1.example.test"))
        w.send("--explain", to=("bob@example.test", "bob@other.test"))
    assert not server.conns
    assert w.dns.count("mx1.example.test", "A") == 1
