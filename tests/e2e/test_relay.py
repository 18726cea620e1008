# SPDX-License-Identifier: ISC
"""
Issue 3: each mechanism, at each submission server, on both ports, delivers;
each recipient has a result of its own; DSN and BDAT are used where offered.
"""

import base64

import pytest

from faults_support import certificates
from relay_support import (BOB, LATER, LINKS, MECHANISMS, MESSAGE, NOBODY,
                           PASSWORD, USER, Setup, delivered, private, result,
                           scripted_relay, sent)
from scripted import Server
from servers.process import eventually

WAYS = [(s, m, link) for s, ms in MECHANISMS.items() for m in ms
        for link in LINKS]


def fresh(request, name):
    server = request.getfixturevalue(name)
    server.forget()
    return server


@pytest.fixture(params=[(s, link) for s in MECHANISMS for link in LINKS],
                ids="-".join)
def relay(request, ca, tmp_path):
    """A server and a setup that goes through it."""
    name, link = request.param
    server = fresh(request, name)
    setup = Setup(tmp_path).relay("work", server.urls()[link], ca=ca.ca)
    return server, setup


@pytest.mark.parametrize("name,mechanism,link", WAYS)
def test_each_mechanism_delivers(request, tmp_path, ca, name, mechanism, link):
    server = fresh(request, name)
    setup, url = Setup(tmp_path), server.urls()[link]
    add = setup.bearer if "AUTH" in mechanism else setup.relay
    add("work", url, ca=ca.ca, auth=mechanism)
    run = setup.send(BOB)
    got = delivered(run)
    assert got["host"] == "localhost", run
    assert got["port"] == int(url.rsplit(":", 1)[1]), run
    assert got["tls"], run
    stored = server.stored(1)
    assert [m.data for m in stored] == [MESSAGE]
    assert stored[0].recipients in ((), (BOB,)), stored
    assert server.signed_in(mechanism), server.news()
    assert server.complaints() == []


@pytest.mark.parametrize("link", LINKS)
def test_a_client_certificate(exim_submission, tmp_path, ca, link):
    """EXTERNAL: no password at all."""
    cert, key = ca.issue("joe", (USER,))
    exim_submission.forget()
    run = Setup(tmp_path).relay("work", exim_submission.urls()[link], ca=ca.ca,
                                password=None, auth="EXTERNAL", cert=cert,
                                key=key).send(BOB)
    delivered(run)
    assert len(exim_submission.stored(1)) == 1
    assert exim_submission.signed_in("EXTERNAL"), exim_submission.news()


def test_the_mechanism_need_not_be_named(relay):
    server, setup = relay
    delivered(setup.send(BOB))
    assert [m.data for m in server.stored(1)] == [MESSAGE]
    assert server.complaints() == []


def test_each_recipient_has_its_result(relay):
    server, setup = relay
    run = setup.send(BOB, NOBODY, LATER)
    delivered(run, BOB, rc=67)
    for to, status, code, enhanced in ((NOBODY, "failed", 550, "5.1.1"),
                                       (LATER, "deferred", 450, "4.2.1")):
        got = result(run, to)
        assert (got["status"], got["code"], got["stage"]) == \
            (status, code, "RCPT"), run
        # Exim tells the enhanced code only in the text of its ACL
        assert got["enhanced"] == enhanced, run
    assert [m.data for m in server.stored(1)] == [MESSAGE]


def test_nobody_is_accepted(relay):
    server, setup = relay
    run = setup.send(NOBODY)
    assert result(run, NOBODY, 67)["status"] == "failed", run
    assert not server.stored(0, 0)


@pytest.mark.parametrize("name", ("postfix_submission", "exim_submission"))
def test_bdat_where_offered(request, tmp_path, ca, name):
    server = fresh(request, name)
    run = Setup(tmp_path).relay("work", server.urls()["starttls"],
                                ca=ca.ca).send(BOB)
    delivered(run)
    lines = sent(run)
    assert any(l.startswith("BDAT ") for l in lines), run
    assert "DATA" not in lines, run
    assert [m.data for m in server.stored(1)] == [MESSAGE]
    assert eventually(lambda: server.chunked in server.news(), 10), \
        server.news()


def test_data_where_not(aio_submission, tmp_path, ca):
    aio_submission.forget()
    run = Setup(tmp_path).relay("work", aio_submission.urls()["starttls"],
                                ca=ca.ca).send(BOB)
    delivered(run)
    assert "DATA" in sent(run), run
    assert len(aio_submission.stored(1)) == 1


@pytest.mark.parametrize("name", ("postfix_submission", "exim_submission"))
def test_dsn_where_offered(request, tmp_path, ca, name):
    """The server sends the report that was asked for: to the sender, who has
    a mailbox there too."""
    server = fresh(request, name)
    setup = Setup(tmp_path).relay("work", server.urls()["starttls"], ca=ca.ca)
    run = setup.send("-N", "success", "-V", "id+7", "-R", "hdrs", BOB)
    delivered(run)
    lines = sent(run)
    assert any(l.startswith("MAIL FROM:<alice@client.test>") and
               "RET=HDRS" in l and "ENVID=id+2B7" in l for l in lines), run
    assert any(l.startswith(f"RCPT TO:<{BOB}>") and "NOTIFY=SUCCESS" in l and
               "ORCPT=" in l for l in lines), run
    reports = [m.data for m in server.stored(2) if b"multipart/report" in
               m.data]
    assert len(reports) == 1, server.news()
    # Exim repeats it as it was sent, in xtext
    assert any(b"original-envelope-id: " + i in reports[0].lower()
               for i in (b"id+7", b"id+2b7")), reports[0].decode()


