# SPDX-License-Identifier: ISC
"""
mailq and --queue where no daemon is: what they print and change, that Debian's
check_mailq reads it, and that messages can be carried to another machine.
"""

import fcntl
import json
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

from conftest import BINARY, BUILD, Run
from queue_portable import portable, ulid

HEAD = "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"


class Queue:
    """A spool of its own on a machine of its own."""

    def __init__(self, machine, folder):
        self.folder = folder
        folder.chmod(0o755)
        self.spool, self.run = folder / "spool", folder / "run"
        self.spool.mkdir(0o700)
        self.run.mkdir()
        self.box = machine(files={"/etc/smtpsend/smtpsend.conf":
            f"[queue]\npath = {self.spool}\nrun = {self.run}\n"})
        self.names = {}
        for name in ("mailq", "sendmail", "smtpsend", "hoststat", "purgestat"):
            self.names[name] = folder / name
            self.names[name].symlink_to(BINARY)

    def __call__(self, *words, name="mailq", wrap=None, message=b"", tz="UTC"):
        return Run(subprocess.run(
            [*(wrap or self.box), str(self.names[name]), *map(str, words)],
            input=message, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.box.environment(TZ=tz), timeout=120, check=False))

    def add(self, **how):
        """Take one message in; its id."""
        name, octets = portable(**how)
        run = self("import", message=octets)
        assert run.stdout == "1 message taken in\n" and run.status == 0, run
        return name

    def rows(self, *words):
        return [json.loads(line) for line in
                self("list", "--json", *words).stdout.splitlines()]


@pytest.fixture
def folder():
    """Where other users may go too, as they may not into pytest's own."""
    with tempfile.TemporaryDirectory(prefix="mailq-") as name:
        yield pathlib.Path(name)


@pytest.fixture
def queue(machine, folder):
    return Queue(machine, folder)


def test_empty(queue):
    for words, name, text in (
            ((), "mailq", "Mail queue is empty\n"),
            (("-Ac",), "mailq", "Mail queue is empty\n"),
            (("-bp",), "sendmail", "Mail queue is empty\n"),
            (("-bP",), "sendmail", "0\n"), (("--json",), "mailq", ""),
            (("--queue", "list"), "smtpsend", "Mail queue is empty\n"),
            ((), "hoststat", ""), ((), "purgestat", "")):
        run = queue(*words, name=name)
        assert (run.status, run.stdout, run.stderr) == (0, text, ""), words
    assert queue("status").status == 0


def test_list(queue):
    """Bulk mail last, the oldest first; local time; reasons; totals."""
    late = queue.add(created=1795677105, sender="", rcpts=[
        {"to": "bob@a.test", "attempts": 3, "code": 450, "esc": "4.7.1"},
        "carol@b.test"])
    bulk = queue.add(created=1795670000, text=b"X: y\r\n\r\n" + b"z" * 2000,
                     **{"class": 2})
    held = queue.add(created=1795680000, held=True, **{"class": 1})
    run = queue(tz="CET-1")
    assert run.stdout == HEAD + (
        f"{held}!      21 Thu Nov 26 09:00:00  joe@example.org\n"
        f"{' ' * 41}bob@example.org\n\n"
        f"{late}      21 Thu Nov 26 08:11:45  MAILER-DAEMON\n"
        f"{' ' * 50}(the server said: 450 4.7.1)\n{' ' * 41}bob@a.test\n"
        f"{' ' * 58}(reason unavailable)\n{' ' * 41}carol@b.test\n\n"
        f"{bulk}    2008 Thu Nov 26 06:13:20  joe@example.org\n"
        f"{' ' * 41}bob@example.org\n\n-- 2 Kbytes in 3 Requests.\n"), run
    assert run.status == 0
    rows = queue.rows()
    assert [row["queue_id"] for row in rows] == [held, late, bulk]
    assert [row["queue_name"] for row in rows] == ["hold", "deferred",
                                                   "incoming"]
    assert rows[1]["recipients"][0]["delay_reason"] == \
        "the server said: 450 4.7.1"
    assert queue("-bP", name="sendmail").stdout == "3\n"
    assert queue("--host", "A.test").stdout.endswith(
        "-- 0 Kbytes in 1 Request.\n")


# Nobody is told a "now" that nobody keeps.
LATER = " by the next sendmail -q, for no daemon is here"
LATER_TRIED = [f"{n} message{s} will be tried{LATER}\n"
               for n, s in ((1, ""), (2, "s"))]


@pytest.mark.parametrize("name", ["smtpsend.bash", "_smtpsend",
                                  "smtpsend.fish"])
def test_verbs_are_completed(queue, name):
    """All that the program says it knows."""
    said = queue("shout").stderr.split("no such verb; ")[1]
    verbs = re.findall(r"[a-z-]+", said.replace(" are known", ""))
    text = (BUILD.parent / "completions" / name).read_text(encoding="utf-8")
    line = re.search(r"list why show[^)']*(;;|\)|')", text).group(0)
    assert set(verbs) - {"and"} <= set(re.findall(r"[a-z-]+", line)), line


