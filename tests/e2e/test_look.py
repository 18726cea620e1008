# SPDX-License-Identifier: ISC
"""What a person looks at: -v in few lines, --brief, --timing."""

import json
import re
import xml.etree.ElementTree

import pytest

from faults_support import MESSAGE, Server, closed_port, dialogue, \
    tls_dialogue
from servers.recorder import Recorder

ARGS = ["-f", "a@client.test", "--helo", "client.test"]
NAMES = {
    "one.test": [("MX", "20 mx3.hosts.test."), ("MX", "10 mx2.hosts.test."),
                 ("A", "127.0.0.9")],
    "mx2.hosts.test": [("A", "127.0.0.2")],
    "mx3.hosts.test": [("CNAME", "other.hosts.test.")],
    "other.hosts.test": [("A", "127.0.0.3")],
}


@pytest.fixture(scope="module")
def world(make_world):
    return make_world(NAMES)


@pytest.fixture
def looked(smtpsend, world):
    """By MX to a server with STARTTLS."""
    def run(*args, **how):
        with Server(tls_dialogue(), address="127.0.0.2") as mx:
            return smtpsend("--resolver", world.resolver, "--port", mx.port,
                            "--allow-loopback-mx", *ARGS, *args,
                            "bob@one.test", message=MESSAGE, **how)
    return run


def texts(run):
    """The lines without their times."""
    return [re.sub(r"^ *\d+\.\d{3} \+\d+\.\d{3} ", "", line)
            for line in run.stdout.splitlines()]


def test_one_message_fits_a_screen(looked):
    run = looked("-v")
    lines = texts(run)
    assert run.status == 0, run
    assert len(lines) <= 24, run.stdout
    assert "== MX one.test: 10 mx2.hosts.test, 20 mx3.hosts.test" in lines
    assert not [x for x in lines if "A one.test" in x], "of no use"
    addresses, = [x for x in lines if "AAAA" in x]
    assert "A mx3.hosts.test: 127.0.0.3, by CNAME other.hosts.test" in \
        addresses
    hello = [x for x in lines if x[:3] in ("<- ", "<~ ")
             and " as before" not in x and "STARTTLS" in x]
    assert len(hello) == 1 and "PIPELINING" in hello[0]
    assert [x for x in lines if re.match(
        r"<~ 250 \S+: as before.* without STARTTLS", x)]


def test_all_of_it_with_two_v_and_in_a_file(looked, tmp_path):
    for args, text in ((["-vv"], None), (["-v", "-X", tmp_path / "x"],
                                         tmp_path / "x")):
        run = looked(*args)
        seen = text.read_text() if text else run.stdout
        assert len(re.findall(r"<[-~] 250[- ]PIPELINING", seen)) == 2, seen
        assert "== no AAAA" not in seen


def test_who_got_the_550(smtpsend):
    with Server(dialogue(RCPT=["250 2.1.5 ok", "550-5.1.1 no\n550 5.1.1 really",
                               "250 2.1.5 ok"])) as server:
        run = smtpsend("--server", f"127.0.0.1:{server.port}", "-v", *ARGS,
                       "a@x.test", "b@x.test", "c@x.test", message=MESSAGE)
    assert "(RCPT a@x.test)" in run.stdout, run
    assert re.search(r"<- 550.*\(RCPT b@x.test\)", run.stdout)


def test_brief(smtpsend):
    with Recorder() as good:
        run = smtpsend("--brief", "--server", good.url, *ARGS, "b@x.test",
                       message=MESSAGE, env={"LC_ALL": "C"})
        utf8 = smtpsend("--brief", "--server", good.url, *ARGS, "b@x.test",
                        message=MESSAGE, env={"LC_ALL": "C.UTF-8"})
    assert run.status == 0
    assert re.fullmatch(
        r"ok b@x\.test  127\.0\.0\.1  connect \d+, (?:TLS\S+ \d+ \(\w+\), )?"
        r"accepted \d+ ms(?:, id \S+)?\n", run.stdout), run.stdout
    assert utf8.stdout.startswith("\u2714 b@x.test  ")
    assert " \u00b7 accepted " in utf8.stdout


