# SPDX-License-Identifier: ISC
"""
Where mail goes, asked of real DNS servers: NSD has the zones, Unbound resolves.

All hosts are on this machine, so they differ by address: 127.0.0.2 and so on,
with one port for all of them (--port).
"""

import json
from contextlib import ExitStack

import pytest

from servers.process import free_port
from servers.recorder import Recorder

MESSAGE = (b"From: alice@client.test\r\nTo: bob@example.test\r\n"
           b"Subject: routing\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
           b"Message-ID: <1@client.test>\r\n\r\nhello\r\n")

HOSTS = {f"mx{n}.hosts.test": [("A", f"127.0.0.{n}")] for n in range(1, 10)}
DEAD = {f"dead{n}.hosts.test": [("A", f"127.0.1.{n}")] for n in range(1, 50)}

NAMES = {
    **HOSTS, **DEAD,
    "mail.test": [("A", "127.0.0.1")],
    "mx1.other.test": [("A", "127.0.0.1")],
    "v6.hosts.test": [("AAAA", "::1")],
    "both.hosts.test": [("A", "127.0.0.2"), ("AAAA", "::1")],
    "one.test": [("MX", "10 mx2.hosts.test.")],
    "order.test": [("MX", "30 mx4.hosts.test."), ("MX", "10 mx2.hosts.test."),
                   ("MX", "20 mx3.hosts.test.")],
    "fallback.test": [("MX", "5 dead1.hosts.test."),
                      ("MX", "10 nowhere.hosts.test."),
                      ("MX", "20 mx3.hosts.test.")],
    "alldead.test": [("MX", "5 dead1.hosts.test."),
                     ("MX", "10 dead2.hosts.test.")],
    "implicit.test": [("A", "127.0.0.2")],
    "implicit6.test": [("AAAA", "::1")],
    "null.test": [("MX", "0 ."), ("A", "127.0.0.2")],
    "alias.test": [("CNAME", "one.test.")],
    "alias2.test": [("CNAME", "alias.test.")],
    "loop1.test": [("CNAME", "loop2.test.")],
    "loop2.test": [("CNAME", "loop1.test.")],
    "lost.test": [("CNAME", "nowhere.test.")],
    "empty.test": [("TXT", '"nothing to see"')],
    "ghosts.test": [("MX", "10 nowhere.hosts.test."),
                    ("MX", "20 nowhere2.hosts.test.")],
    "mxcname.test": [("MX", "10 alias.hosts.test.")],
    "alias.hosts.test": [("CNAME", "mx2.hosts.test.")],
    "v6.test": [("MX", "10 v6.hosts.test.")],
    "both.test": [("MX", "10 both.hosts.test.")],
    "many.test": [("MX", f"10 dead{n}.hosts.test.") for n in range(1, 41)],
    "real.test": [("MX", "10 mail.test.")],
    "xn--bcher-kva.test": [("MX", "10 mx2.hosts.test.")],
    "myself.test": [("MX", "10 mx2.hosts.test."),
                    ("MX", "20 mail.test.")],
    "big.test": [("MX", f"{n} m{n}.a-rather-long-name-that-fills-the-answer"
                  f"-{'x' * 20}.hosts.test.") for n in range(1, 60)]
    + [("MX", "0 mx2.hosts.test.")],
    **{f"d{n}.test": [("MX", f"10 mx{n % 4 + 2}.hosts.test.")]
       for n in range(20)},
}


@pytest.fixture(scope="module")
def world(make_world):
    return make_world(NAMES)


@pytest.fixture
def mx():
    """mx(2, 3) starts servers on 127.0.0.2 and 127.0.0.3, all on mx.port."""
    class Hosts:
        def __init__(self):
            self.port = free_port(host="0.0.0.0")
            self.stack = ExitStack()

        def __call__(self, *numbers):
            hosts = [n if isinstance(n, str) else f"127.0.0.{n}"
                     for n in numbers]
            return [self.stack.enter_context(Recorder(host=h, port=self.port))
                    for h in hosts]

    hosts = Hosts()
    with hosts.stack:
        yield hosts


@pytest.fixture
def send(smtpsend, world, mx):
    def run(*args, message=MESSAGE, loopback=True):
        allow = ["--allow-loopback-mx"] if loopback else []
        done = smtpsend("--resolver", world.resolver, "--port", mx.port, *allow,
                        "-f", "alice@client.test", "--helo", "client.test",
                        "--json", *args, message=message)
        events = [json.loads(l) for l in done.stdout.splitlines()]
        done.events = events
        done.results = {e["recipient"]: e for e in events
                        if e["event"] == "result"}
        return done
    return run


