# SPDX-License-Identifier: ISC
"""aiosmtpd (as SMTP, SMTPS and LMTP) and Python's own smtpd as receivers."""

import os
import pathlib
import shutil
import sys
import tempfile
import weakref

from .process import Process, accepts, free_port, greets
from .receiver import Receiver
from .store import Store

HERE = pathlib.Path(__file__).resolve().parent


class PythonServer(Process, Receiver):
    kind = None
    litter = ("mail",)
    transaction = r"(?i)DATA'(?:\n|$)"

    def __init__(self, folder, ca):
        super().__init__(folder)
        self.ca = ca
        self.store = Store(folder / "mail")

    def configure(self):
        self.port = free_port()

    def command(self):
        return [sys.executable, "-W", "ignore", "-m", "servers.python_keeper",
                self.kind, str(self.port), str(self.store.folder),
                str(self.ca.cert), str(self.ca.key)]

    def environment(self):
        return dict(super().environment(), PYTHONPATH=str(HERE.parent),
                    PYTHONDONTWRITEBYTECODE="1")

    def ready(self):
        return greets(self.host, self.port)

    def stored(self, count, seconds=60):
        return self.store.take(count, seconds)


class AioSmtpd(PythonServer):
    name = "aiosmtpd"
    kind = "smtp"
    starttls = True


class AioSmtps(PythonServer):
    """TLS from the first byte."""

    name = "aiosmtpd-smtps"
    kind = "smtps"
    ignore = r"EOF occurred|handshake"

    @property
    def url(self):
        return f"smtps://{self.host}:{self.port}"

    def ready(self):
        return accepts(self.host, self.port)


class AioLmtp(PythonServer):
    name = "aiosmtpd-lmtp"
    kind = "lmtp"
    lmtp = True


class AioLmtpSocket(AioLmtp):
    """At a path, in a folder that the users of a test may enter."""

    name = "aiosmtpd-lmtp-socket"

    def configure(self):
        place = tempfile.mkdtemp(prefix="lmtp-")
        weakref.finalize(self, shutil.rmtree, place, True)
        os.chmod(place, 0o755)
        self.port = os.path.join(place, "lmtp")

    def ready(self):
        """The mode comes after the socket."""
        return os.path.exists(self.port) and \
            os.stat(self.port).st_mode & 0o777 == 0o666


class PythonSmtpd(PythonServer):
    """Its messages come without the last line end, lines joined by LF."""

    name = "smtpd"
    kind = "smtpd"

    def stored(self, count, seconds=60):
        return [m._replace(data=m.data.replace(b"\n", b"\r\n") + b"\r\n")
                for m in super().stored(count, seconds)]
