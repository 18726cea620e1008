# SPDX-License-Identifier: ISC
"""What the agent for local delivery must refuse, and to whom it gives nothing.

Two attackers: a user of this machine, who owns his mailbox, his home and what
his command does; and whoever has the daemon's socket, that is a daemon that
was taken over.
"""

import contextlib
import fcntl
import itertools
import os
import pty
import random
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import conftest
from queue_support import wait_for
from test_local import (ANN, BOB, LocalBox, ask,
                        fixture_agent,  # noqa: F401 pylint: disable=W0611
                        packet)

NOBODY = 65534
DEFERRED, DELIVERED, FAILED = 3, 2, 4


def tree(folder):
    """All there is: kind, owner and content."""
    found = {}
    for p in sorted(folder.rglob("*")):
        st = p.lstat()
        text = p.read_bytes() if p.is_file() and not p.is_symlink() else b""
        found[str(p.relative_to(folder))] = (st.st_mode, st.st_uid, text)
    return found


@contextlib.contextmanager
def running(box, *words):
    """A test that fails does not wait for it."""
    with box.process(*words) as p:
        try:
            yield p
        finally:
            if p.poll() is None:
                p.kill()


def own(path, uid=BOB):
    os.chown(path, uid, uid, follow_symlinks=False)
    return path


# ---- what lies where a mailbox should be ----

def put_trap(path, other, kind, uid):
    """other is root's, and safe."""
    if kind == "symlink":
        path.symlink_to(other)
    elif kind == "hardlink":
        own(path, uid).hardlink_to(other) if path.exists() else \
            path.hardlink_to(other)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(path))
    else:                       # somebody else's, whoever may write to it
        path.write_text("safe")
        path.chmod(0o666)
    if kind not in ("other", "hardlink"):
        own(path, uid)


@pytest.mark.parametrize("kind", ["symlink", "hardlink", "fifo", "folder",
                                  "socket", "other"])
def test_file_of_an_alias(machine, kind):
    """As for mailboxes (test_local.py): it is the alias-user's, or nothing."""
    box = LocalBox(machine)
    out = box.mail / "out"
    out.mkdir()
    out.chmod(0o777)
    other = box.folder / "safe"
    other.write_text("safe")
    other.chmod(0o666)
    put_trap(out / "file", other, kind, NOBODY)
    box.aliases(f"f: {out}/file\n")
    before = tree(out)
    box.sendmail("-odq", "-f", "ann@box", "f")
    assert box.q().rc == box.q().rc == 0
    assert other.read_text() == "safe" and tree(out) == before
    [report] = box.mbox("ann")
    assert f"{out}/file" in report.as_string()


@pytest.mark.parametrize("part", ["", "tmp", "new", "cur"])
@pytest.mark.parametrize("kind", ["symlink", "fifo", "other", "folder"])
def test_parts_of_a_maildir(machine, part, kind):
    """Nothing is made on the other side of a link, and there is no wait."""
    if kind == "folder" and part != "":
        pytest.skip("that is what it should be")
    box = LocalBox(machine, local="mailbox = maildir:@mail@")
    top, other = box.mail / "bob", box.folder / "safe"
    for name in ("tmp", "new", "cur"):
        (other / name).mkdir(parents=True)
        (other / name).chmod(0o777)
    other.chmod(0o777)
    if part:
        own(top, BOB) if top.exists() else top.mkdir()
        own(top)
    path = top / part if part else top
    if kind == "symlink":
        own(path.symlink_to(other / part) or path)
    elif kind == "fifo":
        os.mkfifo(path)
        own(path)
    elif kind == "other":
        path.write_text("safe")
    else:                       # root's, and bob cannot write to it
        path.mkdir()
        path.chmod(0o755)
    box.put("bob")
    assert box.q().rc == 0
    assert box.states() != [] or "safe" not in box.words()
    assert not [p for p in other.rglob("*") if p.is_file()]
    assert not [p for p in box.mail.rglob("*")
                if p.is_file() and b"hello" in p.read_bytes()]


@pytest.mark.parametrize("form", ["mbox:~/mail", "maildir:~/Maildir"])
def test_a_home_that_leads_elsewhere(machine, form):
    """Whoever's it is, bob can do there what bob can do."""
    box = LocalBox(machine, local=f"mailbox = {form}")
    home, other = box.folder / "home", box.folder / "roots"
    other.mkdir()
    other.chmod(0o755)
    (other / "mail").write_text("safe")
    (other / "Maildir").mkdir()
    home.symlink_to(other)
    passwd = (box.machine.etc / "passwd").read_text()
    box.machine.write("/etc/passwd", passwd.replace(
        "Bob:/nonexistent", f"Bob:{home}"))
    before = tree(other)
    box.put("bob")
    assert box.q().rc == 0
    assert tree(other) == before and len(box.files()) == 1
    assert "P" in box.states()[0]


