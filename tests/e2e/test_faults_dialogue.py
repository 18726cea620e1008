# SPDX-License-Identifier: ISC
"""FAULTS.md rows 40-58: MAIL, RCPT, DATA, the final dot, QUIT, and I/O."""

import email
import os
import signal
import subprocess
import tempfile
import threading
import time

import pytest

from faults_support import (BINARY, MESSAGE, NOUSER, OK, TEMPFAIL,
                            UNAVAILABLE, Server, Strace, World, big_message,
                            check, send)
from scripted import deaf, dialogue, drop, raw, raw_then, rst, stall

ONE_BY_ONE = ("8BITMIME", "ENHANCEDSTATUSCODES")
PIPELINED = ("PIPELINING",) + ONE_BY_ONE
CHUNKED = PIPELINED + ("CHUNKING",)
BOB, CAROL, DAVE = (f"{x}@example.test" for x in ("bob", "carol", "dave"))

both_ways = pytest.mark.parametrize("caps", [ONE_BY_ONE, PIPELINED],
                                    ids=["one by one", "pipelined"])
three_ways = pytest.mark.parametrize(
    "caps", [ONE_BY_ONE, PIPELINED, CHUNKED],
    ids=["one by one", "pipelined", "chunked"])


def verbs(conn):
    return [x.split(" ")[0].split(":")[0] for x in conn.lines]


def commands(server, verb):
    return [x for x in server.lines if x.startswith(verb)]


def no_dot(conn):
    assert not conn.final_dot, "a final dot in spite of it"


@both_ways
@pytest.mark.parametrize("reply", ["451 4.3.0 later", "421 4.3.0 closing"])
def test_row_40_mail_later(caps, reply):
    with World() as w:
        bad = w.mx(10, dialogue(caps, MAIL=raw_then(reply + "\r\n", drop)
                                if reply[:3] == "421" else reply))
        good = w.mx(20, dialogue(caps))
        run = w.send()
    check(run, OK, status="delivered", host="mx2.example.test")
    assert len(bad.conns) == 1 and len(good.conns) == 1
    no_dot(bad.conns[0])
    with World() as w:
        w.mx(10, dialogue(caps, MAIL=reply))
        run = w.send()
    check(run, TEMPFAIL, status="deferred", code=int(reply[:3]),
          enhanced="4.3.0", stage="MAIL")


@both_ways
def test_row_41_mail_refused(caps):
    """Final for all recipients; no other MX is asked."""
    with World() as w:
        bad = w.mx(10, dialogue(caps, MAIL="550 5.7.1 not from you"))
        good = w.mx(20, dialogue(caps))
        run = w.send(to=(BOB, CAROL))
    for to in (BOB, CAROL):
        check(run, UNAVAILABLE, to=to, status="failed", code=550,
              enhanced="5.7.1", stage="MAIL",
              text=lambda t: "not from you" in t)
    assert not good.conns
    no_dot(bad.conns[0])


@both_ways
def test_row_42_552_to_mail(caps):
    with World() as w:
        w.mx(10, dialogue(caps, MAIL="552 5.3.4 too big"))
        run = w.send()
    check(run, UNAVAILABLE, status="failed", code=552, enhanced="5.3.4")


def test_row_42_size_in_ehlo():
    with World() as w:
        a = w.mx(10, dialogue(PIPELINED + ("SIZE 50",)))
        b = w.mx(20, dialogue(PIPELINED + ("SIZE 60",)))
        run = w.send()
    check(run, UNAVAILABLE, status="failed", code=lambda c: not c,
          enhanced="5.3.4")
    assert not commands(a, "MAIL") + commands(b, "MAIL")
    assert len(b.conns) == 1, "the other MX may take more"


