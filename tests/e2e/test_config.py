# SPDX-License-Identifier: ISC
"""
Issue 3: what is wrong with a configuration is one line FILE:LINE, exit 78, and
nothing is sent; where a value came from; which file counts.
"""

import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import BINARY
from faults_support import certificates, smtpsend, tls_dialogue
from relay_support import BOB, CONFIG, delivered, private, scripted_relay
from scripted import Server, dialogue

WRONG = [
    # text, the line that is wrong, a word of the message
    ("helo = ok.test\ncolour = blue\n", 2, "colour"),
    ("tls = maybe\n", 1, "maybe"),
    ("port = 70000\n", 1, "70000"),
    ("port = x\n", 1, "x"),
    ("timeout = soon\n", 1, "soon"),
    ("helo = a b\n", 1, "a b|name"),
    ("relay = work\n", 1, "work"),
    ("[relay work]\nuser = joe\n", None, "url"),
    ("[relay work]\nurl = ftp://localhost\n", 2, "ftp"),
    ("[relay work]\nurl = smtp://localhost:0\n", 2, "localhost:0"),
    ("[relay work]\nurl = smtp://localhost:1\ncolour = blue\n", 3, "colour"),
    ("[relay work]\nurl = smtp://localhost:1\nauth = GUESS\n", 3, "GUESS"),
    ("[relay work]\nurl = smtp://localhost:1\nauth = NTLM\n", 3, "NTLM"),
    ("[relay work]\nurl = smtp://localhost:1\nproxy = gopher://x:1\n", 3,
     "proxy"),
    ("[relay work]\nurl = smtp://localhost:1\nsource = nowhere\n", 3,
     "nowhere"),
    ("[domain *.test]\ndirect = perhaps\n", 2, "perhaps"),
    ("[domain *.test]\ntls = maybe\n", 2, "maybe"),
    ("[domain *.test]\nrelay = absent\n", 2, "absent"),
    ("[domain *.test]\ncolour = blue\n", 2, "colour"),
    ("[planet mars]\nx = 1\n", None, "section"),
    ("[relay work\nurl = smtp://localhost:1\n", 1, ""),
    ("just words\n", 1, ""),
    ("default-domain = not a domain\n", 1, "not a domain|domain"),
    ("rewrite-from = only-one-word\n", 1, ""),
    ("# fine\n\n; fine\nport = 25\nverify = 1\n", 5, "verify"),
]


def send(port, *args, **how):
    return smtpsend(*args, "--server", f"127.0.0.1:{port}", "--helo",
                    "client.test", "-f", "alice@client.test", BOB, **how)


@pytest.mark.parametrize("text,line,word", WRONG,
                         ids=[repr(w[0])[:50] for w in WRONG])
def test_what_is_wrong_has_a_place(tmp_path, text, line, word):
    path = private(tmp_path / "x.conf", text, 0o644)
    with Server(dialogue()) as srv:
        at = f"127.0.0.1:{srv.port}"
        # --server leaves `relay =` without a meaning
        how = ("--resolver", at) if text.startswith("relay") else \
            ("--server", at)
        run = smtpsend("--config", path, *how, "-f", "a@client.test", BOB,
                       json_events=False)
    assert run.rc == CONFIG, run
    said = run.err.splitlines()
    assert len(said) == 1, run
    found = re.search(re.escape(str(path)) + r":(\d+): (.+)", said[0])
    assert found, run
    assert line is None or int(found.group(1)) == line, run
    assert re.search(word, found.group(2)), run
    assert not srv.conns, "nothing is sent"


@pytest.mark.parametrize("mode", (0o666, 0o646, 0o602))
def test_world_writable(tmp_path, mode):
    path = private(tmp_path / "x.conf", "helo = ok.test\n", mode)
    with Server(dialogue()) as srv:
        run = send(srv.port, "--config", path, json_events=False)
    assert run.rc == CONFIG, run
    assert str(path) in run.err and "writ" in run.err, run
    assert len(run.err.splitlines()) == 1, run
    assert not srv.conns


