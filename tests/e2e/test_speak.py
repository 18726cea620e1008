# SPDX-License-Identifier: ISC
"""SMTP on standard input and output: sendmail -bs, and -bS in batches."""

import os
import re
import signal
import subprocess

import pytest

from queue_support import Box, wait_for
from scripted import Server, dialogue
from test_local import ANN, BOB, LocalBox

ALL = ("EHLO me\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<both>\r\n"
       "RCPT TO:<nosuch@box>\r\nDATA\r\nSubject: hi\r\n\r\nhello\r\n.\r\n")
ALIASES = "both: bob, ann\n"


@pytest.fixture(name="box")
def fixture_box(machine):
    """With a daemon."""
    box = LocalBox(machine, aliases=ALIASES)
    with box.process("smtpsend", "--daemon") as p:
        wait_for((box.run / "submit").exists)
        yield box
        p.send_signal(signal.SIGTERM)
        assert p.wait(10) == 0


def speak(box, text, *args, uid=ANN):
    return box.command("sendmail", *(args or ("-bs",)), uid=uid,
                       stdin=text.encode())


def codes(run):
    return [line[:3] for line in run.out.splitlines() if line[3:4] == " "]


def queued(box):
    return [n for n in os.listdir(box.spool / "queue") if n[0] != "."]


@pytest.mark.parametrize("args", [("-bs",), ("-bs", "-odb", "-oem"),
                                  ("-bs", "-odb", "-oem", "-om"),
                                  ("-i", "-bs")])
def test_it_is_queued(box, args):
    """As Symfony, Alpine and nmh call it."""
    run = speak(box, ALL + "QUIT\r\n", *args)
    assert run.rc == 0 and run.err == ""
    assert codes(run) == ["220", "250", "250", "250", "550", "354", "250",
                          "221"]
    for word in ("PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN",
                 "SIZE"):
        assert re.search(rf"^250-{word}\b", run.out, re.M)
    assert "AUTH" not in run.out
    wait_for(lambda: box.subjects("bob") == box.subjects("ann") == ["hi"])
    assert f"(from userid {ANN})" in box.mbox("bob")[0]["Received"]


