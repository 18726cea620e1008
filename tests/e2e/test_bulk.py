# SPDX-License-Identifier: ISC
"""
--mbox: each message of a mailbox as it would be sent alone.  The mailboxes are
made by Python's mailbox module; what a server took is compared with what was
put in.
"""

import csv
import email
import email.policy
import json
import mailbox
import os
import subprocess
import time

import pytest

from conftest import BINARY
from scripted import Server, dialogue
from servers.process import eventually

HEAD = ("From: alice@client.test\nTo: user{n}@example.test\nSubject: no {n}\n"
        "Date: Sun, 22 Nov 2026 09:00:00 +0000\nMessage-ID: <{n}@client.test>\n"
        "\n")
# ">From " is not among them: Python's module does not quote it a second time
BODIES = ["hello\n", "", "From here on\n\nFrom alice\n", "\nFrom me 10:20\n\n",
          ">Fro\n> From z\n", ".\n..\n.x\n", "\n\n\n",
          "a long line " * 60 + "\n", "x" * 70000 + "\n", "end\n\n\n"]


def text(n):
    return HEAD.format(n=n) + BODIES[n % len(BODIES)]


def canonical(data):
    """As it is compared: its subject, and its lines but for empty last ones,
    which an mbox does not keep."""
    m = email.message_from_bytes(data)
    body = m.get_payload(decode=True).replace(b"\r\n", b"\n").rstrip(b"\n")
    return m["Subject"], body


def wanted(count):
    return sorted(canonical(text(n).encode()) for n in range(count))


def make_mbox(path, count):
    box = mailbox.mbox(path, create=True)
    for n in range(count):
        box.add(text(n))
    box.close()


def make_maildir(path, count):
    box = mailbox.Maildir(path, create=True)
    for n in range(count):
        m = mailbox.MaildirMessage(text(n))
        m.set_subdir("cur" if n % 3 else "new")
        box.add(m)
    box.close()


def make_folder(path, count):
    path.mkdir()
    for n in range(count):
        (path / f"{n:03}.eml").write_text(text(n))
    (path / "README").write_text("this is no message\n")
    (path / ".hidden.eml").write_text("nor is this\n")


KINDS = {"mbox": make_mbox, "Maildir": make_maildir, "folder": make_folder}


def options(server, *more):
    return ["--server", server.url, "--tls", "none", "-f", "alice@client.test",
            *more]


@pytest.fixture(name="sink")
def make_clean(sink):
    sink.forget()
    return sink


@pytest.mark.parametrize("kind", KINDS)
def test_each_message_is_sent(smtpsend, sink, tmp_path, kind):
    KINDS[kind](tmp_path / "box", 25)
    run = smtpsend(*options(sink, "--mbox", tmp_path / "box", "-t"))
    assert (run.status, run.out, run.err) == (0, b"", b""), run
    stored = sink.stored(25)
    assert sorted(canonical(m.data) for m in stored) == wanted(25)
    assert {m.recipients for m in stored} == {
        (f"user{n}@example.test",) for n in range(25)}


def test_recipients_that_are_named(smtpsend, sink, tmp_path):
    make_mbox(tmp_path / "box", 4)
    run = smtpsend(*options(sink, "--mbox", tmp_path / "box", "bob@x.test",
                            "carol@x.test"))
    assert run.status == 0, run
    assert sorted(m.recipients for m in sink.stored(8)) == \
        [("bob@x.test",)] * 4 + [("carol@x.test",)] * 4


def test_a_pipe_is_sent_as_it_comes(sink, tmp_path):
    """The first messages are with the server while the last are not written."""
    make_mbox(tmp_path / "box", 3)
    data = (tmp_path / "box").read_bytes()
    with subprocess.Popen([BINARY, *options(sink, "--mbox", "-", "-t")],
                          stdin=subprocess.PIPE) as p:
        p.stdin.write(data)
        p.stdin.flush()
        assert len(sink.stored(2)) == 2
        p.stdin.write(data[data.rindex(b"\nFrom ", 0, -1) + 1:])
        p.stdin.close()
        assert p.wait(60) == 0
    assert len(sink.stored(2)) == 2


def run_json(smtpsend, *words):
    run = smtpsend("--json", *words)
    events = [json.loads(line) for line in run.out.splitlines()]
    return run, [e for e in events if e["event"] == "result"]


