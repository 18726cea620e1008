# SPDX-License-Identifier: ISC
"""Handing in over the submission socket: who may, how much, and who cannot harm.

FAULTS rows 75 (closed descriptors) and 87 (a log that is away or stands still).
"""

import itertools
import os
import quopri
import re
import resource
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from queue_support import MESSAGE, wait_for
from runner_support import QUICK, Manager, QueueBox
from scripted import Server, dialogue

TO = "bob@example.org"
UID = 4321
DYNAMIC = 61190     # of the range that systemd gives to DynamicUser=


@contextmanager
def daemon(box, prefix=(), **env):
    (box.run / "notify").unlink(missing_ok=True)
    manager = Manager(box.run)
    p = subprocess.Popen(
        [*box.machine, *prefix, str(box.bin / "smtpsend"), "--daemon"],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, close_fds=not prefix,
        env=box.machine.environment(HOME="/nonexistent",
                                    NOTIFY_SOCKET=manager.name, **env))
    try:
        manager.wait_for("READY=1")
        yield p
        if p.poll() is None:
            p.send_signal(signal.SIGTERM)
        assert p.wait(10) in (0, -signal.SIGKILL), p.stderr.read()
    finally:
        p.kill()
        p.wait()


class Client:
    """A client of the socket that says what the test says."""

    def __init__(self, box, uid=UID):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        os.seteuid(uid)
        try:
            self.sock.connect(str(box.run / "submit"))
        finally:
            os.seteuid(0)
        self.file = self.sock.makefile("rb")

    def reply(self):
        while True:
            line = self.file.readline()
            if line[3:4] != b"-":
                return line.decode()

    def say(self, text):
        """Whole lines; the reply to the last of so many commands."""
        self.sock.sendall(text)
        for _ in range(text.count(b"\r\n")):
            last = self.reply()
        return last

    def raw(self, text):
        self.sock.sendall(text)
        return self.reply()

    def begin(self):
        self.reply()
        self.say(b"EHLO me\r\n")
        return self

    def data(self, params=b""):
        assert self.say(b"MAIL FROM:<a@example.net>" + params +
                        b"\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"
                        ).startswith("354")
        return self

    def close(self):
        self.file.close()
        self.sock.close()


@pytest.fixture
def box(machine):
    with Server(dialogue()) as srv:
        box = QueueBox(machine, srv.port)
        box.srv = srv
        yield box


def texts(box):
    return [text for c in box.srv.conns for text in c.messages]


def test_an_ordinary_user_hands_in(box):
    with daemon(box):
        run = box.sendmail("-f", "me@example.net", TO, uid=UID)
        assert (run.rc, run.out, run.err) == (0, "", "")
        wait_for(lambda: texts(box) and not box.files())
        assert not box.strangers()
    [text] = texts(box)
    assert re.match(rb"Received: by box.example.net \(from userid 4321\) with "
                    rb"ESMTP id\r\n [0-9A-Z]{26} for <bob@example.org>;", text)
    assert text.count(b"\r\nMessage-ID:") == 1
    assert text.endswith(b"\r\n\r\nhello\r\n")


@pytest.mark.parametrize("name", ["postfix", "exim", "opensmtpd", "aiosmtpd"])
def test_through_to_real_servers(machine, request, name):
    """8-bit text, dots, and a text larger than any buffer on its way."""
    server = request.getfixturevalue(name)
    server.forget()
    body = "grüße\n.\n..\n" + "line of text\n" * 20000 + "end\n"
    box = QueueBox(machine, server.port)
    with daemon(box):
        run = box.sendmail("-i", "-f", "me@example.test", "bob@example.test",
                           uid=UID, stdin=b"Subject: through\n\n" +
                           body.encode())
        assert (run.rc, run.err) == (0, "")
        wait_for(lambda: not box.files(), 60)
    [got] = server.stored(1, 60)
    head, text = got.data.replace(b"\r\n", b"\n").split(b"\n\n", 1)
    if b"quoted-printable" in head:
        text = quopri.decodestring(text)
    assert text.decode().rstrip("\n") == body.rstrip("\n")


def test_what_it_says_besides(box):
    with daemon(box):
        assert box.sendmail("-odq", "-N", "never", "-h", "3", "-L", "tagged",
                            "-f", "me@example.net", TO, "joe@example.com",
                            uid=UID).rc == 0
        [mail] = box.queue()
    assert mail.uid == UID and mail.hops == 3 and mail.tag == "tagged"
    assert mail.rcpts == [TO, "joe@example.com"]
    assert set(mail.notify.values()) == {1}
    assert mail.sender == "me@example.net"