def test_row_42_another_mx_takes_more():
    with World() as w:
        w.mx(10, dialogue(PIPELINED + ("SIZE 50",)))
        b = w.mx(20, dialogue(PIPELINED + ("SIZE 5000000",)))
        run = w.send()
    check(run, OK, status="delivered", host="mx2.example.test")
    assert commands(b, "MAIL")[0].endswith(f" SIZE={len(MESSAGE)}")


EIGHT = (b"From: alice@client.test\nSubject: x\nDate: Sun, 22 Nov 2026 09:00:00"
         b" +0000\nMessage-ID: <1@client.test>\nMIME-Version: 1.0\n"
         b"Content-Type: text/plain; charset=utf-8\n"
         b"Content-Transfer-Encoding: 8bit\n\nGr\xc3\xbc\xc3\x9fe\n")


def test_row_43_8bitmime_offered():
    with Server(dialogue(PIPELINED)) as srv:
        run = send(srv.port, stdin=EIGHT)
    check(run, OK, status="delivered")
    assert "BODY=8BITMIME" in commands(srv, "MAIL")[0]
    assert srv.conns[0].messages[0] == EIGHT.replace(b"\n", b"\r\n")


def test_row_43_8bitmime_missing():
    """Sent in seven bits, and it still says the same."""
    with Server(dialogue(("PIPELINING",))) as srv:
        run = send(srv.port, stdin=EIGHT)
    check(run, OK, status="delivered")
    got = srv.conns[0].messages[0]
    assert max(got) < 128, got
    assert "BODY=" not in commands(srv, "MAIL")[0]
    parsed = email.message_from_bytes(got)
    assert parsed.get_payload(decode=True).replace(b"\r", b"") == \
        b"Gr\xc3\xbc\xc3\x9fe\n"
    assert parsed.get_content_charset() == "utf-8"


def test_row_43_smtputf8_missing_everywhere():
    with World() as w:
        a, b = w.mx(10, dialogue()), w.mx(20, dialogue())
        run = w.send(to=("bjørn@example.test",))
    check(run, UNAVAILABLE, to="bjørn@example.test", status="failed",
          enhanced="5.6.7", code=lambda c: not c)
    assert len(a.conns) == len(b.conns) == 1, "after all MX"
    assert not commands(a, "MAIL") + commands(b, "MAIL")


def test_row_43_smtputf8_at_the_second_mx():
    with World() as w:
        w.mx(10, dialogue())
        b = w.mx(20, dialogue(PIPELINED + ("SMTPUTF8",)))
        run = w.send(to=("bjørn@example.test",))
    check(run, OK, to="bjørn@example.test", status="delivered")
    assert "SMTPUTF8" in commands(b, "MAIL")[0]
    assert commands(b, "RCPT") == ["RCPT TO:<bjørn@example.test>"]


@three_ways
def test_row_44_mixed(caps):
    replies = ["250 ok", "450 4.2.0 later", "550 5.1.1 unknown"]
    with Server(dialogue(caps, RCPT=replies)) as srv:
        run = send(srv.port, to=(BOB, CAROL, DAVE))
    check(run, NOUSER, to=BOB, status="delivered", code=250)
    check(run, NOUSER, to=CAROL, status="deferred", code=450,
          enhanced="4.2.0", stage="RCPT")
    check(run, NOUSER, to=DAVE, status="failed", code=550, enhanced="5.1.1",
          stage="RCPT")
    assert len(srv.conns[0].messages) == 1


@three_ways
def test_row_44_452_sends_the_rest_in_another_transaction(caps):
    replies = ["250 ok", "250 ok", "452 4.5.3 too many"] + ["250 ok"]
    with Server(dialogue(caps, RCPT=replies)) as srv:
        run = send(srv.port, to=(BOB, CAROL, DAVE))
    for to in (BOB, CAROL, DAVE):
        check(run, OK, to=to, status="delivered", code=250)
    assert len(srv.conns) == 1, "one connection is enough"
    assert commands(srv, "MAIL") == ["MAIL FROM:<alice@client.test>"] * 2
    assert commands(srv, "RCPT")[3:] == [f"RCPT TO:<{DAVE}>"]
    assert srv.conns[0].messages == [MESSAGE] * 2


