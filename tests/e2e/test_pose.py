# SPDX-License-Identifier: ISC
"""Speaking for another: --xclient and --proxy-protocol, to scripted servers and to
Postfix.  (Debian's exim4-daemon-light has neither.)
"""

import re

import pytest

import conftest
from faults_support import (OK, TEMPFAIL, USAGE, Server, certificates, check,
                            send, smtpsend, tls_dialogue)
from scripted import dialogue
from servers.postfix import Postfix

CAPS = ("PIPELINING", "8BITMIME", "XCLIENT NAME ADDR PORT HELO PROTO LOGIN")
LIST = "ADDR=192.0.2.9 NAME=mx9.example.test HELO=a+b"
SAID = "XCLIENT ADDR=192.0.2.9 NAME=mx9.example.test HELO=a+2Bb"


def test_xclient_is_said_once_and_ehlo_again():
    with Server(dialogue(CAPS, XCLIENT="220 hi again")) as srv:
        run = send(srv.port, "--xclient", LIST)
    check(run, OK, status="delivered")
    assert [line.split()[0] for line in srv.lines] == [
        "EHLO", "XCLIENT", "EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert SAID in srv.lines


def test_xclient_comes_behind_starttls():
    caps = CAPS + ("STARTTLS",)
    with Server(tls_dialogue(caps=caps, XCLIENT="220 hi again")) as srv:
        run = send(srv.port, "--xclient", LIST, "--tls", "encrypt")
    check(run, OK, status="delivered", tls="TLSv1.3")
    assert [line.split()[0] for line in srv.lines][:5] == [
        "EHLO", "STARTTLS", "EHLO", "XCLIENT", "EHLO"]


@pytest.mark.parametrize("caps, said", [
    ((), "does not offer us XCLIENT"),
    (("XCLIENT NAME ADDR",), "does not offer us HELO")])
def test_what_is_not_offered_is_not_said(caps, said):
    with Server(dialogue(caps)) as srv:
        run = send(srv.port, "--xclient", LIST)
    check(run, TEMPFAIL, status="deferred", stage="XCLIENT",
          text=lambda t: said in t)
    assert not any("XCLIENT" in line or "MAIL" in line for line in srv.lines)


@pytest.mark.parametrize("reply", ["550 5.7.0 not you", "501 5.5.4 what?",
                                   "421 4.3.2 closing"])
def test_xclient_is_refused(reply):
    with Server(dialogue(CAPS, XCLIENT=reply)) as srv:
        run = send(srv.port, "--xclient", LIST)
    check(run, TEMPFAIL, status="deferred", stage="XCLIENT",
          code=int(reply[:3]))
    assert not any("MAIL" in line for line in srv.lines)


def test_what_was_offered_to_us_is_forgotten():
    """Another client is offered other things: no PIPELINING, no CHUNKING."""
    caps = CAPS + ("CHUNKING",)
    ehlo = ["250-mx\n" + "\n".join("250-" + c for c in caps) + "\n250 HELP",
            "250 mx"]
    with Server(dialogue(caps, EHLO=ehlo, XCLIENT="220 hi")) as srv:
        run = send(srv.port, "--xclient", LIST)
    check(run, OK, status="delivered")
    assert "DATA" in srv.lines


def header(raw, length):
    """A script that takes so many octets first; smtps: a TLS after them."""
    def script(c):
        c.header = c.exactly(length)
        raw.append(c.header)
        dialogue(())(c)
    return script


@pytest.mark.parametrize("form, said", [
    ("v1:192.0.2.1:99,192.0.2.2:26",
     b"PROXY TCP4 192.0.2.1 192.0.2.2 99 26\r\n"),
    ("v1:unknown", b"PROXY UNKNOWN\r\n"),
    ("v2:local", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"),
    ("v2:192.0.2.1:258,192.0.2.2:25", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
     b"\xc0\0\x02\x01\xc0\0\x02\x02\x01\x02\0\x19")])
def test_proxy_header_comes_before_all(form, said):
    raw = []
    with Server(header(raw, len(said))) as srv:
        run = send(srv.port, "--proxy-protocol", form)
    check(run, OK, status="delivered")
    assert raw == [said]


def test_proxy_header_has_our_own_ends():
    raw = []

    def script(c):
        raw.append((c.line().encode(), c.sock.getpeername()[1]))
        c.lines.clear()
        dialogue(())(c)

    with Server(script) as srv:
        run = send(srv.port, "--proxy-protocol", "v1")
    check(run, OK, status="delivered")
    line, port = raw[0]
    assert line == b"PROXY TCP4 127.0.0.1 127.0.0.1 %d %d" % (port, srv.port)


def test_proxy_header_comes_in_clear_before_tls():
    raw = []

    def script(c):
        raw.append(c.exactly(15))
        dialogue((), smtps=certificates().context())(c)

    with Server(script) as srv:
        run = send(srv.port, "--proxy-protocol", "v1:unknown", server="smtps")
    check(run, OK, status="delivered", tls="TLSv1.3")
    assert raw == [b"PROXY UNKNOWN\r\n"]


@pytest.mark.parametrize("words, said", [
    (["--xclient", "FOO=bar"], "DESTPORT or REVERSE_NAME is wanted"),
    (["--xclient", "ADDR=mx"], "an IP address is wanted"),
    (["--xclient", "HELO=" + "x" * 500], "longer than a command line"),
    (["--xclient", "NAME=a\r\nRSET"], "a host name is wanted"),
    (["--proxy-protocol", "v3"], "v1 or v2 is wanted"),
    (["--proxy-protocol", "v1:192.0.2.1,::1"], "both IPv6")])
def test_words_that_mean_nothing(words, said):
    run = smtpsend("--server", "127.0.0.1", *words, "bob@example.test",
                   json_events=False)
    assert run.rc == USAGE and said in run.err, run
    assert run.err.count("\n") == 1


@pytest.mark.parametrize("option, value", [("--xclient", "ADDR=192.0.2.1"),
                                           ("--proxy-protocol", "v1")])
def test_only_a_named_server_trusts_us(option, value):
    run = smtpsend(option, value, "bob@example.test", json_events=False)
    assert run.rc == USAGE and "needs --server" in run.err, run
    run = smtpsend(option, value, "--relay", "smtp://localhost:9",
                   "bob@example.test", json_events=False)
    assert run.rc == USAGE and "--relay and" in run.err, run


class Trusting(Postfix):
    """... us, on two more ports."""

    name = "Postfix behind a proxy"

    def configure(self):
        super().configure()
        self.xclient, self.proxied = self.new_port(), self.new_port()
        master = self.root / "etc/postfix/master.cf"
        reject = ("-o {smtpd_client_restrictions=check_client_access "
                  "inline:{192.0.2.66=reject}} -o mynetworks=0.0.0.0/0")
        master.write_text(master.read_text() + f"""\
127.0.0.1:{self.xclient} inet n - n - - smtpd {reject}
 -o smtpd_authorized_xclient_hosts=127.0.0.1
127.0.0.1:{self.proxied} inet n - n - - smtpd {reject}
 -o smtpd_upstream_proxy_protocol=haproxy
""")


@pytest.fixture(scope="module")
def trusting(tmp_path_factory, servers, ca):
    yield from conftest.started(
        Trusting(tmp_path_factory.mktemp("trusting"), servers, ca))


WAYS = [("xclient", "--xclient", "ADDR=%s NAME=mx.example.test"),
        ("proxied", "--proxy-protocol", "v1:%s:4711,127.0.0.1:25"),
        ("proxied", "--proxy-protocol", "v2:%s:4711")]


@pytest.mark.parametrize("port, option, value", WAYS)
def test_postfix_takes_us_for_another(trusting, port, option, value):
    trusting.mark()
    run = send(getattr(trusting, port), option, value % "192.0.2.9")
    check(run, OK, status="delivered")
    run = send(getattr(trusting, port), option, value % "192.0.2.66")
    check(run, 69, status="failed", stage="RCPT")
    assert re.search(r"client=\S*\[192\.0\.2\.9\]", trusting.news())
    assert re.search(r"reject: RCPT from \S*\[192\.0\.2\.66\]",
                     trusting.news())


def test_postfix_local(trusting):
    """LOCAL: the connection's own ends."""
    trusting.mark()
    run = send(trusting.proxied, "--proxy-protocol", "v2:local")
    check(run, OK, status="delivered")
    assert "[127.0.0.1]" in trusting.news()


def test_postfix_offers_no_such_attribute(trusting):
    run = send(trusting.port, "--xclient", "ADDR=192.0.2.9", "--tls", "none")
    check(run, TEMPFAIL, stage="XCLIENT")
