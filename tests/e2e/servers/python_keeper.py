# SPDX-License-Identifier: ISC
"""
The program behind AioSmtpd, AioLmtp and PythonSmtpd: a server of a Python
library that keeps each message.  Usage: python_keeper.py KIND PORT FOLDER CERT KEY
A PORT that is a path is a socket there, which all may write to.
"""

import asyncio
import logging
import os
import ssl
import sys
import warnings

from servers.store import keep

HOST = "127.0.0.1"
SIZE = 100_000_000


class AioKeeper:
    """A handler of aiosmtpd."""

    def __init__(self, folder):
        self.folder = folder

    def keep(self, envelope):
        keep(self.folder, envelope.mail_from, envelope.rcpt_tos,
             envelope.mail_options, envelope.original_content)

    async def handle_DATA(self, server, session, envelope):
        self.keep(envelope)
        if isinstance(server, aio_lmtp_class()):
            return "\r\n".join(["250 2.0.0 kept"] * len(envelope.rcpt_tos))
        return "250 2.0.0 kept"


def aio_lmtp_class():
    from aiosmtpd.lmtp import LMTP
    return LMTP


def aiosmtpd(kind, port, folder, cert, key):
    from aiosmtpd.smtp import SMTP

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    logging.basicConfig(level=logging.INFO)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def session():
        if kind == "lmtp":
            return aio_lmtp_class()(AioKeeper(folder), data_size_limit=SIZE,
                                    hostname="mail.test", loop=loop)
        return SMTP(AioKeeper(folder), data_size_limit=SIZE, loop=loop,
                    enable_SMTPUTF8=True, hostname="mail.test",
                    tls_context=None if kind == "smtps" else tls)

    if port.startswith("/"):
        loop.run_until_complete(loop.create_unix_server(session, port))
        os.chmod(port, 0o666)
    else:
        loop.run_until_complete(loop.create_server(
            session, HOST, int(port), ssl=tls if kind == "smtps" else None))
    loop.run_forever()


class Short:
    """A log without the text of long messages, which smtpd would write whole."""

    def write(self, text):
        sys.stderr.write(text if len(text) < 500 else text[:100] + " ...\n")

    def flush(self):
        sys.stderr.flush()


def python_smtpd(port, folder):
    warnings.simplefilter("ignore")
    import asyncore
    import smtpd

    class Keeper(smtpd.DebuggingServer):
        def process_message(self, peer, mailfrom, rcpttos, data, **options):
            keep(folder, mailfrom, rcpttos,
                 options.get("mail_options") or [], data)

    Keeper((HOST, port), None, data_size_limit=SIZE, enable_SMTPUTF8=True)
    smtpd.DEBUGSTREAM = Short()
    asyncore.loop()


def main(kind, port, folder, cert, key):
    if kind == "smtpd":
        python_smtpd(int(port), folder)
    else:
        aiosmtpd(kind, port, folder, cert, key)


if __name__ == "__main__":
    main(*sys.argv[1:])
