# SPDX-License-Identifier: ISC
"""
What fails beneath the queue: the disk, every call, every allocation, the clock,
descriptors, signals (FAULTS 60-66, 71, 72, 74-76, 78).

Each function plays cases in a Killer's world and books them in its count.
"""

import itertools
import os
import random
import signal
import struct
import subprocess
import threading
import time
from pathlib import Path

import kills
import world
from kills import rcpts
from ledger import Sent, judge, message
from power import call

ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EFBIG", "EROFS", "EMFILE", "EINTR",
          "ENOMEM", "EAGAIN", "ENOLCK")
LASTING = ("ENOSPC", "EDQUOT", "EROFS")
CALLS = ("enqueue", "enqueue-try", "enqueue-t", "one-of-three", "bounce",
         "double-bounce", "three", "edit", "hold", "keyed", "keyed-run",
         "keyed-edit")
MAILBOXES = ("mbox-agent", "file-agent", "maildir-agent")


class Faults(kills.Killer):
    """A Killer whose cases are told what went wrong instead of a kill."""

    def token(self):
        self.serial += 1
        return f"f{os.getpid()}n{self.serial}"

    def finish(self, what, sents, trouble=""):
        """Mend all, run on, judge, book."""
        later = self.w.quiet()
        trouble = trouble or later
        v = judge(self.w.ledger, sents)
        told = {"hung": False, "call": what, "nr": 0}
        self.book(what, 0, False, told, v, trouble, self.w.litter())

    def start(self, *args, **how):
        return subprocess.Popen(self.w.command("sendmail", *args),
                                env=self.w.env, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, **how)


# every call, with every error

def errors(f, names, step, start=1, of=1, wanted=ERRORS):
    """Call N fails, for all N, each error; a disk's from N on too."""
    for name, error, stays in itertools.product(names, wanted, (0, 1)):
        if stays and error not in LASTING:
            continue
        f.extra = ["-e", error] + ["-s"] * stays
        kills.sweep(f, name, start, step * of, False)
    f.extra = []


OFTEN = 2           # so many of all allocations on one way through the program


def mailbox_errors(f, step, start, of):
    """The same of the agent: a mailbox has a message whole, or nothing of it."""
    errors(f, MAILBOXES, step, start, of, LASTING)


def allocations(f, names, step, start, of):
    """
    Allocation N fails, for all N: of those that the same functions ask for, one
    below another, the first few and the last.
    """
    mark = f.w.folder / "failed"
    skipped = 0
    for name in names:
        wanted, known = chosen(f, name, mark)
        skipped += known - len(wanted)
        # more than were seen: a run that takes another way has more
        for n in wanted[start - 1::step * of] + list(
                range(known + start, 100000, step * of)):
            if not allocation(f, name, n, mark) and n > known:
                break
    f.during = {}
    if skipped and start == 1:
        f.count.notes.append(f"{skipped} allocations by a way already played "
                             f"{OFTEN} times left out")


def allocation(f, name, n, mark):
    """Allocation n fails, 0: none; what was written of that."""
    mark.write_bytes(b"")
    mark.chmod(0o666)       # whoever it has become by then
    f.during = {"LD_PRELOAD": str(Path(f.tool).parent / "preload_malloc"),
                "FAIL_ALLOC": str(n), "FAIL_MARK": str(mark)}
    f.case(name, 0, what=f"allocation {n}")
    return mark.read_text()


def chosen(f, name, mark):
    """(Those allocations of a scenario that are played, how many there are.)"""
    ways = {}
    for line in allocation(f, name, 0, mark).splitlines():
        n, way = line.split()
        ways.setdefault(way, []).append(int(n))
    every = [n for one in ways.values() for n in one]
    picked = {n for one in ways.values() for n in (*one[:OFTEN], one[-1])}
    return sorted(picked), max(every, default=0)


# signals

STORM = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1,
         signal.SIGALRM, signal.SIGCHLD, signal.SIGWINCH, signal.SIGSTOP,
         signal.SIGCONT]
GENTLE = [signal.SIGCHLD, signal.SIGWINCH, signal.SIGSTOP, signal.SIGCONT,
          signal.SIGPIPE]


def storm(p, which, r, seconds=2):
    """Signals every 50 us while it lives."""
    limit = time.monotonic() + seconds
    while p.poll() is None and time.monotonic() < limit:
        p.send_signal(r.choice(which))
        time.sleep(50e-6)
    p.send_signal(signal.SIGCONT)
    try:
        p.wait(30)
        return ""
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
        return "hung after a storm of signals"


def storms(f, n, seed):
    """Of enqueue and of a run, by turns; what is bearable and what ends it."""
    r = random.Random(seed)
    for i in range(n):
        f.w.fresh()
        token = f.token()
        which = STORM if i % 4 < 2 else GENTLE
        if i % 2:
            sents = [kills.put(f.w, token, "ok", "fail", "defer")]
            p = f.start("-q")
        else:
            to = rcpts(token, "ok", "ok")
            sents = [Sent(token, to, False)]
            p = f.start("-odq", "-i", "-f", world.SENDER, *to,
                        stdin=subprocess.PIPE)
            feed(p, message(token, size=100000))
        time.sleep(r.uniform(0, .004))
        trouble = storm(p, which, r)
        if not i % 2:
            sents[0].accepted = p.returncode == 0
        f.finish("storm of signals", sents, trouble)


