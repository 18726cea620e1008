# SPDX-License-Identifier: ISC
"""What people came for, typed as README.md and the man page say it."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

import pexpect
import pytest

from conftest import BINARY, TOP, run_smtpsend
from fakedns import FakeDns
from scripted import Server, dialogue
from servers.process import Process, eventually, free_port, greets
from test_talk import lines, server_of, talk

README = (TOP / "README.md").read_text()
SCRIPT = """\
< 220
> HELO client.test
< 250
> MAIL FROM:<alice@client.test>
< 250
> RCPT TO:<bob@example.test>
< 250
> DATA
< 354
> Subject: by a script
>{blank}
> hello
> .
< 250
> QUIT
< 221
< closed
"""


def words_of_readme(begin, **instead):
    """The one command of README.md that begins so, as words; what a test cannot
    have (a port, a domain) is replaced."""
    found = [line.strip() for line in README.splitlines()
             if line.startswith("    " + begin)]
    assert len(found) == 1, (begin, found)
    text = found[0]
    for old, new in instead.items():
        assert old in text, (old, text)
        text = text.replace(old, new)
    return text


def shell(text, **how):
    """As typed: smtpsend is the program under test."""
    return subprocess.run(
        f"smtpsend() {{ {shlex.quote(str(BINARY))} --no-config \"$@\"; }}\n"
        + text, shell=True, capture_output=True, text=True, check=False,
        timeout=60, **how)


# a script against aiosmtpd -n

class Debugging(Process):
    """aiosmtpd -n: prints what it gets."""

    name = "aiosmtpd-n"
    host = "127.0.0.1"

    def configure(self):
        self.port = free_port()

    def command(self):
        return [sys.executable, "-W", "ignore", "-u", "-m", "aiosmtpd", "-n",
                "-l", f"{self.host}:{self.port}"]

    def ready(self):
        return greets(self.host, self.port)


@pytest.fixture
def debugging(tmp_path):
    with Debugging(tmp_path / "aiosmtpd") as server:
        yield server


def test_a_script_against_aiosmtpd(debugging, tmp_path):
    path = tmp_path / "hello.smtp"
    path.write_text(SCRIPT.format(blank=" "))
    text = words_of_readme("smtpsend --script", **{
        "tests/scripts/order.smtp": str(path),
        "mail.example.org": f"127.0.0.1:{debugging.port}"})
    run = shell(text)
    assert run.returncode == 0 and run.stderr == "", run
    assert eventually(lambda: "Subject: by a script" in debugging.log())
    path.write_text(SCRIPT.format(blank=" ").replace("HELO client.test",
                                                     "HELO"))
    run = shell(text)
    assert run.returncode == 76, run
    assert f"{path}:3: wanted < 250, got 501 " in run.stderr, run


def test_the_same_by_a_pipe(debugging):
    said = [line[2:] for line in SCRIPT.format(blank=" ").splitlines()
            if line.startswith(">")]
    run = talk(debugging, "\n".join(said) + "\n")
    assert run.status == 0 and run.stderr == "", run
    assert [line[3:6] for line in lines(run) if line.startswith("<- ")] == \
        ["220", "250", "250", "250", "354", "250", "221"], run
    assert eventually(lambda: "Subject: by a script" in debugging.log())


# finding MX and talking to it in one step

def test_talk_to_a_domain():
    with FakeDns() as dns, server_of("250 mx2.story.test", "221 bye",
                                     greeting="220 mx2.story.test") as srv:
        dns.add("story.test", "MX", (10, "mx1.story.test"))
        dns.add("story.test", "MX", (20, "mx2.story.test"))
        dns.add("mx1.story.test", "A", "127.0.0.9")     # nobody is there
        dns.add("mx2.story.test", "A", "127.0.0.1")
        text = words_of_readme("smtpsend --talk", **{
            "example.org": "story.test"})
        run = pexpect.spawn(str(BINARY), [
            "--no-config", "--resolver", f"127.0.0.1:{dns.port}",
            "--allow-loopback-mx", "--port", str(srv.port),
            *shlex.split(text)[1:]], timeout=30, encoding="utf-8", echo=False,
            env=dict(os.environ, NO_COLOR="1"), dimensions=(24, 80))
        run.expect_exact("10 mx1.story.test")
        run.expect_exact("20 mx2.story.test")
        run.expect_exact("<- 220 mx2.story.test")
        run.expect_exact("smtp> ")
        run.sendline("HELO client.test")
        run.expect_exact("<- 250 mx2.story.test")
        run.expect_exact("smtp> ")
        run.sendline("QUIT")
        run.expect_exact("221 bye")
        run.expect_exact("closed> ")
        run.sendeof()
        run.expect(pexpect.EOF)
        run.close()
    assert run.exitstatus == 0


# two recipients, line by line

REFUSED = {"RCPT": ["250 2.1.5 Ok", "550 5.1.1 no carol here"]}


@pytest.mark.parametrize("caps, want", [
    ((), ["-> RCPT TO:<bob@story.test>", "<- 250 2.1.5 Ok",
          "-> RCPT TO:<carol@story.test>", "<- 550 5.1.1 no carol here"]),
    (("PIPELINING",), [
        "-> RCPT TO:<bob@story.test>", "-> RCPT TO:<carol@story.test>",
        "<- 250 2.1.5 Ok  (RCPT bob@story.test)",
        "<- 550 5.1.1 no carol here  (RCPT carol@story.test)"])])
def test_two_recipients_line_by_line(caps, want):
    with Server(dialogue(caps, **REFUSED)) as srv:
        run = run_smtpsend("--no-config", "-v", "--server",
                           f"127.0.0.1:{srv.port}", "bob@story.test",
                           "carol@story.test", message=b"hello\n")
    assert run.status == 67, run
    assert [line[15:] for line in lines(run) if "RCPT TO" in line or
            "2.1.5" in line or line[15:].startswith("<- 550")] == want, run
    assert len(run.stderr.splitlines()) == 1 and run.stderr.startswith(
        "smtpsend: carol@story.test: failed at RCPT"), run
    assert srv.conns[0].final_dot, "bob has his mail"


def test_two_recipients_by_hand():
    with Server(dialogue(**REFUSED)) as srv:
        run = talk(srv, "EHLO me\nMAIL FROM:<a@b>\nRCPT TO:<bob@story.test>\n"
                   "RCPT TO:<carol@story.test>\nQUIT\n")
    told = lines(run)
    at = told.index("-> RCPT TO:<bob@story.test>")
    assert told[at + 1:at + 4] == [
        "<- 250 2.1.5 Ok", "-> RCPT TO:<carol@story.test>",
        "<- 550 5.1.1 no carol here"], run
    assert told[at + 4].startswith("== 5.1.1: there is no such mailbox"), run


# a server to practise on

def practise(port, text, *options):
    """A sink as README.md has it; then what is typed in the other shell."""
    begin = re.search(r"`smtpsend (--sink 127\.0\.0\.1:2525)`", README).group(1)
    sink = pexpect.spawn(str(BINARY), [
        "--no-config", *begin.replace("2525", str(port)).split(), *options],
        timeout=30, encoding="utf-8", dimensions=(24, 120))
    try:
        sink.expect_exact(f"listening on 127.0.0.1:{port}")
        run = shell(text)
        assert run.returncode == 0, run
        if not options:
            sink.expect_exact("hello")
        shown = sink.before
        sink.sendintr()
        sink.expect(pexpect.EOF)
    finally:
        sink.close(force=True)
    assert sink.exitstatus == 0
    return run, shown


def test_a_server_to_practise_on():
    port = free_port()
    text = words_of_readme("echo hello | smtpsend --server", **{
        "2525": str(port)})
    run, shown = practise(port, text)
    assert run.stdout + run.stderr == ""
    assert "--- to <anybody@example.org>" in shown, shown
    run, _ = practise(port, f"printf '%s\\n' 'HELO me' 'MAIL FROM:<a@b.test>' "
                      f"'RCPT TO:<c@d.test>' DATA 'Subject: x' '' hello . QUIT"
                      f" | smtpsend --talk 127.0.0.1:{port}")
    assert [line[3:6] for line in run.stdout.splitlines()
            if line.startswith("<- ")] == \
        ["220", "250", "250", "250", "354", "250", "221"], run


# "501 HELO requires domain address"

def test_helo_requires_domain_address():
    want = "HELO and EHLO need a name: say EHLO and your host's full name"
    refusal = "501 HELO requires domain address"
    with server_of(refusal, "250 mx.test", "221 bye") as srv:
        run = talk(srv, "HELO\nHELO client.test\nQUIT\n")
    at = lines(run).index(f"<- {refusal}")
    assert lines(run)[at + 1].startswith(f"== 501: {want}"), run
    assert run.stdout.count(want) == 1, run
    with server_of("221 bye") as srv:
        run = talk(srv, f"help {refusal}\n")
    assert want in run.stdout, run


# an mbox with From-quoting

def test_an_mbox_with_from_quoting(tmp_path):
    box, port = tmp_path / "box", free_port()
    body = "From here\\n>From there\\nFromage\\n from\\n"
    practise(port, f"printf 'Subject: x\\n\\n{body}' | smtpsend --server "
             f"127.0.0.1:{port} -f a@story.test bob@story.test",
             "--sink-mbox", str(box))
    text = pathlib.Path(box).read_text()
    assert text.startswith("From a@story.test "), text
    assert text.count("\nFrom ") == 0 and "\r" not in text, text
    assert text.endswith("\n\n>From here\n>>From there\nFromage\n from\n\n"), \
        text
