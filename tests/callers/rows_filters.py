# SPDX-License-Identifier: ISC
"""Callers that mail goes through: filters, gateways, who answers by himself."""

from rows import ARRIVES, row

HEAD = "From: Carol <carol@example.org>\nTo: alice@box.example.net\nSubject: hi\n"
MAIL = HEAD + "\nhello\n.\nFrom here\nbye\n"
FROM_ = "From carol@example.org Sun Nov 22 09:00:00 2026\n"
# as an agent that delivered it left it
DELIVERED = ("Return-Path: <carol@example.org>\nContent-Length: 26\n" + MAIL)
CAROL = {"stdin": MAIL, "head": [r"^From: Carol <carol@example.org>\r$"]}

# both end the message as a mailbox wants it
row("procmail", "procmail ./rc", **CAROL, packages=["procmail"],
    body=ARRIVES + b"\r\n",
    files={"/home/alice/rc": ":0\n! bob@far.test\n"})
row("formail",
    "formail -I 'To: bob@far.test' | /usr/sbin/sendmail -oi -t",
    packages=["procmail"], stdin=FROM_ + MAIL, head=[r"^To: bob@far.test\r$"],
    body=ARRIVES.replace(b"From", b">From") + b"\r\n")

for what, text in (("", MAIL), (" of a delivered", DELIVERED)):
    row(f"maildrop{what}", "maildrop ./rc", packages=["maildrop"], sender="", files={
        "/home/alice/rc": ("to \"!bob@far.test\"\n", 0o600)}, **{
            **CAROL, "stdin": text})

row("GNU sieve", "sieve -f box x.sieve", packages=["mailutils"],
    files={"/home/alice/box": FROM_ + MAIL,
           "/home/alice/x.sieve": 'require "redirect";\nredirect "bob@far.test";\n'},
    sender="carol@example.org")

row("GNU sieve, vacation", "sieve -f box --email=alice@box.example.net x.sieve",
    packages=["mailutils"], files={
        "/home/alice/box": FROM_ + MAIL,
        "/home/alice/x.sieve": 'require "vacation";\n'
        'vacation :subject "away" "hello";\n'},
    rcpts=["carol@example.org"], subject=r"=\?UTF-8\?Q\?away\?=", body=None)

VACATION = {"packages": ["vacation"], "stdin": FROM_ + MAIL, "rcpts": ["carol@example.org"],
            "subject": "away", "files": {
                "/home/alice/.vacation.msg":
                "Subject: away\n\nhello\n.\nFrom here\nbye\n"}}
row("vacation", "vacation -i && vacation alice", **VACATION)

SIEVE = """\
protocols =
mail_location = maildir:~/Maildir
mail_home = /home/alice
log_path = /home/alice/log
hostname = box.example.net
postmaster_address = root@box.example.net
protocol lda {
  mail_plugins = sieve
}
plugin {
  sieve = ~/x.sieve
}
"""


def dovecot(name, script, **how):
    row(name, "/usr/lib/dovecot/dovecot-lda -c ~/dovecot.conf "
        "-f carol@example.org -a alice@box.example.net",
        packages=["dovecot-core", "dovecot-sieve"], **{
            "stdin": MAIL, "files": {"/home/alice/dovecot.conf": SIEVE,
                                     "/home/alice/x.sieve": script}, **how})


dovecot("Dovecot, redirect", 'redirect "bob@far.test";\n',
        sender="carol@example.org")
dovecot("Dovecot, vacation", 'require "vacation";\n'
        'vacation :subject "away" "hello";\n', sender="",
        rcpts=["carol@example.org"], subject="away", body=None)
dovecot("Dovecot, reject", 'require "reject";\nreject "no";\n', sender="",
        rcpts=["carol@example.org"], subject="[Rr]ejected:.*|.*", body=None)

row("rmail", "rmail bob@far.test", user="root", packages=["rmail"],
    stdin="From carol Sun Nov 22 09:00:00 2026 remote from example.org\n"
    "Date: Thu, 26 Nov 2026 19:00:00 +0000\nMessage-ID: <1@b.test>\n" + MAIL,
    sender="carol@example.org")
row("INN", "/usr/lib/news/bin/innmail -s hi bob@far.test", packages=["inn2"])
row("mime-construct",
    "mime-construct --to bob@far.test --subject hi --file -",
    body=ARRIVES.replace(b"From", b"=46rom"),
    packages=["mime-construct"])


def went_through(place):
    text = (place.root / "tmp/list").read_bytes()
    assert b"\nSubject: hi\n" in text, text


row("Mailman 2's alias", "sendmail -i list@box.example.net", **{
    **CAROL, "sender": "list-bounces@box.example.net"}, files={
        "/etc/aliases": "root: admin@far.test\nalice: alice@far.test\n"
        "list-bounces: root\n"
        'list: "|/usr/local/bin/list post list"\n',
        "/usr/local/bin/list": (
            "#!/bin/sh\ntee /tmp/list | exec /usr/sbin/sendmail -i "
            "-f list-bounces@box.example.net -- bob@far.test\n", 0o755)},
    more=went_through, short=True)
