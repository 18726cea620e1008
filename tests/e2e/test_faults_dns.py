# SPDX-License-Identifier: ISC
"""FAULTS.md rows 1-18: what DNS can do to a mail.  (16, 17: see test_faults.)"""

import os
import socket
import struct
import threading

import pytest

from fakedns import (FORMERR, NOTIMP, NXDOMAIN, REFUSED, SERVFAIL, FakeDns, record,
                     wire_name)
from faults_support import (NOHOST, OK, TEMPFAIL, World, check, closed_port,
                            smtpsend)
from scripted import Server, dialogue


def nothing(code):
    """The code of an outcome that no server spoke."""
    return not code


def names_asked(world):
    return {q.name for q in world.dns.asked}


def test_row_01_nxdomain():
    with World() as w:
        run = w.send()
    got = check(run, NOHOST, status="failed", code=nothing)
    assert got["enhanced"] in ("5.1.2", "5.4.4"), run
    assert run.seconds < 3, run


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_row_02_implicit_mx(kind):
    address = {"A": "127.0.0.1", "AAAA": "::1"}[kind]
    with World() as w:
        if kind == "AAAA" and not socket.has_ipv6:
            pytest.skip("no IPv6 here")
        w.dns.add("example.test", kind, address)
        server = w.stack.enter_context(Server(dialogue(), address=address))
        w.port = server.port
        run = w.send()
    check(run, OK, status="delivered", host="example.test", address=address)


def test_row_03_nodata():
    with World() as w:
        w.dns.zone["example.test"] = {}
        run = w.send()
    check(run, NOHOST, status="failed", enhanced="5.4.4", code=nothing)


def test_row_04_null_mx():
    with World() as w:
        w.dns.add("example.test", "MX", (0, "."))
        server = w.host("example.test", dialogue())
        run = w.send()
    check(run, NOHOST, status="failed", enhanced="5.1.10", code=nothing)
    assert not server.conns, "connected in spite of a null MX"
    assert names_asked(w) == {"example.test"}, "asked for the root's address"


def test_row_04_null_mx_among_others():
    with World() as w:
        w.dns.add("example.test", "MX", (0, "."))
        good = w.mx(10, dialogue())
        run = w.send()
    check(run, OK, status="delivered")
    assert len(good.conns) == 1


def test_row_04_null_mx_among_dead_ones():
    with World() as w:
        w.dns.add("example.test", "MX", (0, "."))
        w.mx(10, None)
        run = w.send()
    check(run, TEMPFAIL, status="deferred")


@pytest.mark.parametrize("rcode", [SERVFAIL, REFUSED, FORMERR])
def test_row_05_soft_error_is_no_reason_to_try_a(rcode):
    with World() as w:
        w.dns.script("example.test", "MX", lambda q: q.answer(rcode=rcode))
        server = w.host("example.test", dialogue())
        run = w.send()
    check(run, TEMPFAIL, status="deferred", enhanced="4.4.3", code=nothing)
    assert not server.conns, "fell back to A"


def test_row_06_silence():
    with World() as w:
        w.dns.default = lambda q: None
        run = w.send(seconds=1)
    check(run, TEMPFAIL, status="deferred", enhanced="4.4.3", code=nothing)
    assert run.seconds < 5, run


def test_row_06_silence_of_all_within_the_budget():
    """Without --timeout's help: 15 s, also with two servers."""
    with World() as w, FakeDns() as second:
        w.dns.default = second.default = lambda q: None
        run = w.send("--resolver", f"127.0.0.1:{second.port}", seconds=60)
    check(run, TEMPFAIL, status="deferred", enhanced="4.4.3")
    assert 5 < run.seconds < 17, run
    assert w.dns.asked and second.asked, "one server was never asked"


def test_row_06_second_server_answers():
    with World() as w, FakeDns() as silent:
        silent.default = lambda q: None
        good = w.mx(10, dialogue())
        run = smtpsend("--resolver", f"127.0.0.1:{silent.port}", "--resolver",
                       f"127.0.0.1:{w.dns.port}", "--allow-loopback-mx",
                       "--port", w.port, "-f", "alice@client.test",
                       "bob@example.test")
    check(run, OK, status="delivered")
    assert len(good.conns) == 1
    assert run.seconds < 15, run


