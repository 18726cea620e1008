# SPDX-License-Identifier: ISC
"""--probe: what servers are like, each address of each mail exchanger at once.

The prepared servers are good, expired, for another name, without STARTTLS, dead,
silent and hostile; what is said of each is one sentence, a JSON object and a part of
the exit status.
"""

import fcntl
import hashlib
import os
import pty
import re
import ssl
import struct
import subprocess
import termios
import threading

import pytest

from fakedns import SERVFAIL, FakeDns
from faults_support import (BINARY, IOERR, STARTTLS, World, certificates,
                            closed_port, smtpsend, tls_dialogue)
from scripted import Server, dialogue, drop, stall

WELL, NOUSER, NOHOST, UNAVAILABLE, TEMPFAIL, PROTOCOL, NOPERM, USAGE = \
    0, 67, 68, 69, 75, 76, 77, 64
NO_TLS = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")


def garbage(c):
    c.say("HTTP/1.1 400 Bad Request")
    c.stall()


def no_handshake(c):
    """Leave to begin, and then no TLS."""
    c.say("220 go")
    while len(c.buf) < 5:
        c.more()
    c.raw_send(b"250 what is that?\r\n")
    c.stall()


SCRIPTS = {
    "good": tls_dialogue,
    "expired": lambda: tls_dialogue("expired"),
    "wrong name": lambda: tls_dialogue("wrongname"),
    "unknown": lambda: tls_dialogue("unknown"),
    "self-signed": lambda: tls_dialogue("selfsigned"),
    "no STARTTLS": lambda: dialogue(NO_TLS),
    "refused STARTTLS": lambda: tls_dialogue(STARTTLS="454 4.7.0 not now"),
    "dead": lambda: None,
    "silent": lambda: stall,
    "drops": lambda: drop,
    "garbage": lambda: garbage,
    "turns away": lambda: dialogue(NO_TLS, CONNECT="554 5.7.1 go away"),
    "no EHLO": lambda: dialogue(NO_TLS, EHLO="502 5.5.1 what is that"),
    "no handshake": lambda: dialogue(STARTTLS, STARTTLS=no_handshake),
}

# of each: its status, what its sentence says, what its advice says
WANTED = {
    "good": (WELL, "", ""),
    "expired": (NOPERM, r"ended on 2021-01-01, \d+ days ago", "renew it"),
    "wrong name": (NOPERM, r"is for elsewhere.test, and not for mx\d.example",
                   "with this name in it"),
    "unknown": (NOPERM, "the certificate of CN=Test otherca is missing",
                "whole chain"),
    "self-signed": (NOPERM, "signed its certificate itself", "--ca"),
    "no STARTTLS": (PROTOCOL, "does not offer STARTTLS", "in clear"),
    "refused STARTTLS": (PROTOCOL, "refuses it: 454 4.7.0 not now",
                         "in clear"),
    "dead": (UNAVAILABLE, "Connection refused", "nothing listens there"),
    "silent": (UNAVAILABLE, "while we waited for the greeting", "overloaded"),
    "drops": (UNAVAILABLE, "closed the connection", "its log"),
    "garbage": (PROTOCOL, "HTTP/1.1 400 Bad Request", "is the port right"),
    "turns away": (UNAVAILABLE, "554 5.7.1 go away", "its words say why"),
    "no EHLO": (PROTOCOL, "it refuses EHLO: 502 5.5.1 what", "its words"),
    "no handshake": (PROTOCOL, 'it said "250 what is that', "TLS settings"),
}
NAMES = {WELL: "well", NOUSER: "recipient", NOPERM: "certificate",
         PROTOCOL: "protocol", UNAVAILABLE: "unreachable", NOHOST: "no host",
         TEMPFAIL: "unknown"}


def probe(w, *args, to=("example.test",), seconds=5, **how):
    """At the servers of a World, with the tests' authority."""
    return smtpsend("--probe", "--resolver", f"{w.dns.address}:{w.dns.port}",
                    "--allow-loopback-mx", "--port",
                    w.port or closed_port(), "--timeout", seconds, "--ca",
                    certificates().ca, "--helo", "client.test", *args, *to,
                    **how)


def look(port, *args, to=(), seconds=5, **how):
    """At one server."""
    return smtpsend("--probe", "--server", f"127.0.0.1:{port}", "--timeout",
                    seconds, "--ca", certificates().ca, "--helo",
                    "client.test", *args, *to, **how)


