# SPDX-License-Identifier: ISC
"""~/.forward: whose mail goes elsewhere, and what must not come of it."""

import os
import re
import shutil
import signal
import tempfile
import weakref
from pathlib import Path

import pytest

import conftest
from queue_support import wait_for
from test_bounce import mails
from test_local import (ANN, BOB, LocalBox, ask, packet,
                        fixture_scripted)  # noqa: F401 pylint: disable=W0611

UIDS = {"bob": BOB, "ann": ANN}


class ForwardBox(LocalBox):
    """Homes for bob and ann, and a log."""

    def __init__(self, machine, local="forward = yes", **how):
        self.homes = Path(tempfile.mkdtemp(prefix="homes-"))
        self.homes.chmod(0o755)
        weakref.finalize(self, shutil.rmtree, self.homes, True)
        self.log = self.homes / "log"
        self.log.touch()
        self.log.chmod(0o666)
        super().__init__(machine, local=local, config=f"log = {self.log}\n",
                         **how)
        path = self.machine.etc / "passwd"
        passwd = path.read_text()
        for name, uid in UIDS.items():
            home = self.homes / name
            home.mkdir()
            os.chown(home, uid, uid)
            passwd = re.sub(f"(?m)^({name}:.*):/nonexistent:",
                            rf"\1:{home}:", passwd)
        path.write_text(passwd)

    def forward(self, name, text, mode=0o644):
        path = self.homes / name / ".forward"
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, UIDS[name], UIDS[name])
        return path

    def run_all(self):
        for _ in range(6):
            assert self.q().rc == 0
            if not self.files():
                return
        raise AssertionError((self.states(), self.words()))


# ---- where it goes ----

def test_one_address(machine, scripted):
    srv = scripted()
    box = ForwardBox(machine, port=srv.port)
    box.forward("bob", "# all of it\nfar@x.test\n")
    box.put("bob")
    box.run_all()
    [(sender, rcpts, text)] = mails(srv)
    assert (sender, rcpts) == ("me@far.test", ["far@x.test"])
    assert text.startswith(b"Delivered-To: bob@box.example.net\r\nReceived: ")
    assert text.endswith(b"\r\n\r\nhello\r\nFrom here\r\n"), text
    assert box.subjects("bob") == [] and box.strangers() == []
    assert "forwarded by ~/.forward as " in box.log.read_text()


def test_it_is_off(machine, scripted):
    srv = scripted()
    box = ForwardBox(machine, local="", port=srv.port)
    box.forward("bob", "far@x.test\n")
    box.put("bob")
    box.run_all()
    assert box.subjects("bob") == ["hi"] and not mails(srv)


def test_many_targets(machine, scripted):
    """A copy, addresses, aliases, another user, a command and a file."""
    srv = scripted()
    box = ForwardBox(machine, port=srv.port, aliases="team: \\ann, y@x.test\n")
    out = box.homes / "bob" / "out"
    box.forward("bob", f'\\bob, far@x.test\nteam, far@x.test\n'
                f'"|cat >{out}.cmd; id -un >{out}.who; '
                f'echo $RECIPIENT $SENDER >{out}.env"\n{out}.file\n')
    box.put("bob", "ann", "z@x.test")
    box.run_all()
    assert box.subjects("bob") == ["hi"]
    assert box.subjects("ann") == ["hi", "hi"]
    assert sorted(r for _, rcpts, _ in mails(srv) for r in rcpts) == [
        "far@x.test", "y@x.test", "z@x.test"]
    command = Path(f"{out}.cmd")
    assert command.stat().st_uid == Path(f"{out}.file").stat().st_uid == BOB
    assert b"\nDelivered-To: bob@" in command.read_bytes()
    assert Path(f"{out}.who").read_text() == "bob\n"
    assert Path(f"{out}.env").read_text() == "bob@box.example.net " \
        "me@far.test\n"
    assert Path(f"{out}.file").read_bytes().startswith(b"From me@far.test ")


