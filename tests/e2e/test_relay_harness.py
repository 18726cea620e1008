# SPDX-License-Identifier: ISC
"""The submission servers and proxies do what test_relay_* rely on."""

import smtplib
import ssl
import subprocess

import pytest

from servers.submission import TOKEN

SERVERS = {
    "postfix_submission": ("PLAIN", "LOGIN", "CRAM-MD5"),
    "exim_submission": ("PLAIN", "LOGIN", "CRAM-MD5"),
    "aio_submission": ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"),
}
MESSAGE = (b"From: a@client.test\r\nSubject: hi\r\nMessage-ID: <1@client.test>\r\n"
           b"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n\r\n.dot\r\nend\r\n")

# curl with --oauth2-bearer prefers OAUTHBEARER, whatever it is told
WAYS = [(s, m, link) for s, ms in SERVERS.items() for m in ms
        for link in ("starttls", "smtps") if m != "XOAUTH2"]


def curl(server, link, mechanism, ca, *args, password=None, token=TOKEN,
         to="b@example.test", url=None):
    who = (["--user", server.user, "--oauth2-bearer", token]
           if "AUTH" in mechanism else
           ["--user", f"{server.user}:{password or server.password}"])
    return subprocess.run(
        ["curl", "-sS", "-v", "--ssl-reqd", "--cacert", str(ca.ca), "--url",
         url or server.urls()[link], "--login-options", f"AUTH={mechanism}",
         "--sasl-ir", *who, "--mail-from", "a@client.test", "--mail-rcpt", to,
         "-T", "-", *args], input=MESSAGE, capture_output=True,
        timeout=60, check=False)


@pytest.fixture(params=SERVERS)
def submission(request):
    found = request.getfixturevalue(request.param)
    found.forget()
    return found


@pytest.mark.parametrize("name,mechanism,link", WAYS)
def test_each_mechanism(request, ca, name, mechanism, link):
    server = request.getfixturevalue(name)
    server.forget()
    done = curl(server, link, mechanism, ca)
    assert done.returncode == 0, done.stderr.decode()
    assert [m.data for m in server.stored(1)] == [MESSAGE]
    assert server.signed_in(mechanism), server.news()


@pytest.mark.parametrize("link", ("starttls", "smtps"))
def test_a_wrong_password_is_refused(submission, ca, link):
    done = curl(submission, link, "PLAIN", ca, password="wrong")
    assert done.returncode == 67
    assert b"< 535" in done.stderr
    assert not submission.stored(0, 0)


def test_a_client_certificate(exim_submission, ca):
    cert, key = ca.issue("joe", (exim_submission.user,))
    exim_submission.forget()
    done = subprocess.run(
        ["curl", "-sS", "-v", "--ssl-reqd", "--cacert", str(ca.ca), "--url",
         exim_submission.urls()["starttls"], "--login-options",
         "AUTH=EXTERNAL", "--user", f"{exim_submission.user}:", "--cert",
         str(cert), "--key", str(key), "--mail-from", "a@client.test",
         "--mail-rcpt", "b@example.test", "-T", "-"], input=MESSAGE,
        capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert len(exim_submission.stored(1)) == 1
    assert exim_submission.signed_in("EXTERNAL"), exim_submission.news()


def test_bearer_tokens(aio_submission, ca):
    wrong = curl(aio_submission, "starttls", "OAUTHBEARER", ca, token="wrong")
    assert wrong.returncode == 67, wrong.stderr.decode()
    assert b"< 535" in wrong.stderr
    aio_submission.mark()
    long = curl(aio_submission, "starttls", "OAUTHBEARER", ca,
                token="t" * 12288)
    assert long.returncode == 0, long.stderr.decode()
    assert len(aio_submission.stored(1)) == 1
    assert "OAUTHBEARER, 12288 octets" in aio_submission.news()


@pytest.mark.parametrize("token,code", [(TOKEN, 235), ("wrong", 535)])
def test_xoauth2(aio_submission, ca, token, code):
    aio_submission.mark()
    blob = f"user={aio_submission.user}\1auth=Bearer {token}\1\1"
    with smtplib.SMTP("127.0.0.1", aio_submission.port, timeout=30) as c:
        c.starttls(context=ssl.create_default_context(cafile=str(ca.ca)))
        c.ehlo()
        try:
            said = c.auth("XOAUTH2", lambda challenge=None:
                          blob if challenge is None else "")[0]
        except smtplib.SMTPAuthenticationError as e:
            said = e.smtp_code
    assert said == code
    assert aio_submission.signed_in("XOAUTH2") == (code == 235)


@pytest.mark.parametrize("to,code", [("nobody@example.test", b"550 5.1.1"),
                                     ("later@example.test", b"450 4.2.1")])
def test_refused_recipients(submission, ca, to, code):
    done = curl(submission, "starttls", "PLAIN", ca, to=to)
    assert done.returncode == 55
    assert b"< " + code in done.stderr, done.stderr.decode()


def test_nothing_without_signing_in(submission, ca):
    done = subprocess.run(
        ["curl", "-sS", "-v", "--ssl-reqd", "--cacert", str(ca.ca), "--url",
         submission.urls()["starttls"], "--mail-from", "a@client.test",
         "--mail-rcpt", "b@example.test", "-T", "-"], input=MESSAGE,
        capture_output=True, timeout=60, check=False)
    assert done.returncode == 55, done.stderr.decode()
    assert not submission.stored(0, 0)


def test_auth_is_offered_only_under_tls(submission):
    assert {"STARTTLS"} <= submission.offers()
    assert "AUTH" not in submission.offers()


@pytest.mark.parametrize("name", ("socks", "connect"))
def test_proxies_see_the_name(request, postfix_submission, ca, name):
    proxy = request.getfixturevalue(name)
    proxy.mark()
    postfix_submission.forget()
    how = ["--proxytunnel"] if name == "connect" else []
    url = postfix_submission.urls(proxy.knows)["starttls"]
    done = curl(postfix_submission, "starttls", "PLAIN", ca, "--proxy",
                proxy.url, *how, url=url)
    assert done.returncode == 0, done.stderr.decode()
    assert len(postfix_submission.stored(1)) == 1
    assert proxy.asked_for(f"{proxy.knows}:{postfix_submission.port}"), \
        proxy.log()
