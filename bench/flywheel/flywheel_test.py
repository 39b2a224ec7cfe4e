#!/usr/bin/env python3
"""The whole bench once, small: a log of two services made here, the real programs, the nano base."""

import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import flywheel

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
SERVICES = {"Tables_1": ("ReserveTable", "FindTable"), "Buses_1": ("BuyTicket", "FindBus")}
CITIES = ("Oslo", "Lima", "Bonn", "Turin", "Porto", "Graz")
SESSIONS = 120


def row(session, service, kind, system, user, message, tools=None):
    request = {"model": "recorded-large", "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}]}
    if tools:
        request["tools"] = tools
    truth = {"service": service, "kind": kind, "seen": service == "Tables_1"}
    return {"id": f"{session}-{kind}", "session": session, "truth": truth, "request": request,
            "response": {"choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}],
                         "usage": {"prompt_tokens": 90, "completion_tokens": 9}}}  # fmt: skip


def tool(name):
    return {"type": "function", "function": {"name": name, "description": f"does {name}", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}  # fmt: skip


def made_log(prefix, seed):
    draw = random.Random(seed)
    for number in range(SESSIONS):
        service = draw.choice(sorted(SERVICES))
        book, find = SERVICES[service]
        wanted, city = draw.choice((book, find)), draw.choice(CITIES)
        said = f"{'Please book' if wanted == book else 'Where is'} one in {city} for {draw.randint(2, 9)}, number {draw.randint(100, 999)}"
        session = f"{prefix}{number}"
        yield row(session, service, "intent", f"Which intent is active? Answer with one name.\n- {book}\n- {find}", said, {"content": wanted})
        yield row(session, service, "extract", f"Extract what was said for {service} as a JSON object.\n- city: the city", said,
                  {"content": json.dumps({"city": city})})  # fmt: skip
        call = {"id": "call_1", "type": "function", "function": {"name": wanted, "arguments": json.dumps({"city": city})}}
        yield row(session, service, "call", f"You are an assistant for {service}. Call a function.", said,
                  {"content": None, "tool_calls": [call]}, [tool(book), tool(find)])  # fmt: skip


class Parts(unittest.TestCase):
    def test_the_choice_of_sessions_only_grows(self):
        rows = list(made_log("s", 1))
        few, more = (flywheel.some(rows, "session", count, 7) for count in (10, 20))
        self.assertEqual(len({each["session"] for each in few}), 10)
        self.assertTrue({each["session"] for each in few} < {each["session"] for each in more})
        self.assertEqual(flywheel.some(rows, "session", 0, 7), rows)

    def test_mutual_information(self):
        self.assertAlmostEqual(flywheel.nmi([("a", 1), ("b", 2), ("a", 1)]), 1)
        self.assertAlmostEqual(flywheel.nmi([("a", 1), ("a", 2), ("b", 1), ("b", 2)]), 0)
        self.assertIsNone(flywheel.nmi([]))

    def test_a_promise_is_broken_only_by_what_its_interval_excludes(self):
        self.assertTrue(flywheel.held({"small_wrong": 7, "calls": 100}, 95)["held"])
        self.assertFalse(flywheel.held({"small_wrong": 30, "calls": 100}, 95)["held"])

    def test_served_wrong_counts_only_what_the_small_model_served(self):
        one, two = list(made_log("s", 2))[:2]
        answers = [(one, {"model": "base", "outcome": "served", "message": {"content": "no"}}),
                   (two, {"model": "recorded", "outcome": "escalated", "message": two["response"]["choices"][0]["message"]})]  # fmt: skip
        line = flywheel.tally(answers, "base")[("all", "all")]
        self.assertEqual((line["calls"], line["right"], line["small"], line["small_wrong"], line["failed"]), (2, 1, 1, 1, 0))


class Whole(unittest.TestCase):
    def test_every_part_runs_and_the_figures_agree(self):
        with tempfile.TemporaryDirectory(prefix="understudy-flywheel-") as folder:
            folder = Path(folder)
            flywheel.write_rows(folder / "log.jsonl", made_log("a", 3))
            flywheel.write_rows(folder / "test.jsonl", made_log("b", 4))
            command = [sys.executable, FOLDER / "flywheel.py", "--binary", os.environ["UNDERSTUDY"], "--log", folder / "log.jsonl",
                       "--test", folder / "test.jsonl", "--base", ROOT / "weights/understudy-nano.gguf", "--out", folder / "out",
                       "--minutes", "0.05", "--tests", "30", "--promises", "60,95", "--json", folder / "figures.json"]  # fmt: skip
            done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            figures = json.loads((folder / "figures.json").read_text())
        self.assertEqual([each["promise"] for each in figures["promises"]], [60, 95])
        self.assertGreater(figures["nmi_kind_service"], 0.5)
        self.assertTrue(figures["tuned"])
        for each in figures["promises"]:
            lines = {(line["kind"], line["services"]): line for line in each["test"]}
            everything = lines["all", "all"]
            self.assertEqual(everything["calls"], 30)
            self.assertEqual(everything["failed"], 0)
            self.assertEqual(sum(lines[kind, "all"]["calls"] for kind in flywheel.KINDS), 30)
            # What the small model did not serve is the recorded answer, and that is right.
            self.assertEqual(everything["calls"] - everything["right"], everything["small_wrong"])
            self.assertEqual(each["verdict"]["served_worse"], everything["small_wrong"] / 30)


if __name__ == "__main__":
    unittest.main()
