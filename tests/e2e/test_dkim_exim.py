# SPDX-License-Identifier: ISC
"""Exim's verdict on both signatures: the only one of Debian's mail servers that
verifies Ed25519."""

import re
import socket
import subprocess

import conftest
from dkim_support import DOMAIN, Keys
from fakedns import FakeDns
from scripted import Server, dialogue
from servers.chroot import ChrootServer
from servers.exim import EXIM
from test_dkim import (EIGHT, ME, SEVEN, TEXTS, config, send, taken, tampered,
                       text_of)
from worlds import in_own_network

CONFIG = """\
primary_hostname = mail.test
keep_environment =
smtp_enforce_sync = false
host_lookup =
smtp_accept_max_nonmail = 1000
acl_smtp_rcpt = accept
acl_smtp_data = accept
acl_smtp_dkim = verdict
dkim_verify_signers = example.org
log_file_path = /var/log/exim4/%slog
begin acl
verdict:
  accept logwrite = VERDICT $dkim_selector $dkim_algo $dkim_verify_status
begin routers
all:
  driver = redirect
  data = :blackhole:
"""


class Dns(FakeDns):
    """Where a root's resolv.conf looks for it; in a network of its own."""

    def _bind(self, tcp):
        self.port, self.has_tcp = 53, tcp
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((self.address, 53))
        self.tcp = socket.socket()
        self.tcp.bind((self.address, 53))
        self.tcp.listen(64)


class Verifier(ChrootServer):
    tree = "exim"

    def prepare(self):
        self.put("/etc/exim4/exim4.conf", CONFIG)
        self.own("/var/spool/exim4", EXIM, EXIM, 0o750)
        self.own("/var/log/exim4", EXIM, EXIM, 0o750)

    def verdicts(self, texts):
        """(selector, algorithm, status) of each signature of each text."""
        said = [b"EHLO client.test\r\n"]
        for text in texts:
            dotted = re.sub(rb"(?m)^\.", b"..", text)
            said.append(b"MAIL FROM:<a@x.org>\r\nRCPT TO:<b@x.org>\r\nDATA\r\n" +
                        dotted + b".\r\n")
        done = subprocess.run(
            self.chrooted("/usr/sbin/exim4", "-odq", "-bs"), check=False,
            input=b"".join(said) + b"QUIT\r\n", capture_output=True)
        assert done.stdout.count(b"250 OK id=") == len(texts), done
        log = (self.root / "var/log/exim4/mainlog").read_text()
        return re.findall(r"VERDICT (\S+) (\S+) (\S+)", log)


def txt(text):
    return b"".join(bytes([len(part)]) + part.encode()
                    for part in re.findall(".{1,255}", text))


@in_own_network()
def test_exim_verifies_both(servers, smtpsend, tmp_path):
    keys = Keys(tmp_path)
    exim = Verifier(tmp_path / "exim", servers, None)
    exim.prepare()
    conf = config(tmp_path, keys.section())
    names = list(TEXTS) if conftest.LONG else list(TEXTS)[:9]
    texts = []
    for caps in (EIGHT, SEVEN):
        with Server(dialogue(caps=caps)) as srv:
            for name in names:
                assert send(smtpsend, conf, srv, text_of(name)).status == 0
            texts += taken(srv)
    bad = list(tampered(texts[1]))
    with Dns() as dns:
        for selector, record in keys.records.items():
            dns.add(f"{selector}._domainkey.{DOMAIN}", "TXT", txt(record))
        found = exim.verdicts(texts + bad)
    good = [("r1", "rsa-sha256", "pass"), ("e1", "ed25519-sha256", "pass")]
    assert sorted(found[:2 * len(texts)]) == sorted(good * len(texts))
    assert len(found) == 2 * (len(texts) + len(bad))
    assert all(status == "fail" for _, _, status in found[2 * len(texts):])
    assert ME.endswith(DOMAIN)