def only(run):
    assert len(run.results) == 1, run
    return next(iter(run.results.values()))


def test_one_mx(send, mx):
    server, = mx(2)
    run = send("bob@one.test")
    assert run.status == 0, run
    assert only(run)["host"] == "mx2.hosts.test"
    assert only(run)["address"] == "127.0.0.2"
    assert server.recipients == ["bob@one.test"]
    assert server.messages == [MESSAGE]


def test_lowest_preference_first(send, mx):
    servers = mx(2, 3, 4)
    assert send("bob@order.test").status == 0
    assert [len(s.messages) for s in servers] == [1, 0, 0]


def test_next_preference_when_the_first_is_dead(send, mx):
    third, = mx(3)
    run = send("bob@fallback.test")
    assert run.status == 0, run
    assert only(run)["host"] == "mx3.hosts.test"
    assert third.recipients == ["bob@fallback.test"]


def test_no_host_answers(send, mx):
    run = send("bob@alldead.test")
    assert run.status == 75, run
    assert only(run)["status"] == "deferred"
    assert "refused" in run.stdout + run.stderr


@pytest.mark.parametrize("domain, host", [
    ("implicit.test", "127.0.0.2"), ("implicit6.test", "::1")])
def test_implicit_mx(send, mx, domain, host):
    server, = mx(host)
    run = send(f"bob@{domain}")
    assert run.status == 0, run
    assert only(run)["host"] == domain
    assert len(server.messages) == 1


def test_null_mx(send, mx, world):
    """RFC 7505: this domain takes no mail; its address is not tried."""
    server, = mx(2)
    run = send("bob@null.test")
    assert only(run)["status"] == "failed"
    assert only(run)["enhanced"] == "5.1.10"
    assert run.status in (68, 69), run
    assert server.sessions == []


@pytest.mark.parametrize("domain", ["alias.test", "alias2.test"])
def test_cname_domain(send, mx, domain):
    server, = mx(2)
    run = send(f"bob@{domain}")
    assert run.status == 0, run
    assert len(server.messages) == 1


def test_mx_that_is_a_cname(send, mx):
    """Forbidden (RFC 2181 10.3), common, and it works."""
    server, = mx(2)
    assert send("bob@mxcname.test").status == 0
    assert len(server.messages) == 1


def test_cname_loop_is_temporary(send):
    run = send("bob@loop1.test")
    assert (run.status, only(run)["status"]) == (75, "deferred"), run


@pytest.mark.parametrize("domain", [
    "nowhere.test", "lost.test", "empty.test", "ghosts.test"])
def test_no_such_host(send, domain):
    run = send(f"bob@{domain}")
    assert (run.status, only(run)["status"]) == (68, "failed"), run
    assert domain in run.stdout + run.stderr


@pytest.mark.parametrize("typed", ["bob@bücher.test", "bob@BÜCHER.Test",
                                   "bob@xn--bcher-kva.test"])
def test_international_domain(send, mx, typed):
    server, = mx(2)
    run = send(typed)
    assert run.status == 0, run
    assert server.recipients == ["bob@xn--bcher-kva.test"]


def test_address_literal(send, mx):
    server, = mx(2)
    run = send("bob@[127.0.0.2]")
    assert run.status == 0, run
    assert server.recipients == ["bob@[127.0.0.2]"]


def test_address_literal_of_ipv6(send, mx):
    server, = mx("::1")
    run = send("bob@[IPv6:::1]")
    assert run.status == 0, run
    assert len(server.messages) == 1


def test_ipv6_host(send, mx):
    server, = mx("::1")
    run = send("bob@v6.test")
    assert run.status == 0, run
    assert only(run)["address"] == "::1"
    assert len(server.messages) == 1


@pytest.mark.parametrize("option, index", [("-4", 0), ("-6", 1)])
def test_choice_of_family(send, mx, option, index):
    servers = mx("127.0.0.2", "::1")
    assert send(option, "bob@both.test").status == 0
    assert len(servers[index].messages) == 1
    assert servers[1 - index].sessions == []


def test_one_family_down(send, mx):
    """Only IPv4 listens: the race finds it."""
    server, = mx("127.0.0.2")
    assert send("bob@both.test").status == 0
    assert len(server.messages) == 1


def test_forty_mx_are_not_all_tried(send, mx):
    run = send("bob@many.test")
    assert run.status == 75, run
    attempts = [e for e in run.events if e["event"] == "connect"]
    assert 1 <= len(attempts) <= 5


def test_an_answer_too_long_for_udp(send, mx):
    server, = mx(2)
    run = send("bob@big.test")
    assert run.status == 0, run
    assert len(server.messages) == 1


