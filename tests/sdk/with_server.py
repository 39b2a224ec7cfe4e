#!/usr/bin/env python3
"""Runs a command against a gateway of its own: with_server.py BUILD_FOLDER LIBRARY COMMAND [ARGUMENT...]

The gateway serves four models: `tiny`, random weights on a real llama-server; `recorded`, which plays
recorded.jsonl back; `slow`, which plays it back at a token or two a second; and `base`, the bundled
base model, on a llama-server of its own. The command finds it by BASE_URL (with /v1) and API_KEY.
Exits with the command's code, or 77 (ctest: skipped) where the client library (a path) or llama-server
is missing.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASE = HERE.parents[1] / "weights/understudy-base.gguf"
API_KEY = "sk-understudy-sdk-test"
SKIPPED = 77
START_S = 300
STOP_S = 60

CONFIG = """
[server]
listen = "127.0.0.1:0"

[auth]
api_keys = ["sdk:{key_hash}"]

[routing]
reference = "recorded"
local = "tiny"
fallback = "none"
escalate = false  # what the random model says is served as it is

[[models]]
name = "tiny"
kind = "local"
gguf = "{folder}/tiny.gguf"

[[models]]
name = "recorded"
kind = "replay"
file = "{recorded}"

[[models]]
name = "slow"
kind = "replay"
file = "{recorded}"
tokens_per_s = 2

[[models]]
name = "base"
kind = "local"
gguf = "{base}"
"""


def has_llama_server():
    bundle = os.environ.get("UNDERSTUDY_BUNDLE", "~/.cache/understudy/llama-server")
    return shutil.which("llama-server") or (Path(bundle).expanduser() / "bin/llama-server").exists()


def is_stale(library):
    """Whether an environment was made from an older list of libraries."""
    wanted = HERE / "python" / library.name
    return library.is_file() and wanted.is_file() and library.read_bytes() != wanted.read_bytes()


def make_workspace(build, folder):
    subprocess.run([build / "tests/make_tiny_model", folder], check=True, stdout=subprocess.DEVNULL)
    config = CONFIG.format(
        key_hash=hashlib.sha256(API_KEY.encode()).hexdigest(),
        folder=folder,
        recorded=HERE / "recorded.jsonl",
        base=BASE,
    )
    (folder / "config.toml").write_text(config)


def url_of(workspace):
    """Where the gateway serves, once every model is ready (/readyz is content with one)."""
    try:
        url = json.loads((workspace / "run/serve.json").read_text())["url"]
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as reply:
            models = json.load(reply)["models"].values()
            return url if all(model["state"] == "ready" for model in models) else None
    except (OSError, ValueError, KeyError):
        return None


def wait_until_ready(server, workspace):
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        if url := url_of(workspace):
            return url
        time.sleep(0.05)
    raise SystemExit(f"the gateway did not become ready (exit code {server.poll()})")


def stop(server):
    """An ordinary stop; that it ends with 0 is part of the test."""
    if server.poll() is None:
        server.terminate()
    try:
        return server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        raise SystemExit("the gateway did not stop")


def run(build, command, workspace):
    make_workspace(build, workspace)
    log = open(workspace / "serve.log", "w+")
    server = subprocess.Popen(
        [build / "understudy", "serve", "--workspace", workspace], stdout=log, stderr=subprocess.STDOUT
    )
    code = stopped = 1
    try:
        url = wait_until_ready(server, workspace)
        code = subprocess.run(command, env={**os.environ, "BASE_URL": f"{url}/v1", "API_KEY": API_KEY}).returncode
    finally:
        stopped = stop(server)
        if code or stopped:
            log.seek(0)
            print(f"--- the gateway ended with {stopped} and had said:\n{log.read()}", flush=True)
    return code or stopped


def main():
    build, library, command = Path(sys.argv[1]).resolve(), Path(sys.argv[2]), sys.argv[3:]
    if not library.exists() or is_stale(library):
        print(f"skipped: {library} is not there, or not the one asked for (scripts/setup --test brings it)")
        return SKIPPED
    if not has_llama_server():
        print("skipped: there is no llama-server (scripts/setup brings it)")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="understudy-sdk-") as folder:
        return run(build, command, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
