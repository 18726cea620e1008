# SPDX-License-Identifier: ISC
"""Secrets are jobs of the loop: slow ones, stale ones, and one after another."""

import json
import os

import pytest

from faults_support import World as FaultWorld
from relay_support import (BOB, CAPS, PASSWORD, USER, Setup, deferred,
                           delivered, private, scripted_relay)
from scripted import Server, dialogue

BEARER = tuple(c.replace("PLAIN LOGIN", "XOAUTH2") for c in CAPS)


def url(server):
    return f"smtp://localhost:{server.port}"


def program(path, *lines):
    return private(path, "\n".join(("#!/bin/sh", *lines)) + "\n", 0o700)


def test_a_slow_command_delays_nobody_else(tmp_path):
    """It ends only once the other destination has its mail."""
    done = tmp_path / "done"

    def taken(c):
        done.write_text("")
        c.say("250 2.0.0 Ok")

    secret = private(tmp_path / "password", PASSWORD + "\n")
    command = program(tmp_path / "command",
                      f"while [ ! -e {done} ]; do sleep 0.05; done",
                      f"cat {secret}")
    with FaultWorld("direct.test") as world, Server(scripted_relay()) as relay:
        world.mx(10, dialogue(DOT=taken))
        setup = Setup(tmp_path).relay("work", url(relay), password=None,
                                      password_command=command)
        setup.domain("direct.test", direct="yes")
        run = setup.send("--resolver", f"{world.dns.address}:{world.dns.port}",
                         "--allow-loopback-mx", "--port", world.port,
                         BOB, "bob@direct.test")
    delivered(run, "bob@direct.test")
    delivered(run, BOB)


class Tokens:
    """A token command that counts its runs, and a server's replies to AUTH."""

    def __init__(self, folder):
        self.runs = folder / "runs"
        self.setup = Setup(folder)
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
        folder.chmod(0o700)
        text = json.dumps({"access_token": "T0ken", "expires_in": 3600})
        self.command = program(folder / "command", f"echo run >> {self.runs}",
                               f"echo '{text}'")

    def send(self, *replies):
        """The nth login gets the nth reply, the last one is repeated."""
        left = list(replies)

        def answer(c):
            c.say(left.pop(0) if len(left) > 1 else left[0])

        relay = scripted_relay(caps=BEARER, AUTH=answer)
        with Server(relay) as server:
            self.setup.sections.clear()
            self.setup.used.clear()
            self.setup.relay("work", url(server), password=None, user=USER,
                             token_command=self.command)
            run = self.setup.send(BOB, env=self.environment)
        return run, len(server.conns)

    def count(self):
        return len(self.runs.read_text().split())


@pytest.fixture
def tokens(tmp_path):
    return Tokens(tmp_path)


def test_a_kept_token_is_used(tokens):
    for _ in range(2):
        run, logins = tokens.send("235 2.7.0 welcome")
        delivered(run)
        assert logins == 1
    assert tokens.count() == 1


def test_a_stale_token_is_fetched_again_in_the_same_run(tokens):
    delivered(tokens.send("235 2.7.0 welcome")[0])
    run, logins = tokens.send("535 5.7.8 expired", "235 2.7.0 welcome")
    delivered(run)
    assert (logins, tokens.count()) == (2, 2)


def test_a_fresh_token_is_tried_once(tokens):
    delivered(tokens.send("235 2.7.0 welcome")[0])
    run, logins = tokens.send("535 5.7.8 no")
    deferred(run, "AUTH", "535")
    assert (logins, tokens.count()) == (2, 2)
    run, logins = tokens.send("535 5.7.8 no")    # nothing is kept any more
    deferred(run, "AUTH", "535")
    assert (logins, tokens.count()) == (1, 3)


def test_a_second_login_that_fails_is_the_next_relays(tmp_path):
    """FINDINGS I2: this was an endless loop that ran the password command."""
    runs = tmp_path / "runs"
    secret = private(tmp_path / "password", PASSWORD + "\n")
    command = program(tmp_path / "command", f"echo run >> {runs}",
                      f"cat {secret}")
    few = (*CAPS, "LIMITS MAILMAX=1 RCPTMAX=1")
    left = ["235 2.7.0 welcome", "535 5.7.8 no"]

    def answer(c):
        c.say(left.pop(0) if len(left) > 1 else left[0])

    with (Server(scripted_relay(caps=few, AUTH=answer)) as one,
          Server(scripted_relay()) as two):
        setup = Setup(tmp_path)
        for name, server in (("one", one), ("two", two)):
            setup.relay(name, url(server), password=None,
                        password_command=command)
        run = setup.send(BOB, "carol@example.test", "dave@example.test")
    for to in (BOB, "carol@example.test", "dave@example.test"):
        delivered(run, to)
    assert (len(one.conns), len(two.conns)) == (2, 1)
    assert len(runs.read_text().split()) == 3
