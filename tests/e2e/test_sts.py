# SPDX-License-Identifier: ISC
"""MTA-STS (RFC 8461): policies that nginx serves, in zones of NSD's.

FAULTS.md rows 19 and 20.  What must not be said in clear, nor to a host that the
policy does not name, is looked for on the wire.
"""

import json
import os
import socket
import ssl
import stat
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

from faults_support import (OK, TEMPFAIL, Server, certificates,
                            check, smtpsend, tls_dialogue)
from queue_support import SPOOL_UID, wait_for
from runner_support import QUICK, QueueBox
from scripted import dialogue
from servers.dns import World
from servers.nginx import Nginx
from servers.process import free_port
from test_daemon import daemon as daemon_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="it needs port 443")

NET = f"127.{20 + os.getpid() % 200}.8."
NO_TLS = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
PATH = ".well-known/mta-sts.txt"
DAY = 86400
CLOCK = Path(__file__).parents[1] / "queue" / "preload_clock.c"


def policy(mode="enforce", mx=("*.example.test",), age=7 * DAY):
    return "".join(f"{line}\r\n" for line in (
        "version: STSv1", f"mode: {mode}", *(f"mx: {m}" for m in mx),
        f"max_age: {age}"))


# what the host mta-sts.NAME.org.test has; more directives for nginx
TYPED = "location / { default_type text/html; types { } }"
MOVED = "location / { return 301 https://mta-sts.good.org.test$request_uri; }"
POLICIES = {
    "good": (policy(), ""),
    "same": (policy(mx=["other.example.test"]), ""),
    "testing": (policy("testing", ["other.example.test"]), ""),
    "none": (policy("none", []), ""),
    "outside": (policy(mx=["other.example.test"]), ""),
    "pair": (policy(mx=["pair.example.test"]), ""),
    "missing": (None, ""),
    "moved": (policy(), MOVED),
    "wrongname": (policy(), ""),
    "untrusted": (policy(), ""),
    "huge": (policy() + "x: y\r\n" * 12000, ""),
    "typed": (policy(), TYPED),
    "broken": ("<p>\x1b[2J</p>\n", ""),
}
FAULTS = {"missing": "the server says 404",
          "moved": "the server says 301, and no redirection is followed",
          "wrongname": "", "untrusted": "",
          "huge": "it is longer than 65536 octets",
          "typed": "its type is not text/plain",
          "broken": "a line that is not NAME: VALUE",
          "cut": "", "slow": "not there within"}


class Half:
    """An HTTPS server that sends half of a policy, and ends or waits then."""

    def __init__(self, address, name, waits):
        c = certificates()
        self.waits = waits
        self.over = threading.Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(c.path("policies.pem"),
                                     c.path("policies.key"))
        self.sock = socket.create_server((address, 443))
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while True:
            try:
                raw, _ = self.sock.accept()
                with self.context.wrap_socket(raw, server_side=True) as s:
                    s.recv(4096)
                    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain"
                              b"\r\nContent-Length: 400\r\n\r\n" +
                              policy().encode())
                    if self.waits:
                        self.over.wait(30)
            except OSError:
                if self.over.is_set():
                    return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *what):
        self.over.set()
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.thread.join(10)


