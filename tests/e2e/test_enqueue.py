# SPDX-License-Identifier: ISC
"""Into the queue: who may, what is written, and who owns it.

FAULTS rows 79 (standard input), 80 (a producer that dies), 86 (a broken
configuration), 75 (closed descriptors).
"""

import itertools
import os
import stat
import time

import pytest

from queue_support import MESSAGE, SPOOL_UID, Box

TO = "bob@example.org"
DEAD = "server = 127.0.0.1:1\ntimeout = 1s"     # nobody listens there


@pytest.fixture
def box(machine):
    return Box(machine)


def only(box):
    mails = box.queue()
    assert len(mails) == 1, mails
    return mails[0]


def test_root_enqueues_as_the_spool_s_user(box):
    run = box.sendmail("-odq", "-f", "me@x.org", TO, "joe@example.com")
    assert (run.rc, run.out, run.err) == (0, "", "")
    mail = only(box)
    assert mail.owner == (SPOOL_UID, SPOOL_UID, 0o600)
    assert not box.strangers()
    assert mail.uid == 0 and mail.host == "box.example.net"
    assert (mail.sender, mail.rcpts) == ("me@x.org", [TO, "joe@example.com"])
    assert abs(mail.created - time.time()) < 60
    assert mail.text.endswith(b"\r\n\r\nhello\r\n")
    assert mail.text[:mail.head].endswith(b"\r\n\r\n")
    assert mail.text.startswith(
        b"Received: by box.example.net (from userid 0) with local id\r\n " +
        mail.id.encode())
    assert b"bob@" not in mail.text[:mail.text.index(b"\r\nSubject")]
    assert b"Subject: hi\r\n" in mail.text[:mail.head]
    assert b"\n" not in mail.text.replace(b"\r\n", b"")


def test_the_owner_of_the_spool_enqueues(box):
    assert box.sendmail("-odq", TO, uid=SPOOL_UID).rc == 0
    assert only(box).uid == SPOOL_UID
    assert not box.strangers()


def test_root_owns_a_spool_where_there_is_no_such_user(box):
    os.chown(box.spool, 0, 0)
    assert box.sendmail("-odq", TO).rc == 0
    assert only(box).owner == (0, 0, 0o600)


def test_nobody_else_gets_in(machine):
    """No socket either: nothing is queued, and it is said (75)."""
    box = Box(machine, config=DEAD)
    run = box.sendmail("-odq", TO, uid=1234)
    assert run.rc == 75, run
    assert "nothing was queued: " in run.err, run
    assert box.queue() == []


def test_without_a_spool_all_is_as_before(machine):
    box = Box(machine, spool=False,
              config=DEAD)
    run = box.sendmail(TO)
    assert run.rc == 75, run
    assert run.err.count("\n") == 1, run
    assert "nothing was queued: send it again later" in run.err, run
    assert not box.spool.exists()
    assert box.sendmail("-oeq", TO).err == ""


@pytest.mark.parametrize("option", [["--at", "+1h"], ["--dedupe", "k"]],
                         ids=["at", "dedupe"])
def test_what_needs_a_queue_says_so(machine, option):
    box = Box(machine, spool=False)
    run = box.smtpsend(*option, TO)
    assert (run.rc, run.err) == (
        69, f"smtpsend: {option[0]} needs a queue, nothing was sent: this "
        "machine has no queue\n"), run


def test_what_is_stored_of_it(box):
    before = time.time()
    run = box.sendmail(
        "-odq", "-Qfor a look", "-N", "success,delay", "-R", "hdrs", "-V",
        "id+1", "-h", "7", "-L", "tag", "-O", "Timeout.queuereturn=2h", "-O",
        "requiretls=yes", "-f", "", TO,
        stdin=b"Received: a\nReceived: b\n" + MESSAGE)
    assert run.rc == 0, run
    mail = only(box)
    assert (mail.notify[TO], mail.orcpt[TO]) == (2 | 8, f"rfc822;{TO}")
    assert (mail.ret, mail.envid) == (2, "id+1")
    assert (mail.hops, mail.tag, mail.expires) == (9, "tag", 7200)
    assert mail.sender == ""
    assert mail.flags & 0xf == 0xf          # held, queue only, TLS, bounce
    assert before - 1 <= mail.created <= time.time()
    assert "held: for a look" in box.smtpsend("--queue", "why", mail.id).out


