# SPDX-License-Identifier: ISC
"""--html-report: a run as one page, harmless whatever a server says."""

import http.server
import json
import os
import re
import shutil
import stat
import subprocess
import threading
from html.parser import HTMLParser

import pytest

from faults_support import CANTCREAT, MESSAGE, NOINPUT, NOUSER, OK, TEMPFAIL, \
    USAGE, Server, closed_port, dialogue, tls_dialogue
from relay_support import PASSWORD, scripted_relay
from servers.recorder import Recorder

ARGS = ["-f", "a@client.test", "--helo", "client.test"]
CHROMIUM = shutil.which("chromium")


class Page(HTMLParser):
    """Its text, its tags; each that was opened is closed, in order."""

    VOID = {"meta", "br"}

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text()
        self.tags, self.words, self.open = [], [], []
        self.feed(self.source)
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def names(self):
        return {tag for tag, _ in self.tags}


NAMES = {"one.test": [("MX", "20 mx3.hosts.test."), ("MX", "10 mx2.hosts.test.")],
         "mx2.hosts.test": [("A", "127.0.0.2")],
         "mx3.hosts.test": [("A", "127.0.0.3")]}


@pytest.fixture(scope="module")
def world(make_world):
    return make_world(NAMES)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "page.html"


def test_all_of_it(smtpsend, world, path):
    """Two recipients, one refused; DNS, STARTTLS; beside -v."""
    with Server(tls_dialogue(RCPT=["250 2.1.5 ok", "550-5.1.1 no\n550 5.1.1 x"]),
                address="127.0.0.2") as mx:
        run = smtpsend("--resolver", world.resolver, "--port", mx.port,
                       "--allow-loopback-mx", *ARGS, "-v", "--html-report", path,
                       "bob@one.test", "eve@one.test", "joe@gone.test",
                       message=MESSAGE)
    page = Page(path)
    assert run.status == NOUSER, run
    assert "== MX one.test" in run.stdout
    assert page.text.startswith("1 delivered, 2 failed - smtpsend"), page.text
    assert page.text.count("What to do:") == 2
    assert page.text.index("failed eve@one.test") < \
        page.text.index("delivered bob@one.test")
    assert "one.test found by MX" in page.text
    assert "10 mx2.hosts.test [127.0.0.2]" in page.text
    assert "failed joe@gone.test" in page.text
    assert "certificate is" in page.text and "Issued by CN=Test ca" in page.text
    assert page.text.count("and 4 more lines") == 1, "EHLO"
    assert "asking " in page.text and "-> STARTTLS" in page.text
    assert {"script", "img", "link", "iframe", "a", "form"}.isdisjoint(
        page.names())
    assert "svg" in page.names()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["page.html"]


def test_beside_json(smtpsend, path):
    with Recorder() as server:
        run = smtpsend("--json", "--server", server.url, *ARGS, "--html-report",
                       path, "b@x.test", message=MESSAGE)
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.status == OK and events[-1]["status"] == "delivered"
    assert Page(path).text.startswith("1 delivered - smtpsend")


def test_of_what_never_came_to_a_server(smtpsend, world, path):
    path.write_text("the last one")
    run = smtpsend("--server", f"127.0.0.1:{closed_port()}", *ARGS,
                   "--html-report", path, "b@x.test", message=MESSAGE)
    assert run.status == TEMPFAIL
    page = Page(path)
    assert "1 deferred" in page.text and "connect failed:" in page.text
    assert "refused" in page.text and "the last one" not in page.text
    run = smtpsend("--resolver", world.resolver, *ARGS, "--html-report", path,
                   "--allow-loopback-mx", "--explain", "b@one.test",
                   message=MESSAGE)
    assert run.status == OK
    assert "10 mx2.hosts.test" in Page(path).text
    run = smtpsend(*ARGS, "--html-report", path, "--file", "/nonexistent",
                   "--server", "127.0.0.1:9", "b@x.test")
    page = Page(path)
    assert run.status == NOINPUT and "/nonexistent" in page.text
    assert page.text.startswith("1 failed - smtpsend")


