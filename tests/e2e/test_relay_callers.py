# SPDX-License-Identifier: ISC
"""
Issue 3, Done when 1: git, mutt and s-nail send through a relay with nothing but
the program's name; the configuration is the user's own file.
"""

import os
import subprocess

import pytest

from conftest import BINARY, TOP
from relay_support import BOB, PASSWORD, USER, Setup, private
from servers.process import eventually

PATCH = """\
From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: Alice <alice@client.test>
Date: Sun, 22 Nov 2026 09:00:00 +0000
Subject: [PATCH] a change

Some words.
---
 a | 1 +
"""


@pytest.fixture
def home(tmp_path, postfix_submission, ca):
    """A home folder whose .config has a relay; its environment."""
    setup = Setup(tmp_path).relay(
        "work", postfix_submission.urls()["starttls"], ca=ca.ca)
    folder = tmp_path / ".config" / "smtpsend"
    folder.mkdir(parents=True)
    setup.write().rename(folder / "smtpsend.conf")
    postfix_submission.forget()
    return {"PATH": f"{BINARY.parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / ".config"),
            "TERM": "dumb", "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
               for what, value in (("NAME", "Alice"),
                                   ("EMAIL", "alice@client.test"))}}


def came(server, env, *argv, text=b"hello there\n"):
    """Run it; the one message that came by the relay."""
    done = subprocess.run(argv, input=text, env=env, cwd=env["HOME"],
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    stored = server.stored(1)
    assert len(stored) == 1, server.news()
    assert "sasl_username=joe" in server.news()
    assert eventually(lambda: BOB in server.news(), 10)  # logged afterwards
    assert server.complaints() == []
    return stored[0].data


def test_git_send_email(postfix_submission, home, tmp_path):
    (tmp_path / "0001.patch").write_text(PATCH)
    text = came(postfix_submission, home, "git", "send-email",
                "--sendmail-cmd=smtpsend", "--from=alice@client.test",
                f"--to={BOB}", "--confirm=never", "--suppress-cc=all",
                "0001.patch", text=b"")
    assert b"Subject: [PATCH] a change\r\n" in text


def test_mutt(postfix_submission, home, tmp_path):
    (tmp_path / "muttrc").write_text(
        'set sendmail="smtpsend"\nset use_envelope_from=yes\nset copy=no\n'
        'set from="alice@client.test"\n')
    text = came(postfix_submission, home, "mutt", "-n", "-F", "muttrc", "-s",
                "from mutt", "--", BOB)
    assert b"Subject: from mutt\r\n" in text
    assert text.endswith(b"\r\n\r\nhello there\r\n")


@pytest.mark.parametrize("variable", ("sendmail", "mta"))
def test_s_nail(postfix_submission, home, variable):
    text = came(postfix_submission, home, "s-nail", "-:/", "-S",
                f"{variable}={BINARY}", "-r", "alice@client.test", "-s",
                "from s-nail", BOB)
    assert b"Subject: from s-nail\r\n" in text
    assert text.endswith(b"\r\n\r\nhello there\r\n")


def test_as_sendmail(postfix_submission, home, tmp_path):
    """cron and PHP call it so."""
    (tmp_path / "sendmail").symlink_to(BINARY)
    text = came(postfix_submission, home, str(tmp_path / "sendmail"), "-t",
                "-i", text=f"From: alice@client.test\nTo: {BOB}\n"
                "Subject: by -t\n\nhi\n.\nend\n".encode())
    assert text.endswith(b"\r\n\r\nhi\r\n.\r\nend\r\n")


def pasted(readme, first):
    """The README's code block that begins so, indented as it stands there."""
    lines = readme.splitlines()
    at = next(n for n, l in enumerate(lines) if l.startswith("    " + first))
    block = []
    for line in lines[at:]:
        if line and not line.startswith("    "):
            break
        block.append(line)
    return "\n".join(block) + "\n"


def test_the_readmes_example(postfix_submission, tmp_path, ca):
    """Pasted into a shell, with a test server's address and account."""
    readme = (TOP / "README.md").read_text()
    stanza = pasted(readme, "mkdir -p -m 700 ~/.config/smtpsend")
    mail = pasted(readme, r"printf 'Subject: hi\n\nhello\n' | smtpsend -v -f")
    for old, new in (
            ("url = smtps://mail.example.net",
             f"url = {postfix_submission.urls()['smtps']}' 'ca = {ca.ca}"),
            ("user = me@example.net", f"user = {USER}"),
            # root's home is passwd's, not that of the shell
            ("= ~/", f"= {tmp_path}/"),
            ("bob@example.org", BOB)):
        assert old in stanza + mail
        stanza, mail = stanza.replace(old, new), mail.replace(old, new)
    postfix_submission.forget()
    done = subprocess.run(
        ["bash", "-euc", stanza + mail], input=PASSWORD.encode() + b"\n",
        cwd=tmp_path, capture_output=True, timeout=60, check=False,
        env={"HOME": str(tmp_path), "LC_ALL": "C.UTF-8",
             # root's home is passwd's
             "XDG_CONFIG_HOME": str(tmp_path / ".config"),
             "PATH": f"{BINARY.parent}:{os.environ['PATH']}"})
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    assert PASSWORD.encode() not in done.stdout + done.stderr
    stored = postfix_submission.stored(1)
    assert len(stored) == 1
    assert stored[0].data.endswith(b"\r\n\r\nhello\r\n")


def test_the_sample_can_be_read(smtpsend, tmp_path):
    sample = private(tmp_path / "smtpsend.conf", (
        TOP / "man" / "smtpsend.conf.sample").read_text(), 0o644)
    run = smtpsend("--config", sample, "--print-config")
    assert run.status == 0, run
