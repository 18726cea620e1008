# SPDX-License-Identifier: ISC
"""Reports of TLS to the domains that ask for them (RFC 8460; issue 10)."""

import contextlib
import datetime
import email
import hashlib
import http.server
import json
import os
import re
import signal
import struct
import subprocess
import threading
from pathlib import Path

import pytest

from dkim_support import Keys, by_dkimpy
from fakedns import SERVFAIL, FakeDns
from faults_support import STARTTLS, certificates, tls_dialogue
from queue_support import SPOOL_UID, wait_for
from runner_support import QUICK, QueueBox
from scripted import Server, dialogue, drop, raw_then

DOMAIN, OTHER, CONTACT = "y.example", "z.example", "tls@example.org"
SUBMITTER = "box.example.net"
CLOCK = Path(__file__).parents[1] / "queue" / "preload_clock.c"


def txt(text):
    """A TXT record in strings of 255 octets."""
    raw = text if isinstance(text, bytes) else text.encode()
    return b"".join(bytes([len(part)]) + part for part in
                    (raw[i:i + 255] for i in range(0, len(raw) or 1, 255)))


def mx_of(domain):
    return f"{domain[0]}.example.test"          # as certificates have it


class World:
    """A machine with a queue, a resolver, and mail exchangers at one port."""

    def __init__(self, machine, dns, srv, config="", queue=""):
        self.dns, self.srv = dns, srv
        for domain in (DOMAIN, OTHER):
            dns.add(domain, "MX", (10, mx_of(domain)))
            dns.add(mx_of(domain), "A", "127.0.0.1")
        dns.add("example.org", "MX", (10, "mx.example.test"))
        dns.add("mx.example.test", "A", "127.0.0.1")
        self.box = QueueBox(
            machine, queue=f"{QUICK}tls-reports = {CONTACT}\n{queue}",
            config=(f"port = {srv.port}\nresolver = 127.0.0.1:{dns.port}\n"
                    f"allow-loopback-mx = yes\nca = /etc/test-ca.pem\n"
                    f"{config}"),
            files={"/etc/test-ca.pem":
                   Path(certificates().ca).read_text()})
        self.folder = self.box.spool / "tlsrpt"

    def asks(self, *texts, domain=DOMAIN):
        self.dns.zone.pop(f"_smtp._tls.{domain}", None)
        self.dns.add(f"_smtp._tls.{domain}", "TXT", *map(txt, texts))

    def mail(self, *to, gone=True):
        self.box.put(*to)
        run = self.box.q()
        assert run.rc == 0, str(run)
        assert (self.box.queue() == []) == gone

    def report(self, what="today"):
        run = self.box.smtpsend("--tls-report", what, stdin=b"")
        assert run.rc == 0, str(run)
        return [json.loads(line) for line in run.out.splitlines()]

    def log(self):
        """From here on there is one: its path."""
        path = self.box.folder / "log"
        path.touch()
        os.chown(path, SPOOL_UID, SPOOL_UID)
        self.box.config = f"log = {path}\n{self.box.config}"
        self.box.configure(self.box.config)
        return path

    def send(self, status=0):
        run = self.box.smtpsend("--tls-report", "send", stdin=b"")
        assert (run.rc, run.out + run.err) == (status, "")

    def days_pass(self, n=1):
        """All that was counted is so many days older: the last day's name."""
        for path in self.folder.glob("*.*"):
            day = datetime.date.fromisoformat(path.name[:10])
            day -= datetime.timedelta(days=n)
            path.rename(path.with_name(f"{day}{path.suffix}"))
        return max(p.name[:10] for p in self.folder.glob("*.counts"))

    def sent(self):
        return "".join(p.read_text() for p in self.folder.glob("*.sent")
                       ).split("\n")

    def received(self):
        """The reports that came by mail, each with its message."""
        found = []
        for raw in (m for c in self.srv.conns for m in c.messages):
            mail = email.message_from_bytes(raw.removesuffix(b".\r\n"))
            if mail["TLS-Report-Domain"]:
                text, part = mail.get_payload()
                assert text.get_content_type() == "text/plain"
                assert part.get_content_type() == "application/tlsrpt+json"
                found.append((mail, json.loads(part.get_payload(decode=True)),
                              raw))
        return found


