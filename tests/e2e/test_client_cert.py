# SPDX-License-Identifier: ISC
"""--cert and --key: what a file may hold, and one line for what it may not,
before anybody is connected."""

import os
import subprocess

import pytest

from faults_support import Server, send, tls_dialogue


def openssl(folder, words):
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True,
                   capture_output=True)


@pytest.fixture(name="files", scope="module")
def fixture_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("identity")
    for name in ("me", "you"):
        openssl(folder, "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout "
                f"{name}.key -out {name}.pem -subj /CN={name}")
    openssl(folder, "rsa -in me.key -aes128 -passout pass:x -traditional "
            "-out old.key")
    openssl(folder, "pkcs8 -topk8 -in me.key -passout pass:x -out locked.key")
    openssl(folder, "x509 -in me.pem -outform DER -out me.der")
    openssl(folder, "pkey -in me.key -outform DER -out key.der")
    openssl(folder, "pkey -in me.key -pubout -out public.key")
    openssl(folder, "pkcs12 -export -in me.pem -inkey me.key -out me.p12 "
            "-passout pass:x")
    me, you, key, locked = [(folder / name).read_bytes() for name in (
        "me.pem", "you.pem", "me.key", "locked.key")]
    for name, text in (("chain.pem", me + you), ("both.pem", me + key),
                       ("turned.pem", key + me), ("lockedboth.pem", me + locked),
                       ("empty.pem", b""), ("cut.pem", me[:900]),
                       ("text.pem", b"hello\n"), ("wrong.pem", me + you[:900])):
        (folder / name).write_bytes(text)
    (folder / "folder").mkdir()
    return folder


@pytest.mark.parametrize("words", [
    "--cert me.pem --key me.key", "--cert chain.pem --key me.key",
    "--cert both.pem", "--cert turned.pem", "--cert both.pem --key me.key",
    "--cert me.pem --key both.pem"])
def test_what_serves(files, words):
    with Server(tls_dialogue()) as server:
        run = send(server.port, "--tls", "encrypt", *words.split(),
                   before=lambda: os.chdir(files))
    assert run.rc == 0, run


NO_KEY = "no private key in PEM in this file"
NO_CERT = "no usable PEM certificate in this file"
LOCKED = "the private key is encrypted: one without a passphrase is wanted"
ANOTHER = "not the private key of the certificate"


@pytest.mark.parametrize("words, says", [
    ("--cert me.pem --key you.key", f"--key you.key: {ANOTHER}"),
    ("--cert you.pem --key both.pem", f"--key both.pem: {ANOTHER}"),
    ("--cert me.pem --key old.key", f"--key old.key: {LOCKED}"),
    ("--cert me.pem --key locked.key", f"--key locked.key: {LOCKED}"),
    ("--cert lockedboth.pem", f"--cert lockedboth.pem: {LOCKED}"),
    ("--cert me.pem", f"--cert me.pem: {NO_KEY}"),
    ("--cert me.pem --key me.pem", f"--key me.pem: {NO_KEY}"),
    ("--cert me.pem --key key.der", f"--key key.der: {NO_KEY}"),
    ("--cert me.pem --key public.key", f"--key public.key: {NO_KEY}"),
    ("--cert me.pem --key empty.pem", f"--key empty.pem: {NO_KEY}"),
    ("--cert me.key", f"--cert me.key: {NO_CERT}"),
    ("--cert me.der --key me.key", f"--cert me.der: {NO_CERT}"),
    ("--cert me.p12", f"--cert me.p12: {NO_CERT}"),
    ("--cert empty.pem", f"--cert empty.pem: {NO_CERT}"),
    ("--cert cut.pem --key me.key", f"--cert cut.pem: {NO_CERT}"),
    ("--cert wrong.pem --key me.key", f"--cert wrong.pem: {NO_CERT}"),
    ("--cert text.pem", f"--cert text.pem: {NO_CERT}"),
    ("--cert folder --key me.key", "--cert folder: Is a directory"),
    ("--cert me.pem --key folder", "--key folder: Is a directory"),
    ("--cert none --key me.key", "--cert none: No such file or directory"),
    ("--cert me.pem --key none", "--key none: No such file or directory"),
])
def test_what_does_not(files, words, says):
    with Server(tls_dialogue()) as server:
        run = send(server.port, *words.split(), json_events=False,
                   before=lambda: os.chdir(files))
    assert (run.rc, run.err) == (78, f"smtpsend: {says}\n"), run
    assert server.conns == []


@pytest.mark.skipif(os.geteuid() != 0, reason="root lends the file")
def test_a_key_that_is_not_for_us(files):
    files.chmod(0o755)

    def become_nobody():
        os.chdir(files)
        os.setgid(65534)
        os.setuid(65534)

    with Server(tls_dialogue()) as server:
        run = send(server.port, "--cert", "me.pem", "--key", "me.key",
                   json_events=False, before=become_nobody)
    assert (run.rc, run.err) == (
        78, "smtpsend: --key me.key: Permission denied\n"), run
    assert server.conns == []