def test_what_is_wrong_with_one_stops_no_other(smtpsend, tmp_path):
    """A refused recipient, one without any, a damaged header, a folder, a FIFO,
    an empty one: each told by its name."""
    box = tmp_path / "box"
    make_folder(box, 6)
    (box / "010.eml").write_text("Subject: for nobody\n\nx\n")
    (box / "011.eml").write_text("")
    (box / "012.eml").mkdir()
    os.mkfifo(box / "013.eml")
    (box / "014.eml").symlink_to("nowhere")
    (box / "015.eml").write_text(text(1).replace("user1@", "user1@@"))
    play = dialogue(RCPT=lambda c: c.say(
        "550 5.1.1 no such user" if "user3@" in c.lines[-1] else "250 ok") or
                    (550 if "user3@" in c.lines[-1] else 250))
    with Server(play) as srv:
        run, results = run_json(smtpsend, "--server", f"127.0.0.1:{srv.port}",
                                "--tls", "none", "-f", "a@x.test", "--mbox",
                                box, "-t")
    assert run.status == 64, run
    done = {r["message"]: r["status"] for r in results}
    assert done == {f"{box}/{n:03}.eml": "failed" if n == 3 else "delivered"
                    for n in range(6)} | {f"{box}/015.eml": "failed"}
    for n, said in ((3, "550 5.1.1 no such user"), (10, "no recipients"),
                    (11, "empty"), (12, "directory"), (13, "regular"),
                    (14, "No such file"), (15, "user1@@")):
        line = [x for x in run.stderr.splitlines() if f"/{n:03}.eml: " in x]
        assert len(line) == 1 and said in line[0], (n, run)


def test_a_server_that_goes_away(smtpsend, tmp_path):
    """What was not taken is deferred, each message told."""
    make_mbox(tmp_path / "box", 30)
    taken = []

    def dot(c):
        if len(taken) == 7:
            c.drop()
        else:
            taken.append(c)
            c.say("250 ok")

    with Server(dialogue(**{".": dot})) as srv:
        run, results = run_json(smtpsend, "--server", f"127.0.0.1:{srv.port}",
                                "--tls", "none", "-f", "a@x.test", "--mbox",
                                tmp_path / "box", "-t")
    assert run.status == 75, run
    status = [r["status"] for r in results]
    assert len(status) == 30 and status.count("delivered") == 7, run


@pytest.mark.parametrize("content, status, said", [
    (None, 66, "No such file"), (b"", 0, ""), (b"Subject: x\n\ny\n", 65,
                                               "no mbox")])
def test_no_mbox(smtpsend, tmp_path, content, status, said):
    if content is not None:
        (tmp_path / "box").write_bytes(content)
    run = smtpsend("--mbox", tmp_path / "box", "--server", "127.0.0.1:1",
                   "bob@x.test")
    assert run.status == status, run
    assert said in run.stderr and run.stderr.count("\n") <= 1


def test_an_empty_folder(smtpsend, tmp_path):
    run = smtpsend("--mbox", tmp_path, "--server", "127.0.0.1:1", "bob@x.test")
    assert (run.status, run.out, run.err) == (0, b"", b""), run


@pytest.mark.parametrize("word", [
    ["--file", "x"], ["--subject", "x"], ["--explain"], ["--print"],
    ["--quit-after", "rcpt"], ["--at", "+1h"], ["--wait"], ["--timing"],
    ["--require-eom"]], ids=lambda w: w[0])
def test_what_is_about_one_message(smtpsend, tmp_path, word):
    run = smtpsend("--mbox", tmp_path, *word, "bob@x.test")
    assert run.status == 64, run
    assert run.stderr == f"smtpsend: {word[0]} has no meaning with --mbox, " \
        "which sends many messages\n"


