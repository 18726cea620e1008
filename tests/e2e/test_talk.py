# SPDX-License-Identifier: ISC
"""--talk: SMTP by hand, from a pipe and in a terminal."""

import os
import threading

import pexpect

from conftest import BINARY, run_smtpsend
from scripted import Server

HELLO = "250 mx.test"


def server_of(*replies, greeting="220 mx.test"):
    """Greets, and answers each line with the next reply; then hangs up."""
    def script(c):
        c.say(greeting)
        for reply in replies:
            c.line()
            c.say(*([reply] if isinstance(reply, str) else reply))
    return Server(script)


def talk(srv, text, *args, **how):
    return run_smtpsend("--no-config", "--talk", f"127.0.0.1:{srv.port}",
                        *args, message=text.encode("utf-8",
                                                   "surrogateescape"), **how)


def lines(run):
    return run.stdout.splitlines()


def test_lines_from_a_pipe():
    with server_of(["250-mx.test", "250-SIZE 10", "250 HELP"], "221 bye") as srv:
        run = talk(srv, "EHLO me\nQUIT\n")
    assert run.status == 0 and run.stderr == "", run
    assert lines(run)[2:] == [
        "<- 220 mx.test", "-> EHLO me", "<- 250-mx.test", "<- 250-SIZE 10",
        "<- 250 HELP", "-> QUIT", "<- 221 bye",
        "== the server closed the connection"], run
    assert srv.conns[0].lines == ["EHLO me", "QUIT"]


def test_each_line_waits_for_its_reply():
    def script(c):
        c.say("220 mx.test")
        c.flight("EHLO me")
        c.say("250-mx.test")
        c.quiet()               # a reply is whole with its last line only
        c.say("250 HELP")
        c.flight("NOOP")
        c.say("250 ok")
        c.flight("QUIT")
        c.say("221 bye")

    with Server(script) as srv:
        assert talk(srv, "EHLO me\nNOOP\n").status == 0


def test_the_end_of_input_says_quit():
    with server_of("221 bye") as srv:
        run = talk(srv, "")
    assert run.status == 0 and srv.conns[0].lines == ["QUIT"], run


def test_a_message_has_its_dots_doubled():
    def script(c):
        c.say("220 mx.test")
        c.expect("DATA")
        c.say("354 go on")
        c.data()
        c.say("250 taken")
        c.expect("QUIT")
        c.say("221 bye")

    with Server(script) as srv:
        run = talk(srv, "DATA\nSubject: x\n\n.hidden\n/quit\n.\n")
    assert run.status == 0, run
    assert srv.conns[0].message == b"Subject: x\r\n\r\n..hidden\r\n/quit\r\n"
    assert "-> ..hidden" in lines(run)


def test_half_a_message_is_none():
    def script(c):
        c.say("220 mx.test")
        c.expect("DATA")
        c.say("354 go on")
        c.data()

    with Server(script) as srv:
        run = talk(srv, "DATA\nSubject: x\n\nhalf")
    assert run.status == 75, run
    assert not srv.conns[0].final_dot
    assert "the message was not ended" in run.stdout


def test_nothing_of_a_server_is_raw():
    with server_of("250 \x1b]0;owned\x07 \x9b31m \u202etxt", "221 bye") as srv:
        run = talk(srv, "NOOP\n")
    assert b"\x1b" not in run.out and b"\x07" not in run.out, run
    assert "\u202e" not in run.stdout and "\\x1b]0;owned\\x07" in run.stdout


def test_what_is_no_reply_is_shown_and_survived():
    with server_of(["hello there", "250 ok"], "221 bye") as srv:
        run = talk(srv, "NOOP\n")
    assert run.status == 0, run
    assert "<- hello there" in lines(run)
    assert "the server broke the protocol: not an SMTP reply" in run.stdout
    assert "<- 250 ok" in lines(run)


def test_a_server_that_hangs_up():
    def script(c):
        c.say("220 mx.test")
        c.expect("EHLO")

    with Server(script) as srv:
        run = talk(srv, "EHLO me\nNOOP\n")
    assert run.status == 75, run
    assert "== the server closed the connection" in lines(run)
    assert "there is no connection: /connect makes a new one" in run.stdout