def test_brief_of_failures(smtpsend):
    port = closed_port()
    run = smtpsend("--brief", "--server", f"127.0.0.1:{port}", *ARGS,
                   "b@x.test", message=MESSAGE, env={"LC_ALL": "C"})
    assert run.status == 75
    assert run.stdout.startswith(".. b@x.test"), run
    assert "refused" in run.stdout
    assert run.stdout.count("\n") == 1
    assert run.stderr.count("\n") == 1


def test_timing(looked):
    run = looked("--timing")
    assert run.status == 0
    names = re.findall(r"\| (\w+)", run.stdout)
    assert names == ["DNS", "DNS", "connect", "greeting", "EHLO", "STARTTLS",
                     "TLS", "EHLO", "envelope", "message", "QUIT"] or \
        names == ["DNS", "connect", "greeting", "EHLO", "STARTTLS", "TLS",
                  "EHLO", "envelope", "message", "QUIT"], run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80


def test_timing_is_drawn(looked, tmp_path):
    path = tmp_path / "time.svg"
    run = looked(f"--timing={path}")
    assert (run.status, run.stdout) == (0, "")
    svg = xml.etree.ElementTree.parse(path).getroot()
    assert svg.tag.endswith("svg")
    rows = [t.text for t in svg.iter() if t.tag.endswith("text")]
    assert any("mx2.hosts.test [127.0.0.2]" in r for r in rows)
    assert not [t for t in svg.iter() if t.tag.endswith("script")]


def test_timing_marks_what_failed(smtpsend):
    run = smtpsend("--timing", "--server", f"127.0.0.1:{closed_port()}", *ARGS,
                   "b@x.test", message=MESSAGE)
    assert run.status == 75
    assert re.search(r"x+ *\| connect failed: \[127.0.0.1\]", run.stdout)


@pytest.mark.parametrize("args, says", [
    (["--json", "--brief"], "--json and --brief exclude each other"),
    (["--json", "--timing"], "--timing without =FILE.svg does not go with "
     "--json"),
    (["--timing=x.png"], "--timing"),
])
def test_what_does_not_go_together(smtpsend, args, says):
    run = smtpsend(*args, *ARGS, "b@x.test", message=MESSAGE)
    assert run.status == 64
    assert says in run.stderr


def test_a_drawing_that_cannot_be_made_stops_it_before_anything(smtpsend,
                                                                tmp_path):
    with Recorder() as server:
        run = smtpsend(f"--timing={tmp_path}/no/x.svg", "--server", server.url,
                       *ARGS, "b@x.test", message=MESSAGE)
    assert run.status == 73, run
    assert server.messages == []
    assert f"{tmp_path}/no/x.svg" in run.stderr


def test_a_full_disk_of_the_drawing_is_said_and_changes_nothing(smtpsend,
                                                                tmp_path):
    path = tmp_path / "full.svg"
    path.symlink_to("/dev/full")
    with Recorder() as server:
        run = smtpsend(f"--timing={path}", "--server", server.url, *ARGS,
                       "b@x.test", message=MESSAGE)
    assert run.status == 0, run
    assert "could not be written" in run.stderr
    assert len(server.messages) == 1


def test_explain(smtpsend, world):
    """Who, a CNAME at MX, an empty line between domains; no preference where
    nobody said one."""
    args = ["--resolver", world.resolver, "--allow-loopback-mx", "--explain",
            "a@one.test", "c@gone.test", "b@one.test"]
    run = smtpsend(*args)
    one, gone = run.stdout.split("\n\n")
    assert one.splitlines()[:2] == ["one.test",
                                    "  for       a@one.test, b@one.test"]
    assert "  hosts        10 mx2.hosts.test\n" in one
    assert "               20 mx3.hosts.test, by CNAME other.hosts.test\n" in one
    assert gone.startswith("gone.test\n  for       c@gone.test\n")
    plan = [json.loads(x) for x in smtpsend("--json", *args).stdout.splitlines()
            if '"explain"' in x][0]
    assert plan["recipients"] == ["a@one.test", "b@one.test"]
    assert [h["canonical"] for h in plan["hosts"]] == [None, "other.hosts.test"]
    run = smtpsend("--server", "127.0.0.1:25", "--explain", "a@one.test")
    assert "  hosts     127.0.0.1\n" in run.stdout