class Place:
    def __init__(self, folder):
        self.port = free_port()
        self.hosts = [*POLICIES, "cut", "slow", "two", "unlisted", "doubled"]
        names = {}
        for n, name in enumerate(self.hosts):
            names[f"{name}.org.test"] = [("MX", f"10 {name}.example.test.")]
            names[f"{name}.example.test"] = [("A", f"{NET}{10 + n}")]
            names[f"_mta-sts.{name}.org.test"] = [
                ("TXT", '"v=STSv1; " "id=a1;"')]
            names[f"mta-sts.{name}.org.test"] = [("A", f"{NET}1")]
        names["pair.org.test"] = [("MX", "10 two.example.test."),
                                  ("MX", "20 pair.example.test.")]
        names["same.org.test"] = [("MX", "10 good.example.test.")]
        names["plain.org.test"] = [("MX", "10 good.example.test.")]
        names["mta-sts.cut.org.test"] = [("A", f"{NET}2")]
        names["mta-sts.slow.org.test"] = [("A", f"{NET}3")]
        names["_mta-sts.doubled.org.test"] *= 2
        names["_mta-sts.doubled.org.test"][1] = ("TXT", '"v=STSv1; id=b"')
        self.world = World(folder / "dns", names)
        c = certificates()
        c.issue("policies", ["*.org.test"] + [
            f"mta-sts.{name}.org.test" for name in self.hosts])
        c.issue("strangers", [f"mta-sts.{name}.org.test"
                              for name in self.hosts], ca="otherca")
        certs = {"wrongname": "good", "untrusted": "strangers"}
        self.web = Nginx(folder / "web", f"{NET}1", {
            f"mta-sts.{name}.org.test": (
                c.path(f"{certs.get(name, 'policies')}.pem"),
                c.path(f"{certs.get(name, 'policies')}.key"), extra)
            for name, (_, extra) in POLICIES.items()})
        for name, (text, _) in POLICIES.items():
            if text is not None:
                self.put(name, text)

    def put(self, name, text):
        path = self.web.root(f"mta-sts.{name}.org.test") / PATH
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, newline="")

    def asked(self, name):
        return self.web.requests(f"mta-sts.{name}.org.test")

    def server(self, name, script=None):
        return Server(script or tls_dialogue(),
                      address=f"{NET}{10 + self.hosts.index(name)}",
                      port=self.port)

    def send(self, cache, *names, level="may", args=("--mta-sts", "yes"),
             env=(), **how):
        to = [n if "@" in n or n.startswith("-") else f"bob@{n}.org.test"
              for n in names]
        return smtpsend("--resolver", self.world.resolver, "--port", self.port,
                        "--allow-loopback-mx", "--tls", level, "--helo",
                        "client.test", "--ca", certificates().ca, "-f",
                        "alice@client.test", "-v", *args, *to,
                        env={**os.environ, "LC_ALL": "C.UTF-8",
                             "XDG_CACHE_HOME": str(cache), **dict(env)}, **how)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    p = Place(tmp_path_factory.mktemp("sts"))
    with p.world, p.web:
        yield p


def to(name):
    return f"bob@{name}.org.test"


def never_in_clear(server):
    """Not a word of a mail, nor of its text, was on the wire."""
    for conn in server.conns:
        seen = bytes(conn.wire).upper()
        for word in (b"MAIL FROM", b"RCPT TO", b"ALICE", b"BOB", b"HELLO"):
            assert word not in seen, seen


def plan(run):
    [seen] = run.of("plan")
    return seen


def kept(cache, name):
    return cache / "smtpsend" / "mta-sts" / f"{name}.org.test"


@pytest.mark.parametrize("level, args", [("may", ("--mta-sts", "yes")),
                                         ("secure", ())])
def test_enforce(place, tmp_path, level, args):
    """A good host; the policy is kept, and not fetched again."""
    before = len(place.asked("good"))
    for turn in range(2):
        with place.server("good") as srv:
            run = place.send(tmp_path, "good", level=level, args=args)
        check(run, OK, to=to("good"), status="delivered", tls="TLSv1.3")
        never_in_clear(srv)
        assert srv.conns
        assert plan(run)["sts"].startswith("enforce, by the policy of "
                                           "good.org.test (1 mx, id a1")
        assert "verify, the MTA-STS policy" in plan(run)["policies"]
        [request] = place.asked("good")[before:]
        assert request.startswith('200 "GET /.well-known/mta-sts.txt ')
        seen = kept(tmp_path, "good").stat()
        assert stat.S_IMODE(seen.st_mode) == 0o600


@pytest.mark.parametrize("cert", ["expired", "wrongname", "selfsigned",
                                  "unknown"])
def test_row_20_a_bad_certificate(place, tmp_path, cert):
    with place.server("good", tls_dialogue(cert)) as srv:
        run = place.send(tmp_path, "good")
    check(run, TEMPFAIL, to=to("good"), status="deferred", enhanced="4.7.5")
    assert "--tls " not in run.err      # another level would change nothing
    never_in_clear(srv)
    assert srv.conns