@pytest.fixture(name="world")
def fixture_world(machine):
    with contextlib.ExitStack() as stack:
        def make(script=None, **how):
            dns = stack.enter_context(FakeDns())
            srv = stack.enter_context(Server(script or tls_dialogue()))
            return World(machine, dns, srv, **how)
        yield make


class Receiver:
    """Takes reports by HTTPS; status: what it says to each, the last again."""

    def __init__(self, *status, cert="good"):
        receiver = self
        self.status, self.got = list(status or (200,)), []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                n = int(self.headers["Content-Length"])
                receiver.got.append((self.path, dict(self.headers),
                                     self.rfile.read(n)))
                status = receiver.status[0]
                if len(receiver.status) > 1:
                    receiver.status.pop(0)
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.socket = certificates().context(cert).wrap_socket(
            self.httpd.socket, server_side=True)
        self.url = f"https://localhost:{self.httpd.server_port}/tls?x=1"
        self.thread = threading.Thread(target=self.httpd.serve_forever,
                                       kwargs={"poll_interval": 0.02})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *end):
        self.httpd.shutdown()
        self.thread.join()
        self.httpd.server_close()


# ---- what is counted ----


def only(report):
    [policy] = report["policies"]
    return policy


def test_counted(world):
    w = world()
    w.mail(f"a@{DOMAIN}")
    w.mail(f"b@{DOMAIN}", f"c@{OTHER}")
    reports = {only(r)["policy"]["policy-domain"]: r for r in w.report()}
    assert set(reports) == {DOMAIN, OTHER}
    assert only(reports[DOMAIN]) == {
        "policy": {"policy-type": "no-policy-found", "policy-domain": DOMAIN},
        "summary": {"total-successful-session-count": 2,
                    "total-failure-session-count": 0}}
    today = datetime.datetime.now(datetime.timezone.utc).date()
    assert reports[OTHER]["organization-name"] == SUBMITTER
    assert reports[OTHER]["contact-info"] == CONTACT
    # a test at midnight may see either day
    assert reports[OTHER]["date-range"]["start-datetime"][10:] == "T00:00:00Z"
    assert abs(datetime.date.fromisoformat(
        reports[OTHER]["date-range"]["end-datetime"][:10]) - today
    ) <= datetime.timedelta(days=1)
    assert w.box.strangers() == []


def test_a_session_of_several_domains(world):
    """It counts once for each, in whatever order their mail comes."""
    w = world()
    w.box.configure(w.box.config.replace("idle = 1s", "idle = 60s", 1))
    w.dns.zone.pop(OTHER, None)
    w.dns.add(OTHER, "MX", (10, mx_of(DOMAIN)))
    with w.box.process("smtpsend", "--daemon") as p:
        wait_for((w.box.run / "control").exists)
        for domain in (DOMAIN, OTHER, DOMAIN, OTHER):
            w.box.sendmail("-f", "me@example.net", f"a@{domain}")
            wait_for(lambda: w.box.queue() == [])
        p.send_signal(signal.SIGTERM)
        assert p.wait(20) == 0
    assert [len(c.messages) for c in w.srv.conns] == [4]
    assert [only(r)["summary"]["total-successful-session-count"]
            for r in w.report()] == [1, 1]


def details(w):
    [r] = w.report()
    policy = only(r)
    assert policy["summary"]["total-failure-session-count"] == sum(
        d["failed-session-count"] for d in policy.get("failure-details", []))
    return policy["summary"]["total-successful-session-count"], \
        policy.get("failure-details", [])