def test_row_07_truncated_then_tcp():
    with World() as w:
        good = w.mx(10, dialogue())
        evil = w.host("evil.example.test", dialogue())

        def cut(q):
            if q.transport == "udp":
                return q.answer(("MX", (1, "evil.example.test")), tc=True)
            return q.honest()

        w.dns.script("example.test", "MX", cut)
        run = w.send()
    check(run, OK, status="delivered", host="mx1.example.test")
    assert not evil.conns and len(good.conns) == 1
    assert w.dns.count("example.test", "MX", "tcp") == 1


def test_row_07_truncated_and_no_tcp():
    with World(tcp=False) as w:
        evil = w.host("evil.example.test", dialogue())
        w.dns.script("example.test", "MX", lambda q: q.answer(
            ("MX", (1, "evil.example.test")), tc=True))
        run = w.send(seconds=2)
    check(run, TEMPFAIL, status="deferred", enhanced="4.4.3")
    assert not evil.conns, "used a truncated set"


def wrong_id(q, evil):
    for i in range(1, 3):
        q.reply(q.answer(evil, ident=(q.id + i) & 0xffff))


def wrong_question(q, evil):
    asked = wire_name("other.test") + q.question[-4:]
    q.reply(q.answer(evil, question=asked))


def wrong_type(q, evil):
    q.reply(q.answer(evil, question=q.question[:-4] +
                     struct.pack(">HH", 16, 1)))


def wrong_port(q, evil):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.sendto(q.answer(evil), q.peer)


