# SPDX-License-Identifier: ISC
"""A scripted SMTP server on loopback: it does what a test says, on purpose wrong.

One thread accepts, one thread per connection runs a *script*: a function that
gets a Conn.  Connection number n gets scripts[n], the last one is repeated.

    def script(c):
        c.say("220 hi")
        c.flight("EHLO ")               # exactly this, then silence
        c.say("250 mx")
        c.rst()

    with Server(script) as srv:
        ... run the client against srv.port ...
    srv.conns[0].lines                  # what the client said

dialogue(caps, **over) makes the script of a well-behaved server in which single
replies are replaced.  An AssertionError in a script is raised again by the
server's __exit__, so a script may assert.

Flights: the server counts its *turns*, a turn being a maximal run of its own
writes between bytes of the client.  From SYN to knowing the result a client
needs 1 + turns round trips.  flight() answers nothing until the last expected
command has come and then proves, by waiting, that nothing comes behind it.

TLS runs over memory BIOs, so scripts decide when which record leaves.
"""

import select
import socket
import ssl
import struct
import threading
import time

QUIET = 0.05        # how long silence has to last to be believed
PATIENCE = 20.0     # a script waits no longer for its client


class Gone(Exception):
    """The connection is over, by whichever side: ends the script."""


class Conn:
    """One connection, from the server's side, and its record."""

    def __init__(self, sock, server):
        self.sock = sock
        self.server = server
        self.buf = bytearray()  # plaintext not yet taken by the script
        self.lines = []         # every command line, without CRLF
        self.message = None     # octets of DATA or BDAT as they came
        self.final_dot = False  # the end of data was seen
        self.messages = []      # one per transaction
        self.trace = []         # (time, "C" or "S", octets)
        self.wire = bytearray() # all that came, as it came: under TLS records
        self.turns = 0
        self.end = None         # "fin", "rst" (by the client), "server"
        self.closed_at = None   # when the client's end was seen
        self.opened = time.monotonic()
        self.last = None        # who wrote last, "C" or "S"
        self.tls = None
        self.tls_version = None
        self.sni = None
        self._in = self._out = None

    # bytes

    def raw_send(self, data):
        """Octets onto the socket, under whatever TLS there is."""
        if not data:
            return
        if self.last != "S":
            self.turns += 1
            self.last = "S"
        try:
            self.sock.sendall(data)
        except OSError as e:
            self.ended("rst")
            raise Gone(str(e)) from e

    def raw_recv(self, timeout=PATIENCE):
        """What has come on the socket, undecoded; Gone at its end."""
        limit = time.monotonic() + timeout
        while True:
            left = limit - time.monotonic()
            if self.server.closing.is_set():
                raise Gone("test over")
            if left <= 0:
                raise TimeoutError("the client says nothing")
            if select.select([self.sock], [], [], min(left, 0.2))[0]:
                break
        try:
            data = self.sock.recv(65536)
        except OSError as e:
            self.ended("rst")
            raise Gone(str(e)) from e
        if not data:
            self.ended("fin")
            raise Gone("end of file")
        self.last = "C"
        self.wire += data
        return data

    def ended(self, how):
        if self.end is None:
            self.end = how
            self.closed_at = time.monotonic()

    def send(self, data):
        """Octets to the client in one write, through TLS when it is on."""
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogateescape")
        self.trace.append((time.monotonic(), "S", data))
        if self.tls:
            self.tls.write(data)
            data = self._out.read()
        self.raw_send(data)

    def say(self, *lines):
        """Reply lines, CRLF added, all in one write."""
        self.send("".join(line + "\r\n" for line in lines))

    def more(self, timeout=PATIENCE):
        """Wait for more plaintext."""
        while True:
            if self.tls:
                got = self._tls_read()
                if got:
                    break
                self._in.write(self.raw_recv(timeout))
                continue
            got = self.raw_recv(timeout)
            break
        self.trace.append((time.monotonic(), "C", got))
        self.buf += got

    def _tls_read(self):
        try:
            got = self.tls.read(65536)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError as e:
            self.ended("fin")
            raise Gone("close_notify") from e
        except ssl.SSLError as e:
            self.ended("alert")
            raise Gone(str(e)) from e
        if not got:
            self.ended("fin")
            raise Gone("close_notify")
        return got

    # reading as a server does

    def line(self, timeout=PATIENCE):
        """The next command line without CRLF; a bare LF is an error."""
        while b"\n" not in self.buf:
            self.more(timeout)
        at = self.buf.index(b"\n")
        line = bytes(self.buf[:at])
        del self.buf[:at + 1]
        assert line.endswith(b"\r"), f"bare LF from the client: {line!r}"
        line = line[:-1].decode("utf-8", "surrogateescape")
        self.lines.append(line)
        return line

    def expect(self, *prefixes):
        """The next lines, each beginning as given (case matters)."""
        got = []
        for want in prefixes:
            line = self.line()
            assert line.startswith(want), f"wanted {want!r}, got {line!r}"
            got.append(line)
        return got

    def quiet(self, seconds=QUIET):
        """Prove that the client waits now."""
        assert not self.buf, f"sent behind the flight: {self.buf[:200]!r}"
        if self.tls:
            late = self._tls_read()
            assert not late, f"sent behind the flight: {late[:200]!r}"
        if select.select([self.sock], [], [], seconds)[0]:
            late = self.sock.recv(65536, socket.MSG_PEEK)
            assert False, f"sent behind the flight: {late[:200]!r}"

    def flight(self, *prefixes):
        """Exactly these commands, sent without waiting for us; then silence."""
        got = self.expect(*prefixes)
        self.quiet()
        return got

    def exactly(self, n):
        while len(self.buf) < n:
            self.more()
        got = bytes(self.buf[:n])
        del self.buf[:n]
        return got

    def data(self):
        """A message up to its final dot, which is not part of it."""
        self.message, end, seen = None, b"\r\n.\r\n", 0
        while not self.buf.startswith(b".\r\n"):
            at = self.buf.find(end, max(0, seen - len(end)))
            if at >= 0:
                break
            seen = len(self.buf)
            self.more()
        else:
            at = -2             # an empty message: the dot alone
        self.message = bytes(self.buf[:at + 2])
        del self.buf[:at + 5]
        self.final_dot = True
        self.messages.append(self.message)
        return self.message

    def bdat(self, prefix="BDAT "):
        """One BDAT command and its chunk; true when it was the last."""
        line = self.expect(prefix)[0].split()
        chunk = self.exactly(int(line[1]))
        self.message = (self.message or b"") + chunk
        if line[-1].upper() == "LAST":
            self.final_dot = True
            self.messages.append(self.message)
        return self.final_dot

    # TLS

    def starttls(self, context):
        """The server side of a handshake.  What is left in the out BIO (the
        tickets of TLS 1.3) leaves with the next write."""
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._in.write(self.buf)
        self.buf.clear()

        def seen(_obj, name, _ctx):
            self.sni = name

        context.sni_callback = seen
        tls = context.wrap_bio(self._in, self._out, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.raw_send(self._out.read())
                self._in.write(self.raw_recv())
            except ssl.SSLError as e:
                self.raw_send(self._out.read())
                self.ended("alert")
                raise Gone(str(e)) from e
        self.tls = tls
        self.tls_version = tls.version()
        if self.tls_version != "TLSv1.3":
            self.flush_tls()    # our Finished

    def flush_tls(self):
        """What the TLS layer wants to say by itself (tickets)."""
        self.raw_send(self._out.read())

    def close_notify(self):
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self.raw_send(self._out.read())

    # endings

    def drop(self):
        """FIN.  What still comes is read, or close() would send RST."""
        self.ended("server")
        try:
            self.sock.shutdown(socket.SHUT_WR)
            limit = time.monotonic() + 2
            while time.monotonic() < limit and not self.server.closing.is_set():
                if select.select([self.sock], [], [], 0.1)[0] and \
                        not self.sock.recv(65536):
                    break
        except OSError:
            pass
        raise Gone("dropped")

    def rst(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.ended("server")
        raise Gone("reset")

    def linger(self):
        """Read octets, whatever they are, until the client leaves."""
        while True:
            self.raw_recv()

    def stall(self):
        """Read everything, answer nothing, until the client leaves."""
        while True:
            self.more(timeout=120)

    def deaf(self):
        """Do not even read (zero window) until the client leaves.

        A peer that resets shows as POLLERR/POLLHUP; one that only closes
        does not while its data fills our window, so the test's end counts.
        """
        p = select.poll()
        p.register(self.sock, select.POLLERR | select.POLLHUP |
                   select.POLLRDHUP)
        while not self.server.over.is_set():
            if p.poll(100):
                self.ended("rst")
                raise Gone("hung up")
        raise Gone("test over")

    def wait_end(self, timeout=PATIENCE):
        """The client leaves; whatever it still says is recorded."""
        while True:
            self.line(timeout)

    def drip(self, data, seconds):
        """One octet at a time, so far apart."""
        for i in range(len(data)):
            self.send(data[i:i + 1])
            if self.server.closing.wait(seconds):
                raise Gone("test over")


class Server:
    """Listens on loopback, or at a path, until its `with` block ends."""

    def __init__(self, *scripts, address="127.0.0.1", port=0, backlog=64,
                 rcvbuf=None, path=None):
        self.scripts = scripts
        self.conns = []
        self.errors = []
        self.over = threading.Event()       # the client has ended
        self.closing = threading.Event()    # and its scripts had their time
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sock = socket.socket(socket.AF_UNIX if path else family)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.bind(str(path) if path else (address, port))
        self.sock.listen(backlog)
        self.address = address
        self.port = None if path else self.sock.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def _accept(self):
        while not self.closing.is_set():
            try:
                if not select.select([self.sock], [], [], 0.1)[0]:
                    continue
                sock, _ = self.sock.accept()
            except OSError:
                return
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conn = Conn(sock, self)
            script = self.scripts[min(len(self.conns), len(self.scripts) - 1)]
            self.conns.append(conn)
            t = threading.Thread(target=self._run, args=(conn, script),
                                 daemon=True)
            t.start()       # first: who joins it may be waiting
            self.threads.append(t)

    def _run(self, conn, script):
        try:
            script(conn)
            if conn.end is None:
                conn.ended("server")
        except Gone:
            pass
        except Exception as e:  # pylint: disable=broad-except
            self.errors.append(e)
        finally:
            conn.sock.close()

    def stop(self):
        """End; scripts that are still waiting for their client are ended."""
        self.closing.set()
        for t in self.threads:
            t.join(timeout=5)
        self.sock.close()

    def settle(self, timeout=5):
        """Wait until every script has run to its end."""
        for t in self.threads[1:]:
            t.join(timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, tb):
        self.over.set()
        if kind is None:
            self.settle()
        self.stop()
        if kind is None and self.errors:
            raise self.errors[0]

    @property
    def lines(self):
        """All commands of all connections."""
        return [line for c in self.conns for line in c.lines]


# Replies of a well-behaved server, and what may stand in their place: a string
# of one or more lines joined by LF, a function of the Conn, or a list of these,
# one for each time the verb comes (the last is repeated).

def rst(c):
    c.rst()


def drop(c):
    c.drop()


def stall(c):
    c.stall()


def deaf(c):
    c.deaf()


def raw(data):
    """Send these octets as they are."""
    return lambda c: c.send(data)


def raw_then(data, action):
    """Send these octets, then do that."""
    def both(c):
        c.send(data)
        action(c)
    return both


DEFAULTS = {
    "CONNECT": "220 mx.example.test ESMTP",
    "HELO": "250 mx.example.test",
    "STARTTLS": "220 2.0.0 go ahead",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 End data with <CR><LF>.<CR><LF>",
    "BDAT": "250 2.0.0 Chunk taken",
    ".": "250 2.0.0 Ok: queued as ABC123",
    "RSET": "250 2.0.0 Ok",
    "NOOP": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}


class _Dialogue:
    def __init__(self, caps, tls, over, lmtp):
        self.caps, self.tls, self.over, self.lmtp = caps, tls, over, lmtp
        self.seen = {}
        self.accepted = 0
        self.refused = False    # the last MAIL was

    def reply(self, c, verb, default=None):
        """Answer; returns the code that was said, 0 when it was an action that
        does not tell."""
        what = self.over.get(verb, default or DEFAULTS.get(
            verb, "500 5.5.2 what?"))
        if isinstance(what, (list, tuple)):
            n = self.seen[verb] = self.seen.get(verb, -1) + 1
            what = what[min(n, len(what) - 1)]
        if callable(what):
            code = what(c)
            return code if isinstance(code, int) else 0
        c.say(*what.split("\n"))
        return int(what.split("\n")[-1][:3])

    def ehlo(self, c):
        caps = [k for k in self.caps if not (c.tls and k == "STARTTLS")]
        lines = ["mx.example.test"] + caps
        text = "\n".join(["250-" + x for x in lines[:-1]] +
                         ["250 " + lines[-1]])
        return self.reply(c, "EHLO", text)

    def end_of_data(self, c):
        for _ in range(self.accepted if self.lmtp else 1):
            self.reply(c, ".")
        self.accepted = 0

    def command(self, c, line):
        verb = line.split(" ")[0].split(":")[0].upper()
        if verb in ("EHLO", "LHLO"):
            self.ehlo(c)
        elif verb in ("RCPT", "DATA", "BDAT") and self.refused:
            if verb == "BDAT":
                c.exactly(int(line.split()[1]))
            c.say("503 5.5.1 MAIL first")
        elif verb == "DATA" and self.lmtp and not self.accepted:
            c.say("503 5.5.1 no valid recipients")      # RFC 2033 4.2
        elif verb == "DATA":
            if self.reply(c, "DATA") // 100 == 3:
                c.data()
                self.end_of_data(c)
        elif verb == "BDAT":
            words = line.split()
            chunk = c.exactly(int(words[1]))
            c.message = (c.message or b"") + chunk
            if words[-1].upper() == "LAST" and "BDAT" not in self.over:
                c.final_dot = True
                c.messages.append(c.message)
                c.message, whole = None, c.message
                self.end_of_data(c)
                c.message = whole
            else:
                self.reply(c, "BDAT")
        elif verb == "STARTTLS":
            if self.reply(c, "STARTTLS") // 100 == 2:
                c.starttls(self.tls)
        elif verb == "RCPT":
            if self.reply(c, "RCPT") // 100 == 2:
                self.accepted += 1
        elif verb == "QUIT":
            self.reply(c, "QUIT")
            c.drop()
        else:
            if verb in ("MAIL", "RSET"):
                self.accepted, c.message = 0, None
            code = self.reply(c, verb)
            if verb == "MAIL":
                self.refused = code >= 400


def dialogue(caps=("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"), tls=None,
             smtps=None, lmtp=False, **over):
    """The script of a good server, but for `over` (DOT stands for ".")."""
    if "DOT" in over:
        over["."] = over.pop("DOT")

    def script(c):
        if smtps:
            c.starttls(smtps)
        d = _Dialogue(list(caps), tls, over, lmtp)
        d.reply(c, "CONNECT")
        while True:
            d.command(c, c.line())

    return script
