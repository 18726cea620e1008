# SPDX-License-Identifier: ISC
"""
Issue 3 and FAULTS rows 39 and 89: what goes wrong with a relay is temporary,
said in a plain sentence, and the next relay is tried.  A secret is in no text.
"""

import shutil
import ssl
import subprocess

import pytest

from faults_support import BINARY, certificates, check, closed_port
from relay_support import (BOB, CAPS, CONFIG, LINKS, MECHANISMS, MESSAGE,
                           PASSWORD, USER, Setup, deferred, delivered,
                           private, result, scripted_relay)
from scripted import Server, dialogue, drop, raw_then, rst, stall

WRONG = "wr0ng-C4nary"


def url(server, link="starttls"):
    return f"smtp{'s' if link == 'smtps' else ''}://localhost:{server.port}"


def refuses(script, tmp_path, stage, *words, link="starttls", **keys):
    """One scripted relay; nothing may be delivered.  Its connections."""
    with Server(script) as srv:
        run = Setup(tmp_path).relay("work", url(srv, link), **keys).send(BOB)
        srv.over.set()
    deferred(run, stage, *words)
    assert PASSWORD not in run.text
    assert not any(c.messages for c in srv.conns)
    assert not any(l.startswith("MAIL") for l in srv.lines), srv.lines
    return srv


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name,mechanism", [
    (s, m) for s, ms in MECHANISMS.items() for m in ms if "AUTH" not in m])
def test_wrong_password(request, tmp_path, ca, name, mechanism, link):
    server = request.getfixturevalue(name)
    server.forget()
    run = Setup(tmp_path).relay("work", server.urls()[link], ca=ca.ca,
                                password=WRONG, auth=mechanism).send("-vv", BOB)
    got = deferred(run, "AUTH", "refused the password", USER)
    assert got["code"] == 535, run
    assert WRONG not in run.text
    assert not server.stored(0, 0)


@pytest.mark.parametrize("mechanism", ("XOAUTH2", "OAUTHBEARER"))
def test_wrong_token(tmp_path, ca, aio_submission, mechanism):
    aio_submission.forget()
    run = Setup(tmp_path).bearer("work", aio_submission.urls()["starttls"],
                                 token=WRONG, auth=mechanism,
                                 ca=ca.ca).send(BOB)
    deferred(run, "AUTH", "refused the token", USER)
    assert WRONG not in run.text
    assert not aio_submission.stored(0, 0)


@pytest.mark.parametrize("reply,code", [
    ("535 5.7.8 bad credentials", 535), ("454 4.7.0 try later", 454),
    ("530 5.7.0 not so", 530), ("534 5.7.9 too weak", 534)])
@pytest.mark.parametrize("link", LINKS)
def test_row_39_auth_refused(tmp_path, reply, code, link):
    refuses(scripted_relay(smtps=link == "smtps", AUTH=reply), tmp_path,
            "AUTH", str(code), link=link)


def test_row_39_the_mechanism_is_gone(tmp_path):
    caps = [c for c in CAPS if not c.startswith("AUTH")]
    srv = refuses(scripted_relay(caps=caps), tmp_path, "AUTH", "AUTH|log|mech")
    assert not any(l.startswith("AUTH") for l in srv.lines)


def test_row_39_another_mechanism_than_the_forced_one(tmp_path):
    srv = refuses(scripted_relay(caps=(*CAPS[:-1], "AUTH CRAM-MD5")), tmp_path,
                  "AUTH", auth="PLAIN")
    assert not any(l.startswith("AUTH") for l in srv.lines)


@pytest.mark.parametrize("reply", ["334 garbage!", "334 "], ids=repr)
def test_row_39_endless_334(tmp_path, reply):
    """At most a few rounds; then it is over."""
    def script(c):
        c.server.rounds = 0
        def endless(c):
            while True:
                c.server.rounds += 1
                assert c.server.rounds < 8, "no end of it"
                c.say(reply)
                c.line()
        scripted_relay(AUTH=endless)(c)

    refuses(script, tmp_path, "AUTH")


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("cert,word", [
    ("expired", "expired"),
    ("wrongname", "name mismatch: certificate is for elsewhere.test"),
    ("unknown", "issued by an unknown authority: CN=Test otherca"),
    ("selfsigned", "self.signed|certificate"),
    ("wrongeku", "purpose|certificate"),
    ("commonname", "no host name in it")])
