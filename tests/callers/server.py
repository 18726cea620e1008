# SPDX-License-Identifier: ISC
"""The one mail server of the world outside: it takes mail or refuses it.

    server = Server(refuse=False)       # 127.0.0.1:25
    [mail] = server.mails
    mail.sender, mail.rcpts, mail.head, mail.body
    server.refused                      # [(sender, recipient)]
"""

import re
import socketserver
import threading

CAPS = ("mx.far.test", "PIPELINING", "8BITMIME", "SIZE", "DSN",
        "ENHANCEDSTATUSCODES")


class Mail:
    def __init__(self, sender, rcpts, data):
        self.sender, self.rcpts = sender, rcpts
        self.head, _, self.body = data.partition(b"\r\n\r\n")
        self.head += b"\r\n"

    def __str__(self):
        text = (self.head + b"\r\n" + self.body).decode(errors="replace")
        return f"from <{self.sender}> to {self.rcpts}\n{text}"


class Talk(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        try:
            self.say("220 mx.far.test ESMTP")
            for line in iter(self.rfile.readline, b""):
                words = line.decode(errors="replace").strip()
                if not self.command(words[:4].upper(), words):
                    break
        except OSError:
            pass

    def command(self, verb, words):
        if verb in ("EHLO", "HELO"):
            for cap in CAPS[:-1]:
                self.say("250-" + cap)
            self.say("250 " + CAPS[-1])
        elif verb == "MAIL":
            self.sender, self.rcpts = re.search("<(.*?)>", words)[1], []
            self.say("250 2.1.0 Ok")
        elif verb == "RCPT":
            self.rcpt(re.search("<(.*?)>", words)[1])
        elif verb == "DATA":
            self.data()
        elif verb == "QUIT":
            self.say("221 2.0.0 Bye")
            return False
        else:
            self.say("250 2.0.0 Ok" if verb in ("RSET", "NOOP") else
                     "500 5.5.2 what?")
        return True

    def rcpt(self, rcpt):
        if self.server.world.is_refused(self.sender, rcpt):
            self.server.world.refused.append((self.sender, rcpt))
            self.say("550 5.1.1 nobody of that name")
        else:
            self.rcpts.append(rcpt)
            self.say("250 2.1.5 Ok")

    def data(self):
        if not self.rcpts:
            self.say("503 5.5.1 no recipients")
            return
        self.say("354 go on")
        text = b""
        for line in iter(self.rfile.readline, b".\r\n"):
            if not line:
                return
            text += line[1:] if line.startswith(b".") else line
        self.server.world.mails.append(Mail(self.sender, self.rcpts, text))
        self.say("250 2.0.0 Ok: taken")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, refuse=False, refuse_null=False):
        """refuse: mail that has a sender, so that its bounce is taken;
        refuse_null: any."""
        self.refuse, self.refuse_null = refuse, refuse_null
        self.mails, self.refused, self.world = [], [], self
        super().__init__(("127.0.0.1", 25), Talk)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def is_refused(self, sender, _rcpt):
        return self.refuse and bool(sender or self.refuse_null)
