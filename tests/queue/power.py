# SPDX-License-Identifier: ISC
"""
Power cuts (FAULTS 69, 70): a day of the queue on a disk that remembers.

The spool lies in a file system on a loop device on cutfs, which notes each write
and each flush, and between them what callers were told and what servers saw.  A
cut at record p is an image with all that was written before the last flush, and
of what came after it until p: all, nothing, or a seeded part, in sectors.  A
later write that stays while an earlier one is lost is what a disk that reorders
does.  That image is mounted, as a machine does after the cut, the queue is run,
and the judge compares with what was known at p.
"""

import os
import random
import shutil
import struct
import subprocess
import threading
import time
from pathlib import Path

import kills
from ledger import Accept, Sent, judge, message
import world

SECTOR = 512
REPAIR = {"ext4": ["e2fsck", "-fy"]}     # a torn superblock, see e2fsck(8)
FILE_SYSTEMS = {
    "ext4": ("32M", ["mkfs.ext4", "-q", "-F", "-J", "size=4"],
             "data=ordered"),
    "xfs": ("300M", ["mkfs.xfs", "-q", "-f"], "nouuid"),
    "btrfs": ("120M", ["mkfs.btrfs", "-q", "-f"], "defaults"),
}


def missing():
    """What this machine lacks, or ""."""
    for path in ("/dev/fuse", "/dev/loop-control"):
        try:
            os.close(os.open(path, os.O_RDWR))
        except OSError as e:
            return f"{path}: {e.strerror}"
    return ""


def lacks(kind):
    """The same for one kind of file system."""
    tool = FILE_SYSTEMS[kind][1][0]
    if not shutil.which(tool):
        return f"no {tool}"
    known = Path("/proc/filesystems").read_text().split()
    return "" if kind in known else f"no {kind} in this kernel"


