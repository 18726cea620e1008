# SPDX-License-Identifier: ISC
"""Mail for this machine itself: aliases, mailboxes, commands, the agent."""

import fcntl
import mailbox
import os
import re
import shutil
import signal
import socket
import struct
import subprocess

import pytest

import conftest
from queue_support import SPOOL_UID, wait_for
from runner_support import QueueBox
from scripted import Server, dialogue
from test_bounce import mails

BOB, ANN = 7001, 7002
MAIL = b"Subject: hi\nFrom: me@far.test\n\nhello\nFrom here\n"


class LocalBox(QueueBox):
    """Users bob and ann, mailboxes in folder/mail, aliases of the test's."""

    def __init__(self, machine, aliases="", local="", port=None, **how):
        super().__init__(machine, port, local="", passwd=[
            f"bob:x:{BOB}:{BOB}:Bob:/nonexistent:/bin/sh",
            f"ann:x:{ANN}:{ANN}:Ann:/nonexistent:/bin/sh"],
            files={"/etc/aliases": aliases}, **how)
        self.mail = self.folder / "mail"
        self.mail.mkdir()
        shutil.chown(self.mail, "root", "mail")
        self.mail.chmod(0o2775)
        if "mailbox =" not in local:
            local += "\nmailbox = mbox:@mail@\n"
        local = local.replace("@mail@", str(self.mail))
        self.configure(f"{self.config}\n[local]\n{local}")

    def aliases(self, text):
        self.machine.write("/etc/aliases", text)

    def mbox(self, name):
        path = self.mail / name
        return mailbox.mbox(path, create=False) if path.exists() else []

    def subjects(self, name):
        return [m["Subject"] for m in self.mbox(name)]

    def put(self, *args, text=MAIL, **how):
        run = self.sendmail("-odq", "-i", "-f", "me@far.test", *args,
                            stdin=text, **how)
        assert run.rc == 0, run


@pytest.fixture(name="scripted")
def fixture_scripted():
    """scripted(RCPT=...) -> a server that takes all mail."""
    servers = []

    def start(**answers):
        srv = Server(dialogue(**answers))
        srv.__enter__()
        servers.append(srv)
        return srv
    yield start
    for srv in servers:
        srv.__exit__(None, None, None)


def taken(srv):
    """The recipients of each mail."""
    return [rcpts for _, rcpts, _ in mails(srv)]


# ---- who gets it ----

def test_mailbox(machine):
    box = LocalBox(machine)
    box.put("bob", "ann+tag@box.example.net")
    assert box.q().rc == 0
    data = (box.mail / "bob").read_bytes()
    assert re.match(rb"From me@far\.test \w{3} \w{3} [ \d]\d [\d:]{8} \d{4}\n"
                    rb"Return-Path: <me@far\.test>\n"
                    rb"Delivered-To: bob@box\.example\.net\nReceived: ", data)
    assert data.endswith(b"\nSubject: hi\nFrom: me@far.test\nDate: "
                         + data.split(b"\nDate: ")[1]), data
    assert data.endswith(b"\n\nhello\n>From here\n\n")
    assert b"\r" not in data
    st = (box.mail / "bob").stat()
    assert (st.st_uid, st.st_mode & 0o777) == (BOB, 0o600)
    assert box.subjects("ann") == ["hi"]
    assert box.files() == [] and box.strangers() == []


def test_names_of_this_machine(machine):
    box = LocalBox(machine, local="local-domains = old.test")
    for name in ("bob@localhost", "BOB@Box.Example.Net", "bob@box",
                 "bob@localhost.localdomain", "bob@old.test"):
        box.put(name)
    assert box.q().rc == 0
    assert len(box.mbox("bob")) == 5


def test_what_is_not_local_goes_out(machine, scripted):
    """The domain of /etc/mailname is no name of this machine."""
    srv = scripted()
    box = LocalBox(machine, port=srv.port, mailname="corp.test")
    box.put("bob", "jane", "root@far.test")
    box.put("bob@corp.test")
    assert box.q().rc == 0
    assert box.subjects("bob") == ["hi"]
    assert sorted(r for rcpts in taken(srv) for r in rcpts) == [
        "bob@corp.test", "jane@corp.test", "root@far.test"]