def test_too_many_hops(box):
    run = box.sendmail("-odq", "-h", "20", "-O", "MaxHopCount=20", TO,
                       stdin=b"Received: a\n" + MESSAGE)
    assert run.rc == 65 and "round in a circle" in run.err, run
    assert box.queue() == []


def test_received(machine):
    box = Box(machine, queue="received = no")
    box.sendmail("-odq", TO)
    assert b"Received:" not in only(box).text
    box = Box(machine)
    box.sendmail("-odq", "-p", "uucp:far.example", TO)
    text = only(box).text.replace(b"\r\n ", b" ")
    assert text.startswith(b"Received: from far.example by "), text
    assert b" with uucp id " in text
    assert b" for <bob@example.org>; " in text


@pytest.mark.parametrize("said", ["uucp", "uucp:", "uucp:a b", "uucp:a(b)",
                                  "u\np:far\r\nX: y"])
def test_origins_that_are_no_words(machine, said):
    box = Box(machine)
    box.sendmail("-odq", "-p", said, TO)
    text = only(box).text
    assert text.startswith(b"Received: by ") and b"X: y" not in text, text


@pytest.mark.parametrize("words, kind", [
    (["-FCronDaemon"], 1), (["-f", "<>"], 1), ([], 0)], ids=str)
def test_classes(box, words, kind):
    assert box.sendmail("-odq", *words, TO).rc == 0
    assert only(box).kind == kind


def test_bulk(box):
    assert box.sendmail("-odq", TO, stdin=b"Precedence: bulk\n" +
                        MESSAGE).rc == 0
    assert only(box).kind == 2


def test_first_try_is_booked(box):
    """It is written with the message, so nothing has to be written before the
    first attempt; -odq has none."""
    box.sendmail("-odq", TO)
    box.smtpsend("--at", "+1h", TO)
    later, at = box.queue()
    assert (later.runs, at.runs) == (0, 0)
    assert at.not_before - at.created == 3600


@pytest.mark.parametrize("text, body", [
    (b"a\rb\n", b"a\r\nb\r\n"), (b"no end", b"no end\r\n"),
    (b".\n..\n", b".\r\n..\r\n"), (b"", b"")], ids=repr)
def test_text_is_canonical(box, text, body):
    run = box.sendmail("-i", "-odq", TO, stdin=b"Subject: x\n\n" + text)
    assert run.rc == 0, run
    mail = only(box)
    assert mail.text[mail.head:] == body


@pytest.mark.parametrize("text", [b"x" * 5000 + b"\n", b"a\0b\n"],
                         ids=["long line", "NUL"])
def test_what_no_server_takes_is_recoded(box, text):
    """At once: it is stored so that it can be sent as it lies."""
    run = box.sendmail("-odq", TO, stdin=b"Subject: x\n\n" + text)
    assert run.rc == 0, run
    mail = only(box)
    assert max(map(len, mail.text.split(b"\r\n"))) < 999
    assert b"\0" not in mail.text
    assert b"Content-Transfer-Encoding: " in mail.text[:mail.head]
    assert mail.text[:mail.head].endswith(b"\r\n\r\n")


def test_large_messages(box):
    """Of a pipe, and of a file that is read where it lies."""
    line = b"0123456789abcdef" * 4 + b"\n"
    text = b"Subject: x\n\n" + line * 50000
    assert box.sendmail("-odq", TO, stdin=text).rc == 0
    (box.folder / "mail").write_bytes(text)
    (box.folder / "mail").chmod(0o600)
    run = box.sendmail("-odq", TO, stdin=None,
                       shell=f'exec "$@" <{box.folder}/mail')
    assert run.rc == 0, run
    for mail in box.queue():
        assert mail.text[mail.head:] == line.replace(b"\n", b"\r\n") * 50000


