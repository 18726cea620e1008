# SPDX-License-Identifier: ISC
"""A caller of sendmail, as a row of the table, and what must come of it.

    row("git send-email", "git send-email --to=bob@far.test 0001.patch",
        sender="alice@example.org", rcpts=["bob@far.test"], subject="...")
"""

# What callers that take a body are given, and what of it arrives.
BODY = "hello\n.\nFrom here\nbye\n"
ARRIVES = BODY.replace("\n", "\r\n").encode()
SUCCESS, REFUSED, DOWN, NO_NETWORK = SITUATIONS = (
    "success", "550", "server down", "no network")
QUIET = (0, r"\A\Z")

TABLE = {}


class Row:
    """
    script    what its user types, for sh, in his home; it gets BODY on stdin
    user      who that is
    files     {path: text}: there before; (text, mode) for another mode
    before    a script that root runs first, which must succeed
    packages  Debian's it needs: with these a machine can run it as it is
    over      packages that are laid over the root
    sender, rcpts, subject      what arrives: the envelope, and the field
    body      its octets behind the header; None: not compared
    head      patterns that are in the header as it arrives
    shows     {situation: (exit status, pattern)} or one for all: what its
              user is shown, standard output and error as they come
    told      situations in which the caller is told of the failure, so that
              neither a report nor a queued message has to tell it
    short     scripts/check plays it: it needs no packages but those that
              scripts/setup installs
    more      a function of the place: what else must be so after success
    """

    def __init__(self, name, script, **how):
        self.name, self.script = name, script
        self.user, self.files, self.before = "alice", {}, ""
        self.packages, self.over, self.stdin = (), (), BODY
        self.sender, self.rcpts = "alice@box.example.net", ["bob@far.test"]
        self.subject, self.body, self.head = "hi", ARRIVES, ()
        self.shows, self.told, self.more = QUIET, (), None
        self.mails, self.short = 1, False
        for key, value in how.items():
            assert hasattr(self, key), key
            setattr(self, key, value)

    def shown_in(self, situation):
        if isinstance(self.shows, dict):
            return self.shows.get(situation, QUIET)
        return self.shows


def row(name, script, **how):
    assert name not in TABLE, name
    TABLE[name] = Row(name, script, **how)
