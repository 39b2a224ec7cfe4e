"""The project's own files, for the checks in this folder."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = {".cc", ".h"}
LEFT_OUT = {".git", "build", "node_modules", "__pycache__", ".cache"}


def files(suffixes=None, under=""):
    """Paths relative to ROOT: what git tracks or would track; without git, everything not built."""
    found = _listed_by_git()
    if found is None:
        found = _listed_by_walking()
    return sorted(
        path
        for path in found
        if (suffixes is None or path.suffix in suffixes)
        and path.as_posix().startswith(under)
        and (ROOT / path).is_file()
    )


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def report(check, findings):
    """Prints the findings; the exit code of the check."""
    for finding in findings:
        print(finding)
    print(f"{check}: {len(findings)} findings")
    return 1 if findings else 0


def _listed_by_git():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return {Path(name) for name in done.stdout.decode().split("\0") if name}


def _listed_by_walking():
    found = set()
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        found.update((Path(folder) / name).relative_to(ROOT) for name in names)
    return found