def test_certificates(tmp_path, link, cert, word):
    script = scripted_relay(cert, smtps=link == "smtps")
    srv = refuses(script, tmp_path, "TLS", word, link=link)
    assert not any(l.startswith("AUTH") for l in srv.lines)
    with Server(script) as srv:
        run = Setup(tmp_path).relay("work", url(srv, link)).send("-v", BOB)
    event, = run.of("tls")
    assert event["verdict"] == "untrusted" and not event["secure"], run
    assert event["subject"] == "CN=mx.example.test" and event["why"]


def test_tls_name_makes_up_for_it(tmp_path):
    with Server(scripted_relay("wrongname")) as srv:
        run = Setup(tmp_path).relay("work", url(srv),
                                    tls_name="elsewhere.test").send(BOB)
    delivered(run)


@pytest.mark.parametrize("caps", [
    ("pipelining", "starttls", "auth plain"), ("StartTLS", "Auth=Login PLAIN"),
    ("STARTTLS", "AUTH=PLAIN")], ids=repr)
def test_keywords_have_no_case(tmp_path, caps):
    """RFC 5321 2.4; and the form of AUTH before there was a standard."""
    with Server(scripted_relay(caps=caps)) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
    delivered(run)
    assert [l.split()[:2] for l in srv.lines if l.startswith("AUTH")] == \
        [["AUTH", "PLAIN"]]
    assert ("PIPELINING" in "".join(caps).upper()) == \
        (srv.conns[0].turns < 10), "our own caps"


@pytest.mark.parametrize("over", [
    {"STARTTLS": "250 2.0.0 go"}, {"STARTTLS": "299-a\n299 b"},
    {"CONNECT": "200 hi"}], ids=repr)
def test_the_first_digit_decides(tmp_path, over):
    with Server(scripted_relay(**over)) as srv:
        delivered(Setup(tmp_path).relay("work", url(srv)).send(BOB))


def test_login_has_no_first_response(tmp_path):
    """Some servers refuse one; LOGIN's own description knows none."""
    def login(c):
        if c.lines[-1] != "AUTH LOGIN":
            c.say("501 5.5.4 no")
            return
        for prompt in ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"):
            c.say(prompt)
            c.line()
        c.say("235 2.7.0 welcome")

    with Server(scripted_relay(caps=("STARTTLS", "AUTH LOGIN"),
                               AUTH=login)) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send("-v", BOB)
    delivered(run)
    assert PASSWORD not in run.text


@pytest.mark.parametrize("what", ["220 go\r\n250 evil\r\n", "220 go\r\n2"])
def test_octets_behind_the_reply_to_starttls(tmp_path, what):
    refuses(scripted_relay(STARTTLS=raw_then(what, stall)), tmp_path,
            "STARTTLS", "octets in clear after the reply to STARTTLS")


@pytest.mark.parametrize("verb, stage", [("CONNECT", "greeting"),
                                         ("EHLO", "EHLO")])
def test_replies_without_end(tmp_path, verb, stage):
    """As many lines as a direct server may say, in as much memory."""
    endless = raw_then("250-x\r\n" * 100000, stall)
    with Server(scripted_relay(**{verb: endless})) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
        srv.over.set()
    deferred(run, stage,
             "broke the protocol: a reply (of too many lines|that is too long)")
    assert len(run.of("received")) < 200
    assert run.maxrss < 24000, run.maxrss


def test_a_reply_line_without_end(tmp_path):
    """One line is not said to be many."""
    def endless(c):
        c.send(b"220 " + b"x" * 1000000 + b"\r\n")
        c.linger()

    with Server(endless) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
        srv.over.set()
    deferred(run, "greeting", "broke the protocol: a reply that is too long")


def test_our_words_are_not_the_relays(tmp_path):
    """Its code, its enhanced code and its text, and apart from them ours."""
    with Server(scripted_relay(STARTTLS="454 not today")) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
    got = deferred(run, "STARTTLS")
    assert (got["code"], got["enhanced"], got["text"], got["why"]) == \
        (454, None, "not today", None), run
    assert "said: 454 not today -- " in run.err
    assert "--tls may" not in run.err, "a relay always needs it"
    with Server(scripted_relay(AUTH="535 5.7.8 no")) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
    got = deferred(run, "AUTH")
    assert (got["code"], got["enhanced"], got["text"], got["why"]) == (
        535, "5.7.8", "no", f"the relay refused the password of user {USER}")


