# SPDX-License-Identifier: ISC
"""Callers that run by themselves: cron and its like, and what watches a machine."""

from rows import BODY, row

HELLO = b"hello\r\n.\r\nbye\r\n"
JOB = "echo hello; echo .; echo bye; touch /tmp/done"
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
    rcpts=["alice@far.test"], subject=r"Cron <alice@box> echo hello;.*",
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
    f"cd ~alice; runuser -u alice -- at now 2>/dev/null <<'END'\n{JOB}\nEND\n"
    f"atd -f -b 1 &\n{DONE}sleep 1; kill $!; wait", user="root", packages=["at"],
    rcpts=["alice@far.test"], subject=r"Output from your job +\d+", body=HELLO)

row("anacron", "anacron -f -n -d -t tab 2>/dev/null", **BY_ROOT,
    packages=["anacron"],
    files={"/root/tab": f"SHELL=/bin/sh\n1 0 job {JOB}\n"},
    subject=r"Anacron job 'job' on box.*", body=HELLO)

row("BusyBox crond's own", f"busybox crond -f -c /tmp/tabs >/dev/null 2>&1 &\n{DONE}"
    "while [ -e /var/spool/cron/cron.alice.* ]; do sleep 0.1; done; sleep 1\n"
    "kill $!; wait", user="root", packages=["busybox-static"],
    files={"/tmp/tabs/alice": (f"MAILTO=alice\n* * * * * {JOB}\n",
                             0o600, 0)}, rcpts=["alice@far.test"],
    subject=r"cron: echo hello;.*", body=HELLO)

# its own mailer: what it does when somebody may not do something
row("sudo", "sudo -n true; sleep 1", packages=["sudo"], files={
    "/etc/sudoers.d/x": ("Defaults mail_always\nalice ALL = NOPASSWD: ALL\n",
                         0o440, 0)}, stdin="",
    rcpts=["admin@far.test"] * 2, mails=2, body=None,
    subject=r"\*\*\* SECURITY information for box(\.example\.net)? \*\*\*")

UPGRADES = """\
from importlib.machinery import SourceFileLoader
m = SourceFileLoader("uu", "/usr/bin/unattended-upgrade").load_module()
assert m._send_mail_using_sendmail(
    "root", "bob@far.test", "hi", "hello\\n.\\nFrom here\\nbye\\n") == 0
"""
row("unattended-upgrades", "python3 -W ignore x.py", user="root",
    packages=["unattended-upgrades"], files={"/root/x.py": UPGRADES},
    sender="root@box.example.net", body=None)

CHANGES = """\
import sys
sys.path.insert(0, "/usr/share/apt-listchanges")
import apt_listchanges, ALCConfig
c = ALCConfig.ALCConfig()
c.email_address, c.email_format = "bob@far.test", "text"
apt_listchanges.mail_changes(c, "hello\\n.\\nFrom here\\nbye\\n", "hi")
"""
row("apt-listchanges", "python3 -W ignore x.py", user="root",
    packages=["apt-listchanges"], files={"/root/x.py": CHANGES},
    shows=(0, r"\Aapt-listchanges: Mailing bob@far.test: hi\n\Z"),
    sender="root@box.example.net")

row("logwatch", "mkdir -p /var/cache/logwatch; logwatch --output mail "
    "--mailto bob@far.test --range all --service sudo",
    files={"/var/log/auth.log": "Nov 22 09:00:00 box sudo:    alice : "
           "TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/true\n"},
    user="root", packages=["logwatch"], sender="root@box.example.net",
    subject=r"Logwatch for box.*", body=None)

row("logcheck", "echo \"$(LC_ALL=C date '+%b %e %T') box x: hello\" >log\n"
    "chown -R logcheck . ; chmod 711 .\n"
    "setpriv --reuid logcheck --regid logcheck --init-groups bash "
    "/usr/sbin/logcheck -m bob@far.test -l ~/log", user="root",
    packages=["logcheck"], sender="logcheck@box.example.net", body=None,
    before="install -d -o logcheck /run/lock/logcheck /run/logcheck",
    subject=r"box.*System Events")

row("smartd", "SMARTD_MAILER=mail SMARTD_ADDRESS=bob@far.test SMARTD_MESSAGE=hello "
    "SMARTD_FAILTYPE=EmailTest SMARTD_DEVICE=/dev/sda SMARTD_DEVICESTRING=sda "
    "SMARTD_DEVICETYPE=auto SMARTD_DEVICEINFO=x SMARTD_TFIRST=now SMARTD_TFIRSTEPOCH=1 "
    "/usr/share/smartmontools/smartd_warning.sh", user="root",
    packages=["smartmontools", "bsd-mailx"], sender="root@box.example.net",
    subject=r"SMART error \(EmailTest\) detected on host: box.*", body=None)

