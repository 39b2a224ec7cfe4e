#!/usr/bin/env python3
"""Every C++ source is as clang-format 19 with .clang-format writes it; --fix makes it so."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import sources

SKIPPED = 77  # ctest: neither passed nor failed


def main():
    tool = shutil.which("clang-format-19")
    if tool is None:
        print("format: skipped, clang-format-19 is not installed (scripts/setup --test brings it)")
        return SKIPPED
    mode = ["-i"] if "--fix" in sys.argv else ["--dry-run", "-Werror"]

    def run(path):
        command = [tool, *mode, str(path)]
        return subprocess.run(command, cwd=sources.ROOT, capture_output=True, text=True)

    paths = sources.files(sources.CODE)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(run, paths))
    findings = [
        f"{path}: `make format` would change it" if "-Wclang-format" in done.stderr else done.stderr
        for path, done in zip(paths, results)
        if done.returncode != 0
    ]
    return sources.report("format", findings)


if __name__ == "__main__":
    sys.exit(main())
