# SPDX-License-Identifier: ISC
"""What an attack on the finished program once broke."""

import os
import re
import resource
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from faults_support import (BINARY, HOST, OK, OSERR, TEMPFAIL, Strace,
                            certificates, check, send, tls_dialogue)
from scripted import Server, dialogue

CANTCREAT = 73


def verify(cert, name):
    with Server(tls_dialogue(cert)) as srv:
        run = send(srv.port, "--tls", "verify", "--ca", certificates().ca,
                   "--tls-name", name)
    return run, srv


def test_a_common_name_is_no_host_name():
    """Names stand in subjectAltName; the subject is free text (RFC 9525 2)."""
    run, _ = verify("good", HOST)
    check(run, OK, status="delivered")
    run, srv = verify("commonname", HOST)
    got = check(run, TEMPFAIL, status="deferred", stage="TLS",
                enhanced="4.7.5")
    assert not any(line.startswith("MAIL") for line in srv.conns[0].lines)
    assert "no host name" in got["text"], run


@contextmanager
def sink(*args, before=None):
    """A sink of our own; gives its process and port."""
    p = subprocess.Popen([BINARY, "--sink", "127.0.0.1:0", *args],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         preexec_fn=before)
    try:
        port = re.search(rb":(\d+)$", p.stderr.readline().strip()).group(1)
        yield p, int(port)
    finally:
        p.terminate()
        p.communicate()


def ticks(p):
    """Processor time a process has used, in clock ticks of 10 ms."""
    stat = Path(f"/proc/{p.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(stat[11]) + int(stat[12])


def test_sink_without_descriptors_does_not_spin():
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))

    with sink(before=few) as (p, port):
        crowd = [socket.create_connection(("127.0.0.1", port))
                 for _ in range(20)]
        time.sleep(0.3)
        before = ticks(p)
        time.sleep(1)
        assert ticks(p) - before < 10
        for s in crowd:
            s.close()
        run = send(port)
        check(run, OK, status="delivered")


def test_sink_escapes_what_it_complains_about():
    for option in "--sink-dir", "--sink-mbox":
        p = subprocess.run([BINARY, "--sink", "127.0.0.1:0", option,
                            "/nowhere/\x1b[31m\x07\x9b"], timeout=10,
                           capture_output=True, check=False)
        assert p.returncode == CANTCREAT
        assert b"\\x1b[31m\\x07" in p.stderr, p.stderr
        assert b"\x1b" not in p.stderr


def test_nothing_is_sent_without_a_stand_in_for_closed_descriptors():
    """Else the connection becomes standard output, and text goes into it."""
    wrap = Strace("openat:error=EACCES", path="/dev/null")
    wrap += ["sh", "-c", 'exec "$0" "$@" 1>&- 2>&-']
    with Server(dialogue()) as srv:
        run = send(srv.port, wrap=wrap)
    assert wrap.injected() and run.rc == OSERR, run
    assert not srv.conns


def test_signals_still_kill_when_they_cannot_be_caught():
    """No descriptor for them: then they must not stay blocked."""
    wrap = Strace("signalfd4:error=EMFILE")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        p = subprocess.Popen([*wrap, BINARY, "--server", f"127.0.0.1:{port}",
                              "--file", __file__, "bob@example.test"],
                             stderr=subprocess.DEVNULL)
        try:
            peer, _ = silent.accept()
            kids = Path(f"/proc/{p.pid}/task/{p.pid}/children").read_text()
            os.kill(int(kids.split()[0]), signal.SIGTERM)
            assert p.wait(timeout=5) != 0
            peer.close()
        finally:
            for kid in kids.split():
                with suppress(ProcessLookupError):
                    os.kill(int(kid), signal.SIGKILL)
            p.kill()
            p.wait()
    assert wrap.injected()