def test_no_starttls(world):
    w = world(dialogue())
    w.mail(f"a@{DOMAIN}")
    assert details(w) == (0, [{
        "result-type": "starttls-not-supported", "sending-mta-ip": "127.0.0.1",
        "receiving-mx-hostname": mx_of(DOMAIN), "receiving-ip": "127.0.0.1",
        "receiving-mx-helo": "mx.example.test",
        "failed-session-count": 1,
        "failure-reason-code": "the server offers no STARTTLS"}])


def test_starttls_refused(world):
    w = world(dialogue(STARTTLS, STARTTLS="454 4.7.0 \"not\" now"))
    w.mail(f"a@{DOMAIN}")
    good, [one] = details(w)
    assert (good, one["result-type"]) == (0, "starttls-not-supported")
    assert one["failure-reason-code"] == "454 \"not\" now"


@pytest.mark.parametrize("cert, result", [
    ("wrongname", "certificate-host-mismatch"),
    ("expired", "certificate-expired"),
    ("selfsigned", "certificate-not-trusted"),
    ("unknown", "certificate-not-trusted"),
    ("wrongeku", "validation-failure")])
def test_bad_certificate(world, cert, result):
    """It counts where it is demanded; without a policy TLS is good as it is."""
    w = world(tls_dialogue(cert))
    w.mail(f"a@{DOMAIN}")
    assert details(w) == (1, [])
    w.box.configure(w.box.config.replace("port =", "tls = verify\nport =", 1))
    w.mail(f"b@{DOMAIN}", gone=False)
    good, [one] = details(w)
    assert (good, one["result-type"]) == (1, result)
    assert one["failure-reason-code"].startswith("certificate of ")


def test_handshake_fails_then_clear(world):
    """One failure; what goes in clear after it is no session of its own."""
    w = world(dialogue(STARTTLS, STARTTLS=raw_then(b"220 go on\r\n", drop)))
    w.mail(f"a@{DOMAIN}")
    assert [m for c in w.srv.conns for m in c.messages], "it went in clear"
    good, [one] = details(w)
    assert (good, one["result-type"], one["failed-session-count"]) == \
        (0, "validation-failure", 1)


def test_not_counted(world):
    """By a server that is given, in clear by choice, and where it is off."""
    w = world()
    w.box.configure(w.box.config.replace("port =", "tls = none\nport =", 1))
    w.mail(f"a@{DOMAIN}")
    w.box.configure(w.box.config.replace(
        "port =", "server = 127.0.0.1\nport =", 1))
    w.mail(f"a@{DOMAIN}")
    w.box.configure(w.box.config.replace("tls-reports", "#tls-reports", 1))
    w.mail(f"a@{DOMAIN}")
    w.box.configure(w.box.config.replace(CONTACT, "no", 1))
    w.mail(f"a@{DOMAIN}")
    assert sum(len(c.messages) for c in w.srv.conns) == 4
    assert w.report() == [] and not w.folder.exists()


# ---- under DANE ----


def public_key(cert):
    """The SHA-256 of it, as a TLSA record of matching type 1 has it."""
    pem = subprocess.run(["openssl", "x509", "-noout", "-pubkey", "-in",
                          certificates().path(f"{cert}.pem")], check=True,
                         capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                         input=pem, check=True, capture_output=True).stdout
    return hashlib.sha256(der).digest()


def with_dane(w, *tlsa, level=""):
    """All that the resolver says is secure; the records of DOMAIN's host."""
    name = f"_{w.srv.port}._tcp.{mx_of(DOMAIN)}"
    w.dns.default = lambda q: (
        w.dns.scripts.get((q.name, q.kind)) or
        (lambda q: q.honest(ad=True)))(q)
    if tlsa:
        w.dns.add(name, "TLSA", *tlsa)
    if level:
        w.box.configure(w.box.config.replace(
            "port =", f"tls = {level}\nport =", 1))
    return name