def test_aliases(machine, scripted):
    srv = scripted()
    box = LocalBox(machine, port=srv.port)
    out = box.mail / "out"
    out.mkdir()
    out.chmod(0o777)
    (box.folder / "list").write_text("ann, far@x.test\n# nobody\n")
    box.aliases(
        f'root: \\root, bob\nall: root, :include:{box.folder}/list\n'
        f'cmd: "|cat >{out}/cmd; id -un >{out}/who"\nf: {out}/file\n'
        'loop: loop2\nloop2: loop, ann\nno: error: gone\n')
    for name in ("all", "cmd", "f", "loop"):
        box.put(name)
    assert box.q().rc == 0
    assert len(box.mbox("root")) == len(box.mbox("bob")) == 1
    assert len(box.mbox("ann")) == 2
    assert taken(srv) == [["far@x.test"]]
    assert (out / "who").read_text() == "nobody\n"
    assert (out / "cmd").read_bytes().startswith(
        b"Return-Path: <me@far.test>\nDelivered-To: cmd@box.example.net\n")
    assert (out / "file").read_bytes().startswith(b"From me@far.test ")
    run = box.sendmail("-odq", "no")
    assert run.rc == 67 and "gone" in run.err
    run = box.sendmail("-odq", "nosuch@box")
    assert run.rc == 67 and 'the name "nosuch"' in run.err


def test_owner_of_a_list(machine, scripted):
    """What fails of a list is told to its owner, and not to who wrote to it."""
    srv = scripted(RCPT="550 5.1.1 no such user")
    box = LocalBox(machine, port=srv.port,
                   aliases="list: far@x.test, ann\nowner-list: bob\n")
    box.put("list")
    assert box.q().rc == 0
    assert box.q().rc == 0
    assert [m["Return-Path"] for m in box.mbox("ann")] == [
        "<owner-list@box.example.net>"]
    [report] = box.mbox("bob")
    assert report["Return-Path"] == "<>"
    assert "far@x.test" in report.as_string()


def test_users_to(machine, scripted):
    srv = scripted()
    box = LocalBox(machine, port=srv.port, aliases="ann: \\ann\n",
                   local="local-users-to = me@home.test")
    box.put("root", "bob", "ann")
    assert box.q().rc == 0
    assert taken(srv) == [["me@home.test"]]
    assert len(box.mbox("ann")) == 1


def test_no_local_delivery(machine, scripted):
    srv = scripted()
    box = LocalBox(machine, port=srv.port, aliases="bob: ann\n",
                   local="deliver = no")
    box.put("bob")
    assert box.q().rc == 0
    assert taken(srv) == [["bob@box.example.net"]]


def test_by_the_daemon(machine):
    """Any user; at once; and whoever waits hears of the alias' targets."""
    box = LocalBox(machine, aliases="both: bob, ann\nno: \"|exit 77\"\n")
    with box.process("smtpsend", "--daemon") as p:
        wait_for(lambda: (box.run / "control").exists())
        assert box.sendmail("bob", uid=ANN).rc == 0
        wait_for(lambda: len(box.mbox("bob")) == 1)
        run = box.smtpsend("--wait", "both", uid=ANN)
        assert run.rc == 0, run
        assert len(box.mbox("bob")) == 2 and len(box.mbox("ann")) == 1
        run = box.smtpsend("--wait", "both", "no", uid=ANN)
        assert run.rc == 69 and "status 77" in run.err, run
        run = box.sendmail("nosuch@box", uid=ANN)
        assert run.rc == 67 and "no user or alias" in run.err, run
        p.send_signal(signal.SIGTERM)
        assert p.wait(10) == 0
    assert box.strangers() == []


def test_without_the_daemon(machine, scripted):
    """What only the queue can deliver does not go by DNS instead of that."""
    srv = scripted()
    box = LocalBox(machine, port=srv.port, aliases="all: bob, far@x.test\n")
    for words in (["bob"], ["all@box"], ["bob", "far@x.test"]):
        run = box.sendmail("-i", *words, uid=ANN, stdin=MAIL)
        assert run.rc == 75 and "daemon" in run.err, run
    assert taken(srv) == []
    assert box.sendmail("-i", "far@x.test", uid=ANN, stdin=MAIL).rc == 0
    assert taken(srv) == [["far@x.test"]]


