# SPDX-License-Identifier: ISC
"""Proxies: microsocks for SOCKS5, tinyproxy for HTTP CONNECT."""

from worlds import HOSTS, Machine

from .process import Process, accepts, free_port

TINYPROXY = """\
Listen 127.0.0.1
Port {port}
Timeout 60
LogLevel Connect
DisableViaHeader Yes
"""


class Proxy(Process):
    """
    asked_for() gives the targets as the client named them.  It runs on a machine
    of its own, the only one that has an address for the name it knows: who gets
    there has left the name to it.
    """

    host = "127.0.0.1"
    scheme = None
    knows = "mail.test"

    def __init__(self, folder):
        super().__init__(folder)
        self.machine = Machine(folder / "machine", "proxy.test",
                               HOSTS + f"{self.host}\t{self.knows}\n")

    @property
    def url(self):
        return f"{self.scheme}://{self.host}:{self.port}"

    def configure(self):
        self.port = free_port()

    def ready(self):
        return accepts(self.host, self.port)

    def mark(self):
        self._mark = len(self.log())

    def asked_for(self, target):
        return self.sign.format(target) in self.log()[self._mark:]


class Socks(Proxy):
    name = "microsocks"
    scheme = "socks5h"
    sign = "connected to {}"

    def command(self):
        return [*self.machine, "/usr/bin/microsocks", "-i", self.host, "-p", str(self.port)]


class Connect(Proxy):
    name = "tinyproxy"
    scheme = "http"
    sign = "CONNECT {} HTTP/1."

    def configure(self):
        super().configure()
        (self.folder / "tinyproxy.conf").write_text(
            TINYPROXY.format(port=self.port))

    def command(self):
        return [*self.machine, "/usr/bin/tinyproxy", "-d", "-c",
                str(self.folder / "tinyproxy.conf")]
