# SPDX-License-Identifier: ISC
"""SMTP on standard input and output: sendmail -bs, and -bS in batches."""

import os
import re
import signal
import subprocess

import pytest

from queue_support import wait_for
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


def test_batch(box):
    run = speak(box, ALL.replace("\r", ""), "-bS")
    assert (run.rc, run.out) == (65, "")
    assert run.err == ('sendmail: 550 5.1.1 no user or alias of this host '
                       'has the name "nosuch"\n')
    run = speak(box, ALL.replace("RCPT TO:<nosuch@box>\r\n", ""), "-bS")
    assert (run.rc, run.out, run.err) == (0, "", "")
    wait_for(lambda: len(box.mbox("bob")) == 2)


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
