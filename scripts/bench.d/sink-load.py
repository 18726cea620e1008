#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The sink under Postfix's smtp-source, beside Postfix's smtp-sink.

usage: sink-load.py PROGRAM POSTFIX     PROGRAM is smtpsend, POSTFIX a root as
                                        tests/e2e/fetch-servers unpacks it
Prints messages/s of 20 sessions with small messages (ours, theirs), octets/s of
large ones (ours, theirs), and the MiB of our sink with 10,000 idle peers.
"""

import contextlib
import os
import resource
import socket
import subprocess
import sys
import time

PROGRAM, POSTFIX = sys.argv[1:]
ENV = {**os.environ, "LD_LIBRARY_PATH": f"{POSTFIX}/usr/lib/postfix"}
PEERS = 10000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(.05)
    raise SystemExit(f"nobody listens at {port}")


@contextlib.contextmanager
def running(*words):
    p = subprocess.Popen(words, env=ENV, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    try:
        yield p.pid
    finally:
        p.kill()
        p.wait()


def ours(port):
    return PROGRAM, "--no-config", "--sink", f"127.0.0.1:{port}", \
        "--sink-peers", str(PEERS + 100)


def theirs(port):
    return f"{POSTFIX}/usr/sbin/smtp-sink", "-u", "root", \
        f"127.0.0.1:{port}", "1000"


def load(sink, count, size):
    """How many messages a second."""
    port = free_port()
    with running(*sink(port)):
        wait_for(port)
        began = time.monotonic()
        subprocess.run(
            [f"{POSTFIX}/usr/sbin/smtp-source", "-s", "20", "-m", str(count),
             "-l", str(size), "-d", f"127.0.0.1:{port}"], env=ENV, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return count / (time.monotonic() - began)


def idle():
    """MiB of the sink while so many have been greeted and say nothing."""
    port = free_port()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with running(*ours(port)) as pid, contextlib.ExitStack() as peers:
        wait_for(port)
        for _ in range(PEERS):
            s = peers.enter_context(socket.create_connection(
                ("127.0.0.1", port), 30))
            assert s.recv(100).startswith(b"220 ")
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            [kib] = [line.split()[1] for line in f if line.startswith("VmRSS")]
        return int(kib) / 1024


print(load(ours, 10000, 200), load(theirs, 10000, 200))
print(load(ours, 100, 10 ** 7) * 10 ** 7, load(theirs, 100, 10 ** 7) * 10 ** 7)
print(idle())
