# SPDX-License-Identifier: ISC
"""--sink-web: what came, for a browser and as JSON; hostile mail stays harmless."""

import email.message
import email.policy
import http.client
import json
import re
import shutil
import smtplib
import subprocess
import threading

import pytest

from faults_support import BINARY, OK, USAGE, smtpsend

EVIL = "<script>alert(1)</script>\"'&"
CHROMIUM = shutil.which("chromium")


class Web:
    """A sink with pages, its standard output and errors in a file."""

    def __init__(self, tmp_path, *options):
        self.log = tmp_path / "web.log"
        with open(self.log, "wb") as out:
            self.p = subprocess.Popen(
                [BINARY, "--sink", "127.0.0.1:0", "--sink-web", "127.0.0.1:0",
                 "--sink-name", "sink.test", *map(str, options)],
                stdout=out, stderr=subprocess.PIPE, text=True)
        self.smtp, self.http = (
            int(re.fullmatch(r".* (?:http://)?127\.0\.0\.1:(\d+)/?\n",
                             self.p.stderr.readline())[1]) for _ in range(2))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.terminate()
        self.p.stderr.close()
        assert self.p.wait(20) == OK

    def send(self, text, sender="a@client.test", to=("b@x.test",), login=None):
        if isinstance(text, email.message.EmailMessage):
            text = text.as_bytes(policy=email.policy.SMTP)
        with smtplib.SMTP("127.0.0.1", self.smtp, "me", timeout=20) as c:
            if login:
                c.login(*login)
            c.sendmail(sender, to, text)

    def ask(self, path, method="GET", host=None, **headers):
        """The answer with its octets as .body."""
        c = http.client.HTTPConnection("127.0.0.1", self.http, timeout=30)
        c.putrequest(method, path, skip_host=True)
        if host != "":
            c.putheader("Host", host or f"localhost:{self.http}")
        for name, value in headers.items():
            c.putheader(name.replace("_", "-"), value)
        c.endheaders()
        answer = c.getresponse()
        answer.body = answer.read()
        c.close()
        return answer

    def json(self, path):
        answer = self.ask(path)
        assert answer.status == 200, answer.body
        assert answer.headers["Content-Type"] == "application/json"
        return json.loads(answer.body)


@pytest.fixture
def web(tmp_path):
    with Web(tmp_path) as running:
        yield running


def hostile():
    m = email.message.EmailMessage()
    m["Subject"] = f"Ünd {EVIL}"
    m["From"] = "a@client.test"
    m.set_content(f"grüße {EVIL}\n")
    m.add_alternative(f"<p>grüße</p>{EVIL}<img src=http://127.0.0.1:9/x>",
                      subtype="html")
    m.add_attachment(b"\0\1<b>", maintype="text", subtype="html",
                     filename='../../é"\'<x>.html')
    return m


def test_list_and_one(web):
    web.send(hostile(), to=["b@x.test", "c@x.test"], login=("joe", "secret"))
    listed, = web.json("/messages")["messages"]
    assert listed["id"] == 1 and listed["from"] == "a@client.test"
    assert listed["to"] == ["b@x.test", "c@x.test"]
    assert listed["subject"] == f"Ünd {EVIL}"
    assert listed["login"] == "joe" and listed["tls"] is None
    one = web.json("/messages/1")
    assert {k: one[k] for k in listed} == listed
    assert one["text"] == f"grüße {EVIL}\r\n"
    assert one["html"].startswith("<p>grüße</p><script>")
    assert [(p["type"], p["attachment"]) for p in one["parts"]] == [
        ("text/plain", False), ("text/html", False), ("text/html", True)]
    lines = one["dialogue"].splitlines()
    assert "C: QUIT" in (line.upper() for line in lines)
    assert any(x.startswith("S: 250 2.0.0 Ok: queued as " + one["queue_id"])
               or one["queue_id"] in x for x in lines), lines
    assert "secret" not in one["dialogue"]
    assert web.log.read_text() == ""


def test_each_has_its_own_dialogue(web):
    with smtplib.SMTP("127.0.0.1", web.smtp, "me", timeout=20) as c:
        for i in "12":
            c.sendmail(f"a{i}@client.test", "b@x.test", f"Subject: {i}\n\n{i}\n")
    first, second = (web.json(f"/messages/{i}")["dialogue"] for i in (1, 2))
    assert "a1@" in first and "a2@" not in first
    assert "a2@" in second and "a1@" not in second and "220 sink" in second


def test_octets(web):
    text = b"Subject: x\r\n\r\n<script>\r\n.dot\r\n"
    web.send(text)
    source = web.ask("/messages/1/source")
    assert source.body == text
    assert source.headers["Content-Type"] == "text/plain; charset=utf-8"
    web.send(hostile())
    part = web.json("/messages/2")["parts"][2]
    saved = web.ask(f"/messages/2/parts/{part['part']}")
    assert saved.body == b"\0\1<b>"
    assert saved.headers["Content-Type"] == "application/octet-stream"
    assert saved.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''.._.._%C3%A9%22%27%3Cx%3E.html")
    assert saved.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_escape_all(web):
    m = hostile()
    m["X-<b>"] = EVIL
    web.send(m, sender="\"<i>'&\"@client.test")
    for page in "/", "/view/1":
        answer = web.ask(page)
        text = answer.body.decode()
        assert answer.status == 200
        assert "<script" not in text and "<b>" not in text and \
            "<i>" not in text and "<x>" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;" in text
    assert '<iframe sandbox="" ' in text and "grüße" in text