# FAULTS row 79

@pytest.mark.parametrize("script, rc", [
    ('exec "$@" <&-', 66), ('exec "$@" </', 66), ('exec "$@" </dev/null', 65),
    ("printf 'Subject: x' | \"$@\"", 0),
    ("printf 'Subject: x\\n\\nno end' | \"$@\"", 0)], ids=str)
def test_standard_input_of_every_kind(box, script, rc):
    run = box.sendmail("-odq", TO, shell=script, stdin=None)
    assert run.rc == rc, run
    assert len(box.queue()) == (rc == 0)
    assert not box.strangers()


def test_too_large(machine):
    box = Box(machine, config="max-size = 10k")
    run = box.sendmail("-odq", TO, stdin=b"Subject: x\n\n" + b"y\n" * 9000)
    assert run.rc == 65 and "max-size" in run.err, run
    assert box.queue() == []


# FAULTS row 80

@pytest.mark.parametrize("words", [["--require-eom"], ["-O", "RequireEOM=yes"]],
                         ids=["own", "sendmail's"])
@pytest.mark.parametrize("end, rc", [(b".\n", 0), (b".\r\n", 0), (b".", 0),
                                     (b"", 65), (b"..\n", 65), (b"x.\n", 65),
                                     (b".\nmore\n", 65)], ids=repr)
def test_a_producer_that_dies(box, words, end, rc):
    name = "smtpsend" if words[0].startswith("--") else "sendmail"
    run = box.command(name, *words, "-odq", TO, stdin=MESSAGE + end)
    assert run.rc == rc, run
    if rc == 0:
        assert only(box).text.endswith(b"\r\n\r\nhello\r\n")
    else:
        assert "does not end with a line of a single dot" in run.err
        assert box.queue() == []


def test_without_it_an_end_is_an_end(box):
    """Nobody can tell a producer that died from one that had no more to say."""
    assert box.sendmail("-odq", TO, stdin=MESSAGE[:-3]).rc == 0
    assert only(box).text.endswith(b"\r\n\r\nhel\r\n")


# FAULTS row 86

BROKEN = {
    "bad key": "tsl = may\n",
    "half-written": "[que",
    "not text": "\0\1\2",
    "no relay of that name": "relay = nobody\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_configuration_stops_no_mail(box, text):
    """... nor is it forgotten where the queue is."""
    box.configure(box.config + "[defaults]\n" + text)
    run = box.sendmail("-oi", TO)
    assert run.rc == 0, run
    assert "/etc/smtpsend/smtpsend.conf" in run.err
    assert only(box).rcpts == [TO]
    assert not box.strangers()
    assert box.command("mailq", stdin=None).rc == 0


def test_a_configuration_that_anybody_can_write_to(box):
    """Then it is not believed where the queue is: here there is none (78)."""
    box.machine.write("/etc/smtpsend/smtpsend.conf", box.config, mode=0o666)
    run = box.sendmail(TO)
    assert run.rc == 78 and "everybody may write to it" in run.err, run
    assert box.queue() == []


def test_broken_and_no_spool(machine):
    box = Box(machine, config="tsl = may", spool=False)
    run = box.sendmail(TO)
    assert run.rc == 78, run
    assert "nothing was sent: " in run.err


def test_smtpsend_itself_does_not_guess(box):
    box.configure("tsl = may\n" + box.config)
    run = box.smtpsend("-odq", TO)
    assert run.rc == 78, run
    assert box.queue() == []


# Whose configuration

def home(box, text, uid=0):
    folder = box.folder / "home"
    conf = folder / ".config" / "smtpsend"
    conf.mkdir(parents=True)
    (conf / "smtpsend.conf").write_text(text)
    for p in (folder, folder / ".config", conf, conf / "smtpsend.conf"):
        os.chown(p, uid, uid)
    return {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / ".config")}


