# SPDX-License-Identifier: ISC
"""--script: dialogues that are written down, played against servers."""

import pathlib
import xml.etree.ElementTree

import pytest

from conftest import TOP, run_smtpsend
from scripted import Server
from servers.process import eventually
from test_talk import server_of

SCRIPTS = sorted((TOP / "tests" / "scripts").glob("*.smtp"))


@pytest.fixture
def play(tmp_path):
    """play(server, text, *args) writes the script and plays it."""
    def run(srv, text, *args, **how):
        path = tmp_path / "a.smtp"
        path.write_text(text)
        return run_smtpsend("--no-config", "--helo", "client.test", "--server",
                            f"127.0.0.1:{srv.port}", "--script", path, *args,
                            **how)
    run.path = tmp_path / "a.smtp"
    return run


def test_as_it_is_written(play):
    with server_of(["250-mx.test", "250-SIZE 10", "250 HELP"], "550 5.1.1 no",
                   "221 bye") as srv:
        run = play(srv, "< 220 mx*\n> EHLO ${helo}\n< 250-size*\n"
                   "> RCPT TO:<${to}>\n< 4xx|5xx 5.1.1 *\n> QUIT\n< 221\n"
                   "< closed\n", "bob@example.test")
    assert run.status == 0, run
    assert run.stdout == "" and run.stderr == "", run
    assert srv.conns[0].lines == ["EHLO client.test",
                                  "RCPT TO:<bob@example.test>", "QUIT"]


def test_the_first_miss_ends_it(play):
    with server_of("550-5.7.1 Go\r\n550 5.7.1 away\x1b[2J") as srv:
        run = play(srv, "< 220\n\n# hello\n> EHLO me\n< 250\n> QUIT\n")
    assert run.status == 76, run
    assert run.stderr == (
        f"smtpsend: {play.path}:5: wanted < 250, got 550-5.7.1 Go\\x0a"
        "550 5.7.1 away\\x1b[2J\n"), run
    assert srv.conns[0].lines == ["EHLO me"]


@pytest.mark.parametrize("text,wanted,got", [
    ("< 220\n> NOOP\n< 250\n< 250\n", ":4: wanted < 250",
     "the end of the connection"),
    ("< 220\n< 250\n", ":2: wanted < 250", "nothing within 1 s"),
    ("< nothing 5s\n", ":1: wanted < nothing 5s", "220 mx.test"),
    ("< 220\n@ tls\n", ":2: wanted @ tls", "250 ok"),
    ("< closed\n", ":1: wanted < closed", "220 mx.test"),
], ids=lambda x: None if "\n" in x else x)
def test_misses(play, text, wanted, got):
    def script(c):
        c.say("220 mx.test")
        c.line()
        c.say("250 ok" if "tls" not in text else "502 5.5.1 no")

    with Server(script) as srv:
        run = play(srv, text, "--timeout", "1s")
    assert run.status == 76, run
    assert wanted in run.stderr, run
    if "tls" not in text:
        assert got in run.stderr, run


def test_faults_are_found_before_anything_is_connected(play, tmp_path):
    with server_of("250 ok") as srv:
        for text, line, status in (
                ("< 220\nhello\n", 2, 65), ("* 2\n> x\n", 1, 65),
                ("< 220\n@ auth joe\n", 2, 64),
                (f"< 220\n> x\n@ data {tmp_path}/none\n", 3, 66)):
            run = play(srv, text)
            assert run.status == status, run
            assert run.stderr.startswith(f"smtpsend: {play.path}:{line}: ")
        run = play(srv, "< 220\n", "--junit", "/nonexistent/x")
        assert run.status == 73, run
        run = run_smtpsend("--no-config", "--server", f"127.0.0.1:{srv.port}",
                           "--script", tmp_path / "none")
        assert run.status == 66 and "none: No such file" in run.stderr, run
        assert not srv.conns


def test_drop_reset_and_connect(play):
    def script(c):
        c.say("220 mx.test")
        while True:
            c.line()
            c.say("250 ok")

    with Server(script) as srv:
        run = play(srv, "< 220\n! drop\n@ connect\n< 220\n> NOOP\n< 250\n"
                   "! reset\n@ connect\n< 220\n")
        assert eventually(lambda: len(srv.conns) == 3 and
                          all(c.end for c in srv.conns), 20)
    assert run.status == 0, run
    assert [c.end for c in srv.conns] == ["fin", "rst", "fin"]


def test_an_early_good_end(play):
    with server_of("502 no", "250 never") as srv:
        run = play(srv, "< 220\n> STARTTLS\n< 220|5xx\n? 5xx\n> NOOP\n< 221\n")
    assert run.status == 0 and srv.conns[0].lines == ["STARTTLS"], run


def test_raw_octets_and_loops(play):
    def script(c):
        c.say("220 mx.test")
        for n in (1, 2, 3):
            assert c.line() == f"NOOP {n}\x00"
            c.say("250 ok")
        assert c.exactly(4) == b"a\nb\r"

    with Server(script) as srv:
        run = play(srv, "< 220\n* 3\n> NOOP ${turn}\\0\n< 250\nend\n"
                   "@ raw a\\nb\\r\n< closed\n")
    assert run.status == 0, run


