# SPDX-License-Identifier: ISC
"""
Issue 3: which relay and how it is reached: proxies that resolve names, SRV, the
sender, the recipient's domain; and what happens to addresses on the way.
"""

import re

import pytest

from fakedns import SERVFAIL, FakeDns
from faults_support import World as FaultWorld
from faults_support import certificates
from relay_support import (BOB, LINKS, MESSAGE, Setup, deferred, delivered,
                           result, scripted_relay, sent)
from scripted import Server, dialogue
from servers.process import free_port


def url(server):
    return f"smtp://localhost:{server.port}"


def senders(server):
    return [l for l in server.lines if l.startswith("MAIL")]


# proxies

@pytest.mark.parametrize("link", ("starttls", "smtps"))
@pytest.mark.parametrize("name", ("socks", "connect"))
def test_proxy_gets_the_name(request, postfix_submission, tmp_path, ca, name,
                             link):
    proxy = request.getfixturevalue(name)
    proxy.mark()
    postfix_submission.forget()
    target = postfix_submission.urls(proxy.knows)[link]
    run = Setup(tmp_path).relay("work", target, ca=ca.ca,
                                proxy=proxy.url).send(BOB)
    delivered(run)
    assert [m.data for m in postfix_submission.stored(1)] == [MESSAGE]
    assert proxy.asked_for(target.split("/")[2]), proxy.log()


@pytest.mark.parametrize("scheme", ("socks5h", "http"))
def test_proxy_down(tmp_path, scheme):
    """Never around it."""
    port = free_port()
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).relay(
            "work", url(srv), proxy=f"{scheme}://127.0.0.1:{port}").send(BOB)
    got = result(run, BOB, 75)
    assert (got["status"], got["stage"]) == ("deferred", "connect"), run
    assert not srv.conns


@pytest.mark.parametrize("name", ("socks", "connect"))
def test_proxy_cannot_reach_it(request, tmp_path, name):
    proxy = request.getfixturevalue(name)
    run = Setup(tmp_path).relay(
        "work", f"smtp://localhost:{free_port()}", proxy=proxy.url).send(BOB)
    assert result(run, BOB, 75)["status"] == "deferred", run


