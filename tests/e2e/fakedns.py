# SPDX-License-Identifier: ISC
"""A DNS server on loopback that answers, lies, floods or keeps silent.

    with FakeDns() as dns:
        dns.add("example.test", "MX", (10, "mx.example.test"))
        dns.add("mx.example.test", "A", "127.0.0.11")
        dns.script("bad.test", "MX", lambda q: q.answer(rcode=SERVFAIL))

A name with any record or script exists: other types are NODATA.  Unknown names
are NXDOMAIN.  CNAMEs are followed inside the answer.  A script gets the Query
and returns a packet, a list of packets, or None for silence.

Rounds: a round is what is asked before anything is answered.  expect_rounds()
holds every answer back until all the questions of that round have come and then
a silence, so that a question too many or too late shows in `rounds`.
"""

import select
import socket
import struct
import threading
import time

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28,
         "TLSA": 52}
NAMES = {v: k for k, v in TYPES.items()}

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
QUIET = 0.05


def wire_name(name):
    """A domain name as uncompressed labels."""
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            raw = label.encode("latin-1")
            out += bytes([len(raw)]) + raw
    return out + b"\0"


def rdata(kind, value):
    """The octets of a record's data."""
    if isinstance(value, bytes):
        return value
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "MX":
        return struct.pack(">H", value[0]) + wire_name(value[1])
    if kind == "CNAME":
        return wire_name(value)
    raise ValueError(kind)


def record(name, kind, value, ttl=60):
    """A whole resource record; `name` may be wire bytes (a pointer)."""
    data = rdata(kind, value)
    owner = name if isinstance(name, bytes) else wire_name(name)
    return owner + struct.pack(">HHIH", TYPES[kind], 1, ttl, len(data)) + data


class Query:
    """One question and how to answer it."""

    def __init__(self, server, packet, reply, transport):
        self.server = server
        self.packet = packet
        self.reply = reply          # a function that sends octets back
        self.transport = transport  # "udp" or "tcp"
        self.id, self.flags = struct.unpack(">HH", packet[:4])
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
            at += 1 + packet[at]
        self.name = ".".join(labels).lower()
        self.question = packet[12:at + 5]
        self.kind = NAMES.get(struct.unpack(">H", packet[at + 1:at + 3])[0],
                              "?")
        self.at = time.monotonic()

    def header(self, rcode=0, tc=False, ad=False, answers=0, ident=None,
               qr=True, questions=1):
        flags = (0x8000 if qr else 0) | 0x0180 | rcode
        flags |= (0x0200 if tc else 0) | (0x0020 if ad else 0)
        return struct.pack(">HHHHHH", self.id if ident is None else ident,
                           flags, questions, answers, 0, 0)

    def answer(self, *records, rcode=0, tc=False, ad=False, ident=None,
               question=None):
        """A packet: records are octets or (kind, value) of the name asked."""
        body = b"".join(r if isinstance(r, bytes) else
                        record(b"\xc0\x0c", r[0], r[1]) for r in records)
        head = self.header(rcode, tc, ad, len(records), ident)
        return head + (question or self.question) + body

    def honest(self, **how):
        """What the zone says, whatever scripts there are."""
        return self.server.lookup(self, **how)