@pytest.mark.parametrize("text, queued", [
    ("server = 127.0.0.1:1\ntimeout = 1s\n", False),
    ("relay = smtp://127.0.0.1:1\ntimeout = 1s\n", False),
    ("timeout = 1s\n[domain example.org]\nserver = 127.0.0.1:1\n", False),
    ("from = me@x.org\nnotify = never\n", True)], ids=str)
def test_what_goes_a_user_s_own_way_is_not_queued(box, text, queued):
    """It would be sent by others, and without his password."""
    run = box.sendmail("-odq", TO, env=home(box, text))
    assert len(box.queue()) == queued
    if queued:
        assert (run.rc, only(box).sender) == (0, "me@x.org")
    else:
        assert run.rc == 75 and "nothing was queued: your own conf" in run.err


def test_a_user_s_own_file_has_no_queue(box):
    run = box.sendmail(TO, env=home(box, "[queue]\npath = /tmp\n"))
    assert run.rc == 78 and "this is for the whole machine" in run.err, run


# The places it is run in

@pytest.mark.parametrize("closed", [
    c for n in range(1, 4) for c in itertools.combinations("012", n)],
    ids="".join)
def test_closed_descriptors(box, closed):
    """No text of ours in a file of the queue."""
    script = 'exec "$@" ' + " ".join(f"{fd}>&-" for fd in closed)
    run = box.sendmail("-odq", TO, "bad@@address", shell=script)
    assert run.rc == (66 if "0" in closed else 65), run
    assert len(box.queue()) == ("0" not in closed)
    for mail in box.queue():
        assert mail.text.endswith(b"\r\n\r\nhello\r\n")
        assert b"nothing after" not in (
            box.spool / "queue" / mail.id).read_bytes()


@pytest.mark.parametrize("env", [{}, {"HOME": ""}, {"HOME": "/proc"},
                                 {"HOME": "x"}, {"TMPDIR": "/proc"}], ids=str)
def test_homes(box, env):
    run = box.sendmail("-odq", TO, env=env)
    assert run.rc == 0, str(run)
    assert only(box).rcpts == [TO]


def test_another_host_name(machine):
    box = Box(machine, hostname="grün", mailname="example.com")
    assert box.sendmail("-odq", "root").rc == 0
    assert only(box).rcpts == ["root@example.com"]
    assert only(box).sender == "root@example.com"


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o000])
def test_a_spool_that_others_may_enter(box, mode):
    """Not ours alone: a person has to look (FAULTS row 66)."""
    box.spool.chmod(mode)
    run = box.sendmail("-odq", TO)
    assert run.rc in (75, 78), run
    assert run.err.count("\n") == 1, run
    assert not (box.spool / "queue").exists() or not box.queue()


def test_a_spool_that_is_a_file(machine):
    box = Box(machine, spool=False,
              config=DEAD)
    box.spool.write_text("")
    run = box.sendmail(TO)
    assert run.rc == 75 and "nothing was queued" in run.err, run


def test_no_privilege_is_left(box):
    """Whatever it opens after that is the spool's user's to open."""
    strace = ["strace", "-f", "-e", "trace=setgroups,setresgid,setresuid,"
              "openat", "-o", str(box.folder / "trace")]
    run = box.sendmail("-odq", TO, shell=" ".join(strace) + ' "$@"')
    assert run.rc == 0, run
    lines = (box.folder / "trace").read_text().splitlines()
    change = [n for n, line in enumerate(lines) if "set" in line]
    assert "setgroups(1, [8125])" in lines[change[0]]
    assert "setresgid(8125, 8125, 8125)" in lines[change[1]]
    assert "setresuid(8125, 8125, 8125)" in lines[change[2]]
    first = min(n for n, line in enumerate(lines) if str(box.spool) in line
                and "openat" in line)
    assert first > change[2]


