# SPDX-License-Identifier: ISC
"""
kill -9 while mail goes to mailboxes, commands and files of this machine, and
through aliases (FAULTS 81-83).

Each scenario is played with another victim: the run of the queue, with an agent
of its own or beside the service; the service, an agent that is started again
afterwards, as systemd would; the daemon.  What lies in mailboxes then goes into
the ledger, so that one judge has all: in a mailbox a second copy is a fault,
whenever the kill came; a command is run again when the kill came before its end
was recorded, and not after that.  Who feeds it being dead, it cannot tell that
from the end of the text: what it has then does not count.
"""

import os
import re
import shutil

import world
from kills import Plan, put_to, rcpts
from ledger import Accept, Sent, is_whole, message, reports_about, told_of
from slots import slots

HOST = "box.example"
SIZE = 40000            # of a text: a few writes
FROM = "From here\n>From there\n"
CONFIG = """\
resolver = 127.0.0.1:{port}
allow-loopback-mx = yes
[local]
mailbox = @mailbox@
[queue]
path = {spool}
run = {run}
postmaster = ok.postmaster@pm.example
reserve = 1M
"""


class Boxes:
    """The mailboxes of a case."""

    def __init__(self, w, token, kind="mbox"):
        self.w, self.token = w, token
        self.mail = w.folder / "mail"
        self.out = w.folder / "out"
        self.program = w.folder / "collect"
        self.serial = 0
        self.clear()
        w.configure(CONFIG.replace("@mailbox@", {
            "mbox": f"mbox:{self.mail}", "maildir": "maildir:~/Maildir",
            "lmtp": f"lmtp:unix:{w.folder}/lmtp"}[kind]))

    def clear(self):
        self.w.empty(self.mail)
        shutil.chown(self.mail, 0, world.MAIL)
        self.mail.chmod(0o2775)
        self.w.empty(self.out)
        self.out.chmod(0o777)
        for name, uid in world.USERS.items():
            home = self.w.folder / "home" / name
            home.mkdir(parents=True, exist_ok=True)
            self.w.empty(home)
            os.chown(home, uid, uid)
        if not self.program.exists():
            shutil.copy(world.TOOLS / "collect", self.program)

    def name(self, user, more=""):
        """An address of that user which tells the message, as accept()."""
        return f"{user}+{self.token}{more}@{HOST}"

    def alias(self, name, *targets):
        """name.TOKEN@HOST, which leads there."""
        with open("/etc/aliases", "a", encoding="ascii") as f:
            f.write(f"{name}.{self.token}: {', '.join(targets)}\n")
        return f"{name}.{self.token}@{HOST}"

    def collect(self, status=""):
        return f'"|{self.program} {self.out}/pipe {status}"'

    def read(self):
        """All that is new in a Maildir is no longer."""
        for path in (self.w.folder / "home").glob("*/Maildir/new/*"):
            path.rename(path.parents[1] / "cur" / (path.name + ":2,S"))

    # what there is

    def texts(self):
        """(octets of a message with LF, is it a command's), all."""
        for path in [*self.mail.iterdir(), self.out / "file"]:
            if path.is_file() and ".lock" not in path.name:
                yield from ((t, False) for t in mbox(path.read_bytes()))
        for name in world.USERS:
            box = self.w.folder / "home" / name / "Maildir"
            for path in [*box.glob("new/*"), *box.glob("cur/*")]:
                yield path.read_bytes(), False
        yield from ((t, True) for t in self.collected())

    def collected(self):
        for path in self.out.glob("pipe.*.whole"):
            yield path.read_bytes()

    def gather(self, feeder_died):
        """All of it into the ledger."""
        for text, is_commands in self.texts():
            self.serial += 1
            got = accept(text, is_commands, -self.serial)
            if got.whole or not (is_commands and feeder_died):
                self.w.ledger.accepts.append(got)

    def litter(self):
        left = [p for p in self.mail.iterdir() if ".lock" in p.name]
        left += [p for p in self.out.iterdir() if ".lock" in p.name]
        left += (self.w.folder / "home").glob("*/Maildir/tmp/*")
        return [str(p.relative_to(self.w.folder)) for p in left]


def mbox(data):
    """The messages of a mailbox, as they were before they were quoted."""
    parts = re.split(rb"(?:\A|(?<=\n\n))From [^\n]*\n", data)
    if parts[0]:
        yield parts[0]      # nothing may stand before the first
    for part in parts[1:]:
        text = part[:-1] if part.endswith(b"\n\n") else b""
        yield re.sub(rb"^>(>*From )", rb"\1", text, flags=re.M)


def accept(text, is_commands, conn):
    head = text.partition(b"\n\n")[0]
    to = re.search(rb"^Delivered-To: (\S+)", head, re.M)
    rcpt = told_of(to[1], head) if to else "(damaged)"
    report = b"Return-Path: <>" in head.split(b"\n")
    text = text.replace(b"\n", b"\r\n")
    return Accept(rcpt, report, reports_about(text),
                  report or is_whole(text), conn, followed=not is_commands)


