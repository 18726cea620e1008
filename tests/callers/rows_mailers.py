# SPDX-License-Identifier: ISC
"""Callers at which people write."""

from rows import BODY, REFUSED, SITUATIONS, row

PATCH = """\
From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: Alice <alice@example.org>
Date: Sun, 22 Nov 2026 09:00:00 +0000
Subject: [PATCH] a change

Some words.
---
 a | 1 +
"""
ALICE = "alice@example.org"

row("git send-email",
    f"git config --global user.email {ALICE}\n"
    "git config --global user.name Alice\n"
    "git send-email --quiet --to=bob@far.test --confirm=never "
    "--suppress-cc=all --envelope-sender=auto 0001.patch",
    short=True, packages=["git-email"], files={"/home/alice/0001.patch": PATCH},
    sender=ALICE, subject=r"\[PATCH\] a change",
    shows=(0, r"\ASent \[PATCH\] a change\n\Z"),
    body=b"Some words.\r\n---\r\n a | 1 +\r\n",
    head=[r"^X-Mailer: git-send-email"])

row("hg email",
    "hg init r; cd r; echo hello >a; hg commit -q -A -u Alice -m hi\n"
    "hg email -q --config extensions.patchbomb= "
    f"--config email.method=sendmail --from {ALICE} "
    "--to bob@far.test --cc '' --date '2026-01-01' -r 0",
    packages=["mercurial"], sender=ALICE, subject=r"\[PATCH\] hi", body=None,
    shows=(0, r"\Athis patch series consists of 1 patches\.\s*\Z"))

MUTTRC = (f'set from="{ALICE}" copy=no use_envelope_from=yes '
          'dsn_notify="failure" dsn_return=hdrs\n')
row("mutt", "mutt -s hi -- bob@far.test", packages=["mutt"], sender=ALICE,
    short=True,
    files={"/home/alice/.muttrc": MUTTRC})
row("neomutt", "neomutt -s hi -- bob@far.test", packages=["neomutt"],
    sender=ALICE, files={"/home/alice/.neomuttrc": MUTTRC})

SAFE = b"hello\r\n=2E\r\n=46rom here\r\nbye\r\n"
row("s-nail", "s-nail -: / -S sendwait -s hi bob@far.test", short=True,
    packages=["s-nail"], body=SAFE)
row("s-nail -r -v", f"s-nail -: / -S sendwait -r '{ALICE}' -s hi bob@far.test",
    packages=["s-nail"], sender=ALICE, body=SAFE)
row("bsd-mailx", "bsd-mailx -s hi bob@far.test", packages=["bsd-mailx"])
row("bsd-mailx -r", f"bsd-mailx -r {ALICE} -s hi bob@far.test", sender=ALICE,
    packages=["bsd-mailx"])
row("mailutils", "mail.mailutils -s hi bob@far.test", packages=["mailutils"],
    stdin="hello\nbye\n", body=b"hello\r\nbye\r\n")

DRAFT = f"""\
From: Alice <{ALICE}>
To: bob@far.test
Subject: hi
--------
hello
.
From here
bye
"""
NMH = {"packages": ["nmh"], "sender": ALICE, "files": {
    "/home/alice/.mh_profile": "Path: Mail\n", "/home/alice/draft": DRAFT,
    "/home/alice/Mail/x": ""}}
row("nmh, -bs", "/usr/bin/mh/send -mts sendmail/smtp "
    "-sendmail /usr/sbin/sendmail ~/draft", **NMH)
row("nmh, a pipe", "/usr/bin/mh/send -mts sendmail/pipe "
    "-sendmail /usr/sbin/sendmail ~/draft", **{
        **NMH, "sender": "alice@box.example.net"})

EMACS = f"""\
(setq user-mail-address "{ALICE}" user-full-name "Alice"
      mail-specify-envelope-from t mail-envelope-from nil
      message-send-mail-function 'message-send-mail-with-sendmail
      send-mail-function 'sendmail-send-it mail-interactive %s)
(mail nil "bob@far.test" "hi")
(mail-text)
(insert "hello\\n.\\nFrom here\\nbye\\n")
(mail-send)
"""
for how, interactive in (("", "nil"), (", asking", "t")):
    row(f"Emacs{how}", "emacs -Q --batch -l x.el", packages=["emacs-nox"],
        files={"/home/alice/x.el": EMACS % interactive}, sender=ALICE,
        shows={s: (255, "Sending\\.\\.\\.failed with exit value 67")
               if interactive == "t" and s == REFUSED else
               (0, r"\A((Sending\.\.\.)?(done)?\n|" # and of its own end:
                r"emacs: writing to child signal FD: .*\n)+\Z")
               for s in SITUATIONS})

# It takes no address of example.org or .test.
row("reportbug", "reportbug --offline --no-query-bts "
    "--no-check-available --no-check-installed --no-config-files --no-verify "
    "--no-bug-script --no-cc --no-cc-menu --no-tags-menu --no-paranoid "
    "--ui=text --mta=/usr/sbin/sendmail --mode=expert --type=debbugs "
    "--email=alice@home.arpa --realname=Alice --severity=normal --tag=none "
    "--package-version=1 --subject=hi --body-file=body no-mta",
    packages=["reportbug"], files={"/home/alice/body": BODY},
    sender="alice@home.arpa", rcpts=["submit@bugs.debian.org"],
    body=None, head=["^X-Mailer: reportbug"])

# What is typed once that is on the screen.
TALK = r'''
import os, pty, sys
steps = [(b"Postpone", b"\x18"), (b"Message sent", b"q")]
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "vt100"
    os.execvp("alpine", ["alpine", "-p", "rc", "-url",
                         "mailto:bob@far.test?subject=hi&body=hello"])
seen, new = b"", b""
try:
    while text := os.read(fd, 4096):
        seen, new = seen + text, new + text.replace(b"\0", b"")
        if steps and steps[0][0] in new:
            os.write(fd, steps.pop(0)[1])
            new = b""
except OSError:
    pass                                # it has ended
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
if status or len(steps) > 1:            # it may end without the q
    sys.exit(f"{status} {steps} {seen}")
'''
ALPINERC = """\
personal-name=Alice
user-domain=example.org
feature-list=quit-without-confirm,send-without-confirm
default-fcc=""
last-version-used=9.99
"""
for how, path in (("-bs", ""), ("a pipe", "/usr/sbin/sendmail -oem -t -oi")):
    row(f"Alpine, {how}", "timeout 60 python3 talk", stdin="",
        sender="alice@box.example.net" if path else ALICE,
        packages=["alpine", "python3"], body=None, files={
            "/home/alice/rc": f"{ALPINERC}sendmail-path={path}\n",
            "/home/alice/talk": TALK})
