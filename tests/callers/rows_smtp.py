# SPDX-License-Identifier: ISC
"""Callers that speak SMTP to localhost:25.  The server of the world outside has
that port of 127.0.0.1, so localhost is another address of loopback here."""

from rows import ARRIVES, NO_NETWORK, row

ALICE = "alice@example.org"
LISTENS = {
    "/etc/hosts": "127.0.0.2\tlocalhost\n127.0.1.1\tbox.example.net box\n",
    "/etc/smtpsend/smtpsend.conf":
        "server = 127.0.0.1\n[queue]\nlisten = 127.0.0.2:25\n"}
TO = ("From: Alice <alice@example.org>\nTo: bob@far.test\nSubject: hi\n\n"
      "hello\n.\nFrom here\nbye\n")


def smtp(name, text, shown, packages=("python3",), **how):
    """Without a network nobody reaches localhost either: the caller, who is
    told, still has the mail."""
    row(name, "python3 -W ignore program", packages=packages, stdin=TO,
        files={**LISTENS, "/home/alice/program": text}, sender=ALICE,
        told=(NO_NETWORK,), shows={NO_NETWORK: shown}, **how)


smtp("localhost:25", """\
import smtplib, sys
with smtplib.SMTP("localhost", 25) as c:
    c.sendmail("alice@example.org", ["bob@far.test"], sys.stdin.read())
""", (1, r"\nOSError: \[Errno \d+\] "), short=True)

# As its runner of outgoing mail does: what fails for now stays in its queue.
smtp("Mailman 3", """\
import email, sys
from mailman.config import config
config.create_paths = False
config.load()
from mailman.email.message import Message
from mailman.mta.base import BaseDelivery
msg = email.message_from_file(sys.stdin, Message)
refused = BaseDelivery()._deliver_to_recipients(None, msg, {
    "sender": "alice@example.org"}, {"bob@far.test"})
if refused:
    print(refused)
sys.exit(75 if refused else 0)
""", (75, r"'bob@far.test': \(444, "), over=["mailman3"],
     packages=["python3-lazr.config"], body=ARRIVES.replace(b"From", b">From"))