def test_row_44_fifty_at_ten_a_transaction():
    to = [f"r{i}@example.test" for i in range(50)]
    count = {"n": 0}

    def reset(c):
        count["n"] = 0
        c.say("250 ok")

    def rcpt(c):
        count["n"] += 1
        c.say("250 ok" if count["n"] <= 10 else "452 4.5.3 enough")

    with Server(dialogue(PIPELINED, MAIL=reset, RCPT=rcpt)) as srv:
        run = send(srv.port, to=to)
    assert run.rc == OK, run
    assert {r["status"] for r in run.results.values()} == {"delivered"}
    assert len(run.results) == 50
    assert sum(len(c.messages) for c in srv.conns) == 5


def test_row_44_limits_rcptmax():
    """LIMITS (RFC 9422) is obeyed without being told by 452."""
    with Server(dialogue(PIPELINED + ("LIMITS RCPTMAX=2",))) as srv:
        run = send(srv.port, to=(BOB, CAROL, DAVE))
    assert run.rc == OK, run
    sizes, n = [], 0
    for v in (x for c in srv.conns for x in verbs(c)):
        n = 0 if v == "MAIL" else n + (v == "RCPT")
        if v == "DATA":
            sizes.append(n)
    assert sorted(sizes) == [1, 2], srv.lines


@both_ways
def test_row_44_421_in_the_middle(caps):
    replies = ["550 5.1.1 unknown", raw_then("421 4.3.0 closing\r\n", drop)]
    with Server(dialogue(caps, RCPT=replies)) as srv:
        run = send(srv.port, to=(BOB, CAROL, DAVE))
    check(run, NOUSER, to=BOB, status="failed", code=550)
    for to in (CAROL, DAVE):
        check(run, NOUSER, to=to, status="deferred", code=421)
    no_dot(srv.conns[0])


def test_row_45_all_rejected_one_by_one():
    with Server(dialogue(ONE_BY_ONE, RCPT="550 5.1.1 unknown")) as srv:
        run = send(srv.port, to=(BOB, CAROL))
    for to in (BOB, CAROL):
        check(run, NOUSER, to=to, status="failed", code=550, enhanced="5.1.1")
    assert "DATA" not in srv.lines
    assert srv.lines[-1] == "QUIT", srv.lines


def test_row_45_all_rejected_and_354():
    """A lone dot: not one octet of the message."""
    with Server(dialogue(PIPELINED, RCPT="550 5.1.1 unknown",
                         DATA="354 go on, then")) as srv:
        run = send(srv.port, to=(BOB, CAROL))
    for to in (BOB, CAROL):
        check(run, NOUSER, to=to, status="failed", code=550, enhanced="5.1.1",
              stage="RCPT")
    assert srv.conns[0].messages == [b""]
    assert srv.lines[-1] == "QUIT", srv.lines


def test_row_45_all_rejected_and_503():
    with Server(dialogue(PIPELINED, RCPT="450 4.2.0 later",
                         DATA="503 5.5.1 no recipients")) as srv:
        run = send(srv.port, to=(BOB, CAROL))
    for to in (BOB, CAROL):
        check(run, TEMPFAIL, to=to, status="deferred", code=450)
    assert not srv.conns[0].messages


def test_row_45_all_rejected_chunked():
    """BDAT came along with the recipients; its 250 delivers nothing."""
    with Server(dialogue(CHUNKED, RCPT="550 5.1.1 unknown")) as srv:
        run = send(srv.port)
    check(run, NOUSER, status="failed", code=550, stage="RCPT")
    assert len(srv.conns) == 1