def test_policies(web):
    """No answer may run or load anything, whatever it is."""
    web.send(hostile())
    for path in ("/", "/view/1", "/messages", "/messages/1", "/style.css",
                 "/messages/1/html", "/messages/1/source",
                 "/messages/1/parts/2", "/nothing", "/messages/7"):
        headers = web.ask(path).headers
        policy = headers["Content-Security-Policy"].split("; ")
        assert "default-src 'none'" in policy, path
        assert not any("script" in p or "unsafe-eval" in p for p in policy)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert not any(h.lower().startswith("access-control")
                       for h in headers), path
    html = web.ask("/messages/1/html")
    assert html.headers["Content-Type"] == "text/html; charset=utf-8"
    assert html.headers["Content-Security-Policy"].startswith("sandbox; ")
    assert "allow-" not in html.headers["Content-Security-Policy"]
    assert b"<script>" in html.body, "it is the policy that keeps it from us"


@pytest.mark.parametrize("host, status", [
    ("localhost", 200), ("localhost:1", 200), ("127.0.0.1:8025", 200),
    ("[::1]:8025", 200), ("SINK.test:80", 200), ("127.9.9.9", 200),
    ("evil.example", 421), ("localhost.evil.example:8025", 421), ("", 421),
    ("192.0.2.1", 421), ("sink.test.", 421), ("localhost@evil", 421),
    ("[::1", 421)])
def test_foreign_hosts(web, host, status):
    for path in "/", "/messages", "/nothing":
        got = web.ask(path, host=host).status
        assert got in (status, 404 if status == 200 and path == "/nothing"
                       else status, 400 if host == "" else status), path


@pytest.mark.parametrize("path", [
    "/../etc/passwd", "/messages/../../etc/passwd", "/view/%2e%2e/1",
    "/messages/1/parts/..%2f..%2fetc%2fpasswd", "/messages/0", "/messages/-1",
    "/messages/1/", "/messages/1/parts/", "/messages/1/parts/99",
    "/messages/18446744073709551615", "/messages/99999999999999999999",
    "/view/1/source", "//", "/style.css/x", "/messages/1/source/x"])
def test_paths_that_are_none(web, path):
    web.send("Subject: x\n\nx\n")
    answer = web.ask(path)
    assert answer.status == 404 and b"root:" not in answer.body


def test_methods(web):
    for method in "POST", "PUT", "OPTIONS", "PATCH":
        answer = web.ask("/messages", method, Content_Length="0")
        assert answer.status == 405, method
        assert answer.headers["Allow"] == "GET, HEAD, DELETE"
    head = web.ask("/", "HEAD")
    assert head.status == 200 and head.body == b""


def test_delete(web):
    for i in range(2):
        web.send(f"Subject: {i}\n\nx\n")
    for headers in {}, {"Content_Type": "text/plain"}:
        assert web.ask("/messages", "DELETE", **headers).status == 403
    assert web.ask("/", "DELETE", X_Requested_By="x").status == 404
    assert len(web.json("/messages")["messages"]) == 2
    gone = web.ask("/messages", "DELETE", X_Requested_By="x")
    assert json.loads(gone.body) == {"deleted": 2}
    assert web.json("/messages")["messages"] == []
    assert web.ask("/messages/1").status == 404
    gone = web.ask("/messages", "DELETE", Content_Type="application/json")
    assert json.loads(gone.body) == {"deleted": 0}
    web.send("Subject: new\n\nnew text\n")
    new, = web.json("/messages?after=2")["messages"]
    assert new["id"] == 3, "numbers are not used again"
    assert b"new text" in web.ask("/messages/3/source").body


def test_after(web):
    for i in range(3):
        web.send(f"Subject: {i}\n\nx\n")
    for after, want in (0, [1, 2, 3]), (1, [2, 3]), (3, []), (9, []):
        found = web.json(f"/messages?after={after}")["messages"]
        assert [m["id"] for m in found] == want
    for wrong in "after=x", "wait=61", "wait=-1", "after=":
        assert web.ask(f"/messages?{wrong}").status == 400, wrong


def test_a_long_poll_wakes_on_arrival(web):
    """Two wait; the mail is sent once both are seen to wait."""
    got = []
    threads = [threading.Thread(target=lambda: got.append(
        web.json("/messages?after=0&wait=60"))) for _ in range(2)]
    for t in threads:
        t.start()
    assert web.json("/messages")["messages"] == []
    web.send("Subject: awaited\n\nx\n")
    for t in threads:
        t.join(30)
    assert [g["messages"][0]["subject"] for g in got] == ["awaited"] * 2