def summary(run):
    assert run.events and run.events[-1]["event"] == "summary", run
    return run.events[-1]


def world(*kinds):
    """A World with these servers, in this order."""
    w = World()
    w.__enter__()
    servers = [w.mx(10 * (i + 1), SCRIPTS[kind]())
               for i, kind in enumerate(kinds)]
    return w, servers


@pytest.mark.parametrize("kind", WANTED)
def test_one_server_of_each_kind(kind):
    """Beside a good one, which is well whatever the other does."""
    status, says, advises = WANTED[kind]
    w, (good, _) = world("good", kind)
    with w:
        run = probe(w, seconds=2)
        text = probe(w, seconds=2, json_events=False)
    first, second = run.of("probe")
    assert first["result"] == "well" and first["troubles"] == [], run
    assert first["host"] == "mx1.example.test"
    assert (run.rc, text.rc) == (status, status), f"{run}{text}"
    assert second["result"] == NAMES[status], run
    assert summary(run) == {
        "event": "summary", "targets": 1, "addresses": 2,
        "well": 2 if status == WELL else 1, "result": NAMES[status],
        "status": status}
    if status != WELL:
        trouble, = second["troubles"]
        assert re.search(says, trouble["text"]), run
        assert advises in trouble["advice"], run
        said = " ".join(text.out.split())
        assert f"{trouble['kind']}: {trouble['text']} -- " \
            f"{trouble['advice']}" in said, text
    assert f"{summary(run)['well']} of 2 addresses" in text.out, text
    assert not text.err and good.conns[0].lines[-1] == "QUIT"


def test_prepared_servers_all_at_once():
    """The worst decides; each has its row in the table and its object."""
    kinds = ("good", "expired", "wrong name", "no STARTTLS", "dead")
    w, servers = world(*kinds)
    with w:
        run = probe(w)
        text = probe(w, json_events=False)
    assert run.rc == text.rc == UNAVAILABLE, run
    assert [e["result"] for e in run.of("probe")] == \
        [NAMES[WANTED[k][0]] for k in kinds], run
    assert [e["preference"] for e in run.of("probe")] == [10, 20, 30, 40, 50]
    table = text.out[text.out.index("HOST "):].split("\n\n")[0].splitlines()
    rows = [line.split() for line in table]
    assert rows[0] == ["HOST", "ADDRESS", "MS", "TLS", "DAYS", "RESULT"]
    assert [(r[0], r[-1]) for r in rows[1:]] == \
        [(f"mx{i + 1}.example.test", NAMES[WANTED[k][0]])
         for i, k in enumerate(kinds)], text
    assert rows[1][3:5] == ["TLSv1.3", "29"]
    assert rows[4][3:5] == ["-", "-"] and rows[5][2] == "-"
    assert "1 of 5 addresses is well" in text.out
    assert not any(line.startswith(("DATA", "BDAT")) for s in servers if s
                   for c in s.conns for line in c.lines)


def test_all_that_is_seen_of_a_good_server():
    with Server(tls_dialogue()) as srv:
        run = look(srv.port, "--tls-name", "mx.example.test")
        text = look(srv.port, "--tls-name", "mx.example.test",
                    json_events=False)
    assert run.rc == text.rc == WELL, f"{run}{text}"
    seen, = run.of("probe")
    assert seen["reachable"] and seen["address"] == "127.0.0.1"
    assert seen["port"] == srv.port and seen["preference"] is None
    assert 0 < seen["connect_seconds"] < seen["total_seconds"]
    assert seen["greeting"]["code"] == 220
    assert "STARTTLS" in seen["offers"]
    assert "STARTTLS" not in seen["offers_tls"]
    tls = seen["tls"]
    assert tls["version"] == "TLSv1.3" and tls["cipher"].startswith("TLS_")
    assert tls["group"] and tls["trusted"] and tls["complete"]
    assert tls["name"] == tls["matched"] == "mx.example.test"
    assert tls["days_left"] in (29, 30) and tls["why"] is None
    leaf, = tls["chain"]
    assert leaf["issuer"] == "CN=Test ca" and leaf["key"] == "EC 256 bits"
    assert re.fullmatch("[0-9a-f]{64}", leaf["sha256"])
    for words in ("greeting    220 ", "TLS         TLSv1.3, TLS_",
                  "certificate CN=mx.example.test, for mx.example.test, ",
                  "issuer      CN=Test ca", "days left)",
                  "chain       complete, 1 certificate sent",
                  "trusted     yes, as mx.example.test",
                  "offers      PIPELINING, 8BITMIME, ENHANCEDSTATUSCODES\n"):
        assert words in text.out, text
    assert srv.conns[0].lines == ["EHLO client.test", "STARTTLS",
                                  "EHLO client.test", "QUIT"]