@pytest.mark.parametrize("kind", ("missing", "folder", "in a missing folder"))
def test_unreadable(tmp_path, kind):
    path = {"missing": tmp_path / "none", "folder": tmp_path,
            "in a missing folder": tmp_path / "a" / "b"}[kind]
    with Server(dialogue()) as srv:
        run = send(srv.port, "--config", path, json_events=False)
    assert run.rc == CONFIG, run
    assert str(path) in run.err, run
    assert not srv.conns


def test_without_permission():
    """As nobody, who may not read it."""
    if not all(f.stat().st_mode & 1 for f in BINARY.resolve().parents):
        pytest.skip("the way to the program is private")
    with tempfile.TemporaryDirectory() as folder, Server(dialogue()) as srv:
        os.chmod(folder, 0o755)
        path = private(Path(folder) / "x.conf", "helo = ok.test\n")
        run = send(srv.port, "--config", path, json_events=False,
                   wrap=["setpriv", "--reuid", "65534", "--clear-groups"])
    assert run.rc == CONFIG, run
    assert str(path) in run.err, run
    assert not srv.conns


def test_values_and_the_command_line_wins(tmp_path):
    path = private(tmp_path / "x.conf", "helo = conf.test\nfrom = c@conf.test\n"
                   "notify = never\n", 0o644)
    with Server(dialogue()) as srv:
        at = ("--server", f"127.0.0.1:{srv.port}", "--config", path)
        delivered(smtpsend(*at, BOB))
        delivered(smtpsend(*at, "--helo", "line.test", "-f", "l@line.test",
                           BOB))
    assert srv.conns[0].lines[:2] == ["EHLO conf.test",
                                      "MAIL FROM:<c@conf.test>"]
    assert srv.conns[1].lines[:2] == ["EHLO line.test",
                                      "MAIL FROM:<l@line.test>"]


def test_the_users_own_file(tmp_path):
    folder = tmp_path / "xdg" / "smtpsend"
    folder.mkdir(parents=True)
    private(folder / "smtpsend.conf", "helo = own.test\n", 0o644)
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "xdg"),
           "HOME": str(tmp_path)}
    with Server(dialogue()) as srv:
        at = ("--server", f"127.0.0.1:{srv.port}", "-f", "a@client.test")
        delivered(smtpsend(*at, BOB, env=env))
        delivered(smtpsend(*at, "--no-config", "--helo", "x.test", BOB,
                           env=env))
    assert srv.conns[0].lines[0] == "EHLO own.test"
    assert srv.conns[1].lines[0] == "EHLO x.test"


def test_a_bad_file_of_the_users_own(tmp_path):
    folder = tmp_path / "xdg" / "smtpsend"
    folder.mkdir(parents=True)
    path = private(folder / "smtpsend.conf", "colour = blue\n", 0o644)
    with Server(dialogue()) as srv:
        run = send(srv.port, json_events=False,
                   env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "xdg")})
    assert run.rc == CONFIG, run
    assert f"{path}:1: " in run.err, run
    assert not srv.conns


def test_print_config(tmp_path):
    """A file that says the same, and where each value came from."""
    secret = private(tmp_path / "secret", "hunter2\n")
    path = private(tmp_path / "x.conf", "helo = conf.test\nrelay = work\n"
                   "[relay work]\nurl = smtp://localhost:2587\nuser = joe\n"
                   f"password-file = {secret}\n"
                   "[domain *.lan.test]\ndirect = yes\n", 0o644)
    run = smtpsend("--config", path, "--timeout", "7", "--print-config",
                   json_events=False)
    assert run.rc == 0, run
    for word in ("conf.test", f"{path}:1", "[relay work]", "localhost:2587",
                 "joe", f"{path}:4", "[domain *.lan.test]", f"{path}:8"):
        assert word in run.out, f"{word}\n{run}"
    assert "hunter2" not in run.text
    again = private(tmp_path / "again.conf", run.out, 0o644)
    twice = smtpsend("--config", again, "--print-config", json_events=False)
    assert twice.rc == 0, twice

    def plain(text):
        return [l.strip() for l in text.splitlines()
                if l.strip() and not l.strip().startswith("#")]

    assert plain(run.out) == plain(twice.out)