def test_newaliases(machine):
    box = LocalBox(machine, aliases="root: bob\nx: a,\n y\n")
    run = box.command("sendmail", "-bi")
    assert run.rc == 0
    assert run.out == "/etc/aliases: 2 aliases, longest 4 bytes, " \
        "12 bytes total\n"
    box.aliases("root bob\nx: y\n")
    run = box.command("sendmail", "-bi")
    assert run.rc == 65 and "/etc/aliases:1: " in run.err
    assert "1 aliases" in run.out


def test_bv(machine):
    box = LocalBox(machine, aliases="root: bob, \"|cmd\"\n")
    run = box.command("sendmail", "-bv", "root", stdin=b"")
    assert run.out == ("root: /etc/aliases:1\n  bob: the mailbox of this "
                       "user\n  cmd: a command\n")
    assert run.rc == 0
    assert box.command("sendmail", "-bv", "no@box", stdin=b"").rc == 67


# ---- FAULTS 81 to 83 ----

def test_one_part_fails(machine, scripted):
    """81: others are not touched, and there is one report."""
    srv = scripted()
    box = LocalBox(machine, port=srv.port)
    box.aliases(f'all: bob, far@x.test, "|exit 70", {box.mail}/no/file,'
                ' "|echo sorry; exit 77"\nme: ann\n')
    box.sendmail("-odq", "-f", "ann@box", "all", stdin=MAIL)
    assert box.q().rc == 0
    assert box.q().rc == 0
    assert box.subjects("bob") == ["hi"] and len(taken(srv)) == 1
    [report] = box.mbox("ann")
    text = report.as_string()
    assert "status 70" in text and "status 77: sorry" in text
    assert text.count("Action: failed") == 2
    assert box.states() == ["BBDDP"] or sorted(box.states()[0]) == \
        list("BBDDP")


def test_locked_mailbox(machine):
    """82: another program has it: later, and the reason is told."""
    box = LocalBox(machine)
    path = box.mail / "bob"
    path.touch()
    os.chown(path, BOB, BOB)
    box.put("bob")
    with open(path, "r+b") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)
        (box.mail / "bob.lock").write_text(f"{os.getpid()}\n")
        process = box.process("sendmail", "-q")
        wait_for(lambda: "P" in "".join(box.states()))
        fcntl.lockf(f, fcntl.LOCK_UN)
        (box.mail / "bob.lock").unlink()
        assert process.wait(60) == 0
        process.stderr.close()
    assert box.subjects("bob") == ["hi"]


def test_locked_without_proc(machine):
    """Then the lock is a file that has a name before it is complete."""
    box = LocalBox(machine)
    box.put("bob")
    run = box.q(wrap=["unshare", "-m", "sh", "-c",
                      'mount -t tmpfs none /proc && exec "$@"', "sh"])
    assert run.rc == 0, run
    assert box.subjects("bob") == ["hi"]
    assert [p.name for p in box.mail.iterdir()] == ["bob"]


@pytest.mark.parametrize("kind", ["symlink", "hardlink", "fifo", "folder",
                                  "other"])
def test_no_mailbox(machine, kind):
    """82: what is in its place is left alone."""
    box = LocalBox(machine)
    path, other = box.mail / "bob", box.mail / "else"
    other.write_text("safe")
    if kind == "symlink":
        path.symlink_to(other)
    elif kind == "hardlink":
        os.chown(other, BOB, BOB)
        path.hardlink_to(other)
    elif kind == "fifo":
        os.mkfifo(path)
        os.chown(path, BOB, BOB)
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_text("safe")
        path.chmod(0o666)
    box.sendmail("-odq", "-f", "ann@box", "bob")
    assert box.q().rc == 0
    assert box.q().rc == 0
    assert other.read_text() == "safe"
    [report] = box.mbox("ann")
    assert "5.2.0" in report.as_string() and str(path) in report.as_string()


