# SPDX-License-Identifier: ISC
"""The queue's own process: ready when it says so, woken, ended, read again.

FAULTS rows 71 (signals) and 86 (a configuration that breaks while it runs).
"""

import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import time
from contextlib import contextmanager

import pytest

from fakedns import FakeDns
from queue_support import SPOOL_UID, wait_for
from runner_support import QUICK, Manager, QueueBox
from scripted import Server, dialogue, rst, stall
from test_bounce import reports
from worlds import SIOCSIFFLAGS, in_own_network

TO = "bob@example.org"
FORM = b"Subject: %d\n\nhello\n"


def taken(srv):
    return sorted(re.search(rb"Subject: (.*)\r", text).group(1).decode()
                  for c in srv.conns for text in c.messages)


def in_kilobytes(pid, *names):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        rows = dict(re.findall(r"^(\w+): +(\d+) kB", f.read(), re.M))
    return sum(int(rows[name]) for name in names)


@contextmanager
def daemon(box, *args, **env):
    """Running and ready; ended by TERM, and with nothing said."""
    manager = Manager(box.run)
    with box.process("smtpsend", "--daemon", *args, NOTIFY_SOCKET=manager.name,
                     **env) as p:
        p.manager = manager
        try:
            manager.wait_for("READY=1")
            yield p
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
            assert p.wait(10) == 0
            assert p.stderr.read() == b""
        finally:
            p.kill()


@pytest.fixture
def box(machine):
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.srv = srv
        yield box


def test_who_hands_in_is_served_at_once(box):
    with daemon(box):
        begun = time.monotonic()
        assert box.sendmail("-i", TO, uid=4321).rc == 0
        wait_for(lambda: box.srv.conns and box.srv.conns[0].messages)
        assert time.monotonic() - begun < 5
        wait_for(lambda: not box.files())
    assert not box.strangers()


def test_who_waits_hears_the_verdict(box):
    """However quick: a warm lane has delivered before anybody could ask."""
    with daemon(box):
        for n in range(30):
            run = box.smtpsend("--wait", "-v", TO, uid=4321, stdin=FORM % n)
            assert run.rc == 0, (n, run)
    assert taken(box.srv) == sorted(str(n) for n in range(30))


def test_advice_to_who_waits_is_about_the_queue(machine):
    """Options that --wait excludes would not help him."""
    with FakeDns() as dns:
        dns.add("example.org", "MX", (10, "localhost"))
        dns.add("localhost", "A", "127.0.0.1")
        box = QueueBox(machine, config=f"resolver = 127.0.0.1:{dns.port}\n")
        with daemon(box):
            run = box.smtpsend("--wait", TO, uid=4321)
    assert run.rc == 68 and " in smtpsend.conf sends elsewhere" in run.err, \
        str(run)


def test_usr1_runs_all(box):
    with daemon(box) as p:
        for n in range(3):
            box.put(TO, text=FORM % n)
        time.sleep(0.2)
        assert box.srv.conns == []      # -odq: not before the next run
        p.send_signal(signal.SIGUSR1)
        wait_for(lambda: not box.files())
    assert taken(box.srv) == ["0", "1", "2"]


def test_what_was_there_before_it(machine):
    """Of an earlier run, and due in a second."""
    with Server(dialogue(MAIL="451 4.3.0 later"), dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put(TO)
        assert box.q().rc == 0
        with daemon(box):
            wait_for(lambda: not box.files())


def test_host_down_then_up(machine):
    with Server(rst, rst, rst, dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        with daemon(box) as p:
            for n in range(5):
                box.put(TO, text=FORM % n)
            p.send_signal(signal.SIGUSR1)
            wait_for(lambda: not box.files(), 40)
    assert taken(srv) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "DATA", "."])
