# SPDX-License-Identifier: ISC
"""
The real parts of the end-to-end tests, and the program under test.

A fixture starts a server once for all tests that use it; each has a folder of its
own below pytest's temporary one and a free port.  When a test fails, the end of
the logs of the servers it used is shown with it.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from servers.dns import World			# noqa: E402
from servers.exim import Exim			# noqa: E402
from servers.opensmtpd import OpenSmtpd		# noqa: E402
from servers.postfix import Postfix		# noqa: E402
from servers.python_servers import (		# noqa: E402
    AioLmtp, AioLmtpSocket, AioSmtpd, AioSmtps, PythonSmtpd)
from servers.proxy import Connect, Socks		# noqa: E402
from servers.sink import Sink			# noqa: E402
from servers.submission import (		# noqa: E402
    AioSubmission, EximSubmission, PostfixSubmission)
from servers.tls import CertificateAuthority	# noqa: E402
from worlds import Machine			# noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build"))
BINARY = BUILD / "smtpsend"
SECONDS = 120
LONG = "LONG" in os.environ	# scripts/check --long end-to-end: all cases


def some(cases, step):
    """Each of them in the long part, one of so many in the short one."""
    return list(cases) if LONG else list(cases)[::step]


def hear_all_signals():
    """A shell's background job, as CI may be, ignores SIGINT and SIGQUIT, and its
    children inherit that: a program which heeds it would never stop for a test."""
    if signal.getsignal(signal.SIGQUIT) == signal.SIG_IGN:
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    for which in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(which) == signal.SIG_IGN:
            signal.signal(which, signal.default_int_handler)


OURS = "smtpsend-e2e-"


def own_folder(config):
    """Below /tmp, not pytest's own, which the next run of any pytest closes to
    all others (0700) while users of tests have sockets and spools in it.  Those
    of runs that failed stay until the next run."""
    if config.option.basetemp or hasattr(config, "workerinput"):
        return
    for old in pathlib.Path(tempfile.gettempdir()).glob(OURS + "*"):
        pid = old.name[len(OURS):]
        if pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            shutil.rmtree(old, ignore_errors=True)
    config.option.basetemp = os.path.join(tempfile.gettempdir(),
                                          f"{OURS}{os.getpid()}")


def pytest_sessionfinish(session, exitstatus):
    folder = str(session.config.option.basetemp or "")
    if exitstatus == 0 and not hasattr(session.config, "workerinput") and \
            os.path.basename(folder) == f"{OURS}{os.getpid()}":
        shutil.rmtree(folder, ignore_errors=True)


def pytest_configure(config):
    hear_all_signals()
    own_folder(config)
    os.environ.setdefault("TERM", "xterm")	# CI may have none
    if os.geteuid() != 0:
        pytest.exit("tests/e2e start real mail servers in roots of their own "
                    "(chroot): run them as root, or with sudo", 2)


class Run:
    """What the program did: exit status, stdout and stderr as bytes and text."""

    def __init__(self, done):
        self.status = done.returncode
        self.out, self.err = done.stdout, done.stderr
        self.stdout = self.out.decode(errors="replace")
        self.stderr = self.err.decode(errors="replace")

    def __repr__(self):
        return (f"exit {self.status}\n--- stdout\n{self.stdout[-6000:]}\n"
                f"--- stderr\n{self.stderr[-3000:]}")


def run_smtpsend(*args, message=b"", env=None, timeout=SECONDS, binary=BINARY,
                 wrap=()):
    """Run it to its end; message is its standard input."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                   "HOME": "/nonexistent", "USER": "alice", **(env or {})}
    return Run(subprocess.run([*wrap, str(binary), *map(str, args)],
                              input=message, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment,
                              timeout=timeout, check=False))


@pytest.fixture(scope="session")
def smtpsend():
    """The program under test as a function: smtpsend(*args, message=...)."""
    assert BINARY.exists(), f"{BINARY} is missing: run make first"
    return run_smtpsend


@pytest.fixture(scope="session")
def ca(tmp_path_factory):
    return CertificateAuthority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def servers():
    """The unpacked mail servers; downloaded on the first run only."""
    folder = BUILD / "servers"
    subprocess.run([str(HERE / "fetch-servers"), str(folder)], check=True)
    return folder


