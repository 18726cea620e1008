# SPDX-License-Identifier: ISC
"""Callers that run by themselves: cron and its like, and what watches a machine."""

from rows import row

HELLO = b"hello\r\n.\r\nbye\r\n"
JOB = r"printf 'hello\n.\nbye\n'; touch /tmp/done"
# how long each is waited for is the harness's business
DONE = "until [ -e /tmp/done ]; do sleep 0.1; done\n"
RUN_CRON = f"cron -f >/dev/null 2>&1 &\n{DONE}kill $!\nwait"
CRONTAB = "/var/spool/cron/crontabs/alice"
ONLY_THIS = "rm -rf /etc/cron.d /etc/cron.daily/* /etc/crontab; touch /etc/crontab"
BY_ROOT = {"user": "root", "sender": "root@box.example.net",
           "rcpts": ["admin@far.test"]}

row("cron", RUN_CRON, user="root", packages=["cron"],
    before=f"{ONLY_THIS}; chown alice:crontab {CRONTAB}",
    files={CRONTAB: (f"@reboot {JOB}\n", 0o600)},
    rcpts=["alice@far.test"], subject=r"Cron <alice@box> printf 'hello.*",
    body=HELLO, head=[r"^From: root@box.example.net \(Cron Daemon\)\r$",
                      r"^To: alice@box.example.net\r$"])


def in_roots_mailbox(place):
    text = place.mbox("root")
    assert b"\n\nhello\n.\nbye\n" in text and b"\nDelivered-To: root@box" in text


row("cron, MAILTO=root", RUN_CRON, **BY_ROOT, packages=["cron"],
    before=f"{ONLY_THIS}; printf 'MAILTO=root\\n@reboot root printf "
    "\"hello\\\\n.\\\\nbye\\\\n\"; touch /tmp/done\\n' >/etc/crontab",
    files={"/etc/aliases": "root: \\root, admin@far.test\n"},
    subject=r"Cron <root@box> printf .*", body=HELLO, more=in_roots_mailbox)

row("at",
    f"echo \"{JOB}\" | runuser -u alice -- at now 2>/dev/null\n"
    f"atd -f -b 1 &\n{DONE}sleep 1; kill $!; wait", user="root", packages=["at"],
    rcpts=["alice@far.test"], subject=r"Output from your job +\d+", body=HELLO)

row("anacron", "anacron -f -n -d -t tab 2>/dev/null", **BY_ROOT,
    packages=["anacron"],
    files={"/root/tab": f"SHELL=/bin/sh\n1 0 job {JOB}\n"},
    subject=r"Anacron job 'job' on box.*", body=HELLO)