class FakeDns:
    """UDP and TCP on one port until the `with` block ends."""

    def __init__(self, address="127.0.0.1", tcp=True):
        self.address = address
        self.zone = {}          # name -> {kind: [values]}
        self.scripts = {}       # (name, kind) -> function
        self.default = None     # a script for everything, before the others
        self.asked = []         # every Query, in order
        self.rounds = []        # sets of (name, kind), with expect_rounds()
        self.errors = []
        self._expected = None
        self._held = []
        self.closing = threading.Event()
        self._bind(tcp)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _bind(self, tcp):
        for _ in range(50):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self.udp.bind((self.address, 0))
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket()
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self.tcp.bind((self.address, self.port))
            except OSError:
                self.udp.close()
                self.tcp.close()
                continue
            if tcp:
                self.tcp.listen(64)
            else:               # bound but not listening: refused
                pass
            self.has_tcp = tcp
            return
        raise OSError("no port free for UDP and TCP")

    def add(self, name, kind, *values):
        self.zone.setdefault(name, {}).setdefault(kind, []).extend(values)

    def script(self, name, kind, action):
        self.zone.setdefault(name, {})
        self.scripts[name, kind] = action

    def expect_rounds(self, *rounds):
        """Hold the answers of each round back until it is complete."""
        self._expected = [set(r) for r in rounds]

    def count(self, name=None, kind=None, transport=None):
        """How many questions came that look so."""
        return sum(1 for q in self.asked
                   if (name is None or q.name == name) and
                   (kind is None or q.kind == kind) and
                   (transport is None or q.transport == transport))

    # answering

    def lookup(self, q, **how):
        """The zone's answer, CNAMEs followed as a resolver does."""
        out, name = [], q.name
        for _ in range(16):
            here = self.zone.get(name)
            if here is None:
                return q.answer(*out, rcode=NXDOMAIN, **how)
            if q.kind in here:
                out += [record(name, q.kind, v) for v in here[q.kind]]
                break
            if "CNAME" not in here:
                break
            out.append(record(name, "CNAME", here["CNAME"][0]))
            name = here["CNAME"][0]
        return q.answer(*out, **how)

    def _answer(self, q):
        action = self.default or self.scripts.get((q.name, q.kind))
        packets = action(q) if action else self.lookup(q)
        if packets is None:
            return
        for p in packets if isinstance(packets, list) else [packets]:
            if q.transport == "udp" and len(p) > 65000:
                p = p[:65000]
            q.reply(p)

    def _take(self, q):
        self.asked.append(q)
        if self._expected is None:
            self._answer(q)
        else:
            self._held.append(q)

    def _release(self):
        self.rounds.append({(q.name, q.kind) for q in self._held})
        held, self._held = self._held, []
        for q in held:
            self._answer(q)

    def _hold_time(self):
        """Seconds to wait for another question before answering."""
        if not self._held:
            return None
        n = len(self.rounds)
        want = self._expected[n] if n < len(self._expected) else set()
        got = {(q.name, q.kind) for q in self._held}
        return QUIET if got >= want else 3.0

    # the loop

    def _run(self):
        try:
            self._loop()
        except Exception as e:  # pylint: disable=broad-except
            if not self.closing.is_set():
                self.errors.append(e)

    def _loop(self):
        peers = {}
        last = time.monotonic()
        while not self.closing.is_set():
            hold = self._hold_time()
            socks = [self.udp] + ([self.tcp] if self.has_tcp else [])
            ready = select.select(socks + list(peers), [], [],
                                  0.1 if hold is None else min(hold, 0.1))[0]
            if ready:
                last = time.monotonic()
            elif hold is not None and time.monotonic() - last >= hold:
                self._release()
            for s in ready:
                if s is self.udp:
                    self._udp()
                elif s is self.tcp:
                    peers[s.accept()[0]] = b""
                else:
                    self._stream(s, peers)

    def _udp(self):
        packet, peer = self.udp.recvfrom(65536)

        def reply(data):
            try:
                self.udp.sendto(data, peer)
            except OSError:
                pass            # the client has closed its socket

        q = Query(self, packet, reply, "udp")
        q.peer = peer
        self._take(q)

    def _stream(self, s, peers):
        try:
            got = s.recv(65536)
        except OSError:
            got = b""
        if not got:
            del peers[s]
            s.close()
            return
        peers[s] += got
        while len(peers[s]) >= 2:
            n = struct.unpack(">H", peers[s][:2])[0]
            if len(peers[s]) < 2 + n:
                return
            packet, peers[s] = peers[s][2:2 + n], peers[s][2 + n:]

            def reply(data):
                try:
                    s.sendall(struct.pack(">H", len(data)) + data)
                except OSError:
                    pass

            q = Query(self, packet, reply, "tcp")
            q.stream = s
            self._take(q)

    def stop(self):
        self.closing.set()
        self.thread.join(timeout=5)
        self.udp.close()
        self.tcp.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, tb):
        self.stop()
        if kind is None and self.errors:
            raise self.errors[0]
