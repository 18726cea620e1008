# SPDX-License-Identifier: ISC
"""DANE (RFC 7672): TLSA records in zones that NSD serves and Unbound validates.

FAULTS.md rows 15 to 17.  What must not be said in clear is looked for on the
wire, in the octets as they came.
"""

import hashlib
import json
import os
import subprocess

import pytest

from faults_support import (MESSAGE, OK, STARTTLS, TEMPFAIL, Server,
                            certificates, check, smtpsend, tls_dialogue)
from fakedns import FakeDns
from queue_support import wait_for
from runner_support import QUICK, QueueBox
from scripted import dialogue
from servers.process import free_port
from servers.signed import SignedWorld

NO_TLS = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
NET = f"127.{20 + os.getpid() % 200}.7."


def der(cert, key=False):
    """The octets of a certificate, or of its key."""
    path = certificates().path(f"{cert}.pem")
    pem = subprocess.run(["openssl", "x509", "-in", path] +
                         (["-noout", "-pubkey"] if key else []),
                         check=True, capture_output=True).stdout
    form = ["pkey", "-pubin"] if key else ["x509"]
    return subprocess.run(["openssl", *form, "-outform", "DER"], input=pem,
                          check=True, capture_output=True).stdout


def tlsa(usage, selector, matching, cert):
    data = der(cert, key=selector == 1)
    if matching:
        data = hashlib.new(["", "sha256", "sha512"][matching], data).digest()
    return ("TLSA", f"{usage} {selector} {matching} {data.hex()}")


# the MX host of NAME.org.test is NAME.example.test, with these records
HOSTS = {
    "ee": lambda: [tlsa(3, 1, 1, "good")],
    "cert": lambda: [tlsa(3, 0, 2, "good")],
    "expired": lambda: [tlsa(3, 1, 1, "expired")],
    "selfsigned": lambda: [tlsa(3, 1, 2, "selfsigned")],
    "elsewhere": lambda: [tlsa(3, 1, 1, "wrongname")],
    "ta": lambda: [tlsa(2, 0, 0, "ca")],
    "takey": lambda: [tlsa(2, 1, 0, "ca")],
    "other": lambda: [tlsa(3, 1, 1, "unknown")],
    "otherta": lambda: [tlsa(2, 0, 0, "otherca")],
    "two": lambda: [tlsa(3, 1, 1, "unknown"), tlsa(3, 1, 1, "good")],
    "unusable": lambda: [tlsa(1, 1, 1, "good"), tlsa(0, 0, 1, "ca")],
    "garbage": lambda: [("TLSA", "3 1 0 00112233")],
    "none": lambda: [],
    "unseen": lambda: [("CNAME", "_dane.bogus.")],
    "many": lambda: [("TLSA", f"3 1 1 {n:064x}") for n in range(300)],
}
CERTS = {"expired": "expired", "selfsigned": "selfsigned",
         "elsewhere": "wrongname"}