def test_row_20_no_starttls(place, tmp_path):
    with place.server("good", dialogue(NO_TLS)) as srv:
        run = place.send(tmp_path, "good")
    check(run, TEMPFAIL, to=to("good"), status="deferred", enhanced="4.7.4")
    never_in_clear(srv)
    assert srv.conns


def test_row_20_a_host_that_is_not_named(place, tmp_path):
    with place.server("outside") as srv:
        run = place.send(tmp_path, "outside")
    got = check(run, TEMPFAIL, to=to("outside"), status="deferred",
                enhanced="4.7.5")
    assert "the MTA-STS policy of outside.org.test does not name it" in \
        got["text"]
    assert not srv.conns


def test_only_hosts_that_are_named(place, tmp_path):
    """The better MX is skipped."""
    with place.server("two") as skipped, place.server("pair") as srv:
        run = place.send(tmp_path, "pair")
    check(run, OK, to=to("pair"), status="delivered",
          host="pair.example.test")
    assert not skipped.conns
    never_in_clear(srv)


def test_testing_and_none(place, tmp_path):
    """In clear, if need be, to whomever; what testing lacks is said."""
    for name in ("testing", "none"):
        with place.server(name, dialogue(NO_TLS)) as srv:
            run = place.send(tmp_path, name)
        check(run, OK, to=to(name), status="delivered")
        assert plan(run)["sts"].startswith(f"{name}, by the policy of")
        assert ("it does not name testing.example.test" in
                plan(run)["sts"]) == (name == "testing")
        assert srv.conns


@pytest.mark.parametrize("name", FAULTS)
def test_row_19_no_policy(place, tmp_path, name):
    """Nothing to be had, nothing kept: as without."""
    args = ("--mta-sts", "yes") + (("--timeout", "2") if name == "slow"
                                   else ())
    with Half(f"{NET}2", name, False), Half(f"{NET}3", name, True), \
            place.server(name, dialogue(NO_TLS)) as srv:
        run = place.send(tmp_path, name, args=args)
    check(run, OK, to=to(name), status="delivered")
    assert plan(run)["sts"].startswith("none: https://mta-sts.")
    assert FAULTS[name] in plan(run)["sts"]
    assert not kept(tmp_path, name).exists()
    assert srv.conns and "\x1b" not in run.text


@pytest.mark.parametrize("name", FAULTS)
def test_row_19_one_that_is_kept(place, tmp_path, name):
    """The same with a policy that is kept under another id: it holds."""
    keep(tmp_path, name, entry(name, ident="old"))
    args = ("--mta-sts", "yes") + (("--timeout", "2") if name == "slow"
                                   else ())
    with Half(f"{NET}2", name, False), Half(f"{NET}3", name, True), \
            place.server(name, dialogue(NO_TLS)) as srv:
        run = place.send(tmp_path, name, args=args)
    check(run, TEMPFAIL, to=to(name), status="deferred", enhanced="4.7.4")
    assert "id old; kept, though https://mta-sts." in plan(run)["sts"]
    never_in_clear(srv)
    assert srv.conns


def test_two_records_are_none(place, tmp_path):
    with place.server("doubled", dialogue(NO_TLS)):
        run = place.send(tmp_path, "doubled")
    check(run, OK, to=to("doubled"), status="delivered")
    assert plan(run)["sts"] == ("none: _mta-sts.doubled.org.test: there are "
                                "two records of STSv1")


def test_no_record(place, tmp_path):
    with place.server("good", dialogue(NO_TLS)):
        run = place.send(tmp_path, "plain")
    check(run, OK, to=to("plain"), status="delivered")
    assert plan(run)["sts"].startswith("none: _mta-sts.plain.org.test: "
                                       "NXDOMAIN from 127.0.0.1:")


def test_domains_with_one_mx_do_not_mix(place, tmp_path):
    """One of the two has a policy, the host no TLS."""
    with place.server("good", dialogue(NO_TLS), ) as srv:
        run = place.send(tmp_path, "plain", "good")
    check(run, TEMPFAIL, to=to("good"), status="deferred")
    assert run.results[to("plain")]["status"] == "delivered"
    for conn in srv.conns:
        assert b"good.org.test" not in bytes(conn.wire)