def test_why_of_what_is_for_later(queue):
    """Not "in the next run": at the time that its sender gave."""
    name = queue.add(not_before=4102444800)     # 2100-01-01
    run = queue("why", name)
    assert "not tried yet; next try in " in run.stdout, run
    assert ", at 2100-01-01 00:00:00" in run.stdout, run
    assert queue.rows()[0]["next_try"] == 4102444800


def test_verbs(queue):
    one = queue.add(rcpts=["bob@a.test", "carol@b.test"])
    two = queue.add(rcpts=["bob@c.test"])
    assert queue("hold", one).stdout == "1 message held\n"
    assert queue("hold", "ALL").stdout == "2 messages held\n"
    run = queue("now", one)
    assert run.status == 69 and "release it first" in run.stderr, run
    assert queue("release", one[-12:].lower() + "!").status == 0
    assert queue("edit-rcpt", one, "bob@a.test", "new@x.test").status == 0
    assert [r["address"] for r in queue.rows(one)[0]["recipients"]] == \
        ["new@x.test", "carol@b.test"]
    assert queue("edit-rcpt", one, "bob@a.test", "new@x.test").status == 67
    run = queue("why", one)
    for text in ("released: by root, uid 0", "no daemon is here to try it",
                 "to new@x.test: not tried yet",
                 "edited: bob@a.test became new@x.test by root, uid 0"):
        assert text in run.stdout, run
    assert queue("show", one).stdout == "Subject: x\n\nhello\n"
    assert queue("release", two).stdout == "1 message released\n"
    for words in (("now", two), ("flush",)):
        assert queue(*words).stdout in LATER_TRIED, words
    assert queue("bounce", one).stdout == \
        f"1 message will be returned to the sender{LATER}\n"
    assert [r["state"] for r in queue.rows(one)[0]["recipients"]] == ["F", "F"]
    assert queue("rm", "--rcpt", "*@C.test").stdout == "1 message removed\n"
    run = queue("rm", two)
    assert run.status == 66 and f"{two}: there is no such" in run.stderr, run
    assert queue("rm", "ALL").stdout == "1 message removed\n"
    assert queue().stdout == "Mail queue is empty\n"


def test_what_was_done_is_said_all_the_same(queue):
    """Where it should be printed there is no room."""
    queue.add()
    full = [*queue.box, "sh", "-c", 'exec "$@" >/dev/full', "sh"]
    for words, message, done in (
            (("hold", "ALL"), b"", "1 message held"),
            (("import",), portable()[1], "1 message taken in"),
            (("rm", "ALL"), b"", "2 messages removed"),
            (("list",), b"", "")):
        run = queue(*words, wrap=full, message=message)
        assert run.status == 74 and "cannot be written" in run.stderr, run
        assert done in run.stderr and bool(done) == ("all the" in run.stderr)
    assert queue.rows() == []


@pytest.mark.parametrize("words", [
    ("shout",), ("rm",), ("hold", "--rcpt"), ("hold", "--rcpt", ""),
    ("list", "--colour"), ("edit-rcpt", "01KB"), ("list", "--openmetrics"),
    ("rm", "ALL", "01KB0000"), ("status", "--warn-age", "x"),
    ("export", "--rcpt", "x")])
def test_nonsense(queue, words):
    queue.add()
    run = queue(*words)
    assert run.status == 64 and run.stderr.startswith("mailq: "), run
    assert queue("count").stdout == "1\n"


def test_unknown_ids(queue):
    one = queue.add()
    for verb in ("why", "show", "hold", "release", "rm", "now", "bounce"):
        run = queue(verb, ulid(5))
        assert run.status == 66 and "no such message" in run.stderr, run
        run = queue(verb, "../../etc/passwd")
        assert run.status == 64 and "no id" in run.stderr, run
    run = queue("hold", ulid(5), one)	# the others are served
    assert run.status == 66 and run.stdout == "1 message held\n", run


def test_nothing_hostile_is_shown(queue):
    one = queue.add(sender='"\\e[2J"@x.test', rcpts=["bob@a.test"],
                    text=b"Subject: \x1b[2J\r\n\r\nx\r\n", tag="\x1b]0;x\x07")
    for words in ((), ("why", one), ("list", "--json"), ("status",)):
        run = queue(*words)
        assert run.status == 0 and "\x1b" not in run.stdout + run.stderr, run


def test_others(queue):
    """Without a daemon only root may look; where there is no queue there is
    none."""
    queue.add()
    run = queue(wrap=queue.box.user(4321))
    assert run.status == 69 and "root's to look into" in run.stderr, run
    queue("rm", "ALL")
    queue.box.write("/etc/smtpsend/smtpsend.conf", "[queue]\npath = /nowhere\n")
    assert queue().stdout == "Mail queue is empty\n"
    run = queue("hold", "ALL")
    assert run.status == 69 and "no queue" in run.stderr, run


