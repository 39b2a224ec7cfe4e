#!/usr/bin/env python3
"""The wheel on a log made by people: refine on one file, then the other through the gateway at several promises.

What a row of the test file is asked goes to a real gateway whose reference replays the recorded answers; an answer is
right when it says exactly what was recorded (bench/base/scoring.py). See README.md."""

import argparse
import collections
import concurrent.futures
import hashlib
import http.client
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "base"))
import scoring  # noqa: E402

KINDS = ("intent", "extract", "call")  # what a small model may take over; "reply" is free text by people


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True, help="exchange JSONL to learn from")
    parser.add_argument("--test", type=Path, required=True, help="exchange JSONL to be measured on")
    parser.add_argument("--out", type=Path, default=Path("build/bench/flywheel"), help="folder to work in (kept, and gone on with)")
    parser.add_argument("--binary", type=Path, default=Path("build/release/understudy"))
    parser.add_argument("--base", type=Path, default=Path("weights/understudy-nano.gguf"))
    parser.add_argument("--sessions", type=int, default=0, help="of the log, by hash of their names (0: all)")
    parser.add_argument("--tests", type=int, default=0, help="rows of the test file, by hash of their ids (0: all)")
    parser.add_argument("--minutes", type=float, default=10, help="of training a task")
    parser.add_argument("--share", choices=("each", "kind"), default="kind", help="one adapter a task, or one for all tasks of a kind")
    parser.add_argument("--promises", default="80,90,95,98", help="percent of calls that are not served worse")
    parser.add_argument("--sure", type=float, default=95)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--json", type=Path, help="write every figure there")
    return parser.parse_args()


def rank(name, seed):
    return hashlib.sha256(f"{seed} {name}".encode()).digest()


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def some(rows, key, count, seed):
    """The rows of the `count` names with the least hash, so that a choice only grows with its number; all for 0."""
    names = sorted({row[key] for row in rows}, key=lambda name: rank(name, seed))
    kept = set(names[:count] if count else names)
    return [row for row in rows if row[key] in kept]


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def run(command, log):
    """A program's standard output; its words go to `log`. Fails with its last ones."""
    with open(log, "a", encoding="utf-8") as words:
        done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=words, text=True, check=False)
    if done.returncode != 0:
        tail = " | ".join(Path(log).read_text(errors="replace").strip().splitlines()[-4:])
        raise SystemExit(f"flywheel: {' '.join(map(str, command[:3]))} ended with {done.returncode}: {tail}")
    return done.stdout


def make_workspace(options_, folder, test):
    if not (folder / "config.toml").exists():
        run([options_.binary, "init", folder], folder.parent / "init.log")
    (folder / "config.toml").write_text(
        f"""[server]
listen = "127.0.0.1:0"

[log]
level = "warn"

[[models]]
name = "recorded"
kind = "replay"
file = "{test.resolve()}"
input_usd = 2.5
output_usd = 10

[[models]]
name = "understudy-base"
kind = "local"
gguf = "{options_.base.resolve()}"

[routing]
reference = "recorded"
local = "understudy-base"
""",
        encoding="utf-8",
    )


class Gateway:
    """`understudy serve`, ended with SIGTERM."""

    def __init__(self, options_, folder):
        self.folder = folder
        self.log = open(folder / "serve.log", "a", encoding="utf-8")
        info = folder / "run" / "serve.json"
        info.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [str(options_.binary), "serve", "--workspace", str(folder)], stdout=self.log, stderr=self.log
        )
        for _ in range(1800):
            if self.process.poll() is not None:
                raise SystemExit(f"flywheel: the gateway ended; see {folder / 'serve.log'}")
            if info.exists() and self.ready(json.loads(info.read_text())["url"]):
                return
            time.sleep(0.1)
        raise SystemExit("flywheel: the gateway did not become ready in three minutes")

    def ready(self, url):
        self.address = urllib.parse.urlsplit(url).netloc
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request("GET", "/readyz")
            models = json.loads(connection.getresponse().read()).get("models", {})
            return bool(models) and all(model["state"] == "ready" for model in models.values())
        except (OSError, ValueError):
            return False
        finally:
            connection.close()

    def ask(self, row, route):
        body = dict(row["request"], stream=False)
        headers = {"content-type": "application/json", "x-understudy-session": row["session"]}
        if route:
            headers["x-understudy-route"] = route
        connection = http.client.HTTPConnection(self.address, timeout=600)
        began = time.monotonic()
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            reply = connection.getresponse()
            told = {name.lower(): value for name, value in reply.getheaders()}
            answer = json.loads(reply.read())
        except (OSError, ValueError) as problem:
            return {"error": str(problem)}
        finally:
            connection.close()
        known = {name: told.get(f"x-understudy-{name}", "") for name in ("model", "task", "outcome", "verdict", "reason")}
        known["ms"] = 1000 * (time.monotonic() - began)
        known["usd"] = float(told.get("x-understudy-cost-usd") or 0)
        if reply.status != 200:
            return known | {"error": answer.get("error", {}).get("message", str(reply.status))}
        return known | {"message": answer["choices"][0]["message"]}

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


