# SPDX-License-Identifier: ISC
"""FAULTS.md rows 30-38: STARTTLS, handshakes, certificates, TLS under way.

Of row 33 "revoked" is left out: nothing here fetches revocation lists.  Of row 35
key updates, renegotiation and padded records come from `openssl s_server`.
"""

import re
import select
import ssl
import subprocess
import threading
import time
import warnings

import pytest

from faults_support import (OK, STARTTLS, TEMPFAIL, Server, World,
                            big_message, certificates, check, send,
                            tls_dialogue)
from scripted import deaf, dialogue, drop, raw_then, rst, stall

NO_TLS = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")


def no_mail(server):
    assert not [x for x in server.lines if x.startswith("MAIL")], server.lines


def strict(script, level="encrypt", **want):
    """At a strict level: the next MX gets it; alone it is deferred."""
    certs = certificates()
    args = ("--tls", level, "--ca", certs.ca)
    with World() as w:
        bad = w.mx(10, script)
        good = w.mx(20, tls_dialogue())
        run = w.send(*args, seconds=2)
    check(run, OK, status="delivered", host="mx2.example.test",
          tls=lambda t: t.startswith("TLSv1"))
    no_mail(bad)
    assert len(bad.conns) == 1 and good.conns[0].tls
    with World() as w:
        bad = w.mx(10, script)
        run = w.send(*args, seconds=2)
    check(run, TEMPFAIL, status="deferred", **want)
    no_mail(bad)
    assert len(bad.conns) == 1, "tried again in clear?"


def in_clear(conn):
    return conn.tls is None and conn.final_dot


def test_row_30_not_offered_may():
    with Server(dialogue(NO_TLS)) as srv:
        run = send(srv.port)
    check(run, OK, status="delivered", tls=lambda t: not t)
    assert in_clear(srv.conns[0])


@pytest.mark.parametrize("level", ["encrypt", "verify"])
def test_row_30_not_offered_strict(level):
    strict(dialogue(NO_TLS), level, enhanced="4.7.4")


REFUSALS = ["454 4.7.0 not now", "502 5.5.1 no", "501 syntax", "334 what"]


@pytest.mark.parametrize("reply", REFUSALS)
def test_row_31_refused_may(reply):
    """In clear, in the same session."""
    with Server(dialogue(STARTTLS, STARTTLS=reply)) as srv:
        run = send(srv.port)
    check(run, OK, status="delivered", tls=lambda t: not t)
    assert len(srv.conns) == 1 and in_clear(srv.conns[0])


@pytest.mark.parametrize("reply", REFUSALS)
def test_row_31_refused_strict(reply):
    strict(dialogue(STARTTLS, STARTTLS=reply))


@pytest.mark.parametrize("level", ["may", "encrypt"])
@pytest.mark.parametrize("reply", ["200 go", "250 2.0.0 go", "299-a\n299 b"])
def test_row_31_another_2yz_is_leave(level, reply):
    """The server waits for a ClientHello: to go on in clear would hang."""
    with Server(tls_dialogue(STARTTLS=reply)) as srv:
        run = send(srv.port, "--tls", level)
    check(run, OK, status="delivered", tls="TLSv1.3")
    assert srv.conns[0].tls_version == "TLSv1.3"


EXTRA = {
    "a reply": b"220 go\r\n250 evil\r\n",
    "half a line": b"220 go\r\n2",
    "a blank line": b"220 go\r\n\r\n",
    "an octet": b"220 go\r\n\x16",
}


@pytest.mark.parametrize("level", ["may", "encrypt", "verify"])
@pytest.mark.parametrize("what", EXTRA)
def test_row_31_octets_behind_the_220(level, what):
    """The connection ends, at every level, and nothing goes out in clear."""
    with Server(dialogue(STARTTLS, STARTTLS=raw_then(EXTRA[what], stall)),
                ) as srv:
        run = send(srv.port, "--tls", level, "--ca", certificates().ca,
                   seconds=2)
    check(run, TEMPFAIL, status="deferred")
    no_mail(srv)


def shake(action):
    """220 to STARTTLS, then that instead of a handshake."""
    def after(c):
        c.say("220 go")
        while len(c.buf) < 5:
            c.more()
        action(c)
    return after


def handshake(context):
    """220 and a handshake that cannot succeed."""
    def after(c):
        c.say("220 go")
        c.starttls(context)
        assert False, "the handshake succeeded"
    return after


def old_context(high):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return certificates().context(
            low=ssl.TLSVersion.TLSv1, high=high,
            ciphers="ALL:@SECLEVEL=0")


def half_hello(c):
    """The first 20 octets of a ServerHello and the end."""
    c.raw_send(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + b"x" * 9)
    c.drop()


