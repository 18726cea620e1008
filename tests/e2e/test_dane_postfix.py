# SPDX-License-Identifier: ISC
"""Postfix' own cases of TLSA records, some 4,600, given to the whole program.

Its tls_dane.sh makes certificates and calls ./tls_dane USAGE SELECTOR DIGEST
RECORD-OF CA CHAIN NAME [NAME...], which verifies or does not.  Here that is a
line to this test, which puts the record into DNS, the chain onto a server, and
has smtpsend say what it holds of it.  The script is fetched when the test runs
(scripts/check --long end-to-end), and nothing of it is kept.

One verdict is another than its: "depth 0 TA", a record of usage 2 that is of the
self-signed certificate of the server itself.  The certificate has to chain up to
the trust anchor (RFC 6698 2.1.1), which is no part of the path that it validates
(RFC 5280 6.1 d); who is his own anchor says so by usage 3.  OpenSSL has it so,
but for a bare key, "2 1 0"; Postfix' script wants these six to pass.

Names: the first is that of the MX host.  One more, ".example.com", is Postfix'
own notation for all names below (smtp_tls_secure_cert_match); RFC 7672 3.2.2 has
only whole names, so the domain has one that the certificate is for.
"""

import hashlib
import re
import socket
import subprocess
import threading
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest

import conftest
from fakedns import FakeDns
from faults_support import STARTTLS, Server, smtpsend
from scripted import dialogue

SOURCES = "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " \
    "http://deb.debian.org/debian bookworm main\n"
KEYS = {"sscert": "sskey", "acert": "akey"}
SHIM = """#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/%d
printf '%%s|' "$@" >&3
echo >&3
read -r verdict <&3
exit "$verdict"
"""


def fetch(folder):
    """The script, out of Debian's source of Postfix."""
    for name in ("lists/partial", "cache"):
        (folder / name).mkdir(parents=True)
    (folder / "src.list").write_text(SOURCES)
    apt = ["apt-get", "-qq", "-o", f"Dir::Etc::SourceList={folder}/src.list",
           "-o", "Dir::Etc::SourceParts=/nonexistent", "-o",
           f"Dir::State::Lists={folder}/lists", "-o",
           f"Dir::Cache={folder}/cache", "-o", "APT::Sandbox::User=root"]
    for words in (["update"], ["source", "--download-only", "postfix"]):
        subprocess.run(apt + words, cwd=folder, check=True, timeout=300)
    [archive] = folder.glob("postfix_*.orig.tar.gz")
    text = subprocess.run(["tar", "-xzOf", archive, "--wildcards",
                           "*/src/tls/tls_dane.sh"], check=True,
                          capture_output=True, text=True).stdout
    assert text.count("exit 1; }") == 2
    return text.replace("exit 1; }", "true; }")     # go on: all are counted


def der(pem, key):
    form = ["pkey", "-pubin"] if key else ["x509"]
    text = subprocess.run(["openssl", "x509", "-in", pem] +
                          (["-noout", "-pubkey"] if key else []),
                          check=True, capture_output=True).stdout
    return subprocess.run(["openssl", *form, "-outform", "DER"], input=text,
                          check=True, capture_output=True).stdout


class Judge:
    """Answers each call of ./tls_dane: 0, verified, or 1."""

    def __init__(self, folder):
        self.folder = folder
        self.judged = 0
        self.context = None
        self.dns = FakeDns()
        self.dns.default = lambda q: self.dns.lookup(q, ad=True)
        self.mx = Server(lambda c: dialogue(STARTTLS, tls=self.context)(c))
        self.door = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = self.door.getsockname()[1]
        self.faults = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                conn, _ = self.door.accept()
            except OSError:
                return
            with conn, conn.makefile("rw") as f:
                words = f.readline().rstrip("\n").split("|")[:-1]
                try:
                    verdict = self.judge(*words)
                except Exception as e:  # pylint: disable=broad-except
                    self.faults.append((words, e))
                    verdict = 2
                f.write(f"{verdict}\n")
                f.flush()

    def record(self, usage, selector, digest, pem):
        data = der(self.folder / pem, selector == "1")
        if digest:
            data = hashlib.new(digest, data).digest()
        matching = {"": 0, "sha256": 1, "sha512": 2}[digest]
        return bytes([int(usage), int(selector), matching]) + data

    def judge(self, usage, selector, digest, pem, ca, chain, host, *names):
        self.judged += 1
        domain = "mail.example.com" if names == (".example.com",) else "d.test"
        assert names in ((), (".example.com",))
        key = KEYS.get(chain.removesuffix(".pem"), "eekey")
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / chain, self.folder / f"{key}.pem")
        self.context = context
        self.dns.zone = {
            domain: {"MX": [(10, host)]}, host: {"A": ["127.0.0.1"]},
            f"_{self.mx.port}._tcp.{host}": {
                "TLSA": [self.record(usage, selector, digest, pem)]}}
        run = smtpsend("--resolver", f"127.0.0.1:{self.dns.port}", "--port",
                       self.mx.port, "--allow-loopback-mx", "-4", "--tls",
                       "dane-only", "--helo", "client.test", "-f",
                       "a@client.test", "--quit-after", "tls", "-v",
                       *(("--ca", self.folder / ca) if ca else ()),
                       f"b@{domain}")
        assert run.rc in (0, 75), str(run)
        [seen] = run.of("tls")
        assert (seen["verdict"] == "trusted") == (run.rc == 0), str(run)
        return int(run.rc != 0)

    def close(self):
        self.door.close()
        self.mx.over.set()
        self.mx.stop()
        self.dns.closing.set()


@pytest.mark.skipif(not conftest.LONG, reason="fetches Postfix' source")
def test_as_postfix(tmp_path):
    text = fetch(tmp_path / "source")
    work = tmp_path / "work"
    work.mkdir()
    judge = Judge(work)
    (work / "tls_dane").write_text(SHIM % judge.port)
    (work / "tls_dane").chmod(0o755)
    done = subprocess.run(["bash", "-c", text], cwd=work, check=False,
                          capture_output=True, text=True, timeout=3000)
    judge.close()
    assert not judge.faults, judge.faults[:3]
    verdicts = re.findall(r": (pass|fail)$", done.stdout, re.M)
    assert judge.judged == len(verdicts) > 4600, done.stderr
    wrong = [" ".join(x.split()) for x in done.stdout.splitlines()
             if x.endswith(": fail")]
    assert sorted(wrong) == sorted(
        f"2 {s} {m} sscert depth 0 TA: fail"
        for s in (0, 1) for m in (0, 1, 2) if (s, m) != (1, 0)), wrong[:20]