# ---- recipients ----

def test_recipients_are_asked_for():
    """By the null sender, then RSET; the others' servers are not asked."""
    with World() as w:
        one = w.mx(10, tls_dialogue(RCPT=["250 2.1.5 Ok",
                                          "550 5.1.1 no such user"]))
        other = w.mx(10, tls_dialogue(), domain="other.test")
        run = probe(w, to=("bob@example.test", "eve@example.test",
                           "other.test"))
    assert run.rc == NOUSER, run
    assert one.conns[0].lines[3:] == [
        "MAIL FROM:<>", "RCPT TO:<bob@example.test>",
        "RCPT TO:<eve@example.test>", "RSET", "QUIT"]
    assert other.conns[0].lines[-2:] == ["EHLO client.test", "QUIT"]
    seen = {e["target"]: e for e in run.of("probe")}
    bob, eve = seen["example.test"]["recipients"]
    assert bob["accepted"] and bob["reply"]["code"] == 250
    assert not eve["accepted"] and eve["reply"]["text"] == "no such user"
    assert seen["other.test"]["recipients"] == []
    assert seen["other.test"]["result"] == "well"


def test_a_server_is_asked_for_all():
    with Server(tls_dialogue(MAIL="451 4.7.1 later")) as srv:
        run = look(srv.port, "--tls", "encrypt", to=("bob@a.test",
                                                     "eve@b.test"))
    assert run.rc == NOUSER and len(run.of("probe")) == 1, run
    assert [t["text"] for t in run.of("probe")[0]["troubles"]] == [
        "bob@a.test is refused: 451 4.7.1 later",
        "eve@b.test is refused: 451 4.7.1 later"]
    assert "greylisting" in run.of("probe")[0]["troubles"][0]["advice"]


# ---- what is demanded ----

def test_warn_days():
    with Server(tls_dialogue()) as srv:
        good = look(srv.port, "--warn-days", "14")
        soon = look(srv.port, "--warn-days", "60")
    assert good.rc == WELL, good
    assert soon.rc == NOPERM, soon
    trouble, = soon.of("probe")[0]["troubles"]
    assert re.search(r"ends on \d{4}-\d\d-\d\d, in (29|30) days",
                     trouble["text"]), soon


@pytest.mark.parametrize("kind, level, status", [
    ("expired", "encrypt", WELL), ("expired", "verify", NOPERM),
    ("no STARTTLS", "encrypt", PROTOCOL), ("no STARTTLS", "may", WELL),
    ("refused STARTTLS", "may", WELL), ("good", "none", WELL)])
def test_the_level_says_how_much(kind, level, status):
    with Server(SCRIPTS[kind]()) as srv:
        run = look(srv.port, "--tls", level)
    assert run.rc == status, run
    assert ("STARTTLS" in srv.conns[0].lines) == \
        (level != "none" and kind != "no STARTTLS")


def test_smtps():
    def script(c):
        c.starttls(certificates().context())
        tls_dialogue(caps=NO_TLS)(c)

    with Server(script) as srv:
        run = smtpsend("--probe", "--server", f"smtps://127.0.0.1:{srv.port}",
                       "--ca", certificates().ca, "--timeout", 5)
    seen, = run.of("probe")
    assert run.rc == WELL and seen["tls"]["trusted"], run
    assert seen["tls"]["matched"] == "127.0.0.1"
    assert seen["offers"] is None and "PIPELINING" in seen["offers_tls"]


# ---- names ----

