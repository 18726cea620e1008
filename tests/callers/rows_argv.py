# SPDX-License-Identifier: ISC
"""Callers that Debian 12 has not, or that nobody can start here: what they run."""

from rows import REFUSED, row

TO = "To: bob@far.test\nSubject: hi\n\nhello\n.\nFrom here\nbye\n"
CRLF = TO.replace("\n", "\r\n")
ROOT = {"user": "root", "sender": "root@box.example.net"}
TO_ROOT = {**ROOT, "rcpts": ["admin@far.test"]}
BARE = "Subject: hi\n\nhello\n.\nFrom here\nbye\n"


def argv(name, words, stdin=TO, **how):
    row(name, f"sendmail {words}", stdin=stdin, **how)


argv("ISC cron", "-FCronDaemon -odi -oem -oi -t", **ROOT,
     head=[r"^From: CronDaemon <root@box.example.net>\r$"],
     shows={REFUSED: (67, r"\A\Z")})
argv("cronie", "-FCronDaemon -i -odi -oem -oi -t -f alice", **{
    **ROOT, "sender": "alice@box.example.net"},
     shows={REFUSED: (67, r"\A\Z")})
argv("cronie anacron", "-FAnacron -odi root", BARE, **TO_ROOT, shows={
    REFUSED: (67, r"\Asendmail: root@box.example.net: failed at RCPT, .* 550 "
              "5.1.1 nobody of that name")})
argv("BusyBox crond", "-ti")
argv("older BusyBox crond", "-ti root", rcpts=["bob@far.test",
                                               "admin@far.test"])
argv("systemd-cron, separate", "-i -B 8BITMIME root", BARE, **TO_ROOT)
argv("older PHPMailer", "-oi -falice@example.org -t", CRLF,
     sender="alice@example.org")
argv("Bugzilla", "-i -f bugs@example.org -- bob@far.test", TO,
     sender="bugs@example.org")
argv("GNU sieve", "-oi -f '' bob@far.test", sender="")
argv("old vacation", "-eq -f '<>' bob@far.test", sender="")
argv("FILTER_README", "-G -i -f alice@example.org -- bob@far.test",
     "From: a@b.test\nDate: Thu, 26 Nov 2026 19:00:00 +0000\n"
     "Message-ID: <1@b.test>\n" + TO, sender="alice@example.org")
argv("debbugs", "-oi -oem -oo bob@far.test")
argv("OnFailure, -t", "-t")
argv("OnFailure, as nobody", "-i root", BARE, user="nobody",
     sender="nobody@box.example.net", rcpts=["admin@far.test"])
argv("Laravel -t -i", "-i -falice@example.org bob@far.test", CRLF,
     sender="alice@example.org")
argv("plain", "bob@far.test")
argv("plain -odb", "-odb bob@far.test")
argv("plain -odq", "-odq -i bob@far.test; sendmail -q", **ROOT)