def test_term_in_the_middle(machine, verb):
    """Within 5 s, with 0; what was not decided is tried again."""
    with Server(dialogue(**{verb: stall}), dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.put(TO)
        with daemon(box) as p:
            p.send_signal(signal.SIGUSR1)
            wait_for(lambda: srv.conns and
                     (srv.conns[0].final_dot if verb == "." else
                      any(verb in line for line in srv.lines)))
            begun = time.monotonic()
            p.send_signal(signal.SIGTERM)
            assert p.wait(10) == 0
            assert time.monotonic() - begun < 5
            p.manager.hear()
            assert "STOPPING=1" in p.manager.heard
        assert box.states() == ["P"]
        assert box.q().rc == 0
        assert box.queue() == []


def test_term_while_it_is_quick(machine):
    """What it took is recorded: each message is at the server once."""
    many = 50
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        for n in range(many):
            box.put(TO, text=FORM % n)
        with daemon(box) as p:
            p.send_signal(signal.SIGUSR1)
            wait_for(lambda: len(taken(srv)) > 20)
        left = len(box.files())
        assert len(taken(srv)) + left == many
        assert box.q().rc == 0
    assert taken(srv) == sorted(str(n) for n in range(many))


def test_hup_reads_the_configuration_again(box):
    with Server(dialogue()) as other, daemon(box) as p:
        box.configure(box.config.replace(f"port = {box.srv.port}",
                                         f"port = {other.port}"))
        p.manager.heard.clear()
        p.send_signal(signal.SIGHUP)
        p.manager.wait_for("READY=1")
        box.sendmail("-i", TO, uid=4321)
        wait_for(lambda: other.conns and other.conns[0].messages)
        wait_for(lambda: not box.files())
    assert box.srv.conns == []


def test_another_resolv_conf_is_read(box):
    """Written after the daemon began: when the network came up, say."""
    with daemon(box) as p:
        p.manager.heard.clear()
        box.machine.write("/etc/resolv.conf", "nameserver 127.0.0.9\n")
        time.sleep(1)       # not looked at more often
        box.sendmail("-i", TO, uid=4321)
        p.manager.wait_for("RELOADING=1")
        wait_for(lambda: not box.files())
        box.sendmail("-i", TO, uid=4321)
        wait_for(lambda: not box.files())
        assert p.manager.heard.count("RELOADING=1") == 1
    assert len(taken(box.srv)) == 2


@in_own_network("192.0.2.1")
def test_an_address_that_moved_away(machine):
    """It was ours, and is another machine's now: mail for it is not returned."""
    with FakeDns() as dns:
        dns.add("example.org", "MX", (10, "mx.example.org"))
        dns.add("mx.example.org", "A", "192.0.2.1")
        box = QueueBox(machine, config=f"resolver = 127.0.0.1:{dns.port}\n")
        with daemon(box):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo:1",
                                                         0))
            time.sleep(1)
            box.sendmail("-i", TO, uid=4321)
            wait_for(lambda: [f for f in box.files()
                              if f.with_name(f".{f.name}.why").exists()])
            assert box.states() == ["P"]


def test_hup_lets_what_is_under_way_end(machine):
    def slow(c):
        box.hup.send_signal(signal.SIGHUP)
        box.hup.manager.heard.clear()
        box.hup.manager.wait_for("READY=1")
        c.say("250 ok")

    with Server(dialogue(MAIL=slow)) as srv:
        box = QueueBox(machine, srv.port)
        box.put(TO)
        with daemon(box) as p:
            box.hup = p
            p.send_signal(signal.SIGUSR1)
            wait_for(lambda: not box.files())
    assert len(srv.conns) == 1 and len(srv.conns[0].messages) == 1


def test_a_configuration_that_breaks(box):
    """All is kept, it says so, and goes on when it is mended."""
    with daemon(box) as p:
        box.configure(box.config + "\nnonsense\n")
        p.send_signal(signal.SIGHUP)
        p.manager.wait_for("nothing is sent: /etc/smtpsend/smtpsend.conf:")
        box.sendmail("-i", TO, uid=4321)
        time.sleep(0.5)
        assert len(box.files()) == 1 and box.srv.conns == []
        box.configure(box.config)
        p.send_signal(signal.SIGHUP)
        wait_for(lambda: not box.files())


def test_a_configuration_that_is_mended(box):
    """Nobody has to say so."""
    good = box.config
    with daemon(box) as p:
        box.configure(good + "\nnonsense\n")
        p.send_signal(signal.SIGHUP)
        p.manager.wait_for("nothing is sent: /etc/smtpsend/smtpsend.conf:")
        box.sendmail("-i", TO, uid=4321)
        assert len(box.files()) == 1 and box.srv.conns == []
        p.manager.heard.clear()
        box.configure(good)
        p.manager.wait_for("RELOADING=1")
        wait_for(lambda: not box.files())
    assert len(taken(box.srv)) == 1


def test_signals_at_random(box):
    """A storm of all that are no end: nothing happens to the mail."""
    storm = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGCHLD,
             signal.SIGWINCH, signal.SIGCONT, signal.SIGHUP, signal.SIGIO]
    with daemon(box) as p:
        for n in range(40):
            box.put(TO, text=FORM % n)
            for _ in range(5):
                p.send_signal(storm[n % len(storm)])
        p.send_signal(signal.SIGUSR1)
        wait_for(lambda: not box.files())
    assert taken(box.srv) == sorted(str(n) for n in range(40))


def test_the_watchdog(machine):
    box = QueueBox(machine, 1)
    with daemon(box, WATCHDOG_USEC="400000") as p:
        p.manager.heard.clear()
        p.manager.wait_for("WATCHDOG=1")
        p.manager.heard.clear()
        p.manager.wait_for("WATCHDOG=1", 2)


def test_the_status(machine):
    with Server(dialogue(MAIL="451 4.3.0 later")) as srv:
        box = QueueBox(machine, srv.port,
                       queue=QUICK.replace("retry = 1s 1s", "retry = 1h"))
        box.put(TO)
        with daemon(box) as p:
            p.send_signal(signal.SIGUSR1)
            p.manager.wait_for("STATUS=1 in the queue, 0 of them under way")