class Place:
    """The zones, and the one port that all servers of the tests are on."""

    def __init__(self, folder):
        self.port = free_port()
        names, plain = {}, {}
        for n, (name, records) in enumerate(HOSTS.items()):
            host = f"{name}.example.test"
            names[f"{name}.org.test"] = [("MX", f"10 {host}.")]
            names[host] = [("A", f"{NET}{10 + n}")]
            names[f"_{self.port}._tcp.{host}"] = records()
        here = f"_{self.port}._tcp."
        names["pair.org.test"] = [("MX", "10 unseen.example.test."),
                                  ("MX", "20 ee.example.test.")]
        names["alone.example.test"] = [("A", f"{NET}200")]
        names[f"{here}alone.example.test"] = [tlsa(2, 0, 0, "ca")]
        names["alias.org.test"] = [("MX", "10 alias.example.test.")]
        names["alias.example.test"] = [("CNAME", "ee.example.test.")]
        names["half.org.test"] = [("MX", "10 host.bogus.")]
        names["far.org.test"] = [("MX", "10 host.plain.")]
        plain["host.plain"] = [("A", f"{NET}201")]
        plain[f"{here}host.plain"] = [tlsa(3, 1, 1, "unknown")]
        plain["shared.plain"] = [("MX", "10 ee.example.test.")]
        plain["strict.plain"] = [("MX", "10 other.example.test.")]
        bogus = {"host.bogus": [("A", f"{NET}202")],
                 "mx.bogus": [("MX", "10 ee.example.test.")],
                 "_dane.bogus": [tlsa(3, 1, 1, "good")]}
        self.world = SignedWorld(folder, names, {"plain.": ("unsigned", plain),
                                                 "bogus.": ("bogus", bogus)})

    def address(self, name):
        return f"{NET}{10 + list(HOSTS).index(name)}"

    def server(self, name, script=None, at=None):
        """The host's own good server, unless there is a script."""
        script = script or tls_dialogue(CERTS.get(name, "good"))
        return Server(script, address=at or self.address(name), port=self.port)

    def names(self):
        """DNS, and what vouches for it."""
        return ("--resolver", self.world.resolver, "--trust-anchor",
                self.world.nsd.anchor)

    def send(self, *to, level="dane", args=(), **how):
        return smtpsend(*self.names(), "--port", self.port,
                        "--allow-loopback-mx", "--tls", level, "--helo",
                        "client.test", "-f", "alice@client.test", *args, *to,
                        **how)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    p = Place(tmp_path_factory.mktemp("dane"))
    with p.world:
        yield p


def never_in_clear(server):
    """Not a word of a mail, nor of its text, was on the wire."""
    assert server.conns
    for conn in server.conns:
        seen = bytes(conn.wire).upper()
        for word in (b"MAIL FROM", b"RCPT TO", b"ALICE", b"BOB", b"HELLO"):
            assert word not in seen, seen


def to(name):
    return f"bob@{name}.org.test"


def tls_events(run):
    return [e for e in run.events if e["event"] == "tls"]


GOOD = ["ee", "cert", "expired", "selfsigned", "elsewhere", "ta", "takey",
        "two"]


@pytest.mark.parametrize("level", ["dane", "dane-only"])
@pytest.mark.parametrize("name", GOOD)
def test_a_record_that_holds(place, name, level):
    with place.server(name) as srv:
        run = place.send(to(name), level=level, args=("-v",))
    check(run, OK, to=to(name), status="delivered", tls="TLSv1.3")
    never_in_clear(srv)
    [seen] = tls_events(run)
    assert seen["verdict"] == "trusted" and seen["level"] == "dane"
    assert seen["tlsa"][:5] in ("3 1 1", "3 0 2", "3 1 2", "2 0 0", "2 1 0")
    assert srv.conns[0].sni == f"{name}.example.test"


@pytest.mark.parametrize("level", ["dane", "dane-only"])
@pytest.mark.parametrize("name", ["other", "otherta", "many"])
def test_a_record_of_another(place, name, level):
    with place.server(name) as srv:
        run = place.send(to(name), level=level)
    check(run, TEMPFAIL, to=to(name), status="deferred", enhanced="4.7.5")
    never_in_clear(srv)
    assert len(srv.conns) == 1


@pytest.mark.parametrize("name", ["ee", "ta", "unusable", "garbage", "many"])
def test_no_starttls_where_there_are_records(place, name):
    with place.server(name, dialogue(NO_TLS)) as srv:
        run = place.send(to(name))
    check(run, TEMPFAIL, to=to(name), status="deferred", enhanced="4.7.4")
    never_in_clear(srv)


@pytest.mark.parametrize("reply", ["454 4.7.0 not now", "502 5.5.1 no"])
def test_starttls_refused_where_there_are_records(place, reply):
    with place.server("ee", dialogue(STARTTLS, STARTTLS=reply)) as srv:
        run = place.send(to("ee"))
    check(run, TEMPFAIL, to=to("ee"), status="deferred")
    never_in_clear(srv)


