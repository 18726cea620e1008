# SPDX-License-Identifier: ISC
"""What the lint scripts know about C text: comments, strings, the files."""
import glob
import re

BLANKED = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
                     r"|'(?:\\.|[^'\\\n])*'", re.S)


def code(text):
    """The text with comments and literals blanked, lines kept in place."""
    def blank(match):
        token = match.group()
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token[0] + " " * (len(token) - 2) + token[0]
    return BLANKED.sub(blank, text)


def files(*patterns):
    """(path, text) of each file that matches, in order."""
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            with open(path, encoding="utf-8") as f:
                yield path, f.read()
