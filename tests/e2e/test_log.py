# SPDX-License-Identifier: ISC
"""
The machine's log: a line for each recipient, and never at the cost of the mail
(FAULTS 87).  /dev/log and the journal's socket are the test's own, in a mount
namespace.
"""

import os
import re
import select
import socket
import subprocess

import pytest

import conftest
from faults_support import (MESSAGE, OK, TEMPFAIL, UNAVAILABLE, Server,
                            closed_port, dialogue, smtpsend)
from queue_support import Box, wait_for


class Syslogd:
    """A datagram socket where the program looks for one."""

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(str(path))
        path.chmod(0o666)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.sock.close()

    def lines(self):
        """All that has come."""
        found = []
        while select.select([self.sock], [], [], 0)[0]:
            found.append(self.sock.recv(65536).decode())
        return found

    def fill(self, path):
        """Until its queue takes no more."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.setblocking(False)
            s.connect(str(path))
            n = 0
            try:
                while True:
                    s.send(b"x")
                    n += 1
            except BlockingIOError:
                return n


PAIR = re.compile(r'([a-z-]+)=("(?:[^"\\]|\\.)*"|[^ "]*)(?: |$)')


def pairs(line):
    """{key: value} of a line; all of it is such pairs."""
    text = line.split("]: ", 1)[1]
    found = PAIR.findall(text)
    assert "".join(f"{k}={v} " for k, v in found) == text + " ", text
    assert len(dict(found)) == len(found), text
    return dict(found)


def as_sendmail(tmp_path, box, *args, message=MESSAGE, env=None):
    """The program under its name sendmail, on that machine."""
    link = tmp_path / "sendmail"
    if not link.is_symlink():
        link.symlink_to(conftest.BINARY)
    return conftest.run_smtpsend(*args, message=message, wrap=box, binary=link,
                                 env=env)


def configured(machine, port, more="", **how):
    return machine(files={"/etc/smtpsend/smtpsend.conf":
                          f"server = 127.0.0.1:{port}\nhelo = client.test\n"
                          f"timeout = 10\n{more}"}, **how)


def test_a_line_for_each_recipient(machine, tmp_path):
    good = dialogue(RCPT=["250 2.1.5 ok", "550 5.1.1 no such user here"])
    with Server(good) as srv:
        box = configured(machine, srv.port)
        with Syslogd(box.dev / "log") as log:
            run = as_sendmail(tmp_path, box, "-f", "alice@client.test",
                              "bob@example.test", "eve@example.test")
            lines = log.lines()
    assert run.status == 67, run
    assert len(lines) == 2, lines
    for line in lines:
        assert re.match(r"<\d+>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
                        r"smtpsend/sendmail\[\d+\]: uid=0 id=NOQUEUE ", line)
        assert len(line) < 1024
    bob, eve = map(pairs, lines)
    assert lines[0].startswith("<22>") and lines[1].startswith("<20>")
    assert bob["from"] == eve["from"] == "<alice@client.test>"
    assert (bob["to"], bob["status"], bob["code"]) == \
        ("<bob@example.test>", "delivered", "250")
    assert bob["addr"] == f"[127.0.0.1]:{srv.port}"
    assert re.fullmatch(r"\d+\.\d{3}(/\d+\.\d{3}){3}", bob["delays"])
    assert (eve["status"], eve["stage"], eve["code"], eve["enhanced"]) == \
        ("failed", "RCPT", "550", "5.1.1")
    assert eve["said"] == '"no such user here"'


def test_nothing_from_outside_makes_a_key(machine, tmp_path):
    evil = 'x" status=delivered \\" code=250 ' + "\x1b[2J" + "y" * 400
    with Server(dialogue(RCPT=f"550 5.7.1 {evil}")) as srv:
        box = configured(machine, srv.port)
        with Syslogd(box.dev / "log") as log:
            as_sendmail(tmp_path, box, "-f", '"a status=b"@client.test',
                        '"x to=y"@example.test')
            line, = log.lines()
    found = pairs(line)
    assert found["status"] == "failed" and found["code"] == "550"
    assert "\x1b" not in line and len(line) < 1024
    assert found["said"].startswith('"x\\" status=delivered ')


def test_smtpsend_logs_only_when_told(machine):
    with Server(dialogue(), dialogue()) as srv:
        box = configured(machine, srv.port)
        with Syslogd(box.dev / "log") as log:
            assert smtpsend("bob@example.test", wrap=box).rc == OK
            assert log.lines() == []
            assert smtpsend("--log", "syslog", "bob@example.test",
                            wrap=box).rc == OK
            line, = log.lines()
    assert " smtpsend[" in line


def test_the_daemon_logs_unasked(machine):
    """Nobody sees what it prints."""
    with Server(dialogue()) as srv:
        box = Box(machine, f"server = 127.0.0.1:{srv.port}\ntls = none")
        with Syslogd(box.machine.dev / "log") as log, \
                subprocess.Popen([*box.machine, str(box.bin / "smtpsend"),
                                  "--daemon"],
                                 env=box.machine.environment()) as p:
            wait_for((box.run / "submit").exists)
            assert box.sendmail("bob@example.test").rc == OK
            wait_for(lambda: srv.conns and box.queue() == [])
            p.terminate()
            assert p.wait(10) == 0
            said = log.lines()
    assert any("smtpsend" in x and "status=delivered" in x for x in said)


def test_the_configuration_may_say_none(machine, tmp_path):
    with Server(dialogue()) as srv:
        box = configured(machine, srv.port, "log = none\n")
        with Syslogd(box.dev / "log") as log:
            assert as_sendmail(tmp_path, box, "bob@example.test").status == OK
            assert log.lines() == []


def test_the_journal(machine, tmp_path):
    with Server(dialogue()) as srv:
        box = configured(machine, srv.port, "log = journal\n")
        run_dir = tmp_path / "run"
        bind = ["sh", "-c", 'mount --bind "$0" /run && exec "$@"', run_dir]
        with Syslogd(run_dir / "systemd/journal/socket") as log:
            run = as_sendmail(tmp_path, [*box, *bind], "-L", "nightly",
                              "bob@example.test")
            entry, = log.lines()
    assert run.status == OK, run
    assert entry.endswith("\n")
    fields = dict(f.split("=", 1) for f in entry.splitlines())
    assert fields["PRIORITY"] == "6" and fields["SYSLOG_FACILITY"] == "2"
    assert fields["SYSLOG_IDENTIFIER"] == "nightly"
    assert fields["MESSAGE"].startswith("uid=0 id=NOQUEUE ")


def test_a_syslogd_that_listens_for_streams(machine, tmp_path):
    two = ["ann@example.test", "bob@example.test"]
    with Server(dialogue()) as srv, \
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as log:
        box = configured(machine, srv.port)
        log.bind(str(box.dev / "log"))
        log.listen()
        run = as_sendmail(tmp_path, box, *two)
        log.settimeout(20)
        with log.accept()[0] as c, c.makefile("rb") as f:
            *lines, rest = f.read().decode().split("\0")
    assert run.status == OK and rest == ""
    assert [pairs(line)["to"] for line in lines] == [f"<{x}>" for x in two]
    assert all(line.startswith("<22>") for line in lines)


@pytest.mark.parametrize("kind", ["missing", "nobody", "full", "ENOSPC",
                                  "folder"])
def test_a_log_that_cannot_be_written_never_stops_mail(machine, tmp_path, kind):
    """Default (syslog) and by name: delivered; only the latter is told."""
    with Server(dialogue()) as srv:
        more = {"ENOSPC": "log = /dev/full\n", "folder": "log = /etc/\n"}
        box = configured(machine, srv.port, more.get(kind, ""))
        path = box.dev / "log"
        with Syslogd(path) as log:
            if kind == "missing":
                path.unlink()
            elif kind == "full":
                assert log.fill(path) > 0
            elif kind == "nobody":
                log.sock.close()
            if kind == "ENOSPC":
                (box.dev / "full").touch()
                box = [*box, "sh", "-c", 'mknod /tmp/$$.full c 1 7 && '
                       'mount --bind /tmp/$$.full /dev/full && '
                       'rm -f /tmp/$$.full; exec "$@"', "sh"]
            run = as_sendmail(tmp_path, box, "bob@example.test")
    assert run.status == OK, run
    assert len(srv.conns[0].messages) == 1
    told = "the log lacks 1 line: " in run.stderr
    assert told == (kind in more), run


def test_a_file_is_appended_to(tmp_path):
    log = tmp_path / "mail.log"
    log.write_text("before\n")
    port = closed_port()
    for _ in range(2):
        run = smtpsend("--log", log, "--server", f"127.0.0.1:{port}", "-f",
                       "a@client.test", "bob@example.test")
        assert run.rc == TEMPFAIL
    first, *lines = log.read_text().splitlines()
    assert first == "before" and len(lines) == 2
    assert pairs(lines[1])["status"] == "deferred"
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ smtpsend\[\d+\]: ",
                    lines[0])


def test_a_link_of_a_stranger_is_not_followed(tmp_path):
    """root's lines must not go where somebody else has pointed."""
    target, link = tmp_path / "target", tmp_path / "log"
    target.write_text("")
    link.symlink_to(target)
    args = ("--log", link, "--server", f"127.0.0.1:{closed_port()}",
            "-f", "a@client.test", "bob@example.test")
    assert "the log lacks" not in smtpsend(*args).err
    assert len(target.read_text().splitlines()) == 1
    os.lchown(link, 4321, 4321)
    run = smtpsend(*args)
    assert run.rc == TEMPFAIL and "the log lacks 1 line" in run.err
    assert len(target.read_text().splitlines()) == 1