def test_no_dsn_where_not(aio_submission, tmp_path, ca):
    aio_submission.forget()
    setup = Setup(tmp_path).relay("work", aio_submission.urls()["starttls"],
                                  ca=ca.ca)
    run = setup.send("-N", "success", "-V", "id7", BOB)
    delivered(run)
    assert not any("NOTIFY=" in l or "ENVID=" in l for l in sent(run)), run


@pytest.mark.parametrize("mechanism", ("XOAUTH2", "OAUTHBEARER"))
def test_a_token_of_12_kb(aio_submission, tmp_path, ca, mechanism):
    aio_submission.forget()
    run = Setup(tmp_path).bearer(
        "work", aio_submission.urls()["starttls"], token="t" * 12288,
        auth=mechanism, ca=ca.ca).send(BOB)
    delivered(run)
    assert len(aio_submission.stored(1)) == 1
    assert f"{mechanism}, 12288 octets" in aio_submission.news()


def test_a_large_message(relay):
    """Several blocks through curl_easy_send, byte for byte."""
    server, setup = relay
    text = MESSAGE + b"".join(b"%070d\r\n" % i for i in range(20000)) + b".\r\n"
    delivered(setup.send(BOB, stdin=text))
    assert [m.data for m in server.stored(1)] == [text]
    assert server.complaints() == []


def test_by_name_on_the_command_line(postfix_submission, tmp_path, ca):
    postfix_submission.forget()
    setup = Setup(tmp_path).relay("work", postfix_submission.urls()["smtps"],
                                  ca=ca.ca, use=False)
    delivered(setup.send("--relay", "work", BOB))
    assert len(postfix_submission.stored(1)) == 1


def test_by_url_on_the_command_line(tmp_path):
    """Without a user in it nobody signs in."""
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).send("--ca", certificates().ca, "--relay",
                                   f"smtp://localhost:{srv.port}", BOB)
    delivered(run)
    assert srv.conns[0].messages == [MESSAGE]
    assert not any(l.startswith("AUTH") for l in srv.lines)


def test_a_password_of_netrc(postfix_submission, tmp_path, ca):
    postfix_submission.forget()
    netrc = private(tmp_path / "netrc", f"machine other login x password y\n"
                    f"machine localhost login {USER} password {PASSWORD}\n")
    run = Setup(tmp_path).relay("work", postfix_submission.urls()["starttls"],
                                ca=ca.ca, password=None, netrc=netrc).send(BOB)
    delivered(run)
    assert len(postfix_submission.stored(1)) == 1


def test_no_user_no_auth(tmp_path):
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).relay("work", f"smtp://localhost:{srv.port}",
                                    user=None).send(BOB)
    delivered(run)
    assert not any(l.startswith("AUTH") for l in srv.lines)


def test_the_transcript_has_curls_part_masked(postfix_submission, tmp_path, ca):
    """Both halves of the dialogue; the line with the password says stars."""
    setup = Setup(tmp_path).relay("work", postfix_submission.urls()["starttls"],
                                  ca=ca.ca, auth="PLAIN")
    run = setup.send("-v", BOB, json_events=False)
    assert run.rc == 0, run
    for said in ("220 mail.test", "EHLO client.test", "STARTTLS", "AUTH PLAIN",
                 "235 2.7.0", "MAIL FROM:<alice@client.test>", "QUIT"):
        assert said in run.err + run.out, f"{said}\n{run}"
    secret = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    assert secret not in run.text and PASSWORD not in run.text
    events = setup.send(BOB)
    lines = sent(events)
    assert [l.split()[0] for l in lines[:4]] == ["EHLO", "STARTTLS", "EHLO",
                                                 "AUTH"], events
    assert secret not in events.text
    postfix_submission.stored(2)


@pytest.mark.parametrize("step", ("connect", "ehlo", "tls", "mail", "rcpt"))
def test_quit_after_a_step_sends_nothing(tmp_path, step):
    """Steps that are curl's part end, at the latest, behind it."""
    with Server(scripted_relay()) as srv:
        setup = Setup(tmp_path).relay("work", f"smtp://localhost:{srv.port}")
        run = setup.send("--quit-after", step, BOB)
    assert not any(c.messages for c in srv.conns), srv.lines
    verbs = {l.split()[0] for l in srv.lines}
    assert not verbs & {"DATA", "BDAT"}, srv.lines
    assert ("MAIL" in verbs, "RCPT" in verbs) == \
        (step in ("mail", "rcpt"), step == "rcpt"), srv.lines
    assert result(run, BOB, 0)["status"] == \
        ("verified" if step == "rcpt" else "reached"), run


def test_many_domains_are_one_mail_to_a_relay(tmp_path):
    to = [f"a@d{i}.test" for i in range(20)]
    with Server(scripted_relay()) as srv:
        run = Setup(tmp_path).relay("work",
                                    f"smtp://localhost:{srv.port}").send(*to)
    for address in to:
        delivered(run, address)
    assert [len(c.messages) for c in srv.conns] == [1]


def test_452_sends_the_rest_on_the_same_connection(tmp_path):
    to = [f"a{i}@d.test" for i in range(4)]
    replies = ["250 ok", "250 ok", "452 4.5.3 too many", "452 4.5.3 too many",
               "250 ok"]
    with Server(scripted_relay(RCPT=replies)) as srv:
        run = Setup(tmp_path).relay("work",
                                    f"smtp://localhost:{srv.port}").send(*to)
    for address in to:
        delivered(run, address)
    assert [len(c.messages) for c in srv.conns] == [2]
    assert len([l for l in srv.lines if l.startswith("AUTH")]) == 1
