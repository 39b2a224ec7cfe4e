#!/usr/bin/env python3
"""How well a small base learns new narrow tasks: exact match against the number of examples. See README.md.

    bench/base/measure.py --data DIR --out DIR --models base=weights/understudy-base.gguf [--dry-run]

A cell is a model, a task and a number of examples. Each finished cell is a line of OUT/results.jsonl, and a cell
that is there is not measured again: run the same command once more to go on.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import programs
import scoring
import tasks

OUT_TOKENS = {"label": 4, "json": 40, "calls": 90}  # about
CHARS_A_TOKEN = 3.0
TUNE_START_S, TRAIN_TOKENS_PER_S, PROMPT_TOKENS_PER_S, ANSWER_TOKENS_PER_S = 6, 4000, 4000, 1500  # for the first estimate


@dataclass
class Model:
    label: str
    path: Path
    sha256: str


@dataclass
class Cell:
    model: Model
    task: tasks.Task
    examples: str  # "0", "16", ..., "all"
    rows: int  # that the number stands for in this task
    estimate_s: float = 0


def read_models(texts):
    models = []
    for text in texts:
        label, _, path = text.rpartition("=")
        path = Path(path).resolve()
        if not path.is_file():
            raise SystemExit(f"base: no model at {path}")
        label = label or path.stem
        if "/" in label or label in [model.label for model in models]:
            raise SystemExit(f"base: {label} cannot name a model here: a label is given once and has no /")
        models.append(Model(label, path, hashlib.sha256(path.read_bytes()).hexdigest()))
    return models


def key(label, sha256, task, examples, options):
    return (label, sha256, task, examples, options.seed, options.minutes, options.tests, options.tune_args)


def finished(path):
    """Keys of the cells that the results file holds. A last line cut short by a kill is cut off."""
    if not path.is_file():
        return set()
    text = path.read_bytes()
    if not text.endswith(b"\n"):
        path.write_bytes(text[: text.rfind(b"\n") + 1])
    found = set()
    for line in path.read_text().splitlines():
        row = json.loads(line)
        found.add((row["model"], row["sha256"], row["task"], row["examples"], row["seed"], row["minutes"], row["tests"], row["tune_args"]))
    return found


def chars(rows):
    return sum(len(json.dumps(row["request"])) for row in rows)


def estimate(cell, options):
    """Seconds, before anything was measured."""
    if cell.rows == 0:
        training = 0
    else:
        taken = cell.task.train[: cell.rows]
        epochs = programs.settings(cell.rows)[3]
        tokens = chars(taken) / CHARS_A_TOKEN * epochs
        training = TUNE_START_S + min(options.minutes * 60, tokens / (TRAIN_TOKENS_PER_S * options.threads / 2))
    asking = 0
    for rows in cell.task.sides.values():
        asking += chars(rows) / CHARS_A_TOKEN / (PROMPT_TOKENS_PER_S * options.threads / 2)
        asking += len(rows) * OUT_TOKENS[cell.task.kind] / ANSWER_TOKENS_PER_S
    return training + asking


def plan(models, made, options):
    cells = []
    for model in models:
        for task in made:
            for examples in options.examples.split(","):
                rows = len(task.train) if examples == "all" else int(examples)
                if examples != "all" and rows > len(task.train):
                    continue  # "all" is fewer
                cell = Cell(model, task, examples, rows)
                cell.estimate_s = estimate(cell, options)
                cells.append(cell)
    return cells


class Progress:
    """What is done, and when the rest will be: the estimates, corrected by how wrong they were so far."""

    def __init__(self, cells):
        self.begin, self.all_s = time.monotonic(), sum(cell.estimate_s for cell in cells)
        self.count, self.done, self.done_s, self.terminal = len(cells), 0, 0.0, sys.stderr.isatty()

    def left(self):
        ratio = (time.monotonic() - self.begin) / self.done_s if self.done_s else 1
        return (self.all_s - self.done_s) * ratio

    def over(self, options):
        return options.budget > 0 and time.monotonic() - self.begin > options.budget * 60

    def show(self, cell, text):
        if self.terminal:
            line = f"[{self.done}/{self.count}, {clock(self.left())} left] {title(cell)}: {text}"
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    def finish(self, cell, text):
        self.done, self.done_s = self.done + 1, self.done_s + cell.estimate_s
        start = "\r\x1b[K" if self.terminal else ""
        print(f"{start}[{self.done}/{self.count}, {clock(self.left())} left] {title(cell)}: {text}", file=sys.stderr, flush=True)


def clock(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def title(cell):
    return f"{cell.model.label} {cell.task.name} N={cell.examples}"


def train(cell, options, show):
    """The cell's adapter; trained, or there from an earlier run that was interrupted before it was asked."""
    made_by = json.dumps([cell.model.sha256, options.seed, options.minutes, options.tests, options.tune_args, options.threads])
    folder = options.out / "cells" / hashlib.sha256(made_by.encode()).hexdigest()[:12] / cell.task.name / f"n{cell.examples}"
    done = folder / "trained.json"
    if not done.is_file():
        learnt, valid = tasks.split(cell.task.train[: cell.rows])
        tasks.write_lines(folder / "train.jsonl", learnt)
        if valid:
            tasks.write_lines(folder / "valid.jsonl", valid)
        result = programs.tune(options, cell.model, folder, cell.rows, show)
        result["valid_rows"] = len(valid)
        done.with_suffix(".new").write_text(json.dumps(result))
        os.replace(done.with_suffix(".new"), done)
        (folder / "train.jsonl").unlink()
    return folder / "adapter" / "adapter.gguf", json.loads(done.read_text())


