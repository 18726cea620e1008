# SPDX-License-Identifier: ISC
"""A server that agrees to everything and writes down what it was told."""

import re
import socket
import socketserver
import threading
import time

from .process import eventually


class Conversation(socketserver.StreamRequestHandler):
    def say(self, *lines):
        for n, line in enumerate(lines):
            mark = " " if n == len(lines) - 1 else "-"
            self.wfile.write(f"{line[:3]}{mark}{line[3:].lstrip()}\r\n".encode())

    def setup(self):
        super().setup()
        self.server.recorder.open.append(self)

    def finish(self):
        try:
            super().finish()
        finally:
            self.server.recorder.open.remove(self)

    def handle(self):
        recorder, commands = self.server.recorder, []
        recorder.sessions.append(commands)
        self.say("220 recorder.test ESMTP")
        while line := self.rfile.readline():
            commands.append(line)
            if not self.obey(recorder, line):
                break

    def obey(self, recorder, line):
        """False when the conversation is over."""
        verb = line.split()[0].upper() if line.split() else b""
        if verb in (b"EHLO", b"LHLO"):
            self.say("250 recorder.test", *(f"250 {k}" for k in recorder.offers))
        elif verb == b"DATA":
            self.say("354 go ahead")
            recorder.messages.append(self.data(recorder))
            self.say("250 2.0.0 recorded")
        elif verb == b"BDAT":
            chunk = self.rfile.read(int(line.split()[1]))
            recorder.chunks.append(chunk)
            if line.split()[-1].upper() == b"LAST":
                recorder.messages.append(b"".join(recorder.chunks))
                recorder.chunks.clear()
            self.say("250 2.0.0 recorded")
        elif verb == b"QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("250 2.0.0 ok")
        return True

    def data(self, recorder):
        """Up to the lone dot, as it came: stuffed."""
        got, rate, octets = [], recorder.rate, 0
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            got.append(line)
            octets += len(line)
            if rate and octets > 65536:
                time.sleep(octets / rate)
                octets = 0
        return b"".join(got)


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Listener6(Listener):
    address_family = socket.AF_INET6


class Recorder:
    """
    sessions: for each connection the command lines as they came.  messages: the
    text between DATA and the dot, or of BDAT.  rate: octets of message text read
    per second, 0 for no limit; a small receive buffer then holds the client back.
    """

    def __init__(self, offers=("PIPELINING", "8BITMIME", "SIZE 50000000",
                               "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN"),
                 host="127.0.0.1", port=0, rate=0):
        self.offers, self.host, self.rate = offers, host, rate
        self.port = port
        self.sessions, self.messages, self.chunks = [], [], []
        self.open = []		# conversations that go on

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"smtp://{host}:{self.port}"

    @property
    def recipients(self):
        """Who the mail was for, in order."""
        return [re.match(rb"RCPT TO:<(.*?)>", l, re.I).group(1).decode()
                for l in self.commands if l.upper().startswith(b"RCPT")]

    @property
    def commands(self):
        """
        All lines of all connections, without their CRLF, checked.  The client may
        be gone before its QUIT is read: first let the conversations end.
        """
        assert eventually(lambda: not self.open, 10), "a client is still there"
        lines = [l for s in self.sessions for l in s]
        assert all(l.endswith(b"\r\n") for l in lines), lines
        return [l[:-2] for l in lines]

    def __enter__(self):
        kind = Listener6 if ":" in self.host else Listener
        self.listener = kind((self.host, self.port), Conversation,
                             bind_and_activate=False)
        if self.rate:
            self.listener.socket.setsockopt(socket.SOL_SOCKET,
                                            socket.SO_RCVBUF, 4096)
        self.listener.server_bind()
        self.listener.server_activate()
        self.listener.recorder = self
        self.port = self.listener.server_address[1]
        self.thread = threading.Thread(target=self.listener.serve_forever,
                                       kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.listener.shutdown()
        self.listener.server_close()
        self.thread.join()