@pytest.mark.parametrize("setup, status, words", [
    (lambda d: None, NOHOST, "no such domain|NXDOMAIN|no such host"),
    (lambda d: d.add("example.test", "MX", (0, "")), NOHOST, "null MX|no mail"),
    (lambda d: d.script("example.test", "MX",
                        lambda q: q.answer(rcode=SERVFAIL)), TEMPFAIL,
     "lookup failed"),
    (lambda d: d.add("example.test", "MX", (1, "gone.test")), NOHOST,
     "gone.test"),
])
def test_a_domain_without_a_server(setup, status, words):
    with FakeDns() as dns:
        setup(dns)
        run = smtpsend("--probe", "--resolver", f"{dns.address}:{dns.port}",
                       "--timeout", 3, "example.test")
        text = smtpsend("--probe", "--resolver", f"{dns.address}:{dns.port}",
                        "--timeout", 3, "example.test", json_events=False)
    assert run.rc == text.rc == status, f"{run}{text}"
    seen, = run.of("probe")
    assert seen["result"] == NAMES[status] and not seen["reachable"]
    assert re.search(words, seen["troubles"][0]["text"]), run
    assert "0 of 0 addresses are well" in text.out, text


def test_one_host_of_several_has_no_address():
    w, _ = world("good")
    with w:
        w.dns.add("example.test", "MX", (99, "gone.test"))
        run = probe(w)
    assert run.rc == NOHOST, run
    assert [e["result"] for e in run.of("probe")] == ["well", "no host"]


@pytest.mark.parametrize("args", [
    ("--probe",), ("--probe", "a b.test"), ("--probe", "bob@@x"),
    ("--probe", "--subject", "x", "example.test"),
    ("--probe", "--sink"), ("--warn-days", "3", "bob@example.test"),
    ("--probe", "--warn-days", "0", "example.test")])
def test_usage(args):
    run = smtpsend(*args, json_events=False)
    assert run.rc == USAGE and run.err.count("\n") == 1 and not run.out, run


# ---- hostile servers ----

def evil(c):
    c.say("220-\x1b]0;owned\x07 \x9b31m", "220 \u202egnitseretni")
    c.expect("EHLO ")
    c.say("250-mx", "250-\x1b[2J\x1b[H", "250 \xffX\x00Y")
    c.wait_end()


def test_nothing_reaches_a_terminal_raw():
    with Server(evil) as srv:
        run = look(srv.port)
        text = look(srv.port, "-v", json_events=False)
    for seen in (run, text):
        assert seen.rc == PROTOCOL, seen
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", seen.text)
    assert r"\x1b[2J" in text.out, text
    assert run.of("probe")[0]["offers"][0] == "\x1b[2J\x1b[H"


def test_octets_behind_starttls():
    def script(c):
        c.say("220 mx")
        c.expect("EHLO ")
        c.say("250-mx", "250 STARTTLS")
        c.expect("STARTTLS")
        c.send("220 go\r\n250 evil\r\n")
        c.stall()

    with Server(script) as srv:
        run = look(srv.port)
    assert run.rc == PROTOCOL, run
    assert "tampering" in run.of("probe")[0]["troubles"][0]["text"]


# ---- all at once ----

def test_forty_addresses_at_once():
    """Nobody is greeted before all have come."""
    hosts, each = 20, 2
    gate = threading.Barrier(hosts * each)
    rest = tls_dialogue()

    def script(c):
        gate.wait(timeout=15)
        rest(c)

    with FakeDns() as dns, \
            Server(script, address="0.0.0.0", backlog=100) as srv:
        for i in range(hosts):
            dns.add("example.test", "MX", (i, f"mx{i}.example.test"))
            for k in range(each):
                dns.add(f"mx{i}.example.test", "A", f"127.77.{i + 1}.{k + 1}")
        run = smtpsend("--probe", "--resolver", f"{dns.address}:{dns.port}",
                       "--allow-loopback-mx", "--port", srv.port, "--ca",
                       certificates().ca, "example.test")
    assert run.rc == WELL and summary(run)["well"] == hosts * each, run
    assert len({e["address"] for e in run.of("probe")}) == hosts * each


def test_where_hosts_differ():
    with World() as w:
        w.mx(10, tls_dialogue(caps=("STARTTLS", "SIZE 1000", "CHUNKING")))
        w.mx(20, tls_dialogue(caps=("STARTTLS", "SIZE 2000")))
        text = probe(w, json_events=False)
    said = " ".join(text.out.split())
    assert "CHUNKING: not offered by mx2.example.test" in said, text
    assert "SIZE 1000: not offered by mx2.example.test" in said
    assert "SIZE 2000: not offered by mx1.example.test" in said


# ---- certificates ----