@pytest.mark.parametrize("word", ["sylog", "yes", ""])
def test_a_mistyped_word_is_no_file(smtpsend, word, tmp_path):
    run = smtpsend("--log", word, "bob@example.test", message=b"hi\n",
                   wrap=("env", "-C", str(tmp_path)))
    assert run.status == 64, run
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what, args, message, config, want", [
    ("configuration", ["bob@example.test"], MESSAGE, "nonsense = 1\n",
     {"exit": "78"}),
    ("no recipients", ["-t"], b"Subject: x\n\nhello\n", None,
     {"exit": "64", "why": '"no recipients: the header has no address in To, '
      'Cc or Bcc"'}),
    ("empty", ["bob@example.test"], b"", None,
     {"exit": "65", "why": '"the message is empty"'}),
    ("cannot", ["-bO"], b"", None, {"exit": str(UNAVAILABLE)}),
])
def test_what_fails_before_the_envelope(machine, tmp_path, what, args, message,
                                        config, want):
    box = configured(machine, 1)
    if config:
        box.write("/etc/smtpsend/smtpsend.conf", config)
    with Syslogd(box.dev / "log") as log:
        run = as_sendmail(tmp_path, box, *args, message=message)
        line, = log.lines()
    assert str(run.status) == want["exit"], (what, run)
    assert line.startswith("<19>")
    found = pairs(line)
    assert found["status"] == "failed"
    for key, value in want.items():
        assert found[key] == value, line
    assert found["why"].strip('"') in run.stderr.replace('"', '\\"')


def test_the_default_is_the_same_in_the_manual():
    """Somebody who greps finds it."""
    page = subprocess.run(["man", "-l", "-E", "ascii",
                           conftest.TOP / "man/smtpsend.1"],
                          capture_output=True, text=True, check=True,
                          env={**os.environ, "MANWIDTH": "80"}).stdout
    assert "--log" in page and "/dev/log" in page


def test_a_transcript_of_everybody_stops_nobody(machine, tmp_path):
    """One user cannot write the file that the configuration names: F."""
    with Server(dialogue()) as srv:
        box = configured(machine, srv.port, "transcript = /nowhere/log\n")
        run = as_sendmail(tmp_path, box, "bob@example.test")
    assert run.status == OK, run
    assert run.stderr == ("sendmail: cannot append to /nowhere/log: No such "
                          "file or directory; sending goes on without this "
                          "transcript\n")
    assert len(srv.conns[0].messages) == 1