@pytest.mark.parametrize("cert, gone", [("good", True), ("unknown", False)])
def test_tlsa(world, cert, gone):
    w = world()
    digest = public_key(cert)
    with_dane(w, b"\3\1\1" + digest)
    w.mail(f"a@{DOMAIN}", gone=gone)
    policy = only(w.report()[0])
    assert policy["policy"] == {
        "policy-type": "tlsa", "policy-domain": DOMAIN,
        "policy-string": [f"3 1 1 {digest.hex()}"]}
    assert policy["summary"]["total-successful-session-count"] == gone
    if not gone:
        [one] = policy["failure-details"]
        assert one["result-type"] == "tlsa-invalid"
        assert "no TLSA record names" in one["failure-reason-code"]


def faults(w):
    """The failures under DANE, by result."""
    [tlsa] = [p for p in w.report()[0]["policies"]
              if p["policy"]["policy-type"] == "tlsa"]
    return {d["result-type"]: d["receiving-mx-hostname"]
            for d in tlsa["failure-details"]}


def test_tlsa_invalid(world):
    """It goes on, encrypted; the fault is told."""
    w = world()
    with_dane(w, b"\0\1\1" + bytes(32))
    w.mail(f"a@{DOMAIN}")
    assert faults(w) == {"tlsa-invalid": mx_of(DOMAIN)}


def test_tlsa_unreadable(world):
    """Of a usage that counts, with what is no key."""
    w = world()
    with_dane(w, b"\3\1\0" + bytes(32), level="dane-only")
    w.mail(f"a@{DOMAIN}", gone=False)
    assert faults(w) == {"tlsa-invalid": mx_of(DOMAIN)}


def test_dnssec_invalid(world):
    w = world()
    name = with_dane(w)
    w.dns.script(name, "TLSA", lambda q: q.answer(rcode=SERVFAIL))
    w.mail(f"a@{DOMAIN}", gone=False)
    assert faults(w) == {"dnssec-invalid": mx_of(DOMAIN)}


def test_dane_required(world):
    w = world()
    with_dane(w, level="dane-only")
    w.mail(f"a@{DOMAIN}", gone=False)
    assert faults(w) == {"dane-required": mx_of(DOMAIN)}


def test_report_under_dane(world):
    """The report goes where the mail does not."""
    w = world()
    with_dane(w, b"\3\1\1" + public_key("unknown"))
    w.asks(f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}")
    w.mail(f"a@{DOMAIN}", gone=False)
    w.days_pass()
    w.send()
    w.box.q()
    assert len(w.received()) == 1
    assert [m.sender for m in w.box.queue()] == ["me@example.net"]


def test_waived_by_the_message(world):
    """Who goes past the records does not count (RFC 8689 5)."""
    w = world()
    with_dane(w, b"\3\1\1" + public_key("unknown"))
    w.box.put(f"a@{DOMAIN}", text=b"TLS-Required: No\nSubject: x\n\nx\n")
    assert w.box.q().rc == 0 and w.box.queue() == []
    assert w.report() == []


# ---- what is sent ----


def test_by_mail(world):
    w = world()
    w.asks(f"v=TLSRPTv1; rua=mailto:tls%2Bin@{DOMAIN}")
    w.mail(f"a@{DOMAIN}", f"b@{OTHER}")
    day = w.days_pass()
    [expected] = [r for r in w.report(day)
                  if only(r)["policy"]["policy-domain"] == DOMAIN]
    w.send()
    [mail] = w.box.queue()
    assert (mail.sender, mail.rcpts) == ("", [f"tls+in@{DOMAIN}"])
    assert mail.expires == 86400 and mail.uid == SPOOL_UID
    assert w.box.strangers() == []
    w.send()
    assert len(w.box.queue()) == 1
    w.box.q()
    assert w.box.queue() == []
    [(mail, report, _)] = w.received()
    assert report == expected
    assert mail["TLS-Report-Domain"] == DOMAIN
    assert mail["TLS-Report-Submitter"] == SUBMITTER
    assert mail["TLS-Required"] == "No"
    assert mail["From"] == CONTACT and mail["To"] == f"<tls+in@{DOMAIN}>"
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "tlsrpt"
    assert re.sub(r"\s+", " ", mail["Subject"]) == (
        f"Report Domain: {DOMAIN} Submitter: {SUBMITTER} "
        f"Report-ID: <{report['report-id']}>")
    assert w.report() == [], "the report's own session does not count"


