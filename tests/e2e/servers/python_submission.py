# SPDX-License-Identifier: ISC
"""
The program behind AioSubmission.
Usage: python_submission.py PORT FOLDER CERT KEY SMTPS_PORT; SUBMISSION_USER,
SUBMISSION_PASSWORD and SUBMISSION_TOKEN in the environment are who may send.
"""

import asyncio
import json
import logging
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from servers.store import keep

HOST = "127.0.0.1"
USER, PASSWORD, TOKEN = (os.environ["SUBMISSION_" + k].encode()
                         for k in ("USER", "PASSWORD", "TOKEN"))
LONG_TOKEN = b"t" * 12288
log = logging.getLogger("mail.log")


def fields(blob):
    """key=value of a bearer's message (RFC 7628 3.1; Google's XOAUTH2)."""
    return dict(part.split(b"=", 1) for part in blob.split(b"\x01")
                if b"=" in part)


def bearer(blob):
    return fields(blob).get(b"auth", b"").partition(b"Bearer ")[2]


def named_in_xoauth2(blob):
    return fields(blob).get(b"user", b"")


def named_in_oauthbearer(blob):
    """The GS2 header: n,a=USER, and then the fields."""
    header = blob.split(b"\x01")[0].split(b",")
    return header[1][2:] if header[1:] and header[0] == b"n" else b""


async def signed_in(server, mechanism, args, named):
    from base64 import b64decode
    blob = (b64decode(args[1]) if len(args) > 1
            else await server.challenge_auth(""))
    if not isinstance(blob, bytes):
        return AuthResult(success=False)
    if named(blob) == USER and bearer(blob) in (TOKEN, LONG_TOKEN):
        log.info("%s signed in by %s, %d octets", USER.decode(), mechanism,
                 len(bearer(blob)))
        return AuthResult(success=True, handled=True, auth_data=USER)
    # the reason; the client has to answer it before the final reply
    await server.challenge_auth(json.dumps({"status": "401"}))
    return AuthResult(success=False, handled=False)


class Handler:
    def __init__(self, folder):
        self.folder = folder

    async def auth_XOAUTH2(self, server, args):
        return await signed_in(server, "XOAUTH2", args, named_in_xoauth2)

    async def auth_OAUTHBEARER(self, server, args):
        return await signed_in(server, "OAUTHBEARER", args,
                               named_in_oauthbearer)

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "nobody":
            return "550 5.1.1 no such user here"
        if name == "later":
            return "450 4.2.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        keep(self.folder, envelope.mail_from, envelope.rcpt_tos,
             envelope.mail_options, envelope.original_content)
        return "250 2.0.0 kept"


class Submission(SMTP):
    line_length_limit = 65536


def authenticator(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and tuple(data) == (USER, PASSWORD)
    if good:
        log.info("%s signed in by %s", USER.decode(), mechanism)
    return AuthResult(success=good, handled=False)


def main(port, folder, cert, key, smtps):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    logging.basicConfig(level=logging.INFO)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def session(implicit):
        how = {} if implicit else {"tls_context": tls, "require_starttls": True}
        return Submission(Handler(folder), hostname="mail.test", loop=loop,
                          authenticator=authenticator, auth_required=True,
                          auth_require_tls=not implicit, **how)

    for at, implicit in ((port, False), (smtps, True)):
        loop.run_until_complete(loop.create_server(
            lambda implicit=implicit: session(implicit), HOST, int(at),
            ssl=tls if implicit else None))
    loop.run_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