@pytest.mark.parametrize("reply", ["421 4.3.2 bye", "450 later", "550 no"])
def test_a_refused_ehlo_is_why_there_is_no_login(tmp_path, reply):
    """curl goes on with HELO, which offers nothing."""
    with Server(scripted_relay(smtps=True, EHLO=reply)) as srv:
        run = Setup(tmp_path).relay("work", url(srv, "smtps")).send(BOB)
    got = deferred(run, "EHLO")
    assert got["code"] == int(reply[:3]), run
    assert reply in run.err and "check user and password" not in run.err


@pytest.mark.parametrize("reply, ours, advice", [
    ("535 5.7.8 no", "refused the password", "check user and password"),
    ("454 4.7.0 no", "cannot check the password", "send it again later"),
    ("421 4.3.2 no", "cannot check the password", "send it again later"),
    ("432 4.7.12 no", "cannot check the password", "another mechanism"),
    ("504 5.5.4 no", "refused the login", "another mechanism"),
    ("534 5.7.9 no", "refused the login", "another mechanism"),
    ("554 5.7.0 no", "refused the login", "check user and password"),
])
def test_what_helps_against_a_refused_login(tmp_path, reply, ours, advice):
    with Server(scripted_relay(AUTH=reply)) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
    deferred(run, "AUTH", ours)
    assert f"nothing was queued: {advice}" in run.err, run


@pytest.mark.parametrize("auth, advice", [
    (None, "is the relay's port right?"), ("NTLM", "another mechanism")])
def test_no_login_for_us(tmp_path, auth, advice):
    caps = ["STARTTLS"] + ([f"AUTH {auth}"] if auth else [])
    with Server(scripted_relay(caps=caps)) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
    deferred(run, "AUTH", "offers no AUTH")
    assert f"nothing was queued: {advice}" in run.err, run


@pytest.mark.parametrize("link", LINKS)
def test_a_client_certificate_is_demanded(tmp_path, link):
    """Under TLS 1.3 that is heard in the handshake or just after it."""
    context = certificates().context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificates().ca)
    how = {"smtps" if link == "smtps" else "tls": context}
    with Server(dialogue(CAPS, **how)) as srv:
        run = Setup(tmp_path).relay("work", url(srv, link)).send(BOB)
        srv.over.set()
    assert run.rc == 75 and "demands one of the client" in run.err, run
    assert "nothing was queued: cert = FILE in smtpsend.conf" in run.err, run


def test_tls_and_clear_the_wrong_way_round(tmp_path):
    def clear(c):
        c.say("220 relay.example.test ESMTP")
        c.linger()

    for script, link in ((clear, "smtps"),
                         (scripted_relay(smtps=True), "starttls")):
        with Server(script) as srv:
            run = Setup(tmp_path).relay("work", url(srv, link)).send(
                "--timeout", 1, BOB)
            srv.over.set()
        assert run.rc == 75 and "is it smtps:// or smtp://?" in run.err, run
    assert "wrong version" not in run.err


def test_a_proxy_that_says_nothing(tmp_path):
    with Server(stall) as srv:
        run = Setup(tmp_path).relay("work", "smtp://localhost:2").send(
            "--proxy", f"http://127.0.0.1:{srv.port}", "--timeout", 1, BOB)
        srv.over.set()
    assert "no connection through the proxy within" in run.err, run
    assert "ports of proxy and relay right?" in run.err, run


def test_missing_starttls(tmp_path):
    caps = [c for c in CAPS if c != "STARTTLS"]
    srv = refuses(scripted_relay(caps=caps), tmp_path, "STARTTLS",
                  "STARTTLS|TLS")
    assert not any(l.startswith("AUTH") for l in srv.lines), "in clear!"


@pytest.mark.parametrize("name", ("postfix_submission", "exim_submission"))
def test_auth_only_in_clear(request, tmp_path, ca, name):
    """A real server that offers AUTH and no TLS is told no password."""
    server = request.getfixturevalue(name)
    server.forget()
    run = Setup(tmp_path).relay("work", f"smtp://localhost:{server.clear}",
                                ca=ca.ca).send(BOB)
    deferred(run, "STARTTLS", "STARTTLS|TLS")
    assert not server.stored(0, 0)
    assert "sasl_method" not in server.news()


@pytest.mark.parametrize("reply", ["454 4.7.0 not now", "554 5.7.1 no"])
def test_starttls_refused(tmp_path, reply):
    srv = refuses(scripted_relay(STARTTLS=reply), tmp_path, "STARTTLS")
    assert not any(l.startswith("AUTH") for l in srv.lines)