def test_nobody_listens():
    with Server(lambda c: None) as srv:
        port = srv.port
    run = run_smtpsend("--no-config", "--talk", "--server", f"127.0.0.1:{port}")
    assert run.status == 75, run
    assert run.stderr == f"smtpsend: connect [127.0.0.1]:{port}: Connection " \
        "refused\n"


def test_no_host():
    run = run_smtpsend("--no-config", "--talk")
    assert run.status == 64
    assert run.stderr == "smtpsend: --talk needs a HOST, or --server\n"


def test_a_line_is_masked_that_is_a_secret(tmp_path):
    saved = tmp_path / "s"
    with server_of("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 in",
                   "535 no", "221 bye") as srv:
        run = talk(srv, "AUTH LOGIN\nam9l\nc2VjcmV0\nAUTH PLAIN AGpvZQ==\n"
                   f"/save {saved}\n")
    assert run.status == 0, run
    assert srv.conns[0].lines == ["AUTH LOGIN", "am9l", "c2VjcmV0",
                                  "AUTH PLAIN AGpvZQ==", "QUIT"]
    for text in (run.stdout, saved.read_text()):
        assert "am9l" not in text and "c2VjcmV0" not in text, text
        assert "AGpvZQ" not in text and "AUTH PLAIN ***" in text, text
    assert lines(run).count("-> ***") == 2


def test_raw_octets():
    def script(c):
        c.say("220 mx.test")
        assert c.exactly(9) == b"NO\x00OP\xff \r\n"
        c.say("250 ok")
        c.expect("QUIT")
        c.say("221 bye")

    with Server(script) as srv:
        run = talk(srv, "/raw NO\\x00OP\\xFF\\x20\\r\\n\n/wait\n")
    assert run.status == 0, run
    assert "<- 250 ok" in lines(run)


def test_a_saved_file_is_not_overwritten(tmp_path):
    there = tmp_path / "there"
    there.write_text("mine")
    with server_of("221 bye") as srv:
        run = talk(srv, f"/save {there}\n")
    assert there.read_text() == "mine"
    assert f"{there} was not written: File exists" in run.stdout


def test_by_mx(make_world):
    with server_of("221 bye") as srv:
        world = make_world({"talk.test": [("MX", "10 mx.talk.test.")],
                            "mx.talk.test": [("A", "127.0.0.1")]})
        run = run_smtpsend("--no-config", "--resolver", world.resolver,
                           "--allow-loopback-mx", "--port", srv.port,
                           "--talk", "somebody@talk.test")
    assert run.status == 0, run
    assert "plan for talk.test: 10 mx.talk.test" in run.stdout
    assert "<- 220 mx.test" in lines(run)


def spawn(srv, *args):
    return pexpect.spawn(str(BINARY), ["--no-config", *args, "--talk",
                                       f"127.0.0.1:{srv.port}"],
                         timeout=30, encoding="utf-8", echo=False,
                         env=dict(os.environ, NO_COLOR="1"),
                         dimensions=(24, 80))


def test_in_a_terminal():
    with server_of(HELLO, "221 bye") as srv:
        run = spawn(srv)
        run.expect_exact("220 mx.test")
        run.expect_exact("smtp> ")
        run.sendline("EHLO me")
        run.expect_exact(HELLO)
        run.expect_exact("smtp> ")
        run.sendline("/quit")
        run.expect_exact("221 bye")
        run.expect(pexpect.EOF)
        run.close()
    assert run.exitstatus == 0


def test_what_comes_by_itself_is_shown_at_once():
    def script(c):
        c.say("220 mx.test")
        c.server.go.wait(30)
        c.say("421 4.4.2 too slow")

    srv = Server(script)
    srv.go = threading.Event()
    with srv:
        run = spawn(srv)
        run.expect_exact("smtp> ")
        srv.go.set()
        run.expect_exact("421 4.4.2 too slow")
        run.expect_exact("the server closed the connection")
        run.expect_exact("closed> ")
        run.sendeof()
        run.expect(pexpect.EOF)
        run.close()
    assert run.exitstatus == 0


# editing a line