def test_nobody_asks_by_default(place, tmp_path):
    before = len(place.asked("good"))
    with place.server("good", dialogue(NO_TLS)):
        run = place.send(tmp_path, "good", args=())
    check(run, OK, to=to("good"), status="delivered")
    assert "sts" not in plan(run)
    assert len(place.asked("good")) == before
    assert not (tmp_path / "smtpsend").exists()


# ---- what is kept ----

def entry(name, text=None, ident="a1", age=0):
    return (f"smtpsend-mta-sts 1\ndomain {name}.org.test\nid {ident}\n"
            f"fetched {int(time.time()) - age}\n\n" + (text or policy()))


def keep(cache, name, text, mode=0o600):
    path = kept(cache, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, newline="")
    path.chmod(mode)
    return path


def fetches(place, cache, name="good", **how):
    """How often a run asks for the policy."""
    before = len(place.asked(name))
    with place.server(name):
        run = place.send(cache, name, **how)
    check(run, OK, to=to(name), status="delivered")
    return len(place.asked(name)) - before, run


def test_another_id(place, tmp_path):
    path = keep(tmp_path, "good", entry("good", policy("none", []), "old"))
    n, run = fetches(place, tmp_path)
    assert n == 1 and plan(run)["sts"].startswith("enforce")
    assert "\nid a1\n" in path.read_text()


def test_one_whose_time_is_over(place, tmp_path):
    """Fetched again; where that fails there is none."""
    keep(tmp_path, "good", entry("good", age=8 * DAY))
    assert fetches(place, tmp_path)[0] == 1
    keep(tmp_path, "missing", entry("missing", age=8 * DAY))
    with place.server("missing", dialogue(NO_TLS)):
        run = place.send(tmp_path, "missing")
    check(run, OK, to=to("missing"), status="delivered")
    assert plan(run)["sts"].startswith("none: https://")


def test_no_record_any_more(place, tmp_path):
    """Who takes the record away does not take what is kept."""
    keep(tmp_path, "plain", entry("plain"))
    with place.server("good", dialogue(NO_TLS)) as srv:
        run = place.send(tmp_path, "plain")
    check(run, TEMPFAIL, to=to("plain"), status="deferred", enhanced="4.7.4")
    assert "id a1; kept, though _mta-sts.plain.org.test" in plan(run)["sts"]
    never_in_clear(srv)


@pytest.mark.parametrize("days, n", [(1, 0), (8, 1)])
def test_the_clock_moves(place, tmp_path, days, n):
    preload = tmp_path / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", preload, CLOCK],
                   check=True)
    (tmp_path / "clock").write_bytes(struct.pack("q", days * DAY))
    assert fetches(place, tmp_path)[0] == 1
    moved = {"LD_PRELOAD": str(preload), "CLOCK_FILE": str(tmp_path / "clock")}
    assert fetches(place, tmp_path, env=moved)[0] == n


BAD = {
    "garbage": lambda p: p.write_bytes(os.urandom(500)),
    "empty": lambda p: p.write_text(""),
    "cut": lambda p: p.write_text(p.read_text()[:-30]),
    "of another domain": lambda p: p.write_text(entry("same")),
    "huge": lambda p: p.write_text(p.read_text() + "x: y\r\n" * 100000),
    "of another user": lambda p: os.chown(p, 4321, 4321),
    "for others to write": lambda p: p.chmod(0o666),
    "a link": lambda p: (p.rename(p.parent / "x"), p.symlink_to("x")),
    "a FIFO": lambda p: (p.unlink(), os.mkfifo(p, 0o600)),
}


@pytest.mark.parametrize("how", BAD)
def test_a_file_that_does_not_count(place, tmp_path, how):
    path = keep(tmp_path, "good", entry("good"))
    BAD[how](path)
    assert fetches(place, tmp_path)[0] == 1
    assert fetches(place, tmp_path)[0] == 0
    assert stat.S_ISREG(path.lstat().st_mode)
    assert path.stat().st_uid == 0


