#!/usr/bin/env python3
"""The tasks of the base model's measurement: public files turned into exchange JSONL, by seed.

    bench/base/tasks.py --data DIR --out DIR [--only snips-*] [--seed 1] [--tests 200]

writes OUT/TASK/train.jsonl (in the order in which examples are taken) and OUT/TASK/test-SIDE.jsonl. What is asked
in a test is never in the training file; see README.md.
"""
import argparse
import collections
import fnmatch
import json
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import sources

LEAST_VALID, MOST_VALID, VALID_CHARS = 4, 24, 20_000  # of the examples kept to choose the best adapter by
CLINC_GROUPS, CLINC_INTENTS = 3, 50
DISTRACTORS = 3
JSON_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


@dataclass
class Task:
    name: str
    kind: str  # how an answer is judged: label, json or calls
    train: list = field(default_factory=list)  # exchanges; the first N are the N examples
    sides: dict = field(default_factory=dict)  # side -> test exchanges


def exchange(name, messages, answer, tools=None, session=None):
    """A line of docs/format-exchange.md. `answer`: a text, or [(function, arguments)]."""
    request = {"model": "recorded", "messages": messages}
    if tools:
        request["tools"] = tools
    message = {"role": "assistant", "content": answer}
    if not isinstance(answer, str):
        calls = [
            {"id": f"call_{i}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}}
            for i, (name, arguments) in enumerate(answer)
        ]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
    finish = "stop" if isinstance(answer, str) else "tool_calls"
    row = {"v": 1, "id": name, "request": request, "response": {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}}
    return {**row, "session": session} if session else row


def asked(system, text):
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


def spread(rows, key, seed):
    """All rows, shuffled by seed, so that every beginning of the list holds the values of `key` as evenly as there
    are rows: the first of each, then the second of each, and so on."""
    rng, groups = random.Random(seed), collections.defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    order = sorted(groups, key=str)
    rng.shuffle(order)
    for group in order:
        rng.shuffle(groups[group])
    depth = max(map(len, groups.values()), default=0)
    return [groups[group][i] for i in range(depth) for group in order if i < len(groups[group])]


def said(text):
    """What two texts must share to count as the same question."""
    return re.sub(r"\W+", " ", text).strip().casefold()


def question(row):
    """The same of an exchange: its messages after the system prompt."""
    texts = [said(str(m.get("content") or m.get("tool_calls"))) for m in row["request"]["messages"] if m["role"] != "system"]
    return " | ".join(texts)


def without_leaks(train, tests):
    """Training rows that ask nothing a test asks, each question once."""
    seen = {question(row) for side in tests.values() for row in side}
    kept = []
    for row in train:
        key = question(row)
        if key not in seen:
            kept.append(row)
            seen.add(key)
    return kept


def once(rows):
    """Rows whose question did not occur before."""
    return without_leaks(rows, {})


def finish(name, kind, train, sides, tests):
    """The task, with a part of the published tests; what is learnt from does not depend on how large a part."""
    sides = {side: once(rows) for side, rows in sides.items()}
    return Task(name, kind, without_leaks(train, sides), {side: rows[:tests] for side, rows in sides.items()})


def labels(name, rows, names, seed, tests, test_split):
    system = "Which intent does the message have? Answer with one name.\n" + "\n".join(f"- {label}" for label in names)
    made = {"train": [], "test": []}
    for i, row in enumerate(rows):
        side = "train" if row["split"] == "train" else "test" if row["split"] == test_split else None
        if side:
            made[side].append(exchange(f"{name}-{i}", asked(system, row["text"]), row["intent"]))
    answer = lambda row: row["response"]["choices"][0]["message"]["content"]
    return finish(name, "label", spread(made["train"], answer, seed), {"test": spread(made["test"], answer, seed)}, tests)


def snips_intent(name, data, seed, tests):
    rows = sources.snips(data)
    return labels(name, rows, sorted({row["intent"] for row in rows}), seed, tests, "validate")


def snips_slots(name, data, seed, tests):
    rows = sources.snips(data)
    fields = collections.defaultdict(set)
    for row in rows:
        fields[row["intent"]].update(row["slots"])
    made = {"train": [], "validate": []}
    for i, row in enumerate(rows):
        system = f"Extract what the message says for {row['intent']}. Answer with a JSON object; leave out what is not said.\n"
        system += "\n".join(f"- {field}" for field in sorted(fields[row["intent"]]))
        answer = json.dumps(row["slots"], ensure_ascii=False)
        made[row["split"]].append((row["intent"], exchange(f"{name}-{i}", asked(system, row["text"]), answer)))
    ordered = {split: [row for _, row in spread(pairs, lambda pair: pair[0], seed)] for split, pairs in made.items()}
    return finish(name, "json", ordered["train"], {"test": ordered["validate"]}, tests)


def clinc(name, data, seed, tests):
    rows = sources.clinc(data)
    intents = sorted({row["intent"] for row in rows})
    random.Random(seed).shuffle(intents)
    group = int(name[-1]) - 1
    names = sorted(intents[group * CLINC_INTENTS : (group + 1) * CLINC_INTENTS])
    return labels(name, [row for row in rows if row["intent"] in names], names, seed, tests, "test")


def tool(api):
    """A Seal-Tools API as the `tools` of a request have it."""
    properties = {
        name: {"type": JSON_TYPES.get(p.get("type"), "string"), "description": p.get("description", "")}
        for name, p in api["parameters"].items()
    }
    schema = {"type": "object", "properties": properties, "required": [r for r in api["required"] if r in properties]}
    return {"type": "function", "function": {"name": api["api_name"], "description": api["api_description"], "parameters": schema}}


def offered(calls, apis, by_field, rng):
    """The APIs that are called and a few of the same field; where the field has no more, of its parent."""
    gold = list(dict.fromkeys(name for name, _ in calls))
    near = [other for name in gold for other in by_field[apis[name]["field"]]]
    far = [other for name in gold for other in by_field[apis[name]["field"].split("/")[0]]]
    chosen = []
    for pool in (near, far):
        pool = sorted(set(pool) - set(gold) - set(chosen))
        rng.shuffle(pool)
        chosen += pool[: DISTRACTORS - len(chosen)]
    names = gold + chosen
    rng.shuffle(names)
    return [tool(apis[name]) for name in names]


def seal_tools(name, data, seed, tests):
    apis = sources.seal_apis(data)
    by_field = collections.defaultdict(list)
    for api in apis.values():
        for part in {api["field"], api["field"].split("/")[0]}:
            by_field[part].append(api["api_name"])
    system = "Call the functions that the request needs, all of them in one answer."
    made = {}
    for split in ("train", "test"):
        made[split] = []
        for row in sources.seal(data, split, apis):
            tools = offered(row["calls"], apis, by_field, random.Random(f"{seed} {row['id']}"))
            made[split].append(exchange(f"{name}-{row['id']}", asked(system, row["text"]), row["calls"], tools))
        made[split] = spread(made[split], lambda row: 0, seed)
    return finish(name, "calls", made["train"], {"test": made["test"]}, tests)


def sgd(name, data, seed, tests):
    kind = name.removeprefix("sgd-")
    train = spread(sources.sgd(data, "train", kind), lambda row: 0, seed)
    rows = sources.sgd(data, "test", kind)
    sides = {
        side: spread([row for row in rows if row["truth"]["seen"] == seen], lambda row: row["session"], seed)
        for side, seen in (("seen", True), ("unseen", False))
    }
    return finish(name, {"intent": "label", "extract": "json", "call": "calls"}[kind], train, sides, tests)


MAKERS = {"snips-intent": snips_intent, "snips-slots": snips_slots}
MAKERS |= {f"clinc150-{i + 1}": clinc for i in range(CLINC_GROUPS)}
MAKERS |= {"seal-tools": seal_tools} | {f"sgd-{kind}": sgd for kind in ("intent", "extract", "call")}


def make(name, data, seed, tests):
    """The task of that name; `tests` rows a side at most. Equal arguments, equal rows."""
    return MAKERS[name](name, Path(data), seed, tests)


def matching(patterns):
    """Names of the tasks that one of the comma-separated patterns names; all for none."""
    names = [name for name in MAKERS if not patterns or any(fnmatch.fnmatch(name, p) for p in patterns.split(","))]
    if not names:
        raise SystemExit(f"base: no task is called {patterns}. There are: {', '.join(MAKERS)}")
    return names


def split(rows):
    """(rows to learn from, rows to choose the best adapter by) of a cell's examples. An eighth is kept, by whole
    sessions, at least 4 rows (of less than 16 a quarter), 24 rows and 20,000 characters at most; both together are
    the N examples of the cell."""
    wanted = min(max(len(rows) // 8, LEAST_VALID), len(rows) // 4, MOST_VALID)
    sessions, valid, chars = set(), [], 0
    for row in rows:
        if len(valid) >= wanted or (valid and chars > VALID_CHARS):
            break
        session = row.get("session", row["id"])
        if session in sessions:
            continue
        sessions.add(session)
        mates = [r for r in rows if r.get("session", r["id"]) == session]
        valid += mates
        chars += sum(len(json.dumps(mate["request"])) for mate in mates)
    return [row for row in rows if row.get("session", row["id"]) not in sessions], valid


def write_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, help="folder of the public files")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--only", help="tasks, by comma-separated patterns")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", type=int, default=200, help="test rows a side, at most")
    options = parser.parse_args()
    for name in matching(options.only):
        task = make(name, options.data, options.seed, options.tests)
        write_lines(options.out / name / "train.jsonl", task.train)
        for side, rows in task.sides.items():
            write_lines(options.out / name / f"test-{side}.jsonl", rows)
        print(f"{name:<14}{task.kind:<7}{len(task.train):>7} to learn from, tests: " + ", ".join(f"{len(r)} {s}" for s, r in task.sides.items()))


if __name__ == "__main__":
    main()
