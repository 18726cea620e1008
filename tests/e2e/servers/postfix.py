# SPDX-License-Identifier: ISC
"""Postfix, from Debian's package, as a receiver."""

import os

from .chroot import VMAIL, ChrootServer
from .process import free_port

MAIN = """\
compatibility_level = 3.6
myhostname = mail.test
mydestination =
inet_interfaces = loopback-only
inet_protocols = all
mynetworks = 127.0.0.0/8 [::1]/128
smtpd_relay_restrictions = permit_mynetworks, reject
maillog_file = /var/log/postfix.log
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_recipient_limit = 1000
smtpd_reject_unlisted_recipient = no
message_size_limit = 100000000
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:box/
virtual_mailbox_base = /mail
virtual_minimum_uid = 100
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
virtual_transport = virtual
default_transport = error:nothing leaves this test
alias_maps =
alias_database =
biff = no
smtpd_tls_security_level = {tls}
smtpd_tls_chain_files = /etc/tls/key.pem, /etc/tls/cert.pem
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = no
strict_rfc821_envelopes = yes
smtpd_forbid_unauth_pipelining = yes
smtpd_forbid_bare_newline = yes
smtputf8_enable = yes
address_verify_map =
"""

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:{data} inet n - n - - smtpd -o {discard}=chunking
[::1]:{port6} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
"""

POSTFIX = 971
POSTDROP = 976


class Postfix(ChrootServer):
    """
    More ports of it: smtps has TLS from the first byte, port6 is on ::1, and
    port_data does not offer CHUNKING.
    """

    name = "Postfix"
    transaction = r"qmgr\[\d+\]: \w+: from="
    tree = "postfix"
    spools = tuple(f"var/spool/postfix/{d}"
                   for d in ("maildrop", "incoming", "active"))
    starttls = True
    tls_level = "may"
    ignore = r"fatal: .*Address already in use"

    def configure(self):
        self.port, self.smtps = self.new_port(), self.new_port()
        self.port_data = self.new_port()
        self.port6 = free_port(host="::1")
        self.certificate()
        self.put("/etc/postfix/main.cf",
                 MAIN.format(uid=VMAIL, tls=self.tls_level))
        self.put("/etc/postfix/master.cf", MASTER.format(
            port=self.port, smtps=self.smtps, port6=self.port6,
            data=self.port_data, discard="smtpd_discard_ehlo_keywords"))
        spool = self.root / "var/spool/postfix"
        for d in ("active", "bounce", "corrupt", "defer", "deferred", "flush",
                  "hold", "incoming", "private", "saved", "trace"):
            self.own(f"/var/spool/postfix/{d}", POSTFIX, 0, 0o700)
        self.own("/var/spool/postfix/pid", 0, 0, 0o755)
        self.own("/var/spool/postfix/maildrop", POSTFIX, POSTDROP, 0o730)
        self.own("/var/spool/postfix/public", POSTFIX, POSTDROP, 0o710)
        self.own("/var/lib/postfix", POSTFIX, POSTFIX, 0o755)
        os.chown(spool, 0, 0)

    def command(self):
        return self.chrooted("/usr/lib/postfix/sbin/master",
                             "-c", "/etc/postfix", "-d")

    def log(self):
        path = self.root / "var/log/postfix.log"
        own = path.read_text(errors="replace") if path.exists() else ""
        return super().log() + own
