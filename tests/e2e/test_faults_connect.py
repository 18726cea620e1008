# SPDX-License-Identifier: ISC
"""FAULTS.md rows 21-29: connecting, the greeting, EHLO."""

import os
import resource
import tempfile

import pytest

from faults_support import (OK, TEMPFAIL, Blackhole, Strace, World,
                            big_message, check, closed_port, send)
from scripted import Server, dialogue, drop, raw, raw_then, rst, stall
from worlds import in_own_network


def next_and_alone(script, seconds=5, **want):
    """Beside a good MX the mail goes there; alone it is deferred."""
    with World() as w:
        bad = w.mx(10, script)
        good = w.mx(20, dialogue())
        run = w.send(seconds=seconds)
    check(run, OK, status="delivered", host="mx2.example.test")
    assert len(bad.conns) == 1 and len(good.conns) == 1
    with World() as w:
        bad = w.mx(10, script)
        run = w.send(seconds=seconds)
    check(run, TEMPFAIL, status="deferred", **want)
    assert len(bad.conns) == 1
    assert not [x for x in bad.lines if x.startswith("MAIL")], bad.lines
    return run


def test_row_21_refused_next_mx():
    with World() as w:
        w.mx(10, None)
        good = w.mx(20, dialogue())
        run = w.send()
    check(run, OK, status="delivered", host="mx2.example.test")
    assert len(good.conns) == 1
    assert run.seconds < 3, run


def test_row_21_refused_next_address():
    with World() as w:
        w.dns.add("example.test", "MX", (10, "mx.example.test"))
        w.dns.add("mx.example.test", "A", w.address())
        good = w.host("mx.example.test", dialogue())
        run = w.send()
    check(run, OK, status="delivered")
    assert len(good.conns) == 1


def test_row_21_all_refused():
    with World() as w:
        w.mx(10, None)
        w.mx(20, None)
        run = w.send()
    check(run, TEMPFAIL, status="deferred", code=lambda c: not c,
          enhanced="4.4.1", text=lambda t: "refused" in t)
    for host in ("mx1", "mx2"):
        assert host in run.text, f"no word about {host}\n{run}"


@pytest.mark.parametrize("error, words", [
    ("EHOSTUNREACH", "No route to host"),
    ("ENETUNREACH", "Network is unreachable"),
    ("ECONNRESET", "Connection reset by peer"),
    ("ETIMEDOUT", "Connection timed out"),
])
def test_row_21_unreachable(error, words):
    wrap = Strace(f"connect:error={error}")
    run = send(closed_port(), wrap=wrap)
    assert wrap.injected()
    check(run, TEMPFAIL, status="deferred", enhanced="4.4.1",
          text=lambda t: words in t)


def test_row_22_blackhole_next_mx():
    with World() as w:
        good = w.mx(20, dialogue())
        at = w.address()
        w.dns.add("example.test", "MX", (10, "hole.test"))
        w.dns.add("hole.test", "A", at)
        with Blackhole(at, w.port):
            run = w.send(seconds=1)
    check(run, OK, status="delivered", host="mx1.example.test")
    assert len(good.conns) == 1
    assert 0.9 < run.seconds < 4, run


def test_row_22_blackhole_alone():
    with World() as w:
        at = w.address()
        w.dns.add("example.test", "MX", (10, "hole.test"))
        w.dns.add("hole.test", "A", at)
        with Blackhole(at) as hole:
            w.port = hole.port
            run = w.send(seconds=1)
    check(run, TEMPFAIL, status="deferred", enhanced="4.4.1")
    assert run.seconds < 4, run


def silent_on_port_25(at):
    with World() as w:
        w.dns.add("example.test", "MX", (10, "hole.test"))
        w.dns.add("hole.test", "A", at)
        with Blackhole(at, 25):
            run = w.send(seconds=1, port=False)
            plain = w.send(seconds=1, port=False, json_events=False)
    check(run, TEMPFAIL, status="deferred")
    assert plain.rc == TEMPFAIL, plain
    return plain


@in_own_network("192.0.2.1")
def test_row_22_port_25_is_probably_blocked():
    """Every MX silent on port 25: say so, and name the way out."""
    plain = silent_on_port_25("192.0.2.1")
    assert "25" in plain.err and "blocked" in plain.err, plain
    assert "--relay" in plain.err or "--server" in plain.err, plain