@both_ways
@pytest.mark.parametrize("reply, status, rc", [
    ("554 5.7.1 no", "failed", UNAVAILABLE),
    ("451 4.3.0 later", "deferred", TEMPFAIL),
    ("250 fine", "deferred", TEMPFAIL),
])
def test_row_46_data_refused(caps, reply, status, rc):
    with World() as w:
        bad = w.mx(10, dialogue(caps, DATA=reply))
        run = w.send()
    check(run, rc, status=status, stage="DATA")
    no_dot(bad.conns[0])
    assert bad.conns[0].messages == []


@both_ways
@pytest.mark.parametrize("reply", ["300 go", "351 go", "399 go"])
def test_row_46_another_3yz_is_leave(caps, reply):
    with Server(dialogue(caps, DATA=reply)) as srv:
        run = send(srv.port)
    check(run, OK, status="delivered")
    assert len(srv.conns[0].messages) == 1


@pytest.mark.parametrize("code", ["500", "502 5.5.1", "503 5.5.1", "504"])
@pytest.mark.parametrize("size", [0, 300000], ids=["small", "large"])
def test_bdat_not_known_is_data_instead(code, size):
    """In the same session: the transaction is begun again."""
    message = big_message(size)
    with Server(dialogue(CHUNKED, BDAT=code + " what?")) as srv:
        run = send(srv.port, stdin=message)
    check(run, OK, status="delivered")
    assert len(srv.conns) == 1 and srv.conns[0].messages == [message]
    assert len(commands(srv, "BDAT")) == len(commands(srv, "DATA")) == 1


@pytest.mark.parametrize("line", ["EHLO", "HELO", "LHLO"])
def test_the_stage_is_the_verb_that_was_said(line):
    over = {} if line == "EHLO" else {"EHLO": "550 5.7.1 listed"}
    over.update({"EHLO": "450 later"} if line == "EHLO" else {"HELO": "550 x"})
    with Server(dialogue(**over)) as srv:
        run = send(srv.port, server="lmtp" if line == "LHLO" else "smtp")
    check(run, TEMPFAIL, status="deferred", stage=line)


@pytest.mark.parametrize("action", [drop, rst], ids=["fin", "rst"])
def test_words_before_the_door_is_shut(action):
    with Server(dialogue(EHLO=raw_then("550 5.7.1 you are listed\r\n",
                                       action))) as srv:
        run = send(srv.port)
    if action is drop:      # a reset may overtake the reply
        check(run, TEMPFAIL, status="deferred", stage="EHLO", code=550,
              text="you are listed")
    assert run.rc == TEMPFAIL


def mid_body(action):
    """354, then that after the first 100,000 octets."""
    def body(c):
        c.say("354 go")
        while len(c.buf) < 100000:
            c.more()
        action(c)
    return body


@pytest.mark.parametrize("action", [drop, rst], ids=["fin", "rst"])
def test_row_47_lost_in_the_body(action):
    """Also row 58: no SIGPIPE."""
    with Server(dialogue(DATA=mid_body(action))) as srv:
        run = send(srv.port, stdin=big_message(20 << 20))
    check(run, TEMPFAIL, status="deferred", stage="message body",
          code=lambda c: not c)
    no_dot(srv.conns[0])
    assert "duplicate" not in run.err, run


def test_row_47_stall_in_the_body():
    with Server(dialogue(DATA=mid_body(deaf)), rcvbuf=65536) as srv:
        run = send(srv.port, stdin=big_message(20 << 20), seconds=1)
    check(run, TEMPFAIL, status="deferred", stage="message body")
    assert run.seconds < 5, run
    assert run.cpu < 1, "a busy loop"
    no_dot(srv.conns[0])


@pytest.mark.parametrize("action", [drop, rst], ids=["fin", "rst"])
def test_row_47_a_reply_was_pending(action):
    """The server says why and hangs up: its 5yz is final."""
    def last_words(c):
        c.say("552 5.3.4 too big for us")
        time.sleep(0.2)
        action(c)

    with Server(dialogue(DATA=mid_body(last_words))) as srv:
        run = send(srv.port, stdin=big_message(20 << 20))
    check(run, UNAVAILABLE, status="failed", code=552, enhanced="5.3.4",
          text=lambda t: "too big for us" in t)
    no_dot(srv.conns[0])


