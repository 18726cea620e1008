# SPDX-License-Identifier: ISC
"""What the tests may ask of any server that takes mail."""

import collections
import re
import smtplib

# recipients: as far as the server tells; data: the message with CRLF line ends,
# without what the server wrote on top of it
Stored = collections.namedtuple("Stored", "recipients data")

# what a server's log says of a client that does not keep to the protocol
COMPLAINTS = re.compile(
    r"improper|pipelin|lost connection|non-smtp|bare newline|bare <?(lf|cr)"
    r"|protocol (error|violation|synchroni)|synchroni[sz]ation error"
    r"|unexpected disconnect|unexpectedly|timeout|timed out|syntax error"
    r"|unrecogni[sz]ed command|too many (errors|bad|nonmail|invalid)"
    r"|traceback|panic|fatal|SSL.*error|TLS error|invalid command"
    r"|connection reset|broken pipe|premature|dropped", re.I)


class Receiver:
    """
    A server on a loopback port that keeps each message.  Each test takes what
    came since the last one with stored().
    """

    host = "127.0.0.1"
    port = 0
    starttls = False
    lmtp = False
    ignore = None	# a pattern of log lines that are not about us
    transaction = None	# what its log says once for each transaction
    _offers = None

    def offers(self):
        """The keywords of its EHLO reply, as another client sees them."""
        if self._offers is None:
            with smtplib.SMTP(self.host, self.port, timeout=20) as c:
                c.ehlo("probe.test")
                self._offers = {k.upper() for k in c.esmtp_features}
        return self._offers

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'lmtp' if self.lmtp else 'smtp'}://{host}:{self.port}"

    def stored(self, count, seconds=60):
        """
        All that came since the last call, at least count if in time; with 0
        also what was on its way to the mailbox.
        """
        raise NotImplementedError

    def forget(self):
        """What came until now is no longer told."""
        self.stored(0, 0)
        self.mark()

    def log(self):
        raise NotImplementedError

    def mark(self):
        """Where the log is now: complaints() looks behind it."""
        self._mark = len(self.log())

    def news(self):
        """The log since the mark."""
        return self.log()[getattr(self, "_mark", 0):]

    def transactions(self):
        """How often was mail accepted since the mark?"""
        return len(re.findall(self.transaction, self.news()))

    def complaints(self):
        lines = self.news().splitlines()
        return [l for l in lines if COMPLAINTS.search(l)
                and not (self.ignore and re.search(self.ignore, l))]
