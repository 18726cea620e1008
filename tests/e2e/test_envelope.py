# SPDX-License-Identifier: ISC
"""What is said in the envelope, seen by a server that writes all down."""

import re
import subprocess

import pytest

from servers.recorder import Recorder

HEAD = (b"From: alice@client.test\r\n%s"
        b"Subject: envelope\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
        b"Message-ID: <1@client.test>\r\n\r\n")
BODY = b"hello\r\n.dot\r\n..\r\n\r\nbye\r\n"
MESSAGE = HEAD % b"To: bob@example.test\r\n" + BODY


@pytest.fixture
def recorder():
    with Recorder() as r:
        yield r


def send(smtpsend, recorder, *args, message=MESSAGE, sender="alice@client.test"):
    run = smtpsend("--server", recorder.url, "--helo", "client.test",
                   "-f", sender, *args, message=message)
    assert run.status == 0, run
    return run


def verbs(commands):
    return [c.split()[0].upper() for c in commands]


def paths(commands):
    """MAIL and RCPT without the parameters that the clients differ in."""
    return [re.match(rb"(?:MAIL FROM|RCPT TO):<.*?>", c, re.I).group(0)
            for c in commands if verbs([c])[0] in (b"MAIL", b"RCPT")]


PEERS = {
    "swaks": lambda port, rcpts, path: [
        "swaks", "--server", "127.0.0.1", "--port", str(port), "--helo",
        "client.test", "--from", "alice@client.test", "--to", ",".join(rcpts),
        "--data", f"@{path}", "--suppress-data", "--pipeline"],
    "msmtp": lambda port, rcpts, path: [
        "msmtp", "--host=127.0.0.1", f"--port={port}", "--domain=client.test",
        "--from=alice@client.test", "--auth=off", "--tls=off", "--", *rcpts],
}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("rcpts", [
    ["bob@example.test"],
    ["bob@example.test", "carol+tag@sub.example.test", "o'neil@example.test"],
], ids=["one", "three"])
def test_same_as_other_clients(smtpsend, tmp_path, peer, rcpts):
    """MAIL, RCPT, DATA and the message as swaks and msmtp send them."""
    path = tmp_path / "message"
    path.write_bytes(MESSAGE.replace(b"\r\n", b"\n"))
    with Recorder() as theirs, path.open("rb") as stdin:
        subprocess.run(PEERS[peer](theirs.port, rcpts, path), stdin=stdin,
                       check=True, stdout=subprocess.DEVNULL, timeout=60)
    with Recorder() as ours:
        send(smtpsend, ours, *rcpts, message=path.read_bytes())
    assert paths(ours.commands) == paths(theirs.commands)
    assert verbs(ours.commands) == verbs(theirs.commands)
    assert ours.messages[0].rstrip() == theirs.messages[0].rstrip()


def test_the_bytes_of_a_simple_mail(smtpsend, recorder):
    send(smtpsend, recorder, "bob@example.test")
    assert recorder.commands == [
        b"EHLO client.test",
        b"MAIL FROM:<alice@client.test> SIZE=%d" % len(MESSAGE),
        b"RCPT TO:<bob@example.test>", b"DATA", b"QUIT"]
    assert recorder.messages == [MESSAGE.replace(b"\r\n.", b"\r\n..")]


def test_chunking_sends_the_text_as_it_is(smtpsend):
    with Recorder(offers=("PIPELINING", "CHUNKING", "8BITMIME")) as recorder:
        send(smtpsend, recorder, "bob@example.test")
    assert verbs(recorder.commands) == [b"EHLO", b"MAIL", b"RCPT", b"BDAT",
                                        b"QUIT"]
    assert recorder.commands[3] == b"BDAT %d LAST" % len(MESSAGE)
    assert recorder.messages == [MESSAGE]


def test_a_server_that_offers_nothing(smtpsend):
    with Recorder(offers=()) as recorder:
        send(smtpsend, recorder, "bob@example.test")
    assert recorder.commands[1:3] == [b"MAIL FROM:<alice@client.test>",
                                      b"RCPT TO:<bob@example.test>"]


