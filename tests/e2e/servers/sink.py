# SPDX-License-Identifier: ISC
"""smtpsend's own receiver."""

import re

from .process import Process, eventually, greets
from .receiver import Receiver, Stored

ENVELOPE = re.compile(rb"(Return-Path: <.*>|X-Envelope-To: <(.*)>)\r\n")


class Sink(Process, Receiver):
    """smtpsend --sink.  args: more options, say --sink-reply RCPT=450."""

    name = "sink"
    starttls = True
    litter = ("mail",)

    def __init__(self, folder, binary, args=(), host="127.0.0.1"):
        super().__init__(folder)
        self.binary = binary
        self.args = list(args)
        self.host = host
        self.box = folder / "mail"
        self.box.mkdir()
        self.seen = set()

    def command(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return [str(self.binary), "--sink", f"{host}:0", "--sink-dir",
                str(self.box), *self.args]

    def ready(self):
        said = re.search(r"listening on \S+:(\d+)", self.log())
        if said:
            self.port = int(said.group(1))
        return bool(said) and self.greets()

    def greets(self):
        return greets(self.host, self.port)

    def mark(self):
        super().mark()
        self.marked = len(self.seen)

    def transactions(self):
        return len(self.seen) - self.marked

    def files(self):
        return sorted(p for p in self.box.glob("*.eml") if p not in self.seen)

    def stored(self, count, seconds=60):
        """One entry per recipient, as a server with mailboxes has it."""
        def copies():
            found = []
            for path in self.files():
                found += read(path)
            return found

        eventually(lambda: len(copies()) >= count, seconds)
        files, found = self.files(), copies()
        self.seen.update(files)
        return found


def read(path):
    """The message without the envelope that the sink writes on top of it."""
    recipients, data = [], path.read_bytes()
    while found := ENVELOPE.match(data):
        if found.group(2):
            recipients.append(found.group(2).decode())
        data = data[found.end():]
    return [Stored((r,), data) for r in recipients]