@pytest.mark.parametrize("name", ["unusable", "garbage"])
def test_row_17_unusable(place, name):
    """Encrypted, by any certificate; dane-only wants one that is named."""
    with place.server(name, tls_dialogue("unknown")) as srv:
        run = place.send(to(name), args=("-v",))
    check(run, OK, to=to(name), status="delivered", tls="TLSv1.3")
    never_in_clear(srv)
    [seen] = tls_events(run)
    assert seen["verdict"] == "untrusted" and seen["level"] == "encrypt"
    with place.server(name) as srv:
        run = place.send(to(name), level="dane-only")
    check(run, TEMPFAIL, to=to(name), status="deferred", enhanced="4.7.5")
    for conn in srv.conns:
        assert b"MAIL" not in conn.wire


def test_none(place):
    with place.server("none", dialogue(NO_TLS)) as srv:
        run = place.send(to("none"))
    check(run, OK, to=to("none"), status="delivered")
    assert srv.conns[0].final_dot
    run = place.send(to("none"), level="dane-only")
    check(run, TEMPFAIL, to=to("none"), status="deferred", enhanced="4.7.5",
          text=lambda t: "has no TLSA records" in t)


@pytest.mark.parametrize("domain", ["far.org.test", "shared.plain",
                                    "strict.plain"])
def test_where_dnssec_does_not_vouch(place, domain):
    """By host or by MX: the records are as if they were not there."""
    at = {"far.org.test": f"{NET}201", "shared.plain": place.address("ee"),
          "strict.plain": place.address("other")}[domain]
    with place.server("none", dialogue(NO_TLS), at=at) as srv:
        run = place.send(f"bob@{domain}")
    check(run, OK, to=f"bob@{domain}", status="delivered")
    assert srv.conns[0].final_dot
    run = place.send(f"bob@{domain}", level="dane-only")
    check(run, TEMPFAIL, to=f"bob@{domain}", enhanced="4.7.5",
          text=lambda t: "not validated by DNSSEC" in t)


@pytest.mark.parametrize("domain", ["mx.bogus", "half.org.test"])
@pytest.mark.parametrize("level", ["may", "dane", "dane-only"])
def test_row_15_bogus(place, domain, level):
    run = place.send(f"bob@{domain}", level=level)
    check(run, TEMPFAIL, to=f"bob@{domain}", status="deferred",
          text=lambda t: ("SERVFAIL" if level == "may" else "bogus") in t)


def test_row_16_tlsa_not_to_be_seen(place):
    """Not that host; the next one, if there is one."""
    with place.server("unseen", dialogue(NO_TLS)) as bad, \
            place.server("ee") as good:
        run = place.send(to("pair"), "bob@unseen.org.test")
    assert run.results[to("pair")]["status"] == "delivered"
    assert run.results[to("pair")]["host"] == "ee.example.test"
    check(run, TEMPFAIL, to=to("unseen"), status="deferred", enhanced="4.7.5",
          text=lambda t: "TLSA lookup of" in t)
    assert not bad.conns
    never_in_clear(good)


def test_no_mx(place):
    with place.server("none", tls_dialogue(), at=f"{NET}200") as srv:
        run = place.send("bob@alone.example.test", level="dane-only")
    check(run, OK, to="bob@alone.example.test", status="delivered")
    never_in_clear(srv)


def test_an_alias(place):
    """The records at the end of the CNAME, and its name in SNI."""
    with place.server("ee") as srv:
        run = place.send(to("alias"), level="dane-only")
    check(run, OK, to=to("alias"), status="delivered")
    assert srv.conns[0].sni == "ee.example.test"