def echo(n):
    """A server that answers each line with the line itself."""
    def script(c):
        c.say("220 mx.test")
        for _ in range(n):
            c.say("250 got " + c.line())
    return Server(script)


def said(run, text):
    """Wait until the server has this line."""
    run.expect_exact(f"250 got {text}\r\n")
    run.expect_exact("smtp> ")


def test_a_line_is_edited():
    with echo(5) as srv:
        run = spawn(srv)
        run.expect_exact("smtp> ")
        run.sendline("EHLX\x7fO me")           # backspace
        said(run, "EHLO me")
        run.sendline("\x1b[A")                 # the line before
        said(run, "EHLO me")
        run.sendline("OOP\x01N\x05 x")         # to its begin and its end
        said(run, "NOOP x")
        run.sendline("ma\ta@b>")               # completed
        said(run, "MAIL FROM:<a@b>")
        run.sendline("mai\t\t\x7f>")           # ... also by what was said
        said(run, "MAIL FROM:>")
        run.sendeof()
        run.expect(pexpect.EOF)
        run.close()
    assert srv.conns[0].lines[3] == "MAIL FROM:<a@b>"


def test_ctrl_c_gives_up_the_line():
    with echo(2) as srv:
        run = spawn(srv)
        run.expect_exact("smtp> ")
        run.send("nonsense")
        run.expect_exact("nonsense")
        run.sendcontrol("c")
        run.expect_exact("smtp> ")
        run.sendline("NOOP")
        said(run, "NOOP")
        run.sendline("/quit")
        run.expect(pexpect.EOF)
        run.close()
    assert run.exitstatus == 0
    assert srv.conns[0].lines == ["NOOP", "QUIT"]


def test_ctrl_c_gives_up_waiting():
    """A reply that does not come keeps nobody; when it comes it is shown."""
    def script(c):
        c.say("220 mx.test")
        c.line()
        c.server.go.wait(30)
        c.say("250 at last")
        c.line()
        c.say("221 bye")

    srv = Server(script)
    srv.go = threading.Event()
    with srv:
        run = spawn(srv)
        run.expect_exact("smtp> ")
        run.sendline("NOOP")
        run.expect_exact("NOOP\r\n")
        run.sendcontrol("c")
        run.expect_exact("no reply yet")
        run.expect_exact("smtp> ")
        srv.go.set()
        run.expect_exact("<- 250 at last")
        run.sendline("/quit")
        run.expect(pexpect.EOF)
        run.close()
    assert run.exitstatus == 0


def test_a_line_stays_when_the_server_speaks():
    def script(c):
        c.say("220 mx.test")
        c.server.go.wait(30)
        c.say("250 by itself")
        c.say("250 got " + c.line())
        c.line()
        c.say("221 bye")

    srv = Server(script)
    srv.go = threading.Event()
    with srv:
        run = spawn(srv)
        run.expect_exact("smtp> ")
        run.send("NOOP and")
        run.expect_exact("NOOP and")
        srv.go.set()
        run.expect_exact("250 by itself\r\n")
        run.expect_exact("smtp> NOOP and")
        run.sendline(" more")
        said(run, "NOOP and more")
        run.sendline("/quit")
        run.expect(pexpect.EOF)
        run.close()


def test_nothing_raw_in_a_terminal():
    with server_of("250 \x1b]0;owned\x07\x9b31m", "221 bye") as srv:
        run = spawn(srv)
        run.expect_exact("smtp> ")
        run.sendline("NOOP")
        run.expect_exact("\\x1b]0;owned\\x07")
        run.sendline("/quit")
        run.expect(pexpect.EOF)
        run.close()
    assert "]0;owned\x07" not in run.before


def test_a_secret_is_in_no_history():
    with server_of("334 ", "235 in", "221 bye") as srv:
        run = spawn(srv)
        run.expect_exact("smtp> ")
        run.sendline("AUTH LOGIN")
        run.expect_exact("334 ")
        run.expect_exact("smtp> ")
        run.sendline("c2VjcmV0")
        run.expect_exact("235 in")
        run.expect_exact("smtp> ")
        run.send("\x1b[A\x1b[A")
        run.sendline("\x15/quit")
        run.expect(pexpect.EOF)
        run.close()
    assert "c2VjcmV0" not in run.before and "AUTH" not in run.before


