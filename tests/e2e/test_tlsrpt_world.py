# SPDX-License-Identifier: ISC
"""A report of TLS from end to end: zones that NSD signs and Unbound validates,
a server that its TLSA record names, our own --sink, and a daemon."""

import datetime
import email
import json
import signal

import conftest
from faults_support import certificates
from queue_support import wait_for
from runner_support import QUICK, QueueBox
from servers.signed import SignedWorld
from servers.sink import Sink
from test_dane import tlsa

DOMAIN, HOST = "org.test", "mx.example.test"


def zone(port):
    return {
        DOMAIN: [("MX", f"10 {HOST}.")],
        HOST: [("A", "127.0.0.1")],
        f"_{port}._tcp.{HOST}": [tlsa(3, 1, 1, "good")],
        f"_smtp._tls.{DOMAIN}": [
            ("TXT", f'"v=TLSRPTv1; " "rua=mailto:tls@{DOMAIN}"'),
            ("TXT", '"something else"')],
    }


def reports(sink):
    found = []
    for path in sink.box.iterdir():
        mail = email.message_from_bytes(path.read_bytes())
        if mail["TLS-Report-Domain"]:
            found.append(json.loads(
                mail.get_payload()[1].get_payload(decode=True)))
    return found


def test_from_end_to_end(machine, tmp_path):
    (tmp_path / "sink").mkdir()
    (tmp_path / "dns").mkdir()
    sink = Sink(tmp_path / "sink", conftest.BINARY,
                ["--cert", certificates().path("good.pem"),
                 "--key", certificates().path("good.key")])
    with sink, SignedWorld(tmp_path / "dns", zone(sink.port), {}) as world:
        box = QueueBox(machine, queue=QUICK + "tls-reports = me@example.net\n",
                       config=f"port = {sink.port}\nallow-loopback-mx = yes\n"
                              f"resolver = {world.resolver}\n"
                              f"trust-anchor = {world.nsd.anchor}\n")
        box.put(f"bob@{DOMAIN}")
        assert box.q().rc == 0 and box.queue() == []
        [counts] = (box.spool / "tlsrpt").glob("*.counts")
        day = datetime.date.fromisoformat(counts.stem) - \
            datetime.timedelta(days=2)
        counts.rename(counts.with_name(f"{day}.counts"))
        with box.process("smtpsend", "--daemon") as p:
            wait_for(lambda: reports(sink))
            p.send_signal(signal.SIGTERM)
            assert p.wait(20) == 0
        [report] = reports(sink)
    assert report["date-range"]["start-datetime"] == f"{day}T00:00:00Z"
    [policy] = report["policies"]
    assert policy["policy"] == {
        "policy-type": "tlsa", "policy-domain": DOMAIN,
        "policy-string": [tlsa(3, 1, 1, "good")[1]]}
    assert policy["summary"] == {"total-successful-session-count": 1,
                                 "total-failure-session-count": 0}