def most_tokens(wanted):
    """Tokens that a right answer needs at most, as a token is at least a byte; a longer answer is a wrong one."""
    calls = wanted.get("tool_calls") or []
    written = [wanted.get("content") or "", *(call["function"]["name"] + call["function"]["arguments"] for call in calls)]
    return 16 + sum(len(text.encode()) for text in written) + 48 * len(calls)


def ask(cell, server, adapter, options, show):
    """Asks every test of every side; {side: {right, total, ...}}. Bounded: fails after --ask-minutes."""
    deadline, sides, count = time.monotonic() + options.ask_minutes * 60, {}, 0

    def one(row):
        if time.monotonic() > deadline:
            raise TimeoutError
        wanted = row["response"]["choices"][0]["message"]
        try:
            message, reason, usage = server.ask(row["request"], adapter, most_tokens(wanted))
        except (programs.Failed, OSError) as error:
            return {"id": row["id"], "right": False, "error": str(error)}
        return {"id": row["id"], "right": scoring.right(cell.task.kind, wanted, message), "cut": reason == "length",
                "message": message, "prompt_tokens": usage["prompt_tokens"]}  # fmt: skip

    for side, rows in cell.task.sides.items():
        answers = []
        pool = concurrent.futures.ThreadPoolExecutor(options.parallel)
        try:
            for answer in pool.map(one, rows):
                answers.append(answer)
                count += 1
                show(f"asked {count}")
        except TimeoutError:
            raise programs.Failed(f"the tests took longer than {options.ask_minutes} minutes (--ask-minutes)") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # what still waits ends with the server
        if server.process.poll() is not None:
            raise programs.Failed(f"llama-server ended: {programs.last_lines(server.folder / 'log')}")
        keep_answers(cell, side, answers, options)
        right, total = sum(answer["right"] for answer in answers), len(answers)
        low, high = scoring.interval(right, total)
        sides[side] = {"right": right, "total": total, "low": round(low, 4), "high": round(high, 4),
                       "errors": sum("error" in answer for answer in answers), "cut": sum(answer.get("cut", False) for answer in answers),
                       "prompt_tokens": sum(answer.get("prompt_tokens", 0) for answer in answers)}  # fmt: skip
    return sides


def keep_answers(cell, side, answers, options):
    """What the model said, for whoever wants to see its mistakes."""
    tasks.write_lines(options.out / "answers" / cell.model.label / f"{cell.task.name}-{side}-n{cell.examples}.jsonl", answers)


