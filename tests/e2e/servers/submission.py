# SPDX-License-Identifier: ISC
"""
Postfix, Exim and aiosmtpd as submission servers: nothing without TLS and AUTH.

Each has port (STARTTLS required) and smtps (TLS from the first byte); Postfix
and Exim also clear, which offers AUTH and no TLS.  USER may send with PASSWORD,
or with TOKEN; at Exim also with a client certificate of that name (EXTERNAL).
nobody@ and later@ are refused, with 550 and 450.
"""

import glob
import os
import shutil
import subprocess
import sys

from . import exim, postfix, python_servers
from .process import accepts, eventually, free_port, greets

USER = "joe"
PASSWORD = "C4nary&%25'open-sesame"
TOKEN = "ya29.C4nary-token/+=="
REFUSED = {
    "nobody@example.test": (550, "5.1.1", "no such user here"),
    "later@example.test": (450, "4.2.1", "come back later"),
}

SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: /etc/sasl/sasldb2
mech_list: PLAIN LOGIN CRAM-MD5
log_level: 3
"""

POSTFIX_MAIN = """\
mynetworks =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access inline:{{ {refused} }},
\tpermit
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = /etc/postfix/sasl
smtpd_sasl_local_domain = mail.test
smtpd_sasl_security_options = noanonymous
smtpd_sasl_authenticated_header = yes
smtpd_tls_auth_only = yes
"""

POSTFIX_MASTER = """\
127.0.0.1:{clear} inet n - n - - smtpd -o smtpd_tls_security_level=none
 -o smtpd_tls_auth_only=no
"""

PLUGINS = ("sasldb", "plain", "login", "crammd5")


def library_folder():
    """Where this machine's Cyrus SASL has its plugins."""
    return os.path.dirname(glob.glob("/usr/lib/*/sasl2/libsasldb.so")[0])


def linked_with(path):
    said = subprocess.run(["ldd", path], check=True, capture_output=True,
                          text=True).stdout
    return [l.split()[2] for l in said.splitlines() if " => /" in l]


class Submission:
    """What the tests want to know of one."""

    mechanisms = ()
    user, password, token = USER, PASSWORD, TOKEN

    def urls(self, name="localhost"):
        """By a name in the certificate; libcurl itself knows localhost."""
        return {"starttls": f"smtp://{name}:{self.port}",
                "smtps": f"smtps://{name}:{self.smtps}"}

    def signed_in(self, mechanism):
        """Its log, since the mark, says that USER did so by this."""
        raise NotImplementedError


class PostfixSubmission(Submission, postfix.Postfix):
    name = "Postfix submission"
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5")
    tls_level = "encrypt"
    chunked = " bdat="

    def configure(self):
        super().configure()
        self.clear = self.new_port()
        refused = " ".join(f"{{ {a} = {code} {enhanced} {text} }}," for
                           a, (code, enhanced, text) in REFUSED.items())
        main = self.root / "etc/postfix/main.cf"
        master = self.root / "etc/postfix/master.cf"
        replaced = [l.split(" =")[0] for l in POSTFIX_MAIN.splitlines()]
        kept = [l for l in main.read_text().splitlines(True)
                if l.split(" =")[0] not in replaced]
        main.write_text("".join(kept) +
                        POSTFIX_MAIN.format(refused=refused.rstrip(",")))
        master.write_text(master.read_text() +
                          POSTFIX_MASTER.format(clear=self.clear))
        self.plugins()
        self.passwords()

    def plugins(self):
        """Cyrus SASL loads them at run time: ldd of Postfix has none."""
        folder = library_folder()
        for plugin in PLUGINS:
            for path in glob.glob(f"{folder}/lib{plugin}.so"):
                self.copy(path)
                for library in linked_with(path):
                    self.copy(library)

    def copy(self, path):
        target = self.root / path.lstrip("/")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            os.chmod(target, 0o755)

    def passwords(self):
        self.put("/etc/postfix/sasl/smtpd.conf", SASL)
        self.own("/etc/sasl", 0, postfix.POSTFIX, 0o750)
        base = self.root / "etc/sasl/sasldb2"
        subprocess.run(["saslpasswd2", "-p", "-c", "-f", str(base), "-u",
                        "mail.test", USER], input=PASSWORD.encode(),
                       check=True, stdout=subprocess.DEVNULL)
        os.chown(base, 0, postfix.POSTFIX)
        os.chmod(base, 0o640)

    def signed_in(self, mechanism):
        said = f"sasl_method={mechanism}, sasl_username={USER}"
        return eventually(lambda: said in self.news(), 5)