def test_row_47_lost_in_the_chunk():
    def cut(c):
        while len(c.buf) < 100000:
            c.more()
        c.rst()

    def script(c):
        c.say("220 mx")
        c.expect("EHLO")
        c.say("250-mx", "250-PIPELINING", "250 CHUNKING")
        c.expect("MAIL", "RCPT")
        c.say("250 ok", "250 ok")
        c.expect("BDAT")
        cut(c)

    with Server(script) as srv:
        run = send(srv.port, stdin=big_message(20 << 20))
    check(run, TEMPFAIL, status="deferred", stage="message body")
    assert len(srv.conns) == 1


def test_row_48_early_5xx_keeps_reading():
    def early(c):
        c.say("554 5.7.1 that looks like spam")
        c.stall()

    with Server(dialogue(DATA=mid_body(early))) as srv:
        run = send(srv.port, stdin=big_message(50 << 20), seconds=10)
    check(run, UNAVAILABLE, status="failed", code=554, enhanced="5.7.1")
    no_dot(srv.conns[0])
    assert not srv.conns[0].buf.endswith(b"\r\n.\r\n"), "a false final dot"


def test_row_48_early_5xx_stops_reading():
    """Zero window: the reply is seen all the same."""
    def early(c):
        c.say("554 5.7.1 that looks like spam")
        c.deaf()

    with Server(dialogue(DATA=mid_body(early)), rcvbuf=65536) as srv:
        run = send(srv.port, stdin=big_message(50 << 20), seconds=5)
    check(run, UNAVAILABLE, status="failed", code=554, enhanced="5.7.1")
    assert run.seconds < 4, run


def test_row_48_early_4xx():
    def early(c):
        c.say("452 4.3.1 disk full")
        c.stall()

    with Server(dialogue(DATA=mid_body(early))) as srv:
        run = send(srv.port, stdin=big_message(50 << 20), seconds=5)
    check(run, TEMPFAIL, status="deferred", code=452)
    no_dot(srv.conns[0])


def test_row_48_early_250_is_no_acceptance():
    def early(c):
        c.say("250 2.0.0 taken, whatever it was")
        c.stall()

    with Server(dialogue(DATA=mid_body(early))) as srv:
        run = send(srv.port, stdin=big_message(50 << 20), seconds=5)
    check(run, TEMPFAIL, status="deferred")
    no_dot(srv.conns[0])


@pytest.mark.parametrize("caps", [PIPELINED, CHUNKED], ids=["DATA", "BDAT"])
def test_row_49_our_own_read_fails(caps):
    """The file becomes shorter under way: hang up without an end of data."""
    with tempfile.NamedTemporaryFile() as f:
        f.write(big_message(60 << 20))
        f.flush()

        def script(c):
            c.say("220 mx")
            c.expect("EHLO")
            c.say("250-mx", *[f"250-{k}" for k in caps[:-1]],
                  f"250 {caps[-1]}")
            c.expect("MAIL", "RCPT")
            if caps is PIPELINED:
                c.expect("DATA")
                c.say("250 ok", "250 ok", "354 go")
            else:
                c.say("250 ok", "250 ok")
                c.expect("BDAT")
            while len(c.buf) < 1 << 20:
                c.more()
            f.truncate(30 << 20)
            c.stall()

        with Server(script) as srv:
            run = send(srv.port, "--file", f.name, seconds=10)
    check(run, TEMPFAIL, status="deferred", code=lambda c: not c)
    got = srv.conns[0].buf
    assert not got.endswith(b"\r\n.\r\n"), "ended a broken message"
    assert b"QUIT" not in got[-20:]
    assert srv.conns[0].end in ("fin", "rst")