def test_two_policies_at_one_host(place):
    """ee.org.test has DANE there, shared.plain has not: no connection is
    shared, and neither is met with what is demanded for the other."""
    with place.server("ee", tls_dialogue("unknown")) as srv:
        run = place.send(to("ee"), "bob@shared.plain")
    assert run.results[to("ee")]["status"] == "deferred"
    assert run.results[to("ee")]["enhanced"] == "4.7.5"
    assert run.results["bob@shared.plain"]["status"] == "delivered"
    assert run.results["bob@shared.plain"]["tls"] == "TLSv1.3"
    assert len(srv.conns) == 2
    with place.server("ee") as srv:
        run = place.send(to("ee"), "bob@shared.plain")
    assert run.rc == OK and len(srv.conns) == 2


def test_server(place):
    """--server NAME has records, too; an address has none."""
    with place.server("ee") as srv:
        run = place.send(to("ee"), level="dane-only",
                         args=("--server", "ee.example.test"))
        check(run, OK, to=to("ee"), status="delivered")
        run = place.send(to("ee"), level="dane-only",
                         args=("--server", place.address("ee")))
        check(run, TEMPFAIL, to=to("ee"), enhanced="4.7.5",
              text=lambda t: "an address has no TLSA records" in t)
    never_in_clear(srv)


def test_explain(place):
    run = place.send(to("ee"), to("none"), "bob@shared.plain",
                     args=("--explain",))
    plans = {e["domain"]: e for e in run.of("explain")}
    [host] = plans["ee.org.test"]["hosts"]
    assert host["tls"] == "dane" and host["tlsa"][0].startswith("3 1 1 ")
    assert host["tls_why"] == \
        f"1 TLSA record of _{place.port}._tcp.ee.example.test"
    [host] = plans["none.org.test"]["hosts"]
    assert (host["tls"], host["tlsa"]) == ("may", [])
    [host] = plans["shared.plain"]["hosts"]
    assert host["tls_why"] == \
        "the MX records of shared.plain are not validated by DNSSEC"
    assert plans["ee.org.test"]["tls"] == "dane"
    run = place.send(to("ee"), args=("--explain",), json_events=False)
    assert f"TLS dane (1 TLSA record of _{place.port}._tcp" in run.out


def test_transcript(place):
    with place.server("ee"):
        run = place.send(to("ee"), args=("-v",), json_events=False)
    assert "dane, 1 TLSA record of" in run.text
    assert "trusted by TLSA 3 1 1 " in run.text


def test_may_asks_for_nothing(place):
    with place.server("other"):
        run = place.send(to("other"), level="may", args=("-v",))
    check(run, OK, to=to("other"), status="delivered")
    assert not [e for e in run.events if e.get("type") == "TLSA"]


@pytest.mark.parametrize("field, clear", [("TLS-Required: No", True),
                                          ("tls-required:\r\n no", True),
                                          ("TLS-Required: Yes", False)])
def test_tls_required_no(place, field, clear):
    """RFC 8689 4.1: the sender rather has it sent in clear than not."""
    with place.server("ee", dialogue(NO_TLS)) as srv:
        run = place.send(to("ee"), stdin=field.encode() + b"\r\n" + MESSAGE)
        assert (run.rc == OK) == clear, run
    assert srv.conns[0].final_dot == clear
    if not clear:
        never_in_clear(srv)


def test_requiretls(place):
    """The certificate is one that the TLSA records name; where DNSSEC vouches
    for no MX record, it could be anybody's."""
    words = ("-O", "requiretls=yes", "--ca", certificates().ca)
    offers = (*STARTTLS, "REQUIRETLS")
    with place.server("selfsigned",
                      tls_dialogue("selfsigned", caps=offers)) as srv:
        run = place.send(to("selfsigned"), args=words)
    check(run, OK, to=to("selfsigned"), status="delivered", policy="dane")
    never_in_clear(srv)
    with place.server("none", tls_dialogue(caps=offers)) as srv:
        run = place.send(to("none"), args=words)
    check(run, OK, to=to("none"), status="delivered", policy="verify")
    run = place.send("bob@shared.plain", args=words)
    check(run, TEMPFAIL, to="bob@shared.plain", enhanced="4.7.30")


