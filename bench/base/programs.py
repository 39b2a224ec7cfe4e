"""The programs that are measured: `understudy tune` and llama-server, as children that end with us."""

import ctypes
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

START_S, STOP_S = 120, 15
TUNE_EXTRA_S = 900  # reading, measuring and writing, beside the minutes of training; generous for busy machines
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A cell that could not be measured; the next one may be."""


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(command, log, **more):
    return subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.DEVNULL, stderr=log, preexec_fn=end_with_parent, **more
    )


def stop(process):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_lines(path, count=3):
    return " | ".join(Path(path).read_text(errors="replace").strip().splitlines()[-count:])[:600]


def settings(examples):
    """Options of `understudy tune` by how many examples there are: few of them are seen many times in small steps.
    Whichever of --epochs and --minutes is over first ends the training."""
    for most, batch_tokens, epochs in ((16, 1024, 30), (64, 1024, 16), (256, 1024, 8), (1024, 2048, 4)):
        if examples <= most:
            return ["--batch-tokens", batch_tokens, "--epochs", epochs]
    return ["--batch-tokens", 2048, "--epochs", 3]


def tune(options, model, folder, examples, show):
    """Trains folder/adapter on folder/train.jsonl; returns what tune says of it, and its wall time. Ends within the
    minutes given and TUNE_EXTRA_S, or fails."""
    shutil.rmtree(folder / "adapter", ignore_errors=True)
    command = [options.binary, "tune", "--base", model.path, "--data", folder / "train.jsonl", "--out", folder / "adapter",
               "--minutes", options.minutes, "--threads", options.threads, "--seed", options.seed, "--json"]  # fmt: skip
    command += ["--valid", folder / "valid.jsonl"] if (folder / "valid.jsonl").is_file() else []
    command += settings(examples) + options.tune_args.split()
    begin, result, plan = time.monotonic(), None, {}
    with (folder / "tune.log").open("w") as log:
        child = start(command, log, stdout=subprocess.PIPE, text=True)
        timer = threading.Timer(options.minutes * 60 + TUNE_EXTRA_S, child.terminate)
        timer.start()
        try:
            for line in child.stdout:
                said = json.loads(line)
                plan = said.get("plan", plan)
                result = said.get("result", result)
                if "progress" in said:
                    show(f"training, step {said['progress']['step']}, loss {said['progress']['loss']:.2f}")
            child.wait()
        finally:
            timer.cancel()
            stop(child)
    if child.returncode != 0 or result is None:
        raise Failed(f"understudy tune ended with {child.returncode}: {last_lines(folder / 'tune.log')}")
    asked = float(command[len(command) - 1 - command[::-1].index("--epochs") + 1])
    return {**result, "epochs": result["steps"] / max(1, result["plan"]["steps"]) * asked, "wall_s": time.monotonic() - begin}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def find_llama_server(given):
    """As the program finds it (src/models/llama_program.h): what was named, else PATH, else set-up's bundle."""
    bundle = os.environ.get("UNDERSTUDY_BUNDLE") or "~/.cache/understudy/llama-server"
    for path in [given] if given else [shutil.which("llama-server"), Path(bundle).expanduser() / "bin/llama-server"]:
        if path and os.access(path, os.X_OK):
            return path
    raise SystemExit(f"base: no llama-server{f' at {given}' if given else ''}. Run scripts/llama-server-bundle, or name it by --llama-server")


class Server:
    """A llama-server of one base with adapters, on a socket of its own. No adapter is applied unless a request says
    so, every request names them all, and prompts are never kept beside the slots: what src/models/local_request.h
    and llama_arguments.cc do against answers from another adapter's cache."""

    def __init__(self, options, model, adapters):
        self.options = options
        self.folder = Path(tempfile.mkdtemp(prefix="understudy-base-"))
        self.socket = str(self.folder / "llama.sock")  # a name by which it is taken for a socket
        self.names = [f"{i}.gguf" for i in range(len(adapters))]  # short, and without the separators , and :
        for name, adapter in zip(self.names, adapters):
            (self.folder / name).symlink_to(Path(adapter).resolve())
        command = [options.llama_server, "--host", self.socket, "-m", model.path, "-t", options.threads, "-ngl", 0, "-cram", 0,
                   "--no-webui", "--jinja", "--no-prefill-assistant", "-np", options.parallel,
                   "-c", options.parallel * options.context]  # fmt: skip
        if self.names:
            command += ["--lora-scaled", ",".join(f"{name}:0" for name in self.names)]
        self.log = (self.folder / "log").open("w")
        self.process = start(command, self.log, stdout=self.log, cwd=self.folder)

    def __enter__(self):
        try:
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        stop(self.process)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.call("GET", "/health", None, 5)[0] == 200:
                    return self.check()
            except OSError:
                pass
            time.sleep(0.05)
        raise Failed(f"llama-server did not start: {last_lines(self.folder / 'log')}")

    def check(self):
        listed = json.loads(self.call("GET", "/lora-adapters", None, 5)[1])
        loaded = [Path(one["path"]).name for one in sorted(listed, key=lambda one: one["id"])]
        if loaded != self.names:
            raise Failed(f"llama-server numbers its adapters otherwise: {loaded}")

    def call(self, method, path, body, timeout):
        connection = UnixConnection(self.socket, timeout)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ask(self, request, adapter, most_tokens):
        """(message, finish reason, usage) of the greedy answer, by the adapter of that index, or by the base for None."""
        body = {
            "messages": request["messages"], "temperature": 0, "max_tokens": most_tokens, "stream": False,
            "lora": [{"id": i, "scale": float(i == adapter)} for i in range(len(self.names))],
        }  # fmt: skip
        if request.get("tools"):
            body["tools"] = request["tools"]
        status, text = self.call("POST", "/v1/chat/completions", json.dumps(body), self.options.request_s)
        if status != 200:
            raise Failed(f"{status} {text[:200].decode(errors='replace')}")
        answer = json.loads(text)
        choice = answer["choices"][0]
        return choice["message"], choice["finish_reason"], answer["usage"]