def garbage(c):
    c.raw_send(b"250 what is that supposed to be?\r\n")
    c.stall()


def alert(c):
    c.raw_send(b"\x15\x03\x03\x00\x02\x02\x28")
    c.drop()


HANDSHAKES = {
    "rst": lambda: shake(rst),
    "fin": lambda: shake(drop),
    "alert": lambda: shake(alert),
    "stall": lambda: shake(stall),
    "deaf": lambda: shake(deaf),
    "garbage": lambda: shake(garbage),
    "half a hello": lambda: shake(half_hello),
    "TLS 1.0": lambda: handshake(old_context(ssl.TLSVersion.TLSv1)),
    "TLS 1.1": lambda: handshake(old_context(ssl.TLSVersion.TLSv1_1)),
    # RSA key exchange, and a key that is not RSA
    "no shared cipher": lambda: handshake(certificates().context(
        high=ssl.TLSVersion.TLSv1_2, ciphers="AES128-GCM-SHA256")),
}


@pytest.mark.parametrize("what", HANDSHAKES)
def test_row_32_handshake_fails_may(what):
    """One more try, in clear, on a new connection."""
    script = dialogue(STARTTLS, STARTTLS=HANDSHAKES[what]())
    with Server(script) as srv:
        run = send(srv.port, seconds=2)
    check(run, OK, status="delivered", tls=lambda t: not t)
    assert len(srv.conns) == 2
    no_first = [x for x in srv.conns[0].lines if x.startswith("MAIL")]
    assert not no_first, "mail on the broken connection"
    assert in_clear(srv.conns[1])
    assert "STARTTLS" not in srv.conns[1].lines


@pytest.mark.parametrize("what", HANDSHAKES)
def test_row_32_handshake_fails_strict(what):
    strict(dialogue(STARTTLS, STARTTLS=HANDSHAKES[what]()),
           enhanced=lambda e: e.startswith("4."))


def test_row_32_clear_retry_only_once():
    """The retry fails too: next MX, no third try."""
    with World() as w:
        bad = w.mx(10, dialogue(STARTTLS, STARTTLS=shake(rst)),
                   dialogue(STARTTLS, MAIL=drop))
        good = w.mx(20, dialogue())
        run = w.send()
    check(run, OK, status="delivered", host="mx2.example.test")
    assert len(bad.conns) == 2 and len(good.conns) == 1


BAD = ["expired", "wrongname", "selfsigned", "unknown", "wrongeku"]


@pytest.mark.parametrize("cert", BAD)
@pytest.mark.parametrize("level", ["may", "encrypt"])
def test_row_33_bad_certificate_is_good_enough(cert, level):
    """Encrypted all the same, and said to be untrusted."""
    with World() as w:
        srv = w.mx(10, tls_dialogue(cert))
        run = w.send("--tls", level, "--ca", certificates().ca)
    check(run, OK, status="delivered", tls="TLSv1.3")
    assert len(srv.conns) == 1 and srv.conns[0].tls
    assert [e["verdict"] for e in run.of("tls")] == ["untrusted"], run


@pytest.mark.parametrize("cert", BAD)
def test_row_33_bad_certificate_verify(cert):
    strict(tls_dialogue(cert), "verify", enhanced="4.7.5")


@pytest.mark.parametrize("cert", ["expired", "wrongname", "selfsigned",
                                  "unknown", "wrongeku"])
def test_row_33_the_certificate_is_shown(cert):
    """And the advice would help with this one."""
    helps = {"wrongname": "--tls-name NAME", "selfsigned": "--ca PATH",
             "unknown": "--ca PATH"}.get(cert, "tell the server's owner")
    with Server(tls_dialogue(cert)) as srv:
        run = send(srv.port, "--tls", "verify", "--ca", certificates().ca)
        seen = send(srv.port, "--tls", "verify", "--ca", certificates().ca,
                    "-v", json_events=False)
    assert f"nothing was queued: {helps}" in run.err, run
    event, = run.of("tls")
    assert event["verdict"] == "untrusted" and not event["secure"]
    assert event["subject"] == "CN=mx.example.test" and event["why"]
    assert f"; certificate untrusted: {event['why']}" in seen.out
    assert "; of CN=mx.example.test, by CN=" in seen.out


def test_row_33_good_certificate_verify():
    with World() as w:
        srv = w.mx(10, tls_dialogue())
        run = w.send("--tls", "verify", "--ca", certificates().ca)
    check(run, OK, status="delivered", tls="TLSv1.3")
    assert [e["verdict"] for e in run.of("tls")] == ["trusted"], run
    assert srv.conns[0].sni == "mx1.example.test"


def test_row_33_ca_of_the_system_does_not_know_ours():
    with World() as w:
        w.mx(10, tls_dialogue())
        run = w.send("--tls", "verify")
    check(run, TEMPFAIL, status="deferred", enhanced="4.7.5")


