# SPDX-License-Identifier: ISC
"""Exim, from Debian's package, as a receiver."""

import os

from .chroot import ChrootServer

EXIM = 972

CONFIG = """\
primary_hostname = mail.test
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port} : {data}
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%slog
log_selector = +all
tls_advertise_hosts = *
tls_certificate = /etc/tls/cert.pem
tls_privatekey = /etc/tls/key.pem
chunking_advertise_hosts = ${{if =={{$received_port}}{{{data}}}{{:}}{{*}}}}
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
pipelining_connect_advertise_hosts = :
prdr_enable = false
host_lookup =
rfc1413_query_timeout = 0s
smtp_enforce_sync = true
smtp_accept_max = 100
recipients_max = 1000
message_size_limit = 100M
acl_smtp_rcpt = accept
acl_smtp_data = accept
trusted_users = Debian-exim
never_users =
disable_ipv6 = true
begin routers
keep:
  driver = accept
  transport = store
begin transports
store:
  driver = appendfile
  directory = /mail/box
  maildir_format
  create_directory
  user = vmail
  group = vmail
  envelope_to_add
  return_path_add
  message_prefix =
  message_suffix =
"""


class Exim(ChrootServer):
    """port_data does not offer CHUNKING."""

    name = "Exim"
    transaction = r" <= \S+ H="
    tree = "exim"
    spools = ("var/spool/exim4/input",)
    starttls = True

    def configure(self):
        self.port, self.port_data = self.new_port(), self.new_port()
        self.certificate()
        os.chown(self.root / "etc/tls/key.pem", EXIM, EXIM)
        self.put("/etc/exim4/exim4.conf", CONFIG.format(
            port=self.port, data=self.port_data))
        self.own("/var/spool/exim4", EXIM, EXIM, 0o750)
        self.own("/var/log/exim4", EXIM, EXIM, 0o750)

    def command(self):
        return self.chrooted("/usr/sbin/exim4", "-bdf", "-q1h")

    def log(self):
        folder = self.root / "var/log/exim4"
        texts = [p.read_text(errors="replace") for p in
                 sorted(folder.glob("*log"))] if folder.is_dir() else []
        return super().log() + "".join(texts)