# ---- between look and use ----

def test_a_mailbox_that_is_replaced_while_it_is_locked(machine):
    """It is not written to the old one, and comes into the new one, once."""
    box = LocalBox(machine)
    path = own(box.mail / "bob") if (box.mail / "bob").exists() else \
        box.mail / "bob"
    path.touch()
    own(path)
    box.put("bob")
    with open(path, "r+b") as old:
        fcntl.lockf(old, fcntl.LOCK_EX)
        process = box.process("sendmail", "-q")
        wait_for(lambda: waits_for_lock(path))
        new = own(box.mail / "bob.new") if (box.mail / "bob.new").exists() \
            else box.mail / "bob.new"
        new.write_bytes(b"From old\n\nold\n\n")
        own(new)
        new.rename(path)
        fcntl.lockf(old, fcntl.LOCK_UN)
        assert process.wait(60) == 0
        process.stderr.close()
        assert os.fstat(old.fileno()).st_size == 0
    wait_for(lambda: box.q().rc == 0 and not box.files())
    assert len(box.mbox("bob")) == 2


def waits_for_lock(path):
    """Somebody beside us has it open."""
    inode = os.stat(path).st_ino
    for pid in os.listdir("/proc"):
        folder = Path("/proc", pid, "fd")
        try:
            if pid.isdigit() and pid != str(os.getpid()) and any(
                    os.stat(folder / fd).st_ino == inode
                    for fd in os.listdir(folder)):
                return True
        except OSError:     # gone meanwhile
            pass
    return False


def test_renames_without_end(machine):
    """A user turns his mailbox into a link to another's file and back, as fast
    as he can, in a folder where he may: that file stays what it is."""
    box = LocalBox(machine, local="mailbox = mbox:@mail@/open")
    folder = box.mail / "open"
    folder.mkdir()
    folder.chmod(0o777)
    safe = box.folder / "safe"
    safe.write_text("safe")
    os.chown(safe, ANN, ANN)
    script = (f"cd {folder}; touch mine; ln -s {safe} link; "
              "while :; do mv -f mine bob; ln -sf "
              f"{safe} l2; mv -f l2 bob; touch mine; done")
    with subprocess.Popen(["setpriv", "--reuid", str(BOB), "--regid",
                           str(BOB), "--clear-groups", "sh", "-c", script],
                          process_group=0, stderr=subprocess.DEVNULL) as p:
        for _ in range(15):
            box.put("bob")
        for _ in range(3):
            assert box.q().rc == 0
        os.killpg(p.pid, signal.SIGKILL)
    assert safe.read_text() == "safe"


# ---- what a command gets ----

COMMAND = ("env >@mail@/env; ls -l /proc/self/fd >@mail@/fd; id >@mail@/id; "
           "umask >@mail@/umask; (: </dev/tty) 2>@mail@/notty && "
           "touch @mail@/tty; cat >/dev/null")


def run_at_a_terminal(box, *words, **env):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(words[0], words, box.machine.environment(**env))
    try:
        while os.read(fd, 4096):
            pass
    except OSError:
        pass
    os.close(fd)
    return os.waitpid(pid, 0)[1]


def test_what_a_command_gets(machine):
    """Root runs the queue at his terminal; a user's command has nothing of
    root's: no terminal to type into, no descriptor, no environment."""
    box = LocalBox(machine, local="mailbox = mbox:@mail@\n"
                   f"mailbox-command = {COMMAND}")
    box.mail.chmod(0o777)
    box.put("bob+x")
    assert run_at_a_terminal(
        box, *box.machine, str(box.bin / "sendmail"), "-q", HOME="/root",
        TMPDIR="/evil", LD_LIBRARY_PATH="/evil", IFS="x", SECRET="y",
        MAIL="z") == 0
    assert not (box.mail / "tty").exists() and (box.mail / "notty").exists()
    names = {line.split("=")[0] for line in
             (box.mail / "env").read_text().splitlines()}
    assert names - {"PWD", "_", "SHLVL"} == {
        "PATH", "HOME", "SHELL", "USER", "LOGNAME", "SENDER", "RECIPIENT",
        "EXTENSION", "LOCAL", "QUEUE_ID"}
    fds = [line.split(" ")[-3:] for line in
           (box.mail / "fd").read_text().splitlines() if "->" in line]
    assert [fd[0] for fd in fds] == ["0", "1", "2", "3"]    # 3 is ls' own
    assert fds[3][2].startswith("/proc/")
    assert (box.mail / "umask").read_text() == "0077\n"
    assert f"uid={BOB}(bob) gid={BOB}" in (box.mail / "id").read_text()
    assert "mail" not in (box.mail / "id").read_text()


