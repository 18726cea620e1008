# SPDX-License-Identifier: ISC
"""FINDINGS I7, J1, J2, J3, J6: what a run costs, and where it would end."""

import re
import resource
import socket
import struct
import subprocess
import threading

import pytest

from faults_support import BINARY, MESSAGE, smtpsend

MIB = 1024      # of maxrss
HEADER = struct.Struct(">HHHHH")
RECORD = struct.Struct(">HHHIH")


def rdata(kind, shared):
    """Every name has an address; a domain has its own MX, or one for all."""
    if kind == 1:
        return bytes([127, 0, 0, 1])
    if kind == 15:
        return b"\0\x0a\x02mx" + (b"\x04test\0" if shared else b"\xc0\x0c")
    return None


class Wild(threading.Thread):
    """A DNS server that knows every name, as fast as Python can."""

    def __init__(self, shared):
        super().__init__(daemon=True)
        self.shared, self.asked = shared, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.at = "127.0.0.1:%d" % self.socket.getsockname()[1]

    def run(self):
        while True:
            packet, client = self.socket.recvfrom(1500)
            if not packet:
                return
            self.asked += 1
            end = packet.index(b"\0", 12) + 1
            kind, = struct.unpack_from(">H", packet, end)
            data = rdata(kind, self.shared)
            answer = packet[:2] + HEADER.pack(0x8180, 1, bool(data), 0, 0)
            answer += packet[12:end + 4]
            if data:
                answer += RECORD.pack(0xc00c, kind, 1, 3600, len(data)) + data
            self.socket.sendto(answer, client)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *what):
        self.socket.sendto(b"", self.socket.getsockname())
        self.join()
        self.socket.close()


@pytest.fixture(scope="module")
def port():
    """A sink that keeps nothing."""
    p = subprocess.Popen([BINARY, "--sink", "127.0.0.1:0"], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = p.stdout.readline()
    drain = threading.Thread(target=p.stdout.read)
    drain.start()
    yield int(re.search(r":(\d+)", said).group(1))
    p.terminate()
    p.wait()
    drain.join()


def to_domains(n, port, shared=False, **how):
    """A mail each to n domains; the run, and how many questions it asked."""
    with Wild(shared) as dns:
        run = smtpsend("--resolver", dns.at, "--port", port, "--helo",
                       "client.test", "-f", "alice@client.test", "--tls",
                       "none", "--allow-loopback-mx",
                       *(f"u@d{i}.test" for i in range(n)),
                       json_events=False, stdin=MESSAGE, **how)
    assert run.rc == 0, run.text[:2000]
    return run, dns.asked


def limits(**most):
    """What the run may have at most, for preexec_fn."""
    def set_them():
        for name, value in most.items():
            resource.setrlimit(getattr(resource, "RLIMIT_" + name),
                               (value, value))
    return set_them


def test_5000_domains(port):
    run, asked = to_domains(5000, port)
    assert run.maxrss < 16 * MIB
    # MX, and A, AAAA of the host; of the domain as far as they were quicker
    assert 3 * 5000 <= asked <= 5 * 5000


def test_20000_domains(port):
    """Quadratic, it took 18 s of CPU; the limit leaves room for slow hosts."""
    run, _ = to_domains(20000, port, shared=True, timeout=300,
                        before=limits(CPU=8))
    assert run.maxrss < 64 * MIB


def test_100000_recipients(port):
    run = smtpsend("--server", f"smtp://127.0.0.1:{port}", "--helo",
                   "client.test", "-f", "alice@client.test", "--tls", "none",
                   *(f"{i}@d.t" for i in range(100000)),
                   json_events=False, stdin=MESSAGE, timeout=300,
                   before=limits(CPU=8))
    assert run.rc == 0, run.text[:2000]
    assert run.maxrss < 64 * MIB


@pytest.mark.parametrize("descriptors", [12, 24, 64])
@pytest.mark.parametrize("shared", [False, True])
def test_short_of_descriptors(port, descriptors, shared):
    """Whoever finds none waits his turn: no server is to blame for that."""
    to_domains(300, port, shared, before=limits(NOFILE=descriptors),
               timeout=120)


