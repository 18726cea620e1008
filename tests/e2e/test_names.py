# SPDX-License-Identifier: ISC
"""
Who we are, on machines with host names of every kind: the name in EHLO, the
domain of bare addresses, the Message-ID, and what counts as ourselves.
"""

import re

import pytest

from faults_support import (NOHOST, OK, FakeDns, Server, certificates,
                            smtpsend)
from relay_support import delivered, private, scripted_relay
from scripted import dialogue

LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
LITERAL = r"\[127\.0\.0\.1\]|\[IPv6:::1\]"
DOMAIN = rf"{LABEL}(?:\.{LABEL})+"
LEGAL = re.compile(rf"(?:{DOMAIN}|{LITERAL})")
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
MESSAGE_ID = re.compile(rf"<{ATOM}(?:\.{ATOM})*@{ATOM}(?:\.{ATOM})*>")
L63 = "abcdefghijklmnopqrstuvwxyz" * 2 + "abcdefghijk"
HOSTS = ("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
         "127.0.1.1 box.example.net box\n")
TEXT = b"Subject: who\n\nhello\n"

# host name; with /etc/hosts of HOSTS; the name in EHLO, the sender's domain
NAMES = [
    ("box.example.net", "box.example.net", "box.example.net"),
    ("Box.Example.Net.", "box.example.net", "box.example.net"),
    ("box", "box.example.net", "box.example.net"),
    ("other", "[127.0.0.1]", "other"),
    ("my_box", "[127.0.0.1]", "my_box"),
    ("my_box.example.net", "[127.0.0.1]", "my_box.example.net"),
    ("grün.example.net", "[127.0.0.1]", "localhost"),
    (b"\xff\xfe.example.net", "[127.0.0.1]", "localhost"),
    ("(none)", "[127.0.0.1]", "localhost"),
    ("", "[127.0.0.1]", "localhost"),
    ("localhost", "[127.0.0.1]", "localhost"),
    ("12345", "[127.0.0.1]", "localhost"),
    ("192.0.2.1", "[127.0.0.1]", "localhost"),
    (L63, "[127.0.0.1]", L63),
    (L63 + "x", "[127.0.0.1]", "localhost"),
    ("a b", "[127.0.0.1]", "localhost"),
    ("-box.example.net", "[127.0.0.1]", "localhost"),
]


def send(srv, box, *args, **how):
    """As root, without -f: the sender is root at the default domain."""
    return smtpsend("--server", f"127.0.0.1:{srv.port}", "--no-config", *args,
                    "bob@example.test", stdin=TEXT, wrap=box, **how)


def header(message, name):
    found = re.search(rb"(?im)^" + name.encode() + rb":\s*(.*)\r$", message)
    return found.group(1).decode()


@pytest.mark.parametrize("name,ehlo,domain", NAMES,
                         ids=[repr(n[0])[:40] for n in NAMES])
def test_every_host_name_is_legal_on_the_wire(machine, name, ehlo, domain):
    box = machine(hostname=name, hosts=HOSTS)
    with Server(dialogue()) as srv:
        run = send(srv, box)
    delivered(run, "bob@example.test")
    said = srv.conns[0].lines
    assert said[0] == f"EHLO {ehlo}"
    assert LEGAL.fullmatch(ehlo)
    assert said[1].split()[1] == f"FROM:<root@{domain}>"
    assert MESSAGE_ID.fullmatch(header(srv.conns[0].message, "Message-ID"))


@pytest.mark.parametrize("name", ["box", "(none)", ""])
def test_without_any_file(machine, name):
    """No /etc/hosts, no /etc/mailname: nothing hangs, and all is legal."""
    box = machine(hostname=name, hosts=None)
    with Server(dialogue()) as srv:
        run = send(srv, box)
    delivered(run, "bob@example.test")
    assert srv.conns[0].lines[0] == "EHLO [127.0.0.1]"
    assert run.seconds < 5, "it asked somebody"


