# SPDX-License-Identifier: ISC
"""[local] mailbox = lmtp:...: mailboxes of this machine are another server's."""

import os
import re
import signal

import pytest

from queue_support import wait_for
from runner_support import QUICK, QueueBox
from scripted import Server, dialogue, raw
from test_bounce import by_recipient, fields, mails, reports
from test_forward import ForwardBox
from test_local import ANN, BOB, MAIL

HOST = "box.example.net"
CAPS = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")


class LmtpBox(QueueBox):
    """Users bob, ann and cat; where mailboxes would be is a folder apart."""

    def __init__(self, machine, where, aliases="", local="", port=None, **how):
        super().__init__(machine, port, local="", passwd=[
            f"{name}:x:{uid}:{uid}::/nonexistent:/bin/sh" for name, uid in
            (("bob", BOB), ("ann", ANN), ("cat", 7003))],
            files={"/etc/aliases": aliases}, **how)
        self.local = local
        self.move(where)

    def move(self, where):
        where = str(where).replace("@", str(self.folder))
        self.configure(f"{self.config}\n[local]\nmailbox = lmtp:{where}\n"
                       f"{self.local}\n")

    def put(self, *args, text=MAIL, **how):
        run = self.sendmail("-odq", "-i", "-f", "me@far.test", *args,
                            stdin=text, **how)
        assert run.rc == 0, run


@pytest.fixture(name="lmtp")
def fixture_lmtp():
    """lmtp(path=..., RCPT=...) -> a scripted server that takes all mail."""
    servers = []

    def start(*scripts, path=None, **answers):
        srv = Server(*(scripts or [dialogue(CAPS, lmtp=True, **answers)]),
                     path=path)
        if path:
            os.chmod(path, 0o666)
        srv.__enter__()
        servers.append(srv)
        return srv
    yield start
    for srv in servers:
        srv.__exit__(None, None, None)


def at(srv):
    return f"127.0.0.1:{srv.port}"


def paths(*names):
    return [f"{name}@{HOST}" for name in names]


# ---- a real server ----

@pytest.fixture(name="real", params=["tcp", "socket"])
def fixture_real(request):
    """(server, where)"""
    if request.param == "tcp":
        srv = request.getfixturevalue("aiolmtp")
        return srv, f"localhost:{srv.port}"
    srv = request.getfixturevalue("aiolmtp_socket")
    return srv, f"unix:{srv.port}"


def test_real_server(machine, real):
    """One transaction; the extension stays; aliases come first."""
    srv, where = real
    box = LmtpBox(machine, where, aliases="all: bob, ann+tag, \\cat\n")
    srv.forget()
    box.put("all", "ann+x.y@localhost")
    assert box.q().rc == 0
    stored = srv.stored(4)
    [envelope] = srv.store.envelopes
    assert envelope["from"] == "me@far.test"
    assert envelope["to"] == paths("bob", "ann+tag", "cat", "ann+x.y")
    assert stored[0].data.endswith(b"\r\n\r\nhello\r\nFrom here\r\n")
    assert "LHLO" in srv.news() and srv.complaints() == []
    assert box.files() == [] and box.strangers() == []


def test_large_message(machine, real):
    srv, where = real
    box = LmtpBox(machine, where)
    srv.forget()
    text = MAIL + b"x" * 70 + b"\n" + b".dot and more of it\n" * 100000
    box.put("bob", text=text)
    assert box.q().rc == 0
    [stored] = srv.stored(1)
    assert stored.data.endswith(
        text.split(b"\n\n", 1)[1].replace(b"\n", b"\r\n"))


def test_by_the_daemon(machine, real):
    """Whoever waits hears of it, and where it went is in what he sees."""
    srv, where = real
    box = LmtpBox(machine, where)
    srv.forget()
    with box.process("smtpsend", "--daemon") as p:
        wait_for((box.run / "control").exists)
        run = box.smtpsend("--wait", "bob", "cat@localhost", uid=ANN)
        assert run.rc == 0, run
        p.send_signal(signal.SIGTERM)
        assert p.wait(10) == 0
    assert {s.recipients[0] for s in srv.stored(2)} == set(paths("bob", "cat"))
    assert box.strangers() == []


# ---- verdicts, each recipient his own ----

