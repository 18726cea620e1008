# SPDX-License-Identifier: ISC
"""Sockets that a manager opened, callers who may do nothing else, and whose the
files are whoever acted."""

import os
import re
import subprocess

import pytest

import conftest
from queue_support import SPOOL_UID, Box, wait_for
from scripted import Server, dialogue
from test_bounce import by_recipient, mails, reports
from test_sandbox import Daemon, sandbox

ME = "me@x.org"
DYNAMIC = 61184         # the first of systemd's DynamicUser=


@pytest.fixture(name="world")
def fixture_world(machine):
    """A queue, and a server that refuses bob and is not ready for eve."""
    with Server(dialogue(RCPT=by_recipient(bob="550 5.1.1 no",
                                           eve="450 4.2.0 later"))) as srv:
        box = Box(machine,
                  config=f"server = 127.0.0.1:{srv.port}\ntls = none",
                  passwd=[f"spooler:x:{SPOOL_UID}:{SPOOL_UID}::/:/bin/false"])
        group = (box.machine.etc / "group").read_text()
        box.machine.write("/etc/group", f"{group}spooler:x:{SPOOL_UID}:\n")
        os.chown(box.run, SPOOL_UID, SPOOL_UID)
        yield box, srv


def strangers(box):
    """As box.strangers(), while others are at work in it."""
    found = []
    for path in (box.spool, *box.spool.rglob("*")):
        try:
            st = path.stat()
        except FileNotFoundError:
            continue
        if (st.st_uid, st.st_gid) != (SPOOL_UID, SPOOL_UID):
            found.append(path)
    return found


def activated(box):
    """The words that open both sockets, wait, and start the daemon with them."""
    return ["setpriv", "--reuid", str(SPOOL_UID), "--regid", str(SPOOL_UID),
            "--clear-groups", "env", "SYSTEMD_LOG_LEVEL=err",
            "systemd-socket-activate",
            "-l", f"{box.run}/submit", "-l", f"{box.run}/control",
            "--fdname=submit:control", "-E", "NOTIFY_SOCKET", "-E", "HOME"]


def open_to_all(box):
    for name in ("submit", "control"):
        path = box.run / name
        wait_for(path.exists)
        path.chmod(0o666)


def activated_daemon(box):
    daemon = Daemon(box, wrap=activated(box))
    open_to_all(box)
    return daemon


@pytest.mark.parametrize("uid, how", [
    (4321, ["setpriv"]), (DYNAMIC, ["setpriv", "--no-new-privs"]),
    (0, ["setpriv", "--no-new-privs"])], ids=str)
def test_who_hands_in_starts_it(world, uid, how):
    box, srv = world
    with activated_daemon(box) as daemon:
        done = box.sendmail("-f", ME, "joe@b.example", uid=uid,
                            shell='exec ' + " ".join(how) + ' "$@"')
        daemon.wait_ready()
        assert done.rc == 0, done
        wait_for(lambda: mails(srv))
        wait_for(lambda: box.queue() == [])
        [(sender, rcpts, text)] = mails(srv)
        assert (sender, rcpts) == (ME, ["joe@b.example"])
        assert b"(from userid %d)" % uid in text
        assert not strangers(box)


def test_the_sockets_of_another_are_left_there(world):
    """The manager's sockets outlive the daemon, who waits loses nothing."""
    box, srv = world
    with activated_daemon(box) as daemon:
        assert box.sendmail("-f", ME, "joe@b.example", uid=4321).rc == 0
        daemon.wait_ready()
    assert (box.run / "submit").is_socket()
    assert (box.run / "control").is_socket()


def test_a_dynamic_user_has_no_rights_over_its_mail(world):
    """The next one may have the same number."""
    box, srv = world
    with activated_daemon(box) as daemon:
        assert box.sendmail("-f", ME, "eve@b.example", uid=DYNAMIC).rc == 0
        daemon.wait_ready()
        wait_for(lambda: [m for m in box.queue() if m.runs])
        assert "eve@" not in box.command("mailq", uid=DYNAMIC).out
        box.command("mailq", "rm", "ALL", uid=DYNAMIC)
        assert len(box.queue()) == 1
        assert "eve@b.example" in box.command("mailq").out