@pytest.fixture(scope="module", name="chain")
def fixture_chain(tmp_path_factory):
    """A root, an authority that it has made, and that one's certificate."""
    folder = tmp_path_factory.mktemp("chain")

    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True,
                       capture_output=True)

    def request(name, *extensions):
        more = [word for e in extensions for word in ("-addext", e)]
        openssl("req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                "-out", f"{name}.csr", "-subj", f"/CN={name}", *more)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-keyout",
            "root.key", "-out", "root.pem", "-subj", "/CN=root")
    request("middle", "basicConstraints=critical,CA:TRUE",
            "keyUsage=keyCertSign,cRLSign")
    request("leaf", "subjectAltName=DNS:mx.example.test,IP:127.0.0.1")
    for name, by in (("middle", "root"), ("leaf", "middle")):
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem",
                "-CAkey", f"{by}.key", "-CAcreateserial", "-days", "20",
                "-copy_extensions", "copyall", "-out", f"{name}.pem")
    whole = (folder / "leaf.pem").read_text() + \
        (folder / "middle.pem").read_text()
    (folder / "whole.pem").write_text(whole)
    return folder


def with_chain(folder, name, **how):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / "leaf.key")
    for key, value in how.items():
        setattr(context, key, value)
    return dialogue(STARTTLS, tls=context)


def test_a_whole_chain(chain):
    with Server(with_chain(chain, "whole")) as srv:
        run = look(srv.port, "--ca", chain / "root.pem")
    tls = run.of("probe")[0]["tls"]
    assert run.rc == WELL and tls["complete"], run
    assert [c["subject"] for c in tls["chain"]] == ["CN=leaf", "CN=middle"]
    assert tls["matched"] == "127.0.0.1"


def test_a_chain_that_lacks_an_issuer(chain):
    with Server(with_chain(chain, "leaf")) as srv:
        run = look(srv.port, "--ca", chain / "root.pem")
    seen, = run.of("probe")
    assert run.rc == NOPERM and not seen["tls"]["complete"], run
    trouble, = seen["troubles"]
    assert "the certificate of CN=middle is missing" in trouble["text"]
    assert "fullchain" in trouble["advice"]


def test_tls_1_2(chain):
    script = with_chain(chain, "whole",
                        maximum_version=ssl.TLSVersion.TLSv1_2)
    with Server(script) as srv:
        run = look(srv.port, "--ca", chain / "root.pem")
    tls = run.of("probe")[0]["tls"]
    assert run.rc == WELL and tls["version"] == "TLSv1.2", run
    assert tls["cipher"].startswith("ECDHE-") and tls["group"]


def test_show_cert(chain):
    args = ("--server", "127.0.0.1", "--timeout", 5, "--ca",
            chain / "root.pem")
    with Server(with_chain(chain, "whole")) as srv:
        to = args + ("--port", srv.port)
        text = smtpsend("--show-cert", *to, json_events=False)
        pem = smtpsend("--show-cert=pem", *to, json_events=False)
        run = smtpsend("--show-cert=pem", *to)
    assert text.rc == pem.rc == run.rc == WELL, f"{text}{pem}{run}"
    for words in ("trusted     yes, as 127.0.0.1", "certificate 1 of 2",
                  "subject     CN=leaf", "names       mx.example.test, "
                  "127.0.0.1", "issuer      CN=root", "certificate 2 of 2",
                  "key         EC 256 bits", "days left)"):
        assert words in text.out, text
    links = run.of("probe")[0]["tls"]["chain"]
    for link in links:
        assert link["pem"] in pem.out and link["sha256"] in text.out
        assert (chain / f"{link['subject'][3:]}.pem").read_text() == \
            link["pem"]
    assert f"# 127.0.0.1 [127.0.0.1]:{srv.port}, 1 of 2: CN=leaf" in pem.out
    assert srv.conns[0].lines[-1] == "QUIT"


def spki(path):
    """SHA-256 of a certificate's SubjectPublicKeyInfo, as openssl has it."""
    key = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-pubkey"],
                         check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                         input=key, check=True, capture_output=True).stdout
    return hashlib.sha256(der).hexdigest()


