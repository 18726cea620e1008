# SPDX-License-Identifier: ISC
"""Every row of SENDMAIL.md's "What real callers pass", into the queue.

The exact argument vector, with LF and CRLF, with and without a final newline;
then the envelope and the octets that lie in the spool.
"""

import itertools

import pytest

from queue_support import Box
from worlds import Machine

ROOT, ME, A, B = ("root@box.example.net", "me@x.org", "a@x.org", "b@y.org")
HEAD = "To: b@y.org\nSubject: hi\n"
T, ARGS = [B], [A]      # whose it is by -t, and by the words below

# name: (words, sender, recipients)
CALLERS = {
    "ISC cron": ("-FCronDaemon -odq -oem -oi -t", ROOT, T),
    "Debian cron": ("-i -FCronDaemon -B8BITMIME -oem root", ROOT, [ROOT]),
    "cronie": ("-FCronDaemon -i -odq -oem -oi -t -f me@x.org", ME, T),
    "anacron": ("-FAnacron -odq root", ROOT, [ROOT]),
    "bcron": ("-FCronDaemon -i -odq -oem -t", ROOT, T),
    "BusyBox crond": ("-ti", ROOT, T),
    "older BusyBox": ("-ti oem", ROOT, ["oem@box.example.net", B]),
    "systemd-cron": ("-i -B8BITMIME root", ROOT, [ROOT]),
    "systemd-cron, separate": ("-i -B 8BITMIME root", ROOT, [ROOT]),
    "atd": ("-i root", ROOT, [ROOT]),
    "git send-email": ("-f me@x.org -i a@x.org b@y.org", ME, [A, B]),
    "PHP": ("-t -i", ROOT, T),
    "PHP with -f": ("-t -i -fme@x.org", ME, T),
    "PHPMailer": ("-fme@x.org -i -t", ME, T),
    "older PHPMailer": ("-oi -fme@x.org -t", ME, T),
    "Symfony": ("-i -fme@x.org a@x.org", ME, ARGS),
    "nodemailer": ("-i -f me@x.org a@x.org b@y.org", ME, [A, B]),
    "Ruby mail": ("-i -f me@x.org -- a@x.org", ME, ARGS),
    "Ruby mail, exim": ("-i -t", ROOT, T),
    "Email::Sender": ("-i -f me@x.org -- a@x.org", ME, ARGS),
    "MIME::Lite": ("-t -oi -oem -fme@x.org", ME, T),
    "Mail::Mailer": ("-t", ROOT, T),
    "Perl FAQ": ("-oi -t -odq", ROOT, T),
    "mutt": ("-oem -oi -B8BITMIME -f me@x.org -N failure,delay -R hdrs -- "
             "a@x.org", ME, ARGS),
    "s-nail": ("-i -m -f me@x.org -F Me a@x.org", ME, ARGS),
    "s-nail with --": ("-i -f me@x.org -- a@x.org", ME, ARGS),
    "mailutils": ("-oi -f me@x.org -t", ME, T),
    "nmh": ("-t -i", ROOT, T),
    "hg email": ("-f me@x.org a@x.org", ME, ARGS),
    "bsd-mailx": ("-i -t -f me@x.org", ME, T),
    "Emacs": ("-oi -f me@x.org -oA/etc/none -oem -odb -t -N failure", ME, T),
    "Emacs, asking": ("-oi -f me@x.org -oep -t", ME, T),
    "Dovecot": ("-i -f me@x.org -- a@x.org", ME, ARGS),
    "procmail": ("-oi a@x.org", ROOT, ARGS),
    "rmail": ("-G -oee -odq -oi -p uucp:host -f me@x.org a@x.org", ME, ARGS),
    "FILTER_README": ("-G -i -f me@x.org -- a@x.org", ME, ARGS),
    "INN": ("-oi -oem a@x.org", ROOT, ARGS),
    "reportbug": ("-f me@x.org -oi -oem a@x.org", ME, ARGS),
    "mdadm, sudo, logwatch": ("-t", ROOT, T),
    "unattended-upgrades": ("-oi -t", ROOT, T),
    "systemd OnFailure": ("-i root", ROOT, [ROOT]),
    "debbugs": ("-oi -oem -oo a@x.org", ROOT, ARGS),
}
NULL_SENDERS = {
    "maildrop": ["-oi", "-f", "", A],
    "vacation": ["-oi", "-f", "<>", "--", A],
    "old vacation": ["-eq", "-f", "<>", A],
    "Dovecot": ["-i", "-f", "<>", "--", A],
}
ENDS = list(itertools.product(["\n", "\r\n"], [True, False]))
FORMS = [f"{'CRLF' if end != chr(10) else 'LF'}{'' if last else ', no end'}"
         for end, last in ENDS]


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """Nothing in it is tried: the queue alone is looked at."""

    def machine(**how):
        place = tmp_path_factory.mktemp("machine")
        place.chmod(0o755)
        return Machine(place, **how)
    return Box(machine, config="server = 127.0.0.1:1\ntimeout = 1s")


def take(box):
    """What is there, which is gone then."""
    mails = box.queue()
    for mail in mails:
        (box.spool / "queue" / mail.id).unlink()
    return mails


def text_of(end, last):
    text = HEAD + "\n.\nhello\nbye" + ("\n" if last else "")
    return text.replace("\n", end).encode()


@pytest.mark.parametrize("end, last", ENDS, ids=FORMS)
@pytest.mark.parametrize("name", CALLERS)
def test_caller(box, name, end, last):
    words, sender, rcpts = CALLERS[name]
    take(box)
    run = box.sendmail(*words.split(), stdin=text_of(end, last))
    assert (run.rc, run.out, run.err) == (0, "", ""), run
    [mail] = take(box)
    assert (mail.sender, mail.rcpts) == (sender, rcpts)
    assert mail.text[mail.head:] == b".\r\nhello\r\nbye\r\n"
    head = mail.text[:mail.head]
    assert head.count(b"Subject: hi\r\n") == 1
    assert (b"\r\nDate: " in head) == ("-G" not in words.split())


@pytest.mark.parametrize("words", NULL_SENDERS.values(),
                         ids=NULL_SENDERS.keys())
def test_null_senders(box, words):
    take(box)
    run = box.sendmail(*words, stdin=text_of("\n", True))
    assert (run.rc, run.out, run.err) == (0, "", ""), run
    [mail] = take(box)
    assert (mail.sender, mail.rcpts) == ("", [A])


def test_fail2ban(box):
    """No -i, no -t; the header comes by printf."""
    take(box)
    run = box.sendmail("-f", "Fail2Ban <me@x.org>", A,
                       stdin=text_of("\n", False))
    assert run.rc == 0, run
    [mail] = take(box)
    assert (mail.sender, mail.rcpts) == (ME, [A])
