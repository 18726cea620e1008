# SPDX-License-Identifier: ISC
"""
The lints refuse what they are there to refuse: each gets a tree of a few lines
with one thing wrong in it, and the same tree without.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
HEAD = "/* SPDX-License-Identifier: ISC */\n/* thing.c - a thing. */\n"
GOOD = """\
#include <stddef.h>

#define TWICE(x) { (x), (x) }

struct pair {
	int a, b;
};

static const struct pair pairs[] = { TWICE(1), TWICE(2) };

int
thing_sum(const struct pair *p, int (*also)(int, int))
{
	/* { if (a) */
	for (size_t i = 0; i < 2; i++)
		if (p->a && also)
			return pairs[i].a + '{';
	return p->a + p->b;
}
"""


def put(folder, **files):
    """Files by path (x__y.c is x/y.c) in a tree; the tree."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_C", ".c").replace(
            "_H", ".h")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def lint(name, tree, *args):
    """Its exit status and what it said."""
    done = subprocess.run([TOP / "scripts" / name, *args], cwd=tree, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    assert "Traceback" not in done.stdout, done.stdout
    return done.returncode, done.stdout


def accepted(name, tree, *args):
    status, said = lint(name, tree, *args)
    assert status == 0, said


def refused(why, name, tree, *args):
    status, said = lint(name, tree, *args)
    assert status == 1 and re.search(why, said), said


def lines(n):
    return "".join(f"\tthing_{i}();\n" for i in range(n))


# lint-functions

BAD_FUNCTIONS = {
    "on one line": ("STYLE", "static int f(void) { return 1; }\n"),
    "the body on one line": ("STYLE", "static int\nf(void) { return 1; }\n"),
    "the brace on it": ("STYLE", "static int\nf(void) {\n\treturn 1;\n}\n"),
    "the type on it": ("STYLE", "static int f(void)\n{\n\treturn 1;\n}\n"),
    "an attribute": ("STYLE", "static int f(void) "
                     "__attribute__((noreturn)) {\n\treturn 1;\n}\n"),
    "long, the brace on it": (
        "61 lines, 60", "int f(void) {\n" + lines(61) + "}\n"),
    "long": ("61 lines, 60", "int\nf(void)\n{\n" + lines(61) + "}\n"),
    "many ways": ("16 complexity, 15",
                  "int\nf(int a)\n{\n\treturn a" + " && a" * 15 + ";\n}\n"),
    "many parameters": ("8 parameters, 7", "int\nf(int a, int b, int c, int d,"
                        "\n    int e, int f, int g,\n    int h)\n{\n}\n"),
    "deep": ("4 nesting, 3", "int\nf(int a)\n{\n\tif (a)\n\t\tif (a)\n\t\t\t"
             "if (a)\n\t\t\t\tif (a)\n\t\t\t\t\treturn 1;\n}\n"),
    "behind a macro with a brace": (
        "STYLE", "#define OPEN {\nint f(void) { return 1; }\n"),
}


def test_functions_accepted(tmp_path):
    accepted("lint-functions", put(tmp_path, src__base__thing_C=HEAD + GOOD))
    longest = "int\nf(void)\n{\n" + lines(60) + "}\n"
    accepted("lint-functions", put(tmp_path, src__base__thing_C=longest))


@pytest.mark.parametrize("name", BAD_FUNCTIONS)
@pytest.mark.parametrize("suffix", ("_C", "_H"))
def test_functions_refused(tmp_path, name, suffix):
    why, text = BAD_FUNCTIONS[name]
    refused(why, "lint-functions", put(tmp_path, **{
        "src__base__thing" + suffix: HEAD + GOOD + "\n" + text}))


def test_functions_are_counted(tmp_path):
    two = GOOD + GOOD.replace("thing_sum", "thing_other")
    _, said = lint("lint-functions", put(tmp_path, src__base__thing_C=two))
    assert "2 functions in src/" in said, said


# lint-banned

BAD_TEXT = {
    "a banned call": (r"strcpy\(\) is banned", "\tstrcpy(a, b);\n"),
    "unfinished": ("unfinished", "/* TO" "DO: the rest */\n"),
    "a typedef": ("no typedefs", "typedef int number;\n"),
    "a blank at the end": ("white space", "int x; \n"),
    "a long line": ("80 columns", "\t" * 9 + "123456789\n"),
    "a long file": ("over 450 lines", "int x;\n" * 449),
}


def test_banned_accepted(tmp_path):
    accepted("lint-banned", put(tmp_path, src__base__thing_C=HEAD + GOOD))
    full = HEAD + "int x;\n" * 448
    accepted("lint-banned", put(tmp_path, src__base__thing_C=full,
                                tests__unit__thing_C=full + full[70:]))


@pytest.mark.parametrize("name", BAD_TEXT)
def test_banned_refused(tmp_path, name):
    why, text = BAD_TEXT[name]
    refused(why, "lint-banned", put(tmp_path, src__base__thing_C=HEAD + text))


def test_banned_wants_a_licence(tmp_path):
    refused("SPDX", "lint-banned", put(tmp_path, src__base__thing_C=GOOD))


# lint-pure

IMPURE = {
    "a file": ("calls open", "#include <fcntl.h>\n"
               "int\nthing(void)\n{\n\treturn open(\"x\", 0);\n}\n"),
    "a clock": ("calls time", "#include <time.h>\n"
                "long\nthing(void)\n{\n\treturn time(0);\n}\n"),
    "the environment": ("calls getenv", "#include <stdlib.h>\n"
                        "char *\nthing(void)\n{\n\treturn getenv(\"x\");\n}\n"),
    "a mutable global": ("counter is a mutable global",
                         "int counter;\n"),
    "a static variable": ("mutable global", "int\nthing(void)\n{\n"
                          "\tstatic int n;\n\treturn ++n;\n}\n"),
    **{name: (f"calls {name},", f"int {name}();\nint\nthing(void)\n{{\n"
              f"\treturn {name}();\n}}\n") for name in (
        # each opens a file or a socket, reads the clock or the locale
        "ldns_zone_new_frm_fp", "ldns_resolver_new_frm_file", "ldns_udp_send",
        "ldns_tcp_connect", "ldns_send", "ldns_axfr_start",
        "ldns_verify_trusted", "ldns_key_new_frm_fp", "ldns_pkt_print",
        "ldns_init_random", "ldns_get_random", "ldns_getaddrinfo",
        "ldns_dane_create_tlsa_owner", "ldns_str2rdf_time",
        "ldns_hosts_frm_file", "idn2_lookup_ul", "idn2_to_ascii_lz",
        "idn2_register_ul")},
}
PURE = {
    "memory": "#include <string.h>\nint\nthing(const char *a)\n{\n"
              "\treturn (int)strlen(a) + memcmp(a, \"x\", 1);\n}\n",
    "the codec": "int ldns_wire2pkt();\nint idn2_lookup_u8();\nint\nthing(void)"
                 "\n{\n\treturn ldns_wire2pkt() + idn2_lookup_u8();\n}\n",
    "a constant table of pointers": "const char *const words[] = { \"x\" };\n",
}


def compiled(tmp_path, text):
    put(tmp_path, src__base__thing_C=text, build__src__base__x="")
    subprocess.run(["cc", "-fPIE", "-O1", "-fno-builtin", "-w", "-c", "-o",
                    tmp_path / "build/src/base/thing.o",
                    tmp_path / "src/base/thing.c"], check=True)
    return tmp_path


@pytest.mark.parametrize("name", IMPURE)
def test_impure(tmp_path, name):
    why, text = IMPURE[name]
    refused(why, "lint-pure", compiled(tmp_path, text), "build", "base")


@pytest.mark.parametrize("name", PURE)
def test_pure(tmp_path, name):
    accepted("lint-pure", compiled(tmp_path, PURE[name]), "build", "base")


def test_pure_sees_nothing(tmp_path):
    """No object at all is a mistake, not purity."""
    assert lint("lint-pure", tmp_path, "build", "base")[0] == 1


# lint-layers

TABLE = """\
| room | owns | may include |
|---|---|---|
| `base/` | bytes | – |
| `mail/` | mail | base |
| `sign/` | signatures | base mail |
| `tlsrpt/` | reports | base |
| `auth/` | SPF | base |
| `dns/` | names | base |
| `smtp/` | talk | base mail |
| `route/` | plans | base dns |
| `net/` | sockets | base dns route |
| `cli/` | main | all |
"""
LAYERED = {"src__README.md": TABLE, "src__base__buf_H": HEAD,
           "src__base__buf_C": HEAD + '#include "base/buf.h"\n',
           "src__mail__head_H": HEAD + '#include "base/buf.h"\n',
           "src__net__tcp_H": HEAD + '#include "route/plan.h"\n',
           "src__route__plan_H": HEAD,
           "tests__unit__net_tcp_C": HEAD + '#include "net/tcp.h"\n'}
CROSSED = {
    "a later room": ("base/ may not include mail/head.h", {
        "src__base__buf_C":
        HEAD + '#include "base/buf.h"\n#include "mail/head.h"\n'}),
    "a room beside it": ("mail/ may not include route/plan.h", {
        "src__mail__head_C":
        HEAD + '#include "mail/head.h"\n#include "route/plan.h"\n'}),
    "a room without a row": ("room attic/ is not in the table", {
        "src__attic__box_C": HEAD}),
    "two spellings": ("is not a path below src/", {
        "src__base__buf_C": HEAD + '#include "../base/buf.h"\n'}),
    "a circle": ("circle", {"src__base__buf_H": HEAD +
                            '#include "base/two.h"\n',
                            "src__base__two_H": HEAD +
                            '#include "base/buf.h"\n'}),
    "own header later": ("its own header comes first", {
        "src__base__buf_C":
        HEAD + '#include <stdio.h>\n#include "base/buf.h"\n'}),
    "a room that names a later one": ("names a later room", {
        "src__README.md": TABLE.replace("bytes | –", "bytes | mail")}),
    "a pure test that needs sockets": ("links only pure rooms", {
        "tests__unit__head_C": HEAD + '#include "net/tcp.h"\n'}),
}


def test_layers_accepted(tmp_path):
    accepted("lint-layers", put(tmp_path, **LAYERED))


@pytest.mark.parametrize("name", CROSSED)
def test_layers_refused(tmp_path, name):
    why, change = CROSSED[name]
    refused(why, "lint-layers", put(tmp_path, **{**LAYERED, **change}))


# lint-options, on this tree and on copies of it with a word changed

@pytest.fixture
def our_tree(tmp_path):
    for name in ("man", "completions", "src"):
        shutil.copytree(TOP / name, tmp_path / name)
    return tmp_path


UNDOCUMENTED = {
    "the man page": "man/smtpsend.1", "bash": "completions/smtpsend.bash",
    "zsh": "completions/_smtpsend", "fish": "completions/smtpsend.fish",
}


def test_options_accepted(our_tree):
    accepted("lint-options", our_tree)


@pytest.mark.parametrize("name", UNDOCUMENTED)
def test_options_missing(our_tree, name):
    path = our_tree / UNDOCUMENTED[name]
    text = path.read_text()
    assert "quit-after" in text.replace("\\-", "-")
    path.write_text(text.replace("quit-after", "quit-behind")
                    .replace("quit\\-after", "quit\\-behind"))
    refused("quit-after", "lint-options", our_tree)


@pytest.mark.parametrize("word", ["warn-age", "edit-rcpt"])
@pytest.mark.parametrize("name", ["mailq.bash", "_mailq", "mailq.fish"])
def test_words_of_mailq_missing(our_tree, name, word):
    path = our_tree / "completions" / name
    text = path.read_text()
    assert word in text
    path.write_text(text.replace(word, "elsewhere"))
    refused(word, "lint-options", our_tree)


def test_options_of_the_table_alone(our_tree):
    table = our_tree / "src/config/option_table.c"
    text = table.read_text()
    assert '{ "quit-after",' in text
    table.write_text(text.replace('{ "quit-after",', '{ "stop-after",'))
    refused("stop-after", "lint-options", our_tree)