@pytest.mark.parametrize("name, level, rc, trusted", [
    ("ee", "dane", 0, True), ("expired", "dane", 0, True),
    ("other", "dane", 77, False), ("ta", "dane-only", 0, True),
    ("unusable", "dane", 0, False), ("none", "dane", 0, False)])
def test_probe(place, name, level, rc, trusted):
    """Trusted or not by its TLSA records; where none count nobody has to be."""
    with place.server(name):
        run = smtpsend(*place.names(), "--port", place.port, "--allow-loopback-mx", "--tls", level,
                       "--probe", f"{name}.org.test")
    assert run.rc == rc, run
    [seen] = [e for e in run.events if e.get("tls")]
    assert seen["tls"]["trusted"] == trusted, run
    assert bool(seen["tls"]["tlsa"]) == trusted


def test_probe_without_starttls(place):
    for name, rc in (("ee", 76), ("none", 0)):
        with place.server(name, dialogue(NO_TLS)):
            run = smtpsend(*place.names(), "--port", place.port,
                           "--allow-loopback-mx", "--tls", "dane",
                           "--probe", f"{name}.org.test", json_events=False)
        assert run.rc == rc, run


def test_the_queue_goes_by_dane(place, machine):
    """Without a word in the configuration; with one it is what that says."""
    ways = f"resolver = {place.world.resolver}\nport = {place.port}\n" \
        f"trust-anchor = {place.world.nsd.anchor}\n" \
        "allow-loopback-mx = yes\n"
    box = QueueBox(machine, config=ways)
    with place.server("ee", dialogue(NO_TLS)) as srv:
        box.put(to("ee"))
        box.q()
    assert box.states() == ["P"]
    never_in_clear(srv)
    why = box.command("mailq", "why", box.files()[0].name, stdin=b"")
    assert "TLS is required (dane)" in why.out, why
    with place.server("ee") as srv:
        wait_for(lambda: (box.q(), box.states())[1] == [])
    never_in_clear(srv)
    box = QueueBox(machine, config=ways + "tls = may\n")
    with place.server("ee", dialogue(NO_TLS)) as srv:
        box.put(to("ee"))
        box.q()
    assert box.states() == [] and srv.conns[0].final_dot


def rounds(zone, *expected, **how):
    """What was asked, a round at a time, where DNSSEC vouches for all."""
    with FakeDns() as dns:
        dns.default = lambda q: dns.lookup(q, ad=True)
        for name, kind, value in zone:
            dns.add(name, kind, value)
        dns.expect_rounds(*expected)
        run = smtpsend("--resolver", f"127.0.0.1:{dns.port}", "--explain",
                       "--allow-loopback-mx", "--tls", "dane", "--dnssec",
                       "trust-ad", "bob@a.test", **how)
        assert run.rc == OK, run
        return dns.rounds


def test_no_round_trip_more():
    """The TLSA records are asked along with the addresses; those of a domain
    without MX records, or at the end of a CNAME, after them."""
    first = {("a.test", "MX"), ("a.test", "A"), ("a.test", "AAAA")}
    second = {("mx.test", "A"), ("mx.test", "AAAA"),
              ("_25._tcp.mx.test", "TLSA")}
    mx = ("a.test", "MX", (10, "mx.test"))
    record = bytes([3, 1, 1]) + bytes(32)
    assert rounds([mx, ("mx.test", "A", "127.0.0.1"),
                   ("_25._tcp.mx.test", "TLSA", record)],
                  first, second) == [first, second]
    end = {("_25._tcp.end.test", "TLSA")}
    assert rounds([mx, ("mx.test", "CNAME", "end.test"),
                   ("end.test", "A", "127.0.0.1")],
                  first, second, end) == [first, second, end]
    own = {("_25._tcp.a.test", "TLSA")}
    assert rounds([("a.test", "A", "127.0.0.1")],
                  first, own) == [first, own]