def test_an_abstract_socket(box):
    manager = Manager(box.run, abstract=True)
    with box.process("smtpsend", "--daemon", NOTIFY_SOCKET=manager.name) as p:
        manager.wait_for("READY=1")
        p.terminate()
        assert p.wait(10) == 0


def test_idle(box):
    """Small, and it asks the kernel for nothing."""
    with daemon(box) as p:
        box.sendmail("-i", TO, uid=4321)
        wait_for(lambda: not box.files())
        wait_for(lambda: box.srv.conns[0].end)
        time.sleep(1.5)                 # the last STATUS
        own = in_kilobytes(p.pid, "Private_Clean", "Private_Dirty")
        rss = in_kilobytes(p.pid, "Rss")
        trace = subprocess.run(
            ["timeout", "-s", "INT", "3", "strace", "-qq", "-f", "-p",
             str(p.pid)], capture_output=True, check=False, timeout=20)
        calls = [line for line in trace.stderr.decode().splitlines()
                 if "restart_syscall" not in line and "poll(" not in line]
        print(f"{own} kB private, {rss} kB in all")
    assert own <= 6000 and rss <= 20000
    assert calls == [], calls


def test_in_the_background(box):
    """sendmail -bd returns when it is ready, and leaves nothing open."""
    run = box.sendmail("-bd", stdin=b"")
    assert (run.rc, run.out, run.err) == (0, "", "")
    pids = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and
            is_of(pid, box)]
    assert len(pids) == 1
    try:
        null = os.stat("/dev/null").st_rdev
        assert {os.stat(f"/proc/{pids[0]}/fd/{n}").st_rdev
                for n in range(3)} == {null}
        assert box.sendmail("-i", TO, uid=4321).rc == 0
        wait_for(lambda: box.srv.conns and box.srv.conns[0].messages)
        wait_for(lambda: not box.files())
    finally:
        os.kill(pids[0], signal.SIGTERM)
    wait_for(lambda: not os.path.exists(f"/proc/{pids[0]}"))


def is_of(pid, box):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().startswith(f"{box.bin}/sendmail\0-bd".encode())
    except OSError:
        return False


def test_a_second_one_says_so(box):
    with daemon(box):
        run = box.sendmail("-bd", stdin=b"")
        assert run.rc == 75 and "control: " in run.err, run
        assert run.err.count("\n") == 1
        box.sendmail("-i", TO, uid=4321)
        wait_for(lambda: not box.files() and box.srv.conns)


def test_without_a_spool(machine):
    run = QueueBox(machine, 1, spool=False).smtpsend(
        "--daemon", stdin=b"")
    assert run.rc == 78 and "no such spool" in run.err, run


def test_the_spool_stays_where_it_is(machine):
    """HUP changes neither path nor run: that is said, and nothing is lost."""
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        manager = Manager(box.folder)
        with box.process("smtpsend", "--daemon",
                         NOTIFY_SOCKET=manager.name) as p:
            manager.wait_for("READY=1")
            other = box.folder / "other"
            other.mkdir(mode=0o700)
            os.chown(other, SPOOL_UID, SPOOL_UID)
            box.configure(box.config.replace(f"path = {box.spool}",
                                             f"path = {other}"))
            p.send_signal(signal.SIGHUP)
            wait_for(lambda: sum("READY=1" in line
                                 for line in manager.hear()) == 2)
            box.machine.write("/etc/smtpsend/smtpsend.conf", box.config)
            assert box.sendmail(TO, uid=4321).rc == 0
            wait_for(lambda: sum(len(c.messages) for c in srv.conns) == 1)
            p.send_signal(signal.SIGTERM)
            assert p.wait(10) == 0
        assert list(other.iterdir()) == []


def test_a_second_daemon_is_told_of_the_first(machine):
    box = QueueBox(machine, 1)
    with box.process("smtpsend", "--daemon") as p:
        wait_for(lambda: (box.run / "control").exists())
        run = box.smtpsend("--daemon", stdin=b"")
        assert run.rc == 75 and f"process {p.pid} does so already" in run.err
        p.send_signal(signal.SIGTERM)
        assert p.wait(10) == 0


def test_a_lost_report_says_where_the_mail_is(machine):
    box = QueueBox(machine, 1)
    run = box.smtpsend("--json", "--at", "+1h", TO,
                       shell='exec "$@" >/dev/full')
    [mail] = box.queue()
    assert run.rc == 74 and f"safe in the queue as {mail.id}" in run.err, run


def test_given_up_before_its_time(machine):
    """What waits for the time that its sender gave is returned at once, too."""
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        assert box.smtpsend("--at", "+1h", "-f", "me@x.test", TO).rc == 0
        with box.process("smtpsend", "--daemon") as p:
            wait_for((box.run / "submit").exists)
            run = box.command("mailq", "bounce", "ALL")
            assert run.out == "1 message will be returned to the sender\n", run
            wait_for(lambda: not box.files())
            p.send_signal(signal.SIGTERM)
            assert p.wait(20) == 0
        assert [rcpts for rcpts, _ in reports(srv)] == [["me@x.test"]]