def test_no_command_as_root(machine):
    """alias-user = root is no way to say it."""
    box = LocalBox(machine, local="alias-user = root")
    box.mail.chmod(0o777)
    box.aliases(f'c: "|touch {box.mail}/c"\nf: {box.mail}/f\n')
    box.put("c", "f")
    assert box.q().rc == 0
    assert list(box.mail.iterdir()) == [] and box.states() == ["PP"]
    assert "never root's" in box.words()


def test_an_alias_user_who_is_not_there(machine):
    """That is the configuration's fault, and not the sender's."""
    box = LocalBox(machine, local="alias-user = nosuch")
    box.aliases('c: "|exit 0"\n')
    box.put("c")
    assert box.q().rc == 0
    assert box.states() == ["P"] and "alias-user nosuch" in box.words()


# ---- whoever has the daemon's socket ----

def test_ids_name_no_file(machine):
    """The id is a part of a file's name in a Maildir."""
    box = LocalBox(machine, local="mailbox = maildir:@mail@")
    box.text = box.folder / "text"
    box.text.write_bytes(b"Subject: hi\r\n\r\nhello\r\n")
    with running(box, "smtpsend", "--local-agent") as p:
        wait_for((box.run / "local").exists)
        assert ask(box, packet(size=5))[0] == DELIVERED
        trap = box.mail / "bob/tmp/0."
        trap.mkdir()
        own(trap)
        before = tree(box.mail)
        for name in (b"/../../x", b"/x", b"..", b"a.b", b"a b", b"\xff"):
            assert ask(box, packet(mail=name, size=5)) in (None, b"")
        assert tree(box.mail) == before
        p.terminate()
        assert p.wait(10) == 0
        p.stderr.close()


def test_logins_that_are_paths(machine):
    """Whatever passwd, or who stands in for it, has as names: none becomes the
    name of a file elsewhere."""
    box = LocalBox(machine)
    logins = ("../out", "bob/../../out", "..", ".hidden", "-x")
    passwd = box.machine.etc / "passwd"
    passwd.write_text(passwd.read_text() + "".join(
        f"{name}:x:{BOB}:{BOB}::/nonexistent:/bin/sh\n" for name in logins))
    own(box.folder)     # he could write there
    box.text = box.folder / "text"
    box.text.write_bytes(b"Subject: hi\r\n\r\nhello\r\n")
    with running(box, "smtpsend", "--local-agent") as p:
        wait_for((box.run / "local").exists)
        before = tree(box.folder)
        for name in logins:
            verdict, words = ask(box, packet(name=name.encode(), size=5))
            assert (verdict, words) == (
                FAILED, f'this is no user: "{name}"'), name
        assert tree(box.folder) == before
        p.terminate()
        assert p.wait(10) == 0
        p.stderr.close()


WORDS = [b"bob", b"ann", b"root", b"nobody", b"cmd", b"file", b"list", b"no",
         b"nosuch", b"../bob", b"/etc/passwd", b"|touch /tmp/evil", b"~root",
         b"bob\0", b"\\bob", b":include:/etc/shadow", b"$(touch evil)", b"*",
         b"bob/../ann", b"-f", b".", b"..", b"BOB", b"7001", b"0", b"",
         b"\xff\xfe", b"bob\n", b"\"|touch evil\"", b"x" * 1024]


def test_whoever_has_the_socket(machine):
    """Thousands of requests of all kinds: what can come of them is mail to the
    mailboxes of logins, and to the targets of root's aliases, as whom they are
    to be.  Nothing else on the machine changes."""
    box = LocalBox(machine)
    out = box.mail / "out"
    out.mkdir()
    out.chmod(0o777)
    safe = box.folder / "safe"
    safe.mkdir()
    safe.chmod(0o777)
    (safe / "x").write_text("safe")
    box.aliases(f'cmd: "|cat >>{out}/cmd"\nfile: {out}/file\n'
                f'list: :include:{safe}/x\nno: error: gone\n')
    (safe / "x").write_text(f'"|touch {out}/evil", {out}/evil\n')
    etc, before = box.machine.etc, None
    text = box.folder / "text"
    text.write_bytes(b"Subject: hi\r\n\r\nhello\r\n")
    box.text = text
    random.seed(8)
    with running(box, "smtpsend", "--local-agent") as p:
        wait_for((box.run / "local").exists)
        before = tree(etc), tree(safe)
        for kind, name in itertools.product((1, 2), WORDS):
            ask(box, packet(kind, name=name, size=5))
        for _ in range(400 if conftest.LONG else 30):
            data = packet(
                random.choice((1, 1, 2, 2, 3, 2 ** 32 + 1)),
                random.choice((0, 0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 63)),
                random.choice(WORDS), random.choice(WORDS),
                random.choice(WORDS), random.choice(WORDS),
                random.choice((b"ID", b"../x", b"A" * 26)),
                random.choice((0, 5, 22, 2 ** 40, 2 ** 63 - 1)))
            for _ in range(random.choice((0, 0, 0, 1, 3))):
                at = random.randrange(8, len(data))
                data = data[:at] + bytes([random.randrange(256)]) + \
                    data[at + 1:]
            ask(box, data, go=random.random() < 0.8)
        assert ask(box, packet(size=5))[0] == DELIVERED     # still there
        p.terminate()
        assert p.wait(10) == 0
        p.stderr.close()
    assert (tree(etc), tree(safe)) == before
    logins = {line.split(":")[0]: int(line.split(":")[2]) for line in
              (etc / "passwd").read_text().splitlines()}
    for found in box.mail.iterdir():
        if found != out:
            assert found.stat().st_uid == logins[found.name], found
    assert {f.name for f in out.iterdir()} == {"cmd", "file"}
    assert {f.stat().st_uid for f in out.iterdir()} == {NOBODY}
    assert {"bob", "ann", "root"} <= {f.name for f in box.mail.iterdir()}


