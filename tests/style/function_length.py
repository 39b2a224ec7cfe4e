#!/usr/bin/env python3
"""Functions stay short: 60 lines from signature to closing brace.

long_functions.txt lists the exceptions, `LINES FILE FUNCTION` each. The list is a ratchet: a function
in it may not grow, no function may be added, and what got shorter must be written down with --update.
"""

import re
import sys
from pathlib import Path

import sources

LIMIT = 60
LIST = Path(__file__).with_name("long_functions.txt")

# Comments, raw strings, strings, characters and preprocessor lines: no braces of ours in them. A quote
# between digits (1'000) is no character.
NOISE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"
    |(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'|^[ \t]*\#(?:[^\n\\]|\\.)*""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
SCOPE = re.compile(r"^(inline\s+)?namespace\b|^extern\s*$|^export\s*$")
TYPE = re.compile(r"^(template\s*<.*>\s*)?(requires\b.*\s)?(class|struct|union|enum)\b[^()]*$", re.DOTALL)
# A brace directly after a member's name in `Foo() : a_(1), b_{2} {` opens no body.
INITIALISER = re.compile(r"\)[^()]*:.*[\w>]\s*$|:\s*[\w:<>, ]+$", re.DOTALL)
QUALIFIER = re.compile(r"(\b(const|noexcept|override|final|try|mutable)|->[^{]*|[)&])\s*$")
NAME = re.compile(r"([~\w:]+|operator\s*[^\s(]+)\s*\(")


def blank(match):
    """The same number of lines, and nothing on them."""
    return re.sub(r"[^\n]", " ", match.group())


def kind_of(head):
    """What a brace after `head` opens: 'scope', 'function' or 'value'."""
    if SCOPE.match(head) or TYPE.match(head):
        return "scope"
    if ")" not in head or re.search(r"(?<![=!<>])=(?!=)[^)]*$", head):
        return "value"
    if INITIALISER.search(head) and not QUALIFIER.search(head):
        return "value"
    return "function"


def closing_brace(text, opening):
    depth = 0
    for brace in re.finditer(r"[{}]", text[opening:]):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            return opening + brace.start()
    raise ValueError("a brace is not closed")


def name_of(head):
    head = re.sub(r"^template\s*<[^{]*?>\s*(?=\w)", "", head)
    test = re.match(r"((?:TYPED_)?TEST(?:_[FP])?)\(\s*(\w+),\s*(\w+)\s*\)", head)
    if test:
        return f"{test[2]}.{test[3]}"
    name = NAME.search(head)
    return re.sub(r"\s+", "", name[1]) if name else "?"


def functions(text):
    """(name, first line, number of lines) of every function outside other functions."""
    text = NOISE.sub(blank, text)
    start = position = 0
    while mark := re.compile(r"[{};]").search(text, position):
        position = mark.end()
        if mark.group() != "{":
            start = position
            continue
        head = re.sub(r"^\s*(public|private|protected)\s*:", " ", text[start : mark.start()]).strip()
        kind = kind_of(head)
        if kind == "scope":
            start = position
            continue
        position = closing_brace(text, mark.start()) + 1
        if kind == "value":
            continue
        begin = start + len(text[start : mark.start()]) - len(text[start : mark.start()].lstrip())
        first = text.count("\n", 0, begin) + 1
        yield name_of(head), first, text.count("\n", 0, position) + 1 - first + 1
        start = position


def long_functions():
    found = {}
    for path in sources.files(sources.CODE):
        try:
            for name, line, lines in functions(sources.read(path)):
                if lines > LIMIT:
                    key = f"{path.as_posix()} {name}"
                    found[key] = max(found.get(key, (0, 0)), (lines, line))
        except ValueError as error:
            sys.exit(f"{path}: {error}")
    return found


def excused():
    rows = [row.split(" ", 1) for row in LIST.read_text().splitlines() if row and row[0] != "#"]
    return {key: int(lines) for lines, key in rows}


def update(found, allowed):
    """Writes what remains of the list; never a new entry, never a larger number."""
    comment = [row for row in LIST.read_text().splitlines() if row.startswith("#")]
    rows = [f"{min(found[key][0], lines)} {key}" for key, lines in allowed.items() if key in found]
    LIST.write_text("\n".join(comment + rows) + "\n")


def main():
    found, allowed = long_functions(), excused()
    if "--update" in sys.argv:
        update(found, allowed)
        allowed = excused()
    findings = []
    for key, (lines, line) in found.items():
        limit = allowed.get(key, LIMIT)
        if lines > limit:
            path, name = key.split(" ", 1)
            findings.append(f"{path}:{line}: {name} has {lines} lines; the limit is {limit}")
    for key, lines in allowed.items():
        if found.get(key, (0, 0))[0] < lines:
            findings.append(f"{key} got shorter: run tests/style/function_length.py --update")
    return sources.report("function_length", findings)


if __name__ == "__main__":
    sys.exit(main())