def test_loopback_is_refused_by_default(send, mx):
    """An MX that is this machine would be a loop (FAULTS row 13)."""
    server, = mx(2)
    run = send("bob@one.test", loopback=False)
    assert only(run)["status"] == "failed", run
    assert only(run)["enhanced"] == "5.4.6"
    assert server.sessions == []


def test_many_domains_in_one_run(send, mx):
    servers = mx(2, 3, 4, 5)
    everyone = [f"u{n}@d{n % 20}.test" for n in range(60)]
    run = send(*everyone)
    assert run.status == 0, run
    assert sorted(run.results) == sorted(everyone)
    got = [r for s in servers for r in s.recipients]
    assert sorted(got) == sorted(everyone)
    # three recipients of a domain share a transaction
    assert sum(len(s.messages) for s in servers) == 20


def test_good_and_bad_domains_in_one_run(send, mx):
    """The worst decides the status; the good ones have their mail."""
    server, = mx(2)
    run = send("a@one.test", "b@nowhere.test", "c@alldead.test", "d@null.test")
    status = {r: e["status"] for r, e in run.results.items()}
    assert status == {"a@one.test": "delivered", "b@nowhere.test": "failed",
                      "c@alldead.test": "deferred", "d@null.test": "failed"}
    assert run.status in (68, 69)
    assert server.recipients == ["a@one.test"]


def test_the_server_option_asks_no_dns(smtpsend, world, mx):
    server, = mx(2)
    before = len(world.questions())
    run = smtpsend("--resolver", world.resolver, "--server", server.url,
                   "-f", "alice@client.test", "a@one.test", "b@two.test",
                   message=MESSAGE)
    assert run.status == 0, run
    assert sorted(server.recipients) == ["a@one.test", "b@two.test"]
    assert len(server.messages) == 1, "one destination, one transaction"
    assert len(world.questions()) == before


def test_the_first_questions_are_mx_and_addresses(send, mx, world):
    """DESIGN 5: MX, A and AAAA of the domain in the first round."""
    mx(2)
    before = len(world.questions())
    assert send("bob@one.test").status == 0
    asked = world.questions()[before:]
    assert {"one.test. MX", "one.test. A", "one.test. AAAA"} == set(asked[:3])
    assert set(asked[3:]) == {"mx2.hosts.test. A", "mx2.hosts.test. AAAA"}


def test_explain_prints_the_plan_and_connects_nowhere(smtpsend, world, mx):
    servers = mx(2, 3, 4)
    run = smtpsend("--explain", "--resolver", world.resolver, "--port", mx.port,
                   "--allow-loopback-mx", "bob@order.test", "eve@null.test")
    hosts = [run.stdout.find(f"mx{n}.hosts.test") for n in (2, 3, 4)]
    assert -1 not in hosts and hosts == sorted(hosts), run
    for word in ("127.0.0.2", "order.test", "null.test", "may"):
        assert word in run.stdout, run
    assert all(s.sessions == [] for s in servers)


def test_by_mx_to_postfix_with_a_verified_certificate(
        smtpsend, world, postfix, ca):
    """The whole way with real parts: DNS, MX, STARTTLS, the name, the mail."""
    postfix.forget()
    run = smtpsend("--resolver", world.resolver, "--port", postfix.port,
                   "--allow-loopback-mx", "--tls", "verify", "--ca", ca.ca,
                   "-f", "alice@client.test", "bob@real.test",
                   message=MESSAGE)
    assert run.status == 0, run
    assert [m.data for m in postfix.stored(1)] == [MESSAGE]
    assert "TLS connection established" in postfix.news()
    assert postfix.complaints() == []


def test_a_certificate_for_another_name_is_refused(
        smtpsend, world, postfix, ca):
    """mx1.other.test is not in it, though at the right address."""
    postfix.forget()
    run = smtpsend("--resolver", world.resolver, "--server",
                   f"mx1.other.test:{postfix.port}", "--tls", "verify",
                   "--ca", ca.ca, "-f", "alice@client.test", "bob@real.test",
                   message=MESSAGE)
    assert run.status == 75, run
    assert "mx1.other.test" in run.stderr
    assert postfix.stored(0, 0.2) == []


def test_no_resolver_answers(smtpsend, mx):
    """Nobody there: temporary, and soon (15 s at most)."""
    port = free_port()
    run = smtpsend("--resolver", f"127.0.0.1:{port}", "-f", "a@client.test",
                   "bob@one.test", message=MESSAGE, timeout=20)
    assert run.status == 75, run
    assert "one.test" in run.stderr