@pytest.mark.parametrize("name", ["box.example.net", "other", "(none)"])
def test_mailname_is_the_domain_and_not_the_host(machine, name):
    box = machine(hostname=name, hosts=HOSTS, mailname="example.com")
    with Server(dialogue()) as srv:
        run = send(srv, box)
    delivered(run, "bob@example.test")
    host = name if "." in name else "[127.0.0.1]"
    assert srv.conns[0].lines[0] == f"EHLO {host}"
    assert srv.conns[0].lines[1].startswith("MAIL FROM:<root@example.com>")
    told = header(srv.conns[0].message, "Message-ID")
    assert told.endswith("@box.example.net>" if "." in name
                         else "@example.com>")


def test_bare_recipients_go_to_the_default_domain(machine):
    box = machine(hostname="box.example.net", mailname="example.com")
    with Server(dialogue()) as srv:
        for words, want in (((), "example.com"),
                            (("--default-domain", "x.test"), "x.test")):
            run = smtpsend("--server", f"127.0.0.1:{srv.port}", "--no-config",
                           *words, "root", stdin=TEXT, wrap=box)
            delivered(run, f"root@{want}")
            assert srv.conns[-1].lines[2] == f"RCPT TO:<root@{want}>"


def test_ipv6_literal(machine):
    box = machine(hostname="(none)")
    with Server(dialogue(), address="::1") as srv:
        run = smtpsend("--server", f"[::1]:{srv.port}", "--no-config",
                       "bob@example.test", stdin=TEXT, wrap=box)
    delivered(run, "bob@example.test")
    assert srv.conns[0].lines[0] == "EHLO [IPv6:::1]"


def test_helo_and_source_win(machine):
    box = machine(hostname="(none)")
    with Server(dialogue()) as srv:
        delivered(send(srv, box, "--helo", "client.test"), "bob@example.test")
        delivered(send(srv, box, "--source", "127.0.0.9"), "bob@example.test")
    assert srv.conns[0].lines[0] == "EHLO client.test"
    assert srv.conns[1].lines[0] == "EHLO [127.0.0.9]"


def test_at_a_relay(machine, tmp_path):
    """libcurl is given the name before there is a connection."""
    secret = private(tmp_path / "secret", "pw\n")
    box = machine(hostname="(none)")
    with Server(scripted_relay()) as srv:
        path = private(tmp_path / "x.conf", "relay = work\n[relay work]\n"
                       f"url = smtp://localhost:{srv.port}\nuser = joe\n"
                       f"password-file = {secret}\nca = {certificates().ca}\n",
                       0o644)
        run = smtpsend("--config", path, "bob@example.test", stdin=TEXT,
                       wrap=box)
    delivered(run, "bob@example.test")
    assert srv.conns[0].lines[0] == "EHLO [127.0.0.1]"


@pytest.mark.parametrize("domain,is_own", [
    ("example.com", False),     # MX of the mailname's own name: not us
    ("mailname.test", False),   # the mailname itself
    ("example.net", True), ("helo.test", True), ("short.test", True),
    ("localhost", True)])
def test_who_is_ourselves(machine, domain, is_own):
    """The host's names and --helo; never /etc/mailname."""
    box = machine(hostname="box", hosts=HOSTS, mailname="mailname.test")
    with FakeDns() as dns, Server(dialogue(), address="127.0.0.5") as srv:
        dns.add("example.com", "MX", (10, "mailname.test"))
        dns.add("example.net", "MX", (10, "box.example.net"))
        dns.add("short.test", "MX", (10, "box"))
        for name in ("mailname.test", "box.example.net", "helo.test", "box"):
            dns.add(name, "A", "192.0.2.5")
        run = smtpsend("--no-config", "--resolver", f"127.0.0.1:{dns.port}",
                       "--port", srv.port, "--helo", "helo.test", "--explain",
                       f"bob@{domain}", wrap=box, json_events=False)
    assert ("myself" in run.text) == is_own, run
    assert run.rc == (NOHOST if is_own else OK), run
