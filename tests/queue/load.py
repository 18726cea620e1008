# SPDX-License-Identifier: ISC
"""
Kills at random under load (FAULTS 68, 77): callers and runners at once, each of
them killed at any moment, and in the end the ledgers agree.
"""

import os
import random
import signal
import subprocess
import threading
import time

import kills
import world
from ledger import Sent, judge, message

VERBS = ("ok", "ok", "ok", "ok", "fail", "defer")


class Load:
    """So many callers and runners, until so many were killed."""

    def __init__(self, w, total, callers, runners, seed, daemon=False):
        self.w, self.total, self.seed = w, total, seed
        self.daemon = daemon
        self.sents, self.kills = [], 0
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.usual = .01        # seconds that a call lasts, about
        self.limit = time.monotonic() + 300 + total
        w.fresh()
        work = [self.call] * callers + [self.run_queue] * runners
        self.threads = [threading.Thread(target=f, args=(i,))
                        for i, f in enumerate(work)]

    def start(self, words, **how):
        return subprocess.Popen(
            words, env=self.w.env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, **how)

    def finish(self, p, after):
        """Wait so long, or for ever; then kill it and all it has started."""
        try:
            p.wait(after)
        except subprocess.TimeoutExpired:
            pass
        gone = p.returncode is not None
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        p.wait()
        if gone:
            return
        with self.lock:
            self.kills += 1
            if self.kills >= self.total:
                self.over.set()

    def is_over(self):
        return self.over.is_set() or time.monotonic() > self.limit

    def call(self, i):
        """A caller after the other."""
        r = random.Random(f"{self.seed} {i}")
        for n in range(1000000):
            if self.is_over():
                return
            token = f"l{os.getpid()}c{i}n{n}"
            to = kills.rcpts(token, *r.choices(VERBS, k=r.randint(1, 3)))
            text = message(token, size=r.choice((300, 3000, 90000)))
            how = ["-odq"] if self.daemon or r.random() < .8 else []
            self.hand_in(r, token, to, how, text)

    def hand_in(self, r, token, to, how, text):
        sent = Sent(token, to, False)
        with self.lock:
            self.sents.append(sent)
        p = self.start(self.w.command("sendmail", "-i", *how, "-f",
                                      world.SENDER, *to),
                       stdin=subprocess.PIPE)
        start = time.monotonic()
        try:
            p.stdin.write(text)
            p.stdin.close()
        except BrokenPipeError:
            pass
        is_victim = r.random() < .6
        self.finish(p, r.uniform(0, 1.2 * self.usual) if is_victim else 30)
        sent.accepted = p.returncode == 0
        if not is_victim:
            self.usual += (time.monotonic() - start - self.usual) / 16

    def run_queue(self, i):
        """A runner after the other; the first is a daemon if wanted."""
        r = random.Random(f"{self.seed} {i} runner")
        words = ["-bD", "-q1s"] if self.daemon and i == len(
            self.threads) - 1 else ["-q"]
        while not self.is_over():
            p = self.start(self.w.command("sendmail", *words),
                           stdin=subprocess.DEVNULL)
            self.finish(p, r.uniform(0.001, 0.2))

    def play(self):
        for t in self.threads:
            t.start()
        for t in self.threads:
            t.join()
        return self.count()

    def count(self):
        c = kills.Count(cases=self.kills)
        trouble = self.w.quiet()
        v = judge(self.w.ledger, self.sents)
        litter = self.w.litter()
        c.lost, c.twice, c.window = len(v.lost), len(v.twice), v.window
        c.other = len(v.other) + bool(trouble) + (self.kills < self.total)
        c.litter = len(litter)
        c.hangs = int(trouble.startswith("hung"))
        if not v.good or trouble or litter or self.kills < self.total:
            c.bad.append(f"load, seed {self.seed}: {str(v)[:2000]} {trouble}"
                         f" {' '.join(litter)[:1000]}")
        accepted = sum(s.accepted for s in self.sents)
        c.notes = [f"{len(self.sents)} calls, {accepted} accepted, "
                   f"{len(self.w.ledger.accepts)} taken by the server"]
        return c