def test_by_https(world):
    with Receiver() as there:
        w = world()
        w.asks(f"v=TLSRPTv1; rua={there.url}")
        w.mail(f"a@{DOMAIN}")
        day = w.days_pass()
        w.send()
        w.send()
        [(path, head, body)] = there.got
        assert path == "/tls?x=1"
        assert head["Content-Type"] == "application/tlsrpt+json"
        assert [json.loads(body)] == w.report(day)


def test_https_again(world):
    """Until somebody takes it; a redirect is not followed."""
    with Receiver(500, 302, 404, 201) as there:
        w = world()
        w.asks(f"v=TLSRPTv1; rua={there.url},mailto:tls@{DOMAIN}")
        w.mail(f"a@{DOMAIN}")
        w.days_pass()
        for _ in range(3):
            w.send(status=75)
        w.send()
        w.send()
        assert [path for path, _, _ in there.got] == ["/tls?x=1"] * 4
        assert len({body for _, _, body in there.got}) == 1
    assert len(w.box.queue()) == 1


@pytest.mark.parametrize("cert", ["expired", "wrongname", "unknown"])
def test_https_is_checked(world, cert):
    with Receiver(cert=cert) as there:
        w = world()
        log = w.log()
        w.asks(f"v=TLSRPTv1; rua={there.url}")
        w.mail(f"a@{DOMAIN}")
        w.days_pass()
        w.send(status=75)
        assert "tried again later" in log.read_text()
        w.days_pass()       # a day and four hours after it was due
        w.days_pass()
        w.send()
        assert "given up" in log.read_text()
        w.send()
        assert there.got == [] and log.read_text().count("TLS report of") == 2


def test_nobody_asks(world):
    w = world()
    w.mail(f"a@{DOMAIN}")
    w.days_pass()
    w.send()
    w.send()
    assert w.dns.count(f"_smtp._tls.{DOMAIN}") == 1
    assert w.box.queue() == [] and "*" in w.sent()


def test_dns_fails(world):
    w = world()
    w.mail(f"a@{DOMAIN}")
    w.days_pass()
    w.dns.script(f"_smtp._tls.{DOMAIN}", "TXT",
                 lambda q: q.answer(rcode=SERVFAIL))
    w.send(status=75)
    del w.dns.scripts[f"_smtp._tls.{DOMAIN}", "TXT"]
    w.asks(f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}")
    w.send()
    assert len(w.box.queue()) == 1


GOOD = f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}"


@pytest.mark.parametrize("texts", [
    [GOOD, GOOD],
    ["v=TLSRPTv1"],
    ["v=TLSRPTv1;"],
    [GOOD + "; rua=mailto:b@y.example"],
    ["v=TLSRPTv1; rua=mailto:tls@y.example%0d%0aBcc:x@y.example"],
    ["v=TLSRPTv1; rua=mailto:tls@y.example\r\nBcc: x@y.example"],
    ["v=TLSRPTv1; rua=mailto:tls%00@y.example"],
    ["v=TLSRPTv1; rua=mailto:a@b@y.example"],
    ["v=TLSRPTv1; rua=mailto:%40"],
    ["v=TLSRPTv1; rua=mailto:a@y.example%2cb@y.example"],
    ["v=TLSRPTv1; rua=http://localhost/,ftp://localhost/"],
    ["v=TLSRPTv1; rua=https://"],
    ["v=TLSRPTv1; rua=https://u:p@localhost/"],
    [b"v=TLSRPTv1; rua=mailto:\xff\xfe@y.example"],
    ["v=TLSRPTv1; " + "x=y; " * 2000 + "rua=mailto:tls@y.example"],
], ids=range(15))
def test_hostile_records(world, texts):
    """Nothing is sent, and it is over."""
    w = world()
    w.asks(*texts)
    w.mail(f"a@{DOMAIN}")
    w.days_pass()
    w.send()
    assert w.box.queue() == [] and "*" in w.sent()


