# SPDX-License-Identifier: ISC
"""
kill -9 while mail goes to mailboxes that an LMTP server has (FAULTS 67, 81).

What the server took stands in the ledger, as that of the server for SMTP does,
and is judged as that is: twice only where the kill came between the last octet
and the record of it.  A mailbox refuses by the end of its address.
"""

import os
import socket

import world
from kills import Plan, put_to
from ledger import Dialogue, Sent, Server, message
from mailboxes import Boxes, bounce, text_of, to_many, to_user, watch


class Mailboxes(Dialogue):
    """LMTP (RFC 2033): a reply for each recipient after the dot."""

    @staticmethod
    def verb(rcpt):
        name = rcpt.partition("@")[0]
        return next((v for v in ("fail", "defer") if name.endswith(v)), "ok")

    def do_LHLO(self, line):
        return super().do_EHLO(line)

    def do_EHLO(self, _line):
        return b"500 5.5.1 LHLO is wanted\r\n"

    do_HELO = do_EHLO

    def do_DATA(self, line):
        many = len(self.rcpts)
        return super().do_DATA(line) * (many or 1)


def serve(w):
    """In that world, from the first case on."""
    path = w.folder / "lmtp"
    if path.exists():
        return
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    os.chmod(path, 0o666)
    w.servers.append(Server(w.ledger, sock, dialogue=Mailboxes))


def boxes_of(w, token):
    serve(w)
    return Boxes(w, token, "lmtp")


def to_mixed(w, boxes, token):
    """In one transaction: taken, refused for good, and for now."""
    return [put_to(w, token, [boxes.name("bob"), boxes.name("carol", "fail"),
                              boxes.name("carol", "defer"),
                              boxes.name("carol")], text_of(token))]


def run_of(put, **how):
    def scenario(w, token):
        boxes = boxes_of(w, token)
        sents = put(w, boxes, token)
        return watch(boxes, Plan(w.command("sendmail", "-q"), sents, **how))
    return scenario


def handed_in(*verbs, **how):
    """To the daemon, which is killed; or to one who delivers himself."""
    def scenario(w, token):
        boxes = boxes_of(w, token)
        to = [boxes.name(("bob", "carol")[n % 2], verb)
              for n, verb in enumerate(verbs)]
        words = w.command("sendmail", "-i", "-f", world.SENDER, *to)
        return watch(boxes, Plan(words, [Sent(token, to, None)],
                                 message(token), **how))
    return scenario


SCENARIOS = {
    "lmtp": run_of(to_user),
    "lmtp-mixed": run_of(to_mixed),
    "lmtp-many": run_of(to_many, agent=True),
    "lmtp-report": run_of(bounce),
    "lmtp-try": handed_in("", ""),
    "lmtp-daemon": handed_in("", "", "fail", "defer", daemon=True,
                             victim_daemon=True, uid=world.CALLER),
}
SHORT = ("lmtp-mixed",)