def test_full_disk(machine):
    """82: nothing is left of it, and it is tried again."""
    box = LocalBox(machine)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=2775,gid=8",
                    "tmpfs", box.mail], check=True)
    try:
        path = box.mail / "bob"
        path.write_bytes(b"From old\n\nold\n\n")
        os.chown(path, BOB, 8)
        box.put("bob", text=MAIL + b"x" * 70 + b"\n" * 100000)
        assert box.q().rc == 0
        assert path.read_bytes() == b"From old\n\nold\n\n"
        assert box.states() == ["P"] and "No space left" in box.words()
        subprocess.run(["mount", "-o", "remount,size=1m", box.mail],
                       check=True)
        assert box.q().rc == 0
        assert len(box.mbox("bob")) == 2 and box.files() == []
    finally:
        subprocess.run(["umount", box.mail], check=True)


def test_commands(machine):
    """83: what stays in the queue, and what comes back."""
    box = LocalBox(machine, local="command-timeout = 1s")
    later = ["exit 75", "exec /nonexistent/x", "kill -9 $$", "sleep 60",
             "sh -c 'kill -9 $$'; exit $?"]
    never = ["exit 69", "exit 77", "exit 1"]
    fine = ["exec <&-", "cat >/dev/null", "yes | head -c 1000000"]
    names = [f"c{i}" for i in range(11)]
    box.aliases("".join(f'{name}: "|{line}"\n' for name, line in
                        zip(names, later + never + fine)))
    box.sendmail("-odq", "-f", "ann@box", *names)
    assert box.q().rc == 0
    assert sorted(box.states()[0]) == sorted("P" * 5 + "B" * 3 + "D" * 3)
    assert box.q().rc == 0
    [report] = box.mbox("ann")
    assert report.as_string().count("Action: failed") == 3


def test_switched_off(machine):
    box = LocalBox(machine, local="alias-commands = no\nalias-files = no")
    box.aliases(f'a: "|touch {box.mail}/x"\nb: {box.mail}/y\nann: \\ann\n')
    box.sendmail("-odq", "-f", "ann@box", "a", "b")
    assert box.q().rc == box.q().rc == 0
    [report] = box.mbox("ann")
    assert "alias-commands" in report.as_string()
    assert "alias-files" in report.as_string()
    assert not (box.mail / "x").exists() and not (box.mail / "y").exists()


def test_aliases_of_others(machine):
    """Who may write to the file would be whoever its commands run as."""
    box = LocalBox(machine, aliases='a: "|exit 0"\n')
    os.chmod(box.machine.etc / "aliases", 0o666)
    box.put("a")
    assert box.q().rc == 0
    assert box.states() == ["P"]
    assert "others may write to it" in box.words()


def test_command_of_a_mailbox(machine):
    box = LocalBox(machine, local="mailbox = mbox:@mail@\n"
                   "mailbox-command = cat >@mail@/got.$USER.$EXTENSION")
    box.mail.chmod(0o777)
    box.put("bob+x", "root")
    assert box.q().rc == 0
    assert (box.mail / "got.bob.x").stat().st_uid == BOB
    assert box.subjects("root") == ["hi"]   # no command is run as root


def test_command_of_a_mailbox_fails(machine):
    """Its status says what becomes of the mail; it runs as the user."""
    box = LocalBox(machine, local="command-timeout = 1s\nmailbox = mbox:@mail@\n"
                   'mailbox-command = env >@mail@/env.$USER; id -un '
                   '>>@mail@/env.$USER; cat >@mail@/text.$USER; '
                   'case $EXTENSION in late) sleep 60;; esac; exit $EXTENSION')
    box.mail.chmod(0o777)
    for how in ("75", "late", "0"):
        box.put(f"bob+{how}")
    box.sendmail("-odq", "-f", "ann@box", "bob+77", stdin=MAIL)
    assert box.q().rc == 0
    assert "mailbox-command ended with status 75" in box.words()
    assert "mailbox-command took longer than 1 s" in box.words()
    wait_for(lambda: box.q().rc == 0 and (box.mail / "text.ann").exists())
    assert b"status 77" in (box.mail / "text.ann").read_bytes()
    assert [set(s) for s in box.states()] == [{"P"}, {"P"}], box.words()
    lines = (box.mail / "env.bob").read_text().splitlines()
    assert lines[-1] == "bob"
    assert {"USER=bob", "LOGNAME=bob", "HOME=/nonexistent", "LOCAL=bob",
            "RECIPIENT=bob@box.example.net"} <= set(lines)
    assert not [line for line in lines if line.startswith("LD_")]
    assert not (box.mail / "bob").exists()


