# SPDX-License-Identifier: ISC
"""Every row of FAULTS.md that this program can meet so far has its test.

The rows 1-58 and 79 are in test_faults_*.py, as test_row_NN_....  These are not
there, for want of what they are about:

    row  why not
    ---  -------------------------------------------------------------------
    16   TLSA lookups: DANE comes later
    17   unusable TLSA records: DANE comes later
    19   fetching an MTA-STS policy: MTA-STS comes later
    20   enforcing one: MTA-STS comes later
    39   AUTH: belongs to the relay, which comes later
"""

import re
from pathlib import Path

ABSENT = {16, 17, 19, 20, 39}


def rows_tested():
    found = set()
    for path in Path(__file__).parent.glob("test_faults_*.py"):
        found |= {int(n) for n in re.findall(r"^def test_row_(\d\d)_",
                                             path.read_text(), re.M)}
    return found


def test_every_row_has_a_test():
    wanted = (set(range(1, 59)) | {79}) - ABSENT
    assert wanted - rows_tested() == set()


def test_the_table_above_is_true():
    listed = {int(n) for n in re.findall(r"^    (\d\d)   ", __doc__, re.M)}
    assert listed == ABSENT
    assert not ABSENT & rows_tested()