@three_ways
@pytest.mark.parametrize("reply, status, rc", [
    ("451 4.3.0 later", "deferred", TEMPFAIL),
    ("550 5.7.1 spam", "failed", UNAVAILABLE),
])
def test_row_50_end_refused(caps, reply, status, rc):
    with Server(dialogue(caps, DOT=reply)) as srv:
        run = send(srv.port, to=(BOB, CAROL))
    for to in (BOB, CAROL):
        check(run, rc, to=to, status=status, code=int(reply[:3]),
              enhanced=reply[4:9], stage="end of data")
    assert len(srv.conns[0].messages) == 1


@three_ways
@pytest.mark.parametrize("action", [drop, rst, stall],
                         ids=["fin", "rst", "stall"])
def test_row_51_lost_after_the_dot(caps, action):
    """Temporary; no other MX is tried in this run without a word about it."""
    with Server(dialogue(caps, DOT=action)) as srv:
        run = send(srv.port, seconds=1)
    check(run, TEMPFAIL, status="deferred", code=lambda c: not c,
          stage="end of data")
    assert srv.conns[0].final_dot and len(srv.conns) == 1
    assert "duplicate" in run.err, run


ENDS = {
    "garbage": "what?\r\n",
    "850": "850 2.0.0 ok\r\n",
    "150": "150 wait\r\n",
    "354": "354 go\r\n",
    "2500": "2500 ok\r\n",
    "25": "25\r\n",
    "two codes": "250-2.0.0 ok\r\n550 5.7.1 no\r\n",
    "the other way": "550-5.7.1 no\r\n250 2.0.0 ok\r\n",
    "long line": "250 " + "x" * 100000 + "\r\n",
    "many lines": "250-x\r\n" * 1000 + "250 x\r\n",
    "binary": bytes(range(256)),
    "blank line": "\r\n",
}


@pytest.mark.parametrize("what", ENDS)
def test_row_52_nonsense_after_the_dot(what):
    with Server(dialogue(DOT=raw_then(ENDS[what], stall))) as srv:
        run = send(srv.port, seconds=2)
    check(run, TEMPFAIL, status="deferred", stage="end of data")
    assert srv.conns[0].final_dot and len(srv.conns) == 1


@pytest.mark.parametrize("action", [drop, rst], ids=["fin", "rst"])
def test_row_52_250_without_its_end(action):
    with Server(dialogue(DOT=raw_then("250 2.0.0 ok", action))) as srv:
        run = send(srv.port)
    check(run, TEMPFAIL, status="deferred", stage="end of data")
    assert len(srv.conns) == 1


@three_ways
@pytest.mark.parametrize("action", [drop, rst], ids=["fin", "rst"])
def test_row_53_connection_dies_with_the_250(caps, action):
    with Server(dialogue(caps, DOT=raw_then("250 2.0.0 ok\r\n", action)),
                ) as srv:
        run = send(srv.port)
    if action is drop:
        check(run, OK, status="delivered", code=250)
    else:   # a reset may overtake the reply inside the kernel
        assert run.results[BOB]["status"] in ("delivered", "deferred"), run
        assert run.rc in (OK, TEMPFAIL), run
    assert len(srv.conns) == 1


QUITS = {
    "stall": stall,
    "deaf": deaf,
    "rst": rst,
    "fin": drop,
    "5xx": raw("500 5.5.1 I will not let you go\r\n"),
    "garbage": raw(b"\xff\x00\x1b\r\n" * 100),
    "421": raw("421 4.3.0 bye\r\n"),
}


@pytest.mark.parametrize("what", QUITS)
def test_row_54_quit(what):
    """Sent and not awaited; -v and --json hear the good-bye, 2 s at most."""
    for watched in (False, True):
        with Server(dialogue(QUIT=QUITS[what])) as srv:
            run = send(srv.port, seconds=30, json_events=watched)
        assert run.rc == OK, run
        assert len(srv.conns[0].messages) == 1
        assert srv.lines[-1] == "QUIT"
        assert run.seconds < (4 if watched else 1.5), run
    check(run, OK, status="delivered", code=250)