row("tripwire", "sed -i '/^MAIL/d;s,^SMTP.*,,' twcfg.txt\n"
    "printf 'MAILMETHOD = SENDMAIL\\nMAILPROGRAM = /usr/sbin/sendmail -oi -t\\n' "
    ">>twcfg.txt\n"
    "twadmin --create-cfgfile --no-encryption --cfgfile tw.cfg twcfg.txt >/dev/null\n"
    "tripwire --test --email bob@far.test --cfgfile tw.cfg", user="root",
    before="cp /etc/tripwire/twcfg.txt /root/", packages=["tripwire"],
    sender="root@box.example.net", subject=r"Test email message from Tripwire",
    body=None, shows=(0, "Sending a test message to: bob@far.test"))

JAIL = """\
[x]
enabled = true
backend = polling
logpath = /tmp/log
filter = x
maxretry = 1
banaction = true
action = sendmail[name=x, dest=bob@far.test, sender=ban@example.org, norestored=0]
"""
row("fail2ban", "touch /tmp/log; fail2ban-server -x -b start >/dev/null\n"
    "until fail2ban-client status x >/dev/null 2>&1; do sleep 0.1; done\n"
    "fail2ban-client set x banip 192.0.2.1 >/dev/null; sleep 2\n"
    "kill -9 $(cat /run/fail2ban/fail2ban.pid)",
    user="root", packages=["fail2ban"], files={
        "/etc/fail2ban/jail.d/defaults-debian.conf": JAIL,
        "/etc/fail2ban/filter.d/x.conf": "[Definition]\nfailregex = <HOST>\n"},
    before="mkdir -p /run/fail2ban /var/lib/fail2ban",
    sender="ban@example.org", mails=2, rcpts=["bob@far.test"] * 2,
    subject=r"\[Fail2Ban\] x: (started on|banned 192.0.2.1 from) box.*",
    body=None, shows=(0, ""))

# Laid over, without its own users; the crontabs are read by one that is there.
row("bcron", f"BCRON_USER=daemon bcron-start >/dev/null 2>&1 &\n{DONE}"
    "sleep 1; kill $!; wait",
    user="root", packages=["libbg2", "ucspi-unix"], over=["bcron"],
    before=f"{ONLY_THIS}; mkdir -p /etc/bcron; rm -rf /var/spool/cron\n"
    "install -d -o daemon -g daemon /var/spool/cron/crontabs\n"
    f"echo '* * * * * {JOB}' >{CRONTAB}; chown daemon {CRONTAB}\n",
    rcpts=["alice@far.test"], subject=r"Cron <alice@box[^>]*> echo hello;.*",
    body=HELLO)

# systemd is not here; what it knows of the job is.
SYSTEMCTL = """\
#!/bin/sh
case "$*" in
"show cron-x.service --property=User") echo User=alice ;;
"show cron-x.service --property=Environment") echo Environment=A=1 ;;
"status cron-x.service") printf 'hello\\n.\\nbye\\n'; exit 3 ;;
*) exit 99 ;;
esac
"""
row("systemd-cron", "/lib/systemd-cron/mail_on_failure cron-x.service",
    user="root", packages=["python3"], over=["systemd-cron"],
    files={"/usr/local/bin/systemctl": (SYSTEMCTL, 0o755)},
    before="ln -sf /usr/local/bin/systemctl /usr/bin/systemctl",
    sender="root@box.example.net", rcpts=["alice@far.test"],
    subject=r"\[box.example.net\] job cron-x.service failed", body=HELLO,
    head=[r"^From: root@box.example.net \(systemd-cron\)\r$"])

row("mdadm", "mdadm --monitor --oneshot --test --mail root /dev/md0",
    **BY_ROOT, packages=["mdadm"], body=None,
    subject="TestMessage event on /dev/md0:box.*")

# something that can be upgraded
UPGRADABLE = """
mkdir -p /srv/repo; sed -i 's/^Version: .*/Version: 2/' /srv/none/DEBIAN/control
dpkg-deb -b /srv/none /srv/repo/no-mta.deb >/dev/null
cd /srv/repo
{ cat /srv/none/DEBIAN/control
  echo "Filename: ./no-mta.deb"; echo "Size: $(stat -c %s no-mta.deb)"
  echo "SHA256: $(sha256sum <no-mta.deb | cut -d ' ' -f 1)"
} >Packages
rm -rf /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/srv/repo ./' >/etc/apt/sources.list
"""
row("apticron", "apticron", user="root", before=UPGRADABLE,
    packages=["apticron", "no-mta"],
    files={"/etc/apticron/apticron.conf": "EMAIL=bob@far.test\n"},
    sender="root@box.example.net", body=None,
    subject=r"1 Debian package update\(s\) for box.*")

row("check_mailq", "sendmail -odq -i bob@far.test\n"
    "/usr/lib/nagios/plugins/check_mailq -M postfix -w 1 -c 5; sendmail -q",
    packages=["monitoring-plugins-basic"], over=["monitoring-plugins-standard"],
    stdin=f"Subject: hi\n\n{BODY}", user="root", sender="root@box.example.net",
    shows=(0, r"\AWARNING: postfix mailq is 1 \(threshold w = 1\)\|unsent=1;1;5;0"
           r"\n\Z"))