def test_plaintext_injected_behind_starttls(tmp_path):
    """What came in clear before the handshake does not count."""
    def script(c):
        c.say("220 relay")
        c.expect("EHLO")
        c.say("250-relay", "250-STARTTLS", "250 AUTH PLAIN")
        c.expect("STARTTLS")
        c.say("220 go", "250-injected", "250 AUTH PLAIN", "235 in")
        c.wait_end()

    with Server(script) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
        srv.over.set()
    assert result(run, BOB, 75)["status"] == "deferred", run
    assert not any(l.startswith("AUTH") for l in srv.lines)


@pytest.mark.parametrize("what,stage", [
    ({"CONNECT": "554 5.3.2 closed"}, "greeting"),
    ({"CONNECT": "421 4.3.2 busy"}, "greeting"),
    ({"CONNECT": rst}, "greeting"), ({"CONNECT": drop}, "greeting"),
    ({"EHLO": "421 4.3.2 busy"}, "EHLO"), ({"AUTH": drop}, "AUTH"),
    ({"AUTH": rst}, "AUTH"), ({"AUTH": "421 4.3.2 busy"}, "AUTH")])
def test_row_89_before_the_hand_over(tmp_path, what, stage):
    with Server(scripted_relay(**what)) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
        srv.over.set()
    got = result(run, BOB, 75)
    assert got["status"] == "deferred", run
    # a reset may be there before libcurl has seen that it is connected
    early = stage == "greeting" and what["CONNECT"] in (rst, drop)
    assert got["stage"] in ((stage, "connect") if early else (stage,)), run
    assert not any(c.messages for c in srv.conns)


@pytest.mark.parametrize("verb", ("CONNECT", "EHLO", "AUTH"))
def test_row_89_a_relay_that_says_nothing(tmp_path, verb):
    """--timeout ends it."""
    with Server(scripted_relay(**{verb: stall})) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(
            "--timeout", 2, BOB)
        srv.over.set()
    assert result(run, BOB, 75)["status"] == "deferred", run
    assert run.seconds < 8, run


@pytest.mark.parametrize("what,rc,want", [
    ({"MAIL": "550 5.7.1 not your address"}, 69, ("failed", "MAIL", 550)),
    ({"MAIL": "451 4.3.0 later"}, 75, ("deferred", "MAIL", 451)),
    ({"DATA": "554 5.6.0 no"}, 69, ("failed", "DATA", 554)),
    ({"DOT": "554 5.6.0 spam"}, 69, ("failed", "end of data", 554)),
    ({"DOT": "451 4.3.0 later"}, 75, ("deferred", "end of data", 451))])
def test_row_89_after_it_our_engine_decides(tmp_path, what, rc, want):
    with Server(scripted_relay(**what)) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
        srv.over.set()
    check(run, rc, status=want[0], stage=want[1], code=want[2])


@pytest.mark.parametrize("ending", (rst, drop))
def test_row_51_lost_after_the_final_dot(tmp_path, ending):
    with Server(scripted_relay(DOT=ending)) as srv:
        run = Setup(tmp_path).relay("work", url(srv)).send(BOB)
        srv.over.set()
    got = result(run, BOB, 75)
    assert (got["status"], got.get("maybe_sent")) == ("deferred", True), run


def test_a_second_relay_is_not_tried_after_the_final_dot(tmp_path):
    with Server(scripted_relay(DOT=drop)) as one, \
            Server(scripted_relay()) as two:
        setup = Setup(tmp_path).relay("one", url(one))
        run = setup.relay("two", url(two)).send(BOB)
        one.over.set()
    assert result(run, BOB, 75)["status"] == "deferred", run
    assert not two.conns, "that could make two of it"


def test_the_module_is_missing(tmp_path):
    """A program that was copied somewhere alone says what it lacks."""
    alone = shutil.copy(BINARY, tmp_path / "smtpsend")
    setup = Setup(tmp_path).relay("work", "smtp://localhost:2587")
    setup.write()
    done = subprocess.run(
        [alone, "--config", str(setup.path), "-f", "alice@client.test", BOB],
        input=MESSAGE, capture_output=True, timeout=30, check=False)
    assert done.returncode == 78, done
    assert b"smtpsend-relay.so" in done.stderr, done
    assert b"libcurl4" in done.stderr, done


