# SPDX-License-Identifier: ISC
"""NSD as the authority for everything, Unbound in front of it as the resolver."""

import socket

from .process import Process, free_port

NSD_CONF = """\
server:
  ip-address: 127.0.0.1@{port}
  server-count: 1
  username: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: ""
  logfile: "{folder}/nsd.log"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  cookie-secret-file: "{folder}/cookies"
  verbosity: 1
remote-control:
  control-enable: no
{zones}"""

UNBOUND_CONF = """\
server:
  interface: 127.0.0.1@{port}
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  logfile: "{folder}/unbound.log"
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
  num-threads: 1
  log-queries: yes
  verbosity: 1
  qname-minimisation: no
  local-zone: "test." nodefault
  local-zone: "localhost." nodefault
remote-control:
  control-enable: no
stub-zone:
  name: "."
  stub-addr: 127.0.0.1@{authority}
  stub-prime: no
"""

SOA = ("SOA", "ns.test. hostmaster.test. 1 3600 600 86400 60")


def zone_text(origin, names):
    """A zone file from {name: [(type, data), ...]}; names are absolute."""
    lines = ["$TTL 60", f"{origin} IN SOA {SOA[1]}", f"{origin} IN NS ns.test."]
    for name, records in names.items():
        lines += [f"{name.rstrip('.')}. IN {kind} {data}"
                  for kind, data in records]
    return "\n".join(lines) + "\n"


def dns_answers(port, name="ns.test"):
    """Does a DNS server on loopback answer a question for an address?"""
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    question = (b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0" + labels + b"\0\0\x01\0\x01")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        try:
            s.connect(("127.0.0.1", port))
            s.send(question)
            answer = s.recv(512)
        except OSError:
            return False
    # answered, no error, and at least one record
    return answer[3] & 15 == 0 and answer[7] > 0


class DnsServer(Process):
    def ready(self):
        return dns_answers(self.port)

    def log(self):
        path = self.folder / f"{self.name.lower()}.log"
        own = path.read_text(errors="replace") if path.exists() else ""
        return super().log() + own


class Nsd(DnsServer):
    """
    zones: {origin: {name: [(type, data), ...]}}.  The root zone is always
    there, so what nobody mentions does not exist, offline as well.
    """

    name = "NSD"

    def __init__(self, folder, zones):
        super().__init__(folder)
        self.zones = {".": {}, **zones}
        self.zones["."] = {**self.zones["."], "ns.test": [("A", "127.0.0.1")]}

    def configure(self):
        self.port = free_port(socket.SOCK_DGRAM)
        parts = []
        for n, (origin, names) in enumerate(self.zones.items()):
            (self.folder / f"{n}.zone").write_text(zone_text(origin, names))
            parts.append(f'zone:\n  name: "{origin}"\n  zonefile: "{n}.zone"\n')
        (self.folder / "nsd.conf").write_text(NSD_CONF.format(
            port=self.port, folder=self.folder, zones="".join(parts)))

    def command(self):
        return ["nsd", "-d", "-c", str(self.folder / "nsd.conf")]


class Unbound(DnsServer):
    name = "Unbound"

    def __init__(self, folder, authority):
        super().__init__(folder)
        self.authority = authority

    def configure(self):
        self.port = free_port(socket.SOCK_DGRAM)
        (self.folder / "unbound.conf").write_text(UNBOUND_CONF.format(
            port=self.port, folder=self.folder,
            authority=self.authority.port))

    def command(self):
        return ["unbound", "-d", "-p", "-c", str(self.folder / "unbound.conf")]


class World:
    """Both of them: a little internet of names.  resolver is for --resolver."""

    def __init__(self, folder, names):
        self.nsd = Nsd(folder / "nsd", {".": names})
        self.unbound = Unbound(folder / "unbound", self.nsd)

    @property
    def resolver(self):
        return f"127.0.0.1:{self.unbound.port}"

    def questions(self):
        """What Unbound was asked so far, as "name. TYPE" lines."""
        return [" ".join(l.split()[-3:-1]) for l in
                self.unbound.log().splitlines() if " info: 127.0.0.1 " in l]

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
