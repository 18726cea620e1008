# SPDX-License-Identifier: ISC
"""What must hold on every kind of connection: clear, STARTTLS, SMTPS, a relay.

FAULTS.md rows 47, 48 and 51: a slow body arrives as long as it moves, a server
that stands still is given up, and what we called lost does not leave later.
Rows 32, 33 and 75: both ways trust the same, say the same, and do not take our
own shortage for a fault of a file.
"""

import re
import shutil
import ssl
import subprocess
import time

import pytest

from faults_support import (OK, STARTTLS, TEMPFAIL, Server, Strace,
                            big_message, certificates, check, send)
from relay_support import CAPS, CONFIG, MESSAGE, Setup
from scripted import deaf, dialogue

KINDS = ("clear", "starttls", "smtps", "relay-starttls", "relay-smtps")
SECURE = KINDS[1:]


def script_of(kind, tls=None, **over):
    relay, tls = kind.startswith("relay"), tls or certificates().context()
    over.setdefault("AUTH", "235 2.7.0 welcome")
    caps = [k for k in (CAPS if relay else STARTTLS) if k != "STARTTLS"]
    if kind == "clear":
        return dialogue(caps, **over)
    if kind.endswith("smtps"):
        return dialogue(caps, smtps=tls, **over)
    return dialogue(caps + ["STARTTLS"], tls=tls, **over)


def send_by(kind, port, folder, *, stdin=MESSAGE, seconds=1, ca=None, env=None,
            wrap=(), **files):
    """A run of the program through that kind of connection.

    ca: that of the servers, a path, or False for the system's.
    """
    if kind.startswith("relay"):
        scheme = "smtps" if kind == "relay-smtps" else "smtp"
        setup = Setup(folder).relay("r", f"{scheme}://localhost:{port}", ca=ca,
                                    **files)
        return setup.send("--timeout", seconds, "bob@example.test",
                          stdin=stdin, env=env, wrap=wrap)
    args = ["--tls", "none" if kind == "clear" else "verify"]
    if ca is not False:
        args += ["--ca", ca or certificates().ca]
    for name, path in files.items():
        args += [f"--{name}", path]
    return send(port, *args, server="smtps" if kind == "smtps" else "smtp",
                seconds=seconds, stdin=stdin, env=env, wrap=wrap)


@pytest.mark.parametrize("kind", KINDS)
def test_slow_but_moving(kind, tmp_path):
    """For four times the timeout a body only creeps, and arrives."""
    message = big_message(3 << 20)

    def slow(c):
        c.say("354 go")
        for _ in range(20):
            time.sleep(0.2)
            c.more()
        c.data()
        assert c.message == message
        c.say("250 2.0.0 taken")

    with Server(script_of(kind, DATA=slow), rcvbuf=16384) as srv:
        run = send_by(kind, srv.port, tmp_path, stdin=message)
    check(run, OK, status="delivered")


@pytest.mark.parametrize("kind", KINDS)
def test_standing_still(kind, tmp_path):
    def still(c):
        c.say("354 go")
        while len(c.buf) < 100000:
            c.more()
        deaf(c)

    with Server(script_of(kind, DATA=still), rcvbuf=16384) as srv:
        run = send_by(kind, srv.port, tmp_path, stdin=big_message(20 << 20))
    check(run, TEMPFAIL, status="deferred", stage="message body",
          text=lambda t: "timed out" in t)
    assert not srv.conns[0].final_dot


def writes(log):
    """How many writes to the network a traced run made."""
    return len(re.findall(r"^\d+ +sendto\(\d+, .*\) = \d+$", log, re.M))


@pytest.mark.parametrize("kind", KINDS)
def test_failed_write_is_the_last(kind, tmp_path):
    """Whichever write fails: stored and "not sent" never go together."""
    trace = tmp_path / "trace"
    with Server(script_of(kind)) as srv:
        run = send_by(kind, srv.port, tmp_path,
                      wrap=["strace", "-f", "-qq", "-e", "trace=sendto", "-o",
                            str(trace)])
    check(run, OK, status="delivered")
    n = writes(trace.read_text())
    assert n >= 4
    stored = []
    for i in range(1, n + 1):
        wrap = Strace(f"sendto:error=ENOBUFS:when={i}")
        with Server(script_of(kind)) as srv:
            run = send_by(kind, srv.port, tmp_path, wrap=wrap)
        assert wrap.injected() == 1, i
        stored.append(sum(len(c.messages) for c in srv.conns))
        assert stored[-1] == (run.rc == 0), f"write {i}\n{run}"
    assert 0 in stored, stored