def record(cell, trained, sides, ask_s, options):
    row = {
        "model": cell.model.label, "sha256": cell.model.sha256, "task": cell.task.name, "kind": cell.task.kind,
        "examples": cell.examples, "rows": cell.rows, "seed": options.seed, "minutes": options.minutes, "tests": options.tests,
        "threads": options.threads, "tune_args": options.tune_args, "sides": sides, "ask_s": round(ask_s, 1), "train": None,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip
    if trained:
        plan_ = trained["plan"]
        row["train"] = {
            "wall_s": round(trained["wall_s"], 1), "minutes": round(trained["minutes"], 3), "steps": trained["steps"],
            "ended": trained["ended"], "epochs": round(trained["epochs"], 2), "valid_rows": trained["valid_rows"],
            "epoch_tokens": plan_["epoch_tokens"], "tokens_per_s": round(plan_["tokens_per_s"]), "precision": plan_["precision"],
            "valid_before": trained["before"], "valid_after": trained["after"],
        }  # fmt: skip
    with options.results.open("a") as file:
        file.write(json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())


def percent(sides):
    return ", ".join(f"{name} {100 * s['right'] / max(1, s['total']):.1f} %" for name, s in sides.items())


def measure_task(cells, progress, options):
    """Cells of one model and task: trains what is to be trained, then one server answers for all. How many failed."""
    failed, ready = 0, []
    for cell in cells:
        if progress.over(options):
            break
        try:
            ready.append((cell, *(train(cell, options, lambda text: progress.show(cell, text)) if cell.rows else (None, None))))
        except programs.Failed as error:
            failed += 1
            progress.finish(cell, f"failed: {error}")
    adapters = [adapter for _, adapter, _ in ready if adapter]
    if not ready:
        return failed
    try:
        with programs.Server(options, cells[0].model, adapters) as server:
            for cell, adapter, trained in ready:
                begin = time.monotonic()
                index = adapters.index(adapter) if adapter else None
                sides = ask(cell, server, index, options, lambda text: progress.show(cell, text))
                record(cell, trained, sides, time.monotonic() - begin, options)
                times = f"trained {trained['wall_s']:.0f} s, " if trained else ""
                progress.finish(cell, f"{percent(sides)} ({times}asked {time.monotonic() - begin:.0f} s)")
    except programs.Failed as error:
        print(f"base: {cells[0].model.label} {cells[0].task.name}: {error}", file=sys.stderr)
        return failed + 1
    return failed


def show_plan(cells):
    for cell in cells:
        tests = sum(map(len, cell.task.sides.values()))
        print(f"{cell.model.label:<16}{cell.task.name:<14}N={cell.examples:<6}{cell.rows:>6} examples{tests:>6} tests{cell.estimate_s:>7.0f} s")
    print(f"{len(cells)} cells, about {clock(sum(cell.estimate_s for cell in cells))}")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--models", nargs="+", required=True, metavar="LABEL=FILE", help="GGUF files of base models")
    add("--data", required=True, type=Path, help="folder of the public files")
    add("--out", type=Path, default=Path("build/base"), help="adapters, answers and results (build/base)")
    add("--results", type=Path, help="file that cells are appended to (OUT/results.jsonl)")
    add("--only", help="tasks, by comma-separated patterns: snips-*,sgd-call (all)")
    add("--examples", default="0,16,64,256,1024,all", help="numbers of examples (%(default)s)")
    add("--tests", type=int, default=200, help="test rows a task and side, at most (200)")
    add("--minutes", type=float, default=1, help="of training a cell, at most (1)")
    add("--budget", type=float, default=0, help="minutes after which no cell is begun (no limit)")
    add("--ask-minutes", type=float, default=10, help="of asking a cell's tests, at most (10)")
    add("--request-s", type=float, default=120, help="an answer may take (120)")
    add("--threads", type=int, default=os.cpu_count(), help="of training and serving (one a core)")
    add("--parallel", type=int, default=4, help="requests at once (4)")
    add("--context", type=int, default=4096, help="tokens of a conversation (4096)")
    add("--seed", type=int, default=1)
    add("--tune-args", default="", help="more options for understudy tune, in one text")
    add("--binary", type=Path, default=Path("build/release/understudy"))
    add("--llama-server", help="default: PATH, then set-up's bundle")
    add("--dry-run", action="store_true", help="list the cells that are left, with an estimate of their time")
    options = parser.parse_args()
    options.results = options.results or options.out / "results.jsonl"
    if any(not (text == "all" or text.isdigit()) for text in options.examples.split(",")):
        parser.error("--examples takes numbers and `all`, with commas")
    if not options.dry_run:
        options.llama_server = programs.find_llama_server(options.llama_server)
        if not options.binary.is_file():
            parser.error(f"no {options.binary}; build it, or name it by --binary")
        options.binary = options.binary.resolve()
    return options


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = read_options()
    models = read_models(options.models)
    made = [tasks.make(name, options.data, options.seed, options.tests) for name in tasks.matching(options.only)]
    options.out.mkdir(parents=True, exist_ok=True)
    there = finished(options.results)
    cells = [c for c in plan(models, made, options) if key(c.model.label, c.model.sha256, c.task.name, c.examples, options) not in there]
    if options.dry_run:
        return show_plan(cells)
    progress, failed, groups = Progress(cells), 0, collections.defaultdict(list)
    for cell in cells:
        groups[cell.model.label, cell.task.name].append(cell)
    for group in groups.values():
        failed += measure_task(group, progress, options)
    if progress.done < len(cells):
        print(f"base: {len(cells) - progress.done} cells are left; the same command goes on", file=sys.stderr)
    print(f"base: {progress.done} cells in {clock(time.monotonic() - progress.begin)}, {failed} failures: {options.results}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