@pytest.mark.parametrize("uid", [UID, DYNAMIC, 65534])
def test_in_a_sandbox(box, uid):
    """Nothing of the machine but the one socket is in its file system."""
    only = ('m=$(mktemp -d) && touch "$m/submit" && '
            'mount --bind "$1/run/submit" "$m/submit" && '
            'mount -t tmpfs none "$1/spool" && '
            'mount -t tmpfs none "$1/run" && touch "$1/run/submit" && '
            'mount --bind "$m/submit" "$1/run/submit" && shift && exec "$@"')
    with daemon(box):
        done = subprocess.run(
            ["unshare", "-m", *box.machine, "sh", "-c", only, "sh",
             str(box.folder), "setpriv", "--reuid", str(uid), "--regid",
             str(uid), "--clear-groups", "--no-new-privs",
             "--bounding-set=-all", str(box.bin / "sendmail"), "-f",
             "me@example.net", TO],
            input=MESSAGE, capture_output=True, timeout=30, check=False,
            env=box.machine.environment(HOME="/nonexistent"))
        assert (done.returncode, done.stderr) == (0, b"")
        wait_for(lambda: len(texts(box)) == 1)
    assert f"userid {uid}".encode() in texts(box)[0]


def test_fifty_at_once(box):
    """Of one user, who may have twenty connections."""
    words = [*box.machine.user(UID), str(box.bin / "sendmail"), "-f",
             "me@example.net", TO]
    with daemon(box):
        all_of_them = [subprocess.Popen(
            words, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
            env=box.machine.environment(HOME="/nonexistent"))
            for _ in range(50)]
        for i, p in enumerate(all_of_them):
            p.stdin.write(b"Subject: %d\n\nhello\n" % i)
            p.stdin.close()
        for p in all_of_them:
            assert p.wait(60) == 0, p.stderr.read()
        wait_for(lambda: len(texts(box)) >= 50 and not box.files(), 60)
    got = sorted(int(re.search(rb"Subject: (\d+)", t)[1]) for t in texts(box))
    assert got == list(range(50))


def test_limits_of_a_user(machine):
    box = QueueBox(machine, queue=QUICK + "uid-messages = 2\n"
                   "uid-size = 100k\nuid-connections = 3\n")
    with daemon(box):
        for _ in range(2):
            assert box.sendmail("-odq", TO, uid=UID).rc == 0
        run = box.sendmail("-odq", TO, uid=UID)
        assert run.rc == 75 and "2 messages of yours" in run.err, run
        assert box.sendmail("-odq", TO, uid=UID + 1).rc == 0
        assert box.sendmail("-odq", TO).rc == 0
        clients = [Client(box) for _ in range(4)]
        assert [c.reply()[:3] for c in clients] == ["220", "220", "220", "421"]
        for c in clients:
            c.close()
        big = b"Subject: big\n\n" + b"x" * 70 + b"\n" * 120000
        run = box.sendmail("-odq", TO, uid=UID + 1, stdin=big)
        assert run.rc == 75 and "more in the queue than" in run.err, run
    assert len(box.files()) == 4


def test_a_limit_holds_over_all_connections(machine):
    """What is under way on others of his counts, until it is refused, taken
    back or lost."""
    def text(kilo):
        return b"Subject: x\r\n\r\n" + (b"x" * 98 + b"\r\n") * 10 * kilo

    def send(client, kilo):
        client.data(b" QUEUEONLY").sock.sendall(text(kilo))
        return client.raw(b".\r\n")[:3]

    def chunk(client, kilo):
        """Not the last one; the reply says that it has come."""
        client.sock.sendall(b"BDAT %d\r\n" % len(text(kilo)) + text(kilo))
        assert client.reply().startswith("250")

    def begin(client, kilo):
        client.say(b"MAIL FROM:<> QUEUEONLY\r\n"
                   b"RCPT TO:<bob@example.org>\r\n")
        chunk(client, kilo)

    box = QueueBox(machine, queue=QUICK + "uid-size = 100k\n")
    with daemon(box):
        one, two = (Client(box).begin() for _ in range(2))
        begin(one, 1)
        begin(two, 1)
        chunk(one, 60)
        chunk(two, 60)
        assert one.raw(b"BDAT 0 LAST\r\n").startswith("250")
        assert two.raw(b"BDAT 0 LAST\r\n").startswith("452")
        begin(one, 30)
        assert send(two, 30) == "452"
        assert one.say(b"RSET\r\n").startswith("250")
        assert send(two, 30) == "250"
        begin(one, 8)
        assert send(two, 8) == "452"
        one.close()
        wait_for(lambda: send(two, 8) == "250")
        two.close()
    assert len(box.files()) == 3


