# SPDX-License-Identifier: ISC
"""Modules: who maps which library, and what a program without one says.

OpenSSL, ldns and libidn2 are in smtpsend-net.so, libcurl in smtpsend-relay.so.
A run maps them only when it needs them; one that cannot have them sends nothing
in clear instead, says what is missing, and exits 78.
"""

import os
import re
import shutil
import smtplib
import subprocess
import threading
from pathlib import Path

import pytest

import conftest
from fakedns import FakeDns
from faults_support import (BINARY, OK, TEMPFAIL, Server, Strace, World,
                            certificates, check, smtpsend, tls_dialogue)
from relay_support import BOB, CONFIG, MESSAGE, Setup, scripted_relay
from scripted import dialogue

TLS, DNS, IDN, CURL = "libssl", "libldns", "libidn2", "libcurl"
LARGE = (TLS, "libcrypto", DNS, IDN, CURL, "smtpsend-net", "smtpsend-relay")
NET = {TLS, "libcrypto", DNS, IDN, "smtpsend-net"}
RELAY = {CURL, "smtpsend-relay"}


def found(text):
    """Which of the large libraries a text names."""
    assert "libc.so" in text
    return {name for name in LARGE if name in text}


def opened(*args, folder):
    """What a short run opens, and its exit status."""
    log = folder / "strace"
    done = subprocess.run(["strace", "-f", "-o", str(log), "-e", "trace=%file",
                           BINARY, *args], capture_output=True, check=False,
                          stdin=subprocess.DEVNULL)
    return found(log.read_text()), done.returncode


@pytest.mark.parametrize("args, status", [
    (["--version"], 0), (["--help"], 0), (["--no-such-option"], 64), ([], 64),
    (["--print-config"], 0), (["a@b@c@d"], 65),
    (["--explain", "--server", "127.0.0.1:25", "--tls", "none", BOB], 0)],
    ids=lambda x: " ".join(x) if isinstance(x, list) else None)
def test_what_needs_none_opens_none(tmp_path, args, status):
    assert opened(*args, folder=tmp_path) == (set(), status)


def test_versions_in_full_open_all(tmp_path):
    """So the test above can fail; and what they print is what is there."""
    assert opened("--version", "-v", folder=tmp_path) == (set(LARGE), 0)
    for args in (["--version", "-v"], ["-v", "--version"]):
        out = subprocess.run([BINARY, *args], check=True, text=True,
                             capture_output=True).stdout
        for name in ("OpenSSL 3", "ldns ", "libidn2 ", "libcurl "):
            assert re.search(f"^{name}", out, re.M), out
    link = tmp_path / "sendmail"
    link.symlink_to(BINARY)
    with Server(dialogue()) as srv:
        out = subprocess.run(
            [link, "-d0.1", "-O", f"server=127.0.0.1:{srv.port}", "-f",
             "a@client.test", BOB], input=b"hi\n", check=False,
            capture_output=True).stdout
    assert b"runs with" in out and b"\nldns " in out