@pytest.mark.parametrize("given, paths_on_wire", [
    (["Bob <bob@example.test>"], ["bob@example.test"]),
    (["bob@example.test, Carol <carol@example.test>"],
     ["bob@example.test", "carol@example.test"]),
    (["Friends: a@x.test, b@y.test;"], ["a@x.test", "b@y.test"]),
    (["bob (his desk) @ example.test"], ["bob@example.test"]),
    (['"two words"@example.test'], ['"two words"@example.test']),
    (["bob@EXAMPLE.test"], ["bob@example.test"]),
    (["bob@bücher.test"], ["bob@xn--bcher-kva.test"]),
    (["bob@example.test", "bob@example.test"], ["bob@example.test"]),
    (["--", "bob@example.test"], ["bob@example.test"]),
])
def test_recipients_as_typed(smtpsend, recorder, given, paths_on_wire):
    send(smtpsend, recorder, *given)
    assert recorder.recipients == paths_on_wire


@pytest.mark.parametrize("sender, path", [
    ("<>", b"<>"), ("", b"<>"), ("Alice <alice@client.test>",
                                 b"<alice@client.test>"),
    ("alice@bücher.test", b"<alice@xn--bcher-kva.test>")])
def test_senders(smtpsend, recorder, sender, path):
    send(smtpsend, recorder, "bob@example.test", sender=sender)
    assert paths(recorder.commands)[0] == b"MAIL FROM:" + path


def test_dsn_parameters(smtpsend):
    with Recorder(offers=("DSN", "PIPELINING")) as recorder:
        send(smtpsend, recorder, "-N", "success,failure", "-R", "hdrs", "-V",
             "id+1=2", "bob@example.test")
    mail, rcpt = recorder.commands[1:3]
    assert b" RET=HDRS" in mail and b" ENVID=id+2B1+3D2" in mail
    assert b" NOTIFY=SUCCESS,FAILURE" in rcpt
    assert b" ORCPT=rfc822;bob@example.test" in rcpt


def test_dsn_is_not_said_where_not_offered(smtpsend):
    with Recorder(offers=("PIPELINING",)) as recorder:
        send(smtpsend, recorder, "-N", "never", "-R", "full", "-V", "x",
             "bob@example.test")
    assert not re.search(rb"NOTIFY|RET=|ENVID|ORCPT",
                         b"\n".join(recorder.commands))


def test_t_takes_the_header_and_removes_bcc(smtpsend, recorder):
    fields = (b"To: Bob <bob@example.test>,\r\n\tcarol@example.test\r\n"
              b"Cc: dave@example.test\r\n"
              b"Bcc: secret@example.test,\r\n other@example.test\r\n")
    send(smtpsend, recorder, "-t", message=HEAD % fields + BODY)
    assert sorted(recorder.recipients) == [
        "bob@example.test", "carol@example.test", "dave@example.test",
        "other@example.test", "secret@example.test"]
    text = recorder.messages[0]
    assert b"secret" not in text and b"other@" not in text
    assert b"Bcc" not in text
    assert b"Cc: dave@example.test\r\n" in text


def test_bcc_goes_without_t_too(smtpsend, recorder):
    send(smtpsend, recorder, "bob@example.test",
         message=HEAD % b"Bcc: secret@example.test\r\n" + BODY)
    assert recorder.recipients == ["bob@example.test"]
    assert b"secret" not in recorder.messages[0]


def test_t_and_arguments_add_up(smtpsend, recorder):
    send(smtpsend, recorder, "-t", "eve@example.test",
         message=HEAD % b"To: bob@example.test\r\n" + BODY)
    assert sorted(recorder.recipients) == ["bob@example.test",
                                           "eve@example.test"]


def test_a_resent_block_wins(smtpsend, recorder):
    fields = (b"Resent-From: alice@client.test\r\n"
              b"Resent-To: new@example.test\r\n"
              b"Resent-Bcc: hidden@example.test\r\n"
              b"Resent-Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
              b"Resent-Message-ID: <2@client.test>\r\n"
              b"To: old@example.test\r\n")
    send(smtpsend, recorder, "-t", message=fields + HEAD % b"" + BODY)
    assert sorted(recorder.recipients) == ["hidden@example.test",
                                           "new@example.test"]
    assert b"hidden" not in recorder.messages[0]
    assert b"To: old@example.test\r\n" in recorder.messages[0]