def test_a_number_holds_over_all_connections(machine):
    box = QueueBox(machine, queue=QUICK + "uid-messages = 1\n")
    with daemon(box):
        clients = [Client(box).begin() for _ in range(3)]
        for c in clients:
            c.say(b"MAIL FROM:<> QUEUEONLY\r\nRCPT TO:<bob@example.org>\r\n")
        for c in clients:
            assert c.say(b"DATA\r\n").startswith("354")
        replies = sorted(c.raw(b"Subject: x\r\n\r\n.\r\n") for c in clients)
        assert [r[:3] for r in replies] == ["250", "452", "452"], replies
        for c in clients:
            c.close()
    assert len(box.files()) == 1


def test_root_has_places_of_its_own(machine):
    """Whoever holds all others keeps no cron of root's out."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    box = QueueBox(machine, queue=QUICK + "uid-connections = 5000\n")
    clients = []
    try:
        with daemon(box):
            while len(clients) < 2000:
                clients.append(Client(box))
                if clients[-1].reply().startswith("421"):
                    break
            assert 900 < len(clients) < 1000
            root = Client(box, uid=0).begin()
            assert root.say(b"MAIL FROM:<>\r\n").startswith("250")
            root.close()
            for c in clients:
                c.close()
            wait_for(lambda: Client(box).reply().startswith("220"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


SMUGGLED = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n",
            b"\n.\r", b"\r\n\x00.\r\n", b"\r\n.\x00\r\n"]


@pytest.mark.parametrize("end", SMUGGLED, ids=repr)
def test_nothing_is_smuggled(box, end):
    """Only CRLF.CRLF ends a message, and a CR or LF alone spoils it."""
    inner = (b"MAIL FROM:<root@example.net>\r\nRCPT TO:<eve@example.org>\r\n"
             b"DATA\r\nSubject: smuggled\r\n\r\nx")
    with daemon(box):
        c = Client(box).begin().data(b" FORM=FINISHED")
        c.sock.sendall(b"Subject: a\r\n\r\nx" + end + inner + b"\r\n.\r\n")
        reply = c.reply()
        assert reply[0] == "5", reply
        assert c.say(b"NOOP\r\n").startswith(("250", "5"))
        c.close()
        assert not box.files() and not texts(box)


def test_hostile_clients_harm_nobody(box):
    with daemon(box) as p:
        silent = [Client(box, uid=UID + i) for i in range(100)]
        half = [Client(box, UID + i).begin().data() for i in range(10)]
        for c in half:
            c.sock.sendall(b"Subject: " + b"x" * 100000)
        noisy = Client(box, 9)
        noisy.sock.setblocking(False)
        try:                        # says much and hears nothing
            while True:
                noisy.sock.send(b"EHLO x\r\n" * 1000)
        except BlockingIOError:
            pass
        errors = Client(box, 10).begin()
        errors.sock.sendall(b"\x00\xff\r\n" * 30)
        assert [errors.reply()[:3] for _ in range(20)][-1] in ("421", "500")
        begin = time.monotonic()
        run = box.sendmail("-f", "me@example.net", TO, uid=UID + 500)
        assert (run.rc, run.err) == (0, "")
        assert time.monotonic() - begin < 5
        for c in (*silent, *half, noisy, errors):
            c.close()
        wait_for(lambda: len(texts(box)) == 1)
        wait_for(lambda: not box.files())
        assert p.poll() is None


def test_who_goes_too_early_sent_nothing(box):
    with daemon(box):
        c = Client(box).begin().data()
        c.sock.sendall(b"Subject: a\r\n\r\nhalf a text")
        c.close()
        c = Client(box).begin()
        assert c.say(b"NOOP\r\n").startswith("250")
        c.close()
        assert not box.files() and not list((box.spool / "tmp").iterdir()
                                            if (box.spool / "tmp").exists()
                                            else [])


@pytest.mark.parametrize("closed", [
    c for n in range(4) for c in itertools.combinations((0, 1, 2), n)],
    ids=lambda c: "".join(map(str, c)) or "none")
def test_closed_descriptors(box, closed):
    """FAULTS 75: no text of ours ends up on the socket or in a file."""
    shut = " ".join(f"{fd}{'<' if fd == 0 else '>'}&-" for fd in closed)
    with daemon(box):
        run = box.sendmail("-v", "-odq", "-f", "me@example.net", TO, uid=UID,
                           shell=f'exec "$@" {shut}')
        if 0 in closed:
            assert run.rc != 0 and not box.files()
        else:
            assert run.rc == 0, run
            [mail] = box.queue()
            assert mail.text.endswith(b"\r\n\r\nhello\r\n")
            assert mail.text.count(b"\r\n\r\n") == 1
            assert mail.rcpts == [TO]


def test_the_socket_may_be_given(box):
    """As systemd does it: fd 3, which outlives the daemon."""
    path = str(box.run / "submit")
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    os.chmod(path, 0o666)
    sock.listen(50)
    give = ("bash", "-c", f'exec 3<&{sock.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ '
            'LISTEN_FDNAMES=submit; export LISTEN_FDS LISTEN_PID '
            'LISTEN_FDNAMES; exec "$@"', "bash")
    os.set_inheritable(sock.fileno(), True)
    for n in (1, 2):
        if n == 2:      # it waits for the next daemon
            early = subprocess.Popen(
                [*box.machine.user(UID), str(box.bin / "sendmail"), "-f",
                 "me@example.net", TO], stdin=subprocess.PIPE,
                env=box.machine.environment(HOME="/nonexistent"))
            early.stdin.write(MESSAGE)
            early.stdin.close()
        with daemon(box, give):
            if n == 1:
                assert box.sendmail("-f", "me@example.net", TO, uid=UID).rc == 0
            else:
                assert early.wait(20) == 0
            wait_for(lambda n=n: len(texts(box)) == n)
        assert os.path.exists(path)
    sock.close()


def test_nothing_is_loaded_for_it(box):
    """Neither TLS nor DNS nor libcurl: they would cost more than the rest."""
    with daemon(box):
        run = box.sendmail("-odq", TO, uid=UID, env={
            "HOME": "/nonexistent", "LD_DEBUG": "files"})
        assert run.rc == 0
    assert "libc.so" in run.err
    for name in ("ssl", "crypto", "ldns", "idn2", "curl", "smtpsend-"):
        assert f"lib{name}" not in run.err and f"{name}net" not in run.err


def test_it_ends_while_somebody_talks(box):
    with daemon(box):
        idle, busy = Client(box).begin(), Client(box).begin().data()
        busy.sock.sendall(b"Subject: x\r\n\r\nhalf")
        begin = time.monotonic()
    assert time.monotonic() - begin < 5
    for c in (idle, busy):
        assert c.reply().startswith("421")
        assert c.file.read() == b""
        c.close()
    assert not box.files()


def test_more_recipients_than_a_message_may_have(box):
    """Each part is a message, and nobody is in two or in none."""
    names = [f"r{n}@example.org" for n in range(25000)]
    text = ("Subject: many\nBcc: " + ",\n ".join(names) + "\n\nhello\n")
    with daemon(box):
        run = box.sendmail("-t", "-odq", uid=UID, stdin=text.encode())
        assert (run.rc, run.err) == (0, "")
        mails = box.queue()
    assert [len(m.rcpts) for m in mails] == [10000, 10000, 5000]
    assert sorted(sum((m.rcpts for m in mails), [])) == sorted(names)


def test_a_socket_that_was_left_is_replaced(box):
    with daemon(box) as p:
        assert box.sendmail("-f", "me@example.net", TO, uid=UID).rc == 0
        wait_for(lambda: len(texts(box)) == 1 and not box.files())
        p.kill()
    with pytest.raises(ConnectionRefusedError):
        Client(box)
    with daemon(box):
        assert box.sendmail("-f", "me@example.net", TO, uid=UID).rc == 0
        wait_for(lambda: len(texts(box)) == 2)
        mode = os.stat(box.run / "submit").st_mode
        assert mode & 0o777 == 0o666


def test_a_log_that_stands_still(box):
    """FAULTS 87: it costs a second of a minute, and no mail."""
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(str(box.machine.dev / "log"))
    os.chmod(box.machine.dev / "log", 0o666)
    filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    filler.setblocking(False)
    filler.connect(str(box.machine.dev / "log"))
    try:
        while True:
            filler.send(b"x")
    except BlockingIOError:
        pass
    box.configure("log = syslog\n" + box.config)
    with daemon(box):
        c = Client(box).begin()
        begin = time.monotonic()
        for _ in range(5):
            c.data()
            assert c.raw(b"Subject: x\r\n\r\nx\r\n.\r\n").startswith("250")
        c.close()
        assert time.monotonic() - begin < 4
        wait_for(lambda: len(texts(box)) == 5)
    log.close()
    filler.close()


def test_a_log_that_is_away(box):
    box.configure("log = syslog\n" + box.config)
    with daemon(box):
        assert box.sendmail("-f", "me@example.net", TO, uid=UID).rc == 0
        wait_for(lambda: len(texts(box)) == 1)
