# SPDX-License-Identifier: ISC
"""Which TLS is spoken: --tls-min, --tls-max, --ciphers, --groups, --keylog,
--save-cert."""

import os
import re
import ssl
import stat

import pytest

from faults_support import HOST, Server, certificates, check, dialogue, send, \
    smtpsend, tls_dialogue
from relay_support import BOB, Setup, delivered, scripted_relay

SECRETS = {"SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0"}


def over_tls(*args, **how):
    with Server(tls_dialogue()) as server:
        run = send(server.port, "--tls", "encrypt", *args, **how)
    return run, run.of("tls")


@pytest.mark.parametrize("args, version, cipher", [
    ((), "TLSv1.3", ""),
    (("--tls-max", "1.2"), "TLSv1.2", ""),
    (("--tls-min", "1.3"), "TLSv1.3", ""),
    (("--tls-min", "1.2", "--tls-max", "1.2"), "TLSv1.2", ""),
    (("--ciphers", "TLS_CHACHA20_POLY1305_SHA256"), "TLSv1.3",
     "TLS_CHACHA20_POLY1305_SHA256"),
    (("--ciphers", "ECDHE-RSA-AES128-GCM-SHA256:"
      "ECDHE-ECDSA-AES128-GCM-SHA256"), "TLSv1.2", "AES128-GCM-SHA256"),
    (("--ciphers", "ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256"),
     "TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    (("--groups", "P-384"), "TLSv1.3", ""),
])
def test_it_is_as_asked(args, version, cipher):
    run, seen = over_tls(*args)
    check(run, 0, status="delivered")
    assert seen[0]["version"] == version
    assert seen[0]["cipher"].endswith(cipher)


def test_a_server_that_has_only_the_other():
    context = certificates().context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with Server(dialogue(("STARTTLS",), tls=context)) as server:
        run = send(server.port, "--tls", "encrypt", "--tls-min", "1.3")
    check(run, 75, status="deferred", stage="TLS")


@pytest.mark.parametrize("args, says", [
    (("--ciphers", "FOO"), "OpenSSL knows no such cipher"),
    (("--ciphers", ":"), "OpenSSL knows no such cipher"),
    (("--ciphers", "TLS_FOO"), "OpenSSL knows no such cipher"),
    (("--groups", "P-1"), "OpenSSL knows no such group"),
    (("--keylog", "/nonexistent/x"), "No such file or directory"),
])
def test_what_cannot_be_stops_it_before_anybody_is_connected(args, says):
    with Server(tls_dialogue()) as server:
        run = send(server.port, *args)
    assert run.rc == 78, run
    assert says in run.err
    assert server.conns == []


@pytest.mark.parametrize("args, says", [
    (("--tls-min", "1.1"), "1.2 or 1.3 is wanted"),
    (("--tls-max", "1.4"), "1.2 or 1.3 is wanted"),
    (("--tls-min", "1.3", "--tls-max", "1.2"), "leave no TLS version"),
])
def test_no_such_version(args, says):
    run = send(9, *args)
    assert run.rc == 64, run
    assert says in run.err


def test_secrets_are_appended_for_who_asked(tmp_path):
    log = tmp_path / "keys"
    for times in (1, 2):
        run, _ = over_tls("--keylog", log)
        check(run, 0, status="delivered")
        lines = log.read_text().splitlines()
        assert SECRETS <= {line.split()[0] for line in lines}
        assert len({line.split()[1] for line in lines}) == times, "randoms"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_secrets_do_not_follow_a_link(tmp_path):
    (tmp_path / "real").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with Server(tls_dialogue()) as server:
        run = send(server.port, "--keylog", tmp_path / "link")
    assert run.rc == 78, run
    assert (tmp_path / "real").read_bytes() == b""


def test_a_relay_is_asked_the_same(tmp_path):
    """libcurl makes the connection there."""
    log = tmp_path / "keys"
    with Server(scripted_relay()) as server:
        run = Setup(tmp_path).relay(
            "work", f"smtp://localhost:{server.port}",
            ca=certificates().ca).send("--tls-max", "1.2", "--keylog", log,
                                       BOB)
    assert delivered(run)["tls"] == "TLSv1.2"
    assert "CLIENT_RANDOM" in log.read_text()


def test_secrets_for_a_fifo_that_nobody_reads_keep_nobody_waiting(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with Server(tls_dialogue()) as server:
        run = send(server.port, "--keylog", path, json_events=False)
    assert run.rc == 78 and "cannot append to --keylog" in run.err, run
    assert server.conns == []


# ---- --save-cert ----

def pems(path):
    return re.findall(r"-----BEGIN CERTIFICATE-----\n.*?-----END "
                      r"CERTIFICATE-----\n", path.read_text(), re.S)


@pytest.mark.parametrize("cert", ["good", "selfsigned", "unknown"])
@pytest.mark.parametrize("level", ["may", "verify"])
def test_a_chain_is_saved_trusted_or_not_and_good_for_ca(tmp_path, cert, level):
    path = tmp_path / "seen.pem"
    path.write_text("what was there before")
    with Server(tls_dialogue(cert)) as server:
        run = send(server.port, "--save-cert", path, "--tls", level,
                   "--tls-name", HOST)
        assert run.rc == (0 if level == "may" else 75), run
        assert pems(path) == [
            (certificates().dir / f"{cert}.pem").read_text()], "as it came"
        assert path.read_text().startswith(f"# CN={HOST}\n")
        run = send(server.port, "--tls", "verify", "--tls-name", HOST, "--ca",
                   path)
    check(run, 0, status="delivered")


def test_a_chain_is_saved_once_and_by_each_who_looks(tmp_path):
    path = tmp_path / "seen.pem"
    with Server(tls_dialogue("selfsigned")) as server:
        run = smtpsend("--probe", "--server", f"127.0.0.1:{server.port}",
                       "--save-cert", path, "--timeout", 5)
        assert len(pems(path)) == 1, run
        again = smtpsend("--probe", "--server", f"127.0.0.1:{server.port}",
                         "--tls-name", HOST, "--ca", path, "--timeout", 5)
    assert again.rc == 0, again


def test_a_relay_s_chain_is_saved_too(tmp_path):
    path = tmp_path / "seen.pem"
    with Server(scripted_relay("unknown")) as server:
        run = Setup(tmp_path).relay(
            "work", f"smtp://localhost:{server.port}",
            ca=certificates().ca).send("--save-cert", path, BOB)
    assert run.rc == 75, run
    assert pems(path) == [(certificates().dir / "unknown.pem").read_text()]


def test_a_file_that_cannot_be_made_stops_it_before_anything(tmp_path):
    with Server(tls_dialogue()) as server:
        run = send(server.port, "--save-cert", tmp_path / "no" / "x")
    assert run.rc == 78 and "--save-cert" in run.err, run
    assert server.conns == []


@pytest.mark.parametrize("option", ["--ca", "--cert", "--key"])
def test_a_file_that_is_read_is_not_written_over(tmp_path, option):
    good = certificates().dir / "good.pem"
    files = {"--ca": certificates().ca, "--cert": good,
             "--key": good.with_suffix(".key")}
    path, link = tmp_path / "mine.pem", tmp_path / "link.pem"
    path.write_bytes(open(files[option], "rb").read())
    link.symlink_to(path)
    before = path.read_bytes()
    files[option] = path
    args = [word for pair in files.items() for word in pair]
    with Server(tls_dialogue()) as server:
        run = send(server.port, "--save-cert", link, *args,
                   json_events=False)
    assert run.rc == 78 and path.read_bytes() == before, run
    assert f"{option} reads this file" in run.err, run
    assert server.conns == []


@pytest.mark.parametrize("reads", [True, False])
def test_a_fifo_gets_the_chain_and_nobody_waits_for_its_reader(tmp_path, reads):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not reads:
        os.close(reader)
    with Server(tls_dialogue()) as server:
        run = send(server.port, "--save-cert", path, json_events=False)
    assert run.rc == 0, run
    if reads:
        assert b"END CERTIFICATE" in os.read(reader, 65536)
        os.close(reader)
    else:
        assert "could not be written" in run.err, run


def test_a_full_disk_is_said_and_changes_nothing():
    with Server(tls_dialogue()) as server:
        run = send(server.port, "--save-cert", "/dev/full",
                   json_events=False)
    assert run.rc == 0, run
    assert run.err == ("smtpsend: the certificates could not be written to "
                       "the file of --save-cert: No space left on device\n")