def acts(box):
    """What people do to a queue, each as who does it."""
    yield "a user hands in", lambda: box.sendmail(
        "-f", ME, "eve@b.example", uid=4321)
    yield "root enqueues", lambda: box.sendmail(
        "-odq", "-f", ME, "eve@b.example")
    yield "the owner enqueues", lambda: box.sendmail(
        "-odq", "-f", ME, "eve@b.example", uid=SPOOL_UID)
    yield "a bounce", lambda: box.sendmail(
        "-f", ME, "bob@b.example", uid=4321)
    yield "nobody to tell", lambda: box.sendmail("-f", "<>", "bob@b.example")
    yield "root runs the queue", lambda: box.sendmail("-q")
    yield "its owner runs it", lambda: box.sendmail("-q", uid=SPOOL_UID)
    ids = [m.id for m in box.queue()]
    yield "hold", lambda: box.command("mailq", "hold", ids[0])
    yield "release", lambda: box.command("mailq", "release", ids[0])
    yield "edit", lambda: box.command(
        "mailq", "edit-rcpt", ids[0], "eve@b.example", "eve@c.example")
    yield "once more", lambda: box.command("mailq", "now", ids[0])
    yield "bounce", lambda: box.command("mailq", "bounce", ids[1])
    yield "rm", lambda: box.command("mailq", "rm", ids[2])


@pytest.mark.parametrize("with_daemon", [True, False], ids=["daemon", "none"])
def test_all_files_are_the_spools_owners(world, with_daemon):
    box, srv = world
    bad = []

    def all_acts():
        for name, act in acts(box):
            if not with_daemon and name in ("a user hands in", "a bounce"):
                continue
            done = act()
            if done.rc not in (0, 75):
                bad.append((name, str(done)))
            bad.extend((name, p) for p in strangers(box))

    for uid in (0, SPOOL_UID):      # ... with some more of them in it
        assert box.sendmail("-odq", "-f", ME, "eve@b.example", uid=uid).rc == 0
    box.sendmail("-odq", "-f", ME, "eve@b.example")
    if with_daemon:
        with sandbox(box) as walls, Daemon(box, walls.words,
                                           walls.fds) as daemon:
            daemon.wait_ready()
            all_acts()
            wait_for(lambda: reports(srv))
    else:
        all_acts()
    assert bad == []
    assert not strangers(box)
    kinds = {p.relative_to(box.spool).parts[0] for p in box.spool.rglob("*")}
    assert {"queue", "held"} <= kinds, kinds
    for p in box.spool.rglob("*"):
        assert p.stat().st_mode & 0o7077 == 0, p    # no set-id bit, for nobody


# ---- without systemd ----

@pytest.fixture(name="script")
def fixture_script(world, tmp_path):
    """The init script, for this machine's paths."""
    box, _ = world
    text = (conftest.TOP / "scripts/systemd/smtpsend.init").read_text()
    for key, value in (("daemon", box.bin / "smtpsend"), ("run", box.run),
                       ("owner", "spooler"),
                       ("pidfile", tmp_path / "smtpsend.pid")):
        text, n = re.subn(f"(?m)^{key}=.*$", f"{key}={value}", text)
        assert n == 1
    path = tmp_path / "init"
    path.write_text(text)
    path.chmod(0o755)

    def run(word):
        done = subprocess.run([*box.machine, path, word], text=True,
                              capture_output=True, check=False, timeout=60,
                              env=box.machine.environment())
        return done.returncode, done.stdout + done.stderr
    yield run
    run("stop")


def test_init_script(world, script, tmp_path):
    box, srv = world
    assert script("status")[0] == 3
    assert script("start")[0] == 0
    wait_for(lambda: (box.run / "submit").exists())
    assert script("start")[0] == 0      # it runs already
    pid = int((tmp_path / "smtpsend.pid").read_text())
    wait_for(lambda: os.stat(f"/proc/{pid}").st_uid == SPOOL_UID)
    assert script("status")[0] == 0
    assert box.sendmail("-f", ME, "joe@b.example", uid=4321).rc == 0
    wait_for(lambda: mails(srv))
    assert script("reload")[0] == 0
    assert script("restart")[0] == 0
    wait_for(lambda: script("status")[0] == 0)
    assert int((tmp_path / "smtpsend.pid").read_text()) != pid
    assert script("stop")[0] == 0
    assert not (tmp_path / "smtpsend.pid").exists()
    assert script("stop")[0] == 0
    assert script("status")[0] == 3
    assert script("oh")[0] == 2
    assert not strangers(box)