def test_row_55_421_between_commands():
    """What is decided stays; the rest is temporary."""
    replies = ["550 5.1.1 unknown",
               raw_then("250 2.1.5 ok\r\n421 4.3.2 closing\r\n", drop)]
    with Server(dialogue(ONE_BY_ONE, RCPT=replies)) as srv:
        run = send(srv.port, to=(BOB, CAROL, DAVE))
    check(run, NOUSER, to=BOB, status="failed", code=550)
    for to in (CAROL, DAVE):
        check(run, NOUSER, to=to, status="deferred")
    no_dot(srv.conns[0])


def test_row_55_421_after_the_first_transaction():
    replies = ["250 ok", "452 4.5.3 too many", "250 ok"]
    with Server(dialogue(PIPELINED, RCPT=replies, MAIL=[
            "250 ok", raw_then("421 4.3.2 closing\r\n", drop)])) as srv:
        run = send(srv.port, to=(BOB, CAROL))
    check(run, TEMPFAIL, to=BOB, status="delivered", code=250)
    check(run, TEMPFAIL, to=CAROL, status="deferred", code=421)
    assert len(srv.conns[0].messages) == 1


def test_row_55_421_with_the_greeting():
    """220 and, unasked, 421: next MX."""
    with World() as w:
        w.mx(10, dialogue(CONNECT=raw_then("220 hi\r\n421 bye\r\n", drop)))
        w.mx(20, dialogue())
        run = w.send()
    check(run, OK, status="delivered", host="mx2.example.test")


EXTRAS = {
    "CONNECT": "220 hi\r\n250 mx\r\n",
    "EHLO": "250 mx\r\n250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n"
            "250 2.0.0 taken\r\n",
    "MAIL": "250 ok\r\n250 ok\r\n",
    "RCPT": "250 ok\r\n354 go\r\n250 2.0.0 taken\r\n",
    "DATA": "354 go\r\n250 2.0.0 taken\r\n",
}


@pytest.mark.parametrize("verb", EXTRAS)
def test_row_56_replies_to_commands_never_sent(verb):
    """Nothing later can be believed: close, deferred."""
    with Server(dialogue(ONE_BY_ONE, **{
            verb: raw_then(EXTRAS[verb], stall)})) as srv:
        run = send(srv.port, seconds=2)
    check(run, TEMPFAIL, status="deferred")
    no_dot(srv.conns[0])
    assert run.seconds < 1.5, "closes at once"


def bytes_seen(caps, message, *args, wrap=(), rcvbuf=None, drip=0.0, **how):
    """What arrives, by whatever detours; replies may come by octets."""
    def slowly(text):
        def say(c):
            c.drip(text.encode() + b"\r\n", drip)
        return say

    over = {}
    if drip:
        over = {"CONNECT": slowly("220 mx"), "MAIL": slowly("250 2.1.0 ok"),
                "DOT": slowly("250 2.0.0 ok")}
    with Server(dialogue(caps, **over), rcvbuf=rcvbuf) as srv:
        run = send(srv.port, *args, stdin=message, wrap=wrap, seconds=30,
                   **how)
    check(run, OK, status="delivered", code=250)
    assert len(srv.conns) == 1
    return srv.conns[0].lines, srv.conns[0].messages[0]


MIXED = MESSAGE + b"".join(
    b"." * (i % 4) + b"line %d" % i + (b"\n", b"\r\n", b"\r")[i % 3]
    for i in range(3000)) + b"end"