# what takes more than a line

def by_hand(server, text, *args):
    return run_smtpsend("--no-config", "--talk", f"127.0.0.1:{server.port}",
                        "--helo", "client.test", *args, message=text.encode())


def test_a_mail_by_hand(server, tmp_path):
    """Each real server takes one that is typed, and one from a file."""
    message = tmp_path / "message"
    message.write_text("Subject: from a file\n\n.dot\n")
    run = by_hand(server, "EHLO client.test\nMAIL FROM:<a@client.test>\n"
                  "RCPT TO:<bob@mail.test>\nDATA\nSubject: typed\n\n.dot\n.\n"
                  "MAIL FROM:<a@client.test>\nRCPT TO:<bob@mail.test>\n"
                  f"/data {message}\nQUIT\n")
    assert run.status == 0, run
    stored = server.stored(2)
    for words in (b"Subject: typed", b"Subject: from a file"):
        found, = [s.data for s in stored if words in s.data]
        assert b"\n.dot" in found and b"\n..dot" not in found


def test_bdat(postfix, tmp_path):
    message = tmp_path / "message"
    message.write_text("Subject: chunk\n\n.dot\n")
    postfix.forget()
    run = by_hand(postfix, "EHLO client.test\nMAIL FROM:<a@client.test>\n"
                  f"RCPT TO:<bob@mail.test>\n/bdat {message}\n")
    assert run.status == 0, run
    stored, = postfix.stored(1)
    assert b"\n.dot" in stored.data and b"\n..dot" not in stored.data


def test_a_file_that_is_not_there(sink):
    run = by_hand(sink, "/data /nonexistent/x\nNOOP\n")
    assert "cannot read /nonexistent/x: No such file" in run.stdout
    assert "-> DATA" not in lines(run) and "-> NOOP" in lines(run)


def test_tls(postfix, ca):
    run = by_hand(postfix, "EHLO client.test\n/tls\nEHLO client.test\n",
                  "--ca", ca.ca)
    assert run.status == 0, run
    text = run.stdout
    assert "-> STARTTLS" in text and "== TLSv1.3 TLS_" in text
    assert "certificate is trusted" in text
    assert "the certificate is good for 29 more days" in text or \
        "the certificate is good for 30 more days" in text
    assert "~> EHLO client.test" in text and "<~ 250" in text


def test_tls_that_is_demanded(postfix):
    run = by_hand(postfix, "NOOP\n", "--tls", "verify")
    assert run.status == 75, run
    assert "-> NOOP" not in run.stdout and "~> NOOP" not in run.stdout
    assert "-> EHLO client.test" in run.stdout


def test_more_than_the_reply_to_starttls():
    """What came in clear behind it would be taken for what TLS brought."""
    with server_of("220 go\r\n250 injected") as srv:
        run = talk(srv, "/tls\nNOOP\n")
    assert run.status == 75, run
    assert "octets in clear after the reply to STARTTLS" in run.stdout


def test_logins(aio_submission, ca):
    server = aio_submission
    for mechanism, secret in (("PLAIN", server.password),
                              ("LOGIN", server.password),
                              ("XOAUTH2", server.token),
                              ("OAUTHBEARER", server.token)):
        server.mark()
        run = by_hand(server, "EHLO client.test\n/tls\nEHLO client.test\n"
                      f"/auth {mechanism} {server.user}\n{secret}\n",
                      "--ca", ca.ca)
        assert run.status == 0 and "<~ 235" in run.stdout, run
        assert server.signed_in(mechanism)
        assert secret not in run.stdout, run


def test_cram_md5(postfix_submission, ca):
    server = postfix_submission
    server.mark()
    run = by_hand(server, "EHLO client.test\n/tls\nEHLO client.test\n"
                  f"/auth CRAM-MD5 {server.user}\n{server.password}\n"
                  "MAIL FROM:<a@client.test>\nRCPT TO:<bob@mail.test>\n",
                  "--ca", ca.ca)
    assert "<~ 235" in run.stdout, run
    assert server.signed_in("CRAM-MD5")