def feed(p, text):
    """Its input, from a thread: it may be stopped or gone."""
    def run():
        try:
            p.stdin.write(text)
            p.stdin.close()
        except OSError:
            pass
    threading.Thread(target=run, daemon=True).start()


def interrupted(f):
    """A signal while the message is being read: nothing is queued."""
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM,
                signal.SIGUSR1):
        f.w.fresh()
        p = f.start("-i", "-odq", "-f", world.SENDER, "ok.1@a.example",
                    stdin=subprocess.PIPE)
        p.stdin.write(b"Subject: x\n\nhalf of it")
        p.stdin.flush()
        time.sleep(.1)
        p.send_signal(sig)
        try:
            p.wait(10)
            trouble = "exit 0 after a signal" if p.returncode == 0 else ""
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            trouble = f"{sig.name} does not end a caller that reads"
        if f.w.queued():
            trouble = f"{sig.name} while reading: queued"
        p.stdin = None
        f.finish(f"{sig.name} while it reads", [], trouble)


# the clock

HOUR, YEAR = 3600, 366 * 86400
JUMPS = {"+1 h": HOUR, "+10 y": 10 * YEAR, "-1 y": -YEAR, "1970": None,
         "2039": None}


def jump_of(name):
    if name == "1970":
        return 86400 - int(time.time())
    if name == "2039":
        return 2177452800 - int(time.time())
    return JUMPS[name]


class Clock:
    """The wall clock of all that is started with it."""

    def __init__(self, f):
        self.path = f.w.folder / "clock"
        self.set(0)
        self.path.chmod(0o644)
        f.w.env["CLOCK_FILE"] = str(self.path)
        f.w.env["LD_PRELOAD"] = str(Path(f.tool).parent / "preload_clock")
        self.env = f.w.env

    def set(self, by):
        if not self.path.exists():
            self.path.write_bytes(bytes(8))
        with open(self.path, "r+b") as out:
            out.write(struct.pack("<q", by))

    def close(self):
        del self.env["CLOCK_FILE"], self.env["LD_PRELOAD"]


def clock_jumps(f):
    """Between enqueue and two runs, every pair of jumps: no bounce."""
    clock = Clock(f)
    for first, second in itertools.product([None, *JUMPS], repeat=2):
        f.w.fresh()
        token = f.token()
        clock.set(jump_of(first) if first else 0)
        sent = kills.put(f.w, token, "defer", "ok")
        f.w.sendmail("-q")
        clock.set(jump_of(second) if second else 0)
        f.w.sendmail("-q")
        clock.set(0)
        f.w.sendmail("-q")
        bounced = [a for a in f.w.ledger.accepts if a.report]
        what = f"clock: {first or 'right'}, then {second or 'right'}"
        f.finish(what, [sent], "bounced or warned" if bounced else "")
    clock.close()


def clock_daemon(f):
    """A daemon sees it jump: it neither spins nor sleeps for ever."""
    clock = Clock(f)
    for name in JUMPS:
        f.w.fresh()
        token = f.token()
        sent = kills.put(f.w, token, "defer", "ok")
        daemon = world.Daemon(f.w, "-q1s")
        world.wait_for(lambda: f.w.ledger.accepts, 10)
        clock.set(jump_of(name))
        before = cpu(daemon.process.pid)
        time.sleep(1)
        used = cpu(daemon.process.pid) - before
        f.w.ledger.mended = True
        daemon.process.send_signal(signal.SIGUSR1)
        done = world.wait_for(lambda: not f.w.queued(), 10)
        ended = daemon.end()
        clock.set(0)
        trouble = f"used {used} s of processor in one" if used > .2 else \
            "not delivered after a jump" if not done else \
            "" if ended else "SIGTERM did not end it"
        f.finish(f"daemon, clock jumps: {name}", [sent], trouble)
    clock.close()