# What is queued of what

def test_bad_addresses_stop_nobody_else(box):
    run = box.sendmail("-odq", "bad@@address", TO)
    assert run.rc == 65 and "bad@@address" in run.err, run
    assert only(box).rcpts == [TO]


def test_quiet(box):
    run = box.sendmail("-odq", "-oeq", "bad@@address", TO)
    assert (run.rc, run.err) == (65, ""), run


@pytest.mark.parametrize("mode, rc", [("-oem", 65), ("-oee", 0)])
@pytest.mark.parametrize("others", [[TO], []], ids=["others", "nobody else"])
def test_mailed_back(box, mode, rc, others):
    """What is wrong with an address comes by mail, and nothing on stderr."""
    run = box.sendmail("-odq", mode, "-f", "me@x.org", "bad@@\033addr", *others)
    assert (run.rc, run.out, run.err) == (rc, "", ""), run
    queue = box.queue()		# made in the same moment, they have no order
    [report] = [m for m in queue if m.sender == ""]
    assert [m.rcpts for m in queue if m is not report] == [[TO]] * len(others)
    assert report.rcpts == ["me@x.org"]
    assert b"Content-Type: multipart/report" in report.text
    assert b"\r\nAction: failed\r\nStatus: 5.1.3\r\n" in report.text
    assert b"\033" not in report.text and b"hello" in report.text
    assert not box.strangers()


def test_mailed_back_of_nobody_here(machine):
    """As with a wrong address: what an alias or a login leads to."""
    box = Box(machine, local="local-domains = box.example.net")
    run = box.sendmail("-odq", "-oem", "-f", "me@x.org", TO,
                       "nobody-of-that-name@box.example.net")
    assert (run.rc, run.out, run.err) == (67, "", ""), run
    [report] = [m for m in box.queue() if m.sender == ""]
    assert report.rcpts == ["me@x.org"]
    assert b"\r\nAction: failed\r\nStatus: 5.1.1\r\n" in report.text


def test_nobody_to_mail_back_to(box):
    """Then it is printed."""
    run = box.sendmail("-odq", "-oem", "-f", "<>", "bad@@address", TO)
    assert run.rc == 65 and "bad@@address" in run.err, run
    assert only(box).rcpts == [TO]


def test_dedupe(box):
    for key, left in (("a", 1), ("a", 1), ("b", 2)):
        run = box.smtpsend("--dedupe", key, "-odq", TO)
        assert (run.rc, run.err) == (0, ""), run
        assert len(box.queue()) == left


def test_at_and_expire(box):
    run = box.smtpsend("--at", "2099-01-02T03:04", "--expire", "30m", TO,
                       env={"TZ": "UTC"})
    assert run.rc == 0, run
    assert (only(box).not_before, only(box).expires) == (4071006240, 1800)


def test_json(box):
    run = box.smtpsend("--json", "-odq", TO)
    assert run.rc == 0, run
    assert '"status":"queued"' in run.out
    assert f'"queue_id":"{only(box).id}"' in run.out


def test_the_log_has_the_id(machine):
    box = Box(machine)
    log = box.folder / "log"
    log.touch()
    os.chown(log, SPOOL_UID, SPOOL_UID)
    box.configure(f"log = {log}\n{box.config}")
    box.sendmail("-odq", "-f", "me@x.org", TO, "joe@x.org")
    [line] = log.read_text().splitlines()
    assert f"uid=0 id={only(box).id} from=<me@x.org> status=queued " in line
    assert line.endswith("recipients=2")


def test_staging(machine):
    box = Box(machine, queue="send-all-to = dev@d.org\n"
              "bcc-all = log@d.org\nallow-recipients = *@example.org\n")
    run = box.sendmail("-odq", TO, "joe@x.org")
    assert run.rc == 65 and "this machine sends no mail to joe@x.org" in run.err
    mail = only(box)
    assert mail.rcpts == ["dev@d.org", "log@d.org"]
    assert mail.orcpt == {"dev@d.org": f"rfc822;{TO}"}
    assert mail.notify == {"log@d.org": 1}


