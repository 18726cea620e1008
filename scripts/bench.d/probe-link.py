#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""--probe of 20 mail exchangers with 2 addresses each, 100 ms (RTT) away.

usage: unshare --pid --fork --kill-child probe-link.py SMTPSEND [RUNS]

Needs root. Two network namespaces are joined by two TUN devices, between which each
packet waits 50 ms; DNS and the servers with STARTTLS are on the far side. A line
per run: its seconds, and processor seconds of smtpsend.
"""
import collections
import ctypes
import fcntl
import os
import resource
import select
import struct
import subprocess
import sys
import time

sys.path.insert(0, f"{os.path.dirname(os.path.abspath(__file__))}"
                   "/../../tests/e2e")
from fakedns import FakeDns                                 # noqa: E402
from faults_support import certificates, tls_dialogue       # noqa: E402
from scripted import Server                                 # noqa: E402

ONE_WAY = 0.05			# s
NEAR, FAR = "10.78", "10.77"
HOSTS, EACH = 20, 2
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 0x0001, 0x1000
libc = ctypes.CDLL(None, use_errno=True)


def ip(words):
    subprocess.run(["ip", *words.split()], check=True)


def end_of_link(own, other):
    """A new network namespace with a TUN device: its descriptor."""
    if libc.unshare(CLONE_NEWNET) != 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF,
                struct.pack("16sH22x", b"tun0", IFF_TUN | IFF_NO_PI))
    ip("link set lo up")
    ip(f"addr add {own}.0.1/32 dev tun0")
    ip("link set tun0 up")
    ip(f"route add {other}.0.0/16 dev tun0")
    return fd


def carry(one, two):
    """Each packet to the other end, late. For ever."""
    late = collections.deque()
    while True:
        wait = max(0, late[0][0] - time.monotonic()) if late else None
        for fd in select.select([one, two], [], [], wait)[0]:
            late.append((time.monotonic() + ONE_WAY,
                         two if fd == one else one, os.read(fd, 4096)))
        while late and late[0][0] <= time.monotonic():
            _, fd, packet = late.popleft()
            os.write(fd, packet)


def probe(binary, dns, server, near):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    run = subprocess.run(
        [binary, "--probe", "--resolver", f"{FAR}.0.1:{dns.port}", "--port",
         str(server.port), "--ca", certificates().ca, "--helo", "client.test",
         "example.test"], capture_output=True, text=True, check=False,
        preexec_fn=lambda: libc.setns(near, CLONE_NEWNET))
    took = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode != 0:
        sys.exit(f"exit status {run.returncode}\n{run.stdout}{run.stderr}")
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime -
           before.ru_stime)
    print(f"{took:.3f} {cpu:.3f}", flush=True)


def main():
    binary = os.path.abspath(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    one = end_of_link(NEAR, FAR)
    near = os.open("/proc/self/ns/net", os.O_RDONLY)
    two = end_of_link(FAR, NEAR)
    ip(f"route add local {FAR}.0.0/16 dev lo")
    if os.fork() == 0:
        carry(one, two)
    with FakeDns(address=f"{FAR}.0.1") as dns, \
            Server(tls_dialogue(), address="0.0.0.0", backlog=100) as server:
        for i in range(HOSTS):
            name = f"mx{i}.example.test"
            dns.add("example.test", "MX", (i, name))
            for k in range(EACH):
                dns.add(name, "A", f"{FAR}.{i + 1}.{k + 1}")
        for _ in range(runs):
            probe(binary, dns, server, near)


if __name__ == "__main__":
    main()