def call(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise OSError(f"{' '.join(map(str, words))}: "
                      f"{done.stdout.decode(errors='replace')}")


class Disk:
    """The file system of the recording, mounted at `where`."""

    def __init__(self, tool, kind, folder, where):
        self.kind, self.where = kind, where
        self.image, self.log = folder / "disk", folder / "log"
        self.base, self.door = folder / "base", folder / "cutfs"
        self.door.mkdir()
        self.make()
        self.fuse = subprocess.Popen([tool, self.image, self.log, self.door])
        assert world.wait_for((self.door / "disk").exists, 10), "no cutfs"
        self.marks = os.open(self.door / "mark", os.O_WRONLY)
        self.lock = threading.Lock()
        call("mount", "-o", "loop," + FILE_SYSTEMS[kind][2],
             self.door / "disk", where)

    def make(self):
        size, words, options = FILE_SYSTEMS[self.kind]
        call("truncate", "-s", size, self.image)
        call(*words, self.image)
        call("mount", "-o", "loop," + options, self.image, self.where)
        spool = self.where / "spool"
        spool.mkdir(mode=0o700)
        os.chown(spool, world.UID, world.UID)
        call("umount", self.where)
        call("cp", "--sparse=always", self.image, self.base)

    def mark(self, text):
        with self.lock:
            os.write(self.marks, text.encode() + b"\n")

    def stop(self):
        os.close(self.marks)
        call("umount", self.where)
        # the loop device lets go a moment later
        world.wait_for(lambda: subprocess.run(
            ["umount", self.door], stderr=subprocess.DEVNULL,
            check=False).returncode == 0, 10)
        self.fuse.wait(10)


def records(path):
    """[(kind, offset, octets)] of a log."""
    data, at, out = path.read_bytes(), 0, []
    while at < len(data):
        kind, size, where = struct.unpack_from("<IIQ", data, at)
        at += 16
        out.append((chr(kind), where, data[at:at + size]))
        at += size
    return out


# the day

class Day:
    """What callers do, and are told."""

    def __init__(self, w, mark):
        self.w, self.mark = w, mark
        self.serial = 0
        self.lock = threading.Lock()
        self.stick = "STICK_SPOOL" in w.env

    def send(self, *verbs, options=("-odq",), size=2000):
        with self.lock:
            self.serial += 1
            token = f"p{os.getpid()}n{self.serial}"
        to = kills.rcpts(token, *verbs)
        self.mark(f"begin {token} {','.join(to)}")
        # no file of World.run(): many at once
        p = subprocess.run(
            self.w.command("sendmail", "-i", *options, "-f", world.SENDER,
                           *to), input=message(token, size=size), check=False,
            env=self.w.env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=60)
        self.mark(f"told {token} {p.returncode}")

    def at_once(self, n, *verbs):
        ts = [threading.Thread(target=self.send, args=verbs)
              for _ in range(n)]
        for t in ts:
            t.start()
        for t in ts:
            t.join()

    def run_queue(self):
        self.w.sendmail("-q")

    def play(self):
        self.send("ok", "ok")
        self.send("fail", "ok")
        self.send("defer", "ok", "fail")
        self.send("ok", size=150000)
        self.at_once(4, "ok", "ok")
        self.run_queue()
        self.send("fail")
        self.send("ok", "defer", options=() if not self.stick else ("-odq",))
        self.at_once(3, "ok", "fail")
        self.run_queue()
        self.w.ledger.mended = True
        self.run_queue()
        self.send("ok")


# after a cut

class Known:
    """What the marks before a cut say."""

    def __init__(self):
        self.sents, self.accepts = {}, []

    def line(self, text):
        word, *rest = text.split(" ")
        getattr(self, "on_" + word)(*rest)

    def on_begin(self, token, to):
        self.sents[token] = Sent(token, to.split(","), False)

    def on_told(self, token, status):
        self.sents[token].accepted = status == "0"

    def on_dot(self, conn, report, whole, rcpt, about):
        self.accepts.append(Accept(
            rcpt, report == "1", tuple(a for a in about.split(",") if a),
            whole == "1", int(conn)))

    def on_next(self, conn):
        for a in self.accepts:
            a.followed = a.followed or a.conn == int(conn)


class Replay:
    """Images at points of a log, each looked into."""

    def __init__(self, w, disk, seed):
        self.w, self.disk = w, disk
        self.log = records(disk.log)
        self.random = random.Random(seed)
        self.cut_image = disk.image.with_name("cut")
        self.at = self.flushed = 0      # base holds all before `flushed`
        self.count = kills.Count()

    def advance(self, p):
        """Bring base up to the last flush before record p."""
        last = max((i for i in range(self.flushed, p)
                    if self.log[i][0] == "F"), default=None)
        if last is None:
            return
        with open(self.disk.base, "r+b") as f:
            for kind, at, data in self.log[self.flushed:last]:
                if kind == "W":
                    f.seek(at)
                    f.write(data)
        self.flushed = last + 1

    def build(self, p, mode):
        self.advance(p)
        call("cp", "--sparse=always", self.disk.base, self.cut_image)
        with open(self.cut_image, "r+b") as f:
            for kind, at, data in self.log[self.flushed:p]:
                if kind == "W":
                    self.keep(f, at, data, mode)

    def keep(self, f, at, data, mode):
        unit = {"sectors": SECTOR, "blocks": 4096}.get(mode, len(data))
        for i in range(0, len(data), unit):
            if mode == "all" or (mode != "none" and self.random.random() < .5):
                f.seek(at + i)
                f.write(data[i:i + unit])

    def known(self, p):
        k = Known()
        for kind, _, data in self.log[:p]:
            if kind == "M":
                k.line(data.decode().rstrip("\n"))
        return k

    def cut(self, p, mode):
        self.build(p, mode)
        known = self.known(p)
        self.w.ledger.accepts[:] = known.accepts
        where = self.disk.where
        self.mount_cut(where)
        try:
            trouble = self.w.quiet()
            litter = [x for x in self.w.litter() if "lost+found" not in x]
        finally:
            call("umount", where)
        self.book(p, mode, judge(self.w.ledger, known.sents.values()),
                  trouble, litter)

    def mount_cut(self, where):
        """As a machine does when it starts again."""
        words = ["mount", "-o", "loop," + FILE_SYSTEMS[self.disk.kind][2],
                 self.cut_image, where]
        try:
            call(*words)
        except OSError:
            if self.disk.kind not in REPAIR:
                raise
            subprocess.run([*REPAIR[self.disk.kind], self.cut_image],
                           stdout=subprocess.DEVNULL, check=False,
                           stderr=subprocess.DEVNULL)
            call(*words)

    def book(self, p, mode, v, trouble, litter):
        c = self.count
        c.cases += 1
        c.lost += len(v.lost)
        c.twice += len(v.twice)
        c.window += v.window
        c.litter += bool(litter)
        c.hangs += trouble.startswith("hung")
        c.other += len(v.other) + bool(trouble)
        if not v.good or trouble or litter:
            c.bad.append(f"{self.disk.kind} cut at {p} of {len(self.log)}, "
                         f"{mode}: {v} {trouble} {' '.join(litter)}")

    def points(self, n):
        """n cuts in the order of the log: (record, what is kept)."""
        first = next(i for i, r in enumerate(self.log) if r[0] == "M")
        modes = ("all", "none", "blocks", "sectors", "sectors")
        return sorted((self.random.randint(first, len(self.log)),
                       self.random.choice(modes)) for _ in range(n))


def session(w, tools, kind, cuts, seed):
    """Record a day, cut it so often; a Count."""
    folder = Path(w.folder) / f"power-{kind}-{seed}"
    where = folder / "mnt"
    where.mkdir(parents=True)
    call("mount", "-t", "tmpfs", "tmpfs", folder)
    where.mkdir(parents=True)
    disk = Disk(str(tools / "cutfs"), kind, folder, where)
    w.move_spool(where / "spool")
    w.ledger.accepts.clear()
    w.ledger.mended = False
    w.ledger.note = disk.mark
    Day(w, disk.mark).play()
    time.sleep(0.2)                     # what is on its way is noted
    w.ledger.note = lambda text: None
    disk.stop()
    replay = Replay(w, disk, seed)
    for p, mode in replay.points(cuts):
        replay.cut(p, mode)
    call("umount", folder)
    return replay.count