def test_maildir(machine):
    box = LocalBox(machine, local="mailbox = maildir:@mail@")
    box.put("bob")
    box.put("bob")
    assert box.q().rc == 0
    found = list((box.mail / "bob/new").iterdir())
    assert len(found) == 2 and list((box.mail / "bob/tmp").iterdir()) == []
    assert all(f.stat().st_uid == BOB for f in found)
    assert found[0].read_bytes().endswith(b"\n\nhello\nFrom here\n")


# ---- the agent ----

def packet(kind=1, index=0, name=b"bob", extension=b"", sender=b"a@x",
           to=b"bob@box", mail=b"ID", size=0, magic=0x314c5353, place=(0, 0)):
    """place: inode and offset in the mailbox, of an earlier try"""
    numbers = struct.pack("<10Q", magic, kind, index, 0, 0, size, 0, 0, *place)
    texts = b"".join(struct.pack("<Q", len(s)) + s for s in
                     (name, extension, sender, to, mail))
    return numbers + texts


@pytest.fixture(name="agent")
def fixture_agent(machine):
    box = LocalBox(machine, aliases='cmd: "|exit 0"\n')
    text = box.folder / "text"
    text.write_bytes(b"Subject: hi\r\n\r\nhello\r\n")
    with box.process("smtpsend", "--local-agent") as p:
        wait_for((box.run / "local").exists)
        box.text = text
        yield box
        p.terminate()
        assert p.wait(10) == 0


def ask(box, data, uid=SPOOL_UID, fd=True, go=True, meanwhile=None):
    """
    What the agent says at last, as (verdict, text); None: nothing.  Before it is
    told to go on, meanwhile().
    """
    meanwhile = meanwhile or (lambda: None)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        here, there = os.pipe()
        child = os.fork()
        if child == 0:
            answer = b""
            try:
                os.setgroups([])
                os.setresuid(uid, uid, 0)
                s.connect(str(box.run / "local"))
                with open(box.text, "rb") as f:
                    fds = [f.fileno()] if fd else []
                    socket.send_fds(s, [data], fds)
                answer = s.recv(8192)
                if answer[8:9] == b"A" and go:
                    os.seteuid(0)
                    meanwhile()
                    s.send(struct.pack("<9Q", 0x314c5353, ord("G"), 0, 0, 2,
                                       0, 0, 0, 0))
                    answer = s.recv(8192)
                elif answer[8:9] == b"A":
                    answer = b"A"
            except OSError as e:
                answer = b"!" + str(e).encode()
            os.write(there, answer)
            os._exit(0)
        os.close(there)
        with os.fdopen(here, "rb") as f:
            answer = f.read()
        os.waitpid(child, 0)
    if len(answer) < 72:
        return answer or None
    return answer[32], answer[72:].decode(errors="replace")


def test_agent_delivers(agent):
    size = agent.text.stat().st_size
    assert ask(agent, packet(size=size))[0] == 2
    assert agent.subjects("bob") == ["hi"]
    assert ask(agent, packet(2, name=b"cmd", size=size))[0] == 2


def test_agent_is_not_for_others(agent):
    assert ask(agent, packet(), uid=BOB).startswith(b"!")
    (agent.run / "local").chmod(0o666)
    said = ask(agent, packet(), uid=BOB)
    assert said is None or said.startswith(b"!")
    assert not (agent.mail / "bob").exists()


@pytest.mark.parametrize("data", [
    b"", b"x", packet()[:-1], packet() + b"x", packet(magic=1),
    packet(kind=0), packet(kind=3), packet(kind=2 ** 40),
    packet(name=b"bo\0b"), packet(name=b"bob\n"), packet(name=b""),
    packet(sender=b"a\n@x"), packet(to=b"\r"), packet(mail=b"\0"),
    packet(name=b"b" * 2000), packet() + b"\0" * 9000,
])
def test_agent_refuses_what_it_cannot_read(agent, data):
    if data:
        said = ask(agent, data)
        assert said is None or said.startswith(b"!"), said
    said = ask(agent, packet(), fd=False)
    assert said is None or said.startswith(b"!"), said
    assert list(agent.mail.iterdir()) == []
    assert ask(agent, packet(size=5))[0] == 2       # it is there still


