# SPDX-License-Identifier: ISC
"""scripts/mutate.py changes what runs, one thing at a time, and nothing else."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import mutate  # noqa: E402

TEXT = """\
#include <x.h>
#define LIMIT (3 + 1)
static const int table[] = { 1, 2 };

static struct slice
thing(struct slice s, int *n)
{
	static const int odd[] = { 1, 3 };
	struct slice none = { 0 };
	char text[4];
	int a = 7;
	char *p = s.p;

	/* a && b */
	assert(a > 1);
	for (int i = 0; i < *n; i++)
		if (a == 1 && p->x)
			put("1 < 2",
			    p);
	*n += a - *n;
	switch (a) {
	case 5:
		return s;
	}
	return (struct slice){ p, a };
}

static bool
other(void)
{
	return true;
}
"""


def made():
    return {(m.line, m.kind, m.old, m.new)
            for m in mutate.mutants("x.c", TEXT)}


def test_each_kind():
    assert made() == {
        (11, "off by one", "7", "8"), (11, "off by one", "7", "6"),
        (16, "off by one", "0", "1"), (16, "comparison", "<", "<="),
        (17, "comparison", "==", "!="), (17, "logic", "&&", "||"),
        (17, "off by one", "1", "2"), (17, "off by one", "1", "0"),
        (18, "dropped", 'put("1 < 2",\n\t\t\t    p);', ";"),
        (18, "early return", 'put("1 < 2",\n\t\t\t    p);',
         "return (struct slice){ 0 };"),
        (20, "dropped", "*n += a - *n;", ";"),
        (20, "early return", "*n += a - *n;", "return (struct slice){ 0 };"),
        (20, "off by one", " - ", " + "),
        (22, "off by one", "5", "6"), (22, "off by one", "5", "4"),
        (23, "early return", "return s;", "return (struct slice){ 0 };"),
        (31, "early return", "return true;", "return false;"),
    }


def test_one_thing_at_a_time():
    for m in mutate.mutants("x.c", TEXT):
        changed = m.apply(TEXT)
        assert changed != TEXT
        assert changed.count("\n") == TEXT.count("\n")
        assert changed[:m.start] == TEXT[:m.start]
        assert changed.endswith(TEXT[m.end:])


def test_what_ends_a_function():
    for head, end in (("void", "return;"), ("static void", "return;"),
                      ("static const char *", "return 0;"),
                      ("struct esc", "return (struct esc){ 0 };"),
                      ("struct esc *", "return 0;"), ("bool", "return 0;")):
        assert mutate.nothing_of(head) == end