@in_own_network("10.0.0.1")
def test_row_22_a_private_host_is_not_walled_off():
    plain = silent_on_port_25("10.0.0.1")
    assert "blocked" not in plain.err and "firewall" in plain.err, plain


def test_row_22_no_such_advice_when_refused():
    with World() as w:
        w.dns.add("example.test", "MX", (10, "closed.test"))
        w.dns.add("closed.test", "A", w.address())
        plain = w.send(seconds=2, port=False, json_events=False)
    assert plain.rc == TEMPFAIL, plain
    assert "blocked" not in plain.text, plain


def test_row_23_no_descriptors_left():
    """stdin, stdout, stderr, and two more: too few for three questions."""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))

    with World() as w:
        w.mx(10, dialogue())
        run = w.send(before=few, seconds=2)
    if run.rc != OK:    # one that asks in turn may well get through
        check(run, TEMPFAIL, status="deferred",
              text=lambda t: "Too many open files" in t)


@pytest.mark.parametrize("error, words", [
    ("EMFILE", "Too many open files"),
    ("ENFILE", "Too many open files in system"),
    ("ENOBUFS", "No buffer space available"),
    ("ENOMEM", "Cannot allocate memory"),
])
def test_row_23_no_socket(error, words):
    with Server(dialogue()) as srv:
        wrap = Strace(f"socket:error={error}")
        run = send(srv.port, wrap=wrap)
    assert wrap.injected()
    check(run, TEMPFAIL, status="deferred", text=lambda t: words in t)
    assert not srv.conns


@pytest.mark.parametrize("error", ["EADDRNOTAVAIL", "ENOBUFS", "EAGAIN",
                                   "EADDRINUSE"])
def test_row_23_connect_fails_locally(error):
    with Server(dialogue()) as srv:
        wrap = Strace(f"connect:error={error}")
        run = send(srv.port, wrap=wrap)
    assert wrap.injected()
    check(run, TEMPFAIL, status="deferred", code=lambda c: not c)


def test_row_23_source_is_not_ours():
    with Server(dialogue()) as srv:
        run = send(srv.port, "--source", "203.0.113.99")
    check(run, TEMPFAIL, status="deferred",
          text=lambda t: "Cannot assign requested address" in t)
    assert not srv.conns


def test_row_24_our_own_name_in_the_greeting():
    with Server(dialogue(CONNECT="220 client.test ESMTP")) as srv:
        run = send(srv.port)
    check(run, OK, status="delivered")
    assert srv.conns[0].final_dot


@pytest.mark.parametrize("line", ["554 5.7.1 no", "521 5.3.2 no mail here",
                                  "554-no\n554 never"])
def test_row_25_refused_by_greeting(line):
    next_and_alone(dialogue(CONNECT=line), code=int(line[:3]),
                   stage="greeting")


@pytest.mark.parametrize("line", ["421 4.3.2 busy", "450 later", "451 4.0.0"])
def test_row_26_later_by_greeting(line):
    next_and_alone(dialogue(CONNECT=line), code=int(line[:3]),
                   stage="greeting")


GREETINGS = {
    "fin": drop,
    "rst": rst,
    "half a line, fin": raw_then("220 mx.exa", drop),
    "half a line, rst": raw_then("220 mx.exa", rst),
    "garbage": raw_then(bytes(range(256)) + b"\r\n", stall),
    "http": raw_then("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", drop),
    "tls": raw_then(b"\x16\x03\x01\x00\x05hello\x15\x03\x03\0\2\2\x28\n",
                    stall),
    "ssh": raw_then("SSH-2.0-OpenSSH_9.2\r\n", stall),
    "221": raw_then("221 hello\r\n", stall),
    "long line": raw_then("220 " + "x" * 100000 + "\r\n", stall),
    "endless line": raw_then("220 " + "x" * 5000000, stall),
    "endless reply": raw_then("220-x\r\n" * 100000, stall),
    "mixed codes": raw_then("220-x\r\n554 y\r\n", stall),
}


@pytest.mark.parametrize("what", GREETINGS)
def test_row_27_no_greeting(what):
    run = next_and_alone(dialogue(CONNECT=GREETINGS[what]))
    assert run.seconds < 4, run


