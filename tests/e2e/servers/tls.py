# SPDX-License-Identifier: ISC
"""A certificate authority for the tests, made by openssl's command line."""

import subprocess


def openssl(*argv):
    subprocess.run(["openssl", *map(str, argv)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class CertificateAuthority:
    """
    ca: its certificate.  cert, key: of a server with all the names the zones
    give to hosts.  other_ca: an authority that signed nothing.
    """

    # libcurl takes *.localhost to this machine without asking anybody
    NAMES = ("mail.test", "localhost", "*.example.test", "*.hosts.test",
             "*.relay.localhost")

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca, self.ca_key = self.authority("smtpsend test CA", "ca")
        self.other_ca, _ = self.authority("another CA", "other")
        self.cert, self.key = self.issue("server", self.NAMES)

    def authority(self, name, stem):
        cert = self.folder / f"{stem}.pem"
        key = self.folder / f"{stem}.key"
        openssl("req", "-x509", "-newkey", "rsa:2048",
                "-nodes", "-keyout", key,
                "-out", cert, "-days", "30", "-subj", f"/CN={name}",
                "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        return cert, key

    def issue(self, stem, names, ips=("127.0.0.1", "::1"), days=30):
        """A server certificate; its chain is the leaf alone."""
        key = self.folder / f"{stem}.key"
        request = self.folder / f"{stem}.csr"
        cert = self.folder / f"{stem}.pem"
        extensions = self.folder / f"{stem}.ext"
        alt = [f"DNS:{n}" for n in names] + [f"IP:{i}" for i in ips]
        extensions.write_text("basicConstraints=CA:FALSE\n"
                              "extendedKeyUsage=serverAuth\n"
                              f"subjectAltName={','.join(alt)}\n")
        openssl("req", "-new", "-newkey", "rsa:2048",
                "-nodes", "-keyout", key,
                "-out", request, "-subj", f"/CN={names[0]}")
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey",
                self.ca_key, "-CAcreateserial", "-days", days, "-extfile",
                extensions, "-out", cert)
        return cert, key
