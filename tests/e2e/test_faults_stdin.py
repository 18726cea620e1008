# SPDX-License-Identifier: ISC
"""FAULTS.md row 79: what can be wrong with the message's source."""

import base64
import email
import os
import pty
import subprocess
import tempfile

import pytest

import conftest
from faults_support import (DATAERR, IOERR, MESSAGE, NOINPUT, OK, BINARY,
                            Server, Strace, check, send)
from scripted import dialogue

HEAD = (b"From: alice@client.test\r\nTo: bob@example.test\r\n"
        b"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
        b"Message-ID: <1@client.test>\r\n")


def refused(rc, *words, **how):
    """Nothing is sent, the exit status is right, the reason is given."""
    with Server(dialogue()) as srv:
        run = send(srv.port, json_events=False, **how)
    assert run.rc == rc, run
    assert not srv.conns, "connected without a message"
    for word in words:
        assert word in run.err, run
    return run


def received(message, **how):
    """What arrives at the server."""
    with Server(dialogue()) as srv:
        run = send(srv.port, stdin=message, **how)
    check(run, OK, status="delivered")
    return srv.conns[0].messages[0]


def test_row_79_empty():
    refused(DATAERR, "message is empty", stdin=b"")


def test_row_79_dev_null_file():
    with Server(dialogue()) as srv:
        run = send(srv.port, "--file", "/dev/null", json_events=False)
    assert run.rc == DATAERR, run
    assert not srv.conns


def test_row_79_directory():
    fd = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        refused(NOINPUT, "directory", stdin=fd)
    finally:
        os.close(fd)


def test_row_79_directory_as_file():
    with Server(dialogue()) as srv:
        run = send(srv.port, "--file", "/", json_events=False)
    assert run.rc == NOINPUT, run
    assert not srv.conns


def test_row_79_no_such_file():
    with Server(dialogue()) as srv:
        run = send(srv.port, "--file", "/no/such/file", json_events=False)
    assert run.rc == NOINPUT, run
    assert "/no/such/file" in run.err and "No such file" in run.err, run
    assert not srv.conns


def test_row_79_closed():
    refused(NOINPUT, stdin=None)


def test_row_79_all_closed():
    """Whatever is closed, no text of ours goes into a socket."""
    for mask in range(8):
        def close(mask=mask):
            for fd in range(3):
                if mask & 1 << fd:
                    os.close(fd)

        with Server(dialogue()) as srv:
            run = send(srv.port, before=close, json_events=False, seconds=3)
        if mask & 1:
            assert run.rc == NOINPUT, (mask, str(run))
            assert not srv.conns, mask
        else:
            assert run.rc == OK, (mask, str(run))
            assert srv.conns[0].messages == [MESSAGE], mask


def test_row_79_write_only():
    fd = os.open("/dev/null", os.O_WRONLY)
    try:
        run = refused_any(fd)
    finally:
        os.close(fd)
    assert run.rc in (IOERR, NOINPUT), run


def refused_any(fd):
    with Server(dialogue()) as srv:
        run = send(srv.port, json_events=False, stdin=fd)
    assert not srv.conns
    return run


def test_row_79_read_error():
    """/proc/self/mem gives EIO at offset 0."""
    fd = os.open("/proc/self/mem", os.O_RDONLY)
    try:
        refused(IOERR, "Input/output error", stdin=fd)
    finally:
        os.close(fd)


@pytest.mark.parametrize("when", [1, 2, 5])
def test_row_79_read_error_later(when):
    """EIO at the n-th read of a pipe: nothing of it is sent."""
    with tempfile.TemporaryDirectory() as d:
        pipe = os.path.join(d, "pipe")
        os.mkfifo(pipe)
        pid = fork_writer(lambda: os.open(pipe, os.O_WRONLY), [
            HEAD + b"\r\n"] + [b"x" * 4000 + b"\r\n"] * 200)
        fd = os.open(pipe, os.O_RDONLY)
        wrap = Strace(f"read:error=EIO:when={when}", path=pipe)
        with Server(dialogue()) as srv:
            run = send(srv.port, json_events=False, stdin=fd, wrap=wrap)
        os.close(fd)
        os.waitpid(pid, 0)
    assert wrap.injected()
    assert run.rc == IOERR, run
    assert "Input/output error" in run.err, run
    assert not srv.conns or not srv.conns[0].final_dot


