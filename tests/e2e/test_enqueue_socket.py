# SPDX-License-Identifier: ISC
"""An ordinary user and a daemon: mail is handed in over its socket."""

import os
import subprocess

import pytest

from faults_support import Server
from queue_support import SPOOL_UID, Box, wait_for
from scripted import dialogue

TO = "bob@example.org"
LATER = dialogue(RCPT="451 4.3.0 later")


@pytest.fixture
def daemon(machine):
    """daemon(script): a box with one at work, whose mail goes to a server."""
    stop = []

    def make(script=None, queue=""):
        server = Server(script or dialogue())
        server.__enter__()
        box = Box(machine, config=f"server = 127.0.0.1:{server.port}",
                  queue=queue)
        box.server = server
        p = subprocess.Popen([*box.machine, str(box.bin / "smtpsend"),
                              "--daemon"], env=box.machine.environment())
        stop.append((server, p))
        wait_for((box.run / "submit").exists)
        return box
    yield make
    for server, p in stop:
        p.terminate()
        p.wait(20)
        server.__exit__(None, None, None)


@pytest.mark.parametrize("uid", [1234, 0, SPOOL_UID])
def test_whoever_hands_it_in(daemon, uid):
    box = daemon()
    run = box.sendmail(TO, uid=uid)
    assert (run.rc, run.out, run.err) == (0, "", ""), str(run)
    wait_for(lambda: box.server.conns and not box.queue())
    assert not box.strangers()


def test_whose_it_is(daemon):
    box = daemon()
    run = box.sendmail("-odq", "-N", "never", "-L", "tag", TO, uid=1234)
    assert run.rc == 0, str(run)
    [mail] = box.queue()
    assert (mail.uid, mail.rcpts, mail.tag) == (1234, [TO], "tag")
    assert mail.notify == {TO: 1}
    assert mail.text.count(b"\r\nSubject: hi\r\n") == 1
    assert b"(from userid 1234)" in mail.text
    assert not box.server.conns and not box.strangers()


def test_wait(daemon):
    box = daemon()
    run = box.smtpsend("--wait=20", "--json", TO, uid=1234)
    assert run.rc == 0 and '"status":"delivered"' in run.out, str(run)


def test_wait_for_bad_news(daemon):
    box = daemon(LATER)
    run = box.smtpsend("--wait=20", TO, uid=1234)
    [mail] = box.queue()
    assert run.rc == 75, str(run)
    assert f"it stays in the queue as {mail.id}" in run.err
    assert "451 4.3.0 later" in run.err


@pytest.mark.parametrize("wait", ["--wait=50", "-odi"])
def test_wait_for_several(daemon, wait):
    """More recipients than a transaction takes are messages of their own."""
    box = daemon()
    many = [f"r{n}@example.org" for n in range(10001)]
    name = "smtpsend" if wait[1] == "-" else "sendmail"
    run = box.command(name, wait, *many, uid=1234)
    assert (run.rc, run.err) == (0, ""), str(run)[:2000]
    assert box.queue() == []
    taken = sum(command.startswith("RCPT") for c in box.server.conns
                for command in c.lines)
    assert taken == len(many)


def test_interactive(daemon):
    box = daemon()
    run = box.sendmail("-odi", TO, uid=1234)
    assert (run.rc, run.err) == (0, ""), str(run)
    assert box.queue() == [] and len(box.server.conns) == 1


# -oem, -oee

@pytest.mark.parametrize("mode, rc", [("-oem", 65), ("-oee", 0)])
@pytest.mark.parametrize("others", [[TO], []], ids=["others", "nobody else"])
def test_mailed_back(daemon, mode, rc, others):
    box = daemon()
    run = box.sendmail("-odq", mode, "-f", "me@x.org", "bad@@\033addr", *others,
                       uid=1234)
    assert (run.rc, run.out, run.err) == (rc, "", ""), str(run)
    wait_for(lambda: box.server.conns and box.server.conns[0].messages)
    [report] = [m for c in box.server.conns for m in c.messages]
    lines = box.server.conns[0].lines
    assert lines[1].startswith("MAIL FROM:<>") and "me@x.org" in lines[2]
    assert b"Content-Type: multipart/report" in report
    assert b"\r\nAction: failed\r\nStatus: 5.1.3\r\n" in report
    assert b"\033" not in report and b"hello" in report
    wait_for(lambda: [m.rcpts for m in box.queue()] == [[TO]] * len(others))
    assert not box.strangers()


def test_refused_and_mailed_back(daemon):
    """Who the daemon will not take is told of by mail as well."""
    box = daemon(queue="allow-recipients = *@example.org *@x.org")
    box.configure(box.config.replace("allow-recipients", "# allow"))
    run = box.sendmail("-oem", "-f", "me@x.org", TO, "joe@y.org", uid=1234)
    assert (run.rc, run.err) == (69, ""), str(run)
    wait_for(lambda: sum(len(c.messages) for c in box.server.conns) == 2)
    [report] = [m for c in box.server.conns for m in c.messages
                if b"multipart/report" in m]
    assert b"Final-Recipient: rfc822;joe@y.org\r\n" in report
    assert b"this machine sends no mail to joe@y.org" in report
    assert b"server" not in report.lower()


def test_nobody_to_mail_back_to(daemon):
    """Then it is printed, and kept."""
    box = daemon()
    home = box.folder / "home"
    home.mkdir(0o700)
    os.chown(home, 1234, 1234)
    run = box.sendmail("-odq", "-oem", "-f", "<>", "bad@@address", TO, uid=1234,
                       env={"HOME": str(home)})
    assert run.rc == 65 and "bad@@address" in run.err, str(run)
    assert "hello" in (home / "dead.letter").read_text()
    assert [m.rcpts for m in box.queue()] == [[TO]]


def test_queue_on_defer(daemon):
    box = daemon(LATER)
    run = box.smtpsend("--queue-on-defer", TO, uid=1234)
    assert (run.rc, run.err) == (0, ""), str(run)
    assert [m.uid for m in box.queue()] == [1234]
