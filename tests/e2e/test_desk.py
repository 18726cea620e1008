# SPDX-License-Identifier: ISC
"""As a new user would: help, mistakes, completion, manual, installation."""

import fcntl
import os
import re
import shlex
import struct
import subprocess

import pexpect
import pytest

import conftest
from scripted import Server, dialogue

TIOCGPTN = 0x80045430
MAN = conftest.TOP / "man" / "smtpsend.1"
BASH = conftest.TOP / "completions"


def completion_file():
    found = [p for p in BASH.iterdir() if "bash" in p.name] \
        or [BASH / "smtpsend"]
    return found[0]


def complete(*words):
    """What bash offers for the last of the words."""
    script = """
    source "$1"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
    how=$(complete -p smtpsend) || exit 1
    [[ $how =~ -F\\ ([^ ]+) ]] || exit 1
    "${BASH_REMATCH[1]}" smtpsend "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(["bash", "-c", script, "bash", completion_file(),
                           *words], capture_output=True, text=True, check=True)
    return [w.strip() for w in done.stdout.split("\n") if w.strip()]


def long_options(smtpsend):
    text = smtpsend("--help").stdout
    return set(re.findall(r"(?<![\w-])--[a-z0-9][a-z0-9-]+", text))


def test_help(smtpsend):
    run = smtpsend("--help")
    assert (run.status, run.err) == (0, b"")
    assert max(map(len, run.stdout.splitlines())) <= 80
    for option in ("--server", "--explain", "--sink", "--tls", "--json"):
        assert option in run.stdout


def test_version(smtpsend):
    run = smtpsend("--version")
    assert run.status == 0
    for library in ("OpenSSL", "ldns", "libidn2"):
        assert library in run.stdout


@pytest.mark.parametrize("typo, meant", [
    ("--sever", "--server"), ("--explian", "--explain"), ("--jason", "--json")])
def test_a_mistyped_option_is_understood(smtpsend, typo, meant):
    run = smtpsend(typo, "bob@example.test")
    assert run.status == 64, run
    assert typo in run.stderr and meant in run.stderr
    assert len(run.stderr.splitlines()) <= 3


@pytest.mark.parametrize("words, advised", [
    (["--rcpt-to", "ann@example.test"], "--to ADDR"),
    (["--host", "mx.example.test"], "--server HOST"),
    (["--sender", "me@example.test"], "--from ADDR"),
    (["--cacert", "ca.pem"], "--ca PATH"),
    (["-m", "Report"], "--body TEXT"),
    (["-au", "me", "-ap", "secret"], "[relay] section"),
    (["-p", "2525"], "--port N"),
    (["-q"], "silence is the default"),
    (["-A", "report.pdf"], "--attach FILE"),
    (["-raw"], "the whole dialogue"),
    (["--d", "text"], "--file FILE"),
    (["-force-getpwuid"], "nothing like it"),
])
def test_other_programs_options_are_known(smtpsend, words, advised):
    """Nothing is sent, and one line says what to write instead."""
    run = smtpsend("--server", "127.0.0.1:1", *words, "bob@example.test",
                   message=b"hi\n")
    assert run.status == 64, run
    assert advised in run.stderr and "secret" not in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_an_option_behind_a_recipient(smtpsend):
    """What is shown can be pasted, and is what was meant."""
    with Server(dialogue()) as srv:
        words = ["bob@client.test", "-F", "Ann O'Hara $HOME",
                 "carol@client.test", "-f", "",
                 f"--server=127.0.0.1:{srv.port}"]
        run = smtpsend(*words, message=b"hi\n")
        assert run.status == 64 and not srv.conns, run
        said = run.stderr.splitlines()
        assert len(said) == 2 and "options go before recipients" in said[0]
        done = subprocess.run(["sh", "-euc", said[1]], input=b"hi\n",
                              capture_output=True, check=False)
        assert done.returncode == 0, done
    conn, = srv.conns
    assert [l for l in conn.lines if l.startswith(("MAIL", "RCPT"))] == [
        "MAIL FROM:<>", "RCPT TO:<bob@client.test>",
        "RCPT TO:<carol@client.test>"]
    assert b"Ann O'Hara $HOME" in conn.message


@pytest.mark.parametrize("name", ["smtpsend", "sendmail"])
def test_behind_two_dashes_a_recipient_may_begin_with_one(smtpsend, tmp_path,
                                                          machine, name):
    program = tmp_path / name
    program.symlink_to(conftest.BINARY)
    with Server(dialogue()) as srv:
        box = machine(files={"/etc/smtpsend/smtpsend.conf":
                             f"server = 127.0.0.1:{srv.port}\n"})
        run = smtpsend("-i", "-f", "a@client.test", "--", "-v@client.test",
                       "--tls@client.test", message=b"hi\n", binary=program,
                       wrap=box)
        assert run.status == 0, run
        bare = smtpsend("-i", "ann@client.test", "-v@client.test",
                        message=b"hi\n", binary=program, wrap=box)
        assert bare.status == 64 and len(srv.conns) == 1, bare
    conn, = srv.conns
    assert [l for l in conn.lines if l.startswith("RCPT")] == [
        "RCPT TO:<-v@client.test>", "RCPT TO:<--tls@client.test>"]


def test_no_arguments_at_all(smtpsend):
    run = smtpsend()
    assert run.status == 64
    assert "--help" in run.stderr


@pytest.mark.parametrize("option, text", [
    (["--ca", "/nowhere/ca.pem"], "--ca /nowhere/ca.pem: No such file"),
    (["--ca", "/etc/passwd"], "no PEM certificates in this file"),
    (["--cert", "/etc/passwd"], "--cert /etc/passwd: no usable PEM"),
])
def test_an_unusable_certificate_file_is_said_first(smtpsend, option, text):
    """Before anybody is asked: one line, whoever the recipients are."""
    run = smtpsend(*option, "--server", "127.0.0.1:1", "-f", "a@client.test",
                   "bob@example.test", "carol@example.test", message=b"hi\n")
    assert run.status == 78, run
    assert text in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_a_transcript_that_cannot_be_written(smtpsend):
    run = smtpsend("-X", "/nowhere/log", "bob@example.test", message=b"hi\n")
    assert run.status == 73, run
    assert "/nowhere/log: No such file" in run.stderr


def test_a_transcript_on_a_disk_that_fails(smtpsend):
    """EIO, here of a terminal that is still locked: nothing given is wrong."""
    master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
    try:
        number, = struct.unpack("I", fcntl.ioctl(master, TIOCGPTN, b"    "))
        for words in (["bob@example.test"], ["--sink"]):
            run = smtpsend("-X", f"/dev/pts/{number}", *words, message=b"hi\n")
            assert run.status == 71 and "Input/output error" in run.stderr, run
    finally:
        os.close(master)


def on_a_terminal(*args):
    return pexpect.spawn(str(conftest.BINARY), list(args), timeout=15,
                         encoding="utf-8")


def test_who_types_a_message_is_told_so():
    """Not only a silent program; with what is wrong said once, under -v too."""
    run = on_a_terminal("-v", "--server", "127.0.0.1:1", "-f", "a@client.test",
                        "bob@example.test")
    run.expect_exact("type the message")
    run.send("hello\r.\r")
    run.expect(pexpect.EOF)
    assert run.before.count("nothing was queued") == 1, run.before
    run.close()
    assert run.exitstatus == 75


@pytest.mark.parametrize("words, want", [
    (["smtpsend", "--expl"], "--explain"),
    (["smtpsend", "--ser"], "--server"),
    (["smtpsend", "--tls", "ver"], "verify"),
    (["smtpsend", "--sink-d"], "--sink-dir"),
    (["smtpsend", "-v", "--js"], "--json"),
    (["smtpsend", "--log", "sys"], "syslog"),
    (["smtpsend", "--log", "/etc/host"], "/etc/hosts"),
    (["smtpsend", "bob@x", "<", "/etc/host"], "/etc/hosts"),
    (["smtpsend", "bob@x", "2>", "/etc/host"], "/etc/hosts"),
    (["smtpsend", "-C", "/etc/host"], "/etc/hosts"),
    (["smtpsend", "-C/etc/host"], "-C/etc/hosts"),
    (["smtpsend", "-X/et"], "-X/etc/"),
])
def test_completion_in_bash(words, want):
    assert want in [w.rstrip("=") for w in complete(*words)]


def test_completion_knows_every_option(smtpsend):
    offered = {w.rstrip("=") for w in complete("smtpsend", "--")}
    assert long_options(smtpsend) <= offered


def test_completion_at_a_real_prompt(tmp_path):
    """A shell on a terminal, and the Tab key."""
    shell = pexpect.spawn("bash", ["--norc", "--noprofile", "-i"],
                          env={"PATH": f"{conftest.BUILD}:{os.environ['PATH']}",
                               "PS1": "ready> ", "TERM": "dumb",
                               "HISTFILE": "", "HOME": str(tmp_path)},
                          timeout=15, encoding="utf-8")
    try:
        shell.expect_exact("ready> ")
        shell.sendline(f"source {shlex.quote(str(completion_file()))}")
        shell.expect_exact("ready> ")
        for typed, wanted in (("--expl", "--explain"),
                              ("bob@x.test < /etc/hostn", "/etc/hostname"),
                              ("bob@x.test </etc/hostn", "/etc/hostname"),
                              ("-C/etc/hostn", "-C/etc/hostname "),
                              ("-C/et", "-C/etc/")):
            shell.send(f"smtpsend {typed}\t")
            shell.expect_exact(wanted)
            shell.sendcontrol("u")
        shell.sendline("exit")
        shell.expect(pexpect.EOF)
    finally:
        shell.close(force=True)


def test_the_manual_is_readable():
    done = subprocess.run(["mandoc", "-T", "utf8", str(MAN)], text=True,
                          capture_output=True, check=True)
    plain = re.sub(".\b", "", done.stdout)
    for section in ("NAME", "SYNOPSIS", "EXIT STATUS", "EXAMPLES"):
        assert f"\n{section}\n" in plain


def examples():
    """The commands of the manual's EXAMPLES that run smtpsend."""
    text = MAN.read_text().split(".Sh EXAMPLES")[1].split("\n.Sh ")[0]
    shown = subprocess.run(
        ["mandoc", "-T", "ascii", "-O", "width=300"], text=True,
        capture_output=True, check=True,
        input=f".Dd now\n.Dt X 1\n.Os\n.Sh EXAMPLES{text}\n").stdout
    plain = re.sub(".\b", "", shown)
    joined = re.sub(r"\\\n\s*", " ", plain)
    lines = [l.strip() for l in joined.splitlines()
             if re.search(r"(^\s+|\| ?|[$] )smtpsend ", l)]
    return [l.removeprefix("$ ") for l in lines]


def test_the_manual_has_examples():
    assert len(examples()) >= 4


@pytest.mark.parametrize("line", examples() if MAN.exists() else ["missing"])
def test_examples_of_the_manual_parse(smtpsend, line):
    """Each is a command line that the option parser takes."""
    part = next(p for p in line.split("|") if "smtpsend" in p)
    words = shlex.split(re.split(r"[<>]| & *$|;", part)[0], comments=True)
    args = words[words.index("smtpsend") + 1:]
    run = smtpsend("--help", *args)
    assert run.status == 0, (line, run)


def test_examples_of_the_readme_name_real_options(smtpsend):
    readme = (conftest.TOP / "README.md").read_text()
    known = long_options(smtpsend)
    for line in re.findall(r"smtpsend [^\n`]*", readme):
        for option in re.findall(r"(?<=\s)--[a-z][a-z-]+", line):
            assert option in known, (option, line)