def fork_writer(opened, pieces):
    """A child that writes these pieces to what opened() gives; its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        fd = opened()
        for piece in pieces:
            at = 0
            while at < len(piece):
                at += os.write(fd, piece[at:])
    except OSError:
        pass
    os._exit(0)


def test_row_79_end_of_file_in_the_header():
    """Only a header, without its empty line: a message with no body."""
    got = received(HEAD + b"Subject: cut o")
    assert got == HEAD + b"Subject: cut o\r\n\r\n"


def test_row_79_header_without_empty_line():
    assert received(HEAD) == HEAD + b"\r\n"


def test_row_79_no_final_newline():
    assert received(HEAD + b"\r\nhello") == HEAD + b"\r\nhello\r\n"


def test_row_79_no_final_lf_after_cr():
    assert received(HEAD + b"\r\nhello\r") == HEAD + b"\r\nhello\r\n"


def test_row_79_nul_never_on_the_wire():
    """Not in the header; in the body they are encoded."""
    got = received(HEAD + b"Subject: a\0b\r\n\r\n\0he\0llo\0\r\n\0\r\n")
    assert b"\0" not in got, got
    parsed = email.message_from_bytes(got)
    assert parsed["Subject"] == "ab"
    assert parsed.get_payload(decode=True) in (
        b"\0he\0llo\0\r\n\0\r\n", b"hello\r\n\r\n")


def test_row_79_bare_cr_and_lf_never_on_the_wire():
    got = received(HEAD + b"\n.\n\r.\rfoo\r\r\n..\r\n.")
    plain = got.replace(b"\r\n", b"")
    assert b"\r" not in plain and b"\n" not in plain, got


class Swallow:
    """A server that keeps of a message only its size and its two ends."""

    def __init__(self, *caps):
        self.caps = caps
        self.size = 0
        self.first = self.last = b""
        self.nuls = 0

    def take(self, data):
        self.size += len(data)
        self.first = (self.first + data[:100])[:100]
        self.last = (self.last + data[-100:])[-100:]
        self.nuls += data.count(0)

    def body(self, c, wanted):
        """Take octets until wanted(self) says that they are all."""
        while not wanted(self):
            if not c.buf:
                c.more()
            self.take(bytes(c.buf))
            c.buf.clear()

    def __call__(self, c):
        c.say("220 mx")
        c.expect("EHLO")
        c.say("250-mx", *["250-" + k for k in self.caps], "250 X")
        if "CHUNKING" in self.caps:
            c.expect("MAIL", "RCPT")
            c.say("250 ok", "250 ok")
            size = int(c.expect("BDAT")[0].split()[1])
            self.body(c, lambda s: s.size >= size)
        else:
            c.expect("MAIL")
            c.say("250 ok")
            c.expect("RCPT")
            c.say("250 ok")
            c.expect("DATA")
            c.say("354 go")
            self.body(c, lambda s: s.last.endswith(b"\r\n.\r\n"))
        c.say("250 2.0.0 taken")
        c.expect("QUIT")
        c.drop()


def huge(server, pieces, extend=0):
    """Send a file made of these pieces, with a hole of that size behind."""
    with tempfile.NamedTemporaryFile() as f:
        for piece in pieces:
            f.write(piece)
        f.flush()
        size = f.tell()
        if extend:
            f.truncate(size + extend)
            f.seek(0, os.SEEK_END)
            f.write(b"\r\nend\r\n")
            f.flush()
        with Server(server) as srv:
            run = send(srv.port, "--file", f.name, seconds=120, timeout=200)
    check(run, OK, status="delivered")
    assert run.maxrss < 32 << 10, f"{run.maxrss} KiB"
    assert server.first.startswith(HEAD[:60])
    assert server.nuls == 0
    return size


@pytest.mark.parametrize("caps", conftest.some(
    [(), ("CHUNKING", "PIPELINING")], 2), ids=conftest.some(
        ["DATA", "BDAT"], 2))
def test_row_79_a_quarter_of_a_gigabyte(caps):
    """Memory stays flat, and every octet arrives."""
    server = Swallow(*caps)
    block = b"%070d\r\n" * 14000 % tuple(range(14000))
    size = huge(server, [HEAD + b"\r\n"] + [block] * 260)
    assert server.size == size + (0 if caps else 3)


def test_row_79_a_hole_of_nuls():
    """A sparse file; its NULs do not reach the wire, memory stays flat."""
    server = Swallow()
    huge(server, [HEAD + b"\r\nbegin\r\n"], extend=64 << 20)
    last = b"".join(server.last.split(b"\r\n")[-3:-2])
    assert base64.b64decode(last).endswith(b"\0\r\nend\r\n"), server.last


def test_row_79_fifty_megabytes_by_a_pipe():
    """Through a pipe it goes into an unlinked file; memory stays flat."""
    lines = b"%070d\r\n" * 1000 % tuple(range(1000))
    r, w = os.pipe()

    def opened():
        os.close(r)
        return w

    pid = fork_writer(opened, [HEAD + b"\r\n"] + [lines] * 700)
    os.close(w)
    try:
        with Server(dialogue()) as srv:
            run = send(srv.port, stdin=r, seconds=60)
    finally:
        os.close(r)
        os.waitpid(pid, 0)
    check(run, OK, status="delivered")
    assert run.maxrss < 32 << 10, f"{run.maxrss} KiB"
    assert srv.conns[0].messages[0] == HEAD + b"\r\n" + lines * 700


def test_row_79_terminal():
    """From a terminal: what is typed up to ^D is the message."""
    master, slave = pty.openpty()
    with Server(dialogue()) as srv:
        p = subprocess.Popen(
            [BINARY, "--server", f"smtp://127.0.0.1:{srv.port}", "-f",
             "alice@client.test", "bob@example.test"], stdin=slave,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(slave)
        os.write(master, b"Subject: typed\n\nhello\n\x04")
        _, err = p.communicate(timeout=20)
        os.close(master)
    assert p.returncode == OK, err
    assert srv.conns[0].messages[0].endswith(b"\r\n\r\nhello\r\n")


def test_a_file_is_given_back(tmp_path):
    """Who shares it and is told of a failure finds the message in it again, from
    where it began."""
    (tmp_path / "m").write_bytes(b"before\n" + MESSAGE)
    for script, rc in ((dialogue(), OK), (dialogue(RCPT="550 5.1.1 no"), 67)):
        fd = os.open(tmp_path / "m", os.O_RDONLY)
        try:
            os.lseek(fd, 7, os.SEEK_SET)
            with Server(script) as srv:
                run = send(srv.port, stdin=fd)
            check(run, rc)
            assert (os.lseek(fd, 0, os.SEEK_CUR) == 7) == (rc != OK)
        finally:
            os.close(fd)
