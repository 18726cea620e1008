# SPDX-License-Identifier: ISC
"""Signed zones by NSD under a root of the test's own; Unbound validates them.

    with SignedWorld(folder, names, zones) as w: ... w.resolver

names are in the signed root zone.  zones are {"plain.": ("unsigned", names)}:
"signed" with its DS in the root, "unsigned" without one, "bogus" with one and
without any signature.
"""

import subprocess

from .dns import Nsd, Unbound, zone_text

VALIDATOR = """\
  module-config: "validator iterator"
  trust-anchor-file: "{anchor}"
  val-log-level: 2
"""

STUB = """\
stub-zone:
  name: "{name}"
  stub-addr: 127.0.0.1@{port}
  stub-prime: no
"""


def run(folder, *argv):
    done = subprocess.run([str(a) for a in argv], cwd=folder, check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def make_key(folder, zone):
    """The stem of a key that signs all of a zone."""
    return run(folder, "ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone)


class SignedNsd(Nsd):
    def __init__(self, folder, names, zones):
        super().__init__(folder, {".": names})
        self.kinds = {".": "signed"}
        for zone, (kind, inside) in zones.items():
            self.zones[zone] = inside
            self.kinds[zone] = kind

    def sign(self, path, zone, stem):
        run(self.folder, "ldns-signzone", "-n", "-o", zone, "-f", path,
            path, stem)

    def configure(self):
        super().configure()
        numbers = {zone: n for n, zone in enumerate(self.zones)}
        stems, ds = {}, []
        for zone, kind in self.kinds.items():
            if kind != "unsigned":
                stems[zone] = make_key(self.folder, zone)
            if zone != "." and kind != "unsigned":
                ds.append((self.folder / f"{stems[zone]}.ds").read_text())
        delegations = "".join(f"{z} IN NS ns.test.\n" for z in self.kinds
                              if z != ".")
        root = self.folder / "0.zone"
        root.write_text(zone_text(".", self.zones["."]) + delegations +
                        "".join(ds))
        for zone, stem in stems.items():
            if self.kinds[zone] == "signed":
                self.sign(self.folder / f"{numbers[zone]}.zone", zone, stem)
        self.anchor = self.folder / f"{stems['.']}.ds"


class ValidatingUnbound(Unbound):
    def configure(self):
        super().configure()
        conf = self.folder / "unbound.conf"
        text = conf.read_text().replace(
            '  module-config: "iterator"\n',
            VALIDATOR.format(anchor=self.authority.anchor))
        text += "".join(STUB.format(name=zone, port=self.authority.port)
                        for zone in self.authority.zones if zone != ".")
        conf.write_text(text)


class SignedWorld:
    def __init__(self, folder, names, zones=None):
        self.nsd = SignedNsd(folder / "nsd", names, zones or {})
        self.unbound = ValidatingUnbound(folder / "unbound", self.nsd)

    @property
    def resolver(self):
        return f"127.0.0.1:{self.unbound.port}"

    def log(self):
        return self.nsd.log() + self.unbound.log()

    def __enter__(self):
        self.nsd.start()
        try:
            self.unbound.start()
        except BaseException:
            self.nsd.stop()
            raise
        return self

    def __exit__(self, *exc):
        self.unbound.stop()
        self.nsd.stop()
