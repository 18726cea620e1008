# SPDX-License-Identifier: ISC
"""
Issue 8, moving in: --import-config as a program: what it takes, what it says
when it cannot, and that what it prints is a configuration of ours.  What
becomes of each key is in tests/unit/cli_import.c.
"""

import subprocess

import pytest

from conftest import BINARY

MSMTPRC = """account default
host smtp.example.org
port 587
tls on
auth on
user me
password hunter2
"""


def run(*words, **more):
    return subprocess.run([BINARY, *map(str, words)], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=20,
                          **more)


@pytest.fixture
def old(tmp_path):
    file = tmp_path / ".msmtprc"
    file.write_text(MSMTPRC)
    return file


def test_it_is_a_configuration_of_ours(old, tmp_path):
    made = run("--import-config", old)
    assert (made.returncode, made.stderr) == (0, "")
    assert "hunter2" not in made.stdout
    new = tmp_path / "new.conf"
    new.write_text(made.stdout)
    shown = run("--config", new, "--print-config").stdout
    assert "\nurl = smtp://smtp.example.org:587\n" in shown
    assert "\nrelay = default\n" in shown


def test_a_path_in_a_command_is_whole(old):
    made = run("--import-config", old.name, cwd=old.parent)
    assert f"'{old}'" in made.stdout


def test_the_format_can_be_named(old, tmp_path):
    other = tmp_path / "other"
    other.write_text("host h.example\n")
    refused = run("--import-config", other)
    assert (refused.returncode, refused.stdout) == (65, "")
    assert "FORMAT:FILE" in refused.stderr
    made = run("--import-config", f"postfix:{other}")
    assert made.returncode == 0 and "says to postfix" in made.stdout


@pytest.mark.parametrize("name", ["", "/", "/remotes", "/me"])
def test_the_folder_of_nullmailer_or_a_file_in_it(tmp_path, name):
    folder = tmp_path / "nullmailer"
    folder.mkdir()
    (folder / "remotes").write_text("mail.example smtp --ssl\n")
    (folder / "me").write_text("box.example.org\n")
    made = run("--import-config", f"{folder}{name}")
    assert made.returncode == 0
    assert "\nurl = smtps://mail.example\n" in made.stdout
    assert "\nhelo = box.example.org\n" in made.stdout


def test_what_cannot_be_read_is_said(tmp_path, old):
    absent = run("--import-config", tmp_path / "absent")
    assert absent.returncode == 66
    assert "absent: No such file or directory" in absent.stderr
    folder = run("--import-config", f"msmtp:{tmp_path}")
    assert folder.returncode == 66 and "folder" in folder.stderr


def test_a_full_disk_is_no_success(old):
    with open("/dev/full", "w", encoding="ascii") as full:
        status = subprocess.run([BINARY, "--import-config", str(old)],
                                stdout=full, stderr=subprocess.DEVNULL,
                                check=False, timeout=20).returncode
    assert status == 74


def test_nobody_is_sent_anything(old):
    both = run("--import-config", old, "bob@example.org")
    assert both.returncode == 64 and both.stdout == ""