def test_nobody_waits_for_records_that_do_not_count():
    """Some name servers never answer questions for TLSA; where DNSSEC does not
    vouch for the addresses that is of no importance."""
    with FakeDns() as dns:
        dns.add("a.test", "MX", (10, "mx.test"))
        dns.add("mx.test", "A", "127.0.0.1")
        dns.script("a.test", "MX", lambda q: q.honest(ad=True))
        dns.script("_25._tcp.mx.test", "TLSA", lambda q: None)
        run = smtpsend("--resolver", f"127.0.0.1:{dns.port}", "--explain",
                       "--allow-loopback-mx", "--tls", "dane", "--dnssec",
                       "trust-ad", "bob@a.test")
    [plan] = run.of("explain")
    assert plan["hosts"][0]["tls"] == "may", run
    assert not [e for e in run.events if e.get("why") and "no answer" in
                str(e["why"])]


@pytest.mark.parametrize("name, script, result", [
    ("ee", tls_dialogue, None), ("other", tls_dialogue, "tlsa-invalid"),
    ("ee", lambda: dialogue(NO_TLS), "starttls-not-supported")],
    ids=["good", "other", "clear"])
def test_reported(place, machine, name, script, result):
    """RFC 8460 4.3: by which policy, and what was wrong by it."""
    box = QueueBox(machine, queue=f"{QUICK}tls-reports = tls@example.org\n",
                   config=f"resolver = {place.world.resolver}\n"
                   f"trust-anchor = {place.world.nsd.anchor}\n"
                   f"port = {place.port}\nallow-loopback-mx = yes\n")
    with place.server(name, script()):
        box.put(to(name))
        box.q()
    run = box.smtpsend("--tls-report", "today", stdin=b"")
    [policy] = json.loads(run.out)["policies"]
    assert policy["policy"]["policy-type"] == "tlsa"
    assert policy["policy"]["policy-string"] == \
        [data for _, data in HOSTS[name]()]
    found = [d["result-type"] for d in policy.get("failure-details", [])]
    assert found == ([result] if result else [])


@pytest.mark.parametrize("name, verified", [("ee", True), ("other", False)])
def test_talk(place, name, verified):
    """By hand the records count, too."""
    with place.server(name) as srv:
        run = smtpsend(*place.names(), "--port", place.port,
                       "--allow-loopback-mx", "--tls", "dane", "--talk",
                       f"{name}.org.test", stdin=b"NOOP\nQUIT\n",
                       json_events=False)
    assert (run.rc == 0) == verified, run
    assert ("NOOP" in srv.lines) == verified
    assert ("trusted by TLSA 3 1 1" in run.text) == verified, run


def record_of(cert):
    """3 1 1 of a certificate in a file, as the octets of a record."""
    key = subprocess.run(["openssl", "x509", "-in", cert, "-noout", "-pubkey"],
                         check=True, capture_output=True).stdout
    octets = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                            input=key, check=True, capture_output=True).stdout
    return bytes([3, 1, 1]) + hashlib.sha256(octets).digest()


@pytest.mark.parametrize("receiver", ["postfix", "exim"])
def test_receivers(request, ca, receiver):
    """Real servers, with the record of their certificate and of another."""
    server = request.getfixturevalue(receiver)
    server.forget()
    port = int(server.url.rsplit(":", 1)[1])
    for cert, rc in ((ca.cert, OK), (ca.other_ca, TEMPFAIL)):
        with FakeDns() as dns:
            dns.default = lambda q: dns.lookup(q, ad=True)
            dns.add("mx.net.test", "A", "127.0.0.1")
            dns.add(f"_{port}._tcp.mx.net.test", "TLSA", record_of(cert))
            run = smtpsend("--resolver", f"127.0.0.1:{dns.port}", "--server",
                           f"mx.net.test:{port}", "--tls", "dane-only", "-f",
                           "alice@client.test", "bob@example.test")
        check(run, rc, policy="dane" if rc == OK else None)
    assert len(server.stored(1)) == 1