def test_values_may_have_hashes_and_colons(tmp_path):
    """INI's own characters within a value are the value's."""
    secret = private(tmp_path / "a#b;c:d=e", "pw\n")
    with Server(scripted_relay()) as srv:
        path = private(
            tmp_path / "x.conf", "relay = work\n[relay work]\n"
            f"url = smtp://localhost:{srv.port}\nuser = j;o#e=x:y\n"
            f"password-file = {secret}\nca = {certificates().ca}\n", 0o644)
        run = smtpsend("--config", path, "-f", "a@client.test", BOB)
    delivered(run)


def test_crlf_and_a_bom(tmp_path):
    """Written by an editor of another system."""
    path = tmp_path / "x.conf"
    path.write_bytes(b"\xef\xbb\xbfhelo = conf.test\r\n[domain x.test]\r\n"
                     b"direct = yes\r\n")
    path.chmod(0o644)
    with Server(dialogue()) as srv:
        delivered(smtpsend("--config", path, "--server",
                           f"127.0.0.1:{srv.port}", "-f", "a@client.test", BOB))
    assert srv.conns[0].lines[0] == "EHLO conf.test"


def reachable():
    if not all(f.stat().st_mode & 1 for f in BINARY.resolve().parents):
        pytest.skip("the way to the program is private")


@contextmanager
def home_of(uid, port):
    """A home in which a configuration runs a command that leaves a mark."""
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o755)
        home = Path(top) / "home"
        folder = home / ".config" / "smtpsend"
        folder.mkdir(parents=True)
        private(folder / "smtpsend.conf", f"""
helo = home.test
relay = work
[relay work]
url = smtp://localhost:{port}
user = joe
password-command = /usr/bin/touch {home}/mark
""", 0o644)
        for path in (home, folder.parent, folder, folder / "smtpsend.conf"):
            os.chown(path, uid, uid)
        yield home


def as_user(uid):
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid),
            "--clear-groups"]


def run_at(home, port, *args, wrap=()):
    env = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
    return smtpsend("--port", port, "--helo", "line.test", "-f", "a@x.test",
                    "--allow-loopback-mx", *args, "bob@[127.0.0.1]", json_events=False, wrap=wrap,
                    env={**env, "HOME": str(home)})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is somebody else")
def test_root_runs_nobodys_commands():
    """sudo that keeps HOME, su without -."""
    reachable()
    with Server(dialogue()) as srv, home_of(1000, srv.port) as home:
        run = run_at(home, srv.port)
        assert run.rc == 0 and not run.err, run
        assert not (home / "mark").exists()
        assert [c.lines[0] for c in srv.conns] == ["EHLO line.test"]
        # he himself: his relay, and so his command
        run = run_at(home, srv.port, wrap=as_user(1000))
        assert run.rc != 0 and (home / "mark").exists(), run


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is somebody else")
@pytest.mark.parametrize("what", (".", ".config", ".config/smtpsend",
                                  ".config/smtpsend/smtpsend.conf"))
@pytest.mark.parametrize("fault", ("stranger", "group", "all"))
def test_what_others_can_write_is_not_there(what, fault):
    reachable()
    with Server(dialogue()) as srv, home_of(1000, srv.port) as home:
        path = home / what
        mode = path.stat().st_mode & 0o755
        if fault == "stranger":
            os.chown(path, 1001, 1000)
        else:
            os.chmod(path, mode | (0o020 if fault == "group" else 0o002))
        run = run_at(home, srv.port, "-v", wrap=as_user(1000))
        assert run.rc == 0, run
        assert not (home / "mark").exists()
        assert f"{home}/.config/smtpsend/smtpsend.conf: not read: " in run.err
        assert re.search("belongs to user 1001|may be written to by others",
                         run.err), run


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is somebody else")
@pytest.mark.parametrize("way", ("closed", "file", "loop", "missing",
                                 "unreadable"))