def test_relay_down(tmp_path):
    port = closed_port()
    run = Setup(tmp_path).relay("work", f"smtp://localhost:{port}").send(BOB)
    deferred(run, "connect", "localhost", str(port), "refused|connect")


@pytest.mark.parametrize("fault", [
    None, {"CONNECT": "421 busy"}, {"CONNECT": rst}, {"EHLO": "421 busy"},
    {"AUTH": "454 4.7.0 later"}, {"AUTH": "535 5.7.8 no"}, {"cert": "expired"},
    {"MAIL": "451 4.3.0 later"}], ids=["down", "421", "reset", "EHLO", "454",
                                       "535", "expired", "MAIL"])
def test_second_relay_up(tmp_path, fault):
    """Temporary before the message was handed over: the next one has it."""
    setup = Setup(tmp_path)
    one = Server(scripted_relay(**fault)) if fault else None
    with Server(scripted_relay()) as two:
        port = one.port if one else closed_port()
        setup.relay("one", f"smtp://localhost:{port}")
        run = setup.relay("two", url(two)).send(BOB)
    if one:
        one.over.set()
        one.stop()
    got = delivered(run)
    assert got["port"] == two.port, run
    assert two.conns[0].messages == [MESSAGE]
    assert not one or not any(c.messages for c in one.conns)


def test_a_refused_recipient_is_not_tried_elsewhere(tmp_path):
    with Server(scripted_relay(RCPT="550 5.1.1 unknown")) as one, \
            Server(scripted_relay()) as two:
        setup = Setup(tmp_path).relay("one", url(one))
        run = setup.relay("two", url(two)).send(BOB)
    check(run, 67, status="failed", code=550)
    assert not two.conns


@pytest.mark.parametrize("user", [None, "joe"])
def test_secret_with_a_line_break(tmp_path, user):
    """libcurl 7.88.1 would pass it on; only the first line is the secret."""
    secret = private(tmp_path / "s", "pass\rword\n")
    with Server(scripted_relay()) as srv:
        setup = Setup(tmp_path).relay("work", url(srv), password=None,
                                      user=user or "joe",
                                      password_file=secret)
        run = setup.send(BOB)
    assert run.rc in (75, CONFIG), run
    assert not any(l.startswith("AUTH") for l in srv.lines)


def test_a_user_without_a_secret(tmp_path):
    """Who names a user wants AUTH: never on without it."""
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).relay("work", url(srv), password=None).send(BOB)
    assert run.rc in (75, CONFIG), run
    assert USER in run.text, run
    assert not any(c.messages for c in srv.conns)


@pytest.mark.parametrize("mode", (0o644, 0o666, 0o604, 0o660))
def test_a_password_others_can_read_is_refused(tmp_path, mode):
    with Server(scripted_relay()) as srv:
        setup = Setup(tmp_path).relay("work", url(srv))
        (tmp_path / "work.password").chmod(mode)
        run = setup.send(BOB)
    got = result(run, BOB, CONFIG)
    assert (got["status"], got["stage"]) == ("deferred", "configuration"), run
    assert "work.password" in got["text"], run
    assert PASSWORD not in run.text
    assert not any(c.messages for c in srv.conns)


@pytest.mark.parametrize("mode", (0o600, 0o640))
def test_a_private_password_is_taken(tmp_path, mode):
    with Server(scripted_relay()) as srv:
        setup = Setup(tmp_path).relay("work", url(srv))
        (tmp_path / "work.password").chmod(mode)
        delivered(setup.send(BOB))


@pytest.mark.parametrize("command,ok", [
    ("/bin/cat {}", True), ("/bin/false", False), ("/nonexistent/x", False),
    ("/bin/true", False), ("/bin/cat {} && echo", False)])
def test_password_command(tmp_path, command, ok):
    """Its first output line; no shell, so && is an argument like others."""
    secret = private(tmp_path / "secret", PASSWORD + "\nsecond line\n")
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).relay(
            "work", url(srv), password=None,
            password_command=command.format(secret)).send(BOB)
    if ok:
        delivered(run)
        return
    assert run.rc in (75, CONFIG), run
    assert not any(c.messages for c in srv.conns)
    assert PASSWORD not in run.text


def test_password_from_systemd(tmp_path, monkeypatch):
    folder = tmp_path / "credentials"
    folder.mkdir()
    private(folder / "relay", PASSWORD + "\n", 0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).relay("work", url(srv), password=None,
                                    password_credential="relay").send(BOB)
    delivered(run)