def test_many_domains(world):
    """Asked for several at a time, each once."""
    w = world()
    w.mail(f"a@{DOMAIN}")
    [path] = w.folder.glob("*.counts")
    names = [f"d{i}.example" for i in range(500)]
    with path.open("a") as f:
        f.writelines(f"3\t{name}\tno-policy-found\t\t\tsuccessful\t\n"
                     for name in names)
    for name in names[::100]:
        w.asks(f"v=TLSRPTv1; rua=mailto:tls@{name}", domain=name)
    w.days_pass()
    w.send()
    w.send()
    assert sorted(m.rcpts[0] for m in w.box.queue()) == sorted(
        f"tls@{name}" for name in names[::100])
    assert sum(q.name.startswith("_smtp._tls.") for q in w.dns.asked) == 501


def test_other_texts(world):
    """What is no such record does not count; five ways are four."""
    w = world()
    w.asks("v=spf1 -all", "v=TLSRPTv2; rua=mailto:x@y.example", "",
           "v=TLSRPTv1; rua=" + ",".join(
               f"mailto:{c}@y.example" for c in "abcde"))
    w.mail(f"a@{DOMAIN}")
    w.days_pass()
    w.send()
    assert sorted(m.rcpts[0][0] for m in w.box.queue()) == list("abcd")


def test_signed(world, tmp_path):
    keys = Keys(tmp_path)
    w = world()
    log = w.log()
    w.asks(f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}")
    folder = w.box.machine.etc / "dkim"
    folder.mkdir()
    for path in tmp_path.iterdir():
        if path.is_file():
            copy = folder / path.name
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o600)
            os.chown(copy, SPOOL_UID, SPOOL_UID)
    w.box.configure(w.box.config.replace(
        "[local]", keys.section().replace(str(tmp_path), "/etc/dkim") +
        "\n[local]", 1))
    w.mail(f"a@{DOMAIN}")
    w.days_pass()
    w.send()
    w.box.q()
    [(mail, _, raw)] = w.received()
    assert mail["From"].endswith("@example.org")
    [found] = by_dkimpy(keys.records, [raw.removesuffix(b".\r\n")])
    assert found == {"r1": True, "e1": True}
    assert "not signed" not in log.read_text()


def test_unsigned(world):
    """It goes out, and the log says once that it is of no use."""
    w = world()
    log = w.log()
    for domain in (DOMAIN, OTHER):
        w.asks(f"v=TLSRPTv1; rua=mailto:tls@{domain}", domain=domain)
    w.mail(f"a@{DOMAIN}", f"b@{OTHER}")
    w.days_pass()
    w.send()
    assert len(w.box.queue()) == 2
    assert log.read_text().count("no [dkim] section is for example.org") == 1
    assert log.read_text().count("is in the queue, to tls@") == 2


def test_refused_report(world):
    """Nobody is told, nothing is kept."""
    w = world(tls_dialogue(RCPT=["250 ok", "550 5.1.1 nobody"]),
              queue="postmaster = root@y.example")
    w.asks(f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}")
    w.mail(f"a@{DOMAIN}")
    w.days_pass()
    w.send()
    assert len(w.box.queue()) == 1
    w.box.q()
    assert w.box.queue() == []
    assert list((w.box.spool / "held").glob("*")) == []
    assert len(w.srv.conns) == 2