def test_show_cert_as_tlsa(chain):
    """Records that a zone can have as they stand."""
    with Server(with_chain(chain, "whole")) as srv:
        args = ("--port", srv.port, "--timeout", 5, "--tls", "may")
        text = smtpsend("--show-cert=tlsa", "--server", "localhost", "-4",
                        *args, json_events=False)
        none = smtpsend("--show-cert=tlsa", "--server", "127.0.0.1", *args,
                        json_events=False)
        run = smtpsend("--show-cert=tlsa", "--server", "127.0.0.1", *args)
    lines = text.out.splitlines()
    owner = f"_{srv.port}._tcp.localhost. IN TLSA"
    assert text.rc == WELL, text
    assert [x for x in lines if x[0] != ";"] == [
        f"{owner} 3 1 1 {spki(chain / 'leaf.pem')}",
        f"{owner} 2 1 1 {spki(chain / 'middle.pem')}"]
    assert lines[0] == f"; localhost [127.0.0.1]:{srv.port}, 1 of 2: CN=leaf"
    assert none.out == (f"; 127.0.0.1 [127.0.0.1]:{srv.port}: an address has "
                        "no TLSA record, the name of its server has\n")
    assert [x["key_sha256"] for x in run.of("probe")[0]["tls"]["chain"]] == [
        spki(chain / "leaf.pem"), spki(chain / "middle.pem")]


def test_show_cert_says_a_chain_once():
    w, _ = world("good", "good", "no STARTTLS")
    with w:
        run = smtpsend("--show-cert", "--resolver",
                       f"{w.dns.address}:{w.dns.port}", "--port", w.port,
                       "--allow-loopback-mx", "--ca", certificates().ca,
                       "example.test", json_events=False)
    assert run.rc == PROTOCOL, run
    assert run.out.count("1 of 1") == 1
    assert "chain       the same as at mx1.example.test [" in run.out
    assert "does not offer STARTTLS" in run.out


def test_all_faults_of_a_certificate_are_told():
    """A handshake would stop at the first."""
    with Server(tls_dialogue("expired")) as srv:
        run = look(srv.port, "--tls-name", "else.test")
    texts = [t["text"] for t in run.of("probe")[0]["troubles"]]
    assert run.rc == NOPERM and len(texts) == 2, run
    assert "and not for else.test" in texts[0]
    assert "ended on 2021-01-01" in texts[1]


# ---- offers ----

def test_ehlo_diff():
    one = tls_dialogue(caps=("STARTTLS", "SIZE 1000", "PIPELINING"))
    other = tls_dialogue(caps=("STARTTLS", "size 1000", "CHUNKING"))
    with Server(one) as a, Server(other) as b:
        words = ("--ehlo-diff", f"127.0.0.1:{a.port}", f"127.0.0.1:{b.port}")
        text = smtpsend(*words, json_events=False)
        run = smtpsend(*words)
    assert text.rc == run.rc == WELL, f"{text}{run}"
    seen, = run.of("ehlo-diff")
    assert seen["a"] == f"127.0.0.1 [127.0.0.1]:{a.port}"
    assert seen["clear"] == {"both": ["STARTTLS", "SIZE 1000"],
                             "only_a": ["PIPELINING"],
                             "only_b": ["CHUNKING"]}
    assert seen["tls"] == {"both": ["SIZE 1000"], "only_a": ["PIPELINING"],
                           "only_b": ["CHUNKING"]}
    assert text.out.count("  only A      PIPELINING\n") == 2, text
    assert text.out.count("  only B      CHUNKING\n") == 2
    assert "in clear, they differ:" in text.out


def test_ehlo_diff_of_the_same_offers():
    with Server(dialogue(NO_TLS)) as a, Server(dialogue(NO_TLS)) as b:
        run = smtpsend("--ehlo-diff", f"127.0.0.1:{a.port}",
                       f"127.0.0.1:{b.port}", json_events=False)
    assert run.rc == WELL and "in clear, both offer the same" in run.out, run
    assert "under TLS" not in run.out


def test_ehlo_diff_with_nobody():
    with Server(dialogue(NO_TLS)) as a:
        words = ("--ehlo-diff", f"127.0.0.1:{closed_port()}",
                 f"127.0.0.1:{a.port}")
        run = smtpsend(*words)
        text = smtpsend(*words, json_events=False)
    assert run.rc == text.rc == UNAVAILABLE, run
    assert run.of("ehlo-diff")[0]["clear"] is None
    assert "Connection refused -- nothing listens" in text.out


