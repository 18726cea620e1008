# SPDX-License-Identifier: ISC
"""
kill -9 at every system call of what the queue does (FAULTS 67).

A scenario says what is there before, which command is killed, and whom it is
about.  Then the queue is run until it is empty, and the judge compares.
"""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field

import world
from ledger import Sent, Verdict, excuse, judge, message

SLOW = 1                # seconds
DEADLINE = 20000        # ms, for a command that is not killed


@dataclass
class Plan:
    """One case of a scenario."""
    words: list                 # the command that is killed
    sents: list                 # all messages; accepted None: by its exit
    message: bytes = b""
    daemon: bool = False        # runs beside it
    victim_daemon: bool = False  # the daemon is what is killed
    agent: bool = False         # the service for local delivery runs, too
    victim_agent: bool = False
    after: object = None        # a function, before the queue is run
    gather: object = None       # ... and one after that; what is wrong, or ""
    extra_litter: object = list  # a function: names
    uid: int = 0
    keys: bool = False          # files in keys/ stay


@dataclass
class Count:
    """What came of many cases."""
    cases: int = 0
    lost: int = 0
    twice: int = 0
    window: int = 0
    litter: int = 0
    hangs: int = 0
    other: int = 0
    broken: int = 0     # workers of ours
    aside: int = 0      # recipients in held/, where an error may bring them
    excused: int = 0    # duplicates of a disk that failed for good
    bad: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def add(self, c):
        for name in ("cases", "lost", "twice", "window", "litter", "hangs",
                     "other", "broken", "aside", "excused"):
            setattr(self, name, getattr(self, name) + getattr(c, name))
        self.bad += c.bad
        self.notes += c.notes

    def __str__(self):
        return (f"{self.cases} cases, {self.lost} lost, {self.twice} "
                f"duplicated outside the window, {self.window} inside, "
                f"{self.litter} litter, {self.hangs} hangs, "
                f"{self.other} other faults" +
                f", {self.aside} held" * bool(self.aside) +
                f", {self.excused} twice since the disk was gone for good" *
                bool(self.excused) +
                "".join(f"; {n}" for n in self.notes))


# what is there before

def rcpts(token, *verbs):
    return [f"{verb}.{n}.{token}@{'abcdefgh'[n]}.example"
            for n, verb in enumerate(verbs)]


def put(w, token, *verbs, sender=world.SENDER):
    """A message that lies in the queue."""
    return put_to(w, token, rcpts(token, *verbs), message(token), sender=sender)


def put_to(w, token, words, text, to=None, sender=world.SENDER):
    """... for these words; to: whom they mean in the end."""
    status, out = w.sendmail("-odq", "-i", "-f", sender, *words, message=text)
    assert status == 0, f"cannot enqueue: {status} {out}"
    return Sent(token, to or words, True, sender)


def enqueue(w, token, *options, verbs=("ok", "ok"), **how):
    to = rcpts(token, *verbs)
    return Plan(w.command("sendmail", "-i", *options, "-f", world.SENDER, *to),
                [Sent(token, to, None)], message(token), **how)


# the scenarios

def enqueue_only(w, token):
    return enqueue(w, token, "-odq")


def enqueue_and_try(w, token):
    return enqueue(w, token)


def enqueue_interactive(w, token):
    return enqueue(w, token, "-odi", verbs=("ok", "fail"))


def enqueue_read(w, token):
    to = rcpts(token, "ok", "ok")
    text = message(token, f"To: {to[0]}\nBcc: {to[1]}\n")
    return Plan(w.command("sendmail", "-t", "-i", "-odq", "-f", world.SENDER),
                [Sent(token, to, None)], text)


def socket_client(w, token):
    return enqueue(w, token, daemon=True, uid=world.CALLER)


def socket_daemon(w, token):
    """Handed in by socket; once the daemon is gone, by the caller himself."""
    return enqueue(w, token, daemon=True, victim_daemon=True,
                   uid=world.CALLER)


def daemon_woken(w, token):
    """Written by root; the daemon tries it at once, and reports."""
    return enqueue(w, token, daemon=True, victim_daemon=True,
                   verbs=("ok", "defer", "fail"))


def run_of(*messages, sender=world.SENDER):
    def scenario(w, token):
        sents = [put(w, f"{token}{'xyz'[n]}", *verbs, sender=sender)
                 for n, verbs in enumerate(messages)]
        return Plan(w.command("sendmail", "-q"), sents)
    return scenario


def double_bounce(w, token):
    return run_of(("fail",), sender=f"fail.s.{token}@s.example")(w, token)


def verb(word, *more, verbs=("ok", "ok"), after=None):
    """A verb of mailq at a message that lies in the queue."""
    def scenario(w, token):
        sent = put(w, token, *verbs)
        ident = w.queued()[0]
        words = [m.format(old=sent.rcpts[0], new="ok.new." + sent.rcpts[0])
                 for m in more]
        p = Plan(w.command("mailq", word, ident, *words), [sent])
        if after:
            p.after = lambda: w.run(w.command("mailq", after, "ALL"))
        return p
    return scenario