RUNNING = []


def started(server):
    with server:
        RUNNING.append(server)
        yield server
        RUNNING.remove(server)


@pytest.fixture(scope="session")
def postfix(tmp_path_factory, servers, ca):
    yield from started(Postfix(tmp_path_factory.mktemp("postfix"), servers, ca))


@pytest.fixture(scope="session")
def exim(tmp_path_factory, servers, ca):
    yield from started(Exim(tmp_path_factory.mktemp("exim"), servers, ca))


@pytest.fixture(scope="session")
def opensmtpd(tmp_path_factory, servers, ca):
    yield from started(
        OpenSmtpd(tmp_path_factory.mktemp("opensmtpd"), servers, ca))


@pytest.fixture(scope="session")
def aiosmtpd(tmp_path_factory, ca):
    yield from started(AioSmtpd(tmp_path_factory.mktemp("aiosmtpd"), ca))


@pytest.fixture(scope="session")
def aiosmtps(tmp_path_factory, ca):
    yield from started(AioSmtps(tmp_path_factory.mktemp("aiosmtps"), ca))


@pytest.fixture(scope="session")
def aiolmtp(tmp_path_factory, ca):
    yield from started(AioLmtp(tmp_path_factory.mktemp("aiolmtp"), ca))


@pytest.fixture(scope="session")
def aiolmtp_socket(tmp_path_factory, ca):
    yield from started(
        AioLmtpSocket(tmp_path_factory.mktemp("aiolmtps"), ca))


@pytest.fixture(scope="session")
def pythonsmtpd(tmp_path_factory, ca):
    yield from started(PythonSmtpd(tmp_path_factory.mktemp("smtpd"), ca))


@pytest.fixture(scope="session")
def sink(tmp_path_factory):
    yield from started(Sink(tmp_path_factory.mktemp("sink"), BINARY))


@pytest.fixture(scope="session")
def postfix_submission(tmp_path_factory, servers, ca):
    yield from started(PostfixSubmission(
        tmp_path_factory.mktemp("postfix-submission"), servers, ca))


@pytest.fixture(scope="session")
def exim_submission(tmp_path_factory, servers, ca):
    yield from started(EximSubmission(
        tmp_path_factory.mktemp("exim-submission"), servers, ca))


@pytest.fixture(scope="session")
def aio_submission(tmp_path_factory, ca):
    yield from started(
        AioSubmission(tmp_path_factory.mktemp("aio-submission"), ca))


@pytest.fixture(scope="session")
def socks(tmp_path_factory):
    yield from started(Socks(tmp_path_factory.mktemp("socks")))


@pytest.fixture(scope="session")
def connect(tmp_path_factory):
    yield from started(Connect(tmp_path_factory.mktemp("connect")))


RECEIVERS = ("postfix", "exim", "opensmtpd", "aiosmtpd", "pythonsmtpd")


@pytest.fixture(params=(*RECEIVERS, "sink"))
def server(request):
    """Each of the servers that take mail by SMTP."""
    found = request.getfixturevalue(request.param)
    found.forget()
    return found


@pytest.fixture(scope="session")
def make_world(tmp_path_factory):
    """make_world(names) starts NSD and Unbound with these names."""
    running = []

    def make(names):
        world = World(tmp_path_factory.mktemp("world"), names)
        running.append(world.__enter__())
        RUNNING.append(world)
        return world

    yield make
    for world in running:
        RUNNING.remove(world)
        world.__exit__()


@pytest.fixture
def machine(tmp_path_factory):
    """machine(hostname=..., ...): see worlds.Machine."""
    def make(**how):
        folder = tmp_path_factory.mktemp("machine")
        folder.chmod(0o755)
        return Machine(folder, **how)
    return make


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for server in RUNNING:
            used = any(value is server for value in
                       getattr(item, "funcargs", {}).values())
            if used or isinstance(server, World):
                name = type(server).__name__
                report.sections.append((f"log of {name}", server.log()[-4000:]))