def test_proxy_variables_do_not_count(tmp_path, monkeypatch):
    """Only `proxy =` says so."""
    for name in ("http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
    delivered(run)


# SRV

def by_srv(name, *records):
    """The name's own SRV records, (service, data), which name itself."""
    return {f"_{service}._tcp.{name}.relay.localhost": [
        ("SRV", data.format(f"{name}.relay.localhost."))
        for s, data in records if s == service]
        for service in {s for s, _ in records}}


@pytest.fixture(scope="module")
def srv(make_world, postfix_submission):
    starttls, smtps = postfix_submission.port, postfix_submission.smtps
    return make_world({
        **by_srv("both", ("submissions", f"0 1 {smtps} {{}}"),
                 ("submission", f"0 1 {starttls} {{}}")),
        **by_srv("old", ("submission", f"0 1 {starttls} {{}}")),
        **by_srv("order", ("submissions", f"20 1 {free_port()} {{}}"),
                 ("submissions", f"10 1 {smtps} {{}}")),
        **by_srv("next", ("submissions", f"10 1 {free_port()} {{}}"),
                 ("submissions", f"20 1 {smtps} {{}}")),
        **by_srv("no", ("submissions", "0 0 0 ."), ("submission", "0 0 0 .")),
        **by_srv("away", ("submissions", f"0 1 {smtps} localhost.")),
    })


@pytest.mark.parametrize("name,link", [
    ("both", "smtps"), ("old", "port"), ("order", "smtps"), ("next", "smtps")])
def test_srv(srv, postfix_submission, tmp_path, ca, name, link):
    """RFC 8314: TLS from the first byte is preferred; then by priority."""
    postfix_submission.forget()
    run = Setup(tmp_path).relay("work", f"{name}.relay.localhost",
                                ca=ca.ca).send("--resolver", srv.resolver, BOB)
    assert delivered(run)["port"] == getattr(postfix_submission, link), run
    assert len(postfix_submission.stored(1)) == 1


@pytest.mark.parametrize("name,word", [
    ("no", "no"), ("nowhere", "SRV|NXDOMAIN"), ("away", "outside")])
def test_srv_that_leads_nowhere(srv, postfix_submission, tmp_path, ca, name,
                                word):
    """RFC 6186 4: whoever forges DNS could name a host with a certificate."""
    postfix_submission.forget()
    run = Setup(tmp_path).relay("work", f"{name}.relay.localhost",
                                ca=ca.ca).send("--resolver", srv.resolver, BOB)
    got = result(run, BOB)
    assert (got["status"], got["stage"]) == ("deferred", "DNS"), run
    assert re.search(word, got["text"]), run
    assert run.rc == 75, run
    assert ": connect from" not in postfix_submission.news()


def test_a_domain_on_the_command_line(srv, postfix_submission, tmp_path, ca):
    """No user, no password: Postfix lets nobody in, and says it of BOB."""
    run = Setup(tmp_path).send("--ca", ca.ca, "--resolver", srv.resolver,
                               "--relay", "both.relay.localhost", BOB)
    got = result(run, BOB, 69)
    assert got["port"] == postfix_submission.smtps, run
    assert got["stage"] == "RCPT", run


# which one

def two_relays(tmp_path, one, two, **keys):
    setup = Setup(tmp_path).relay("one", url(one), **keys)
    return setup.relay("two", url(two), use=False, **{"from": "*@two.test"})


@pytest.mark.parametrize("sender,second", [
    ("a@two.test", True), ("A@TWO.TEST", True), ("a@one.test", False),
    ("a@sub.two.test", False), ("<>", False)])
def test_by_the_sender(tmp_path, sender, second):
    with Server(scripted_relay()) as one, Server(scripted_relay()) as two:
        run = two_relays(tmp_path, one, two).send(BOB, sender=sender)
    delivered(run)
    assert [bool(one.conns), bool(two.conns)] == [not second, second], run


def test_by_the_recipients_domain(tmp_path):
    """One to each relay, all in one run, and the first match counts."""
    to = ("a@x.one.test", "b@two.test", "c@else.test")
    with Server(scripted_relay()) as one, Server(scripted_relay()) as two, \
            Server(scripted_relay()) as other:
        setup = Setup(tmp_path).relay("one", url(one), use=False)
        setup.relay("two", url(two), use=False).relay("other", url(other))
        setup.domain("*.one.test", relay="one").domain("two.test", relay="two")
        run = setup.domain("*.test", relay="other").send(*to)
    for address, server in zip(to, (one, two, other)):
        delivered(run, address)
        assert [l for l in server.lines if l.startswith("RCPT")] == \
            [f"RCPT TO:<{address}>"], run


def test_direct_in_spite_of_a_relay(tmp_path):
    """[domain *.test] direct = yes: by MX; the rest through the relay."""
    with FaultWorld("direct.test") as world, Server(scripted_relay()) as relay:
        mx = world.mx(10, dialogue())
        setup = Setup(tmp_path).relay("work", url(relay))
        setup.domain("*.direct.test", direct="yes")
        setup.domain("direct.test", direct="yes")
        run = setup.send("--resolver", f"{world.dns.address}:{world.dns.port}",
                         "--allow-loopback-mx", "--port", world.port,
                         "bob@direct.test", BOB)
    delivered(run, "bob@direct.test")
    delivered(run, BOB)
    assert "RCPT TO:<bob@direct.test>" in mx.lines
    assert "RCPT TO:<bob@direct.test>" not in relay.lines
    assert f"RCPT TO:<{BOB}>" in relay.lines


def test_a_server_for_a_domain(tmp_path):
    with Server(dialogue()) as lan, Server(scripted_relay()) as relay:
        setup = Setup(tmp_path).relay("work", url(relay))
        setup.domain("lan.test", server=f"smtp://127.0.0.1:{lan.port}")
        run = setup.send("bob@lan.test", BOB)
    delivered(run, "bob@lan.test")
    assert "RCPT TO:<bob@lan.test>" in lan.lines
    assert "RCPT TO:<bob@lan.test>" not in relay.lines


def test_a_slow_relay_does_not_hold_up_others(tmp_path):
    """One loop: while one relay stalls, the other destination is done."""
    def slow(c):
        assert c.server.over.wait(0) is False
        import time
        time.sleep(1.5)
        scripted_relay()(c)

    with Server(slow) as one, Server(scripted_relay()) as two:
        setup = Setup(tmp_path).relay("one", url(one))
        setup.relay("two", url(two), use=False)
        run = setup.domain("two.test", relay="two").send(BOB, "b@two.test")
    first, second = delivered(run, "b@two.test"), delivered(run, BOB)
    assert float(first["seconds"]) < 1.2 < float(second["seconds"]), run


def test_server_on_the_command_line_wins(tmp_path):
    with Server(dialogue()) as direct, Server(scripted_relay()) as relay:
        run = Setup(tmp_path).relay("work", url(relay)).send(
            "--server", f"127.0.0.1:{direct.port}", BOB)
    delivered(run)
    assert not relay.conns


def test_explain_names_the_relay(tmp_path):
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(
            "--explain", BOB, json_events=False)
    assert run.rc == 0, run
    assert "work" in run.out and str(srv.port) in run.out, run
    assert not srv.conns


# addresses on the way

def test_rewrite_from(tmp_path):
    """Envelope and header, of matching senders only."""
    with Server(scripted_relay()) as srv:
        setup = Setup(tmp_path).relay("work", url(srv))
        setup.defaults["rewrite-from"] = "*@client.test joe@provider.test"
        delivered(setup.send(BOB))
        delivered(setup.send(BOB, sender="x@kept.test"))
    assert [l.split()[1] for l in senders(srv)] == [
        "FROM:<joe@provider.test>", "FROM:<x@kept.test>"]
    head = srv.conns[0].messages[0].split(b"\r\n\r\n")[0]
    assert b"joe@provider.test" in head, head
    assert b"alice@client.test" not in head.split(b"From:")[1].split(
        b"\r\n")[0], head


def test_rewrite_from_leaves_bounces_alone(tmp_path):
    with Server(scripted_relay()) as srv:
        setup = Setup(tmp_path).relay("work", url(srv))
        setup.defaults["rewrite-from"] = "*@client.test joe@provider.test"
        delivered(setup.send(BOB, sender="<>"))
    assert senders(srv)[0].startswith("MAIL FROM:<>"), srv.lines


def test_default_domain(tmp_path):
    with Server(scripted_relay()) as srv:
        setup = Setup(tmp_path).relay("work", url(srv))
        setup.defaults["default-domain"] = "home.test"
        run = setup.send("root", sender="cron")
    delivered(run, "root@home.test")
    assert senders(srv)[0].startswith("MAIL FROM:<cron@home.test>"), srv.lines
    assert any(l.startswith("RCPT TO:<root@home.test>") for l in srv.lines)


def test_helo_and_source_of_a_relay(tmp_path):
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).relay("work", url(srv), helo="me.test",
                                    source="127.0.0.1").send(BOB)
    delivered(run)
    assert [l for l in sent(run) if l.startswith("EHLO")] == \
        ["EHLO me.test"] * 2, run