@pytest.mark.parametrize("script", [tls_dialogue("selfsigned"), dialogue()],
                         ids=["selfsigned", "clear"])
def test_report_needs_no_tls(world, script):
    """It is what tells of the fault that keeps other mail."""
    w = world(script, config="tls = verify")
    w.asks(f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}")
    w.mail(f"a@{DOMAIN}", gone=False)
    w.days_pass()
    w.send()
    w.box.q()
    [(_, report, _)] = w.received()
    assert only(report)["summary"]["total-failure-session-count"] == 1
    assert [m.sender for m in w.box.queue()] == ["me@example.net"]


# ---- several at once, and those who die ----


def test_two_runners(world):
    w = world()
    for i in range(30):
        w.box.put(f"u{i}@{DOMAIN}", f"u{i}@{OTHER}")
    runners = [w.box.process("sendmail", "-q") for _ in range(3)]
    assert [p.wait(60) for p in runners] == [0, 0, 0]
    good = [only(r)["summary"] for r in w.report()]
    # a session counts for each domain whose mail it had
    assert sum(s["total-successful-session-count"] for s in good) == \
        len(w.srv.conns)
    assert all(s["total-failure-session-count"] == 0 for s in good)


def test_broken_files(world):
    """They never stop mail."""
    w = world()
    w.mail(f"a@{DOMAIN}")
    [path] = w.folder.glob("*.counts")
    with path.open("ab") as f:
        f.write(b"99\ty.example\tno-policy-fo")
    w.mail(f"a@{DOMAIN}")
    assert details(w) == (2, [])
    path.write_bytes(os.urandom(100000))
    w.mail(f"a@{DOMAIN}")
    assert details(w) == (1, [])
    path.unlink()
    path.mkdir()
    w.mail(f"a@{DOMAIN}")
    path.rmdir()
    os.mkfifo(path)
    w.mail(f"a@{DOMAIN}")
    path.unlink()
    w.folder.rmdir()
    w.folder.write_text("no folder")
    w.mail(f"a@{DOMAIN}")
    assert sum(len(c.messages) for c in w.srv.conns) == 6


def test_bounded_file(world):
    w = world()
    w.mail(f"a@{DOMAIN}")
    [path] = w.folder.glob("*.counts")
    with path.open("ab") as f:
        f.truncate(33 << 20)
    w.mail(f"a@{DOMAIN}")
    assert path.stat().st_size == 33 << 20


def test_old_days_go(world):
    w = world()
    w.mail(f"a@{DOMAIN}")
    w.days_pass()
    w.send()
    w.days_pass(5)
    w.send()
    assert len(list(w.folder.glob("2*"))) == 2
    w.days_pass(2)
    w.send()
    assert list(w.folder.glob("2*")) == []


class Stalling(Receiver):
    """Says nothing to the second until it is told to."""

    def __init__(self):
        super().__init__()
        go_on, plain = threading.Event(), self.httpd.RequestHandlerClass
        self.go_on, self.count = go_on, 0
        receiver = self

        class Handler(plain):
            def do_POST(self):
                receiver.count += 1
                if receiver.count == 2:
                    go_on.wait(30)
                with contextlib.suppress(OSError):
                    super().do_POST()

        self.httpd.RequestHandlerClass = Handler


