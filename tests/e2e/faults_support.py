# SPDX-License-Identifier: ISC
"""What the fault tests share: running smtpsend, certificates, small worlds."""

import json
import os
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

import pytest

from fakedns import FakeDns
from scripted import Server, dialogue
from servers.process import free_port

ROOT = Path(__file__).resolve().parents[2]
BINARY = str(Path(os.environ.get("BUILD", ROOT / "build")) / "smtpsend")

MESSAGE = (b"From: alice@client.test\r\nTo: bob@example.test\r\n"
           b"Subject: fault\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
           b"Message-ID: <1@client.test>\r\n\r\nhello\r\n")

# sysexits(3)
OK, USAGE, DATAERR, NOINPUT, NOUSER, NOHOST = 0, 64, 65, 66, 67, 68
UNAVAILABLE, OSERR, CANTCREAT, IOERR, TEMPFAIL = 69, 71, 73, 74, 75


def unique(pairs):
    """An object of JSON; no key may stand in it twice."""
    keys = [k for k, _ in pairs]
    assert len(set(keys)) == len(keys), f"a key twice: {pairs}"
    return dict(pairs)


class Run:
    """What a run of smtpsend gave."""

    def __init__(self, rc, out, err, seconds, usage, most):
        self.rc = rc
        self.out = out
        self.err = err
        self.seconds = seconds
        self.cpu = usage.ru_utime + usage.ru_stime
        self.maxrss = most      # KiB, sampled while it ran
        self.events = []
        for line in out.splitlines():
            if line.startswith("{"):
                self.events.append(json.loads(line, object_pairs_hook=unique))

    def of(self, kind):
        return [e for e in self.events if e.get("event") == kind]

    @property
    def results(self):
        return {e["recipient"]: e for e in self.of("result")}

    @property
    def text(self):
        """Everything a person could read of it."""
        return self.out + self.err

    def __str__(self):
        return f"exit {self.rc} in {self.seconds:.2f} s\n{self.out}{self.err}"


def smtpsend(*args, stdin=MESSAGE, timeout=60, json_events=True, env=None,
             wrap=(), before=None):
    """Run the program.  stdin: bytes, None (closed), or a file descriptor."""
    argv = list(wrap) + [BINARY]
    if json_events:
        argv.append("--json")
    argv += [str(a) for a in args]
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    feed, closing = None, before
    if isinstance(stdin, bytes):
        feed = tempfile.TemporaryFile()
        feed.write(stdin)
        feed.seek(0)
        source = feed
    elif stdin is None:
        source = subprocess.DEVNULL

        def closing():
            os.close(0)
            if before:
                before()
    else:
        source = stdin
    began = time.monotonic()
    p = subprocess.Popen(argv, stdin=source, stdout=out, stderr=err,
                         env=env or {**os.environ, "LC_ALL": "C.UTF-8"},
                         preexec_fn=closing)
    usage, most = wait(p, timeout)
    seconds = time.monotonic() - began
    if feed:
        feed.close()
    texts = []
    for f in (out, err):
        f.seek(0)
        texts.append(f.read().decode("utf-8", "backslashreplace"))
        f.close()
    return Run(p.returncode, texts[0], texts[1], seconds, usage, most)


def peak(pid):
    """Peak resident memory in KiB.  (ru_maxrss has ours in it, from fork.)"""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        return 0


def wait(p, timeout):
    """Reap p and return its resource usage; kill it when it takes too long."""
    limit = time.monotonic() + timeout
    most = 0
    while time.monotonic() < limit:
        pid, status, usage = os.wait4(p.pid, os.WNOHANG)
        if pid:
            p.returncode = os.waitstatus_to_exitcode(status)
            return usage, most
        most = peak(p.pid) or most
        time.sleep(0.005)
    p.kill()
    _, _, usage = os.wait4(p.pid, 0)
    p.returncode = -9
    raise AssertionError(f"smtpsend still ran after {timeout} s")


def send(port, *args, server="smtp", to=("bob@example.test",), seconds=5,
         **how):
    """To one server by --server."""
    return smtpsend("--server", f"{server}://127.0.0.1:{port}", "--timeout",
                    seconds, "--helo", "client.test", "-f",
                    "alice@client.test", *args, *to, **how)


def check(run, rc, *, to="bob@example.test", **want):
    """Assert exit status and the fields of one recipient's result."""
    assert to in run.results, f"no result for {to}\n{run}"
    got = run.results[to]
    for key, value in want.items():
        have = got.get(key)
        if callable(value):
            assert value(have), f"{key}: {have!r}\n{run}"
        else:
            assert have == value, f"{key}: {have!r}, not {value!r}\n{run}"
    assert run.rc == rc, f"exit {run.rc}, not {rc}\n{run}"
    return got


class World:
    """A fake DNS and scripted servers on 127.0.0.x, all on one port.

        with World() as w:
            a = w.mx(10, script)            # mx1.example.test
            b = w.mx(20, dialogue())        # mx2.example.test
            run = w.send()
    """

    def __init__(self, domain="example.test", **dns):
        self.domain = domain
        self.stack = ExitStack()
        self.dns = FakeDns(**dns)
        self.port = None
        self.n = 0
        # 127.x.y.* of its own, so that worlds do not meet
        self.net = f"127.{10 + os.getpid() % 200}.{1 + id(self) // 64 % 250}."

    def __enter__(self):
        self.stack.enter_context(self.dns)
        return self

    def __exit__(self, *what):
        return self.stack.__exit__(*what)

    def address(self):
        self.n += 1
        return f"{self.net}{10 + self.n}"

    def host(self, name, *scripts, **how):
        """A server with an A record; None as script: nobody listens."""
        at = self.address()
        self.dns.add(name, "A", at)
        if scripts == (None,):
            return None
        server = Server(*scripts, address=at, port=self.port or 0, **how)
        self.port = server.port
        return self.stack.enter_context(server)

    def mx(self, preference, *scripts, domain=None, **how):
        name = f"mx{self.n + 1}.example.test"
        self.dns.add(domain or self.domain, "MX", (preference, name))
        return self.host(name, *scripts, **how)

    def send(self, *args, to=("bob@example.test",), seconds=5, loopback=True,
             port=True, **how):
        args = (("--allow-loopback-mx",) if loopback else ()) + args
        if port:
            args = ("--port", self.port or closed_port()) + args
        return smtpsend("--resolver", f"{self.dns.address}:{self.dns.port}",
                        "--timeout", seconds, "--helo", "client.test", "-f",
                        "alice@client.test", *args, *to, **how)