def either(plan):
    """The old address or the new one may get it, nobody both."""
    old = plan.sents[0].rcpts[0]
    plan.sents[0].rcpts[0] = old + "|ok.new." + old
    return plan


def edit(w, token):
    return either(verb("edit-rcpt", "{old}", "{new}")(w, token))


def keyed(words, edits=False):
    """
    One with a --dedupe key: what is killed is its first try to be queued (no
    words), or something else while it is in the queue.  A script does not know,
    and tries again: it is told 0, and it is the same message.
    """
    def scenario(w, token):
        to = rcpts(token, "ok", "ok")
        again = w.command("smtpsend", "--dedupe", token, "-odq", "-i", "-f",
                          world.SENDER, *to)
        text, more = message(token), []

        def queue_it():
            status, out = w.run(again, text)
            assert status == 0, f"the same key once more: {status} {out}"
        if words:
            queue_it()
        if edits:
            more = [w.queued()[0], to[0], "ok.new." + to[0]]
        plan = Plan(w.command(*words, *more) if words else again,
                    [Sent(token, to, True)], text, keys=True, after=queue_it)
        if edits:
            either(plan)
        return plan
    return scenario


SCENARIOS = {
    "enqueue": enqueue_only,
    "enqueue-try": enqueue_and_try,
    "enqueue-wait": enqueue_interactive,
    "enqueue-t": enqueue_read,
    "deliver": run_of(("ok", "ok", "ok")),
    "one-of-three": run_of(("ok", "defer", "fail")),
    "defer": run_of(("defer", "defer")),
    "bounce": run_of(("fail", "fail")),
    "double-bounce": double_bounce,
    "three": run_of(("ok", "ok"), ("ok", "fail"), ("defer", "ok")),
    "edit": edit,
    "hold": verb("hold", after="release"),
    "remove": verb("rm"),
    "client": socket_client,
    "daemon": socket_daemon,
    "daemon-woken": daemon_woken,
    "keyed": keyed(()),
    "keyed-run": keyed(("sendmail", "-q")),
    "keyed-edit": keyed(("mailq", "edit-rcpt"), edits=True),
    "keyed-remove": keyed(("mailq", "rm", "ALL")),
}
# Of these an exit status other than 0 means that nothing is queued.
REFUSED_OR_QUEUED = ("enqueue", "enqueue-t")
# What an error, which is no kill, may leave.
FAILED_LITTER = ("held/", "mail/", "home/", "out/")
STICK = ("enqueue", "deliver", "one-of-three", "defer", "bounce", "three")
ENGINE = ("edit", "hold", "remove")