def test_killed_between(world):
    """What was posted is not posted again; meanwhile nobody else sends."""
    with Stalling() as there:
        w = world()
        for domain in (DOMAIN, OTHER):
            w.asks(f"v=TLSRPTv1; rua={there.url}&for={domain},"
                   f"mailto:tls@{domain}", domain=domain)
        w.mail(f"a@{DOMAIN}", f"a@{OTHER}")
        w.days_pass()
        with w.box.process("smtpsend", "--tls-report", "send") as p:
            wait_for(lambda: there.count == 2)
            w.send(status=75)
            p.send_signal(signal.SIGKILL)
        assert len(w.box.queue()) == 1
        there.go_on.set()
        w.send()
    posted = [path.rpartition("=")[2] for path, _, _ in there.got]
    assert posted.count(DOMAIN) == 1 and 1 <= posted.count(OTHER) <= 2
    assert sorted(m.rcpts[0] for m in w.box.queue()) == [
        f"tls@{DOMAIN}", f"tls@{OTHER}"]


def test_killed_before_the_note(world):
    """A mail is queued once, even if nobody knows that it was."""
    w = world()
    w.asks(f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}")
    w.mail(f"a@{DOMAIN}")
    w.days_pass()
    w.send()
    for path in w.folder.glob("*.sent"):
        path.unlink()
    w.send()
    assert len(w.box.queue()) == 1


# ---- the daemon ----


def test_daemon_sends(world):
    """At once what is due, by a child; nothing of today."""
    w = world()
    w.asks(f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}")
    w.mail(f"a@{DOMAIN}")
    w.days_pass(2)
    w.mail(f"a@{OTHER}")
    with w.box.process("smtpsend", "--daemon") as p:
        wait_for(w.received)
        wait_for(lambda: "*" in w.sent())
        p.send_signal(signal.SIGTERM)
        assert p.wait(20) == 0
    assert w.dns.count(f"_smtp._tls.{OTHER}") == 0
    assert len(w.received()) == 1


def test_daemon_through_midnight(world):
    """What it has counted is of the day before; its reports follow."""
    w = world()
    w.asks(f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}")
    preload, clock = w.box.folder / "clock.so", w.box.folder / "clock"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", preload, CLOCK],
                   check=True)
    clock.write_bytes(struct.pack("q", 0))
    with w.box.process("smtpsend", "--daemon", LD_PRELOAD=str(preload),
                       CLOCK_FILE=str(clock)) as p:
        wait_for((w.box.run / "control").exists)
        w.box.sendmail("-f", "me@example.net", f"a@{DOMAIN}")
        wait_for(lambda: w.box.queue() == [])
        clock.write_bytes(struct.pack("q", 29 * 3600))
        w.box.sendmail("-f", "me@example.net", f"b@{OTHER}")
        wait_for(w.received)
        p.send_signal(signal.SIGTERM)
        assert p.wait(20) == 0
    [(_, report, _)] = w.received()
    assert only(report)["policy"]["policy-domain"] == DOMAIN


# ---- the option ----


def test_option(world):
    w = world()
    for what, status in (("yesterday", 64), ("2026-02-30", 64), ("", 64),
                         ("today", 0), ("2026-02-28", 0), ("send", 0)):
        run = w.box.smtpsend("--tls-report", what, stdin=b"")
        assert (run.rc, run.out) == (status, "")
        assert run.err.count("\n") == (status != 0)
    run = w.box.smtpsend("--tls-report", "today", uid=1234, stdin=b"")
    assert run.rc == 77 and "not yours" in run.err
    run = w.box.smtpsend("--tls-report", "today", "bob@example.org", stdin=b"")
    assert run.rc == 64
    w.box.configure(w.box.config.replace("tls-reports", "#tls-reports", 1))
    run = w.box.smtpsend("--tls-report", "send", stdin=b"")
    assert run.rc == 78 and "tls-reports" in run.err


@pytest.mark.parametrize("value", ["yes", "bob", "<>", "b\u00f6b@example.org",
                                   "a@[127.0.0.1]", ""])
def test_bad_contact(world, value):
    w = world()
    w.box.configure(w.box.config.replace(CONTACT, value, 1))
    run = w.box.smtpsend("--tls-report", "today", stdin=b"")
    assert run.rc == 78 and "wanted" in run.err and run.err.count("\n") == 1