def closed_port(address="127.0.0.1"):
    """A port nobody listens on, nor will."""
    return free_port(host=address)


class Blackhole:
    """An address where SYNs vanish: a listener whose accept queue is full."""

    def __init__(self, address="127.0.0.1", port=0):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((address, port))
        self.sock.listen(0)
        self.address = address
        self.port = self.sock.getsockname()[1]
        self.fill = []

    def __enter__(self):
        for _ in range(8):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex((self.address, self.port))
            self.fill.append(s)
            if not select.select([], [s], [], 0.2)[1]:
                return self
        raise AssertionError("the accept queue never filled")

    def __exit__(self, *what):
        for s in self.fill:
            s.close()
        self.sock.close()


# Certificates, made once per session with the openssl program.

CA_CONF = """
[ca]
default_ca = d
[d]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = p
copy_extensions = copy
unique_subject = no
[p]
commonName = supplied
"""

HOST = "mx.example.test"


class Certificates:
    """good, expired, wrongname, selfsigned, unknown, wrongeku; ca.pem;
    commonname: the host's name is in the subject only.
    """

    def __init__(self):
        self._keep = tempfile.TemporaryDirectory(prefix="faults-certs-")
        self.dir = Path(self._keep.name)
        (self.dir / "ca.cnf").write_text(CA_CONF)
        (self.dir / "index.txt").write_text("")
        (self.dir / "serial").write_text("01\n")
        self._root("ca")
        self._root("otherca")
        names = f"DNS:{HOST},DNS:*.example.test,IP:127.0.0.1,DNS:localhost"
        self._leaf("good", "ca", names)
        self._leaf("expired", "ca", names, "200101000000Z", "210101000000Z")
        self._leaf("wrongname", "ca", "DNS:elsewhere.test")
        self._leaf("unknown", "otherca", names)
        self._leaf("wrongeku", "ca", names, eku="clientAuth")
        self._leaf("commonname", "ca", "email:postmaster@example.test")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                      "-keyout", "selfsigned.key", "-out", "selfsigned.pem",
                      "-subj", f"/CN={HOST}", "-addext",
                      f"subjectAltName={names}")

    def _openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.dir, check=True,
                       capture_output=True)

    def _root(self, name):
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                      "-keyout", f"{name}.key", "-out", f"{name}.pem",
                      "-subj", f"/CN=Test {name}")

    def _leaf(self, name, ca, names, start=None, end=None, eku="serverAuth"):
        self._openssl("req", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                      f"{name}.key", "-out", f"{name}.csr", "-subj",
                      f"/CN={HOST}", "-addext", f"subjectAltName={names}",
                      "-addext", f"extendedKeyUsage={eku}")
        dates = ["-startdate", start, "-enddate", end] if start else \
                ["-days", "30"]
        self._openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert",
                      f"{ca}.pem", "-keyfile", f"{ca}.key", "-in",
                      f"{name}.csr", "-out", f"{name}.pem", *dates)

    def issue(self, name, hosts, ca="ca"):
        """One more certificate, for these names of hosts."""
        self._leaf(name, ca, ",".join(f"DNS:{h}" for h in hosts))

    @property
    def ca(self):
        return str(self.dir / "ca.pem")

    def path(self, name):
        return str(self.dir / name)

    def context(self, name="good", low=None, high=None, ciphers=None):
        """A server's SSLContext with that certificate."""
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(self.dir / f"{name}.pem", self.dir / f"{name}.key")
        if ciphers:
            c.set_ciphers(ciphers)
        if low:
            c.minimum_version = low
        if high:
            c.maximum_version = high
        return c


@lru_cache(maxsize=None)
def certificates():
    return Certificates()


STARTTLS = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "STARTTLS")


def tls_dialogue(cert="good", caps=STARTTLS, **over):
    """A good server with STARTTLS and that certificate."""
    return dialogue(caps, tls=certificates().context(cert), **over)


def big_message(size):
    """A message of about so many octets with numbered lines."""
    lines = b"".join(b"%070d\r\n" % i for i in range(size // 72))
    return MESSAGE + lines


class Strace(list):
    """For `wrap=`: run under strace, which makes these system calls fail.

        wrap = Strace("socket:error=EMFILE", path="/tmp/only/this/file")
        ...
        assert wrap.injected()
    """

    def __init__(self, *injections, path=None):
        if not shutil.which("strace"):
            pytest.skip("strace is not installed")
        self.log = tempfile.NamedTemporaryFile(mode="r")
        super().__init__(["strace", "-f", "-qq", "-o", self.log.name])
        if path:
            self += ["-P", path]
        for what in injections:
            self += ["-e", "inject=" + what]

    def injected(self):
        """How many calls were made to fail."""
        self.log.seek(0)
        return self.log.read().count("(INJECTED)")
