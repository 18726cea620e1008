# SPDX-License-Identifier: ISC
"""
The control socket of a real daemon: whose messages are whose, what is on its
way, why a message waits, metrics and what was put aside.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from conftest import BINARY, Run
from queue_portable import portable, ulid
from test_mailq import Queue

ADMINS = 4000


def until(what, seconds=30):
    """Wait for a condition; what it gave."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never: {what}")


class Daemon(Queue):
    """... with a daemon, which sends all mail to one port of 127.0.0.1."""

    def __init__(self, machine, folder, port):
        super().__init__(machine, folder)
        group = (self.box.etc / "group").read_text()
        self.box.write("/etc/group", group + f"queue-admins:x:{ADMINS}:\n")
        self.port, self.process = port, None
        self.configure()

    def configure(self, **keys):
        self.box.write("/etc/smtpsend/smtpsend.conf",
            f"server = 127.0.0.1:{self.port}\ntls = none\nlog = none\n"
            f"[queue]\npath = {self.spool}\nrun = {self.run}\n" +
            "".join(f"{k.replace('_', '-')} = {v}\n" for k, v in keys.items()))

    def start(self):
        self.process = subprocess.Popen(
            [*self.box, str(self.names["smtpsend"]), "--daemon"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            env=self.box.environment())
        until(lambda: (self.run / "control").exists() or
              self.process.poll() is not None)
        assert self.process.poll() is None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(10) == 0

    def user(self, uid, *groups):
        words = ["--groups", ",".join(map(str, groups))] if groups else \
            ["--clear-groups"]
        return [*self.box, "setpriv", "--reuid", str(uid), "--regid",
                str(uid), *words, "--"]

    def state(self, name):
        return [row["queue_name"] for row in self.rows()
                if row["queue_id"] == name]

    def ask(self, request):
        """One request over the socket itself; the lines of its answer."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(str(self.run / "control"))
            s.sendall(json.dumps(request).encode() + b"\n")
            for line in s.makefile("rb"):
                found = json.loads(line)
                yield found
                if "done" in found or "error" in found:
                    return


@pytest.fixture
def silent():
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        yield s


@pytest.fixture
def make(machine):
    with tempfile.TemporaryDirectory(prefix="control-") as name:
        made = []

        def make(port):
            made.append(Daemon(machine, pathlib.Path(name), port))
            return made[0]
        yield make
        for daemon in made:
            daemon.stop()


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def test_whose(make, silent):
    q = make(silent.getsockname()[1])
    mine = q.add(uid=1000, held=True)
    other = q.add(uid=1001, held=True)
    q.start()
    assert len(q.rows()) == 2
    for who, want in (((1000,), [mine]), ((1001,), [other]), ((1002,), []),
                      ((1002, ADMINS), [mine, other]), ((ADMINS,),
                       [mine, other])):
        run = q("--json", wrap=q.user(*who))
        ids = [json.loads(row)["queue_id"] for row in run.stdout.splitlines()]
        assert sorted(ids) == sorted(want), (who, run)
        assert run.status == (0 if want else 77), (who, run)
    for uid in (65534, 61184, 65519):
        run = q("list", wrap=q.user(uid))
        assert run.status == 77 and not run.stdout, (uid, run)
    run = q("rm", other, wrap=q.user(1000))
    assert run.status == 66 and "queue of yours" in run.stderr, run
    run = q(wrap=q.user(1002))	# it is not empty
    assert run.stdout == "" and run.status == 77, run
    assert "2 messages of other users are not shown" in run.stderr
    assert q("rm", "ALL", wrap=q.user(1000)).stdout == "1 message removed\n"
    assert [row["queue_id"] for row in q.rows()] == [other]
    assert q("sites", wrap=q.user(1000)).status == 77


def test_what_is_not_yours_is_not_there(make, silent):
    """Sound, held, damaged, of a later version, in the queue or put aside: the
    same words as of no message at all; and root finds each by a part of it."""
    q = make(silent.getsockname()[1])
    mine = q.add(uid=1000, held=True)
    names = {what: q.add(uid=1001, held=True) for what in
             ("sound", "damaged", "newer", "held", "corrupt", "both")}
    (q.spool / "corrupt").mkdir(0o700, exist_ok=True)
    (q.spool / "held").mkdir(0o700, exist_ok=True)
    for what, folder in (("held", "held"), ("corrupt", "corrupt"),
                         ("both", "corrupt")):
        (q.spool / "queue" / names[what]).rename(
            q.spool / folder / names[what])
    for what, folder, at, octet in (("damaged", "queue", 100, b"X"),
                                    ("newer", "queue", 8, b"\x63"),
                                    ("both", "corrupt", 100, b"X")):
        with open(q.spool / folder / names[what], "r+b") as f:
            f.seek(at)
            f.write(octet)
    q.start()
    until(lambda: len(q.rows()) == 3)
    for verb in ("list", "why", "show", "rm"):
        for short in (slice(26), slice(12, 26)):
            absent = ulid(1)[short]
            want = q(verb, absent, wrap=q.user(1000))
            assert want.status == 66 and "queue of yours" in want.stderr
            for what, name in names.items():
                run = q(verb, name[short], wrap=q.user(1000))
                assert (run.status, run.stdout, run.stderr) == (
                    want.status, want.stdout,
                    want.stderr.replace(absent, name[short])), (what, run)
    for what, name in names.items():
        full, part = q("why", name), q("why", name[12:])
        assert (full.status, full.stderr) == (part.status, part.stderr), what
        assert (full.status == 0) == (what in ("sound", "held", "corrupt"))
    # all are of one minute: of these letters one message is his
    run = q("list", mine[:7], "--json", wrap=q.user(1000))
    assert json.loads(run.stdout)["queue_id"] == mine, run
    assert "messages have ids" in q("list", mine[:7]).stderr


def test_on_its_way(make, silent):
    """What is active is marked; hold and rm take it away at once."""
    q = make(silent.getsockname()[1])
    q.start()
    one = q.add()
    until(lambda: q.state(one) == ["active"])
    assert f"{one}* " in q().stdout
    assert "on the way just now" in q("why", one).stdout
    start = time.monotonic()
    assert q("hold", one).stdout == "1 message held\n"
    assert time.monotonic() - start < 10
    assert q.state(one) == ["hold"]
    assert q("release", one).stdout == "1 message released\n"
    until(lambda: q.state(one) == ["active"])
    assert q("rm", one).stdout == "1 message removed\n"
    assert q().stdout == "Mail queue is empty\n"


def test_why(make):
    port = closed_port()
    q = make(port)
    q.start()
    one = q.add(rcpts=["bob@a.test"])
    until(lambda: q.state(one) == ["deferred"])
    run = q("why", one)
    for text in ("deferred", "refused", "what happened", "next try in",
                 "if it were tried now", f"127.0.0.1:{port}"):
        assert text in run.stdout, (text, run)
    assert "refused" in q().stdout
    run = q(name="hoststat")
    assert "127.0.0.1" in run.stdout and run.status == 0, run
    run = q("status")
    assert "daemon    is at work" in run.stdout and "a.test" in run.stdout


def test_now_and_flush(make):
    port = closed_port()
    q = make(port)
    q.start()
    one = q.add(rcpts=["bob@a.test"])
    until(lambda: q.state(one) == ["deferred"])

    def tries():
        return q.rows()[0]["recipients"][0]["attempts"]
    for words in (("now", one), ("flush",)):
        before = tries()
        assert q(*words).stdout == "1 message will be tried now\n"
        until(lambda: tries() > before)


def test_now_is_a_try(make):
    """What is remembered of a host that was down is no answer to a person."""
    port = closed_port()
    q = make(port)
    q.start()
    one = q.add(rcpts=["bob@a.test"])
    until(lambda: q.state(one) == ["deferred"])
    with socket.create_server(("127.0.0.1", port)) as server:
        assert q("now", one).stdout == "1 message will be tried now\n"
        server.settimeout(20)
        server.accept()[0].close()


def test_watch(make):
    q = make(closed_port())
    q.start()
    one = q.add(held=True)
    assert q("release", one).status == 0
    until(lambda: q.state(one) == ["deferred"])
    events = list(q.ask({"verb": "watch", "ids": [one], "wake": True}))
    kinds = [e.get("event") for e in events]
    assert kinds[-2] == "end" and "verdict" in kinds, events
    verdict = events[kinds.index("verdict")]
    assert verdict["verdict"] == "deferred" and verdict["rcpt"] == \
        "bob@example.org"
    assert events[-2]["next"] > time.time() and events[-1]["done"]
    assert list(q.ask({"verb": "watch", "ids": [ulid(5)]}))[0]["status"] == 66


def test_bounce_is_made(make):
    """The sender is told at once."""
    q = make(closed_port())
    q.start()
    one = q.add(sender="joe@s.test", rcpts=["bob@a.test"])
    until(lambda: q.state(one) == ["deferred"])
    assert q("bounce", one).status == 0
    rows = until(lambda: [r for r in q.rows() if r["queue_id"] != one] if
                 not q.state(one) else None)
    assert rows[0]["sender"] == "MAILER-DAEMON"
    assert rows[0]["recipients"][0]["address"] == "joe@s.test"
    text = q("show", rows[0]["queue_id"]).stdout
    assert "bob@a.test" in text and "given up" in text, text


def test_chores(make, silent):
    """Metrics are there at once; old reports that lie aside go, no others."""
    q = make(silent.getsockname()[1])
    q.configure(metrics_file=q.folder / "metrics.prom")
    day, now = 86400, int(time.time())
    kept = [q.add(created=now - 20 * day), q.add(created=5, is_bounce=True),
            q.add(created=now - 10 * day, is_bounce=True)]
    old = q.add(created=now - 20 * day, is_bounce=True)
    (q.spool / "held").mkdir(0o700, exist_ok=True)
    for name in (*kept, old):
        os.rename(q.spool / "queue" / name, q.spool / "held" / name)
    q.start()
    until(lambda: (q.folder / "metrics.prom").exists())
    text = (q.folder / "metrics.prom").read_text()
    assert text.endswith("# EOF\n") and "smtpsend_queue_daemon 1\n" in text
    until(lambda: not (q.spool / "held" / old).exists())
    assert sorted(n for n in os.listdir(q.spool / "held") if n[0] != ".") == \
        sorted(kept)
    assert not os.path.exists(f"{q.folder}/metrics.prom.new")
    assert len(q.rows()) == 3


def test_hup(make, silent):
    """Another configuration, the same socket and messages."""
    q = make(silent.getsockname()[1])
    one = q.add(held=True)
    q.start()
    q.process.send_signal(signal.SIGHUP)
    for _ in range(20):
        assert q.state(one) == ["hold"]
    assert q("rm", one).status == 0


def test_broken_configuration(make, silent):
    """FAULTS 86: nothing is tried, and why says so."""
    q = make(silent.getsockname()[1])
    one = q.add()
    q.box.write("/etc/smtpsend/smtpsend.conf", "tsl = verify\n"
        f"[queue]\npath = {q.spool}\nrun = {q.run}\n")
    q.start()
    run = q("why", one)
    assert "nothing is tried at all" in run.stdout, run
    assert "tsl" in run.stdout and run.status == 0, run
    run = q("status")
    assert run.status == 2 and "daemon    tries nothing: " in run.stdout, run
    assert q().status == 0 and q.state(one) == ["incoming"]
    q.configure()
    q.process.send_signal(signal.SIGHUP)
    until(lambda: q.state(one) == ["active"])
