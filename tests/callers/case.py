# SPDX-License-Identifier: ISC
"""One row in one situation, in namespaces of its own; see run."""

import re

from place import Place
from rows import DOWN, NO_NETWORK, REFUSED, SUCCESS


class Wrong(AssertionError):
    pass


def must(true, what):
    if not true:
        raise Wrong(what)


class Case:
    def __init__(self, row, situation, root, layer, over):
        self.row, self.situation = row, situation
        self.place = Place(root, layer, over)
        self.shown = None

    def play(self):
        row, place = self.row, self.place
        for path, text in row.files.items():
            text = text if isinstance(text, tuple) else (text,)
            place.write(path, *text)
        place.network(self.situation != NO_NETWORK)
        if self.situation in (SUCCESS, REFUSED):
            place.server_up(refuse=self.situation == REFUSED,
                            refuse_null=not row.sender)
        place.daemon()
        if row.before:
            ready = place.run("root", row.before)
            must(ready.rc == 0, f"made ready: {ready}")
        self.shown = place.run(row.user, row.script, row.stdin.encode())
        self.what_is_shown()
        if self.situation == REFUSED:
            self.is_refused()
        elif self.situation in row.told:
            self.is_told()
        else:
            if self.situation in (DOWN, NO_NETWORK):
                self.waits()
            self.arrives()

    def what_is_shown(self):
        rc, pattern = self.row.shown_in(self.situation)
        must(self.shown.rc == rc, f"exit status {rc} expected")
        must(re.search(pattern, self.shown.text),
             f"shown is not /{pattern}/")

    def waits(self):
        """It has been tried and is in the queue; once there is a network and a
        server, sendmail -q sends it."""
        row, place = self.row, self.place
        place.wait(lambda: len(place.queue()) == row.mails and
                   len(re.findall(r"^ +\(.*\)$", place.run("root", "mailq").text,
                                  re.M)) >= row.mails,
                   "mail that was tried and waits")
        place.network(True)
        place.server_up()
        done = place.run("root", "sendmail -q")
        must(done.rc == 0, f"sendmail -q: {done}")

    def is_told(self):
        """Nothing was taken: the caller, who knows, still has it."""
        must(not self.place.queue(), "mail of which the caller thinks that it "
             "was not taken")

    def settled(self, count):
        place = self.place
        place.wait(lambda: len(place.server.mails) >= count and
                   not place.queue(), "mail to arrive and the queue to be empty")
        must(len(place.server.mails) == count, "more mail than there was")

    def arrives(self):
        row, place = self.row, self.place
        self.settled(row.mails)
        mails = place.server.mails
        rcpts = sorted(r for m in mails for r in m.rcpts)
        must(rcpts == sorted(row.rcpts), f"recipients {row.rcpts} expected")
        for mail in mails:
            must(mail.sender == row.sender, f"sender {row.sender} expected")
            self.text(mail)
        if row.more:
            row.more(place)

    def text(self, mail):
        row = self.row
        must(has_subject(row, mail.head), f"no subject {row.subject}")
        if row.body is not None:
            must(mail.body == row.body, f"body {row.body} expected")
        for pattern in row.head:
            must(re.search(pattern, mail.head.decode(errors="replace"), re.M),
                 f"no /{pattern}/ in the header")
        must(not re.search(rb"(?<!\r)\n|\r(?!\n)", mail.head + mail.body),
             "a bare CR or LF")
        for name in (b"Date", b"From", b"Message-ID"):
            count = len(re.findall(rb"^%s:" % name, mail.head, re.M | re.I))
            must(count == 1, f"{count} fields {name}")

    def is_refused(self):
        """The sender hears of it, with what was refused; with no sender there
        is nobody to tell."""
        row, place = self.row, self.place
        place.wait(lambda: place.server.refused, "a refusal")
        if not row.sender or REFUSED in row.told:
            place.wait(lambda: not place.queue(), "an empty queue")
            must(not place.server.mails, "a report that nobody needs")
            return
        self.settled(row.mails)
        for mail in place.server.mails:
            must(mail.sender == "", "the report has a sender")
            must(mail.rcpts == [reported_to(row.sender)],
                 "the report goes to somebody else")
            must(b"550 5.1.1 nobody of that name" in mail.body,
                 "the report does not say why")
            must(has_subject(row, mail.body), "the report lacks the subject")
        refused = sorted({rcpt for _, rcpt in place.server.refused})
        must(refused == sorted(set(row.rcpts)), f"refused were {refused}")


def reported_to(sender):
    """Who reads the mail of this machine's users: see the aliases of the place."""
    user, _, host = sender.partition("@")
    return sender if host != "box.example.net" else \
        "alice@far.test" if user == "alice" else "admin@far.test"


def has_subject(row, text):
    flat = re.sub(r"\r\n[ \t]", " ", text.decode(errors="replace"))
    return re.search(rf"^Subject: {row.subject}$", flat.replace("\r", ""), re.M)
