# SPDX-License-Identifier: ISC
"""--fill: a template's places are filled, and only then."""

import email
import re

import pytest

from faults_support import DATAERR, OK, USAGE
from servers.recorder import Recorder

TEMPLATE = b"""From: a@client.test
To: %{to}
Date: %{date}
Message-ID: %{message-id}
Subject: 100%% for %{to}

%{message-id} of %{date}, 50 % off
"""
ARGS = ["-f", "a@client.test", "--helo", "client.test"]


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "t.eml"
    path.write_bytes(TEMPLATE)
    return path


def sent(smtpsend, *args, **how):
    with Recorder() as server:
        run = smtpsend("--server", server.url, *ARGS, *args, **how)
    assert run.status == OK, run
    return email.message_from_bytes(server.messages[0])


@pytest.mark.parametrize("to, want", [
    (["b@x.test"], "b@x.test"),
    (["b@x.test", "c@x.test", "b@X.test"], "b@x.test, c@x.test"),
    (['"a, b"@x.test'], '"a, b"@x.test'),
])
def test_filled(smtpsend, template, to, want):
    m = sent(smtpsend, "--file", template, "--fill", *to)
    assert m["To"] == want
    assert m["Subject"] == f"100% for {want}"
    assert re.fullmatch(r"\w{3}, \d+ \w{3} \d{4} [\d:]{8} [+-]\d{4}", m["Date"])
    assert re.fullmatch(r"<\S+@\S+>", m["Message-ID"])
    assert m.get_payload() == (f"{m['Message-ID']} of {m['Date']}, 50 % off"
                               "\r\n")


def test_by_standard_input_and_each_time_anew(smtpsend):
    ids = {sent(smtpsend, "--fill", "b@x.test", message=TEMPLATE)["Message-ID"]
           for _ in range(2)}
    assert len(ids) == 2


def test_only_where_it_is_asked_for(smtpsend, template):
    m = sent(smtpsend, "--file", template, "b@x.test",
             message=b"").get_payload()
    assert m == "%{message-id} of %{date}, 50 % off\r\n"


def test_the_header_that_is_added_has_the_same(smtpsend):
    m = sent(smtpsend, "--fill", "b@x.test",
             message=b"Subject: x\n\n%{message-id} %{date}\n")
    assert m.get_payload() == f"{m['Message-ID']} {m['Date']}\r\n"


def test_many_recipients_make_no_long_line(smtpsend):
    to = [f"r{i}@example{i}.test" for i in range(200)]
    with Recorder() as server:
        run = smtpsend("--server", server.url, *ARGS, "--fill", *to,
                       message=TEMPLATE)
    assert run.status == OK
    assert max(map(len, server.messages[0].split(b"\r\n"))) <= 998
    m = email.message_from_bytes(server.messages[0])
    assert m["To"].replace("\r\n", "").replace(" ", "") == ",".join(to)


@pytest.mark.parametrize("text, says", [
    (b"Subject: x\n\n%{name}\n", ":3: %{name} is not known: %{to}, %{date} "
     "and %{message-id} are, and %% is a percent sign"),
    (b"Subject: %{to\n\n}\n", ":1: %{to has no } on its line"),
    (b"Subject: x\n\n%{\x1b[2J}\n", r":3: %{\x1b[2J} is not known"),
])
def test_refused(smtpsend, tmp_path, text, says):
    path = tmp_path / "t.eml"
    path.write_bytes(text)
    with Recorder() as server:
        run = smtpsend("--server", server.url, *ARGS, "--file", path, "--fill",
                       "b@x.test")
    assert run.status == DATAERR and f"{path}{says}" in run.stderr, run
    assert server.sessions == []


def test_nobody_to_name(smtpsend):
    run = smtpsend("--fill", "-t", "--print", *ARGS, message=TEMPLATE)
    assert run.status == DATAERR, run
    assert "standard input:2: %{to} has no value here" in run.stderr


def test_what_is_made_is_no_template(smtpsend):
    run = smtpsend("--fill", "--subject", "%{to}", "--body", "x", "b@x.test")
    assert run.status == USAGE and "--fill" in run.stderr, run


def test_a_large_one_in_little_memory(smtpsend, tmp_path):
    path = tmp_path / "t.eml"
    path.write_bytes(TEMPLATE + b"%{date} and so on for a while 100%%\n" *
                     600_000)
    with Recorder() as server:
        run = smtpsend("--server", server.url, *ARGS, "--file", path, "--fill",
                       "b@x.test", wrap=["prlimit", "--data=20000000"])
    assert run.status == OK, run
    message, = server.messages
    assert message.count(b"for a while 100%\r\n") == 600_000
    assert b"%{" not in message