def ask(setup, dns, *args, **how):
    return setup.send("--resolver", f"127.0.0.1:{dns.port}", *args, BOB, **how)


@pytest.mark.parametrize("smtps", (False, True), ids=LINKS)
def test_resolver_reaches_relays(tmp_path, smtps):
    """A relay's host that only the DNS server of --resolver knows."""
    with FakeDns() as dns, Server(scripted_relay(smtps=smtps)) as srv:
        dns.add("relay.example.test", "A", "127.0.0.1")
        setup = Setup(tmp_path).relay(
            "work", f"smtp{'s' if smtps else ''}://relay.example.test:"
            f"{srv.port}")
        delivered(ask(setup, dns))
        plan = ask(setup, dns, "--explain", json_events=False)
    assert len(srv.conns) == 1 and srv.conns[0].sni == "relay.example.test"
    assert " at 127.0.0.1" in plan.out, plan
    assert dns.count("relay.example.test", "A") == 2


def test_resolver_reaches_a_relay_of_another_name(tmp_path):
    """tls-name is who it must be, the url where it is."""
    with FakeDns() as dns, Server(scripted_relay()) as srv:
        dns.add("relay.lan.test", "A", "127.0.0.1")
        setup = Setup(tmp_path).relay(
            "work", f"smtp://relay.lan.test:{srv.port}",
            tls_name="mx.example.test")
        delivered(ask(setup, dns))
    assert srv.conns[0].sni == "mx.example.test"


def test_a_dead_address_of_a_relay(tmp_path):
    """libcurl has all of them, and goes on to the next."""
    with FakeDns() as dns, Server(scripted_relay()) as srv:
        dns.add("relay.example.test", "A", "127.0.0.77", "127.0.0.1")
        setup = Setup(tmp_path).relay(
            "work", f"smtp://relay.example.test:{srv.port}")
        delivered(ask(setup, dns))


@pytest.mark.parametrize("kind", ("absent", "failing"))
def test_a_relay_that_the_resolver_does_not_find(tmp_path, kind):
    with FakeDns() as dns:
        if kind == "failing":
            dns.default = lambda q: q.answer(rcode=SERVFAIL)
        setup = Setup(tmp_path).relay("work", "smtp://relay.example.test:99")
        run = ask(setup, dns)
    deferred(run, "DNS", "relay.example.test",
             "no such host" if kind == "absent" else "SERVFAIL")


def test_etc_hosts_goes_before_the_resolver(tmp_path, machine):
    box = machine(hosts="127.0.0.1 localhost relay.example.test\n")
    with FakeDns() as dns, Server(scripted_relay()) as srv:
        dns.default = lambda q: q.answer(rcode=SERVFAIL)
        setup = Setup(tmp_path).relay(
            "work", f"smtp://relay.example.test:{srv.port}")
        delivered(ask(setup, dns, wrap=box))
    assert not dns.asked


def test_a_domain_that_is_a_host(tmp_path):
    """--relay HOST means the domain's servers; it says how the host is meant."""
    with FakeDns() as dns:
        dns.add("relay.example.test", "A", "127.0.0.1")
        run = ask(Setup(tmp_path), dns, "--relay", "relay.example.test")
    deferred(run, "DNS", "smtps://relay.example.test")
