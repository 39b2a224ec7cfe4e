#!/usr/bin/env python3
"""From measure.py's results: a Markdown table on standard output, and a plot.

    bench/base/report.py build/base/results.jsonl [--svg base.svg] [--models base,nano]
"""
import argparse
import json
import sys
from pathlib import Path

import plot


def newest(path, models):
    """{(model, task, examples): row}; of a cell that was measured again the newest. Models in order of appearance."""
    cells = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue  # the end of a run that was killed
        if not models or row["model"] in models:
            cells[row["model"], row["task"], row["examples"]] = row
    if not cells:
        raise SystemExit(f"base: no cells in {path}")
    return cells


def order(examples):
    return float("inf") if examples == "all" else int(examples)


def axes(cells):
    """(models, [(task, side)], [examples]) that occur, each in its order."""
    models = list(dict.fromkeys(model for model, _, _ in cells))
    rows = list(dict.fromkeys((task, side) for (_, task, _), row in cells.items() for side in row["sides"]))
    return models, rows, sorted({examples for _, _, examples in cells}, key=order)


def cut_short(row):
    """Whether the minutes were over before the training had seen its data once."""
    return bool(row["train"]) and row["train"]["ended"] == "minutes" and row["train"]["epochs"] < 1


def cell_text(row, side):
    if row is None or side not in row["sides"]:
        return ""
    seen = row["sides"][side]
    share = f"{100 * seen['right'] / max(1, seen['total']):.1f}"
    return f"{share} ({100 * seen['low']:.0f}–{100 * seen['high']:.0f}){'†' if cut_short(row) else ''}"


def name_of(task, side):
    return task if side == "test" else f"{task}, {side}"


def notes(cells):
    rows = list(cells.values())
    say = lambda name: ", ".join(str(value) for value in dict.fromkeys(row[name] for row in rows))
    totals = sorted({side["total"] for row in rows for side in row["sides"].values()})
    lines = [
        f"Exact match in %, greedy, with the exact 95 % interval; {'–'.join(map(str, dict.fromkeys((totals[0], totals[-1]))))} tests a row, "
        f"seed {say('seed')}. Columns: examples, those for choosing the best adapter included. Training: {say('minutes')} minutes a cell "
        f"at most; threads: {say('threads')}."
    ]
    if any(cut_short(row) for row in rows):
        lines.append("† The minutes were over before all examples had been seen once.")
    errors = sum(side["errors"] for row in rows for side in row["sides"].values())
    if errors:
        lines.append(f"{errors} requests failed and count as wrong answers.")
    return lines


def markdown(cells):
    models, rows, columns = axes(cells)
    lines = []
    for model in models:
        sha = next(row["sha256"] for (name, _, _), row in cells.items() if name == model)
        lines += [f"**{model}** (SHA-256 {sha[:12]}…)", "", "| task | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
        for task, side in rows:
            texts = [cell_text(cells.get((model, task, examples)), side) for examples in columns]
            if any(texts):
                lines.append(f"| {name_of(task, side)} | " + " | ".join(texts) + " |")
        lines.append("")
    return "\n".join(lines + notes(cells))


def panels(cells):
    """What plot.py draws: a panel a task; a line a model and side."""
    models, rows, columns = axes(cells)
    made = []
    for task in dict.fromkeys(task for task, _ in rows):
        sides = [side for name, side in rows if name == task]
        drawn = []
        for m, model in enumerate(models):
            for s, side in enumerate(sides):
                points = []
                for x, examples in enumerate(columns):
                    found = cells.get((model, task, examples), {"sides": {}})["sides"].get(side)
                    if found and found["total"]:
                        points.append((x, found["right"] / found["total"], found["low"], found["high"]))
                drawn.append(plot.Line(m, s, points))
        made.append(plot.Panel(task, drawn, sides))
    return made, models, columns


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--svg", type=Path, help="where the plot goes")
    parser.add_argument("--models", help="only these labels, with commas")
    options = parser.parse_args()
    cells = newest(options.results, options.models.split(",") if options.models else None)
    print(markdown(cells))
    if options.svg:
        options.svg.write_text(plot.svg(*panels(cells)), encoding="utf-8")
        print(f"base: {options.svg}", file=sys.stderr)


if __name__ == "__main__":
    main()