def test_a_long_poll_ends_without_mail(web):
    assert web.json("/messages?after=0&wait=1") == {"messages": []}


def test_a_signal_ends_it_while_somebody_waits(tmp_path):
    """At once; who waited has an empty answer, or none."""
    with Web(tmp_path) as web:
        c = http.client.HTTPConnection("127.0.0.1", web.http, timeout=30)
        c.request("GET", "/messages?wait=60", headers={"Host": "localhost"})
        web.json("/messages")
    try:
        assert json.loads(c.getresponse().read()) == {"messages": []}
    except (http.client.HTTPException, OSError):
        pass


@pytest.mark.parametrize("option", ["--sink-dir", "--sink-maildir",
                                    "--sink-mbox"])
def test_beside_a_store(tmp_path, option):
    """What is shown is what came, without what the store adds."""
    text = b"Subject: x\r\n\r\nFrom me\r\n"
    with Web(tmp_path, option, tmp_path / "box") as web:
        web.send(text)
        assert web.ask("/messages/1/source").body == text
        file = web.json("/messages/1")["file"]
        assert file is None or str(tmp_path / "box") in file


def test_a_thousand_are_kept(tmp_path):
    with Web(tmp_path) as web:
        with smtplib.SMTP("127.0.0.1", web.smtp, "me", timeout=60) as c:
            for i in range(1003):
                c.sendmail("a@x", "b@x", f"Subject: {i}\n\n{i}\n")
        found = web.json("/messages")["messages"]
        assert [m["id"] for m in found] == list(range(4, 1004))
        assert b"Subject: 1002" in web.ask("/messages/1003/source").body


def test_charsets(web):
    web.send(b"Content-Type: text/plain; charset=koi8-r\r\n"
             b"Content-Transfer-Encoding: base64\r\n\r\n8NLJ18XU\r\n")
    web.send(b"Content-Type: text/plain; charset=x\"><script>\r\n\r\nx\r\n")
    assert web.json("/messages/1")["text"] == "Привет"
    assert web.json("/messages/2")["text"] == "x\r\n"
    assert b"<script>" not in web.ask("/view/2").body


@pytest.mark.parametrize("at", ["0.0.0.0:0", "192.0.2.1:80", "[::]:0"])
def test_loopback_only(at):
    run = smtpsend("--sink", "127.0.0.1:0", "--sink-web", at,
                   json_events=False, timeout=20)
    assert run.rc == USAGE and "--sink-web-any" in run.err, run


def test_others_when_asked_for(tmp_path):
    p = subprocess.Popen(
        [BINARY, "--sink", "127.0.0.1:0", "--sink-web", "0.0.0.0:0",
         "--sink-web-any"], stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL)
    said = [p.stderr.readline() for _ in range(3)]
    p.terminate()
    p.stderr.close()
    assert p.wait(20) == OK
    assert "pages on http://0.0.0.0:" in said[1] and "warning" in said[2], said


def test_a_port_that_is_taken(web):
    run = smtpsend("--sink", "127.0.0.1:0", "--sink-web",
                   f"127.0.0.1:{web.http}", json_events=False, timeout=20)
    assert run.rc == 71 and "Address already in use" in run.err, run


def test_what_clients_do_wrong(web):
    """Half a request, a header without end: others are answered."""
    slow = http.client.HTTPConnection("127.0.0.1", web.http, timeout=20)
    slow.connect()
    slow.sock.sendall(b"GET / HT")
    big = http.client.HTTPConnection("127.0.0.1", web.http, timeout=20)
    try:
        big.request("GET", "/", headers={"X": "x" * 100000})
        assert big.getresponse().status >= 400
    except (http.client.HTTPException, OSError):
        pass
    assert web.ask("/").status == 200
    slow.close()
    big.close()


@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
def test_a_browser_runs_nothing(web, tmp_path):
    """The frame's script, handlers and refresh would ask the sink for a page."""
    there = f"http://localhost:{web.http}/messages"
    m = email.message.EmailMessage()
    m["Subject"] = "<img src=x onerror=document.title='broken'>"
    m.set_content("x")
    m.add_alternative(
        f"<meta http-equiv=refresh content='0;url={there}/3'>"
        f"<script>fetch('{there}', {{method: 'DELETE', headers: "
        "{'X-Requested-By': 'x'}}); top.document.title='broken'</script>"
        f"<img src='{there}/9' onerror=\"top.document.title='broken'\">"
        f"<link rel=stylesheet href='{there}/4'><p>SEEN</p>", subtype="html")
    web.send(m)
    for path in "/view/1", "/messages/1/html", "/":
        dom = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu",
             "--no-first-run", f"--user-data-dir={tmp_path}/chromium",
             "--virtual-time-budget=3000", "--dump-dom",
             f"http://localhost:{web.http}{path}"], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            timeout=100).stdout
        assert "broken</title>" not in dom, path
        assert "<html" in dom, path
    assert len(web.json("/messages")["messages"]) == 1
