# SPDX-License-Identifier: ISC
"""user-queue = yes: mail that goes by a user's own configuration is kept in a
queue of his own."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from faults_support import Server, certificates
from queue_support import SPOOL_UID, Stored, wait_for
from relay_support import PASSWORD, USER, scripted_relay
from runner_support import QUICK, QueueBox
from scripted import dialogue
from test_bounce import by_recipient, fields, mails, reports

UID = 4321
TO = "bob@example.org"
LATER = dialogue(RCPT="451 4.3.0 later")


class Person:
    """A user of a machine with a queue, who has a home of his own."""

    def __init__(self, machine, uid=UID, queue=QUICK, allowed="yes", **how):
        self.box = QueueBox(machine, queue=f"{queue}\nuser-queue = {allowed}",
                            **how)
        self.uid, self.home = uid, self.box.folder / "home"
        self.home.mkdir(mode=0o700)
        self.give(self.home)
        self.state = self.home / ".local/state/smtpsend/queue"

    def give(self, path):
        os.chown(path, self.uid, self.uid)

    def configure(self, text):
        path = self.home
        for name in (".config", "smtpsend"):
            path = path / name
            path.mkdir(mode=0o700, exist_ok=True)
            self.give(path)
        path = path / "smtpsend.conf"
        path.write_text(text)
        path.chmod(0o600)
        self.give(path)

    def go_by(self, server):
        self.configure(f"server = 127.0.0.1:{server.port}\ntimeout = 5s\n")

    def run(self, name, *args, env=None, **how):
        return self.box.command(name, *args, uid=self.uid,
                                env=env or {"HOME": str(self.home)}, **how)

    def send(self, *args, **how):
        return self.run("sendmail", "-i", "-f", "me@example.net",
                        *(args or (TO,)), **how)

    def put(self, server):
        """In his queue, and not tried."""
        self.go_by(server)
        assert self.send("-odq", TO).rc == 0

    def q(self, *args):
        return self.run("sendmail", "-q", *args, stdin=b"")

    def mailq(self, *args, **how):
        return self.run("mailq", *args, stdin=b"", **how)

    def queue(self):
        folder = self.state / "queue"
        if not folder.exists():
            return []
        return [Stored(p) for p in sorted(folder.iterdir())
                if not p.name.startswith(".")]


@pytest.fixture(name="person")
def fixture_person(machine):
    """person(**how) makes one."""
    return lambda **how: Person(machine, **how)


def waits(who):
    """The background try is over, and it is to be tried again."""
    wait_for(lambda: [m.runs for m in who.queue()] == [1] and
             "later" in who.mailq().out)


def test_delivered_in_the_background(person):
    who = person()
    with Server(dialogue()) as srv:
        who.go_by(srv)
        run = who.send()
        assert (run.rc, run.out, run.err) == (0, "", ""), run
        wait_for(lambda: who.state.exists() and not who.queue())
        assert [(m[0], m[1]) for m in mails(srv)] == [("me@example.net", [TO])]
        assert f"(from userid {UID})".encode() in mails(srv)[0][2]
    assert who.box.queue() == []


def test_deferred_then_q_delivers(person):
    who = person()
    with Server(LATER, dialogue()) as srv:
        who.go_by(srv)
        assert who.send().rc == 0
        waits(who)
        [mail] = who.queue()
        assert (mail.uid, mail.rcpts, mail.owner) == \
            (UID, [TO], (UID, UID, 0o600))
        run = who.mailq()
        assert TO in run.out and "in 1 Request." in run.out, run
        run = who.q()
        assert (run.rc, run.out, run.err) == (0, "", ""), run
        assert len(mails(srv)) == 1
    assert who.queue() == []
    assert "Mail queue is empty" in who.mailq().out
    assert who.box.queue() == []


def test_all_of_it_is_his_and_closed(person):
    who = person()
    with Server(dialogue()) as srv:
        who.put(srv)
    for p in (who.home / ".local", *(who.home / ".local").rglob("*")):
        st = p.stat()
        assert (st.st_uid, st.st_gid) == (UID, UID), p
        assert st.st_mode & 0o077 == 0, p


def test_his_state_home_counts(person):
    who = person()
    state = who.box.folder / "state"
    state.mkdir(mode=0o700)
    who.give(state)
    env = {"HOME": str(who.home), "XDG_STATE_HOME": str(state)}
    with Server(dialogue()) as srv:
        who.go_by(srv)
        assert who.send("-odq", TO, env=env).rc == 0
        assert len(list((state / "smtpsend/queue/queue").iterdir())) == 1
        assert not (who.home / ".local").exists()
        assert who.run("sendmail", "-q", env=env, stdin=b"").rc == 0
        assert len(mails(srv)) == 1


def test_bounced_to_himself_by_his_own_relay(person):
    who = person()
    with Server(dialogue(("DSN",), RCPT=by_recipient(
            bob="550 5.1.1 nobody here"))) as srv:
        who.go_by(srv)
        assert who.send().rc == 0
        wait_for(lambda: who.state.exists() and not who.queue())
        [(rcpts, report)] = reports(srv)
        assert rcpts == ["me@example.net"]
        assert "550 5.1.1 nobody here" in str(fields(report))
    assert who.box.queue() == []


def test_the_relay_s_password_is_nowhere(person):
    """... but where he has put it; what logs in is his own process."""
    who = person()
    ca, secret = who.home / "ca.pem", who.home / "secret"
    shutil.copyfile(certificates().ca, ca)
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    who.give(ca)
    who.give(secret)
    with Server(scripted_relay(smtps=True)) as srv:
        who.configure(
            f"relay = work\n[relay work]\nurl = smtps://localhost:{srv.port}\n"
            f"ca = {ca}\nuser = {USER}\npassword-file = ~/secret\n")
        assert who.send("-odq", TO).rc == 0
        for top in (who.state, who.box.spool):
            for p in top.rglob("*"):
                assert not p.is_file() or \
                    PASSWORD.encode() not in p.read_bytes()
        run = who.q()
        assert run.rc == 0, run
        assert len(mails(srv)) == 1, who.mailq().out
    assert who.queue() == []


def test_interactive(person):
    who = person()
    with Server(LATER, dialogue()) as srv:
        who.go_by(srv)
        run = who.send("-odi", TO)
        assert (run.rc, run.err) == (0, ""), run
        assert len(who.queue()) == 1
        run = who.run("smtpsend", "--wait", "-f", "me@example.net", TO)
        assert run.rc == 0, run
        assert len(mails(srv)) == 1


def test_shown_then_queued(person):
    who = person()
    with Server(LATER, dialogue()) as srv:
        who.go_by(srv)
        run = who.send("-v", TO)
        assert run.rc == 0 and len(who.queue()) == 1, run


def test_at_and_dedupe_have_a_queue(person):
    who = person()
    with Server(dialogue()) as srv:
        who.go_by(srv)
        run = who.run("smtpsend", "--at", "+1h", "--dedupe", "k", TO)
        assert run.rc == 0, run
        run = who.run("smtpsend", "--dedupe", "k", TO)
        assert run.rc == 0, run
        assert len(who.queue()) == 1
        assert who.q().rc == 0
        assert not srv.conns


def test_spoken(person):
    """-bs: the reply to the dot says that it is safe."""
    who = person()
    with Server(LATER) as srv:
        who.go_by(srv)
        run = who.run("sendmail", "-bs", stdin=b"EHLO me\r\nMAIL FROM:<"
                      b"me@example.net>\r\nRCPT TO:<bob@example.org>\r\nDATA"
                      b"\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n")
        assert run.rc == 0 and run.out.count("\n250 2") == 3, run
        assert len(who.queue()) == 1


def test_a_bad_address_is_mailed_back_by_his_queue(person):
    who = person()
    with Server(dialogue()) as srv:
        who.go_by(srv)
        run = who.send("-odq", "-oem", TO, "ann@@example.org")
        assert (run.rc, run.err) == (65, ""), run
        assert sorted(m.rcpts[0] for m in who.queue()) == \
            [TO, "me@example.net"]
    assert who.box.queue() == []


# ---- who has none ----

def refused(who, env=None):
    """What he is told whose mail is deferred and not queued."""
    with Server(LATER) as srv:
        who.go_by(srv)
        run = who.send(env=env)
        assert run.rc == 75 and len(srv.conns) == 1, run
    assert not (who.state / "queue").exists() and who.box.queue() == []
    [told] = re.findall("nothing was queued: your own configuration says "
                        "where your mail goes, and .*\n", run.err)
    return told


@pytest.mark.parametrize("uid", (999, 65534, 61200))
def test_a_system_user_has_none(person, uid):
    who = person(uid=uid)
    assert "there is no queue of your own for it: a system user can have " \
        "none\n" in refused(who)


def test_root_has_none(person):
    who = person()
    with Server(LATER) as srv:
        who.go_by(srv)
        run = who.box.sendmail("-odq", TO, env={"HOME": str(who.home)})
        assert run.rc == 0                      # his file is not root's
        assert len(who.box.queue()) == 1
    assert not who.state.exists()


def test_off_it_is_as_before(person):
    who = person(allowed="no")
    assert "the queue goes by that of this machine\n" in refused(who)
    run = who.q()
    assert run.rc == 77 and "is not yours to run" in run.err, run


def test_who_has_no_way_of_his_own_has_no_queue(person):
    """His mail is the machine's: none of it comes here."""
    who = person()
    run = who.send()
    assert not who.state.exists()
    assert who.box.queue() == [] and run.rc != 0       # no daemon is here