# ---- what goes where ----

def text_of(token):
    return message(token, size=SIZE, first=FROM)


def to_user(w, boxes, token):
    """Two mails, so that there is something before and after each."""
    return [put_to(w, token, [boxes.name("bob")], text_of(token)),
            put_to(w, token + "x", [boxes.name("carol", "x"),
                                    boxes.name("bob", "x")],
                   message(token + "x"))]


def to_target(target):
    def put(w, boxes, token):
        where = boxes.alias("one", target(boxes))
        return [put_to(w, token, [where], text_of(token))]
    return put


def to_many(w, boxes, token):
    """One part fails: the others have theirs, and the owner a report."""
    to = many(boxes, token)
    return [put_to(w, token, ["list." + token + "@" + HOST], text_of(token),
                   to)]


def many(boxes, token):
    """Whom the list has in the end."""
    remote = rcpts(token, "ok", "fail")
    users = [boxes.name("bob"), boxes.name("carol")]
    where = boxes.alias("list", *users, *remote, boxes.collect())
    boxes.alias("owner-list", boxes.name("carol", "own"))
    return [*users, *remote, where]


def bounce(w, boxes, token):
    """A report goes to a mailbox of here."""
    return [put_to(w, token, rcpts(token, "fail"), text_of(token),
                   sender=boxes.name("bob"))]


KINDS = {   # how mail gets there, in mailboxes of which kind
    "mbox": (to_user, "mbox"),
    "maildir": (to_user, "maildir"),
    "file": (to_target(lambda b: f"{b.out}/file"), "mbox"),
    "pipe": (to_target(lambda b: b.collect()), "mbox"),
    "pipe-fail": (to_target(lambda b: b.collect(67)), "mbox"),
    "many": (to_many, "mbox"),
    "report": (bounce, "mbox"),
}


# ---- who is killed ----

def watch(boxes, plan):
    """
    Before the queue is run again: is the command, which comes last of the
    recipients, recorded as done by then?
    """
    w = boxes.w
    boxes.done = None

    def before():
        files = [w.spool / "queue" / n for n in w.queued()]
        waits = any(slots(f)[-1] not in "DB" for f in files)
        boxes.done = None if waits else len(list(boxes.collected()))
        boxes.read()

    def after(told):
        is_safe = plan.agent and not plan.victim_agent
        boxes.gather(told["killed"] and not is_safe)
        now = len(list(boxes.collected()))
        return "a command was run again that was recorded" \
            if boxes.done not in (None, now) else ""
    plan.after, plan.gather, plan.extra_litter = before, after, boxes.litter
    return plan


def run_with(kind, **how):
    """sendmail -q, after such mail was put into the queue."""
    put, form = KINDS[kind]

    def scenario(w, token):
        boxes = Boxes(w, token, form)
        sents = put(w, boxes, token)
        return watch(boxes, Plan(w.command("sendmail", "-q"), sents, **how))
    return scenario


def overtaken(w, token):
    """
    Before it is tried again, another mail comes into the same mailbox: half of
    the first, which is there, does not stay before it.
    """
    boxes = Boxes(w, token)
    first = put_to(w, token, [boxes.name("bob")],
                   message(token, size=5 * SIZE, first=FROM))
    plan = watch(boxes, Plan(w.command("sendmail", "-q"), [first], agent=True,
                             victim_agent=True))

    def before():
        w.run(w.command("mailq", "hold", "ALL"))
        plan.sents.append(put_to(w, token + "x", [boxes.name("bob", "x")],
                                 message(token + "x")))
        w.sendmail("-q")
        w.run(w.command("mailq", "release", "ALL"))
    plan.after = before
    return plan


def enqueue(*options, daemon=False):
    """The mail is expanded; what it is told decides of all."""
    def scenario(w, token):
        boxes = Boxes(w, token)
        to = many(boxes, token)
        words = w.command("sendmail", "-i", *options, "-f", world.SENDER,
                          f"list.{token}@{HOST}")
        return watch(boxes, Plan(
            words, [Sent(token, to, None)], text_of(token),
            daemon=daemon, victim_daemon=daemon, agent=daemon,
            uid=world.CALLER * daemon))
    return scenario


SCENARIOS = {
    "overtaken": overtaken,
    "alias": enqueue("-odq"),
    "alias-try": enqueue(),
    "alias-daemon": enqueue(daemon=True),
}
for kind_ in KINDS:
    SCENARIOS[kind_] = run_with(kind_, agent=True)
    SCENARIOS[kind_ + "-own"] = run_with(kind_)
    SCENARIOS[kind_ + "-agent"] = run_with(kind_, agent=True,
                                           victim_agent=True)
SHORT = ("mbox-agent", "maildir-own", "pipe-agent", "many", "alias-try")