def test_mixed_verdicts(machine, lmtp):
    """At RCPT and after the dot: bounced, deferred, delivered."""
    srv = lmtp(RCPT=by_recipient(bob="550 5.1.1 no such user"),
               DOT=["250 2.0.0 ok", "452 4.2.2 full", "552 5.2.2 too full",
                    "250 2.0.0 ok"])
    box = LmtpBox(machine, at(srv), aliases="me: \\root\n")
    box.sendmail("-odq", "-f", f"me@{HOST}", "bob", "ann", "cat", "ann+x",
                 stdin=MAIL)
    assert box.q().rc == 0
    assert mails(srv)[0][:2] == (f"me@{HOST}",
                                 paths("bob", "ann", "cat", "ann+x"))
    assert sorted("".join(box.states())[:4]) == list("BBDP")
    assert box.q().rc == 0
    [(rcpts, report)] = reports(srv)
    assert rcpts == paths("root")
    failed = [f for f in fields(report) if f.get("Action") == "failed"]
    assert [(f["Final-Recipient"], f["Status"], f["Diagnostic-Code"])
            for f in failed] == [
        (f"rfc822;bob@{HOST}", "5.1.1", "smtp; 550 5.1.1 no such user"),
        (f"rfc822;ann+x@{HOST}", "5.2.2", "smtp; 552 5.2.2 too full")]
    assert "hello" in report.as_string()
    got = [rcpts for sender, rcpts, _ in mails(srv) if sender]
    assert got[1:] == [paths("cat")] * (len(got) - 1)


def test_lost_after_the_first_reply(machine, lmtp):
    """Who has a reply has a verdict; only the others are tried again."""
    def lost(c):
        c.say("250 2.0.0 kept")
        c.drop()
    srv = lmtp(dialogue(CAPS, lmtp=True, DOT=lost),
               dialogue(CAPS, lmtp=True))
    box = LmtpBox(machine, at(srv))
    box.put("bob", "ann", "cat")
    assert box.q().rc == 0
    assert box.states() == ["DPP"]
    assert box.q().rc == 0
    assert box.files() == []
    assert [rcpts for _, rcpts, _ in mails(srv)] == [
        paths("bob", "ann", "cat"), paths("ann", "cat")]


@pytest.mark.parametrize("reply", ["950 2.0.0 what", "hello?", "150 wait"])
def test_odd_replies(machine, lmtp, reply):
    """What is no reply to a dot is nobody's verdict."""
    srv = lmtp(dialogue(CAPS, lmtp=True, DOT=["250 2.0.0 kept",
                                             raw(reply.encode() + b"\r\n")]),
               dialogue(CAPS, lmtp=True))
    box = LmtpBox(machine, at(srv))
    box.put("bob", "ann")
    assert box.q().rc == 0
    assert box.states() == ["DP"]
    assert box.q().rc == 0
    assert box.files() == []
    assert [rcpts for _, rcpts, _ in mails(srv)][1:] == [paths("ann")]


@pytest.mark.parametrize("answers", [
    {"CONNECT": "554 5.3.2 not now"}, {"EHLO": "500 5.5.1 what is LHLO?"},
    {"CONNECT": "421 4.3.2 busy"}], ids=lambda a: "".join(a.values())[:3])
def test_no_lmtp_server(machine, lmtp, answers):
    """What is wrong with the server is no fault of the mail: it waits."""
    srv = lmtp(dialogue(CAPS, lmtp=True, **answers),
               dialogue(CAPS, lmtp=True))
    box = LmtpBox(machine, at(srv))
    box.put("bob", "ann")
    assert box.q().rc == 0
    assert box.states() == ["PP"], box.words()
    assert list(answers.values())[0][10:] in box.words()
    assert box.q().rc == 0
    assert box.files() == []


def test_words_are_escaped_and_cut(machine, lmtp):
    """What a server says gets into a report without harm."""
    odd = b"550-5.7.1 \x1b[31mred\xff\x00 <b>\r\n" * 30 + \
        b"550 5.7.1 --=_ " + b"long " * 400 + b"\r\n"
    srv = lmtp(DOT=[raw(odd), "250 2.0.0 ok"])
    box = LmtpBox(machine, at(srv))
    box.sendmail("-odq", "-f", f"ann@{HOST}", "bob", stdin=MAIL)
    assert box.q().rc == box.q().rc == 0
    [(rcpts, _)] = reports(srv)
    assert rcpts == paths("ann")
    text = mails(srv)[-1][2]
    said = text[:text.index(b"Content-Type: message/")]
    assert b"\x1b" not in text and b"\0" not in text
    assert max(map(len, text.split(b"\r\n"))) <= 998
    assert len(said) < 6000


# ---- the way there ----