def test_one_command_needs_no_other_message(machine):
    box = ForwardBox(machine)
    out = box.homes / "bob" / "out"
    box.forward("bob", f'"|cat >{out}; echo no; exit 77"\n')
    box.sendmail("-odq", "-f", "ann@box", "bob")
    assert box.q().rc == 0
    box.run_all()
    assert out.read_bytes().startswith(b"Return-Path: <ann@box")
    [report] = box.mbox("ann")
    assert "status 77: no" in report.as_string()
    assert "forwarded by" not in box.log.read_text()


def test_backslash_of_an_alias_means_the_mailbox(machine, scripted):
    srv = scripted()
    box = ForwardBox(machine, port=srv.port, aliases="x: \\bob\ny: bob\n")
    box.forward("bob", "far@x.test\n")
    box.put("x")
    box.run_all()
    assert box.subjects("bob") == ["hi"] and not mails(srv)
    box.put("y")
    box.run_all()
    assert box.subjects("bob") == ["hi"] and len(mails(srv)) == 1


def test_reports_go_to_the_sender(machine, scripted):
    srv = scripted(RCPT="550 5.1.1 No such user")
    box = ForwardBox(machine, port=srv.port)
    box.forward("bob", "far@x.test\n")
    box.sendmail("-odq", "-f", "ann@box", "bob")
    box.run_all()
    [report] = box.mbox("ann")
    text = report.as_string()
    assert "550 5.1.1 No such user" in text
    assert "Original-Recipient: rfc822;bob@box" in text


def test_notify_goes_along(machine, scripted):
    """No success is told before there is one; then the next host's word."""
    srv = scripted()
    box = ForwardBox(machine, port=srv.port)
    box.forward("bob", "far@x.test\n")
    box.sendmail("-odq", "-f", "ann@box", "-N", "success", "bob")
    box.run_all()
    [report] = box.mbox("ann")
    text = report.as_string()
    assert "Action: relayed" in text and "far@x.test" in text


def test_bv_says_that_it_is_looked_at(machine):
    box = ForwardBox(machine, aliases="x: \\bob, ann\n")
    run = box.command("sendmail", "-bv", "x", stdin=b"")
    assert run.rc == 0
    assert run.out == (
        "x: /etc/aliases:1\n  bob: the mailbox of this user\n"
        "  ann: the mailbox of this user, unless his ~/.forward says more "
        "on delivery\n")


# ---- loops ----

@pytest.mark.parametrize("text", ["bob", "\\bob", "BOB@box.example.net",
                                  "bob+x@localhost", "self"])
def test_to_himself(machine, text):
    box = ForwardBox(machine, aliases="self: bob\n")
    box.forward("bob", f"{text}\n")
    box.put("bob", "bob+y")
    box.run_all()
    assert box.subjects("bob") == ["hi"]


def test_two_users_in_a_circle(machine):
    box = ForwardBox(machine)
    box.forward("bob", "ann, ann+1, \\bob\n")
    box.forward("ann", "bob, bob+1\n")
    box.put("bob")
    box.run_all()
    assert 1 < len(box.mbox("bob")) < 5 and box.subjects("ann") == []
    assert set(box.subjects("bob")) == {"hi"}


def test_a_command_that_sends_it_back(machine):
    box = ForwardBox(machine)
    box.forward("bob", f'"|{conftest.BINARY} --queue-only '
                'bob@box.example.net"\n')
    again = b"Delivered-To: bob@box.example.net\nSubject: again\n\nx\n"
    box.put("bob", text=again)
    box.run_all()
    assert box.subjects("bob") == ["again"]


# ---- what does not count ----

def link(box, path):
    path.rename(path.with_name("real"))
    path.symlink_to("real")


def hand_over(uid, mode=0o644):
    def change(box, path):
        os.chown(path, uid, uid)
        path.chmod(mode)
    return change


def put(text):
    def change(box, path):
        path.write_text(text.replace("@home@", str(path.parent)))
    return change


def fifo(box, path):
    path.unlink()
    os.mkfifo(path)
    os.chown(path, BOB, BOB)


def home(mode, uid=BOB):
    def change(box, path):
        path.parent.chmod(mode)
        os.chown(path.parent, uid, uid)
    return change