def test_a_wrong_password(aio_submission, ca, tmp_path):
    saved = tmp_path / "s"
    run = by_hand(aio_submission, "EHLO client.test\n/tls\nEHLO client.test\n"
                  f"/auth joe\nwrong-secret\n/save {saved}\n", "--ca", ca.ca)
    assert "<~ 535" in run.stdout and "user or password" in run.stdout, run
    assert "wrong-secret" not in run.stdout
    assert "wrong-secret" not in saved.read_text()


def test_a_password_command(aio_submission, ca):
    secret = aio_submission.password.replace("'", "'\\''")
    run = by_hand(aio_submission, "EHLO client.test\n/tls\nEHLO client.test\n"
                  f"/auth {aio_submission.user}\n", "--ca", ca.ca,
                  "--password-command", f"printf %s '{secret}'")
    assert "<~ 235" in run.stdout, run
    assert aio_submission.password not in run.stdout


def test_a_password_is_not_given_away(sink):
    run = by_hand(sink, "EHLO client.test\n/auth joe\nsecret\n")
    assert "-> AUTH CRAM-MD5" in lines(run), run
    with server_of(["250-mx.test", "250 AUTH PLAIN LOGIN"], "221 bye") as srv:
        run = talk(srv, "EHLO me\n/auth joe\n")
    assert "AUTH" not in srv.conns[0].lines[1]
    assert "without TLS all that is offered gives the password away" \
        in run.stdout


def test_refusals_are_explained():
    replies = ("550-5.7.26 This mail has been blocked because the sender is"
               "\r\n550 5.7.26 unauthenticated.", "501 HELO requires domain "
               "address", "221 bye")
    with server_of(*replies) as srv:
        run = talk(srv, "MAIL FROM:<a@b>\nHELO\nhelp 550 5.1.1\n/explain\n")
    notes = [line for line in lines(run) if line.startswith("== 5")]
    assert notes[0].startswith("== 5.7.26: Gmail found neither"), run
    assert notes[1].startswith("== 501: HELO and EHLO need a name")
    assert notes[2].startswith("== 5.1.1: there is no such mailbox")
    assert notes[3] == notes[1]
    with server_of(*replies) as srv:
        run = talk(srv, "MAIL FROM:<a@b>\n", "--quiet")
    assert "== 5" not in run.stdout


def test_the_guide(aiosmtpd):
    run = spawn(aiosmtpd)
    for said, want in (("/guide", "step 1 of 6: say who you are"),
                       ("EHLO client.test", "step 2 of 6: begin a mail"),
                       ("nonsense", "step 2 of 6"),
                       ("MAIL FROM:<a@client.test>", "step 3 of 6"),
                       ("RCPT TO:<bob@mail.test>", "step 4 of 6"),
                       ("DATA", "step 5 of 6: type the message")):
        run.expect_exact("smtp> ")
        run.sendline(said)
        run.expect_exact(want)
    for said in ("Subject: hello", "", "text"):
        run.expect_exact("text> ")
        run.sendline(said)
    run.expect_exact("text> ")
    run.sendline(".")
    run.expect_exact("step 6 of 6: type QUIT")
    run.expect_exact("smtp> ")
    run.sendline("QUIT")
    run.expect_exact("that was all of it")
    run.expect_exact("closed> ")
    run.sendeof()
    run.expect(pexpect.EOF)
    run.close()
    assert run.exitstatus == 0


def test_a_password_is_not_echoed(aio_submission, ca):
    run = spawn(aio_submission, "--ca", str(ca.ca), "--tls", "verify")
    run.expect_exact("smtp+tls> ")
    run.sendline("EHLO client.test")
    run.expect_exact("smtp+tls> ")
    run.sendline("/auth joe")
    run.expect_exact("password: ")
    run.sendline(aio_submission.password)
    run.expect_exact("235 ")
    assert aio_submission.password not in run.before
    run.expect_exact("smtp+tls> ")
    run.sendline("/auth PLAIN joe")
    run.expect_exact("password: ")
    run.sendcontrol("c")
    run.expect_exact("smtp+tls> ")
    run.sendline("/quit")
    run.expect(pexpect.EOF)
    run.close()
    assert run.exitstatus == 0