def test_the_owner_of_the_machine_s_queue_has_no_other(person):
    who = person(uid=UID)
    for p in (who.box.spool, who.box.run):
        os.chown(p, UID, UID)
    assert "this user owns the queue of the machine\n" in refused(who)
    assert who.q().rc == 0


@pytest.mark.parametrize("home", ("/", "/nowhere/at/all", "other", ""))
def test_a_home_that_is_none(person, home):
    who = person()
    config = who.home / ".config"
    other = who.box.folder / "other"
    other.mkdir()
    env = {"HOME": str(other) if home == "other" else home,
           "XDG_CONFIG_HOME": str(config)}
    why = {"/": "for it: /: this is no home\n",
           "/nowhere/at/all": "for it: /nowhere/at/all: No such file",
           "other": f"for it: {other}: this home belongs to somebody else\n",
           "": "for it: HOME names no folder\n"}[home]
    assert why in refused(who, env)
    assert not list(other.iterdir()) and not Path("/.local").exists()


@pytest.mark.parametrize("what", ("open", "link", "file"))
def test_a_place_that_is_not_his_alone(person, what):
    who = person()
    who.state.parent.mkdir(parents=True)
    elsewhere = who.box.folder / "elsewhere"
    if what == "open":
        who.state.mkdir(mode=0o755)
        who.state.chmod(0o755)
    elif what == "link":
        elsewhere.mkdir(mode=0o700)         # root's
        who.state.symlink_to(elsewhere)
    else:
        who.state.write_text("")
    for p in (who.home / ".local").rglob("*"):
        os.chown(p, UID, UID, follow_symlinks=False)
    os.chown(who.home / ".local", UID, UID)
    assert f"for it: {who.state}: " in refused(who)