def shell(name):
    def change(box, path):
        put('"|touch @home@/ran"\n')(box, path)
        passwd = box.machine.etc / "passwd"
        passwd.write_text(passwd.read_text().replace(
            f"{path.parent}:/bin/sh", f"{path.parent}:{name}"))
    return change


USELESS = {
    "link": (link, "it is a symbolic link"),
    "ann's": (hand_over(ANN), "it is not his"),
    "group": (hand_over(BOB, 0o664), "others may write"),
    "others": (hand_over(BOB, 0o646), "others may write"),
    "unreadable": (hand_over(0, 0o600), "Permission denied"),
    "fifo": (fifo, "regular file"),
    "home-group": (home(0o775), "his home is not his"),
    "home-others": (home(0o757), "his home is not his"),
    "home-ann's": (home(0o755, ANN), "his home is not his"),
    "long": (put("far@x.test\n" + "# x\n" * 9000), "it is too long"),
    "many": (put("".join(f"a{n}@x.test\n" for n in range(101))),
             "too many targets"),
    "include": (put("far@x.test, :include:@home@/list\n"), "only aliases"),
    "error": (put("far@x.test, error: no\n"), "only aliases"),
    "quotes": (put('far@x.test\n"|touch @home@/ran\n'),
               "line 2 cannot be understood"),
    "nul": (put("far@x.test\n\0\n"), "it is no text"),
    "nologin": (shell("/usr/sbin/nologin"), "no login shell"),
}


@pytest.mark.parametrize("kind", USELESS)
def test_useless(machine, scripted, kind):
    """Its mail is in the mailbox, and why is in the log."""
    change, words = USELESS[kind]
    srv = scripted()
    box = ForwardBox(machine, port=srv.port)
    change(box, box.forward("bob", "far@x.test\n"))
    box.put("bob")
    box.run_all()
    assert box.subjects("bob") == ["hi"] and not mails(srv)
    [line] = [line for line in box.log.read_text().splitlines()
              if "delivered" in line]
    assert "~/.forward is not used: " in line and words in line, line
    assert not (box.homes / "bob" / "ran").exists()


def test_commands_switched_off(machine):
    box = ForwardBox(machine, local="forward = yes\nforward-commands = no")
    for name, text in (("bob", '"|touch @/ran"\n'), ("ann", "@/ran\n")):
        box.forward(name, text.replace("@", str(box.homes / name)))
    box.put("bob", "ann")
    box.run_all()
    assert box.subjects("bob") == box.subjects("ann") == ["hi"]
    assert not list(box.homes.glob("*/ran"))
    assert box.log.read_text().count("forward-commands is off") == 2


def test_nothing_is_done_as_root(machine):
    box = ForwardBox(machine)
    path = box.forward("bob", f'"|touch {box.homes}/bob/ran"\n')
    os.chown(path, 0, 0)
    os.chown(path.parent, 0, 0)
    passwd = box.machine.etc / "passwd"
    passwd.write_text(re.sub("(?m)^(root:.*):/root:", rf"\1:{path.parent}:",
                             passwd.read_text()))
    box.put("root")
    box.run_all()
    assert box.subjects("root") == ["hi"]
    assert "as root" in box.log.read_text()
    assert not (box.homes / "bob" / "ran").exists()


@pytest.mark.parametrize("bad", ["nobody-here@box", "<>", "a@@b", "\\none"])
def test_what_leads_to_nobody_stays(machine, scripted, bad):
    srv = scripted()
    box = ForwardBox(machine, port=srv.port)
    box.forward("bob", f"{bad}, far@x.test\n")
    box.put("bob")
    box.run_all()
    assert box.subjects("bob") == ["hi"]
    assert [rcpts for _, rcpts, _ in mails(srv)] == [["far@x.test"]]
    assert "kept in the mailbox" in box.log.read_text()