def test_a_signal_ends_it(sink, tmp_path):
    """What is on its way is deferred; nothing more is begun."""
    make_mbox(tmp_path / "box", 3)
    with subprocess.Popen([BINARY, *options(sink, "--mbox", "-", "-t")],
                          stdin=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        p.stdin.write((tmp_path / "box").read_bytes())
        p.stdin.flush()
        assert len(sink.stored(2)) == 2
        p.terminate()
        assert p.wait(20) != 0
        p.stdin.close()
        assert eventually(lambda: p.poll() is not None, 10)


# ---- --resume ----

def resume(smtpsend, port, box, state, *more):
    return run_json(smtpsend, "--server", f"127.0.0.1:{port}", "--tls", "none",
                    "-f", "a@x.test", "--mbox", box, "--resume", state, "-t",
                    *more)


def moody(refused=(), put_off=()):
    """A server that refuses some recipients, and puts off some."""
    def rcpt(c):
        code = 550 if any(f"<{r}@" in c.lines[-1] for r in refused) else \
            450 if any(f"<{r}@" in c.lines[-1] for r in put_off) else 250
        c.say(f"{code} so it is")
        return code
    return dialogue(RCPT=rcpt)


def test_only_what_is_left(smtpsend, tmp_path):
    """Deferred: again.  Delivered, or failed: not, wherever it lies now."""
    make_mbox(tmp_path / "box", 8)
    state = tmp_path / "state"
    with Server(moody(["user2"], ["user4", "user5"])) as srv:
        run, results = resume(smtpsend, srv.port, tmp_path / "box", state)
        assert run.status == 69, run
        assert len(results) == 8
        make_maildir(tmp_path / "dir", 9)
        run, results = resume(smtpsend, srv.port, tmp_path / "dir", state)
    assert run.status == 75, run
    assert sorted((r["recipient"][:5], r["status"]) for r in results) == [
        ("user4", "deferred"), ("user5", "deferred"), ("user8", "delivered")]
    with Server(moody()) as srv:
        run, results = resume(smtpsend, srv.port, tmp_path / "box", state)
        assert run.status == 0 and len(results) == 2, run
        run, results = resume(smtpsend, srv.port, tmp_path / "box", state)
        assert run.status == 0 and results == [], run
    assert state.stat().st_mode & 0o777 == 0o600


def test_the_same_twice_is_two_messages(smtpsend, tmp_path):
    box, state = tmp_path / "box", tmp_path / "state"
    make_mbox(box, 1)
    box.write_bytes(box.read_bytes() * 3)
    with Server(moody()) as srv:
        for count in (3, 0):
            run, results = resume(smtpsend, srv.port, box, state)
            assert (run.status, len(results)) == (0, count), run


def test_a_line_that_was_cut_off(smtpsend, tmp_path):
    """At any octet of its last line: that recipient, and no other, again."""
    box, state = tmp_path / "box", tmp_path / "state"
    make_mbox(box, 3)
    with Server(moody()) as srv:
        resume(smtpsend, srv.port, box, state)
        whole = state.read_bytes()
        last = whole[:-1].rindex(b"\n") + 1
        for cut in range(last, len(whole), 7):
            state.write_bytes(whole[:cut])
            run, results = resume(smtpsend, srv.port, box, state)
            assert (run.status, len(results)) == (0, 1), (cut, run)
            assert sorted(state.read_bytes().splitlines()) == \
                sorted(whole.splitlines())


@pytest.mark.parametrize("content, status, said", [
    (b"From x\n", 65, "is no file of --resume"), (None, 73, "No such file")])
def test_another_file(smtpsend, tmp_path, content, status, said):
    make_mbox(tmp_path / "box", 1)
    state = tmp_path / ("state" if content else "no/state")
    if content:
        state.write_bytes(content)
    run = smtpsend("--mbox", tmp_path / "box", "--resume", state, "--server",
                   "127.0.0.1:1", "-t")
    assert run.status == status and said in run.stderr, run
    assert not content or state.read_bytes() == content


def test_two_runs_at_once(smtpsend, sink, tmp_path):
    make_mbox(tmp_path / "box", 2)
    words = options(sink, "--mbox", "-", "-t", "--resume", tmp_path / "state")
    with subprocess.Popen([BINARY, *words], stdin=subprocess.PIPE) as p:
        p.stdin.write((tmp_path / "box").read_bytes())
        p.stdin.flush()
        assert len(sink.stored(1)) == 1
        run = smtpsend(*words, message=b"")
        assert run.status == 75 and "another run" in run.stderr, run
        p.stdin.close()
        assert p.wait(60) == 0


def test_a_disk_that_is_full(smtpsend, tmp_path):
    """It stops, and says who has what the file does not say."""
    box, state = tmp_path / "box", tmp_path / "state"
    make_mbox(box, 40)
    with Server(moody()) as srv:
        run = smtpsend("--server", f"127.0.0.1:{srv.port}", "--tls", "none",
                       "-f", "a@x.test", "--mbox", box, "--resume", state,
                       "-t", wrap=["prlimit", "--fsize=200"])
    assert run.status == 75, run
    taken = sum(len(c.messages) for c in srv.conns)
    written = state.read_bytes().count(b" delivered 250 ")
    told = run.stderr.count("does not say so")
    assert 0 < taken < 40 and written + told >= taken, run
    assert "cannot write" in run.stderr


# ---- the summary, and how fast ----

def test_the_summary(smtpsend, tmp_path):
    make_folder(tmp_path / "box", 9)
    (tmp_path / "box/100.eml").write_text("")
    state = tmp_path / "state"
    with Server(moody(["user1"], ["user2", "user3"])) as srv:
        run, _ = resume(smtpsend, srv.port, tmp_path / "box", state)
        last = json.loads(run.out.splitlines()[-1])
        run = smtpsend("--server", f"127.0.0.1:{srv.port}", "--tls", "none",
                       "--mbox", tmp_path / "box", "-t", "--resume", state)
    assert {k: last[k] for k in ("event", "messages", "unsent", "delivered",
                                 "deferred", "failed", "before", "codes")} == {
        "event": "summary", "messages": 9, "unsent": 1, "delivered": 6,
        "deferred": 2, "failed": 1, "before": 0, "codes": {"450": 2, "550": 1}}
    assert 0 < last["half"] <= last["p90"] <= last["p99"] <= last["longest"] \
        <= last["seconds"]
    assert last["slowest"][0]["domain"] == "example.test"
    assert last["slowest"][0]["recipients"] == 9
    told = run.stderr.splitlines()[-3:]
    assert "2 recipients: 0 delivered, 2 deferred, 0 failed; 1 message not " \
        "sent at all; 7 done before" in told[0], run
    assert told[1] == "smtpsend: 450 2 times", run


def test_one_after_the_other(tmp_path):
    """--rate: the last of six begins five distances after the first."""
    make_mbox(tmp_path / "box", 6)
    begun = time.monotonic()
    with Server(moody()) as srv:
        done = subprocess.run(
            [BINARY, "--server", f"127.0.0.1:{srv.port}", "--tls", "none", "-f",
             "a@x.test", "--mbox", tmp_path / "box", "-t", "--rate", "20/s"],
            capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert sum(len(c.messages) for c in srv.conns) == 6
    assert time.monotonic() - begun >= 5 * 0.05


def test_so_many_connections(smtpsend, tmp_path):
    make_mbox(tmp_path / "box", 60)
    for most in (1, 4):
        with Server(moody()) as srv:
            run = smtpsend("--server", f"127.0.0.1:{srv.port}", "--tls", "none",
                           "-f", "a@x.test", "--mbox", tmp_path / "box", "-t",
                           "--max-connections", most)
        assert run.status == 0, run
        assert len(srv.conns) == most
        assert sum(len(c.messages) for c in srv.conns) == 60


@pytest.mark.parametrize("word", ["0/s", "5", "5/year", "x/s", "-1/s"])
def test_no_rate(smtpsend, word):
    run = smtpsend("--mbox", "-", "--rate", word, "bob@x.test")
    assert run.status == 64 and "a rate is wanted" in run.stderr, run


# ---- VERP ----

def test_the_sender_names_the_recipient(smtpsend, tmp_path):
    """Each alone; who has no such path fails, and nobody else."""
    make_mbox(tmp_path / "box", 2)
    state = tmp_path / "state"
    words = ["--tls", "none", "-f", "list@x.test", "--mbox", tmp_path / "box",
             "--verp", "--resume", state, "bob@y.test", "carol@z.test",
             '"a b"@y.test', f"{'d' * 60}@z.test"]
    with Server(moody()) as srv:
        run, results = run_json(smtpsend, "--server", f"127.0.0.1:{srv.port}",
                                *words)
        assert run.status == 65, run
        lines = [x for c in srv.conns for x in c.lines]
        assert sorted(x.split(">")[0] for x in lines if x.startswith("MAIL")) \
            == ["MAIL FROM:<list+bob=y.test@x.test"] * 2 + \
            ["MAIL FROM:<list+carol=z.test@x.test"] * 2
        assert all(lines[i + 1].startswith("RCPT TO:<bob@y.test>")
                   for i, x in enumerate(lines) if "list+bob=" in x)
        assert sorted(r["status"] for r in results) == \
            ["delivered"] * 4 + ["failed"] * 4
        summary = json.loads(run.out.splitlines()[-1])
        assert (summary["messages"], summary["delivered"]) == (2, 4)
        run, results = run_json(smtpsend, "--server", f"127.0.0.1:{srv.port}",
                                *words[:-2])
        assert (run.status, results) == (0, []), run


def test_verp_of_nobody(smtpsend, tmp_path):
    make_mbox(tmp_path / "box", 1)
    with Server(moody()) as srv:
        run = smtpsend("--server", f"127.0.0.1:{srv.port}", "--tls", "none",
                       "-f", "<>", "--mbox", tmp_path / "box", "--verp", "-t")
    assert run.status == 0, run
    assert "MAIL FROM:<>" in " ".join(x for c in srv.conns for x in c.lines)


# ---- a list ----

TEMPLATE = ("From: news@client.test\nTo: %{Name} <%{email}>\n"
            "Subject: %{subject}\n\nDear %{name}, 100%% for %{to}: %{gift}.\n")
ROWS = [("email", "name", "subject", "gift"),
        ("ann@y.test", "Ann", "Hello, you", "a \"book\""),
        ("bob@y.test", "Bob", "Grüße", "")]


def write_list(path, rows, **how):
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f, **how).writerows(rows)


def filled(smtpsend, server, path, *more, message=TEMPLATE):
    return smtpsend(*options(server, "--mbox", path, "--fill", *more),
                    message=message.encode())


@pytest.mark.parametrize("how", [
    {}, {"delimiter": ";"}, {"delimiter": "\t"}, {"quoting": csv.QUOTE_ALL},
    {"lineterminator": "\n"}], ids=str)
def test_a_message_for_each_row(smtpsend, sink, tmp_path, how):
    write_list(tmp_path / "list.csv", ROWS, **how)
    if how:
        with open(tmp_path / "list.csv", "rb+") as f:
            text = f.read()
            f.seek(0)
            f.write(b"\xef\xbb\xbf" + text)   # as some spreadsheets do
    run = filled(smtpsend, sink, tmp_path / "list.csv")
    assert (run.status, run.err) == (0, b""), run
    got = {m.recipients: email.message_from_bytes(
        m.data, policy=email.policy.default) for m in sink.stored(2)}
    assert set(got) == {("ann@y.test",), ("bob@y.test",)}
    ann, bob = got["ann@y.test",], got["bob@y.test",]
    assert ann["To"] == "Ann <ann@y.test>"
    assert (ann["Subject"], bob["Subject"]) == ("Hello, you", "Grüße")
    assert ann.get_content().strip() == \
        'Dear Ann, 100% for ann@y.test: a "book".'
    assert bob.get_content().strip() == "Dear Bob, 100% for bob@y.test: ."
    assert ann["Message-ID"] != bob["Message-ID"]


def test_rows_that_are_wrong(smtpsend, sink, tmp_path):
    """Each by its line; the others are sent; no value makes a line."""
    (tmp_path / "list.csv").write_text(
        "email,name\nann@y.test,Ann\nx@@y,Eve\n,Nobody\nonly@y.test\n"
        "\"b\"x@y.test,B\nbob@y.test,\"Bob\nX-Evil: yes\"\n")
    run = filled(smtpsend, sink, tmp_path / "list.csv", "--file", "/dev/stdin",
                 message="Subject: to %{name}\n\nhi\n")
    assert run.status == 65, run
    for line, said in ((3, "x@@y"), (4, "no address"), (5, "1 fields"),
                       (6, "quoted")):
        told = [x for x in run.stderr.splitlines() if f"list.csv:{line}: " in x]
        assert len(told) == 1 and said in told[0], (line, run)
    stored = sink.stored(2)
    assert sorted(m.recipients for m in stored) == [("ann@y.test",),
                                                    ("bob@y.test",)]
    assert all("X-Evil" not in email.message_from_bytes(m.data)
               for m in stored)


@pytest.mark.parametrize("text, template, status, said", [
    ("name,gift\na,b\n", "x: y\n\nz\n", 65, "no column"),
    ("email,\"name\nann@y.test,b\n", "x: y\n\nz\n", 65, "quote is not closed"),
    ("email\nann@y.test\n", "x: y\n\n%{nmae}\n", 65, "columns of the list"),
    ("email\nann@y.test\n", "", 65, "empty"), ("", "x: y\n\nz\n", 0, "")])
def test_no_list(smtpsend, sink, tmp_path, text, template, status, said):
    (tmp_path / "list.csv").write_text(text)
    run = filled(smtpsend, sink, tmp_path / "list.csv", message=template)
    assert run.status == status and said in run.stderr, run
    assert sink.stored(0, 0) == []


@pytest.mark.parametrize("words, said", [
    (["--mbox", "x.csv", "--fill", "bob@x.test"], "takes no others"),
    (["--mbox", "-", "--fill"], "needs --file")])
def test_list_and_words(smtpsend, words, said):
    run = smtpsend(*words)
    assert run.status == 64 and said in run.stderr, run


def test_a_list_is_gone_on_with(smtpsend, sink, tmp_path):
    state, path = tmp_path / "state", tmp_path / "list.csv"
    write_list(path, ROWS)
    assert filled(smtpsend, sink, path, "--resume", state).status == 0
    sink.stored(2)
    write_list(path, ROWS + [("cat@y.test", "Cat", "x", "y"), ROWS[1]])
    assert filled(smtpsend, sink, path, "--resume", state).status == 0
    assert sorted(m.recipients for m in sink.stored(2)) == [("ann@y.test",),
                                                            ("cat@y.test",)]