def test_a_spool_that_cannot_be_written(person):
    """It is sent now, then; only who is to wait learns that it is not kept."""
    who = person()
    with Server(dialogue(), LATER) as srv:
        who.go_by(srv)
        who.state.mkdir(parents=True, mode=0o700)
        (who.state / "queue").write_text("")
        for p in (who.home / ".local", *(who.home / ".local").rglob("*")):
            who.give(p)
            p.chmod(0o700)
        assert who.send().rc == 0
        assert len(mails(srv)) == 1
        run = who.send()
        assert run.rc == 75 and "nothing was queued: queue in" in run.err, run


# ---- who looks after it ----

def test_mailq_has_both(person):
    """What is the machine's is asked of its daemon, his own of nobody."""
    who = person()
    with Server(LATER) as srv:
        who.put(srv)
        with who.box.process("smtpsend", "--daemon") as p:
            control = who.box.run / "control"
            wait_for(control.exists)
            plain = {"HOME": "/nonexistent"}
            run = who.run("sendmail", "-Q", "-f", "me@example.net",
                          "ann@example.org", env=plain)
            assert run.rc == 0, run
            own, machine = who.queue()[0].id, who.box.queue()[0].id
            run = who.mailq()
            assert "in 2 Requests." in run.out, run
            assert TO in run.out and "ann@example.org" in run.out
            assert run.out.count("-Queue ID-") == 1
            assert who.run("sendmail", "-bP", stdin=b"").out == "2\n"
            for id_, word in ((own, TO), (machine, "ann@example.org")):
                run = who.mailq("why", id_[-6:])
                assert run.rc == 0 and word in run.out, run
            run = who.mailq("hold", own, machine)
            assert run.out == "1 message held\n1 message held\n", run
            run = who.mailq("rm", "no-such", "01ABCDEF")
            assert run.rc in (64, 66), run
            run = who.mailq("rm", "ALL")
            assert run.rc == 0 and \
                run.out == "1 message removed\n1 message removed\n", run
            run = who.mailq("rm", "ALL")
            assert (run.rc, run.out) == (0, "0 messages removed\n"), run
            assert "Mail queue is empty" in who.mailq().out
            p.send_signal(signal.SIGTERM)
    assert who.queue() == [] and who.box.queue() == []


