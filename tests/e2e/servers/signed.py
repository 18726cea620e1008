# SPDX-License-Identifier: ISC
"""Signed zones by NSD under a root of the test's own; Unbound validates them.

    with SignedWorld(folder, names, zones) as w: ... w.resolver

names are in the signed root zone.  zones are {"plain.": ("unsigned", names)}; a
zone lies in the closest other one above it, and what it is may be followed by an
algorithm of ldns-keygen ("signed ED25519"):

    unsigned    no keys, no DS above
    signed      NSEC3, DS above (the root too)
    nsec        the same with NSEC
    optout      NSEC3 with opt-out
    salted      NSEC3 with a salt and 5 iterations
    iterated    ... with 100, which are too many
    bogus       DS above, and no signatures
    expired, future     signatures of another time
    nokey       the DS is of a key that the zone does not have
    unknown     the DS is of an algorithm that nobody knows
"""

import subprocess
import time

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


def make_key(folder, zone, algorithm="ECDSAP256SHA256"):
    """The stem of a key that signs all of a zone."""
    more = ("-b", "2048") if algorithm.startswith("RSA") else ()
    return run(folder, "ldns-keygen", "-a", algorithm, *more, "-k", zone)


DAY = 86400
SIGN = {"signed": ["-n"], "nsec": [], "optout": ["-n", "-p"],
        "salted": ["-n", "-t", "5", "-s", "beef"],
        "iterated": ["-n", "-t", "100"], "expired": ["-n"], "future": ["-n"],
        "nokey": ["-n"], "unknown": ["-n"]}
WHEN = {"expired": (-20 * DAY, -10 * DAY), "future": (10 * DAY, 20 * DAY)}


class SignedNsd(Nsd):
    def __init__(self, folder, names, zones):
        super().__init__(folder, {".": names})
        self.kinds = {".": "signed"}
        for zone, (kind, inside) in zones.items():
            self.zones[zone] = inside
            self.kinds[zone] = kind

    def parent(self, zone):
        above = [z for z in self.zones if z != zone and
                 (z == "." or zone.endswith("." + z))]
        return max(above, key=len)

    def sign(self, path, zone, kind, stem):
        when = []
        if kind in WHEN:
            begins, ends = (str(int(time.time()) + s) for s in WHEN[kind])
            when = ["-i", begins, "-e", ends]
        run(self.folder, "ldns-signzone", *SIGN[kind], *when, "-o", zone, "-f",
            path, path, stem)

    def ds_of(self, zone, kind, stem):
        if kind == "nokey":
            stem = make_key(self.folder, zone)
        text = (self.folder / f"{stem}.ds").read_text()
        if kind == "unknown":   # ... IN DS TAG ALGORITHM DIGEST-TYPE DIGEST
            words = text.split()
            words[words.index("DS") + 2] = "200"
            text = " ".join(words) + "\n"
        return text

    def configure(self):
        super().configure()
        paths = {zone: self.folder / f"{n}.zone"
                 for n, zone in enumerate(self.zones)}
        # what lies below comes first: its DS has to be there to be signed
        for zone in sorted(self.zones, key=lambda z: -len(z.split("."))
                           if z != "." else 1):
            kind, *algorithm = self.kinds[zone].split()
            stem = None if kind == "unsigned" else make_key(
                self.folder, zone, *algorithm)
            if zone == ".":
                self.anchor = self.folder / f"{stem}.ds"
            else:
                with open(paths[self.parent(zone)], "a",
                          encoding="ascii") as above:
                    above.write(f"{zone} IN NS ns.test.\n")
                    if stem:
                        above.write(self.ds_of(zone, kind, stem))
            if kind in SIGN:
                self.sign(paths[zone], zone, kind, stem)


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
