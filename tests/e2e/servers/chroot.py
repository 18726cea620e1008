# SPDX-License-Identifier: ISC
"""A mail server unpacked from its package, run in a root of its own."""

import os
import stat
import email.utils

from .process import Process, eventually, free_port, greets, link_tree
from .receiver import Receiver, Stored

VMAIL = 975
HEADERS_ADDED = (b"return-path:", b"x-original-to:", b"delivered-to:",
                 b"envelope-to:", b"received:")


class ChrootServer(Process, Receiver):
    """
    The tree is what fetch-servers made, its users are its own.  Mail goes to the
    Maildir /mail/box in it, one file per recipient.
    """

    tree = None		# which of the fetched trees
    spools = ()		# where a message lies until it is delivered
    litter = ("root",)

    def __init__(self, folder, servers, ca):
        super().__init__(folder)
        self.root = folder / "root"
        self.ca = ca
        self.seen = set()
        link_tree(servers / self.tree, self.root)
        os.chmod(self.root, 0o755)
        for path, mode in (("tmp", 0o1777), ("mail", 0o755)):
            os.chmod(self.root / path, mode)
        os.chown(self.root / "mail", VMAIL, VMAIL)
        self.device("null", 1, 3)
        self.device("urandom", 1, 9)

    def device(self, name, major, minor):
        """An empty file does where devices are not allowed."""
        path = self.root / "dev" / name
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(major, minor))
            open(path, "rb").close()
        except OSError:
            path.unlink(missing_ok=True)
            path.touch()
        os.chmod(path, 0o666)

    def put(self, path, text, mode=0o644):
        """A file in the root; never written through a shared link."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_text(text)
        os.chmod(target, mode)

    def own(self, path, uid, gid, mode):
        target = self.root / path.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        os.chown(target, uid, gid)
        os.chmod(target, mode)

    def certificate(self):
        """Certificate and key of mail.test; every domain is in its names."""
        self.put("/etc/tls/cert.pem", self.ca.cert.read_text())
        self.put("/etc/tls/key.pem", self.ca.key.read_text(), 0o600)

    def chrooted(self, *argv):
        return ["chroot", str(self.root), *argv]

    def ready(self):
        return greets(self.host, self.port)

    def new_port(self):
        return free_port(host=self.host)

    def mailbox(self):
        return self.root / "mail" / "box" / "new"

    def files(self):
        box = self.mailbox()
        if not box.is_dir():
            return []
        return sorted(p for p in box.iterdir() if p not in self.seen)

    def is_idle(self):
        return not any(files for spool in self.spools for _, _, files in
                       os.walk(self.root / spool))

    def settle(self):
        """Wait until all that it accepted so far is in the mailbox."""
        eventually(self.is_idle)

    def stored(self, count, seconds=60):
        if count == 0:
            self.settle()
        eventually(lambda: len(self.files()) >= count, seconds)
        found = self.files()
        self.seen.update(found)
        return [self.read(p) for p in found]

    def read(self, path):
        """What was received: the file without the header lines put on top."""
        raw = path.read_bytes()
        lines = raw.split(b"\n")
        to, n = [], 0
        while n < len(lines):
            low = lines[n].lower()
            folded = low[:1] in (b" ", b"\t") and n > 0
            if not folded and not low.startswith(HEADERS_ADDED):
                break
            for head in (b"delivered-to:", b"envelope-to:"):
                if low.startswith(head):
                    to.append(lines[n].split(b":", 1)[1].strip().decode())
            n += 1
        body = b"\n".join(lines[n:])
        return Stored(tuple(to), body.replace(b"\n", b"\r\n"))