def is_right(row, message):
    wanted = row["response"]["choices"][0]["message"]
    kind = {"call": "calls", "extract": "json"}.get(row["truth"]["kind"], "label")
    if kind == "calls" and not wanted.get("tool_calls"):
        kind = "label"  # an answer in words: right only as the same words
    return scoring.right(kind, wanted, message)


def ask_all(gateway, rows, options_, route=None):
    """Rows with what came of them, sessions kept in order."""
    sessions = collections.defaultdict(list)
    for row in rows:
        sessions[row["session"]].append(row)

    def one(session):
        return [(row, gateway.ask(row, route)) for row in session]

    with concurrent.futures.ThreadPoolExecutor(options_.at_once) as pool:
        return [pair for pairs in pool.map(one, sessions.values()) for pair in pairs]


def cuts(row):
    """The lines of the table that a row counts in."""
    kind, seen = row["truth"]["kind"], "seen" if row["truth"]["seen"] else "unseen"
    return [("all", "all"), ("all", seen), (kind, "all"), (kind, seen)]


def tally(results, base):
    """By kind and seen or unseen: calls, right answers, those served by the small model and of them the wrong ones."""
    lines = collections.defaultdict(lambda: collections.Counter())
    for row, got in results:
        small = got.get("model") == base and got.get("outcome") in ("served", "unverified")
        right = "message" in got and is_right(row, got["message"])
        for cut in cuts(row):
            line = lines[cut]
            line["calls"] += 1
            line["right"] += right
            line["small"] += small
            line["small_wrong"] += small and not right
            line["failed"] += "message" not in got
    return lines


def entropy(counts, total):
    return -sum(count / total * math.log(count / total) for count in counts if count)


def nmi(pairs):
    """Normalised mutual information (arithmetic mean of the entropies) of two labellings, and how many rows it is of."""
    pairs = list(pairs)
    total = len(pairs)
    if not total:
        return None
    a, b, both = (collections.Counter(x) for x in ([p[0] for p in pairs], [p[1] for p in pairs], pairs))
    ha, hb, hab = (entropy(c.values(), total) for c in (a, b, both))
    return (ha + hb - hab) / ((ha + hb) / 2) if ha + hb else 1.0


def found_tasks(folder):
    """Of every row that clustering gave to a task, its `truth` and the task."""
    for path in sorted(folder.glob("t-*/*.jsonl")):
        for row in rows_of(path):
            if "truth" in row:
                yield row["truth"], path.parent.name


def share(part, whole):
    return f"{100 * part / whole:5.1f} %" if whole else "    -  "


def show(title, lines):
    print(f"\n{title}")
    print(f"{'kind':<8} {'services':<8} {'calls':>6} {'right':>8} {'by small':>8} {'served wrong':>13}")
    for kind in ("all", *KINDS, "reply"):
        for seen in ("all", "seen", "unseen"):
            line = lines.get((kind, seen))
            if line:
                print(
                    f"{kind:<8} {seen:<8} {line['calls']:>6} {share(line['right'], line['calls']):>8} "
                    f"{share(line['small'], line['calls']):>8} {share(line['small_wrong'], line['calls']):>13}"
                )


def as_json(lines):
    return [{"kind": kind, "services": seen, **line} for (kind, seen), line in sorted(lines.items())]


def refine(options_, workspace, promise):
    """One turn at one promise. Everything but router and deployment is there already after the first."""
    for name in ("deployments.json", "deployments.state.json"):
        (workspace / name).unlink(missing_ok=True)
    out = run(
        [options_.binary, "refine", "--workspace", workspace, "--in", workspace.parent / "log.jsonl", "--no-reload", "--json",
         "--start", "live", "--worse", f"{100 - promise:g}", "--sure", f"{options_.sure:g}", "--minutes", f"{options_.minutes:g}",
         "--share", options_.share, "--seed", options_.seed],
        workspace.parent / "refine.log",
    )  # fmt: skip
    return json.loads(out)


def held(line, promise):
    """Whether the share that was served worse is what was promised: by the figure itself, and with its exact interval."""
    low, high = scoring.interval(line["small_wrong"], line["calls"])
    worse = 1 - promise / 100
    return {"served_worse": line["small_wrong"] / max(1, line["calls"]), "low": low, "high": high, "held": low <= worse}


