# SPDX-License-Identifier: ISC
"""What an attack on the finished program once broke."""

from faults_support import (HOST, OK, TEMPFAIL, certificates, check, send,
                            tls_dialogue)
from scripted import Server


def verify(cert, name):
    with Server(tls_dialogue(cert)) as srv:
        run = send(srv.port, "--tls", "verify", "--ca", certificates().ca,
                   "--tls-name", name)
    return run, srv


def test_a_common_name_is_no_host_name():
    """Names stand in subjectAltName; the subject is free text (RFC 9525 2)."""
    run, _ = verify("good", HOST)
    check(run, OK, status="delivered")
    run, srv = verify("commonname", HOST)
    got = check(run, TEMPFAIL, status="deferred", stage="TLS",
                enhanced="4.7.5")
    assert not any(line.startswith("MAIL") for line in srv.conns[0].lines)
    assert "no host name" in got["text"], run
