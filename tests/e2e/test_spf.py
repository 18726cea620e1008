# SPDX-License-Identifier: ISC
"""
SPF by the RFC 7208 test suite, which Debian's golang-blitiri-go-spf-dev has: the
machine asks, and this answers by the suite's zones.
"""

import fcntl
import os
import pathlib
import re
import subprocess

import pytest
import yaml

from conftest import BUILD, TOP

DATA = pathlib.Path("/usr/share/gocode/src/blitiri.com.ar/go/spf/testdata")
SUITES = ("rfc7208-tests.yml", "pyspf-tests.yml")
DEFAULT = "DEFAULT"

# what pyspf has beside the RFC: the suite says so itself
OTHERS = {"default-modifier", "default-modifier-harsh"}

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="golang-blitiri-go-spf-dev is not installed")


class Zone:
    """The records of a suite, by name."""

    def __init__(self, data):
        self.names = {}
        for name, records in (data or {}).items():
            found = self.names.setdefault(name.lower().rstrip("."), [])
            for record in records:
                found.append(record if isinstance(record, str)
                             else next(iter(record.items())))
        for records in self.names.values():
            self.copy_spf(records)

    @staticmethod
    def copy_spf(records):
        """A record of type SPF stands for one of TXT, unless there are others."""
        kinds = [r[0] for r in records if not isinstance(r, str)]
        if "TXT" not in kinds:
            records += [("TXT", r[1]) for r in records
                        if not isinstance(r, str) and r[0] == "SPF"]
        records[:] = [r for r in records if r != ("TXT", "NONE")]

    def ask(self, name, kind, hops=0):
        records = self.names.get(name.lower(), None)
        if records is None:
            return "nxdomain", []
        found = [r[1] for r in records if not isinstance(r, str) and
                 r[0] == kind]
        if found:
            return "found", found
        if "TIMEOUT" in records or ("TIMEOUT", True) in records:
            return "soft", []
        for r in records:
            if r[0] == "CNAME" and hops < 9:
                return self.ask(r[1].rstrip("."), kind, hops + 1)
            if r[0] == "RCODE":
                return "soft" if int(r[1]) != 3 else "nxdomain", []
        return "none", []


def put(kind, value):
    if kind == "TXT":
        value = "".join(value) if isinstance(value, list) else value
        return value.encode("utf-8", "surrogateescape").hex()
    if kind == "MX":
        return f"{value[0]}/{value[1].rstrip('.')}"
    return str(value).rstrip(".")


@pytest.fixture(scope="module", name="tool")
def make_tool():
    with open(BUILD / ".spf.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", "-C", TOP, os.path.relpath(
            BUILD / "spf/ask", TOP)], check=True, stdout=subprocess.DEVNULL)
    return BUILD / "spf/ask"


def run(tool, zone, case):
    """(result, explanation, questions)"""
    asked = []
    with subprocess.Popen([tool, str(case["host"]), str(case["helo"]),
                           str(case["mailfrom"] or "")], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        for line in p.stdout:
            if line.startswith("="):
                return (line[2:].strip(), *p.stdout.read().split("\n")[:2],
                        asked)
            _, name, kind = line.split()
            name = re.sub(r"\\(\d{3})", lambda m: chr(int(m[1])), name)
            asked.append((name, kind))
            status, found = zone.ask(name, kind)
            p.stdin.write(" ".join([status] + [put(kind, v) for v in found]) +
                          "\n")
            p.stdin.flush()
    raise AssertionError(f"it ended with {p.returncode}")


def cases():
    for suite in SUITES:
        path = DATA / suite
        if not path.exists():
            continue
        for part in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if not part:
                continue
            zone = part.get("zonedata")
            for name, case in part["tests"].items():
                if name in OTHERS:
                    continue
                yield suite, name, zone, case


ALL = list(cases()) if DATA.is_dir() else []


def test_there_are_all_of_them():
    assert sum(s == SUITES[0] for s, *_ in ALL) > 150


@pytest.mark.parametrize("suite, name, zone, case", ALL,
                         ids=[f"{s[:-10]}-{n}" for s, n, *_ in ALL])
def test_case(tool, suite, name, zone, case):
    result, why, explanation, asked = run(tool, Zone(zone), case)
    wanted = case["result"]
    wanted = wanted if isinstance(wanted, list) else [wanted]
    told = f"{result}: {why}\n{asked}\n{case.get('comment', '')}"
    assert result in wanted, told
    if "explanation" in case and result == "fail":
        want = case["explanation"]
        assert explanation == ("" if want == DEFAULT else want), told
    assert len(asked) < 150, "bounded"
