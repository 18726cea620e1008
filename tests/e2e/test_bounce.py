# SPDX-License-Identifier: ISC
"""What senders are told: from a queue to a server, and back (FAULTS 62, 84, 85)."""

import email
import email.policy
import os
import re
import subprocess
import time

import pytest

from queue_support import MESSAGE, Box
from scripted import Server, dialogue

ME = "me@x.org"
CAPS = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")


def by_recipient(**codes):
    """RCPT is answered by the local part; DOT stands for all others."""
    def answer(c):
        local = re.search("<(.*?)@", c.lines[-1]).group(1)
        reply = codes.get(local, "250 2.1.5 Ok").split("\n")
        c.say(*reply)
        return int(reply[-1][:3])
    return answer


def mails(srv):
    """(sender, recipients, octets) of all that the server took."""
    taken = []
    for conn in srv.conns:
        texts = iter(conn.messages)
        sender, rcpts = None, []
        for line in conn.lines:
            word = line.upper()
            if word.startswith("MAIL FROM:"):
                sender, rcpts = re.search("<(.*?)>", line).group(1), []
            elif word.startswith("RCPT TO:"):
                rcpts.append(re.search("<(.*?)>", line).group(1))
            elif word == "DATA" or "LAST" in word:
                taken.append((sender, rcpts, next(texts, b"")))
    return [mail for mail in taken if mail[2]]    # not a lone dot after refusals


def reports(srv):
    return [(rcpts, email.message_from_bytes(
        text, policy=email.policy.default))
        for sender, rcpts, text in mails(srv) if sender == ""]


def fields(report):
    """The blocks for programs, as dicts."""
    part = list(report.iter_parts())[1]
    return [dict(block.items()) for block in part.get_payload()]


@pytest.fixture(name="world")
def fixture_world(machine):
    """world(queue="...", caps=..., RCPT=...) -> (box, server) with all mail to it."""
    servers = []

    def make(queue="", caps=CAPS, spool=True, **over):
        srv = Server(dialogue(caps=caps, **over))
        srv.__enter__()
        servers.append(srv)
        box = Box(machine, queue=queue, spool=spool,
                  config=f"server = 127.0.0.1:{srv.port}\ntls = none")
        return box, srv
    yield make
    for srv in servers:
        srv.__exit__(None, None, None)


def held(box):
    folder = box.spool / "held"
    return sorted(p.name for p in folder.iterdir()
                  if not p.name.startswith(".")) if folder.exists() else []


def test_the_sender_is_told_once_of_all_who_failed(world):
    box, srv = world(RCPT=by_recipient(bob="550 5.1.1 No such user",
                                       eve="553-5.1.3 Not\n553 5.1.3 so"))
    assert box.sendmail("-odq", "-V", "QQ+1", "-f", ME, "bob@b.example",
                        "joe@b.example", "eve@b.example").rc == 0
    box.sendmail("-q")
    assert box.queue() == [] and held(box) == []
    [(to, report)] = reports(srv)
    assert to == [ME]
    assert report["to"] == ME
    assert report["from"] == \
        "Mail Delivery System <MAILER-DAEMON@box.example.net>"
    assert report["auto-submitted"] == "auto-replied"
    whole, bob, eve = fields(report)
    assert whole["Reporting-MTA"] == "dns; box.example.net"
    assert whole["Original-Envelope-Id"] == "QQ+1"
    assert bob["Final-Recipient"] == "rfc822;bob@b.example"
    assert (bob["Action"], bob["Status"]) == ("failed", "5.1.1")
    assert bob["Diagnostic-Code"] == "smtp; 550 5.1.1 No such user"
    assert eve["Diagnostic-Code"] == "smtp; 553-5.1.3 Not 553 5.1.3 so"
    words, _, original = report.iter_parts()
    assert "550 5.1.1 No such user" in words.get_content()
    assert original.get_content_type() == "message/rfc822"
    assert original.get_content()["subject"] == "hi"
    assert report["in-reply-to"] == original.get_content()["message-id"]
    assert [m[1] for m in mails(srv) if m[0] == ME] == [
        ["bob@b.example", "joe@b.example", "eve@b.example"]]


def test_so_many_at_once_and_none_is_lost(world):
    box, srv = world("bounces-per-minute = 2", RCPT=by_recipient(bob="550 no"))
    for _ in range(5):
        box.sendmail("-odq", "-f", ME, "bob@b.example")
    for made in (2, 4, 5):
        assert box.sendmail("-q").rc == 0
        assert len(box.queue()) == 5 - made
        assert len(reports(srv)) == made
    assert {to for [to], _ in reports(srv)} == {ME}