def cpu(pid):
    """Seconds of processor time."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0


# descriptors, limits

def closed(f):
    """All combinations of 0, 1 and 2 closed."""
    for which in itertools.product((0, 1), repeat=3):
        shut = "".join(f" {fd}{'<' if fd == 0 else '>'}&-"
                       for fd in range(3) if which[fd])
        for name in ("enqueue", "enqueue-t", "one-of-three"):
            f.w.fresh()
            token = f.token()
            plan = kills.SCENARIOS[name](f.w, token)
            status, _ = f.w.run(["sh", "-c", 'exec "$@"' + shut, "sh",
                                 *plan.words], plan.message)
            for s in plan.sents:
                if s.accepted is None:
                    s.accepted = status == 0
            trouble = "accepted without stdin" if name == "enqueue" and \
                which[0] and status == 0 else \
                "hung" if status is None else ""
            f.finish(f"{name} with{shut or ' all'}", plan.sents, trouble)


LIMITS = [["--fsize=1024"], ["--fsize=0"], ["--fsize=65536"],
          ["--nofile=3"], ["--nofile=5"], ["--nofile=8"], ["--nofile=12"],
          ["--nofile=20"], ["--nproc=1"], ["--as=33554432"]]


def limits(f, names=("enqueue", "one-of-three", "bounce", "three")):
    """rlimits that are too small."""
    for limit, name in itertools.product(LIMITS, names):
        f.w.fresh()
        plan = kills.SCENARIOS[name](f.w, f.token())
        status, out = f.w.run(["prlimit", *limit, *plan.words], plan.message)
        for s in plan.sents:
            if s.accepted is None:
                s.accepted = status == 0
        f.finish(f"{name} with {limit[0]}", plan.sents,
                 "hung" if status is None else "")


# two runners

def stopped(f):
    """One is stopped with the lock, in the final-dot window: the other skips."""
    for verbs in (("ok",), ("ok", "ok", "ok"), ("ok", "fail")):
        f.w.fresh()
        sent = kills.put(f.w, f.token(), *verbs)
        f.w.server.pause = .3
        p = f.start("-q")
        world.wait_for(lambda: f.w.ledger.accepts, 10)
        p.send_signal(signal.SIGSTOP)
        f.w.server.pause = 0
        status, _ = f.w.sendmail("-q", timeout=20)
        took = [a.rcpt for a in f.w.ledger.accepts]
        trouble = "the other hung" if status is None else \
            "the other sent it too" if len(set(took)) != len(took) \
            else ""
        p.send_signal(signal.SIGCONT)
        try:
            p.wait(20)
        except subprocess.TimeoutExpired:
            p.kill()
            trouble = trouble or "hung after SIGCONT"
        f.finish(f"two runners, one stopped, {' '.join(verbs)}", [sent],
                 trouble)


def several(f, n=300, runners=3):
    """So many runners over so many messages: each is delivered once."""
    f.w.fresh()
    sents = [kills.put(f.w, f.token(), "ok") for _ in range(n)]
    running = [f.start("-q") for _ in range(runners)]
    for p in running:
        p.wait(120)
    left = len(f.w.queued())
    many = len(f.w.ledger.accepts) - n
    f.finish(f"{runners} runners, {n} messages", sents,
             f"{left} left, {many} too many" if left or many else "")


# a disk that is full

class Small:
    """A small ext4 under the spool, and a file that fills it."""

    def __init__(self, f, *options):
        self.w = f.w
        self.where = f.w.folder / "small"
        self.where.mkdir(exist_ok=True)
        image = f.w.folder / "small.img"
        image.unlink(missing_ok=True)
        call("truncate", "-s", "16M", image)
        call("mkfs.ext4", "-q", "-F", "-m", "0", "-J", "size=4", *options,
             image)
        call("mount", "-o", "loop", image, self.where)
        self.old = f.w.spool
        (self.where / "spool").mkdir()
        f.w.move_spool(self.where / "spool")
        self.fillers = self.where / "fill"
        self.fillers.mkdir()

    def fill_blocks(self, leave):
        path = self.fillers / "blocks"
        with open(path, "wb", buffering=0) as out:
            for size in (1 << 20, 1 << 16, 1 << 12, 1 << 10):
                try:
                    while True:
                        out.write(b"\0" * size)
                except OSError:
                    pass
            os.fsync(out.fileno())
            out.truncate(max(0, out.tell() - leave * 4096))
            os.fsync(out.fileno())

    def fill_inodes(self, leave):
        n = 0
        try:
            while True:
                (self.fillers / f"n{n}").touch()
                n += 1
        except OSError:
            pass
        for i in range(min(leave, n)):
            (self.fillers / f"n{i}").unlink()

    def empty(self):
        for path in self.fillers.iterdir():
            path.unlink()

    def stop(self):
        self.w.move_spool(self.old)
        call("umount", self.where)


def full(f, leaves, inodes=False):
    """Enqueue and run with so many blocks, or inodes, left."""
    small = Small(f, *(["-N", "256"] if inodes else []))
    for leave in leaves:
        small.empty()
        f.w.fresh()
        sents = [kills.put(f.w, f.token(), "ok", "fail", "defer"),
                 kills.put(f.w, f.token(), "ok")]
        (small.fill_inodes if inodes else small.fill_blocks)(leave)
        plan = kills.enqueue(f.w, f.token(), "-odq")
        status, out = f.w.run(plan.words, plan.message)
        plan.sents[0].accepted = status == 0
        trouble = "" if status in (0, 75) else f"exit {status}: {out}"
        for _ in range(2):
            if f.w.sendmail("-q")[0] is None:
                trouble = "hung with a full disk"
        took = {a.rcpt for a in f.w.ledger.accepts}
        if not {s.rcpts[0] for s in sents} <= took:
            trouble = trouble or "a full disk keeps mail from going"
        small.empty()
        f.finish(f"{leave} {'inodes' if inodes else 'blocks'} left",
                 sents + plan.sents, trouble)
    small.stop()