def test_a_home_out_of_reach(way):
    """HOME=/root as another uid, as cron, at and containers have it."""
    reachable()
    with Server(dialogue()) as srv, home_of(1000, srv.port) as home:
        inside = home / ".config"
        if way == "closed":
            os.chown(home, 0, 0)
            os.chmod(home, 0o700)
        elif way == "file":
            inside = home / "missing"
            inside.write_text("")
        elif way == "loop":
            inside = home / "loop"
            inside.symlink_to("loop")
        elif way == "missing":
            inside = home / "nothing"
        else:
            os.chown(inside / "smtpsend" / "smtpsend.conf", 0, 0)
            os.chmod(inside / "smtpsend" / "smtpsend.conf", 0o600)
        wrap = as_user(1000) + ["env", f"XDG_CONFIG_HOME={inside}"]
        run = run_at(home, srv.port, wrap=wrap)
        assert run.rc == 0 and not run.err, run
        assert [c.lines[0] for c in srv.conns] == ["EHLO line.test"]



BELOW = {
    # whatever a file says, and where; "%P" is the server's port
    "no word of it": ("", ()),
    "may": ("tls = may\n", ()),
    "none": ("tls = none\n", ()),
    "a domain": ("[domain *]\nserver = 127.0.0.1:%P\ntls = none\n", ()),
    "a domain over a default": ("tls = verify\n[domain *]\n"
                                "server = 127.0.0.1:%P\ntls = may\n", ()),
    "--tls may": ("", ("--tls", "may")),
}


@pytest.mark.parametrize("kind", BELOW)
@pytest.mark.parametrize("caps", ((), ("STARTTLS",)), ids=("clear", "stranger"))
def test_nothing_goes_below_requiretls(tmp_path, kind, caps):
    """Neither in clear nor to a server whose certificate nobody trusts."""
    text, words = BELOW[kind]
    server = tls_dialogue("unknown") if caps else dialogue()
    with Server(server) as srv:
        path = private(tmp_path / "x.conf",
                       text.replace("%P", str(srv.port)), 0o644)
        if "server =" not in text:
            words += ("--server", f"127.0.0.1:{srv.port}")
        run = smtpsend("--config", path, "-O", "requiretls=yes", *words,
                       "-f", "a@client.test", BOB)
    assert run.rc == 75, run
    assert all(c.message is None for c in srv.conns), "the text went out"
    assert all("MAIL" not in line for c in srv.conns for line in c.lines)
    plan = [e for e in run.events if e["event"] == "plan"]
    assert plan[0]["tls"] == "verify", run
    assert plan[0]["reason"] == "-O requiretls", run


def test_a_clash_with_requiretls_names_both():
    with Server(dialogue()) as srv:
        run = send(srv.port, "--tls", "none", "-O", "requiretls=yes",
                   json_events=False)
    assert run.rc == 64, run
    assert "--tls none" in run.err and "requiretls" in run.err, run
    assert not srv.conns


def check(path, *args):
    return smtpsend("--config", path, *args, json_events=False)


@pytest.mark.parametrize("args", (("-bC",), ("--explain", BOB)), ids="".join)
def test_a_password_file_is_looked_at(tmp_path, args):
    """What sending would refuse is said before; no command is run."""
    secret = private(tmp_path / "secret", "x\n")
    path = private(tmp_path / "x.conf", f"""
relay = work
[relay work]
url = smtps://127.0.0.1:1
user = joe
password-file = {secret}
""", 0o644)
    run = check(path, *args)
    assert run.rc == 0 and not run.err, run
    os.chmod(secret, 0o644)
    run = check(path, *args)
    assert run.rc == CONFIG, run
    assert f"password-file {secret}: its mode is 0644" in run.err, run
    os.unlink(secret)
    run = check(path, *args)
    assert run.rc == CONFIG and "No such file" in run.err, run
    assert len(run.err.splitlines()) == 1, run
    path.write_text(path.read_text().replace("password-file =", "shell = yes\n"
                    "password-command = touch"))
    run = check(path, *args)
    assert run.rc == 0 and not run.err, run
    assert not secret.exists()


def test_files_that_are_named_are_looked_at(tmp_path):
    path = private(tmp_path / "x.conf", "ca = /none/a\ncert = /none/b\n"
                   "[relay work]\nurl = x.test\nca = /none/c\n", 0o644)
    run = check(path, "-bC")
    assert run.rc == CONFIG, run
    assert [l.split(": ", 1)[1] for l in run.err.splitlines()] == [
        f"{what}: No such file or directory"
        for what in ("ca /none/a", "cert /none/b", "ca /none/c")]