def test_socket_is_not_there(machine, lmtp):
    """Each reason is told with the path, and the mail waits."""
    box = LmtpBox(machine, "unix:@/lmtp")
    path = box.folder / "lmtp"
    box.put("bob")
    assert box.q().rc == 0
    assert box.states() == ["P"]
    assert f"connect {path}: there is no such socket" in box.words()
    srv = lmtp(path=path)
    path.chmod(0o600)
    assert box.q().rc == 0
    assert f"connect {path}: permission denied" in box.words()
    srv.stop()
    path.chmod(0o666)
    assert box.q().rc == 0
    assert f"connect {path}: nobody listens there" in box.words()
    path.unlink()
    srv = lmtp(path=path)
    assert box.q().rc == 0
    assert [rcpts for _, rcpts, _ in mails(srv)] == [paths("bob")]
    assert box.files() == []


def test_host_that_is_not(machine):
    """A name that leads nowhere is the configuration's fault: it waits."""
    box = LmtpBox(machine, "no.such.invalid")
    box.put("bob")
    assert box.q().rc == 0
    assert box.states() == ["P"], box.words()


def test_what_is_said_of_others_counts_not(machine, lmtp):
    """tls =, ipv6 = and rate = are of mail that leaves this machine, and so is
    what a sender demands of TLS."""
    srv = lmtp()
    box = LmtpBox(machine, at(srv), config="tls = verify\nipv6 = yes\n",
                  queue=QUICK + "rate = 1/day\n")
    box.put("bob")
    run = box.smtpsend("--at", "+1s", "-O", "requiretls=yes", "ann")
    assert run.rc == 0, run
    box.put("cat")
    wait_for(lambda: box.q().rc == 0 and box.files() == [])
    assert sorted(r for _, rcpts, _ in mails(srv) for r in rcpts) == \
        sorted(paths("bob", "ann", "cat"))


def test_what_leaves_and_what_stays(machine, lmtp):
    """Others of the same message; commands and files of aliases as ever."""
    srv, out = lmtp(), lmtp(dialogue())
    box = LmtpBox(machine, at(srv), port=out.port)
    there = box.folder / "there"
    there.mkdir()
    there.chmod(0o777)
    box.machine.write("/etc/aliases", f"all: bob, joe@far.test, {there}/f, "
                      f'"|cat >{there}/c"\n')
    box.put("all")
    assert box.q().rc == 0
    assert [rcpts for _, rcpts, _ in mails(srv)] == [paths("bob")]
    assert [rcpts for _, rcpts, _ in mails(out)] == [["joe@far.test"]]
    assert b"hello" in (there / "c").read_bytes()
    assert b"hello" in (there / "f").read_bytes()
    assert box.files() == []


def test_forward(machine, lmtp):
    """~/.forward is asked first; what it leaves in the mailbox goes there."""
    srv, out = lmtp(), lmtp(dialogue())
    box = ForwardBox(machine, port=out.port, local=f"mailbox = lmtp:{at(srv)}\n"
                     "forward = yes\n")
    box.forward("bob", "\\bob, far@x.test\n")
    box.forward("ann", "ann@box, ann\n")       # a circle ends in the mailbox
    box.put("bob+x", "root", "ann")
    box.run_all()
    assert sorted(r for _, rcpts, _ in mails(srv) for r in rcpts) == \
        sorted(paths("bob+x", "root", "ann"))
    assert [rcpts for _, rcpts, _ in mails(out)] == [["far@x.test"]]
    box.forward("bob", "far@x.test\n", mode=0o666)     # of no use
    box.put("bob")
    box.run_all()
    assert mails(srv)[-1][1] == paths("bob") and len(mails(out)) == 1
    assert box.strangers() == []


def test_what_came_round(machine, lmtp):
    """Whose .forward led here already is not asked for it once more."""
    srv, out = lmtp(), lmtp(dialogue())
    box = ForwardBox(machine, port=out.port, local=f"mailbox = lmtp:{at(srv)}\n"
                     "forward = yes\n")
    box.forward("bob", "far@x.test\n")
    box.put("bob", text=f"Delivered-To: {paths('bob')[0]}\n".encode() + MAIL)
    box.run_all()
    assert [rcpts for _, rcpts, _ in mails(srv)] == [paths("bob")]
    assert mails(out) == []


def test_no_local_delivery(machine, lmtp):
    """deliver = no: names of this machine mean nothing, also by LMTP."""
    srv, out = lmtp(), lmtp(dialogue())
    box = LmtpBox(machine, at(srv), port=out.port, local="deliver = no")
    box.put("bob")
    assert box.q().rc == 0
    assert mails(srv) == []
    assert [rcpts for _, rcpts, _ in mails(out)] == [paths("bob")]


# ---- what is shown of it ----

