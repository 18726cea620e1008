#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""smtpsend --mbox beside Postfix's smtp-source, to Postfix's smtp-sink.

usage: bulk-load.py PROGRAM POSTFIX RUNS    PROGRAM is smtpsend, POSTFIX a root
                                            as tests/e2e/fetch-servers unpacks it
10,000 messages of 2 KB in 20 sessions, taking turns; each of ours has its own
recipient, and is told of if it fails.  Prints the median messages/s of both.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAM, POSTFIX, RUNS = sys.argv[1:]
ENV = {**os.environ, "LD_LIBRARY_PATH": f"{POSTFIX}/usr/lib/postfix"}
COUNT, SIZE, SESSIONS = 10000, 2048, 20


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


def write_mbox(f):
    line = "x" * 69 + "\n"
    for n in range(COUNT):
        head = (f"From: a@client.test\nTo: u{n}@example.test\nSubject: {n}\n"
                f"Message-ID: <{n}@client.test>\n"
                "Date: Sun, 22 Nov 2026 09:00:00 +0000\n\n")
        body = line * ((SIZE - len(head)) // len(line))
        f.write(f"From a Sun Nov 22 09:00:00 2026\n{head}{body}\n".encode())
    f.flush()


def rate(words, **how):
    began = time.monotonic()
    subprocess.run(words, check=True, stderr=subprocess.DEVNULL, **how)
    return COUNT / (time.monotonic() - began)


def main():
    port = free_port()
    at = f"127.0.0.1:{port}"
    with tempfile.NamedTemporaryFile() as box, \
            tempfile.NamedTemporaryFile() as results, subprocess.Popen(
                [f"{POSTFIX}/usr/sbin/smtp-sink", "-u", "root", at, "1000"],
                env=ENV, stderr=subprocess.DEVNULL) as sink:
        write_mbox(box)
        wait_for(port)
        ours, theirs = [], []
        for _ in range(int(RUNS)):
            theirs.append(rate(
                [f"{POSTFIX}/usr/sbin/smtp-source", "-s", str(SESSIONS), "-m",
                 str(COUNT), "-l", str(SIZE), "-d", at], env=ENV,
                stdout=subprocess.DEVNULL))
            results.truncate(0)
            ours.append(rate(
                [PROGRAM, "--no-config", "--mbox", box.name, "-t", "--server",
                 at, "--tls", "none", "-f", "a@client.test",
                 "--max-connections", str(SESSIONS)], stdout=results))
        sink.kill()
    print(statistics.median(ours), statistics.median(theirs))


main()