def at_promise(options_, workspace, tests, promise):
    refined = refine(options_, workspace, promise)
    gateway = Gateway(options_, workspace)
    try:
        results = ask_all(gateway, tests, options_)
    finally:
        gateway.end()
    lines = tally(results, options_.base.stem)
    verdict = held(lines[("all", "all")], promise)
    show(f"promise {promise:g} %: {refined['promise']}", lines)
    print(f"served worse: {100 * verdict['served_worse']:.2f} % ({100 * verdict['low']:.2f} to {100 * verdict['high']:.2f} %):",
          "held" if verdict["held"] else "BROKEN")  # fmt: skip
    cost = sum(got.get("usd", 0) for _, got in results)
    return {"promise": promise, "refined": refined, "test": as_json(lines), "verdict": verdict, "usd": cost}, results


def plain_base(options_, workspace, tests):
    for name in ("deployments.json", "deployments.state.json"):
        (workspace / name).unlink(missing_ok=True)
    gateway = Gateway(options_, workspace)
    try:
        results = ask_all(gateway, tests, options_, route="local")
    finally:
        gateway.end()
    lines = tally(results, options_.base.stem)
    show("the base alone", lines)
    return as_json(lines)


def tuned_base(options_, workspace, tests, refined, results):
    """Each row by the adapter of the task that the gateway gave it, whatever the router thinks of it."""
    adapters = {task["id"]: task["adapter"] for task in refined["tasks"] if task["adapter"]}
    task_of = {row["id"]: got.get("task", "") for row, got in results}
    total = collections.defaultdict(lambda: collections.Counter())
    for task, adapter in adapters.items():
        rows = [row for row in tests if task_of[row["id"]] == task]
        if not rows:
            continue
        folder = workspace.parent / "tuned" / task
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_rows(folder / "test.jsonl", rows)
        run([options_.binary, "evaluate", "--base", options_.base, "--adapter", adapter, "--in", folder / "test.jsonl",
             "--out", folder / "answers", "--workspace", workspace], workspace.parent / "evaluate.log")  # fmt: skip
        by_id = {row["id"]: row for row in rows}
        for answer in rows_of(folder / "answers" / "answers.jsonl"):
            right = answer.get("answer") is not None and is_right(by_id[answer["id"]], answer["answer"])
            for cut in cuts(by_id[answer["id"]]):
                total[cut]["calls"] += 1
                total[cut]["right"] += right
    show("the base with the adapters, of rows that have one", total)
    return as_json(total)


def main():
    options_ = options()
    options_.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    log = some(rows_of(options_.log), "session", options_.sessions, options_.seed)
    tests = some(rows_of(options_.test), "id", options_.tests, options_.seed)
    write_rows(options_.out / "log.jsonl", log)
    write_rows(options_.out / "test.jsonl", tests)
    print(f"{len(log)} rows of {options_.log.name} to learn from, {len(tests)} of {options_.test.name} to be measured on; seed {options_.seed}")
    workspace = options_.out / "workspace"
    make_workspace(options_, workspace, options_.out / "test.jsonl")

    figures = {"log": options_.log.name, "rows": len(log), "test": options_.test.name, "test_rows": len(tests),
               "seed": options_.seed, "minutes": options_.minutes, "share": options_.share, "base": options_.base.name, "cores": os.cpu_count(), "promises": []}  # fmt: skip
    last = None
    for promise in sorted(float(word) for word in options_.promises.split(",")):
        figure, results = at_promise(options_, workspace, tests, promise)
        if last is None:
            clusters = next(Path(step["folder"]) for step in figure["refined"]["steps"] if step["stage"] == "cluster")
            truth = list(found_tasks(clusters))
            figures["nmi_kind"] = nmi((each["kind"], task) for each, task in truth)
            figures["nmi_kind_service"] = nmi(((each["kind"], each["service"]), task) for each, task in truth)
            print(f"\ntasks: {len({task for _, task in truth})}; NMI with the kind {figures['nmi_kind']:.3f}, "
                  f"with kind and service {figures['nmi_kind_service']:.3f}")  # fmt: skip
            print("\nstage      task                        seconds")
            for step in figure["refined"]["steps"]:
                print(f"{step['stage']:<10} {step['task']:<26} {step['seconds']:>8.1f}")
            figures["tuned"] = tuned_base(options_, workspace, tests, figure["refined"], results)
        last = figure
        figures["promises"].append(figure)
    figures["base"] = plain_base(options_, workspace, tests)

    print(f"\n{'promise':>8} {'by small':>9} {'right':>8} {'served wrong':>13}  held")
    for figure in figures["promises"]:
        line = next(line for line in figure["test"] if line["kind"] == "all" and line["services"] == "all")
        print(f"{figure['promise']:>6g} % {share(line['small'], line['calls']):>9} {share(line['right'], line['calls']):>8} "
              f"{share(line['small_wrong'], line['calls']):>13}  {'yes' if figure['verdict']['held'] else 'NO'}")  # fmt: skip
    figures["seconds"] = time.monotonic() - began
    print(f"\n{figures['seconds'] / 60:.1f} minutes in all")
    if options_.json:
        options_.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