def test_bv_and_explain(machine):
    box = LmtpBox(machine, "unix:@/lmtp", aliases="root: bob+x, ann\n")
    path = box.folder / "lmtp"
    want = (f"root: /etc/aliases:1\n  bob+x: the mailbox of this user, by LMTP "
            f"to {path}\n  ann: the mailbox of this user, by LMTP to {path}\n")
    run = box.command("sendmail", "-bv", "root", stdin=b"")
    assert (run.rc, run.out) == (0, want)
    run = box.smtpsend("--explain", "root")
    assert run.rc == 0 and want in run.out
    box.move("mail.example.org:2424")
    run = box.command("sendmail", "-bv", "ann", stdin=b"")
    assert run.out == ("ann: the mailbox of this user, by LMTP to "
                       "mail.example.org:2424\n"), run


def test_mailq_why(machine):
    box = LmtpBox(machine, "unix:@/lmtp")
    path = box.folder / "lmtp"
    box.put("bob")
    assert box.q().rc == 0
    with box.process("smtpsend", "--daemon") as p:
        wait_for((box.run / "control").exists)
        [f] = box.files()
        run = box.command("mailq", "why", f.name)
        assert run.rc == 0, run
        p.send_signal(signal.SIGTERM)
        assert p.wait(10) == 0
    assert f"connect {path}: there is no such socket" in run.out
    assert re.search(rf"found by +\[local\] mailbox, by LMTP to {path}\n",
                     run.out), run.out


@pytest.mark.parametrize("where, why", [
    ("", "lmtp:unix:/SOCKET or lmtp:HOST[:PORT] is wanted"),
    ("unix:run/x", "a path that begins with /"),
    ("unix:/" + "x" * 107, "at most 107 octets"),
    ("::1", "an IPv6 address in brackets")])
def test_faults_of_the_key(machine, where, why):
    box = LmtpBox(machine, where)
    line = open(box.machine.etc / "smtpsend/smtpsend.conf",
                encoding="ascii").read().split("\n").index(
                    f"mailbox = lmtp:{where}") + 1
    run = box.sendmail("-odq", "bob")
    assert f"/etc/smtpsend/smtpsend.conf:{line}: " in run.err, run
    assert why in run.err


# ---- without a queue ----

def test_without_a_queue(machine, lmtp):
    """Whoever sends hands it over himself; root and others."""
    srv = lmtp(RCPT=by_recipient(cat="550 5.1.1 no such user"))
    box = LmtpBox(machine, at(srv), spool=False, aliases='all: bob, ann+x\n'
                  'both: bob, "|exit 0"\nno: error: gone\n')
    run = box.sendmail("-f", "me@far.test", "all", uid=ANN)
    assert run.rc == 0, run
    run = box.smtpsend("-f", "me@far.test", "bob@localhost")
    assert run.rc == 0, run
    assert [rcpts for _, rcpts, _ in mails(srv)] == [
        paths("bob", "ann+x"), paths("bob")]
    run = box.smtpsend("-f", "me@far.test", "cat")
    assert run.rc == 67 and "no such user" in run.err, run
    run = box.smtpsend("-f", "me@far.test", "both")
    assert run.rc == 69 and "need a queue" in run.err, run
    run = box.smtpsend("-f", "me@far.test", "no")
    assert run.rc == 67 and "gone" in run.err, run
    run = box.smtpsend("-f", "me@far.test", "nosuch@localhost")
    assert run.rc == 67 and "no user or alias" in run.err, run
    assert len(mails(srv)) == 3


def test_bs_without_a_queue(machine, lmtp):
    srv = lmtp(RCPT=by_recipient(cat="550 5.1.1 no such user"))
    box = LmtpBox(machine, at(srv), spool=False, aliases="all: bob, ann\n")
    talk = "HELO x\r\n" + "".join(
        f"MAIL FROM:<me@far.test>\r\nRCPT TO:<{to}>\r\nDATA\r\n"
        f"Subject: hi\r\n\r\nhello\r\n.\r\n" for to in ("all", "cat")) + \
        "QUIT\r\n"
    run = box.sendmail("-bs", stdin=talk.encode(), uid=ANN)
    codes = [line[:3] for line in run.out.splitlines()]
    assert codes == ["220", "250", "250", "250", "354", "250",
                     "250", "250", "354", "550", "221"], run
    assert [rcpts for _, rcpts, _ in mails(srv)] == [paths("bob", "ann")]


def test_explain_without_a_queue(machine):
    box = LmtpBox(machine, "unix:@/lmtp", spool=False)
    run = box.smtpsend("--explain", "bob")
    assert run.rc == 0
    assert f"by LMTP to {box.folder}/lmtp" in run.out
    run = box.smtpsend("bob")
    assert run.rc == 75 and "there is no such socket" in run.err, run
