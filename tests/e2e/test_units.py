# SPDX-License-Identifier: ISC
"""What starts the queue's daemon: units, user and folders, as a machine has them."""

import os
import pwd
import re
import shutil
import stat
import subprocess

import pytest

import conftest
from test_install import make

UNITS = ("smtpsend.service", "smtpsend-submit.socket",
         "smtpsend-control.socket", "smtpsend-smtp.socket")


def tool(*words, **kw):
    done = subprocess.run(words, capture_output=True, text=True, check=False,
                          **kw)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module", name="stage")
def fixture_stage(tmp_path_factory):
    """A root with the program installed, and as much of systemd as it needs."""
    root = tmp_path_factory.mktemp("stage")
    make("install", f"DESTDIR={root}", "PREFIX=/usr", "SENDMAIL=1")
    system = root / "usr/lib/systemd/system"
    for target in os.listdir("/lib/systemd/system"):
        if target.endswith((".target", ".slice", ".mount")) and \
                not (system / target).exists():
            shutil.copy(f"/lib/systemd/system/{target}", system / target,
                        follow_symlinks=False)
    (root / "bin").symlink_to("usr/bin")
    (root / "lib").symlink_to("usr/lib")
    shutil.copy("/bin/kill", root / "usr/bin/kill")
    for name in ("passwd", "group"):
        shutil.copy(f"/etc/{name}", root / "etc" / name)
        text = (root / "etc" / name).read_text()
        (root / "etc" / name).write_text(
            "".join(line for line in text.splitlines(True)
                    if not line.startswith(("smtpsend:", "queue-admins:"))))
    return root


def test_systemd_has_nothing_to_say(stage):
    assert tool("systemd-analyze", "verify", "--man=no", f"--root={stage}",
                *UNITS) == (0, "")


def test_it_would_say_so(stage):
    """The test above can fail."""
    unit = stage / "usr/lib/systemd/system/wrong.service"
    text = (stage / "usr/lib/systemd/system/smtpsend.service").read_text()
    unit.write_text(text.replace("ProtectSystem=strict", "ProtectSystem=oh"))
    _, said = tool("systemd-analyze", "verify", "--man=no", f"--root={stage}",
                   "wrong.service")
    unit.unlink()
    assert "wrong.service:" in said


def test_the_sandbox_is_closed(stage):
    status, said = tool("systemd-analyze", "security", "--offline=yes",
                        "--threshold=15", f"--root={stage}", UNITS[0])
    assert status == 0, said
    assert re.search(r"exposure level for smtpsend.service: 1\.[0-5] OK", said)
    for wrong in ("✗ CapabilityBoundingSet", "✗ SystemCallFilter",
                  "✗ NoNewPrivileges", "✗ ProtectSystem", "✗ User="):
        assert wrong not in said, wrong


def settings(path):
    words = {}
    for line in path.read_text().splitlines():
        key, sep, value = line.partition("=")
        if sep and not line.startswith("#"):
            words.setdefault(key, []).append(value)
    return words


@pytest.mark.parametrize("kind", ["submit", "control"])
def test_sockets_are_the_daemons(stage, kind):
    said = settings(stage / f"usr/lib/systemd/system/smtpsend-{kind}.socket")
    assert said["ListenStream"] == [f"/run/smtpsend/{kind}"]
    assert said["FileDescriptorName"] == [kind]
    assert said["Accept"] == ["no"]
    assert said["SocketMode"] == ["0666"]
    assert said["TriggerLimitIntervalSec"] == ["0"]
    assert said["Service"] == ["smtpsend.service"]


def test_smtp_is_for_this_machine_alone(stage):
    """And for nobody, unless it is enabled."""
    system = stage / "usr/lib/systemd/system"
    said = settings(system / "smtpsend-smtp.socket")
    assert said["ListenStream"] == ["127.0.0.1:25", "[::1]:25"]
    assert said["FileDescriptorName"] == ["smtp"]
    assert said["Service"] == ["smtpsend.service"]
    assert said["Accept"] == ["no"]
    assert "smtp.socket" not in (system / "smtpsend.service").read_text()