def test_it_was_changed_meanwhile(machine, scripted):
    """A target that is not there any more, when its turn comes."""
    srv = scripted()
    box = ForwardBox(machine, port=srv.port)
    box.forward("bob", f'far@x.test, "|exit 75", {box.homes}/bob/f\n')
    box.put("bob")
    assert box.q().rc == 0 and box.q().rc == 0
    assert sorted(box.states()[0]) == list("DDP")
    box.forward("bob", "other@x.test\n")
    box.run_all()
    assert box.subjects("bob") == ["hi"]
    assert (box.homes / "bob" / "f").exists()
    assert [rcpts for _, rcpts, _ in mails(srv)] == [["far@x.test"]]


# ---- the agent ----

@pytest.fixture(name="agent")
def fixture_agent(machine):
    box = ForwardBox(machine)
    box.text = box.folder / "text"
    box.text.write_bytes(b"Subject: hi\r\n\r\nhello\r\n")
    with box.process("smtpsend", "--local-agent") as p:
        wait_for((box.run / "local").exists)
        yield box
        p.terminate()
        assert p.wait(10) == 0


def test_agent_gives_no_commands_away(agent):
    """Addresses, and of all else only that it is there."""
    agent.forward("bob", f'far@x.test, "|touch {agent.homes}/secret"\n')
    verdict, text = ask(agent, packet(size=22))
    assert verdict == 0 and "far@x.test" in text and "secret" not in text
    assert agent.subjects("bob") == []


@pytest.mark.parametrize("index, got", [
    (1, "mailbox"), (2, "ran"), (3, "mailbox"), (4, "mailbox"),
    (0xfffffffe, "mailbox"), (0xffffffff, "mailbox"), (1 << 32, None)],
    ids=str)
def test_agent_does_what_stands_there(agent, index, got):
    """Whatever number comes: a target of his, or his mailbox."""
    ran = agent.homes / "bob" / "ran"
    agent.forward("bob", f'far@x.test, "|id -u >{ran}"\n\\bob\n')
    answer = ask(agent, packet(index=index, size=22))
    assert (answer is None) if got is None else (answer[0] == 2), answer
    assert (agent.subjects("bob") == ["hi"]) == (got == "mailbox")
    assert ran.exists() == (got == "ran")
    assert not ran.exists() or ran.read_text() == f"{BOB}\n"


# ---- killed anywhere ----

STEPS = range(2, 500, 5) if conftest.LONG else range(2, 500, 31)


def test_killed_anywhere_it_goes_on_once(machine):
    """Runner, agent and child each die at their n-th system call."""
    box = ForwardBox(machine)
    box.forward("bob", "ann, \\bob\n")
    kills = 0
    for n in STEPS:
        box.sendmail("-odq", "-f", "me@far.test", "bob",
                     stdin=b"Subject: n%d\n\nhello\n" % n)
        done = box.wrapped(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e",
             f"inject=all:signal=KILL:when={n}"], "sendmail", "-q")
        kills += done.rc != 0
        assert box.q().rc == 0
    box.run_all()
    assert kills > (5 if conftest.LONG else 0)
    for name in UIDS:
        assert sorted(box.subjects(name)) == sorted(f"n{n}" for n in STEPS)


def test_a_daemon_that_is_killed_loses_nothing(machine, scripted):
    srv = scripted()
    box = ForwardBox(machine, port=srv.port)
    box.forward("bob", "far@x.test, \\bob\n")
    for n in range(6):
        for name in ("control", "submit"):  # of the one that was killed
            (box.run / name).unlink(missing_ok=True)
        with box.process("smtpsend", "--daemon") as p:
            try:
                wait_for(lambda: all((box.run / name).exists()
                                     for name in ("control", "submit")))
                assert box.sendmail("-f", "me@far.test", "bob", uid=ANN,
                                    stdin=b"Subject: n%d\n\nx\n" % n).rc == 0
                wait_for(lambda: "forwarded by" in box.log.read_text())
            finally:
                p.send_signal(signal.SIGKILL)
                p.wait(10)
        box.log.write_text("")
    box.run_all()
    assert set(box.subjects("bob")) == {f"n{n}" for n in range(6)}
    assert len({re.search(rb"Subject: (n\d)", text).group(1)
                for _, _, text in mails(srv)}) == 6