EXIM_AUTHENTICATORS = """\
begin acl
recipients:
{refused}
  accept authenticated = *
  deny message = authentication required
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}\
{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}\
{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{{user}}}{{{password}}}fail}}
  server_set_id = $auth1
external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = $tls_in_certificate_verified
  server_param2 = ${{certextract{{subject,CN}}{{$tls_in_peercert}}}}
  server_condition = ${{if eq{{$auth1}}{{$auth2}}}}
  server_set_id = $auth1
"""


class EximSubmission(Submission, exim.Exim):
    name = "Exim submission"
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5")
    chunked = " K "
    names = {"PLAIN": "plain", "LOGIN": "login", "CRAM-MD5": "cram",
             "EXTERNAL": "external"}

    def configure(self):
        super().configure()
        self.smtps, self.clear = self.new_port(), self.new_port()
        self.put("/etc/tls/ca.pem", self.ca.ca.read_text())
        path = self.root / "etc/exim4/exim4.conf"
        text = path.read_text()
        for old, new in (
                ("acl_smtp_rcpt = accept", "acl_smtp_rcpt = recipients"),
                ("tls_advertise_hosts = *", self.tls_where()),
                (f"daemon_smtp_ports = {self.port}",
                 f"tls_on_connect_ports = {self.smtps}\ndaemon_smtp_ports = "
                 f"{self.port} : {self.smtps} : {self.clear}"),
                ("acl_smtp_data = accept\n",
                 "acl_smtp_data = accept\nwrite_rejectlog = false\ntls_try_verify_hosts = *\n"
                 "tls_verify_certificates = /etc/tls/ca.pem\n" +
                 self.auth_where())):
            assert old in text
            text = text.replace(old, new)
        path.write_text(text + self.rules())

    def tls_where(self):
        return ("tls_advertise_hosts = "
                f"${{if =={{$received_port}}{{{self.clear}}}{{:}}{{*}}}}")

    def auth_where(self):
        return ("auth_advertise_hosts = ${if or{{def:tls_in_cipher}"
                f"{{=={{$received_port}}{{{self.clear}}}}}}}{{*}}{{:}}}}\n")

    def rules(self):
        refused = "\n".join(
            f"  {'deny' if code // 100 == 5 else 'defer'} recipients = {a}\n"
            f"    message = {code} {enhanced} {text}"
            for a, (code, enhanced, text) in REFUSED.items())
        return EXIM_AUTHENTICATORS.format(refused=refused, user=USER,
                                          password=PASSWORD)

    def signed_in(self, mechanism):
        return f" A={self.names[mechanism]}:{USER} " in self.news()


class AioSubmission(Submission, python_servers.PythonServer):
    """The one with bearer tokens (RFC 7628, and Google's XOAUTH2)."""

    name = "aiosmtpd submission"
    mechanisms = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")

    def configure(self):
        self.port, self.smtps = free_port(), free_port()

    def command(self):
        return [sys.executable, "-W", "ignore", "-m",
                "servers.python_submission", str(self.port),
                str(self.store.folder), str(self.ca.cert), str(self.ca.key),
                str(self.smtps)]

    def environment(self):
        return dict(super().environment(), SUBMISSION_USER=USER,
                    SUBMISSION_PASSWORD=PASSWORD, SUBMISSION_TOKEN=TOKEN)

    def ready(self):
        return greets(self.host, self.port) and accepts(self.host, self.smtps)

    def signed_in(self, mechanism):
        return f"{USER} signed in by {mechanism}" in self.news()