def test_another_prefix_is_named(tmp_path):
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/usr/local")
    said = settings(tmp_path / "usr/local/lib/systemd/system/smtpsend.service")
    assert said["ExecStart"] == ["/usr/local/bin/smtpsend --daemon"]
    script = tmp_path / "etc/init.d/smtpsend"
    assert "daemon=/usr/local/bin/smtpsend\n" in script.read_text()
    assert stat.S_IMODE(script.stat().st_mode) == 0o755
    make("uninstall", f"DESTDIR={tmp_path}", "PREFIX=/usr/local")
    assert not list(tmp_path.iterdir())


def test_user_and_folders_by_systemd(stage):
    assert tool("systemd-sysusers", f"--root={stage}")[0] == 0
    known = dict(line.split(":", 1)
                 for line in (stage / "etc/passwd").read_text().splitlines())
    _, uid, gid, _, home, shell = known["smtpsend"].split(":")
    assert (home, shell) == ("/nonexistent", "/usr/sbin/nologin")
    assert "queue-admins:" in (stage / "etc/group").read_text()
    assert tool("systemd-tmpfiles", "--create", f"--root={stage}",
                "smtpsend.conf")[0] == 0
    for folder, mode in (("var/spool/smtpsend", 0o700),
                         ("run/smtpsend", 0o755)):
        st = (stage / folder).stat()
        assert (st.st_uid, st.st_gid) == (int(uid), int(gid)), folder
        assert stat.S_IMODE(st.st_mode) == mode, folder


INSIDE = """
mount -t tmpfs tmpfs /var/spool && mount -t tmpfs tmpfs /run || exit 125
exec "$@"
"""


def in_box(box, *words):
    return tool(*box, "sh", "-c", INSIDE, "sh", *words)


def without_user(machine):
    box = machine()
    for name in ("passwd", "group", "shadow", "gshadow"):
        text = (box.etc / name).read_text() if (box.etc / name).exists() else ""
        box.write(f"/etc/{name}", "".join(
            line for line in text.splitlines(True)
            if not line.startswith(("smtpsend:", "queue-admins:"))))
    return box


def test_install_queue(machine):
    box = without_user(machine)
    script = conftest.TOP / "scripts/install-queue"
    status, said = in_box(box, "sh", "-ec", f"""
        {script}
        stat -c '%U %G %a' /var/spool/smtpsend /run/smtpsend
        getent passwd smtpsend
        getent group queue-admins
        {script}            # twice is no error
        """)
    assert status == 0, said
    lines = said.splitlines()
    assert "smtpsend smtpsend 700" in lines
    assert "smtpsend smtpsend 755" in lines
    assert any(re.fullmatch(r"smtpsend:.*:/nonexistent:/usr/sbin/nologin", x)
               for x in lines)
    assert len([x for x in lines if x.startswith("start it: ")]) == 2


def test_install_queue_trusts_no_folder_of_others(machine):
    box = without_user(machine)
    script = conftest.TOP / "scripts/install-queue"
    status, said = in_box(box, "sh", "-c", f"""
        ln -s /tmp /var/spool/smtpsend; {script} && exit 99
        rm /var/spool/smtpsend; install -d -o 4321 /var/spool/smtpsend
        {script} && exit 99; exit 0""")
    assert status == 0, said
    assert "/var/spool/smtpsend is a link" in said
    assert "belongs to UNKNOWN, not to smtpsend" in said


def test_install_queue_needs_root(machine):
    box = machine()
    status, said = tool(*box.user(4321),
                        str(conftest.TOP / "scripts/install-queue"))
    assert status == 1 and "needs root" in said
    assert not [p for p in pwd.getpwall() if p.pw_uid == 4321]