def test_no_password(smtpsend, path, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    with Server(scripted_relay()) as server:
        config = tmp_path / "c"
        config.write_text(f"[relay r]\nurl = smtp://alice@localhost:{server.port}"
                          f"\npassword-file = {secret}\n")
        config.chmod(0o600)
        run = smtpsend("--config", config, "--relay", "r", *ARGS,
                       "--html-report", path, "-vv", "b@x.test",
                       message=MESSAGE)
    text = path.read_text()
    assert PASSWORD not in text, run
    assert "relay" in text


@pytest.mark.parametrize("args, says", [
    (["--html-report", "x", "--talk", "h"], "--html-report and --talk"),
    (["--html-report", "x", "--probe", "h"], "--html-report has no meaning"),
    (["--html-report", "x", "--sink"], "--html-report has no meaning"),
    (["--html-report", "x", "--print", "b@x.test"], "exclude each other"),
])
def test_what_does_not_go_together(smtpsend, tmp_path, args, says):
    run = smtpsend(*args, message=MESSAGE)
    assert run.status == USAGE and says in run.stderr, run


def test_a_page_that_cannot_be_made_stops_it_before_anything(smtpsend, tmp_path):
    for bad in tmp_path / "no" / "x.html", tmp_path:
        with Recorder() as server:
            run = smtpsend("--html-report", bad, "--server", server.url, *ARGS,
                           "b@x.test", message=MESSAGE)
        assert run.status == CANTCREAT and str(bad) in run.stderr, run
        assert server.messages == []


def test_a_full_disk_is_said_and_changes_nothing(smtpsend, path):
    path.symlink_to("/dev/full")
    with Recorder() as server:
        run = smtpsend("--html-report", path, "--server", server.url, *ARGS,
                       "b@x.test", message=MESSAGE)
    assert run.status == OK and len(server.messages) == 1
    assert re.fullmatch("smtpsend: the page of --html-report could not be "
                        "written: No space left on device\n", run.stderr)


def test_the_old_page_stays_when_the_new_one_is_lost(smtpsend, path):
    path.write_text("the last one")
    with Recorder() as server:
        run = smtpsend("--html-report", path, "--server", server.url, *ARGS,
                       "b@x.test", message=MESSAGE,
                       wrap=["prlimit", "--fsize=2000"])
    assert run.status == OK and "File too large" in run.stderr, run
    assert path.read_text() == "the last one"
    assert os.listdir(path.parent) == ["page.html"]


# ---- in a browser ----

def browse(tmp_path, page, *args):
    return subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu",
         "--no-first-run", f"--user-data-dir={tmp_path}/chromium",
         "--virtual-time-budget=3000", *args, "--dump-dom", f"file://{page}"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        timeout=100).stdout


class Lure:
    """A web server that notes who comes."""

    def __enter__(self):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
def test_a_browser_runs_and_loads_nothing(smtpsend, path, tmp_path):
    with Lure() as lure:
        evil = (f"</span></style><script>document.title='broken'</script><img "
                f"src={lure.url}/i onerror=document.title='broken'>"
                f"<link rel=stylesheet href={lure.url}/c>")
        with Server(dialogue(CONNECT="220 mx " + evil,
                             RCPT="550 5.1.1 " + evil)) as server:
            smtpsend("--server", f"127.0.0.1:{server.port}", *ARGS,
                     "--html-report", path, "b@x.test", message=MESSAGE)
        dom = browse(tmp_path, path)
        assert lure.asked == [] and "broken</title>" not in dom
        assert "document.title='broken'" in Page(path).text
        # ... not even if what escapes it were broken: its policy
        raw = tmp_path / "raw.html"
        raw.write_text(path.read_text().replace("<main>", "<main>" + evil))
        dom = browse(tmp_path, raw)
        assert lure.asked == [] and "broken</title>" not in dom
        # the lure works
        raw.write_text(evil)
        assert "broken</title>" in browse(tmp_path, raw) and lure.asked


MEASURE = """<p id=c style="background:Canvas">x</p><script>
const wide = [...document.querySelectorAll('main *')].filter(e =>
    !e.closest('.wide') && e.getBoundingClientRect().right > innerWidth);
document.title = [innerWidth, document.documentElement.scrollWidth, wide.length,
    getComputedStyle(document.getElementById('c')).backgroundColor].join(' ');
</script>"""


@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
@pytest.mark.parametrize("dark", [False, True])
def test_narrow_and_dark(smtpsend, world, path, tmp_path, dark):
    """Nothing is wider than 400 pixels but what scrolls by itself."""
    long = "x" * 300
    with Server(tls_dialogue(RCPT="550 5.1.1 " + long),
                address="127.0.0.2") as mx:
        smtpsend("--resolver", world.resolver, "--port", mx.port,
                 "--allow-loopback-mx", *ARGS, "--html-report", path, "-vv",
                 "bob@one.test", message=MESSAGE + b"y" * 500 + b"\r\n")
    raw = tmp_path / "raw.html"
    raw.write_text(re.sub("<meta http-equiv.*?>", "", path.read_text(),
                          flags=re.S).replace("</body>", MEASURE + "</body>"))
    dom = browse(tmp_path, raw, "--window-size=400,900",
                 f"--blink-settings=preferredColorScheme={0 if dark else 1}")
    inner, scroll, wide, colour = re.search("<title>(.*?)</title>", dom)[1] \
        .split(" ", 3)
    assert int(inner) <= 500 and int(scroll) <= int(inner) and wide == "0", dom
    light = int(re.search(r"\d+", colour)[0])
    assert light < 80 if dark else light > 200, colour