def trust(tmp_path, how):
    """The environment, and --ca, in which the servers' authority is trusted."""
    ca, env = certificates().ca, {"PATH": "/usr/bin:/bin"}
    if how == "file":
        env["SSL_CERT_FILE"] = ca
    elif how == "folder":
        where = tmp_path / "hashed"
        where.mkdir()
        shutil.copy(ca, where / "ca.pem")
        subprocess.run(["openssl", "rehash", where], check=True)
        env["SSL_CERT_DIR"] = str(where)
    return (ca if how == "option" else False), env


@pytest.mark.parametrize("how", ["option", "file", "folder", "nothing"])
@pytest.mark.parametrize("kind", SECURE)
def test_who_is_trusted(kind, how, tmp_path):
    ca, env = trust(tmp_path, how)
    with Server(script_of(kind)) as srv:
        run = send_by(kind, srv.port, tmp_path, ca=ca, env=env, seconds=10)
    if how != "nothing":
        check(run, OK, status="delivered")
        return
    check(run, TEMPFAIL, status="deferred", stage="TLS", enhanced="4.7.5",
          text=lambda t: "issued by an unknown authority: CN=Test ca" in t)
    assert not any(x.startswith("AUTH") for x in srv.lines)


@pytest.mark.parametrize("kind", SECURE)
def test_a_name_only_in_the_subject(kind, tmp_path):
    """RFC 9525 2: the subject is free text, whoever has signed it."""
    tls = certificates().context("commonname")
    with Server(script_of(kind, tls)) as srv:
        run = send_by(kind, srv.port, tmp_path, seconds=10)
    check(run, TEMPFAIL, status="deferred", stage="TLS", enhanced="4.7.5",
          text=lambda t: "no host name in it" in t)
    assert not any(x.startswith(("AUTH", "MAIL")) for x in srv.lines)


def demanding(version):
    """Lets in only clients whose certificate our authority has signed."""
    tls = certificates().context(low=version, high=version)
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(certificates().ca)
    return tls


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("kind", SECURE)
def test_a_client_certificate_is_demanded(kind, version, tmp_path):
    """Without one the alert's words are said; with one it is let in."""
    with Server(script_of(kind, demanding(version))) as srv:
        run = send_by(kind, srv.port, tmp_path, seconds=10)
    words = "handshake failure" if version == ssl.TLSVersion.TLSv1_2 else \
            "certificate required (it demands one of the client)"
    check(run, TEMPFAIL, status="deferred",
          text=lambda t: f"the other side refused: {words}" in t)
    with Server(script_of(kind, demanding(version))) as srv:
        run = send_by(kind, srv.port, tmp_path, seconds=10,
                      cert=certificates().path("wrongeku.pem"),
                      key=certificates().path("wrongeku.key"))
    check(run, OK, status="delivered")


@pytest.mark.parametrize("error", ["EMFILE", "ENFILE", "ENOMEM", "EIO"])
@pytest.mark.parametrize("what", ["ca", "cert", "key"])
@pytest.mark.parametrize("kind", ["starttls", "relay-starttls"])
def test_row_75_a_shortage_is_no_fault_of_the_file(kind, what, error,
                                                   tmp_path):
    certs = certificates()
    files = {"cert": certs.path("wrongeku.pem"),
             "key": certs.path("wrongeku.key")}
    path = files.get(what, certs.ca)
    call = "read" if error == "EIO" else "openat"
    words = {"EMFILE": "Too many open files", "EIO": "Input/output error",
             "ENFILE": "Too many open files in system",
             "ENOMEM": "Cannot allocate memory"}[error]
    wrap = Strace(f"{call}:error={error}", path=path)
    with Server(script_of(kind)) as srv:
        run = send_by(kind, srv.port, tmp_path, wrap=wrap, seconds=10, **files)
    assert wrap.injected()
    check(run, TEMPFAIL, status="deferred", stage="system",
          text=lambda t: f"{what} {path}: {words}" in t)
    assert not srv.conns, "somebody was connected"


@pytest.mark.parametrize("kind", ["starttls", "relay-starttls"])
def test_a_missing_file_is_one(kind, tmp_path):
    with Server(script_of(kind)) as srv:
        run = send_by(kind, srv.port, tmp_path, ca="/nonexistent/ca.pem")
    check(run, CONFIG, text=lambda t: "ca /nonexistent/ca.pem: No such file" in t)
    assert not srv.conns