@pytest.mark.parametrize("go", [False, True])
def test_nobody_can_cut_a_mailbox(agent, go):
    """A text that begins as mails do which are there is no half of an earlier
    try: what was delivered stays, wherever that try is said to have been."""
    first = agent.text.read_bytes()
    for _ in range(2):
        assert ask(agent, packet(size=len(first)))[0] == DELIVERED
    path = agent.mail / "bob"
    before, inode = path.read_bytes(), path.stat().st_ino
    assert before[:len(before) // 2] * 2 == before
    agent.text.write_bytes(first + b"\r\nmore\r\n")
    for at in range(len(before) + 1):
        ask(agent, packet(size=len(first) + 8, place=(inode, at)), go=go)
        wait_for(lambda: not (agent.mail / "bob.lock").exists())
        assert path.read_bytes().startswith(before), at


def test_descriptors_that_are_no_message(agent):
    """What it is given instead of a file is not read."""
    for is_file, make in (
            (False, lambda: os.open("/dev/zero", os.O_RDONLY)),
            (False, lambda: os.pipe()[0]),
            (False, lambda: os.open(agent.mail, os.O_RDONLY)),
            (False, lambda: socket.socketpair()[0].detach()),
            (True, lambda: os.open(agent.text, os.O_WRONLY)),
            (True, lambda: os.open(agent.text, os.O_PATH))):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.connect(str(agent.run / "local"))
            fd = make()
            socket.send_fds(s, [packet(size=5)], [fd])
            os.close(fd)
            said = s.recv(8192)
            if is_file and said[8:9] == b"A":   # it asks before it reads
                s.send(b"")
                continue
            assert said[32] == DEFERRED, said
    wait_for(lambda: not (agent.mail / "bob.lock").exists())
    path = agent.mail / "bob"
    assert not path.exists() or path.read_bytes() == b""


# ---- lists ----

@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "loop",
                                  "endless"])
def test_a_list_that_is_no_file(machine, kind):
    """Whose it is makes of it what he likes: nobody waits for him."""
    box = LocalBox(machine)
    path = box.folder / "list"
    if kind == "fifo":
        os.mkfifo(path)
        path.chmod(0o666)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    else:
        with open(path, "wb") as f:
            f.truncate(2 ** 40)
    box.aliases(f"list: :include:{path}\nboth: :include:{path}, bob\n")
    run = box.sendmail("-odq", "list", timeout=20)
    assert run.rc == 75 and f"read {path}: " in run.err, run
    with running(box, "smtpsend", "--daemon") as p:
        wait_for(lambda: (box.run / "submit").exists())
        run = box.sendmail("list", uid=ANN, timeout=20)
        assert run.rc == 75 and f"read {path}: " in run.err, run
        run = box.sendmail("both", uid=ANN, timeout=20)
        assert run.rc == 0, run
        wait_for(lambda: len(box.mbox("bob")) == 1)
        p.terminate()
        assert p.wait(10) == 0
        p.stderr.close()


def test_a_list_of_a_user_is_not_read_as_root(machine):
    """owner-list gets the reports: what root alone can read is not in them."""
    box = LocalBox(machine)
    secret = box.folder / "secret"
    secret.write_text("hunter2\n")
    secret.chmod(0o600)
    mine = own(shutil.copy(secret, box.folder / "list"))
    Path(mine).write_text(f":include:{secret}\nbob\n")
    box.aliases(f"list: :include:{mine}\nowner-list: bob\n")
    box.put("list")
    assert box.q().rc == box.q().rc == 0
    text = "".join(m.as_string() for m in box.mbox("bob"))
    assert "Permission denied" in text or "could not be used" in text
    assert "hunter2" not in text
    assert not any("hunter2" in r for m in box.queue() for r in m.rcpts)