def test_what_others_have_in_the_machine_s(person):
    """Counted, and his own queue is no reason to call it empty."""
    who = person()
    with Server(LATER) as srv:
        who.put(srv)
        who.box.put("-Q", "ann@example.org")
        with who.box.process("smtpsend", "--daemon") as p:
            wait_for((who.box.run / "control").exists)
            run = who.mailq()
            assert run.rc == 0 and "in 1 Request." in run.out and \
                "1 message of other users is not shown" in run.err, run
            assert who.mailq("rm", "ALL").out == "1 message removed\n"
            run = who.mailq()
            assert run.rc == 77 and "empty" not in run.out, run
            p.send_signal(signal.SIGTERM)


def test_status_tells_them_apart(person):
    who = person()
    with Server(LATER) as srv:
        who.put(srv)
        shutil.rmtree(who.box.spool)
        run = who.run("smtpsend", "--queue", "status", stdin=b"")
        assert run.out.startswith(f"your own queue, {who.state}:\nmessages  1:")
        assert "sendmail -q delivers" in run.out, run


def test_moved(person):
    who = person()
    with Server(dialogue()) as srv:
        who.put(srv)
        run = who.run("smtpsend", "--queue", "export", stdin=b"")
        assert run.rc == 0, run
        assert who.mailq("rm", who.queue()[0].id).rc == 0
        assert who.queue() == []
        back = who.run("smtpsend", "--queue", "import", stdin=run.out.encode())
        assert "1 message taken in" in back.out, back
        assert len(who.queue()) == 1


def test_his_daemon(person):
    who = person()
    with Server(LATER, dialogue()) as srv:
        who.go_by(srv)
        env = who.box.machine.environment(HOME=str(who.home))
        with subprocess.Popen(
                [*who.box.machine.user(UID), str(who.box.bin / "smtpsend"),
                 "--daemon"], env=env, stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE) as p:
            wait_for((who.state / "control").exists)
            assert who.send().rc == 0
            wait_for(lambda: len(mails(srv)) == 1)    # the second try is its
            wait_for(lambda: not who.queue())
            run = who.run("smtpsend", "--queue", "status", stdin=b"")
            assert "daemon    is at work" in run.out, run
            p.send_signal(signal.SIGHUP)
            assert who.send().rc == 0
            wait_for(lambda: len(mails(srv)) == 2)
            p.send_signal(signal.SIGTERM)
            assert p.wait(20) == 0, p.stderr.read()
    assert who.box.queue() == []


def test_a_configuration_that_became_wrong(person):
    who = person()
    with Server(dialogue()) as srv:
        who.put(srv)
        who.configure("nonsense = 1\n")
        run = who.q()
        assert run.rc == 75 and "all mail stays in the queue" in run.err, run
        assert re.search(r"smtpsend.conf:1: ", run.err), run
        assert len(who.queue()) == 1
        assert "in 1 Request." in who.mailq().out
        who.go_by(srv)
        assert who.q().rc == 0 and who.queue() == []


def test_the_machine_s_owner_does_not_touch_it(person):
    """root's queue run, too, is of the machine's."""
    who = person()
    with Server(LATER) as srv:
        who.put(srv)
        assert who.box.q().rc == 0
        assert len(who.queue()) == 1 and not srv.conns
    assert SPOOL_UID != UID