@pytest.mark.parametrize("caps", [PIPELINED, CHUNKED], ids=["DATA", "BDAT"])
@pytest.mark.parametrize("inject", [
    "recvfrom:error=EINTR:when=1+2",
    "recvfrom:error=EAGAIN:when=2+3",
    "sendto:error=EINTR:when=1+2",
    "sendto:error=EAGAIN:when=2+3",
    "poll,ppoll:error=EINTR:when=1+2",
])
def test_row_57_interrupted_calls(caps, inject):
    """Errors come between good calls; the same octets arrive."""
    want = bytes_seen(caps, MIXED)
    wrap = Strace(inject)
    got = bytes_seen(caps, MIXED, wrap=wrap)
    assert wrap.injected()
    assert got == want


@pytest.mark.parametrize("caps", [PIPELINED, CHUNKED], ids=["DATA", "BDAT"])
def test_row_57_short_writes(caps):
    """A receive window of a few hundred octets."""
    message = MIXED * 20
    want = bytes_seen(caps, message)
    got = bytes_seen(caps, message, rcvbuf=256)
    assert got == want


def test_row_57_replies_by_the_octet():
    want = bytes_seen(PIPELINED, MIXED)
    assert bytes_seen(PIPELINED, MIXED, drip=0.005) == want


def test_row_57_stopped_and_continued():
    """SIGSTOP and SIGCONT interrupt whatever is under way."""
    def slow(c):
        c.drip(b"220 mx.example.test is slow today\r\n", 0.03)

    with Server(dialogue(CONNECT=slow)) as srv:
        p = subprocess.Popen(
            [BINARY, "--server", f"smtp://127.0.0.1:{srv.port}", "-f",
             "alice@client.test", BOB], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        done = threading.Event()

        def storm():
            while not done.wait(0.02):
                p.send_signal(signal.SIGSTOP)
                p.send_signal(signal.SIGCONT)

        t = threading.Thread(target=storm)
        t.start()
        try:
            out, err = p.communicate(MESSAGE, timeout=20)
        finally:
            done.set()
            t.join()
    assert p.returncode == OK, err
    assert out == b"" and err == b"", "silent success"
    assert srv.conns[0].messages == [MESSAGE]


def test_row_58_stdout_is_a_closed_pipe():
    """The reader of -v is gone: the mail is delivered all the same."""
    r, w = os.pipe()
    os.close(r)
    with Server(dialogue()) as srv, tempfile.TemporaryFile() as f:
        f.write(MESSAGE)
        f.seek(0)
        p = subprocess.run(
            [BINARY, "-v", "--server", f"smtp://127.0.0.1:{srv.port}", "-f",
             "alice@client.test", BOB], stdin=f, stdout=w,
            stderr=subprocess.PIPE, timeout=20, check=False)
    os.close(w)
    assert p.returncode >= 0, "killed by a signal"
    assert srv.conns[0].messages == [MESSAGE]


def test_nothing_raw_reaches_the_terminal():
    """A hostile server's words are escaped in every output."""
    evil = "550 5.1.1 \x1b]0;owned\x07\x1b[2J\u009b31m no\r\n"
    with Server(dialogue(RCPT=raw(evil))) as srv:
        runs = [send(srv.port, *a, json_events=False)
                for a in ((), ("-v",), ("-vv",))]
        runs.append(send(srv.port))
    for run in runs:
        assert run.rc == NOUSER, run
        for bad in ("\x1b", "\x07", "\u009b"):
            assert bad not in run.text, repr(run.text)


def test_lmtp_replies_per_recipient():
    ends = ["250 2.0.0 bob has it", "452 4.2.2 over quota"]
    with Server(dialogue(lmtp=True, RCPT=["250 ok", "550 5.1.1 no", "250 ok"],
                         DOT=ends)) as srv:
        run = send(srv.port, server="lmtp", to=(BOB, CAROL, DAVE))
    check(run, NOUSER, to=BOB, status="delivered", code=250)
    check(run, NOUSER, to=CAROL, status="failed", code=550)
    check(run, NOUSER, to=DAVE, status="deferred", code=452, enhanced="4.2.2")
    assert srv.lines[0] == "LHLO client.test"