def wrong_address(q, evil):
    """The right port, but another address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.2", q.server.port))
        s.sendto(q.answer(evil), q.peer)


def not_an_answer(q, evil):
    head = q.header(answers=1, qr=False)
    q.reply(head + q.question + record(b"\xc0\x0c", *evil))


@pytest.mark.parametrize("forge", [wrong_id, wrong_question, wrong_type,
                                   wrong_port, wrong_address, not_an_answer])
def test_row_08_forgeries_are_ignored(forge):
    with World() as w:
        good = w.mx(10, dialogue())
        evil = w.host("evil.example.test", dialogue())

        def attack(q):
            if q.transport == "udp":
                forge(q, ("MX", (1, "evil.example.test")))
            return q.honest()

        w.dns.script("example.test", "MX", attack)
        run = w.send()
    check(run, OK, status="delivered", host="mx1.example.test")
    assert not evil.conns and len(good.conns) == 1


def test_row_08_flood_of_65k_forgeries():
    with World() as w:
        good = w.mx(10, dialogue())
        evil = w.host("evil.example.test", dialogue())

        def flood(q):
            if q.transport == "tcp":
                return q.honest()
            bad = q.answer(("MX", (1, "evil.example.test")))

            def all_others():
                for i in range(65536):
                    if i != q.id:
                        q.reply(struct.pack(">H", i) + bad[2:])
                q.reply(q.honest())
            threading.Thread(target=all_others, daemon=True).start()
            return None

        w.dns.script("example.test", "MX", flood)
        run = w.send(seconds=10)
    check(run, OK, status="delivered", host="mx1.example.test")
    assert not evil.conns and len(good.conns) == 1
    assert w.dns.count("example.test", "MX", "tcp") >= 1, \
        "no TCP after three mismatches"
    assert run.cpu < 2, f"{run.cpu} s of CPU"


def raw_record(kind_number, data, length=None):
    return b"\xc0\x0c" + struct.pack(
        ">HHIH", kind_number, 1, 60,
        len(data) if length is None else length) + data


def big_packet(q):
    """65,535 octets that begin like an answer."""
    if q.transport == "udp":
        return q.answer(tc=True)
    head = q.answer(raw_record(15, b"\0\x0a\x02mx\xc0\x0c"))
    head = head[:6] + b"\x10\x00" + head[8:]  # 4096 answers, it says
    return head + os.urandom(65535 - len(head))


def many_counts(q):
    """Says 65,535 answers and has one."""
    p = q.answer(raw_record(15, b"\0\x0a\x02mx\xc0\x0c"))
    return p[:6] + b"\xff\xff" + p[8:]


BROKEN_MX = {
    "empty rdata": lambda q: q.answer(raw_record(15, b"")),
    "one octet": lambda q: q.answer(raw_record(15, b"\0")),
    "preference only": lambda q: q.answer(raw_record(15, b"\0\x0a")),
    "name cut off": lambda q: q.answer(raw_record(15, b"\0\x0a\x05mx")),
    "name and more": lambda q: q.answer(
        raw_record(15, b"\0\x0a\x02mx\0junk")),
    "length past the end": lambda q: q.answer(
        raw_record(15, b"\0\x0a\x02mx\0", length=5000)),
    "compression loop": lambda q: q.answer(
        raw_record(15, b"\0\x0a" + struct.pack(
            ">H", 0xc000 | (12 + len(q.question) + 14)))),
    "pointer past the end": lambda q: q.answer(
        raw_record(15, b"\0\x0a\xff\xff")),
    "label over 63": lambda q: q.answer(
        raw_record(15, b"\0\x0a\x80" + b"a" * 128 + b"\0")),
    "64 KiB": big_packet,
    "counts that lie": many_counts,
}


@pytest.mark.parametrize("what", BROKEN_MX)
def test_row_09_broken_mx(what):
    with World() as w:
        w.dns.script("example.test", "MX", BROKEN_MX[what])
        server = w.host("example.test", dialogue())
        run = w.send(seconds=2)
    check(run, TEMPFAIL, status="deferred")
    assert not server.conns, "fell back to A"


NO_HOST_NAMES = {
    "NUL": b"\x04a\0bc\0",
    "line feed": b"\x06a\r\nb c\0",
    "escape": b"\x05\x1b[31m\0",
    "blank": b"\x03a b\0",
    "slash": b"\x04../x\0",
}


@pytest.mark.parametrize("what", NO_HOST_NAMES)
def test_row_09_mx_that_is_no_host_name(what):
    """Never used, never shown raw, and not replaced by A."""
    with World() as w:
        w.dns.script("example.test", "MX", lambda q: q.answer(
            raw_record(15, b"\0\x0a" + NO_HOST_NAMES[what])))
        server = w.host("example.test", dialogue())
        run = w.send(seconds=2)
    assert run.rc in (TEMPFAIL, NOHOST), run
    assert not server.conns and not run.of("connect"), run
    for raw in ("\x1b", "\0", "\r"):
        assert raw not in run.text, run


@pytest.mark.parametrize("data", [b"", b"\x7f", b"\x7f\0\0", b"\x7f\0\0\1\1"])
def test_row_09_broken_a(data):
    with World() as w:
        w.dns.add("example.test", "MX", (10, "mx.example.test"))
        w.dns.script("mx.example.test", "A",
                     lambda q: q.answer(raw_record(1, data)))
        run = w.send(seconds=2)
    check(run, TEMPFAIL, status="deferred")


@pytest.mark.parametrize("keep", [0, 1, 11, 12, 13, 20])
def test_row_09_packet_cut_short(keep):
    """Nothing that short can be told from a forgery: silence, in effect."""
    with World() as w:
        w.dns.script("example.test", "MX",
                     lambda q: q.honest()[:keep] if q.transport == "udp"
                     else q.honest()[:keep])
        run = w.send(seconds=1)
    check(run, TEMPFAIL, status="deferred", enhanced="4.4.3")


def chain(world, n, end):
    """example.test -> c1 -> ... -> cn = end"""
    names = ["example.test"] + [f"c{i}.test" for i in range(1, n)] + [end]
    for a, b in zip(names, names[1:]):
        world.dns.add(a, "CNAME", b)


@pytest.mark.parametrize("n", [1, 8])
def test_row_10_chain_that_ends(n):
    with World() as w:
        chain(w, n, "real.test")
        w.mx(10, dialogue(), domain="real.test")
        run = w.send()
    check(run, OK, status="delivered", host="mx1.example.test")


def test_row_10_chain_too_long():
    with World() as w:
        chain(w, 12, "real.test")
        server = w.mx(10, dialogue(), domain="real.test")
        run = w.send()
    check(run, TEMPFAIL, status="deferred")
    assert not server.conns


def test_row_10_loop():
    with World() as w:
        w.dns.add("example.test", "CNAME", "b.test")
        w.dns.add("b.test", "CNAME", "example.test")
        run = w.send()
    check(run, TEMPFAIL, status="deferred")


def test_row_10_cname_to_nxdomain():
    with World() as w:
        chain(w, 1, "gone.test")
        run = w.send()
    check(run, NOHOST, status="failed")


def test_row_11_one_mx_without_address():
    with World() as w:
        w.dns.add("example.test", "MX", (5, "gone.example.test"))
        good = w.mx(10, dialogue())
        run = w.send()
    check(run, OK, status="delivered", host="mx1.example.test")
    assert len(good.conns) == 1


def test_row_12_all_mx_hard():
    with World() as w:
        w.dns.add("example.test", "MX", (5, "gone.test"), (10, "empty.test"))
        w.dns.zone["empty.test"] = {}
        run = w.send()
    check(run, NOHOST, status="failed", enhanced="5.4.4", code=nothing)


def test_row_12_a_soft_error_dominates():
    with World() as w:
        w.dns.add("example.test", "MX", (5, "gone.test"), (10, "sick.test"))
        for kind in ("A", "AAAA"):
            w.dns.script("sick.test", kind,
                         lambda q: q.answer(rcode=SERVFAIL))
        run = w.send()
    check(run, TEMPFAIL, status="deferred", code=nothing,
          enhanced=lambda e: e in ("4.4.4", "4.4.3"))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.66.0.9", "0.0.0.0",
                                     "224.0.0.9"])
def test_row_13_mx_to_ourselves(address):
    with World() as w:
        w.dns.add("example.test", "MX", (10, "mx.example.test"))
        w.dns.add("mx.example.test", "A", address)
        run = w.send(loopback=False)
    check(run, NOHOST, status="failed", enhanced="5.4.6", code=nothing)
    assert not run.of("connect"), "connected to it"


@pytest.mark.parametrize("address", ["::1", "::", "ff02::1",
                                     "::ffff:127.0.0.1"])
def test_row_13_mx_to_ourselves_by_ipv6(address):
    with World() as w:
        w.dns.add("example.test", "MX", (10, "mx.example.test"))
        w.dns.add("mx.example.test", "AAAA", address)
        run = w.send(loopback=False)
    check(run, NOHOST, status="failed", enhanced="5.4.6", code=nothing)
    assert not run.of("connect"), "connected to it"


def test_row_13_own_name():
    with World() as w:
        w.dns.add("example.test", "MX", (10, "client.test"),
                  (20, "mx2.example.test"))
        w.dns.add("client.test", "A", "203.0.113.7")
        w.dns.add("mx2.example.test", "A", "203.0.113.8")
        run = w.send(loopback=False, seconds=1)
    check(run, NOHOST, status="failed", enhanced="5.4.6", code=nothing)
    assert not run.of("connect"), "connected to itself or worse"


def test_row_13_better_ones_stay():
    """Equal or worse than the loop is dropped; better is kept."""
    with World() as w:
        w.dns.add("example.test", "MX", (5, "a.test"), (10, "b.test"),
                  (10, "loop.test"), (20, "c.test"))
        w.dns.add("a.test", "A", "203.0.113.5")
        w.dns.add("b.test", "A", "203.0.113.10")
        w.dns.add("c.test", "A", "203.0.113.20")
        w.dns.add("loop.test", "A", "127.0.0.1")
        run = w.send("--explain", loopback=False, json_events=False)
    assert run.rc == OK, run
    assert "203.0.113.5" in run.out, run
    assert "203.0.113.10" not in run.out, run
    assert "203.0.113.20" not in run.out, run


def test_row_13_allowed_for_tests():
    with World() as w:
        w.mx(10, dialogue())
        check(w.send(), OK, status="delivered")


def test_row_14_thousand_mx_thousand_a():
    """Everything is bounded: questions, attempts, time."""
    with World() as w:
        port = closed_port("127.0.0.1")
        mx = [("MX", (10 + i % 3, f"m{i}.example.test")) for i in range(1000)]

        def everything(q):
            if q.kind == "MX":
                return q.answer(*mx) if q.transport == "tcp" else \
                    q.answer(tc=True)
            if q.kind == "A" and q.name.startswith("m"):
                if q.transport == "udp":
                    return q.answer(tc=True)
                return q.answer(*[("A", f"127.44.{i // 250}.{1 + i % 250}")
                                  for i in range(1000)])
            return q.answer()

        w.dns.default = everything
        w.port = port
        run = w.send(seconds=10)
    check(run, TEMPFAIL, status="deferred")
    assert len(run.of("connect")) == 5, run
    hosts = {q.name for q in w.dns.asked} - {"example.test"}
    assert len(hosts) <= 20, f"{len(hosts)} hosts asked for"
    assert run.seconds < 10, run


def test_row_14_both_families_get_a_turn():
    with World() as w:
        port = closed_port("127.0.0.1")
        w.dns.add("example.test", "MX", (10, "mx.example.test"))
        w.dns.add("mx.example.test", "A",
                  *[f"127.45.0.{i}" for i in range(1, 50)])
        w.dns.add("mx.example.test", "AAAA", "::1")
        w.port = port
        run = w.send()
    check(run, TEMPFAIL, status="deferred")
    tried = [e["address"] for e in run.of("connect")]
    assert len(tried) == 5, run
    assert any(":" in a for a in tried), f"no IPv6 among {tried}"


def test_row_15_bogus_mx():
    with World() as w:
        w.dns.script("example.test", "MX", lambda q: q.answer(rcode=SERVFAIL))
        check(w.send(), TEMPFAIL, status="deferred", enhanced="4.4.3")


def test_row_15_bogus_address():
    with World() as w:
        w.dns.add("example.test", "MX", (10, "mx.example.test"))
        for kind in ("A", "AAAA"):
            w.dns.script("mx.example.test", kind,
                         lambda q: q.answer(rcode=SERVFAIL))
        check(w.send(), TEMPFAIL, status="deferred", code=nothing)


def other_address():
    """An address of this machine that is not a loopback one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.77", 9))
        except OSError:
            return None
        at = s.getsockname()[0]
    return None if at.startswith("127.") else at


