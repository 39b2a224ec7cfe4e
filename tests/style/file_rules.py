#!/usr/bin/env python3
"""Rules for whole files: length, white space, header guards, words, and the order of the layers."""

import re
import sys

import sources

LINE_LIMIT = 450
TEXT = {".cc", ".h", ".py", ".js", ".mjs", ".ts", ".tsx", ".css", ".html", ".sh", ".cmake", ".md", ".toml",
        ".txt", ".yml", ".yaml"}
NAMELESS = {"Makefile", "setup", "build", "test", "lint", "bench", "run", "packages"}
LENGTH_COUNTS = {".cc", ".h", ".py", ".js", ".mjs", ".ts", ".tsx", ".css", ".sh"}

# Each is written so that it does not match itself here.
FORBIDDEN = {
    r"/wor[k]/": "a path of one machine",
    r"(?i)\bissues? #?[0-9]+\b": "an issue's number; say what it is about",
    r"\b(TOD[O]|FIXM[E]|XX[X])\b": "unfinished work; finish it, or file it elsewhere",
    r"\b(pypi[.]org|registry[.]npmjs|deb[.]debian[.]org)\b": "a package source; machines configure their own",
}


def check_text(path, text):
    if path.suffix in LENGTH_COUNTS and text.count("\n") > LINE_LIMIT:
        yield f"{path}: {text.count(chr(10))} lines; the limit is {LINE_LIMIT}"
    if text and not text.endswith("\n"):
        yield f"{path}: no newline at its end"
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line and path.name != "Makefile":
            yield f"{path}:{number}: a tab"
        if line != line.rstrip() and path.suffix != ".md":
            yield f"{path}:{number}: a space at the line's end"
        for pattern, why in FORBIDDEN.items():
            if re.search(pattern, line):
                yield f"{path}:{number}: {why}: {line.strip()[:100]}"


def check_guard(path, text):
    directives = re.findall(r"^#.*", text, re.MULTILINE)
    if path.suffix == ".h" and directives[:1] != ["#pragma once"]:
        yield f"{path}: the first directive of a header is #pragma once"


def layers():
    """Layer -> the layers it may include, as src/CMakeLists.txt names them."""
    allowed = {}
    text = sources.read("src/CMakeLists.txt")
    for name, rest in re.findall(r"^understudy_layer\((\w+)([^)]*)\)", text, re.MULTILINE):
        depends = re.search(r"DEPENDS ([\w ]+?)(?= LINK|$)", rest)
        allowed[name] = {name, *(depends[1].split() if depends else [])}
    allowed["cli"] = {"cli", *allowed}
    return allowed


def check_layers(path, text, allowed):
    layer = path.parts[1] if len(path.parts) > 2 else None
    if path.parts[0] != "src" or layer not in allowed:
        return
    for number, line in enumerate(text.splitlines(), 1):
        include = re.match(r'#include "(\w+)/', line)
        if include and include[1] not in allowed[layer]:
            yield f"{path}:{number}: src/{layer} may not use src/{include[1]} (see src/CMakeLists.txt)"


def main():
    allowed = layers()
    findings = []
    for path in sources.files():
        if "corpus" in path.parts or "golden" in path.parts or path.name == "LICENSE":
            continue
        if path.suffix not in TEXT and path.name not in NAMELESS:
            continue
        text = sources.read(path)
        findings += check_text(path, text)
        if path.suffix in sources.CODE:
            findings += check_guard(path, text)
            findings += check_layers(path, text, allowed)
    return sources.report("file_rules", findings)


if __name__ == "__main__":
    sys.exit(main())