@pytest.mark.parametrize("words, told", [
    (["-N", "never"], False), (["-N", "delay"], False),
    (["-N", "failure"], True), (["-N", "success"], False), ([], True)],
    ids=str)
def test_only_who_wants_to_know(world, words, told):
    box, srv = world(RCPT="550 5.1.1 no")
    assert box.sendmail("-odq", *words, "-f", ME, "bob@b.example").rc == 0
    box.sendmail("-q")
    assert len(reports(srv)) == 0
    box.sendmail("-q")      # ... nor is it taken for the sender's report
    assert box.queue() == []
    # the server refuses the report too: it has no sender, and is put aside
    assert len(held(box)) == told


@pytest.mark.parametrize("words, whole", [([], True), (["-R", "hdrs"], False),
                                          (["-R", "full"], True)], ids=str)
def test_how_much_comes_back(world, words, whole):
    box, srv = world(RCPT=by_recipient(bob="550 no"))
    box.sendmail("-odq", *words, "-f", ME, "bob@b.example")
    box.sendmail("-q")
    [(_, report)] = reports(srv)
    assert ("hello" in report.as_string()) == whole


def test_a_long_one_comes_back_as_its_header(world):
    box, srv = world("bounce-size = 10k", RCPT=by_recipient(bob="550 no"))
    box.sendmail("-odq", "-f", ME, "bob@b.example",
                 stdin=MESSAGE + b"0123456789abcdef\n" * 1000)
    box.sendmail("-q")
    [(_, report)] = reports(srv)
    assert list(report.iter_parts())[2].get_content_type() == \
        "text/rfc822-headers"


def test_what_has_eight_bits_comes_back_in_seven(world):
    box, srv = world(caps=("PIPELINING",), RCPT=by_recipient(bob="550 no"))
    box.sendmail("-odq", "-f", ME, "bob@b.example",
                 stdin="Subject: ü\n\ngrüße\n".encode())
    box.sendmail("-q")
    [(_, _, raw)] = [m for m in mails(srv) if m[0] == ""]
    assert all(octet < 128 for octet in raw)
    report = email.message_from_bytes(raw, policy=email.policy.default)
    original = list(report.iter_parts())[2].get_content()
    assert original.get_content() == "grüße\r\n"
    assert "Subject: ü" in next(report.iter_parts()).get_content()


def test_success_is_told_by_whoever_knows(world):
    """Relayed, where the next server does not tell; else it is asked to."""
    box, srv = world()
    box.sendmail("-odq", "-N", "success", "-f", ME, "bob@b.example")
    box.sendmail("-q")
    [(to, report)] = reports(srv)
    assert to == [ME]
    assert fields(report)[1]["Action"] == "relayed"
    assert fields(report)[1]["Status"] == "2.1.5" or \
        fields(report)[1]["Status"].startswith("2.")
    assert box.queue() == []


def test_success_is_passed_on(world):
    box, srv = world(caps=(*CAPS, "DSN"))
    box.sendmail("-odq", "-N", "success", "-f", ME, "bob@b.example")
    box.sendmail("-q")
    assert reports(srv) == []
    assert any("NOTIFY=SUCCESS" in line for line in srv.conns[0].lines)


def run_until(box, done, seconds=30):
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.3)
        box.sendmail("-q")


def test_a_delay_is_told_once(world):
    box, srv = world("warn-after = 1s\nretry = 1s",
                     RCPT=by_recipient(bob="450 4.2.0 later"))
    box.sendmail("-odq", "-f", ME, "bob@b.example")
    run_until(box, lambda: reports(srv))
    [(to, report)] = reports(srv)
    assert to == [ME]
    _, bob = fields(report)
    assert (bob["Action"], bob["Status"]) == ("delayed", "4.2.0")
    assert bob["Will-Retry-Until"]
    for _ in range(3):
        box.sendmail("-q")
    assert len(reports(srv)) == 1 and len(box.queue()) == 1


def test_what_has_expired_has_failed(world):
    box, srv = world(RCPT=by_recipient(bob="450 4.2.0 later"))
    box.sendmail("-odq", "-O", "Timeout.queuereturn=1s", "-f", ME,
                 "bob@b.example")
    run_until(box, lambda: reports(srv))
    [(_, report)] = reports(srv)
    _, bob = fields(report)
    assert (bob["Action"], bob["Status"]) == ("failed", "4.4.7")
    assert bob["Diagnostic-Code"] == "smtp; 450 4.2.0 later"
    assert box.queue() == []


