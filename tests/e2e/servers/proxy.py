# SPDX-License-Identifier: ISC
"""Proxies: microsocks for SOCKS5, tinyproxy for HTTP CONNECT."""

from .process import Process, accepts, free_port

TINYPROXY = """\
Listen 127.0.0.1
Port {port}
Timeout 60
LogLevel Connect
DisableViaHeader Yes
"""


class Proxy(Process):
    """asked_for() gives the targets as the client named them."""

    host = "127.0.0.1"
    scheme = None

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
        return ["/usr/bin/microsocks", "-i", self.host, "-p", str(self.port)]


class Connect(Proxy):
    name = "tinyproxy"
    scheme = "http"
    sign = "CONNECT {} HTTP/1."

    def configure(self):
        super().configure()
        (self.folder / "tinyproxy.conf").write_text(
            TINYPROXY.format(port=self.port))

    def command(self):
        return ["/usr/bin/tinyproxy", "-d", "-c",
                str(self.folder / "tinyproxy.conf")]