@pytest.mark.parametrize("kind, name", [
    (1, b"../bob"), (1, b"/etc/passwd"), (1, b"."), (1, b".."), (1, b"-x"),
    (1, b"nosuch"), (1, b"7001"), (1, b"|touch x"), (2, b"nosuch"),
    (2, b"bob"), (2, b"|exit 0"),
])
def test_agent_refuses_names(agent, kind, name):
    verdict, _ = ask(agent, packet(kind, name=name))
    assert verdict == 4
    assert list(agent.mail.iterdir()) == []


def test_agent_refuses_numbers(agent):
    assert ask(agent, packet(2, index=1, name=b"cmd"))[0] == 4
    assert ask(agent, packet(2, index=2 ** 32 - 1, name=b"cmd"))[0] == 4


def test_agent_waits_for_go(agent):
    """Who goes away before that leaves the mailbox as it was."""
    assert ask(agent, packet(size=5), go=False) == b"A"
    path = agent.mail / "bob"
    wait_for(lambda: not (agent.mail / "bob.lock").exists())
    assert path.read_bytes() == b""


def test_mailbox_is_replaced(agent):
    """82: nothing goes to the file that was it, nor twice to the new one."""
    path, old = agent.mail / "bob", agent.mail / "bob.old"
    path.write_bytes(b"From x\n\nmine")
    os.chown(path, BOB, 8)

    def replace():
        path.rename(old)
        path.touch()
        os.chown(path, BOB, 8)
    size = agent.text.stat().st_size
    verdict, text = ask(agent, packet(size=size), meanwhile=replace)
    assert verdict == 3 and "replaced" in text
    assert old.read_bytes() == b"From x\n\nmine" and path.stat().st_size == 0
    assert ask(agent, packet(size=size))[0] == 2
    assert old.read_bytes() == b"From x\n\nmine"
    assert agent.subjects("bob") == ["hi"]


def test_agent_takes_files_alone(agent):
    """A text that is no file, or ends too early, is nobody's mail."""
    agent.text.unlink()
    agent.text.mkdir()
    agent.text.rmdir()
    os.mkfifo(agent.text)
    reader = os.open(agent.text, os.O_RDWR)
    assert ask(agent, packet(size=5))[0] == 3
    os.close(reader)
    agent.text.unlink()
    agent.text.write_bytes(b"abc")
    assert ask(agent, packet(size=500))[0] == 3
    path = agent.mail / "bob"
    assert not path.exists() or path.read_bytes() == b""


# ---- killed anywhere ----

STEPS = range(2, 400, 5) if conftest.LONG else range(2, 400, 31)


@pytest.mark.parametrize("form", ["mbox", "maildir"])
def test_killed_anywhere_it_is_there_once(machine, form):
    """FAULTS 67: runner, agent and child each die at their n-th system call."""
    box = LocalBox(machine, local=f"mailbox = {form}:@mail@",
                   aliases='all: bob, bad\nbad: "|exit 77"\n')
    kills = 0
    for n in STEPS:
        box.sendmail("-odq", "-f", "ann@box", "all",
                     stdin=b"Subject: n%d\n\nhello\n" % n)
        done = box.wrapped(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e",
             f"inject=all:signal=KILL:when={n}"], "sendmail", "-q")
        kills += done.rc != 0
        assert box.q().rc == 0
    while box.files():
        assert box.q().rc == 0
    assert kills > (5 if conftest.LONG else 0)

    def subjects(name):
        return box.subjects(name) if form == "mbox" else [
            m["Subject"] for m in mailbox.Maildir(box.mail / name)]
    assert sorted(subjects("bob")) == sorted(f"n{n}" for n in STEPS)
    assert len(subjects("ann")) == len(STEPS)
    assert not list(box.mail.glob("*.lock*"))