@pytest.mark.parametrize("where", ["loopback", "elsewhere"])
def test_row_18_ad_counts_from_loopback_only(where):
    at = "127.0.0.1" if where == "loopback" else other_address()
    if at is None:
        pytest.skip("this machine has loopback addresses only")
    with World(address=at) as w:
        w.mx(10, dialogue())
        w.dns.default = lambda q: q.honest(ad=True)
        run = w.send()
    check(run, OK, status="delivered")
    seen = {bool(e["validated"]) for e in run.of("answer") if e["type"] == "MX"}
    assert seen == {where == "loopback"}, run


def test_nxdomain_of_one_kind_is_not_trusted_over_data():
    """A broken server that says NXDOMAIN to AAAA: the MX still counts."""
    with World() as w:
        good = w.mx(10, dialogue())
        for name in ("example.test", "mx1.example.test"):
            w.dns.script(name, "AAAA", lambda q: q.answer(rcode=NXDOMAIN))
        run = w.send()
    check(run, OK, status="delivered")
    assert len(good.conns) == 1


def has_edns(q):
    return q.packet[11] == 1        # ARCOUNT: our OPT record


def bare(q, rcode):
    """Only a header: such a server has not read the question."""
    return q.header(rcode, questions=0)


def badvers(q):
    opt = b"\0" + struct.pack(">HHBBHH", 41, 1232, 1, 0, 0, 0)
    packet = q.answer()
    return packet[:10] + b"\0\1" + packet[12:] + opt