def test_a_dialogue(box):
    """Each reply comes before the next command is sent."""
    p = subprocess.Popen([*box.machine.user(BOB),
                          str(box.bin / "sendmail"), "-bs"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         env=box.machine.environment(HOME="/nonexistent"))
    with p:
        assert p.stdout.readline().startswith(b"220 ")
        for line, code in (("HELO me", b"250"), ("RCPT TO:<bob>", b"503"),
                           ("MAIL FROM:<>", b"250"), ("RSET", b"250"),
                           ("MAIL FROM:<>", b"250"),
                           ("RCPT TO:<nosuch@box>", b"550"),
                           ("RSET", b"250"), ("AUTH PLAIN", b"50"),
                           ("QUIT", b"221")):
            p.stdin.write(line.encode() + b"\r\n")
            p.stdin.flush()
            assert p.stdout.readline().startswith(code), line
        assert p.wait(10) == 0          # though its input is open still


def test_the_end_of_input(box):
    """Without QUIT all is answered; half of a message is none."""
    assert codes(speak(box, ALL))[-1] == "250"
    half = ALL[:ALL.index("hello")]
    assert codes(speak(box, half))[-1] == "354"
    wait_for(lambda: len(box.mbox("bob")) == 1)
    assert speak(box, "").rc == 0


def test_bare_line_feeds(box):
    """All of them, or none: in the text of others they end nothing."""
    run = speak(box, ALL.replace("\r", ""))
    assert codes(run)[-1] == "250"
    smuggled = ALL.replace("hello", "hello\n.\nMAIL FROM:<evil@x>")
    run = speak(box, smuggled)
    assert codes(run)[-1] == "550" and len(codes(run)) == 7
    wait_for(lambda: len(box.mbox("bob")) == 1)
    assert box.files() == []


@pytest.mark.parametrize("mode", ["-bs", "-bS"])
def test_a_flood_of_commands(box, mode):
    """More replies than any buffer holds, while commands still come: both ways
    are open at any time."""
    many = 60_000
    run = speak(box, "EHLO me\r\n" + "RSET\r\n" * many + "QUIT\r\n", mode)
    assert run.rc == 0 and run.err == ""
    assert mode == "-bS" or run.out.count("250 ") >= many


def test_batch(box):
    run = speak(box, ALL.replace("\r", ""), "-bS")
    assert (run.rc, run.out) == (65, "")
    assert run.err == ('sendmail: 550 5.1.1 no user or alias of this host '
                       'has the name "nosuch"\n')
    run = speak(box, ALL.replace("RCPT TO:<nosuch@box>\r\n", ""), "-bS")
    assert (run.rc, run.out, run.err) == (0, "", "")
    wait_for(lambda: len(box.mbox("bob")) == 2)


@pytest.mark.parametrize("mode", ["-bs", "-bS"])
@pytest.mark.parametrize("more", [("-odq",), ("-O", "DeliveryMode=q"),
                                  ("-odq", "-odb")])
def test_it_waits_for_the_next_run(box, mode, more):
    """As it does without -bs; the last word counts, and a caller sees nothing
    of what is said for him."""
    usual = speak(box, ALL + "QUIT\r\n", mode)
    wait_for(lambda: len(box.mbox("bob")) == 1 and box.files() == [])
    text = ALL.replace("nosuch@box", "bob@box") + "RSET\r\n" + ALL
    run = speak(box, text + "QUIT\r\n", *more, mode)
    now = more[-1] == "-odb"
    assert run.rc == usual.rc
    if mode == "-bs":
        assert codes(run) == ["220", "250", "250", "250", "250", "354", "250",
                              "250"] + codes(usual)[1:]
        assert run.out.startswith(usual.out[:usual.out.index("250 2.1.0")])
    else:
        assert (run.out, run.err) == (usual.out, usual.err)
    if now:
        wait_for(lambda: len(box.mbox("bob")) == 3)
        return
    assert len(queued(box)) == 2
    speak(box, ALL, mode)               # the queue goes on with other mail
    wait_for(lambda: len(box.mbox("bob")) == 2 and len(queued(box)) == 2)
    assert box.command("sendmail", "-q", uid=0).rc == 0
    wait_for(lambda: len(box.mbox("bob")) == 4 and box.files() == [])


def test_root_needs_no_daemon(machine):
    box = LocalBox(machine, aliases=ALIASES)
    run = speak(box, ALL, uid=0)
    assert run.rc == 0 and codes(run)[-1] == "250"
    wait_for(lambda: box.subjects("bob") == ["hi"])
    wait_for(lambda: box.files() == [])
    run = speak(box, ALL)
    assert run.rc == 69 and "does not run" in run.err
    assert box.strangers() == []


def test_nobody_listens(box):
    """Whoever reads no replies is told by the exit status."""
    with open("/dev/full", "wb") as full:
        p = subprocess.run([*box.machine.user(BOB),
                            str(box.bin / "sendmail"), "-bs"], check=False,
                           input=b"HELO me\r\n", stdout=full,
                           env=box.machine.environment(HOME="/nonexistent"))
    assert p.returncode == 74
    assert os.listdir(box.spool / "queue") == []


# ---- where there is no queue: each message is delivered before its reply ----

HELLO = "EHLO me\r\n"
TEXT = "Subject: hi\r\n\r\nhello\r\n.. a dot\r\n.\r\n"


def mail(*rcpts, sender="<a@x.test>"):
    return (f"MAIL FROM:{sender}\r\n" +
            "".join(f"RCPT TO:{r}\r\n" for r in rcpts) + "DATA\r\n" + TEXT)


def refuse_no(c):
    c.send(b"550 5.1.1 no\r\n" if "no@" in c.lines[-1] else b"250 Ok\r\n")


@pytest.fixture(name="direct")
def fixture_direct(machine):
    """(what -bs said, the server) of an input, or of one where it is dead."""
    def run(text, *args, dead=False, **over):
        with Server(dialogue(**{"RCPT": refuse_no, **over})) as srv:
            port = srv.port
            box = Box(machine, spool=False, config=f"server = 127.0.0.1:{port}"
                      "\ntls = none")
            if not dead:
                return box.sendmail(*(args or ("-bs",)),
                                    stdin=text.encode()), srv
        return box.sendmail(*(args or ("-bs",)), stdin=text.encode()), srv
    return run


def taken(srv):
    return [m for c in srv.conns for m in c.messages if m]


def test_direct(direct):
    run, srv = direct(HELLO + mail("<b@x.test>") + mail("<c@x.test>") +
                      "QUIT\r\n")
    assert (run.rc, run.err) == (0, ""), run
    assert codes(run) == ["220", "250"] + ["250", "250", "354", "250"] * 2 + [
        "221"]
    assert "AUTH" not in run.out and "RCPTMAX=1" in run.out
    assert [m.split(b"\r\n\r\n")[1] for m in taken(srv)] == [
        b"hello\r\n.. a dot\r\n"] * 2    # as it came over the line


def test_direct_second_recipient(direct):
    run, srv = direct(HELLO + mail("<b@x.test>", "<c@x.test>"))
    assert codes(run)[3:] == ["250", "452", "354", "250"]
    assert "\n452 4.5.3 " in run.out
    assert [x for c in srv.conns for x in c.lines if "RCPT" in x] == [
        "RCPT TO:<b@x.test>"]


def test_direct_refusals(direct):
    run, srv = direct(HELLO + mail("<no@x.test>") + mail("<b@x..test>") +
                      mail("<b@x.test>"))
    assert "\n550 5.1.1 no\r\n" in run.out
    assert codes(run)[2:] == ["250", "250", "354", "550",
                              "250", "501", "554"] + codes(run)[9:]
    assert len(taken(srv)) == 1


def test_direct_later(direct):
    run, _ = direct(HELLO + mail("<b@x.test>"), MAIL="451 4.7.1 later")
    assert codes(run)[-1] == "451" and "\n451 4.7.1 later\r\n" in run.out


def test_direct_and_nobody_answers(direct):
    run, _ = direct(HELLO + mail("<b@x.test>") + "QUIT\r\n", dead=True)
    assert codes(run)[-2:] == ["451", "221"]
    assert "Connection refused" in run.out


def test_direct_batch(direct):
    """Also without a greeting; the rest goes on after a refusal."""
    run, srv = direct(mail("<no@x.test>") + mail("<b@x.test>"), "-bS")
    assert (run.rc, run.out) == (65, "")
    assert run.err == "sendmail: 550 5.1.1 no\n"
    assert len(taken(srv)) == 1


def test_own_way(machine):
    """His relay is no matter of the queue's."""
    with Server(dialogue()) as srv:
        box = LocalBox(machine)
        own = box.folder / "home" / ".config" / "smtpsend"
        own.mkdir(parents=True)
        (own / "smtpsend.conf").write_text(
            f"server = 127.0.0.1:{srv.port}\ntls = none\n")
        home = own.parents[1]
        for f in (home, *home.rglob("*")):
            os.chown(f, BOB, BOB)
        run = box.command("sendmail", "-bs", uid=BOB,
                          stdin=(HELLO + mail("<b@x.test>")).encode(),
                          env={"HOME": str(home)})
    assert codes(run)[-1] == "250", run
    assert len(taken(srv)) == 1 and box.files() == []


@pytest.mark.parametrize("words, text, rc, said", [
    ([], "3,0 bob\n", 0, "bob: the mailbox of this user\n"),
    (["bob"], "", 0, "bob: the mailbox of this user\n"),
    ([], "both\n\n/map x\n/quit\nnosuch@box\n", 0,
     "ann: the mailbox of this user\nonly addresses"),
    ([], "nosuch@box\nbob\n", 67, "nobody of this host has this name"),
], ids=str)
def test_addresses(machine, words, text, rc, said):
    """-bt: aliases and the way, as -bv shows them."""
    box = LocalBox(machine, aliases=ALIASES)
    run = box.sendmail("-bt", *words, stdin=text.encode())
    assert run.rc == rc, run
    assert said in run.out and box.files() == []


def test_direct_dsn(direct):
    run, srv = direct(
        HELLO + "MAIL FROM:<> RET=HDRS ENVID=a+2Bb SMTPUTF8\r\n"
        "RCPT TO:<b@x.test> NOTIFY=FAILURE ORCPT=rfc822;B+2Bb@y\r\nDATA\r\n" +
        TEXT, )
    assert codes(run)[-1] == "250"
    said = srv.conns[0].lines
    assert [x for x in said if x.startswith("MAIL")][0].startswith(
        "MAIL FROM:<>"), said


def test_direct_end_of_input(direct):
    """In the middle of a text: it is no message."""
    run, srv = direct(HELLO + mail("<b@x.test>")[:-3])
    assert taken(srv) == [] and "\n250 2.0.0" not in run.out
