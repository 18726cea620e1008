# SPDX-License-Identifier: ISC
"""
The servers' ledger, and the judge who compares it with that of the callers.

A recipient says himself what becomes of him: ok.TOKEN@..., defer.TOKEN@... (450
until the server is mended), fail.TOKEN@... (550).  TOKEN names the message.  The
body of a message has its own sum in the header, so that a text that lacks or
gained an octet is seen.  What comes from <> is a report; whom it is about stands
in its Final-Recipient fields.
"""

import hashlib
import re
import socket
import threading
from dataclasses import dataclass, field


def message(token, extra="", size=2000, first=""):
    """A message with its sum (LF line ends, as callers write it)."""
    line = f"{token} {'x' * 50}"
    body = first + "".join(f"{line} {i:06d}\n" for i in range(max(1, size // 70)))
    digest = hashlib.sha256(body.replace("\n", "\r\n").encode()).hexdigest()
    return (f"{extra}Subject: {token}\nX-Sum: {digest}\n\n{body}").encode()


def is_whole(data):
    """Does the body have the sum that the header says?"""
    head, _, body = data.partition(b"\r\n\r\n")
    want = re.search(rb"^X-Sum: ([0-9a-f]{64})", head, re.M)
    return bool(want) and \
        hashlib.sha256(body).hexdigest().encode() == want.group(1)


def told_of(rcpt, data):
    """A recipient, octets, with the token of the message that he got."""
    tokens = re.findall(rb"^Subject: (\w*\d\w*)\r?$", data, re.M)
    name, at, host = rcpt.partition(b"@")
    if tokens and tokens[-1].lower() not in name.lower():
        name += b"+" + tokens[-1]
    return (name + at + host).decode().lower()


def reports_about(data):
    """Whom a report is about."""
    return tuple(told_of(x, data) for x in re.findall(
        rb"^Final-Recipient:\s*[^;]*;\s*(\S+)", data, re.M | re.I))


@dataclass
class Accept:
    """A server has taken a message for a recipient: it saw the final dot."""
    rcpt: str
    report: bool        # from <>
    about: tuple        # of a report: whom it is about
    whole: bool
    conn: int
    followed: bool = False  # a command came after the reply to the dot
    mail: int = 0       # which one it was, of all


class Ledger:
    """What all servers took; may be shared by threads."""

    def __init__(self):
        self.accepts = []
        self.refused = []
        self.lock = threading.Lock()
        self.conns = self.mails = 0
        self.mended = False
        self.note = lambda text: None   # told before the reply leaves

    def new_conn(self):
        with self.lock:
            self.conns += 1
            return self.conns

    def take(self, conn, sender, rcpts, data):
        """Entries for a message whose dot was seen."""
        report = sender == ""
        about = reports_about(data)
        whole = report or is_whole(data)
        with self.lock:
            self.mails += 1
            got = [Accept(r, report, about, whole, conn, mail=self.mails)
                   for r in rcpts]
            self.accepts += got
        for a in got:
            self.note(f"dot {conn} {int(report)} {int(whole)} {a.rcpt} "
                      f"{','.join(about)}")
        return got

    def follow(self, conn, got):
        """A command came after the reply: what was before is settled."""
        for a in got:
            a.followed = True
        if got:
            self.note(f"next {conn}")


def listening(address, port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.bind((address, port))
    return sock


class Server:
    """
    Takes mail on that address and port until stop(); or on a socket of the
    caller's, and by another dialogue.
    """

    def __init__(self, ledger, sock=None, pause=0, dialogue=None):
        self.ledger, self.pause = ledger, pause
        self.dialogue = dialogue or Dialogue
        self.over = threading.Event()
        self.lock, self.talking = threading.Lock(), 0
        self.sock = sock or listening("192.0.2.1", 25)
        self.sock.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.over.is_set():
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            self._count(1)
            threading.Thread(target=self._talk, daemon=True, args=(
                sock, self.ledger.new_conn())).start()

    def _count(self, by):
        with self.lock:
            self.talking += by

    def stop(self):
        self.over.set()
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    def _talk(self, sock, conn):
        try:
            sock.settimeout(120)
            self.dialogue(self, sock, conn).run()
        except OSError:
            pass
        finally:
            sock.close()
            self._count(-1)


CAPS = b"250-mx.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n" \
       b"250-ENHANCEDSTATUSCODES\r\n250 SIZE\r\n"


@dataclass
class Dialogue:
    """One connection."""
    server: Server
    sock: socket.socket
    conn: int
    sender: str = None
    rcpts: list = field(default_factory=list)
    got: list = field(default_factory=list)

    def run(self):
        self.lines = self.sock.makefile("rb")
        self.sock.sendall(b"220 mx.example ESMTP\r\n")
        while True:
            line = self.lines.readline()
            if not line:
                return
            if self.got:
                self.server.ledger.follow(self.conn, self.got)
                self.got = []
            verb = line[:4].upper()
            answer = getattr(self, "do_" + verb.decode("latin-1").strip(),
                             self.unknown)(line)
            self.sock.sendall(answer)
            if verb == b"QUIT":
                return

    def unknown(self, _line):
        return b"500 5.5.2 what?\r\n"

    def do_EHLO(self, _line):
        return CAPS

    def do_HELO(self, _line):
        return b"250 mx.example\r\n"

    def do_RSET(self, _line):
        self.sender, self.rcpts = None, []
        return b"250 2.0.0 Ok\r\n"

    def do_QUIT(self, _line):
        return b"221 2.0.0 Bye\r\n"

    def do_MAIL(self, line):
        self.sender = path(line)
        self.rcpts = []
        return b"250 2.1.0 Ok\r\n"

    @staticmethod
    def verb(rcpt):
        return rcpt.split(".")[0]

    def do_RCPT(self, line):
        rcpt = path(line)
        ledger = self.server.ledger
        verb = self.verb(rcpt)
        no = b"450 4.2.1 try again\r\n" \
            if verb == "defer" and not ledger.mended else \
            b"550 5.1.1 no such user\r\n" if verb == "fail" else b""
        if no:
            with ledger.lock:
                ledger.refused.append(rcpt)
            return no
        self.rcpts.append(rcpt)
        return b"250 2.1.5 Ok\r\n"

    def do_DATA(self, _line):
        if not self.rcpts:
            return b"554 5.5.1 nobody\r\n"
        self.sock.sendall(b"354 go\r\n")
        data = bytearray()
        while True:
            line = self.lines.readline()
            if not line:
                raise OSError("gone in DATA")
            if line == b".\r\n":
                break
            data += line[1:] if line.startswith(b".") else line
        self.got = self.server.ledger.take(self.conn, self.sender,
                                           self.rcpts, bytes(data))
        if self.server.pause:
            self.server.over.wait(self.server.pause)
        self.sender, self.rcpts = None, []
        return b"250 2.0.0 Ok: queued\r\n"


def path(line):
    """What stands in the angle brackets, in small letters."""
    m = re.search(rb"<([^>]*)>", line)
    return m.group(1).decode("latin-1").lower() if m else ""


@dataclass
class Sent:
    """A message as its caller has it."""
    token: str
    rcpts: list
    accepted: bool          # its caller was told so (exit status 0)
    sender: str = ""


@dataclass
class Verdict:
    """What is wrong, in words; all lists empty: nothing."""
    lost: list = field(default_factory=list)
    twice: list = field(default_factory=list)   # outside of the window
    other: list = field(default_factory=list)
    window: int = 0                             # twice, inside of it
    excused: int = 0                            # see excuse()

    def add(self, v):
        self.lost += v.lost
        self.twice += v.twice
        self.other += v.other
        self.window += v.window
        self.excused += v.excused

    @property
    def good(self):
        return not (self.lost or self.twice or self.other)

    def __str__(self):
        return "; ".join(f"{n}: {few(x)}" for n, x in (
            ("lost", self.lost), ("twice", self.twice),
            ("other", self.other)) if x)


def few(names):
    return ", ".join(names[:9]) + ", ..." * (len(names) > 9)


def more_than_once(accepts):
    """
    (how often too many, of them outside of the final-dot window).  The server
    may have read the dot of one who is dead after that of the next one.
    """
    if len(accepts) < 2:
        return 0, 0
    in_order = sorted(accepts, key=lambda a: a.conn)
    outside = sum(1 for a in in_order[:-1] if a.followed)
    return len(accepts) - 1, outside


def judge_rcpt(rcpt, sent, took, told, v, is_aside):
    """took: servers that took it; told: reports about him."""
    many, outside = more_than_once(took)
    many_told, outside_told = more_than_once(told)
    v.window += many - outside + many_told - outside_told
    if outside or outside_told:
        v.twice.append(rcpt)
    if took and told:
        v.other.append(f"{rcpt} both delivered and bounced")
    if sent.accepted and not took and not told and not is_aside:
        v.lost.append(rcpt)
    if not all(a.whole for a in took):
        v.other.append(f"{rcpt} got a damaged text")


def judge(ledger, sents, aside=()):
    """The verdict, when all queues are quiet; aside: who is in held/."""
    v = Verdict()
    took, told = {}, {}
    known = {r for s in sents for r in s.rcpts}
    with ledger.lock:
        accepts = list(ledger.accepts)
    for a in accepts:
        if not a.report:
            took.setdefault(a.rcpt, []).append(a)
        for r in a.about if a.report else ():
            told.setdefault(r, []).append(a)
    for s in sents:
        for r in s.rcpts:
            judge_rcpt(r, s, took.get(r, []),
                       told.get(r, []), v, r in aside)
        done = sum(1 for r in s.rcpts if r in took or r in told)
        if not s.accepted and 0 < done < len(s.rcpts):
            v.other.append(f"{s.token}: a part of its recipients only")
    v.other += [f"{r} was never asked for" for r in took if r not in known]
    return v


def excuse(ledger, v):
    """
    Of a command whose disk took nothing any more, once and for all: what each
    connection was about just then cannot be recorded, and is sent again, once.
    A connection that went on to another mail has no excuse.
    """
    again = set(v.twice)
    got = [a for a in ledger.accepts
           if again & ({a.rcpt} | set(a.about if a.report else ()))]
    of = {r: [a for a in got if r in (a.about if a.report else (a.rcpt,))]
          for r in again}
    first = {(accepts[0].conn, accepts[0].mail) for accepts in of.values()}
    if len({conn for conn, _ in first}) == len(first) and \
            all(len(accepts) == 2 for accepts in of.values()):
        v.excused, v.twice = len(again), []
