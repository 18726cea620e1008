# SPDX-License-Identifier: ISC
"""What the relay and configuration tests share: making and running one."""

import re

from faults_support import MESSAGE, certificates, smtpsend
from scripted import dialogue
from servers.submission import PASSWORD, TOKEN, USER

BOB, NOBODY, LATER = (f"{n}@example.test" for n in ("bob", "nobody", "later"))
CONFIG = 78
LINKS = ("starttls", "smtps")
MECHANISMS = {
    "postfix_submission": ("PLAIN", "LOGIN", "CRAM-MD5"),
    "exim_submission": ("PLAIN", "LOGIN", "CRAM-MD5"),
    "aio_submission": ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"),
}
# what a scripted relay offers; single replies are given by dialogue()'s `over`
CAPS = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN", "STARTTLS",
        "AUTH PLAIN LOGIN")


def private(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


def stanza(kind, keys):
    lines = [f"[{kind}]"] if kind else []
    return "\n".join(lines + [f"{k.replace('_', '-')} = {v}"
                              for k, v in keys.items()]) + "\n"


class Setup:
    """
    A configuration in a folder, to which relays are added.

        setup = Setup(tmp_path)
        setup.relay("work", "smtp://localhost:2587", auth="PLAIN")
        run = setup.send(BOB)
    """

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "smtpsend.conf"
        self.defaults, self.sections, self.used = {}, [], []

    def relay(self, name, url, *, ca=None, user=USER, password=PASSWORD,
              use=True, **keys):
        """[relay NAME]; use: it stands in `relay =` of the defaults.

        ca: a path, None for that of the scripted servers, False for no key.
        """
        text = {"url": url}
        if ca is not False:
            text["ca"] = ca or certificates().ca
        if user:
            text["user"] = user
        if user and password is not None:
            secret = private(self.folder / f"{name}.password", password + "\n")
            text["password-file"] = secret
        text.update(keys)
        self.sections.append(stanza(f"relay {name}", text))
        if use:
            self.used.append(name)
        return self

    def bearer(self, name, url, token=TOKEN, **keys):
        """One whose token a command prints."""
        secret = private(self.folder / f"{name}.token", token + "\n")
        return self.relay(name, url, password=None,
                          token_command=f"/bin/cat {secret}", **keys)

    def domain(self, pattern, **keys):
        self.sections.append(stanza(f"domain {pattern}", keys))
        return self

    def write(self):
        keys = dict(self.defaults)
        if self.used:
            keys["relay"] = " ".join(self.used)
        private(self.path, stanza("", keys) + "\n".join(self.sections), 0o644)
        return self.path

    def send(self, *args, sender="alice@client.test", **how):
        """args: options and recipients."""
        return smtpsend("--config", self.write(), "--timeout", 10, "--helo",
                        "client.test", "-f", sender, *args, **how)


def sent(run):
    """The command lines of the run's dialogue, in order."""
    return [e["line"] for e in run.of("sent")]


def result(run, to, rc=None):
    assert to in run.results, f"no result for {to}\n{run}"
    assert rc is None or run.rc == rc, run
    return run.results[to]


def delivered(run, to=BOB, rc=0):
    got = result(run, to, rc)
    assert (got["status"], got["code"]) == ("delivered", 250), run
    return got


def deferred(run, stage, *words, to=BOB):
    """Temporary, exit 75, and what is said of it has these words."""
    got = result(run, to, 75)
    assert (got["status"], got["stage"]) == ("deferred", stage), run
    told = f"{got['why']} {got['code']} {got['text']}"
    for word in words:
        assert re.search(word, told, re.I), f"{word} missing\n{run}"
    return got


def scripted_relay(cert="good", caps=CAPS, smtps=False, **over):
    """The script of a relay that lets everybody in."""
    over.setdefault("AUTH", "235 2.7.0 welcome")
    context = certificates().context(cert)
    if smtps:
        caps = [c for c in caps if c != "STARTTLS"]
        return dialogue(caps, smtps=context, **over)
    return dialogue(caps, tls=context, **over)


__all__ = ["BOB", "CAPS", "CONFIG", "LATER", "LINKS", "MECHANISMS", "MESSAGE",
           "NOBODY", "PASSWORD", "Setup", "TOKEN", "USER", "deferred",
           "delivered", "private", "result", "scripted_relay", "sent", "stanza"]