def test_missing_header_fields_are_added(smtpsend, recorder):
    send(smtpsend, recorder, "-F", "Älice", "bob@example.test",
         message=b"Subject: hi\n\nhello\n")
    head = recorder.messages[0].split(b"\r\n\r\n")[0]
    assert re.search(rb"^Date: .*\d{4} \d\d:\d\d:\d\d [+-]\d{4}\r?$", head, re.M)
    assert re.search(rb"^Message-ID: <\S+@\S+>\r?$", head, re.M | re.I)
    assert re.search(rb"^From: =\?utf-8\?.*\?= <alice@client\.test>\r?$", head,
                     re.M | re.I)


def test_as_is_adds_nothing(smtpsend, recorder):
    send(smtpsend, recorder, "--as-is", "bob@example.test",
         message=b"Subject: hi\n\nhello\n")
    assert recorder.messages == [b"Subject: hi\r\n\r\nhello\r\n"]


def test_a_text_without_header_gets_one(smtpsend, recorder):
    send(smtpsend, recorder, "bob@example.test", message=b"hi\n")
    head, body = recorder.messages[0].split(b"\r\n\r\n", 1)
    assert body == b"hi\r\n"
    assert b"Date: " in head


def test_a_leading_from_line_is_dropped(smtpsend, recorder):
    send(smtpsend, recorder, "bob@example.test",
         message=b"From alice Sun Nov 22 09:00:00 2026\n" + MESSAGE)
    assert recorder.messages[0].startswith(b"From: alice@client.test\r\n")


@pytest.mark.parametrize("options", [["-i"], []])
def test_a_lone_dot_at_the_end_is_text(smtpsend, recorder, options):
    """In a pipe: only sendmail, and who types, ends a message with a dot."""
    send(smtpsend, recorder, *options, "bob@example.test",
         message=HEAD % b"" + b"one\n.\n")
    assert recorder.messages[0].endswith(b"\r\n\r\none\r\n..\r\n")


def test_a_lone_dot_in_the_middle_truncates_nothing(smtpsend, recorder):
    send(smtpsend, recorder, "bob@example.test",
         message=HEAD % b"" + b"one\n.\ntwo\n")
    assert recorder.messages[0].endswith(b"one\r\n..\r\ntwo\r\n")


def test_the_source_address(smtpsend, recorder):
    run = send(smtpsend, recorder, "--source", "127.0.0.9", "-v",
               "bob@example.test")
    assert "127.0.0.9" in run.stdout


def test_quit_after_rcpt_sends_nothing(smtpsend, recorder):
    run = send(smtpsend, recorder, "--quit-after", "rcpt", "bob@example.test")
    assert recorder.messages == []
    assert verbs(recorder.commands)[:3] == [b"EHLO", b"MAIL", b"RCPT"]
    assert b"DATA" not in verbs(recorder.commands)
    assert run.status == 0


BAD = [
    ([], 64), (["--no-such-option", "bob@example.test"], 64),
    (["bob@exa\nmple.test"], 65), (["bob\r\nRCPT TO:<x@y.test>@example.test"], 65),
    (["a@, -bob@example.test"], 65), (["bob@"], 65), (["<bob@example.test"], 65),
    ([f"{'x' * 65}@example.test"], 65), (["bob@" + "x" * 300 + ".test"], 65),
    (["--file", "/nonexistent/message", "bob@example.test"], 66),
    (["-f", "a\x01b@client.test", "bob@example.test"], 65),
]


@pytest.mark.parametrize("args, status", BAD)
def test_bad_input(smtpsend, recorder, args, status):
    """A clear line, the right code, and nothing is sent."""
    run = smtpsend("--server", recorder.url, *args, message=MESSAGE)
    assert run.status == status, run
    assert recorder.sessions == []
    assert run.stderr.startswith("smtpsend: "), run
    assert not re.search(rb"[\0-\x09\x0b-\x1f\x7f]", run.err), run.err