def test_a_person_gives_it_up(world):
    box, srv = world(RCPT=by_recipient(bob="450 4.2.0 later"))
    box.sendmail("-odq", "-f", ME, "bob@b.example")
    box.sendmail("-q")
    [mail] = box.queue()
    assert box.command("mailq", "bounce", mail.id).rc == 0
    box.sendmail("-q")
    [(to, report)] = reports(srv)
    assert to == [ME] and box.queue() == []
    _, bob = fields(report)
    assert (bob["Action"], bob["Status"]) == ("failed", "5.0.0")
    assert bob["Diagnostic-Code"].startswith("x-smtpsend; delivery was given")
    assert "It was given up here." in next(report.iter_parts()).get_content()


# FAULTS 84

def test_nobody_is_told_of_what_has_no_sender(world):
    box, srv = world(RCPT="550 5.1.1 no")
    box.sendmail("-odq", "-f", "<>", "bob@b.example")
    box.sendmail("-q")
    assert mails(srv) == [] and box.queue() == []
    assert len(held(box)) == 1


def test_the_postmaster_is_told(world):
    box, srv = world("postmaster = pm@p.example",
                     RCPT=by_recipient(bob="550 no", me="550 no"))
    box.sendmail("-odq", "-f", ME, "bob@b.example")
    box.sendmail("-q")
    [(to, report)] = reports(srv)
    assert to == ["pm@p.example"]
    assert report["subject"].startswith("A message without a sender")
    inner = list(report.iter_parts())[2].get_content()
    assert inner["from"].startswith("Mail Delivery System")
    assert box.queue() == [] and held(box) == []


def test_the_postmaster_cannot_be_told(world):
    box, srv = world("postmaster = pm@p.example", RCPT="550 no")
    box.sendmail("-odq", "-f", ME, "bob@b.example")
    for _ in range(3):
        box.sendmail("-q")
    assert mails(srv) == [] and box.queue() == []
    assert len(held(box)) == 1
    assert not box.strangers()


# FAULTS 85

def test_delivered_here_twice(world):
    box, srv = world()
    head = b"Delivered-To: bob@b.example\nDelivered-To: BOB@b.example\n"
    box.sendmail("-odq", "-f", ME, "bob@b.example", "joe@b.example",
                 stdin=head + MESSAGE)
    box.sendmail("-q")
    [(_, report)] = reports(srv)
    _, bob = fields(report)
    assert (bob["Action"], bob["Status"]) == ("failed", "5.4.6")
    assert bob["Final-Recipient"] == "rfc822;bob@b.example"
    assert [m[1] for m in mails(srv) if m[0] == ME] == [["joe@b.example"]]


def test_too_many_hosts(world):
    """Queued under a higher limit than the runner's."""
    box, srv = world()
    box.sendmail("-odq", "-O", "MaxHopCount=200", "-f", ME, "bob@b.example",
                 stdin=b"Received: a\n" * 51 + MESSAGE)
    assert len(box.queue()) == 1
    box.sendmail("-q")
    [(_, report)] = reports(srv)
    assert fields(report)[1]["Status"] == "5.4.6"


# FAULTS 62

def test_no_room_for_a_report(world):
    """The failure is kept, and so is the original; later it is told."""
    box, srv = world(RCPT=by_recipient(bob="550 5.1.1 no"))
    subprocess.run(["mount", "-t", "tmpfs", "-o",
                    f"size=2m,mode=0700,uid={box.spool.stat().st_uid},"
                    f"gid={box.spool.stat().st_gid}", "tmpfs", box.spool],
                   check=True)
    try:
        run = box.sendmail("-odq", "-f", ME, "bob@b.example")
        assert run.rc == 0, run
        filler = box.folder / "spool/filler"
        with open(filler, "wb") as f, pytest.raises(OSError):
            while True:
                os.write(f.fileno(), bytes(4096))
        box.sendmail("-q")
        assert reports(srv) == [] and len(box.queue()) == 1
        filler.unlink()
        box.sendmail("-q")
        [(_, report)] = reports(srv)
        assert fields(report)[1]["Status"] == "5.1.1"
        # what the server said was lost, its code not
        assert "550 5.1.1" in next(report.iter_parts()).get_content()
        assert box.queue() == []
        rcpts = [line for c in srv.conns for line in c.lines
                 if line.startswith("RCPT TO:<bob@")]
        assert len(rcpts) == 1      # it is not tried again
    finally:
        subprocess.run(["umount", box.spool], check=True)