@pytest.mark.parametrize("refuse", [
    lambda q: q.answer(rcode=FORMERR), lambda q: q.answer(rcode=NOTIMP),
    lambda q: bare(q, FORMERR), lambda q: bare(q, NOTIMP), badvers],
    ids=("FORMERR", "NOTIMP", "bare FORMERR", "bare NOTIMP", "BADVERS"))
def test_a_server_without_edns(refuse):
    """Asked again without OPT, and from then on always (RFC 6891 7)."""
    with World() as w:
        w.mx(10, dialogue())
        w.dns.default = lambda q: refuse(q) if has_edns(q) else q.honest()
        run = w.send()
    check(run, OK, status="delivered")
    first = [q for q in w.dns.asked if q.name == "example.test"]
    later = [q for q in w.dns.asked if q.name != "example.test"]
    assert sum(map(has_edns, first)) == 3 and len(first) == 6, "MX, A, AAAA"
    assert len(later) == 2 and not any(map(has_edns, later)), "it forgot"


def test_a_server_that_drops_edns():
    with World() as w:
        w.mx(10, dialogue())
        w.dns.default = lambda q: None if has_edns(q) else q.honest()
        run = w.send(seconds=2)
    check(run, OK, status="delivered")


@pytest.mark.parametrize("kind,address", [
    ("AAAA", "fe80::1"), ("A", "169.254.169.254"),
    ("AAAA", "::ffff:169.254.1.1")])
