"""The public files as plain rows, before any of them becomes an exchange. Mended here, and nowhere else, is what
the published files have wrong; README.md names it."""

import json
from pathlib import Path

SNIPS = "intents/snips.jsonl"
CLINC = "intents/clinc150.jsonl"
SEAL_APIS = "tools/seal_tools_apis.jsonl"
SEAL = {"train": "tools/seal_tools_dev.jsonl", "test": "tools/seal_tools_test_in_domain.jsonl"}
SGD = {"train": "agentlog/sgd_train.jsonl", "test": "agentlog/sgd_dev.jsonl"}


def lines(path):
    """The objects of a JSONL file, in its order. A missing file ends the program with a line that says so."""
    path = Path(path)
    if not path.is_file():
        raise SystemExit(f"base: no {path}. --data names the folder of the public files; see bench/base/README.md")
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def unbroken(text):
    """Text whose UTF-8 was once read as Latin-1 or Windows-1252, put right ("RomÃ¡ntica": "Romántica")."""
    for encoding in ("latin-1", "cp1252"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


def snips(data):
    """[{split: train or validate, intent, text, slots: {name: text}}]. Rows that give one slot twice are left out:
    what the object should hold is not said."""
    rows = []
    for row in lines(data / SNIPS):
        slots = [(name, unbroken(value).strip()) for name, value in row["slots"]]
        if len(dict(slots)) == len(slots):
            rows.append({**row, "text": unbroken(row["text"]).strip(), "slots": dict(slots)})
    return rows


def clinc(data):
    """[{split: train, val or test, intent, text}], without the out-of-scope queries."""
    return [row for row in lines(data / CLINC) if not row["split"].startswith("oos")]


def typed(value, kind):
    """A Seal-Tools argument as its API declares it: the file writes the same number as 85 here and "85" there."""
    if kind == "str" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if kind in ("int", "float") and isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
        if abs(number) < 1e15:
            return int(number) if number == int(number) else number
    if kind == "bool" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def seal_apis(data):
    return {api["api_name"]: api for api in lines(data / SEAL_APIS)}


def seal(data, split, apis):
    """[{id, text, calls: [(name, arguments)]}]. Rows whose calls take another call's answer ("API_call_0") are left
    out: how the answers are numbered is not in the prompt."""
    rows = []
    for row in lines(data / SEAL[split]):
        if any(call["api"] not in apis for call in row["calling"]) or "API_call" in json.dumps(
            [call["parameters"] for call in row["calling"]]
        ):
            continue
        calls = []
        for call in row["calling"]:
            declared = apis[call["api"]]["parameters"]
            kinds = {name: declared.get(name, {}).get("type") for name in call["parameters"]}
            calls.append((call["api"], {name: typed(value, kinds[name]) for name, value in call["parameters"].items()}))
        rows.append({"id": row["id"], "text": row["query"], "calls": calls})
    return rows


def sgd(data, split, kind):
    """Exchange lines of the log whose `truth` names this kind: intent, extract or call."""
    return [row for row in lines(data / SGD[split]) if row["truth"]["kind"] == kind]
