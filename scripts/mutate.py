# SPDX-License-Identifier: ISC
"""What could be wrong with a C file in one place: the mutants of scripts/mutants.

Only statements inside functions are changed: not declarations, tables, macros,
asserts, comments or literals of text. The scanner trusts STYLE's layout.
"""
import re

from ctext import code

FUNCTION = re.compile(r"^([^\n]*)\n(\w+)\(([^;{}]*)\)\n\{\n(.*?)^\}", re.M | re.S)
ASSERT = re.compile(r"^[ \t]*(?:static_)?assert\(.*?\);", re.M | re.S)
TABLE = re.compile(r"^[ \t]*static const [^;]*;", re.M)
ZERO = re.compile(r"\{ 0 \}")
BOUND = re.compile(r"(?<=^\t)(?:\w+ )+\**\w+\[[^\]\n]*\]", re.M)
DIRECTIVE = re.compile(r"^[ \t]*#[^\n]*", re.M)

COMPARISON = re.compile(r"(?<![-<>=!])(?:==|!=|<=|>=|<|>)(?![<>=])")
OTHER = {"==": "!=", "!=": "==", "<=": "<", "<": "<=", ">=": ">", ">": ">="}
LOGIC = re.compile(r"&&|\|\|")
NUMBER = re.compile(r"(?<![\w.'\"])(?:0x[0-9a-fA-F]+|\d+)[uUlL]*(?![\w.'\"])")
SUM = re.compile(r"(?<=[\w)\]]) [+-] (?=[\w(*&])")

# A statement begins behind one of these and stands on lines of its own.
STATEMENT = re.compile(r"^(\t+)(?=([^\s{}#][^;{}]*;))", re.M)
KEYWORD = re.compile(r"(?:return|break|continue|goto|case|default|else|if|for|"
                     r"while|do|switch|const|static|struct|enum|unsigned|union|"
                     r"va_end|va_start)\b")
DECLARATION = re.compile(r"(?:\w+\s+)+\**\s*\w+\s*(?:[=;,\[]|$)|\w+ \*+\w+|"
                         r"\w+ \(\*\w+\)")
RETURN = re.compile(r"return\b\s*(.*?);", re.S)
CONSTANTS = ("0", "false", "NULL")


class Mutant:
    """One change: text[start:end] of a file becomes new."""

    def __init__(self, path, text, start, end, new, kind):
        self.path, self.kind = path, kind
        self.start, self.end, self.new = start, end, new
        self.line = text.count("\n", 0, start) + 1
        self.old = text[start:end]

    def apply(self, text):
        """The file with it; every line keeps its number."""
        lost = self.old.count("\n") - self.new.count("\n")
        return text[:self.start] + self.new + "\n" * lost + text[self.end:]

    def __str__(self):
        def flat(s):
            return re.sub(r"\s+", " ", s).strip() or "(nothing)"
        return (f"{self.path}:{self.line}: {self.kind}: {flat(self.old)}"
                f"  =>  {flat(self.new)}")


def visible(text):
    """Code alone: what must not change is blanked, every octet in place."""
    text = code(text)
    for never in (DIRECTIVE, ASSERT, TABLE, ZERO, BOUND):
        text = never.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    return text


def nothing_of(head):
    """The words that end a function of this type with nothing."""
    kind = re.sub(r"\b(?:static|inline|const|_Noreturn)\b", "", head).strip()
    if kind == "void":
        return "return;"
    if re.match(r"struct \w+$", kind):
        return f"return ({kind}){{ 0 }};"
    return "return 0;"


def swapped(body):
    """Comparisons and logic: (start, end, new, kind)."""
    for m in COMPARISON.finditer(body):
        yield m.start(), m.end(), OTHER[m.group()], "comparison"
    for m in LOGIC.finditer(body):
        yield m.start(), m.end(), "||" if m.group() == "&&" else "&&", "logic"


def off_by_one(body):
    for m in NUMBER.finditer(body):
        digits = m.group().rstrip("uUlL")
        value = int(digits, 16 if digits[:2] == "0x" else
                    8 if digits[0] == "0" else 10)
        suffix = m.group()[len(digits):]
        yield m.start(), m.end(), str(value + 1) + suffix, "off by one"
        if value > 0:
            yield m.start(), m.end(), str(value - 1) + suffix, "off by one"
    for m in SUM.finditer(body):
        other = " - " if m.group() == " + " else " + "
        yield m.start(), m.end(), other, "off by one"


def begins_statement(body, start):
    before = body[:start].rstrip()
    return before[-1:] in ("", ";", "{", "}", ")", ":") or \
        re.search(r"\b(?:else|do)$", before)


def statements(body, head):
    """Dropped, or replaced by an early return."""
    end = nothing_of(head)
    for m in STATEMENT.finditer(body):
        start, stop = m.span(2)
        text = m.group(2)
        if text.count("(") != text.count(")") or \
                not begins_statement(body, m.start()):
            continue  # a part of one
        back = RETURN.match(text)
        if back:
            yield from other_return(start, stop, back.group(1).strip(), end)
        elif not KEYWORD.match(text) and not DECLARATION.match(text):
            yield start, stop, ";", "dropped"
            yield start, stop, end, "early return"
        elif text in ("break;", "continue;"):
            yield start, stop, ";", "dropped"


def other_return(start, stop, value, end):
    if value == "true":
        yield start, stop, "return false;", "early return"
    elif value == "false":
        yield start, stop, "return true;", "early return"
    elif value and value not in CONSTANTS:
        yield start, stop, end, "early return"


def mutants(path, text):
    """All mutants of one file, in order."""
    bare = visible(text)
    found = []
    for function in FUNCTION.finditer(bare):
        head, body, offset = function.group(1), function.group(4), \
            function.start(4)
        for way in (swapped(body), off_by_one(body), statements(body, head)):
            found += [Mutant(path, text, offset + start, offset + end, new, kind)
                      for start, end, new, kind in way]
    return sorted(found, key=lambda m: (m.start, m.end, m.new))