class Killer:
    """Kills in a world of its own, and counts."""

    def __init__(self, w, tool, changing=False):
        self.w, self.tool, self.changing = w, tool, changing
        self.report = w.folder / "report"
        self.extra = []         # words for the killer
        self.during = {}        # words of the environment while it runs
        self.serial = 0
        self.count = Count()

    def words(self, n, one):
        out = [str(self.tool), "-d", str(DEADLINE), "-r", str(self.report)]
        out += ["-n", str(n)] if n else []
        return out + ["-1"] * one + ["-c"] * self.changing + self.extra

    def told(self):
        """What the killer says of its last run."""
        lines = self.report.read_text().splitlines()
        self.report.unlink()
        return json.loads(lines[-1])

    def as_user(self, uid):
        return {"user": uid, "group": uid, "extra_groups": []} if uid else {}

    def kill_command(self, plan, n, one):
        prefix = ["setpriv", "--reuid", str(plan.uid), "--regid",
                  str(plan.uid), "--clear-groups"] if plan.uid else []
        env = [f"{k}={v}" for k, v in self.during.items()]
        self.w.run([*self.words(n, one), *prefix, *(["env"] * bool(env)),
                    *env, *plan.words], plan.message)
        told = self.told()
        return told, told["exit"]

    def kill_running(self, plan, n, one, victim):
        with subprocess.Popen([*self.words(n, one), "-p",
                               str(victim.process.pid)],
                              stdout=subprocess.PIPE) as k:
            k.stdout.readline()
            status, _ = self.w.run(plan.words, plan.message,
                                   **self.as_user(plan.uid))
            world.wait_for(lambda: k.poll() is not None or
                           plan.victim_agent or self.is_settled(plan), 8)
            victim.end()
            k.wait()
        return self.told(), status

    def is_settled(self, plan):
        """The daemon, not killed, has done what it was asked."""
        return not self.w.queued() or (
            len(self.w.ledger.accepts) + len(self.w.ledger.refused) >=
            sum(len(s.rcpts) for s in plan.sents))

    def play(self, plan, n, one):
        """With all that runs beside it; what runs still has ended then."""
        agent = self.begin(world.Agent, plan.agent)
        daemon = self.begin(world.Daemon, plan.daemon)
        victim = daemon if plan.victim_daemon else \
            agent if plan.victim_agent else None
        told, status = self.kill_running(plan, n, one, victim) if victim \
            else self.kill_command(plan, n, one)
        for other in (daemon, agent):
            if other and other is not victim:
                other.end()
        return told, status

    def begin(self, what, wanted):
        if not wanted:
            return None
        for _ in range(5):      # a child of the dead one closes its socket
            running = what(self.w)
            if running.ready:
                return running
            time.sleep(.1)
        raise AssertionError(f"{what} does not listen: {running.said()}")

    def quiet(self, plan):
        """The queue is run until it is empty; who died runs again."""
        agent = self.begin(world.Agent, plan.agent)
        trouble = self.w.quiet()
        if agent:
            agent.end()
        return trouble

    def case(self, name, n, one=False, what=""):
        """One kill; False when it ended before call n."""
        w, start = self.w, time.monotonic()
        w.fresh()
        self.serial += 1
        token = f"t{os.getpid()}n{self.serial}"
        plan = SCENARIOS[name](w, token)
        told, status = self.play(plan, n, one)
        for s in plan.sents:
            if s.accepted is None:
                s.accepted = status == 0
        if plan.after:
            plan.after()
        later = self.quiet(plan)
        if plan.gather:
            later = plan.gather(told) or later
        trouble = crash(told) or later
        told["call"] = what or told["call"]
        self.book(name, n, one, told, self.judged(name, plan, told), trouble,
                  w.litter(plan.keys) + plan.extra_litter())
        self.slow(f"{name} {' '.join(self.extra)} --at {n}{' --one' if one else ''} "
                  f"({told['call'] or told['nr']})", start)
        return told["killed"]

    def slow(self, what, start):
        """What lasted long is worth a look, though it is no fault."""
        lasted = time.monotonic() - start
        if lasted > SLOW and os.environ.get("SHOW_SLOW"):
            print(f"  slow: {what}: {lasted:.1f} s", flush=True)

    def judged(self, name, plan, told):
        if name == "remove":    # gone, or not; nothing is promised
            plan.sents[0].accepted = False
        if name == "keyed-remove":      # ... nor of the others, of one with a key
            [sent] = plan.sents
            plan.sents = [Sent(sent.token, [r], False) for r in sent.rcpts]
        if name in ("edit", "keyed-edit"):
            choose_edited(self.w.ledger, plan.sents[0])
        v = judge(self.w.ledger, plan.sents, self.aside(plan.sents))
        for_good = "-s" in self.extra
        if for_good and v.twice:
            excuse(self.w.ledger, v)
        # named, the folder not synced, and then the name not to be taken back
        named = for_good and told["call"] == "fsync"
        if self.extra and name in REFUSED_OR_QUEUED and not named:
            took = {a.rcpt for a in self.w.ledger.accepts}
            v.other += [f"{r}: refused, and sent" for s in plan.sents
                        for r in s.rcpts if not s.accepted and r in took]
        return v

    def aside(self, sents):
        """Whom an error has brought into held/, which is no loss."""
        if not self.extra and not self.during:
            return set()
        texts = [(self.w.spool / "held" / n).read_bytes()
                 for n in self.w.names("held")]
        found = {r for s in sents for r in s.rcpts
                 if any(r.encode() in t for t in texts)}
        self.count.aside += len(found)
        return found

    def book(self, name, n, one, told, v, trouble, litter):
        c = self.count
        c.cases += 1
        if self.extra or self.during:   # what could not be taken away
            litter = [x for x in litter if not x.startswith(FAILED_LITTER)]
        c.lost += len(v.lost)
        c.twice += len(v.twice)
        c.window += v.window
        c.excused += v.excused
        c.litter += bool(litter)
        c.hangs += told["hung"] or trouble.startswith("hung")
        c.other += len(v.other) + bool(trouble)
        if v.good and not trouble and not litter and not told["hung"]:
            return
        c.bad.append(f"{name} --at {n}{' --one' if one else ''} "
                     f"{' '.join(self.extra)} "
                     f"({told['call'] or told['nr']}): {v} {trouble} "
                     f"{'litter: ' + ' '.join(litter) if litter else ''}"
                     f"{' hung' if told['hung'] else ''}")
        if os.environ.get("SHOW_SLOW"):
            print("  bad:", c.bad[-1], flush=True)


def crash(told):
    """Nobody but the killer ends it by a signal."""
    if told["signal"] in (0, signal.SIGKILL):
        return ""
    return f"died of signal {told['signal']}"


def choose_edited(ledger, sent):
    """Which of the two addresses counts: the one that got it."""
    old, new = sent.rcpts[0].split("|")
    took = {a.rcpt for a in ledger.accepts}
    sent.rcpts[0] = new if new in took else old


def sweep(killer, name, start, step, one, limit=100000):
    """Kill at calls start, start + step, ... until there is none left."""
    missed = 0
    for n in range(start, limit, step):
        missed = 0 if killer.case(name, n, one) else missed + 1
        if missed == 2:
            return