def test_carried(queue, machine, tmp_path):
    """Export there, import here: text and slots are the same, once."""
    text = bytes(range(1, 10)) + b"\r\n\r\n" + b"\xff\x00.\r\n" * 50000
    one = queue.add(text=text, held=True, tag="x", rcpts=[
        {"to": "bob@a.test", "attempts": 4, "age": 7000, "notify": 3,
         "orcpt": "rfc822;b@x"}, {"to": "\u00fc@b.test", "state": "F"}])
    two = queue.add(sender="")
    out = queue("export").out
    (tmp_path / "other").mkdir()
    other = Queue(machine, tmp_path / "other")
    run = other("import", message=out)
    assert run.stdout == "2 messages taken in\n", run
    assert other("export").out.replace(b',"key":"import %s"' % one.encode(),
        b"") == out.replace(b',"key":"import %s"' % one.encode(), b"")
    assert other("show", one).out == text.replace(b"\r\n", b"\n")
    assert other("import", message=out).stdout == \
        "0 messages taken in, 2 passed over that are here, or lately were\n"
    assert other("export", two).out.count(b"smtpsend_queue") == 1
    assert other("export", ulid(7)).status == 66


def test_damaged_imports(queue):
    one, octets = portable(rcpts=["bob@a.test", "carol@b.test"])
    size = len(octets)
    for at in range(0, size, 7):	# cut, or one octet changed
        for bad in (octets[:at], octets[:at] + bytes([octets[at] ^ 1]) +
                    octets[at + 1:]):
            if at == 0 and not bad:
                continue
            run = queue("import", message=bad)
            assert run.status == 65 and run.stderr, (at, run)
    assert queue().stdout == "Mail queue is empty\n"
    assert not [n for n in os.listdir(queue.spool / "queue")]
    assert queue("import", message=octets).stdout == "1 message taken in\n"
    assert queue.rows()[0]["queue_id"] == one


def test_status(queue):
    queue.add(created=1795677105, rcpts=["bob@a.test"])
    queue.add(held=True)
    run = queue("status", "--json")
    found = json.loads(run.stdout)
    assert (found["incoming"], found["held"], found["corrupt"]) == (1, 1, 0)
    assert found["domains"][0]["domain"] == "a.test"
    assert queue("status").status == 0
    assert queue("status", "--warn-age", "1m").status == (
        1 if found["at"] - found["oldest"] > 60 else 0)
    run = queue("status", "--openmetrics")
    assert run.stdout.endswith("# EOF\n"), run
    assert 'smtpsend_queue_messages{state="hold"} 1\n' in run.stdout
    for name in {line.split("{")[0].split(" ")[0] for line in
                 run.stdout.splitlines() if line[0] != "#"}:
        assert f"# TYPE {name} gauge\n" in run.stdout
    (queue.spool / "corrupt").mkdir(0o700, exist_ok=True)
    (queue.spool / "corrupt" / ulid(5)).write_bytes(b"x")
    run = queue("status")
    assert run.status == 1 and "corrupt/  1 " in run.stdout, run


# ---- Debian's check_mailq ----

@pytest.fixture(scope="session")
def plugins():
    """The unpacked plugins; downloaded on the first run only."""
    folder = BUILD / "plugins"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(folder.glob("usr/lib/nagios/plugins/check_mailq")):
            for name in ("monitoring-plugins-common",
                         "monitoring-plugins-standard"):
                subprocess.run(["apt-get", "-qq", "-o",
                                "APT::Sandbox::User=root", "download", name],
                               cwd=folder, check=True)
            for deb in folder.glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
    return folder / "usr/lib/nagios/plugins"


def test_check_mailq(queue, plugins, folder):
    """Empty, below, warning, critical, and a mailq that fails."""
    for name in ("check_mailq", "utils.pm"):
        text = (plugins / name).read_text()
        (folder / name).write_text(text.replace(
            '"/usr/bin/mailq"', f'"{queue.names["mailq"]}"'))

    def check(wrap=None):
        run = Run(subprocess.run(
            [*(wrap or queue.box), "perl", folder / "check_mailq", "-M", "postfix", "-w", "2", "-c", "4"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            env=queue.box.environment(), timeout=60))
        return run.status, run.stdout

    for count, status, text in ((0, 0, "OK: postfix mailq reports queue is"),
                                (1, 0, "OK: postfix mailq (1) is below"),
                                (2, 1, "WARNING: postfix mailq is 2"),
                                (3, 1, "WARNING: postfix mailq is 3"),
                                (4, 2, "CRITICAL: postfix mailq is 4")):
        found = check()
        assert found[0] == status and found[1].startswith(text), (count, found)
        queue.add(rcpts=["bob@a.test", "carol@b.test"])
    found = check(queue.box.user(4321))	# who may not look is no "empty"
    assert found[0] == 2 and "CRITICAL: Error code 69" in found[1], found
