# SPDX-License-Identifier: ISC
"""rewrite-from, from-map, masquerade: whichever way a message comes in."""

import email
import signal

import pytest

from faults_support import MESSAGE, smtpsend
from queue_support import wait_for
from relay_support import delivered, private
from runner_support import QueueBox
from scripted import Server, dialogue
from servers.process import free_port

UID = 1234
USERS = [f"bob:x:{UID}:{UID}:Bob B.:/nonexistent:/bin/sh"]
RULES = ("from-map = /etc/smtpsend/from-map\n"
         "rewrite-from = root@* admin@example.org\n"
         "masquerade = example.net\n")
MAP = "bob: bob.jones@example.org\n"
TO = "to@far.test"
SIGNED = (b"From: Al <al@h.example.net>\nDKIM-Signature: v=1; d=x; b=x\n"
          b"Subject: x\n\nhello\n")


def box_of(machine, server=None, **how):
    """Without a server nobody listens."""
    port = server.port if server else free_port()
    return QueueBox(machine, config=f"server = 127.0.0.1:{port}\n" + RULES,
                    passwd=USERS, files={"/etc/smtpsend/from-map": MAP}, **how)


def head_of(text):
    if isinstance(text, str):
        text = text.encode()
    return email.message_from_bytes(text)


def check_bob(sender, head):
    assert sender == "bob.jones@example.org"
    assert head["From"] in ("Bob B. <bob.jones@example.org>",
                            "\"Bob B.\" <bob.jones@example.org>")
    assert head["Reply-To"] is None
    assert head["Sender"] == "x@example.net"


BOBS = b"Sender: x@h.example.net\nSubject: x\n\nhello\n"


def by_socket(box, *args):
    run = box.sendmail("-odq", "-i", *args, TO, uid=UID, stdin=BOBS)
    assert run.rc == 0, run


def by_smtp(box, *_):
    """A client that knows nothing of it: the header is not completed yet."""
    run = box.sendmail("-bs", uid=UID, stdin=(
        f"EHLO x\r\nMAIL FROM:<bob>\r\nRCPT TO:<{TO}>\r\nDATA\r\n"
        "From: \"Bob B.\" <bob@localhost>\r\nSender: x@h.example.net\r\n"
        "Subject: x\r\n\r\nhello\r\n.\r\nQUIT\r\n").encode())
    assert run.rc == 0 and "\n250 2.0.0" in run.out, run


def by_root(box, *args):
    run = box.sendmail("-odq", "-i", "-f", "bob", "-F", "Bob B.", *args, TO,
                       stdin=BOBS)
    assert run.rc == 0, run


@pytest.fixture(name="daemon")
def fixture_daemon(machine):
    """daemon(queue) -> a box with one at work, and nobody to send to."""
    running = []

    def start(**how):
        box = box_of(machine, **how)
        p = box.process("smtpsend", "--daemon")
        running.append(p)
        wait_for((box.run / "submit").exists)
        return box
    yield start
    for p in running:
        p.send_signal(signal.SIGTERM)
        p.communicate(timeout=20)


def stored(box):
    found, = box.queue()
    return found.sender, head_of(found.text)


def test_enqueued_by_root(machine):
    box = box_of(machine)
    by_root(box)
    check_bob(*stored(box))


@pytest.mark.parametrize("way", [by_socket, by_smtp])
@pytest.mark.parametrize("queue", ["", "restrict-from = yes"])
def test_by_the_daemon(daemon, way, queue):
    """What stands for a user's name is his name."""
    box = daemon(queue=queue)
    way(box)
    check_bob(*stored(box))
    if way == by_smtp:
        why = box.command("mailq", "why", box.queue()[0].id)
        for line in ("envelope sender: bob@box.example.net is now "
                     "bob.jones@example.org (from-map)",
                     "Sender: x@h.example.net is now x@example.net "
                     "(masquerade)"):
            assert line in why.out, why


def test_strangers_name_is_refused(daemon):
    box = daemon(queue="restrict-from = yes")
    run = box.sendmail("-odq", "-i", "-f", "root", TO, uid=UID, stdin=BOBS)
    assert run.rc != 0 and "admin@example.org is not the address" in run.err
    assert not box.queue()