def test_text_is_said_as_it_stands(play):
    def script(c):
        c.say("220 mx.test")
        c.expect("DATA")
        c.say("354 go on")
        c.data()
        c.say("250 ok")

    with Server(script) as srv:
        run = play(srv, "< 220\n> DATA\n< 354\n> ..x\n> .y\n> .\n< 250\n")
    assert run.status == 0, run
    assert srv.conns[0].message == b"..x\r\n.y\r\n"


def test_tap_and_junit(play, tmp_path):
    junit = tmp_path / "x.xml"
    with server_of("550 <no> & \x01") as srv:
        run = play(srv, "< 220\n> NOOP\n< 250\n", "--tap", "--junit", junit)
    assert run.status == 76
    assert run.stdout == (
        f"TAP version 13\nok 1 - {play.path}:1 < 220\n"
        f"not ok 2 - {play.path}:3 < 250\n  ---\n  wanted: \"< 250\"\n"
        f"  got: \"550 <no> & \\\\x01\"\n  ...\n1..2\n"), run
    suite = xml.etree.ElementTree.parse(junit).getroot()
    assert suite.get("tests") == "2" and suite.get("failures") == "1"
    assert suite.find(".//failure").get("message") == "got 550 <no> & \\x01"


def test_a_full_disk_changes_no_verdict(play):
    with server_of("250 ok") as srv:
        run = play(srv, "< 220\n> NOOP\n< 250\n", "--junit", "/dev/full")
    assert run.status == 0, run
    assert "--junit /dev/full: No space left on device" in run.stderr


def test_a_saved_session_is_a_script(postfix, tmp_path):
    """What was typed by hand is played again, and Postfix takes it again."""
    saved = tmp_path / "saved.smtp"
    message = tmp_path / "message"
    message.write_text("Subject: again\n\n.dot\n")
    typed = ("EHLO client.test\n/tls\nEHLO client.test\nNONSENSE ${x} \\\n"
             "MAIL FROM:<a@client.test>\nRCPT TO:<bob@mail.test>\nDATA\n"
             "Subject: typed\n\n.dot\n\n.\nMAIL FROM:<a@client.test>\n"
             f"RCPT TO:<bob@mail.test>\n/data {message}\nQUIT\n/save {saved}\n")
    postfix.forget()
    run = run_smtpsend("--no-config", "--talk", f"127.0.0.1:{postfix.port}",
                       message=typed.encode())
    assert run.status == 0, run
    first = postfix.stored(2)
    run = run_smtpsend("--no-config", "-v", "--server",
                       f"127.0.0.1:{postfix.port}", "--script", saved)
    assert run.status == 0, (run, saved.read_text())
    again = postfix.stored(2)
    bodies = [sorted(s.data.split(b"\r\n\r\n")[1] for s in got)
              for got in (first, again)]
    assert bodies[0] == bodies[1]
    assert all(b.startswith(b".dot") for b in bodies[0])


def test_a_login(play, aio_submission, ca):
    secret = aio_submission.password.replace("'", "'\\''")
    text = ("< 220\n> EHLO ${helo}\n< 250-STARTTLS\n@ tls\n> EHLO ${helo}\n"
            "< 250-AUTH*\n@ auth PLAIN %s\n> QUIT\n< 221\n")
    command = ("--password-command", f"printf %s '{secret}'", "--ca", ca.ca)
    run = play(aio_submission, text % aio_submission.user, *command, "-v")
    assert run.status == 0, run
    assert aio_submission.password not in run.stdout
    run = play(aio_submission, text % "nobody", *command)
    assert run.status == 76 and "@ auth PLAIN nobody, got 535" in run.stderr


# which of ours a server is known to miss
KNOWN = {
    "sink": {"early-talker"},
    "postfix": {"bare-lf-dot", "bare-lf-dot-lf"},
}
# ... and which it misses or not, as the octets come together or not
AS_IT_COMES = {("postfix", "early-talker")}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
@pytest.mark.parametrize("name", ["sink", "postfix"])
def test_our_scripts(request, name, path):
    server = request.getfixturevalue(name)
    run = run_smtpsend("--no-config", "-v", "--helo", "client.test", "-f",
                       "a@client.test", "--server", f"127.0.0.1:{server.port}",
                       "--script", path, "bob@mail.test")
    missed = path.stem in KNOWN[name]
    if (name, path.stem) in AS_IT_COMES:
        missed = run.status == 76
    assert run.status == (76 if missed else 0), run
    assert bool(run.stderr) == missed, run


def test_they_are_all_there():
    assert len(SCRIPTS) >= 14
    for path in SCRIPTS:
        assert path.read_text().startswith("# SPDX-License-Identifier: ISC\n# ")
    assert isinstance(SCRIPTS[0], pathlib.Path)