@pytest.mark.parametrize("owner, mode", [(4321, 0o700), (0, 0o777)])
def test_a_folder_of_somebody_else(place, tmp_path, owner, mode):
    path = keep(tmp_path, "good", entry("good", policy("none", [])))
    path.parent.chmod(mode)
    os.chown(path.parent, owner, owner)
    text = path.read_text()
    for _ in range(2):
        n, run = fetches(place, tmp_path)
        assert n == 1 and plan(run)["sts"].startswith("enforce")
        assert "is not kept in" in run.text
    assert path.read_text() == text


def test_no_home(place, tmp_path, machine):
    """A user without one has policies, and keeps none."""
    box = machine(files={"/etc/ca.pem": Path(certificates().ca).read_text()})
    for _ in range(2):
        before = len(place.asked("good"))
        with place.server("good") as srv:
            run = smtpsend(
                "--resolver", place.world.resolver, "--port", place.port,
                "--allow-loopback-mx", "--tls", "secure", "--ca",
                "/etc/ca.pem", "-f", "alice@client.test", "-v", to("good"),
                wrap=box.user(4321), env=box.environment())
        check(run, OK, to=to("good"), status="delivered")
        assert len(place.asked("good")) == before + 1
        never_in_clear(srv)


# ---- the queue ----

def test_the_queue_asks(place, machine):
    """By default, and keeps them below its spool; mailq why tells."""
    box = QueueBox(machine, config=f"resolver = {place.world.resolver}\n"
                   f"port = {place.port}\nallow-loopback-mx = yes\n"
                   "ca = /etc/ca.pem\n", files={
                       "/etc/ca.pem": Path(certificates().ca).read_text()})
    box.put(to("good"))
    with place.server("good") as srv:
        run = box.q()
    assert run.rc == 0, run
    assert box.queue() == [] and srv.conns
    never_in_clear(srv)
    assert "mode: enforce" in (box.spool / "mta-sts" /
                               "good.org.test").read_text()
    box.put(to("outside"))
    with place.server("outside", dialogue(NO_TLS)) as srv:
        box.q()
    assert not srv.conns and box.states() == ["P"]
    run = box.command("mailq", stdin=b"")
    assert "the MTA-STS policy of outside.org.test does not name" in run.out


def test_the_daemon_refreshes(place, machine):
    """Without any mail: another id, half of the time over; nothing else."""
    box = QueueBox(machine, config=f"resolver = {place.world.resolver}\n"
                   "ca = /etc/ca.pem\n", files={
                       "/etc/ca.pem": Path(certificates().ca).read_text()})
    folder = box.spool / "mta-sts"
    for name, ident, age in (("good", "old", 2 * DAY), ("same", "a1", 5 * DAY),
                             ("pair", "a1", 2 * DAY), ("none", "old", 60),
                             ("missing", "old", 2 * DAY)):
        path = keep(box.folder, name, entry(name, policy(), ident, age))
        os.chown(path, SPOOL_UID, SPOOL_UID)
    (box.folder / "smtpsend" / "mta-sts").rename(folder)
    folder.chmod(0o700)
    os.chown(folder, SPOOL_UID, SPOOL_UID)
    before = {p.name: p.read_text() for p in folder.iterdir()}
    asked = len(place.asked("missing"))

    def fresh():
        return {p.name[:-len(".org.test")] for p in folder.iterdir()
                if before.get(p.name) != p.read_text()}

    with daemon_of(box):
        wait_for(lambda: fresh() >= {"good", "same"} and
                 len(place.asked("missing")) > asked)
    assert fresh() == {"good", "same"}
    for name in ("good", "same"):
        assert "\nid a1\n" in (folder / f"{name}.org.test").read_text()


