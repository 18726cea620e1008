# SPDX-License-Identifier: ISC
"""Fresh Debian 12 machines for the tests of what is installed: an overlay each
over one minimal system, which is made once."""

import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BASE = TOP / "build" / "deb.base"
CACHE = TOP / "build" / "deb.cache"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# One at a time: what it fetches is kept for all machines.
TURN = "flock /var/cache/apt/archives/turn "
APT = (TURN + "apt-get -qq -y "
       "-o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root "
       "install --no-install-recommends ")

# What other programs keep of what happened.
NOISE = ("var/log/", "var/cache/", "var/lib/dpkg/", "var/lib/apt/", "dev/",
         "proc/", "sys/", "tmp/", "etc/passwd", "etc/group", "etc/shadow",
         "etc/gshadow", "etc/subuid", "etc/subgid", "etc/ld.so.cache",
         "root/", "etc/.pwd.lock",
         "run/adduser")

# Its own, so that a syslog daemon in it does not take the host's /dev/log.
DEVICES = """
mount -t tmpfs -o mode=755 dev $root/dev
cd $root/dev
for d in null zero full random urandom tty; do
	: >$d; mount --bind /dev/$d $d
done
mkdir -m 1777 shm; mkdir pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts pts
ln -s /proc/self/fd fd; ln -s pts/ptmx ptmx
ln -s fd/0 stdin; ln -s fd/1 stdout; ln -s fd/2 stderr
cd /
"""

# Waits for a condition, not for a time; then it is too late.
WAIT = """
until_() { # SECONDS COMMAND...
	n=$(($1 * 10)); shift
	while ! "$@" >/dev/null 2>&1; do
		n=$((n - 1)); [ $n -gt 0 ] || { echo "never: $*"; exit 1; }
		sleep 0.1
	done
}
"""


def run(*words, **how):
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **how).stdout


def make_base():
    if (BASE / "done").exists():
        return
    shutil.rmtree(BASE, ignore_errors=True)
    (CACHE / "partial").mkdir(parents=True, exist_ok=True)
    run("debootstrap", "--variant=minbase", "--include=ca-certificates",
        "bookworm", BASE, "http://deb.debian.org/debian")
    sources = [Path("/etc/apt/sources.list"),
               *Path("/etc/apt/sources.list.d").glob("*.sources")]
    for f in sources:
        if f.exists():
            shutil.copy(f, str(BASE) + str(f))
    (BASE / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (BASE / "usr/sbin/policy-rc.d").chmod(0o755)
    (BASE / "done").write_text("")


class Machine:
    """An overlay, as long as it is used; its changes are in memory."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="deb."))
        run("mount", "-t", "tmpfs", "tmpfs", self.folder)
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir()
        self.root = self.folder / "root"
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={BASE},"
            f"upperdir={self.folder}/upper,workdir={self.folder}/work",
            self.root)
        run("mount", "--bind", CACHE, self.root / "var/cache/apt/archives")
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        (self.root / "etc/hosts").write_text(
            "127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost\n")
        self.sh("apt-get -qq update")

    def close(self):
        run("umount", "-R", "-l", self.root)
        run("umount", "-l", self.folder)
        self.folder.rmdir()

    def sh(self, script, net=True, ok=True):
        """In namespaces of its own, as root, with nothing of ours."""
        inside = (f"mount -t proc proc {self.root}/proc; "
                  f"root={self.root}; {DEVICES}"
                  "ip link set lo up 2>/dev/null; "
                  "echo box >/proc/sys/kernel/hostname; "
                  f"exec chroot {self.root} env -i PATH={PATH} LC_ALL=C.UTF-8 "
                  "DEBIAN_FRONTEND=noninteractive TERM=dumb sh -eu -c \"$0\"")
        done = subprocess.run(
            ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child",
             *([] if net else ["--net"]), "sh", "-c", inside, WAIT + script],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
        if ok and done.returncode != 0:
            raise AssertionError(f"{script}\nexit {done.returncode}:\n"
                                 f"{done.stdout}")
        return done.stdout

    def files(self):
        """Their names, with what they hold where that is short."""
        found = set()
        for folder, folders, names in os.walk(self.root):
            for name in folders + names:
                path = Path(folder) / name
                said = str(path.relative_to(self.root))
                if not (said + "/").startswith(NOISE) and \
                        not said.startswith(NOISE):
                    found.add(said)
        return found


def play(tests, only, *things):
    """Each on a machine of its own; the exit status, after the counts."""
    passed = failed = 0
    make_base()
    for test in tests:
        if only and test.__name__ not in only:
            continue
        machine = Machine()
        try:
            test(machine, *things)
            print("ok    ", test.__name__)
            passed += 1
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc(file=sys.stdout)
            print("FAILED", test.__name__)
            failed += 1
        finally:
            machine.close()
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed == 0