def test_staging_without_a_queue(machine):
    box = Box(machine, spool=False, queue="allow-recipients = y.org")
    run = box.sendmail(TO)
    assert run.rc == 65 and "sends no mail to bob@example.org" in run.err, run


# ~/dead.letter

@pytest.fixture
def lost(machine):
    """No queue, no server, and a user 1234 with a home."""
    box = Box(machine, config=DEAD, spool=False)
    box.home = box.folder / "home"
    box.home.mkdir()
    os.chown(box.home, 1234, 1234)
    box.letter = box.home / "dead.letter"
    return box


@pytest.mark.parametrize("mode", ["-oem", "-oee"])
def test_dead_letter(lost, mode):
    env = {"HOME": str(lost.home)}
    for n in (1, 2):
        run = lost.sendmail(mode, "-f", "me@x.org", TO, uid=1234, env=env,
                            stdin=b"Subject: hi\n\nFrom here\n>From there\nx")
        assert run.rc == 75, run
        assert f"the message was saved in {lost.letter}" in run.err, run
        text = lost.letter.read_text()
        assert text.count("\nX-Failed-Recipients: bob@example.org\n") == n
        assert text.count("\n\n>From here\n>>From there\nx\n\n") == n
        assert text.startswith("From me@x.org ") and "\r" not in text
        assert text.count("\n\nFrom me@x.org ") == n - 1
    st = lost.letter.stat()
    assert (st.st_uid, stat.S_IMODE(st.st_mode)) == (1234, 0o600)


def test_no_dead_letter_unless_asked(lost):
    for mode in ("-oep", "-oeq", "-i"):
        lost.sendmail(mode, TO, uid=1234, env={"HOME": str(lost.home)})
        assert not lost.letter.exists()


@pytest.mark.parametrize("uid", [0, 999, 61184, 65534])
def test_no_dead_letter_for_systems(lost, uid):
    os.chown(lost.home, uid, uid)
    run = lost.sendmail("-oem", TO, uid=uid, env={"HOME": str(lost.home)})
    assert run.rc == 75, run
    assert not lost.letter.exists() and "saved" not in run.err


@pytest.mark.parametrize("what", ["link", "hard link", "folder", "fifo",
                                  "another's", "another's home", "shared home"])
def test_dead_letters_that_are_none(lost, what):
    other = lost.folder / "other"
    other.write_text("mine\n")
    os.chown(other, 1234 if "link" in what else 0, 0)
    if what == "link":
        lost.letter.symlink_to(other)
    elif what == "hard link":
        os.link(other, lost.letter)
    elif what == "folder":
        lost.letter.mkdir()
    elif what == "fifo":
        os.mkfifo(lost.letter)
        os.chown(lost.letter, 1234, 1234)
    elif what == "another's":
        lost.letter.write_text("mine\n")
        lost.letter.chmod(0o666)
    elif what == "another's home":
        os.chown(lost.home, 1235, 1235)
        lost.home.chmod(0o777)
    else:
        lost.home.chmod(0o777)
    run = lost.sendmail("-oem", TO, uid=1234, env={"HOME": str(lost.home)})
    assert run.rc == 75 and "not saved in " in run.err, run
    assert other.read_text() == "mine\n"
    if what == "another's":
        assert lost.letter.read_text() == "mine\n"


@pytest.mark.parametrize("env", [{"HOME": "/"}, {"HOME": ""}, {},
                                 {"HOME": "/nonexistent"}], ids=str)
def test_no_home_no_letter(lost, env):
    run = lost.sendmail("-oem", TO, uid=1234, env=env)
    assert run.rc == 75 and "not saved in " in run.err, run