def mapped(argv, srv):
    """What a run has mapped when the server has its message."""
    child = subprocess.Popen(argv, stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
    try:
        child.stdin.write(MESSAGE)
        child.stdin.close()
        child.stdin = None
        srv.reached.wait(20)
        maps = Path(f"/proc/{child.pid}/maps").read_text()
    finally:
        srv.over.set()
        err = child.communicate(timeout=20)[1]
    assert child.returncode == 0, err
    return found(maps)


def halt(c):
    """At the end of the message, until the test has looked."""
    c.server.reached.set()
    c.server.over.wait(20)
    c.say("250 2.0.0 taken")


class Halting(Server):
    """Tells when the client has said all of its message."""

    def __init__(self, script, **how):
        self.reached = threading.Event()
        super().__init__(script, **how)


def direct(srv, *args, scheme="smtp"):
    return [BINARY, "--server", f"{scheme}://127.0.0.1:{srv.port}", "-f",
            "a@client.test", *args, BOB]


def test_in_clear_none_is_mapped():
    with Halting(tls_dialogue(DOT=halt)) as srv:
        assert mapped(direct(srv, "--tls", "none"), srv) == set()


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_under_tls_no_libcurl_is_mapped(scheme):
    tls = certificates().context()
    script = dialogue(smtps=tls, DOT=halt) if scheme == "smtps" else \
        tls_dialogue(DOT=halt)
    with Halting(script) as srv:
        got = mapped(direct(srv, "--tls", "encrypt", scheme=scheme), srv)
    assert got == NET


def test_by_dns_no_libcurl_is_mapped():
    with World() as w, Halting(dialogue(DOT=halt), address="127.77.1.9") as srv:
        w.dns.add("example.test", "MX", (10, "mx.example.test"))
        w.dns.add("mx.example.test", "A", srv.address)
        got = mapped([BINARY, "--resolver", f"{w.dns.address}:{w.dns.port}",
                      "--port", str(srv.port), "--allow-loopback-mx", "--tls",
                      "none", "-f", "a@client.test", BOB], srv)
    assert got == NET


def test_a_relay_maps_libcurl(tmp_path):
    with Halting(scripted_relay(DOT=halt)) as srv:
        setup = Setup(tmp_path).relay("r", f"smtp://localhost:{srv.port}")
        got = mapped([BINARY, "--config", str(setup.write()), "-f",
                      "a@client.test", BOB], srv)
    assert RELAY | {TLS} <= got and DNS not in got


# ---- installed, whole and not

ENTER = 'mount --bind "$1" /usr/local && shift && exec "$@"'


class Installed(list):
    """The program below /usr/local, where nothing else is; words for wrap=,
    which run that program in place of the built one."""

    def __init__(self, folder):
        self.root = folder / "stage/usr/local"
        self.modules = self.root / "lib/smtpsend"
        build = os.path.relpath(conftest.BUILD, conftest.TOP)
        subprocess.run(["make", "-s", "-C", conftest.TOP, "install",
                        f"B={build}", f"DESTDIR={folder}/stage",
                        "PREFIX=/usr/local"], check=True, capture_output=True)
        super().__init__(["unshare", "--mount", "sh", "-c", ENTER, "installed",
                          str(self.root), "sh", "-c",
                          'shift && exec /usr/local/bin/smtpsend "$@"', "sh"])

    def without(self, name):
        (self.modules / f"smtpsend-{name}.so").unlink()
        return self

    def other_build(self, name):
        """A module that is the same but for its stamp."""
        path = self.modules / f"smtpsend-{name}.so"
        said = subprocess.run([BINARY, "--version"], check=True, text=True,
                              capture_output=True).stdout
        version = said.split()[1].encode()
        whole = path.read_bytes()
        changed = re.sub(rb"(" + re.escape(version) + rb"-\d+)\d",
                         rb"\1x", whole)
        assert changed != whole
        path.write_bytes(changed)
        return self

    def cut_short(self, name):
        """As an unpacking that was stopped leaves it."""
        path = self.modules / f"smtpsend-{name}.so"
        os.truncate(path, path.stat().st_size // 3)
        return self

    def beside(self, name):
        """Where an installed program does not look."""
        shutil.move(self.modules / f"smtpsend-{name}.so", self.root / "bin")
        return self


@pytest.fixture
def installed(tmp_path):
    return Installed(tmp_path)


LACKS = [("without", "No such file"), ("other_build", "another build"),
         ("beside", "No such file"), ("cut_short", "it is cut short")]


def lacks(run, to=BOB, package="it belongs to the package smtpsend",
          module="net"):
    """It is deferred, and the reason names file and package."""
    got = run.results[to]
    assert got["status"] == "deferred", run
    for word in (f"/usr/local/lib/smtpsend/smtpsend-{module}.so", package):
        assert word in got["text"], run
    assert run.rc == CONFIG, run
    return got["text"]


def by(installed, srv, *args, scheme="smtp", to=(BOB,)):
    return smtpsend("--server", f"{scheme}://127.0.0.1:{srv.port}",
                    "--timeout", 10, "-f", "a@client.test", *args, *to,
                    wrap=installed)


@pytest.mark.parametrize("words", [[], ["LIBDIR={}/lib64"]],
                         ids=["PREFIX", "LIBDIR"])
def test_any_prefix(tmp_path, words):
    """The program looks where its modules were put."""
    build = os.path.relpath(conftest.BUILD, conftest.TOP)
    subprocess.run(["make", "-s", "-C", conftest.TOP, "install", f"B={build}",
                    f"PREFIX={tmp_path}", *(w.format(tmp_path)
                                            for w in words)],
                   check=True, capture_output=True)
    done = subprocess.run([tmp_path / "bin/smtpsend", "--version", "-v"],
                          check=False, capture_output=True, text=True)
    assert done.returncode == 0, done
    assert "\nOpenSSL 3" in done.stdout and "\nlibcurl " in done.stdout


def test_installed_whole(installed):
    with Server(tls_dialogue()) as srv:
        check(by(installed, srv, "--tls", "verify", "--ca", certificates().ca),
              OK, status="delivered", tls=lambda t: t.startswith("TLS"))


@pytest.mark.parametrize("how, words", LACKS)
@pytest.mark.parametrize("level", ["may", "encrypt", "verify", "smtps"])
def test_no_tls_module_nothing_in_clear(installed, level, how, words):
    getattr(installed, how)("net")
    tls = certificates().context()
    script = dialogue(smtps=tls) if level == "smtps" else tls_dialogue()
    args = [] if level == "smtps" else ["--tls", level]
    with Server(script) as srv:
        run = by(installed, srv, *args,
                 scheme="smtps" if level == "smtps" else "smtp")
    assert words in lacks(run)
    assert not [x for x in srv.lines if x.startswith(("MAIL", "RCPT"))]


def test_no_module_in_clear(installed):
    """What needs none is not held up."""
    installed.without("net").without("relay")
    with Server(dialogue()) as srv:
        check(by(installed, srv, "--tls", "none"), OK, status="delivered")


@pytest.mark.parametrize("how, words", LACKS)
def test_no_dns_module(installed, how, words):
    getattr(installed, how)("net")
    with FakeDns() as dns:
        run = smtpsend("--resolver", f"{dns.address}:{dns.port}", "-f",
                       "a@client.test", BOB, wrap=installed)
    assert words in lacks(run)


def test_no_idn_module(installed):
    """The one whose domain cannot be read is not sent to, the others are."""
    installed.without("net")
    with Server(dialogue()) as srv:
        run = by(installed, srv, "--tls", "none", to=("joe@b\u00fccher.test",
                                                      BOB))
    assert run.results[BOB]["status"] == "delivered", run
    assert run.rc == CONFIG, run
    assert "smtpsend-net.so" in run.out + run.err
    assert len(srv.conns[0].messages) == 1


@pytest.mark.parametrize("how, words", LACKS)
def test_no_relay_module(installed, tmp_path, how, words):
    getattr(installed, how)("relay")
    with Server(scripted_relay()) as srv:
        setup = Setup(tmp_path).relay("r", f"smtp://localhost:{srv.port}")
        run = setup.send(BOB, wrap=installed)
    assert words in lacks(run, module="relay",
                          package="libcurl is in the package libcurl4")
    assert not srv.conns


def test_versions_without_modules(installed):
    installed.without("net").without("relay")
    done = subprocess.run([*installed, BINARY, "--version", "-v"], check=False,
                          capture_output=True, text=True)
    assert done.returncode == CONFIG, done
    assert "built with OpenSSL" in done.stdout
    for name in ("net", "relay"):
        assert f"smtpsend-{name}.so: No such file" in done.stdout, done


def test_a_sink_without_module(installed):
    """It offers no STARTTLS, and tells; under TLS it cannot be."""
    installed.without("net")
    with subprocess.Popen([*installed, BINARY, "--sink", "127.0.0.1:0"],
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          text=True) as sink:
        said = sink.stderr.readline()
        port = int(sink.stderr.readline().rsplit(":", 1)[1])
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as peer:
            peer.ehlo("client.test")
            assert not peer.has_extn("starttls")
            peer.sendmail("a@client.test", [BOB], MESSAGE)
        sink.terminate()
    assert "smtpsend-net.so" in said and "STARTTLS is not offered" in said
    done = subprocess.run([*installed, BINARY, "--sink", "127.0.0.1:0",
                           "--sink-tls"], check=False, capture_output=True,
                          text=True)
    assert done.returncode == CONFIG, done
    assert "smtpsend-net.so" in done.stderr, done


# ---- what packaging and hardening see

def elf(*args):
    return subprocess.run(["readelf", "-W", *args], check=True, text=True,
                          capture_output=True).stdout


@pytest.mark.parametrize("name, needs", [
    ("smtpsend", set()), ("smtpsend-net.so", {"ssl", "crypto", "ldns", "idn2"}),
    ("smtpsend-relay.so", {"ssl", "crypto", "curl"})])
def test_linked(name, needs):
    path = Path(BINARY).parent / name
    dynamic, segments = elf("-d", path), elf("-l", path)
    large = {"ssl", "crypto", "ldns", "idn2", "curl"}
    linked = set(re.findall(r"NEEDED.*\[lib(\w+)\.so", dynamic))
    assert linked & large == needs
    assert "BIND_NOW" in dynamic and "TEXTREL" not in dynamic
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic
    assert "GNU_RELRO" in segments
    assert re.search(r"GNU_STACK.* RW ", segments)
    assert "__stack_chk_fail" in elf("--dyn-syms", path)


def test_row_75_a_shortage_at_the_door_passes():
    """For DNS the module is there; for the TLS of one connection there is no
    descriptor.  That one is deferred, the other goes out."""
    path = Path(BINARY).parent / "smtpsend-net.so"
    wrap = Strace("openat:error=EMFILE:when=3", path=str(path))
    other = "carol@other.test"
    with World() as w:
        servers = [w.mx(10, tls_dialogue()),
                   w.mx(10, tls_dialogue(), domain="other.test")]
        run = w.send("--tls", "encrypt", to=(BOB, other), wrap=wrap)
    assert wrap.injected() == 1
    got = sorted((run.results[to]["status"], run.results[to]["stage"])
                 for to in (BOB, other))
    assert got == [("deferred", "system"), ("delivered", "end of data")], run
    assert run.rc == TEMPFAIL
    assert sum(len(s.conns[0].messages) for s in servers) == 1
