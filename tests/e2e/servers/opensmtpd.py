# SPDX-License-Identifier: ISC
"""OpenSMTPD, from Debian's package, as a receiver."""

from .chroot import ChrootServer

CONFIG = """\
pki mail.test cert "/etc/tls/cert.pem"
pki mail.test key "/etc/tls/key.pem"
smtp max-message-size 100M
smtp limit max-mails 1000
smtp limit max-rcpt 2000
table everyone {{ "@" = "vmail" }}
listen on 127.0.0.1 port {port} hostname mail.test
listen on 127.0.0.1 port {tls} tls pki mail.test hostname mail.test
action "keep" maildir "/mail/box" virtual <everyone>
match from any for any action "keep"
"""


class OpenSmtpd(ChrootServer):
    """
    Debian's 6.8 offers STARTTLS but cannot do it with OpenSSL 3 (its handshake
    ends in "missing private key", OpenSMTPD issue 1239): a real server to fall
    back in clear from, on port_tls.  port offers none.
    """

    name = "OpenSMTPD"
    transaction = r"smtp message msgid="
    tree = "opensmtpd"
    spools = ("var/spool/smtpd/queue", "var/spool/smtpd/incoming")

    def configure(self):
        self.port, self.port_tls = self.new_port(), self.new_port()
        self.certificate()
        self.put("/etc/smtpd.conf",
                 CONFIG.format(port=self.port, tls=self.port_tls))
        self.own("/var/lib/opensmtpd/empty", 0, 0, 0o755)
        self.own("/var/spool/smtpd", 0, 0, 0o711)

    def command(self):
        return self.chrooted("/usr/sbin/smtpd", "-d", "-v", "-f",
                             "/etc/smtpd.conf")