def test_reports_of_tls(place, machine):
    """RFC 8460: the policy that was applied, in testing, too, and what failed."""
    box = QueueBox(machine, queue=f"{QUICK}tls-reports = tls@example.org\n",
                   config=f"resolver = {place.world.resolver}\n"
                   f"port = {place.port}\nallow-loopback-mx = yes\n"
                   "ca = /etc/ca.pem\n", files={
                       "/etc/ca.pem": Path(certificates().ca).read_text()})
    box.put(to("good"))
    box.put(to("testing"))
    box.put(to("outside"))
    box.put(to("missing"))
    box.put(to("typed"))
    box.put(to("untrusted"))
    with place.server("good"), \
            place.server("testing", tls_dialogue("expired")), \
            place.server("missing"), place.server("typed"), \
            place.server("untrusted"):
        box.q()
    run = box.smtpsend("--tls-report", "today", stdin=b"")
    seen = {}
    for line in run.out.splitlines():
        for p in json.loads(line)["policies"]:
            name = p["policy"]["policy-domain"].split(".")[0]
            for f in p.get("failure-details", []):
                seen.setdefault(name, set()).add(
                    (p["policy"]["policy-type"], f["result-type"]))
            if p["summary"]["total-successful-session-count"]:
                seen.setdefault(name, set()).add(
                    (p["policy"]["policy-type"], "ok"))
            if name == "good":
                assert p["policy"]["policy-string"] == [
                    "version: STSv1", "mode: enforce", "mx: *.example.test",
                    f"max_age: {7 * DAY}"]
                assert p["policy"]["mx-host"] == ["*.example.test"]
    assert seen == {
        "good": {("sts", "ok")},
        "testing": {("sts", "validation-failure"),
                    ("sts", "certificate-expired")},
        "outside": {("sts", "validation-failure")},
        "missing": {("sts", "sts-policy-fetch-error"),
                    ("no-policy-found", "ok")},
        "typed": {("sts", "sts-policy-invalid"), ("no-policy-found", "ok")},
        "untrusted": {("sts", "sts-webpki-invalid"),
                      ("no-policy-found", "ok")},
    }


# ---- who only looks ----

def test_explain(place, tmp_path):
    """It asks and fetches as sending does, and connects to nobody."""
    run = place.send(tmp_path, "pair", args=("--mta-sts", "yes", "--explain"))
    [seen] = run.of("explain")
    assert seen["mta_sts"] == "enforce, by the policy of pair.org.test " \
        "(1 mx, id a1)"
    two, pair = seen["hosts"]
    assert two["problem"] == "two.example.test: the MTA-STS policy of " \
        "pair.org.test does not name it"
    assert pair["tls"] == "verify" and not pair["problem"]
    run = place.send(tmp_path, "pair", args=("--mta-sts", "yes", "--explain"),
                     json_events=False)
    assert "  MTA-STS   enforce, by the policy of pair.org.test" in run.out
    assert "TLS verify (the MTA-STS policy of pair.org.test is enforced)" in \
        run.out


def probe(place, cache, name, *args, **how):
    return smtpsend("--probe", "--allow-loopback-mx", "--resolver",
                    place.world.resolver, "--port",
                    place.port, "--mta-sts", "yes", "--ca", certificates().ca,
                    *args, f"{name}.org.test", stdin=b"",
                    env={**os.environ, "LC_ALL": "C.UTF-8",
                         "XDG_CACHE_HOME": str(cache)}, **how)


def test_probe(place, tmp_path):
    with place.server("two"), place.server("pair"):
        run = probe(place, tmp_path, "pair")
        text = probe(place, tmp_path, "pair", json_events=False)
    hosts = {e["host"]: e for e in run.of("probe")}
    assert {e["mta_sts"] for e in hosts.values()} == {
        "enforce, by the policy of pair.org.test (1 mx, id a1)"}
    assert hosts["pair.example.test"]["reachable"]
    assert "does not name it" in str(hosts["two.example.test"])
    assert "pair.org.test: MTA-STS enforce, by the policy of" in text.out
    assert "the MTA-STS policy of pair.org.test does not name it" in text.out


def test_probe_without_a_policy(place, tmp_path):
    with place.server("missing"):
        run = probe(place, tmp_path, "missing", json_events=False)
    assert run.rc == 0, run
    assert "missing.org.test: MTA-STS none: https://mta-sts.missing.org.test" \
        in run.out