def test_row_28_stall():
    run = next_and_alone(stall, seconds=1, stage="greeting")
    assert 0.9 < run.seconds < 3, run


def test_row_28_drip():
    """The deadline is the phase's: dripping octets do not extend it."""
    def drip(c):
        c.drip(b"220-" + b"a" * 500, 0.2)

    run = next_and_alone(drip, seconds=1, stage="greeting")
    assert 0.9 < run.seconds < 3, run


def test_row_28_drip_of_whole_lines():
    def drip(c):
        while True:
            c.say("220-patience")
            if c.server.closing.wait(0.2):
                return

    run = next_and_alone(drip, seconds=1, stage="greeting")
    assert 0.9 < run.seconds < 3, run


def test_the_first_digit_decides():
    """RFC 5321 4.2, 4.3.2: no code is asked for by its other digits."""
    odd = {"CONNECT": "200 hi", "EHLO": "251-mx\n251 PIPELINING",
           "MAIL": "200 ok", "RCPT": "299 ok", "DATA": "351 go",
           "DOT": "240 2.0.0 taken"}
    with Server(dialogue(**odd)) as srv:
        run = send(srv.port)
    check(run, OK, status="delivered", code=240)
    assert len(srv.conns[0].messages) == 1


@pytest.mark.parametrize("reply", ["500 what?", "502 5.5.1 no", "550 no"])
def test_row_29_helo(reply):
    with Server(dialogue(EHLO=reply)) as srv:
        run = send(srv.port)
    check(run, OK, status="delivered")
    c = srv.conns[0]
    assert c.lines[:3] == ["EHLO client.test", "HELO client.test",
                           "MAIL FROM:<alice@client.test>"]


def test_row_29_421_to_ehlo():
    next_and_alone(dialogue(EHLO=raw_then("421 4.3.2 go away\r\n", drop)),
                   code=421)


def test_row_29_ehlo_and_helo_refused():
    next_and_alone(dialogue(EHLO="550 no", HELO="550 never"))


def test_row_29_malformed_keywords():
    lines = "\n".join(["250-", "250-mx.example.test", "250-SIZE -5",
                       "250-SIZE 99999999999999999999999999", "250-\x01\x02",
                       "250- 8BITMIME", "250-LIMITS RCPTMAX=x MAILMAX=",
                       "250-AUTH=", "250-" + "X" * 400, "250 "])
    with Server(dialogue(EHLO=lines)) as srv:
        run = send(srv.port)
    check(run, OK, status="delivered")
    assert srv.conns[0].final_dot


def test_row_29_128_lines_are_borne():
    lines = "250-mx\r\n" + "250-X-NO-SUCH\r\n" * 126 + "250 X-LAST\r\n"
    with Server(dialogue(EHLO=raw(lines))) as srv:
        run = send(srv.port)
    check(run, OK, status="delivered")


def test_row_29_more_than_128_lines():
    lines = "250-mx\r\n" + "250-X-NO-SUCH\r\n" * 500 + "250 X-LAST\r\n"
    next_and_alone(dialogue(EHLO=raw_then(lines, stall)), stage="EHLO")


def test_row_29_stall_at_ehlo():
    run = next_and_alone(dialogue(EHLO=stall), seconds=1, stage="EHLO")
    assert run.seconds < 4, run


def test_many_hosts_are_all_named():
    """Nothing reachable: the reason for each host."""
    with World() as w:
        w.mx(10, None)
        w.mx(20, dialogue(CONNECT="554 5.7.1 not you"))
        w.mx(30, drop)
        plain = w.send(json_events=False)
    assert plain.rc == TEMPFAIL, plain
    for n in (1, 2, 3):
        assert f"mx{n}.example.test" in plain.err, plain
    assert "not you" in plain.err, plain


def test_no_temporary_litter():
    """A message over 1 MiB lies in an unlinked file."""
    with tempfile.TemporaryDirectory() as d, Server(dialogue()) as srv:
        run = send(srv.port, stdin=big_message(3 << 20),
                   env={**os.environ, "TMPDIR": d})
        assert os.listdir(d) == []
    check(run, OK, status="delivered")
