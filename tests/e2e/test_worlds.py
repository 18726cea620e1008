# SPDX-License-Identifier: ISC
"""The machines of worlds.py are what they say, and leave nothing behind."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from faults_support import OK, Server, check, send
from scripted import dialogue
from worlds import HOSTS, HOSTS_V4, in_own_network

SEE = ("import os, pwd, socket, sys; "
       "print(socket.gethostname().encode('utf-8', 'surrogateescape')); "
       "print(os.path.exists('/etc/mailname')); "
       "print(open('/etc/hosts').read() == sys.argv[1]); "
       "print(os.getuid(), os.getgid(), os.getgroups()); "
       "print([p.pw_name for p in pwd.getpwall() if p.pw_uid == os.getuid()])")


def see(wrap, hosts=HOSTS):
    done = subprocess.run([*wrap, "/usr/bin/python3", "-c", SEE, hosts],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def below():
    """What the real machine has in the files that a test may replace."""
    return [p.read_bytes() if p.exists() else None for p in map(Path, (
        "/etc/passwd", "/etc/hosts", "/etc/mailname", "/etc/resolv.conf"))]


@pytest.mark.parametrize("name", ["box.example.net", "box", "my_box.test",
                                  "grün.test", "(none)", "", "x" * 64,
                                  b"\xff\xfe.test"], ids=repr)
def test_host_names_of_every_kind(machine, name):
    raw = os.fsencode(name)
    before = socket.gethostname()
    assert see(machine(hostname=name))[0] == repr(raw)
    assert socket.gethostname() == before


def test_files_and_users(machine):
    before = below()
    joe = "joe:x:4321:4321:Joe Doe,,,:/home/joe:/bin/sh"
    box = machine(mailname="example.com", hosts=HOSTS_V4, passwd=[joe])
    assert see(box, HOSTS_V4)[1:3] == ["True", "True"]
    assert see(box.user(4321), HOSTS_V4)[1:] == ["True", "True",
                                                "4321 4321 []", "['joe']"]
    assert see(machine().user(4321))[1:] == ["False", "True",
                                             "4321 4321 []", "[]"]
    assert below() == before


def test_what_is_written_there_stays_there(machine):
    box = machine(files={"/etc/smtpsend.conf": "tls = none\n",
                         "/etc/nsswitch.conf": None})
    told = subprocess.run(
        [*box, "sh", "-c", "cat /etc/smtpsend.conf; echo x >/etc/mine; "
         "echo y >/dev/null; ls /etc/nsswitch.conf; ls /dev/log"],
        capture_output=True, text=True, check=False)
    assert told.stdout == "tls = none\n", told
    assert told.stderr.count("No such file") == 2, told
    assert (box.etc / "mine").read_text() == "x\n"
    assert not Path("/etc/mine").exists()


def test_the_program_in_it(machine):
    """It is reached by tests' servers, and knows the machine's name."""
    box = machine(hostname="box.example.net")
    with Server(dialogue()) as srv:
        run = send(srv.port, wrap=box)
    check(run, OK, status="delivered")


@in_own_network("192.0.2.1", "198.51.100.7")
def test_a_network_with_public_addresses():
    for address in ("192.0.2.1", "198.51.100.7", "127.0.0.1", "::1"):
        with socket.create_server((address, 25), family=socket.AF_INET6 if
                                  ":" in address else socket.AF_INET) as s:
            socket.create_connection((address, 25), timeout=5).close()
            assert s.accept()[1][0] == address


@pytest.mark.xfail(strict=True, raises=AssertionError)
@in_own_network()
def test_what_fails_in_such_a_network_fails():
    raise ValueError("on purpose")


def test_a_machine_that_cannot_be_entered_is_an_error(machine):
    box = machine()
    (box.etc / "hosts").unlink()
    box.folder.joinpath("etc").rename(box.folder / "gone")
    done = subprocess.run([*box, "true"], capture_output=True, check=False)
    assert done.returncode == 125, done
