# SPDX-License-Identifier: ISC
"""A machine with a queue whose next hop is a server of the test's, and the
processes that run that queue.

    box = QueueBox(machine, srv.port)
    box.put("bob@example.org")          # -odq
    assert box.q().rc == 0              # sendmail -q
    with box.process("smtpsend", "--daemon") as p:
        p.send_signal(signal.SIGTERM)
"""

import os
import socket
import subprocess

from queue_support import MESSAGE, Box, wait_for
from slots import slots

# at once, as far as the keys let it; no helper processes
QUICK = """\
recorders = 0
retry = 1s 1s
host-retry = 1s
greylist-retry = 1s
idle = 1s
"""


class Process(subprocess.Popen):
    """One that a failed test does not wait for."""

    def __exit__(self, kind, value, tb):
        if kind:
            self.kill()
        super().__exit__(kind, value, tb)


class QueueBox(Box):
    def __init__(self, machine, port=None, config="", queue=QUICK, **how):
        if port:
            config += f"\nserver = 127.0.0.1\nport = {port}\n"
        super().__init__(machine, config=config, queue=queue, **how)

    def put(self, *args, text=MESSAGE, **how):
        run = self.sendmail("-odq", "-i", "-f", "me@example.net", *args,
                            stdin=text, **how)
        assert run.rc == 0, run

    def q(self, *args, wrap=(), **how):
        return self.command("sendmail", "-q", *args, stdin=b"", **how) \
            if not wrap else self.wrapped(wrap, "sendmail", "-q", *args)

    def wrapped(self, wrap, name, *args):
        done = subprocess.run(
            [*self.machine, *wrap, str(self.bin / name), *args], check=False,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
            env=self.machine.environment(HOME="/nonexistent"))
        done.rc = done.returncode
        return done

    def process(self, name, *args, **env):
        """Running; the machine's words exec, so that its pid is ours."""
        return Process(
            [*self.machine, str(self.bin / name), *args],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=self.machine.environment(HOME="/nonexistent", **env))

    def files(self):
        folder = self.spool / "queue"
        if not folder.exists():
            return []
        return sorted(p for p in folder.iterdir() if p.name[0] != ".")

    def states(self):
        return [slots(p) for p in self.files()]

    def words(self):
        """The last words of all messages."""
        return "".join(p.read_text() for p in
                       (self.spool / "queue").glob(".*.why"))


class Manager:
    """What a service manager hears by NOTIFY_SOCKET."""

    def __init__(self, folder, abstract=False):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = f"{folder}/notify"
        self.name = "@" + path if abstract else path
        self.sock.bind("\0" + path if abstract else path)
        if not abstract:
            os.chmod(path, 0o666)
        self.sock.setblocking(False)
        self.heard = []

    def hear(self):
        try:
            while True:
                self.heard.append(self.sock.recv(4096).decode())
        except BlockingIOError:
            return self.heard

    def wait_for(self, text, seconds=20):
        wait_for(lambda: any(text in line for line in self.hear()), seconds)
