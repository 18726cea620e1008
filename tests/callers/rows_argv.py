# SPDX-License-Identifier: ISC
"""Callers that Debian 12 has not, or that nobody can start here: what they run."""

from rows import REFUSED, row

TO = "To: bob@far.test\nSubject: hi\n\nhello\n.\nFrom here\nbye\n"
CRLF = TO.replace("\n", "\r\n")
LONG = {"short": False}
ROOT = {"user": "root", "sender": "root@box.example.net"}
TO_ROOT = {**ROOT, "rcpts": ["admin@far.test"]}
COMPLETE = ("From: a@b.test\nDate: Thu, 26 Nov 2026 19:00:00 +0000\n"
            "Message-ID: <1@b.test>\n" + TO)
BARE = "Subject: hi\n\nhello\n.\nFrom here\nbye\n"


def argv(name, words, stdin=TO, **how):
    """Those that are much like others are not short."""
    row(name, f"sendmail {words}", stdin=stdin, **{"short": True, **how})


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
     sender="alice@example.org", **LONG)
argv("Bugzilla", "-i -f bugs@example.org -- bob@far.test", TO,
     sender="bugs@example.org")
argv("GNU sieve, argv", "-oi -f '' bob@far.test", sender="")
argv("old vacation", "-eq -f '<>' bob@far.test", sender="")
argv("FILTER_README", "-G -i -f alice@example.org -- bob@far.test",
     COMPLETE, sender="alice@example.org")
argv("debbugs", "-oi -oem -oo bob@far.test")
argv("OnFailure, -t", "-t", **LONG)
argv("OnFailure, as nobody", "-i root", BARE, user="nobody",
     sender="nobody@box.example.net", rcpts=["admin@far.test"])
argv("Laravel -t -i", "-i -falice@example.org bob@far.test", CRLF,
     sender="alice@example.org")
argv("plain", "bob@far.test")
argv("plain -odb", "-odb bob@far.test", **LONG)
argv("plain -odq", "-odq -i bob@far.test; sendmail -q", **ROOT)

argv("bcron, argv", "-FCronDaemon -i -odi -oem -t", **ROOT,
     shows={REFUSED: (67, r"\A\Z")})
argv("Debian cron", "-i -FCronDaemon -B8BITMIME -oem root", BARE, **TO_ROOT)
argv("systemd-cron, glued", "-i -B8BITMIME root", BARE, **TO_ROOT)
argv("atd", "-i alice", BARE, **{**ROOT, "rcpts": ["alice@far.test"]})
argv("mailutils' argv", "-oi -f alice@example.org -t", sender="alice@example.org", **LONG)
argv("mdadm, argv", "-t", TO.replace("bob@far.test", "root"), **TO_ROOT)
argv("reportbug, argv", "-f alice@example.org -oi -oem bob@far.test",
     sender="alice@example.org", **LONG)
argv("Postfix's rmail", "-G -oee -odq -oi -p UUCP:far -f alice@example.org "
     "bob@far.test; sendmail -q", COMPLETE, user="root",
     sender="alice@example.org")
argv("Alpine's", "-bs -odb -oem", "HELO x\r\nMAIL FROM:<alice@example.org>\r\n"
     "RCPT TO:<bob@far.test>\r\nDATA\r\n" + CRLF.replace("\n.", "\n..") +
     ".\r\nQUIT\r\n", sender="alice@example.org",
     shows=(0, r"\A220 box.example.net .*\r\n250 .*\r\n250 .*\r\n250 .*\r\n"
            r"354 .*\r\n250 .*\r\n221 .*\r\n\Z"))
argv("Exim's -bS", "-bS", "MAIL FROM:<alice@example.org>\nRCPT TO:<bob@far.test>\n"
     "DATA\n" + TO.replace("\n.", "\n..") + ".\nQUIT\n",
     sender="alice@example.org")

# What people and monitoring look with, mail being there.
LIST = r"-Queue ID-.*\n[0-9A-Za-z]+ +\d+ .* root@box.example.net\n(.*\n)*" \
       r" +bob@far.test\n\n?-- \d+ Kbytes in 1 Request\.\n"
for words in ("mailq", "mailq -Ac", "sendmail -bp"):
    argv(words, f"-odq -i bob@far.test; {words}; sendmail -q",
         **ROOT, shows=(0, LIST), short=words == "mailq")
argv("admin", "-odq -i bob@far.test; sendmail -bP; newaliases; sendmail -bv bob@far.test; "
     "sendmail -d0.1 -bv root >/dev/null; sendmail -qf",
     **ROOT, shows=(0, r"\A1\n/etc/aliases: 4 aliases, longest \d+ bytes, \d+ bytes "
                    r"total\n(.*\n)*.*far.test"))