def test_link_local_addresses_are_left_out(kind, address):
    with World() as w:
        w.mx(10, dialogue())
        w.dns.add("mx1.example.test", kind, address)
        run = w.send()
        check(run, OK, status="delivered")
        assert not any(e["address"].startswith(("fe80", "169.254"))
                       for e in run.of("connect")), run
        del w.dns.zone["mx1.example.test"]
        w.dns.add("mx1.example.test", kind, address)
        run = w.send(loopback=False)
    got = check(run, NOHOST, status="failed", enhanced="5.4.4")
    assert "link-local" in got["text"], run


def test_what_a_domain_lacks_is_said():
    with World() as w:
        w.dns.add("txt.test", "TXT", b"\1x")
        w.dns.add("dangling.test", "MX", (10, "nowhere.test"))
        w.dns.add("hollow.test", "MX", (10, "txt.test"))
        run = w.send(to=("a@txt.test", "b@dangling.test", "c@hollow.test",
                         "d@192.0.2.7"), json_events=False)
    assert run.rc == NOHOST, run
    txt, dangling, hollow, number = sorted(run.err.splitlines())[:4]
    for line in (txt, dangling, hollow):
        assert "after the @" not in line, "the domain is there"
        assert "the domain exists" in line
    assert "neither A nor AAAA records" in txt and "no MX records" in txt
    assert "nowhere.test: no such host" in dangling
    assert "txt.test: no address (neither A nor AAAA records)" in hollow
    assert "written [192.0.2.7]" in number


def test_short_of_descriptors_questions_wait():
    """300 and more with room for a few; nobody is blamed."""
    names = [f"d{i}.test" for i in range(300)]
    with World() as w:
        for name in names:
            w.dns.add(name, "MX", (10, "mx.test"))
        w.dns.add("mx.test", "A", "192.0.2.1")
        w.dns.add("mx.test", "AAAA", "2001:db8::1")
        run = w.send("--explain", to=[f"u@{name}" for name in names],
                     wrap=["sh", "-c", 'ulimit -n 12; exec "$@"', "sh"])
    plans = run.of("explain")
    assert len(plans) == 300 and all(p["why"] is None for p in plans), run
    assert run.rc == OK, run
    asked = [(q.name, q.kind) for q in w.dns.asked]
    twice = {q for q in asked if asked.count(q) > 1}
    assert not twice, f"each question once: {twice}"
    # a domain that has MX records is not asked for addresses of its own
    assert 302 <= len(asked) < 902 and w.dns.count(kind="MX") == 300