@pytest.mark.parametrize("args", [
    ("--ehlo-diff", "a.test"), ("--ehlo-diff", "a.test", "a.test"),
    ("--ehlo-diff", "a.test", "bob@b.test"), ("--show-cert", "bob@b.test"),
    ("--show-cert=der", "b.test"), ("--show-cert=TLSA", "b.test"), ("--show-cert", "--probe", "b.test"),
    ("--ehlo-diff", "--warn-days", "3", "a.test", "b.test")])
def test_usage_of_the_others(args):
    run = smtpsend(*args, json_events=False)
    assert run.rc == USAGE and run.err.count("\n") == 1 and not run.out, run


# ---- time and room ----

def test_dripping_is_standing_still():
    """Octets one by one do not extend the time for a greeting."""
    with Server(lambda c: c.drip(b"220 " + b"x" * 500 + b"\r\n", 0.1)) as srv:
        run = look(srv.port, seconds=1)
    assert run.rc == UNAVAILABLE, run
    assert "within 1 s" in run.of("probe")[0]["troubles"][0]["text"]


def test_a_signal_ends_it():
    with Server(stall) as srv:
        run = subprocess.Popen([BINARY, "--probe", "--server",
                                f"127.0.0.1:{srv.port}"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not srv.conns:
            assert run.poll() is None
        run.terminate()
        out, err = run.communicate(timeout=60)
    assert run.returncode == TEMPFAIL and not out
    assert err == b"smtpsend: stopped by signal 15\n"


def test_what_cannot_be_written():
    with Server(tls_dialogue()) as srv, open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, "--probe", "--ca", certificates().ca,
                               "--server", f"127.0.0.1:{srv.port}"],
                              stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == IOERR
    assert b"No space left" in done.stderr


def on_terminal(columns, *args):
    """Run on a terminal so wide; what it shows, in lines."""
    us, it = pty.openpty()
    fcntl.ioctl(it, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen([BINARY, *map(str, args)], stdin=it, stdout=it,
                             stderr=it, env={"LC_ALL": "C", "TERM": "dumb",
                                             "PATH": "/usr/bin:/bin"})
    os.close(it)
    text = b""
    try:
        while data := os.read(us, 65536):
            text += data
    except OSError:     # the terminal's end
        pass
    os.close(us)
    child.wait(timeout=60)
    return text.decode("ascii").split("\r\n")


def test_narrow_terminal():
    """Lines fit, words are not cut, and a row of the table takes three lines."""
    w, _ = world("good", "wrong name")
    with w:
        lines = on_terminal(
            50, "--probe", "--resolver", f"{w.dns.address}:{w.dns.port}",
            "--port", w.port, "--allow-loopback-mx", "--ca",
            certificates().ca, "example.test")
    assert "HOST" in lines and "mx1.example.test" in lines, lines
    assert max(map(len, lines)) <= 50, lines
    at = len(lines) - 1 - lines[::-1].index("mx1.example.test")
    assert lines[at + 1].startswith("  [127."), lines
    assert lines[at + 2].split()[1:] == ["TLSv1.3", "29", "well"], lines
    at = lines.index(next(x for x in lines if x.startswith("  result      c")))
    assert lines[at + 1].startswith(" " * 14) and lines[at + 1].strip()


# ---- real servers ----

@pytest.mark.parametrize("name", ["postfix", "exim"])
def test_a_real_server(request, name, ca):
    """What openssl sees of it is what is said."""
    server = request.getfixturevalue(name)
    run = smtpsend("--probe", "--server", server.url, "--ca", ca.ca,
                   "--timeout", 20, "bob@example.test")
    seen, = run.of("probe")
    assert run.rc == WELL and seen["recipients"][0]["accepted"], run
    assert "SIZE 100000000" in seen["offers_tls"] or name == "exim"
    other = subprocess.run(
        ["openssl", "s_client", "-starttls", "smtp", "-connect",
         server.url.removeprefix("smtp://"), "-showcerts"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False).stdout
    tls = seen["tls"]
    assert tls["version"] in other and tls["cipher"] in other, other
    assert other.count("BEGIN CERTIFICATE") == len(tls["chain"])
    pem = smtpsend("--show-cert=pem", "--server", server.url, "--ca", ca.ca,
                   "--timeout", 20, json_events=False)
    leaf = re.search("-----BEGIN.*?END CERTIFICATE-----", other, re.S)[0]
    assert leaf in pem.out, pem