def fatal(c):
    """A fatal alert in clear where a TLS record should be."""
    c.raw_send(b"\x15\x03\x03\x00\x02\x02\x28")
    c.drop()


def bad_record(c):
    c.raw_send(b"\x17\x03\x03\x00\x20" + b"\xff" * 32)
    c.drop()


def mid_data(action):
    def body(c):
        c.say("354 go")
        while len(c.buf) < 100000:
            c.more()
        action(c)
    return body


BREAKS = {"alert": fatal, "bad record": bad_record, "fin": drop, "rst": rst}


@pytest.mark.parametrize("what", BREAKS)
def test_row_34_tls_breaks_in_the_body(what):
    with Server(tls_dialogue(DATA=mid_data(BREAKS[what]))) as srv:
        run = send(srv.port, "--tls", "encrypt", stdin=big_message(20 << 20))
    check(run, TEMPFAIL, status="deferred", stage="message body",
          code=lambda c: not c)
    assert not srv.conns[0].final_dot
    assert "duplicate" not in run.err, run


@pytest.mark.parametrize("what", BREAKS)
def test_row_34_tls_breaks_after_the_dot(what):
    with Server(tls_dialogue(DOT=BREAKS[what])) as srv:
        run = send(srv.port, "--tls", "encrypt")
    check(run, TEMPFAIL, status="deferred", stage="end of data")
    assert srv.conns[0].final_dot and len(srv.conns) == 1
    assert "duplicate" in run.err, run


class OpenSslServer:
    """`openssl s_server` as an SMTPS server: a line at a time."""

    def __init__(self, *args):
        c = certificates()
        self.p = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
             c.path("good.pem"), "-key", c.path("good.key"), "-naccept", "1",
             *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=0)
        self.seen = b""
        self.wait_for(rb"ACCEPT 127\.0\.0\.1:(\d+)")
        self.port = int(re.search(rb"ACCEPT 127\.0\.0\.1:(\d+)",
                                  self.seen)[1])
        self.at = 0

    def wait_for(self, pattern, seconds=10):
        limit = time.monotonic() + seconds
        at = getattr(self, "at", 0)
        while not re.search(pattern, self.seen[at:], re.I):
            left = limit - time.monotonic()
            assert left > 0, f"no {pattern} in {self.seen[-500:]}"
            if select.select([self.p.stdout], [], [], left)[0]:
                got = self.p.stdout.read(65536)
                assert got, f"s_server ended: {self.seen[-500:]}"
                self.seen += got
        self.at = at + re.search(pattern, self.seen[at:], re.I).end()

    def write(self, data):
        self.p.stdin.write(data)
        time.sleep(0.05)    # s_server takes a command only at a read's start

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.p.kill()
        self.p.wait()
        self.p.stdin.close()
        self.p.stdout.close()


def talk(server, interlude):
    """A whole delivery with that between the lines."""
    def go():
        for pattern, reply in [
                (rb"CIPHER is|Secure Reneg", b"220 mx\r\n"),
                (rb"EHLO [^\r]*\r\n", b"250 mx\r\n"),
                (rb"MAIL [^\r]*\r\n", b"250 ok\r\n"),
                (rb"RCPT [^\r]*\r\n", b"250 ok\r\n"),
                (rb"DATA\r\n", b"354 go\r\n"),
                (rb"\r\n\.\r\n", b"250 2.0.0 taken\r\n")]:
            server.wait_for(pattern)
            interlude(server)
            server.write(reply)
    return go


def through_openssl(interlude, *args):
    with OpenSslServer(*args) as s:
        failed = []

        def body():
            try:
                talk(s, interlude)()
            except Exception as e:  # pylint: disable=broad-except
                failed.append(e)

        t = threading.Thread(target=body)
        t.start()
        run = send(s.port, server="smtps", seconds=8)
        t.join(timeout=15)
    return run, failed


def test_row_35_plain_s_server():
    """The helper by itself."""
    run, failed = through_openssl(lambda s: None)
    assert not failed, failed
    check(run, OK, status="delivered", tls="TLSv1.3")


def test_row_35_key_updates():
    def storm(s):
        for _ in range(5):
            s.write(b"K\n")

    run, failed = through_openssl(storm)
    assert not failed, failed
    check(run, OK, status="delivered", tls="TLSv1.3")
    assert run.cpu < 1, f"{run.cpu} s of CPU"


def test_row_35_renegotiation_request():
    """Refused; the session goes on or ends as temporary, without a loop."""
    run, _ = through_openssl(lambda s: s.write(b"r\n"), "-tls1_2")
    assert run.rc in (OK, TEMPFAIL), run
    assert run.cpu < 1, f"{run.cpu} s of CPU"


