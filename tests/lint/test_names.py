# SPDX-License-Identifier: ISC
"""
The end-to-end tests have the same names in every process: an address in one of
them, and the workers of xdist refuse to start, which only a run of all shows.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


def names(seed):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p",
         "no:cacheprovider", "tests/e2e"], cwd=TOP, text=True,
        capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed},
        check=False)
    found = [l for l in done.stdout.splitlines() if "::" in l]
    assert done.returncode == 0 and found, done.stdout + done.stderr
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="tests/e2e are for root")
def test_names_stay():
    first, second = names("1"), names("2")
    assert first == second
    assert len(set(first)) == len(first)