@pytest.mark.parametrize("uid", [0, UID])
def test_owner_of_a_list(daemon, uid):
    """The sender that an alias makes is one of this host, too."""
    box = daemon(local="deliver = yes")
    box.machine.write("/etc/aliases", f"list: {TO}\nowner-list: bob\n")
    run = box.sendmail("-odq", "-i", "list", uid=uid, stdin=BOBS)
    assert run.rc == 0, run
    assert [m.sender for m in box.queue() if m.rcpts] == \
        ["owner-list@example.net"]


def test_sent_at_once(machine):
    with Server(dialogue()) as srv:
        box = box_of(machine, srv, spool=False)
        run = box.smtpsend("-v", TO, uid=UID, stdin=BOBS)
        assert run.rc == 0, run
        mail = [l for l in srv.lines if l.startswith("MAIL")]
        assert mail[0].startswith("MAIL FROM:<bob.jones@example.org>")
        check_bob("bob.jones@example.org", head_of(srv.conns[0].messages[0]))
    said = run.out + run.err
    assert ("envelope sender: bob@box.example.net is now "
            "bob.jones@example.org (from-map)") in said
    assert ("Sender: x@h.example.net is now x@example.net "
            "(masquerade)") in said


def test_bs_without_queue(machine):
    with Server(dialogue()) as srv:
        box = box_of(machine, srv, spool=False)
        by_smtp(box)
        mail = [l for l in srv.lines if l.startswith("MAIL")]
        assert mail[0].startswith("MAIL FROM:<bob.jones@example.org>")
        check_bob("bob.jones@example.org", head_of(srv.conns[0].messages[0]))


def test_explained(machine):
    """Without a message: of the sender alone, and the way goes by the new."""
    box = box_of(machine)
    run = box.smtpsend("--explain", "-v", "--server", "127.0.0.1:9", TO,
                       uid=UID)
    assert "bob@box.example.net is now bob.jones@example.org" in \
        run.out + run.err, run


def test_bad_map_has_a_place(machine):
    box = box_of(machine)
    box.machine.write("/etc/smtpsend/from-map", "# x\nbob\n")
    run = box.smtpsend("-bC", uid=UID)
    assert run.rc == 78
    assert "/etc/smtpsend/from-map:2: LOGIN: ADDRESS is wanted" in \
        run.out + run.err, run


@pytest.mark.parametrize("args,told", [((), True), (("--as-is",), False)])
def test_signed(tmp_path, args, told):
    """Its signature is lost, and that is said; as it is it stays."""
    path = private(tmp_path / "x.conf", "masquerade = example.net\n", 0o644)
    with Server(dialogue()) as srv:
        run = smtpsend("--config", path, "--server",
                       f"127.0.0.1:{srv.port}", "-f", "al@h.example.net",
                       *args, TO, stdin=SIGNED.replace(
                           b"\n\n", b"\nDate: Thu, 1 Jan 2026 00:00:00 "
                           b"+0000\nMessage-ID: <a@x>\n\n", 1))
        delivered(run, TO)
        head = head_of(srv.conns[0].messages[0])
        mail = [l for l in srv.lines if l.startswith("MAIL")]
    assert mail[0].startswith("MAIL FROM:<al@example.net>")
    assert head["From"] == ("Al <al@example.net>" if told else
                            "Al <al@h.example.net>")
    assert ("DKIM-Signature does not hold" in str(run)) == told


def test_null_sender(tmp_path):
    """It stays; what a vacation says is from somebody all the same."""
    path = private(tmp_path / "x.conf", "masquerade = example.net\n", 0o644)
    with Server(dialogue()) as srv:
        run = smtpsend("--config", path, "--server",
                       f"127.0.0.1:{srv.port}", "-f", "<>", TO,
                       stdin=b"From: al@h.example.net\n" + MESSAGE)
        delivered(run, TO)
        head = head_of(srv.conns[0].messages[0])
        mail = [l for l in srv.lines if l.startswith("MAIL")]
    assert mail[0].startswith("MAIL FROM:<>")
    assert head["From"] == "al@example.net"