def test_row_35_padded_records():
    run, failed = through_openssl(lambda s: None, "-record_padding", "16000")
    assert not failed, failed
    check(run, OK, status="delivered")


def test_row_35_records_of_one_octet():
    def tiny(c):
        for octet in b"250-mx\r\n" + b"250-X-FOO\r\n" * 100 + b"250 X\r\n":
            c.send(bytes([octet]))

    with Server(tls_dialogue(EHLO=["250-mx\n250 STARTTLS", tiny])) as srv:
        run = send(srv.port, "--tls", "encrypt")
    check(run, OK, status="delivered", tls="TLSv1.3")
    assert run.cpu < 1, f"{run.cpu} s of CPU"


def test_row_36_fin_without_close_notify():
    """SSL_ERROR_SYSCALL with errno 0, or 'unexpected eof'."""
    def greet(c):
        c.starttls(certificates().context())
        c.flush_tls()
        c.drop()

    with Server(greet) as srv:
        run = send(srv.port, server="smtps")
    check(run, TEMPFAIL, status="deferred")
    assert len(srv.conns) == 1
    assert run.seconds < 3, run


def test_row_36_slow_reader_under_tls():
    """Partial writes, WANT_WRITE: same bytes, no busy loop."""
    message = big_message(4 << 20)

    def slow(c):
        c.say("354 go")
        # what is taken is small and late
        for _ in range(40):
            time.sleep(0.02)
            c.more()
        c.data()
        c.say("250 2.0.0 taken")

    with Server(tls_dialogue(DATA=slow), rcvbuf=4096) as srv:
        run = send(srv.port, "--tls", "encrypt", stdin=message, seconds=30)
    check(run, OK, status="delivered", tls="TLSv1.3")
    assert srv.conns[0].messages[0] == message
    assert run.cpu < 2, f"{run.cpu} s of CPU"


def test_row_36_waiting_under_tls_does_not_spin():
    with Server(tls_dialogue(MAIL=stall)) as srv:
        run = send(srv.port, "--tls", "encrypt", seconds=2)
    check(run, TEMPFAIL, status="deferred")
    assert run.cpu < 0.5, f"{run.cpu} s of CPU"


@pytest.mark.parametrize("then", ["fin", "rst", "nothing"])
def test_row_37_close_notify_after_the_250(then):
    def end(c):
        c.say("250 2.0.0 taken")
        c.close_notify()
        {"fin": drop, "rst": rst, "nothing": lambda c: c.linger()}[then](c)

    with Server(tls_dialogue(DOT=end)) as srv:
        run = send(srv.port, "--tls", "encrypt")
    check(run, OK, status="delivered", code=250)
    assert len(srv.conns) == 1


@pytest.mark.parametrize("bytes_first", [True, False])
def test_row_38_plaintext_greeting_on_smtps(bytes_first):
    def clear(c):
        if bytes_first:
            c.say("220 mx.example.test ESMTP")
        while len(c.buf) < 5:
            c.more()
        if not bytes_first:
            c.say("500 5.5.2 what?")
        c.stall()

    with Server(clear) as srv:
        run = send(srv.port, server="smtps", seconds=3)
    check(run, TEMPFAIL, status="deferred", stage="TLS")
    assert len(srv.conns) == 1, "tried again in clear"
    assert srv.conns[0].buf[:1] == b"\x16" and b"MAIL" not in srv.conns[0].buf
    assert run.seconds < 2, run


def test_row_38_smtps_delivers():
    with Server(dialogue(NO_TLS, smtps=certificates().context())) as srv:
        run = send(srv.port, "--tls", "verify", "--ca", certificates().ca,
                   server="smtps")
    check(run, OK, status="delivered", tls="TLSv1.3")
    assert srv.conns[0].final_dot


def test_tickets_before_the_first_command():
    """DESIGN 6: a server that writes tickets first does not hang us."""
    def secure(c):
        c.say("220 go")
        c.starttls(certificates().context())
        c.flush_tls()
        time.sleep(0.05)

    with Server(dialogue(STARTTLS, STARTTLS=secure)) as srv:
        run = send(srv.port, "--tls", "encrypt", seconds=3)
    check(run, OK, status="delivered", tls="TLSv1.3")
    assert run.seconds < 2, run
    assert len(srv.conns) == 1


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_both_versions(version):
    v = {"TLSv1.2": ssl.TLSVersion.TLSv1_2,
         "TLSv1.3": ssl.TLSVersion.TLSv1_3}[version]
    context = certificates().context(low=v, high=v)
    with Server(dialogue(STARTTLS, tls=context)) as srv:
        run = send(srv.port, "--tls", "encrypt")
    check(run, OK, status="delivered", tls=version)
    assert srv.conns[0].final_dot
