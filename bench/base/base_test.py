#!/usr/bin/env python3
"""The parts of the base model's measurement that need neither data nor a model."""
import json
import math
import random
import tempfile
import types
import unittest
from pathlib import Path
from xml.dom import minidom

import measure
import plot
import report
import scoring
import sources
import tasks


def said(content=None, *calls):
    made = [{"function": {"name": name, "arguments": arguments}} for name, arguments in calls]
    return {"role": "assistant", "content": content, "tool_calls": made} if made else {"role": "assistant", "content": content}


class Scoring(unittest.TestCase):
    def test_labels_are_equal_after_trimming(self):
        self.assertTrue(scoring.right("label", said("greet"), said(" greet\n")))
        self.assertFalse(scoring.right("label", said("greet"), said("greeting")))
        self.assertFalse(scoring.right("label", said("greet"), said(None)))
        self.assertFalse(scoring.right("label", said("greet"), said("greet", ("f", "{}"))))

    def test_json_is_equal_as_a_value(self):
        wanted = said('{"a": 1, "b": ["x", true]}')
        self.assertTrue(scoring.right("json", wanted, said('{"b":["x",true],"a":1.0}')))
        for wrong in ('{"a": "1", "b": ["x", true]}', '{"a": 1, "b": ["x", 1]}', '{"a": 1}', '{"a": 1, "b": [true, "x"]}',
                      '```{"a": 1, "b": ["x", true]}```', '{"a": NaN, "b": ["x", true]}', "", "[" * 5000):  # fmt: skip
            self.assertFalse(scoring.right("json", wanted, said(wrong)), wrong)

    def test_calls_are_equal_as_a_set_with_repetitions(self):
        one, other = ("f", '{"x": 1, "y": "z"}'), ("g", "{}")
        wanted = said(None, one, other)
        self.assertTrue(scoring.right("calls", wanted, said(None, other, ("f", '{"y":"z","x":1.0}'))))
        self.assertTrue(scoring.right("calls", said(None, other), said("", ("g", ""))))
        for wrong in ([one], [one, one, other], [one, ("h", "{}")], [("f", '{"x": 2, "y": "z"}'), other], [("f", '{"x": 1'), other], []):
            self.assertFalse(scoring.right("calls", wanted, said(None, *wrong)), wrong)

    def test_interval_is_clopper_and_pearsons(self):
        for k, n, low, high in ((0, 10, 0, 0.308497), (10, 10, 0.691503, 1), (5, 10, 0.187086, 0.812914)):
            self.assertAlmostEqual(scoring.interval(k, n)[0], low, 6)
            self.assertAlmostEqual(scoring.interval(k, n)[1], high, 6)
        self.assertAlmostEqual(scoring.interval(0, 200)[1], 1 - 0.025 ** (1 / 200), 9)  # closed form
        self.assertAlmostEqual(scoring.interval(200, 200)[0], 0.025 ** (1 / 200), 9)
        self.assertEqual(scoring.interval(0, 0), (0, 1))

    def test_at_most_adds_up_the_binomial(self):
        exact = sum(math.comb(12, i) * 0.3**i * 0.7 ** (12 - i) for i in range(5))
        self.assertAlmostEqual(scoring.at_most(4, 12, 0.3), exact, 12)


class Sources(unittest.TestCase):
    def test_texts_that_were_decoded_wrongly_are_put_right(self):
        self.assertEqual(sources.unbroken("caf\u00c3\u00a9"), "caf\u00e9")
        self.assertEqual(sources.unbroken("caf\u00e9"), "caf\u00e9")
        self.assertEqual(sources.unbroken("\u00e2\u20ac\u2122s"), "\u2019s")

    def test_arguments_get_their_declared_type(self):
        self.assertEqual(sources.typed("85", "int"), 85)
        self.assertEqual(sources.typed("40.7", "float"), 40.7)
        self.assertEqual(sources.typed(2020, "str"), "2020")
        self.assertIs(sources.typed("True", "bool"), True)
        for kept in ("abc", "nan", "inf", None, [1]):
            self.assertEqual(sources.typed(kept, "int"), kept)


def row(name, text, answer="a", session=None):
    return tasks.exchange(name, tasks.asked("system", text), answer, session=session)


class Splitting(unittest.TestCase):
    def test_what_a_test_asks_is_not_learnt(self):
        train = [row("1", "Hello, there!"), row("2", "hi"), row("3", "hi."), row("4", "bye")]
        made = tasks.finish("t", "label", train, {"test": [row("5", "hello there"), row("6", "bye"), row("7", "Bye")]}, 1)
        self.assertEqual([r["id"] for r in made.train], ["2"])
        self.assertEqual([r["id"] for r in made.sides["test"]], ["5"])

    def test_spread_holds_every_key_early_and_depends_on_the_seed_alone(self):
        rows = [(key, i) for key in "abcd" for i in range(10)]
        mixed = rows[:]
        random.Random(5).shuffle(mixed)
        made = tasks.spread(rows, lambda r: r[0], 1)
        self.assertEqual({key for key, _ in made[:4]}, set("abcd"))
        self.assertEqual(sorted(made), sorted(rows))
        self.assertEqual(made, tasks.spread(rows, lambda r: r[0], 1))
        self.assertNotEqual(made, tasks.spread(rows, lambda r: r[0], 2))

    def test_an_eighth_is_kept_by_whole_sessions(self):
        rows = [row(str(i), f"text {i}", session=f"s{i // 3}") for i in range(64)]
        learnt, valid = tasks.split(rows)
        self.assertEqual(len(learnt) + len(valid), 64)
        self.assertEqual(len(valid), 9)
        self.assertFalse({r["session"] for r in learnt} & {r["session"] for r in valid})
        self.assertEqual(len(tasks.split(rows[:16])[1]), 6)
        self.assertEqual(len(tasks.split([row(str(i), str(i)) for i in range(16)])[1]), 4)
        self.assertEqual(tasks.split(rows[:3]), (rows[:3], []))

    def test_validation_is_bounded_by_its_length(self):
        rows = [row(str(i), "x" * 9000) for i in range(200)]
        self.assertEqual(len(tasks.split(rows)[1]), 3)

    def test_tools_hold_what_is_called_and_some_of_its_field(self):
        api = lambda name, field: {"api_name": name, "api_description": "", "field": field, "required": ["x"], "parameters": {"x": {"type": "int"}}}
        apis = {name: api(name, field) for name, field in (("a", "F/1"), ("b", "F/1"), ("c", "F/2"), ("d", "F/2"), ("e", "G/1"))}
        fields = {"F/1": ["a", "b"], "F/2": ["c", "d"], "F": ["a", "b", "c", "d"], "G/1": ["e"], "G": ["e"]}
        offer = lambda seed: [t["function"]["name"] for t in tasks.offered([("a", {})], apis, fields, random.Random(seed))]
        self.assertEqual(sorted(offer(1)), ["a", "b", "c", "d"])
        self.assertEqual(offer(1), offer(1))
        self.assertEqual(tasks.tool(apis["a"])["function"]["parameters"]["properties"]["x"]["type"], "integer")


def result(examples, right, ended="epochs", epochs=4.0, task="snips-intent", sides=("test",)):
    low, high = scoring.interval(right, 50)
    side = {"right": right, "total": 50, "low": low, "high": high, "errors": 0, "cut": 0}
    train = {"ended": ended, "epochs": epochs} if examples != "0" else None
    return {"model": "m", "sha256": "ab" * 32, "task": task, "kind": "label", "examples": examples, "seed": 1, "minutes": 1.0, "tests": 50,
            "threads": 2, "tune_args": "", "sides": {name: side for name in sides}, "train": train}  # fmt: skip


class Results(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "results.jsonl"

    def write(self, *rows, end=""):
        self.path.write_text("".join(json.dumps(r) + "\n" for r in rows) + end)

    def test_a_cell_that_is_there_is_known_and_a_cut_line_is_dropped(self):
        self.write(result("16", 10), end='{"model": "m", "ta')
        options = types.SimpleNamespace(seed=1, minutes=1.0, tests=50, tune_args="")
        there = measure.finished(self.path)
        self.assertIn(measure.key("m", "ab" * 32, "snips-intent", "16", options), there)
        self.assertNotIn(measure.key("m", "ab" * 32, "snips-intent", "64", options), there)
        self.assertNotIn(measure.key("m", "cd" * 32, "snips-intent", "16", options), there)
        self.assertTrue(self.path.read_text().endswith("}\n"))

    def test_the_table_has_the_newest_figures_in_order(self):
        self.write(result("all", 45, "minutes", 0.4), result("16", 1), result("16", 25), result("0", 0))
        table = report.markdown(report.newest(self.path, None)).splitlines()
        self.assertEqual(table[2], "| task | 0 | 16 | all |")
        self.assertEqual(table[4], "| snips-intent | 0.0 (0–7) | 50.0 (36–64) | 90.0 (78–97)† |")

    def test_the_plot_is_xml_with_a_curve_a_side(self):
        self.write(result("0", 5), result("16", 25), result("16", 25, task="sgd-<x>", sides=("seen", "unseen")))
        picture = minidom.parseString(plot.svg(*report.panels(report.newest(self.path, None))))
        self.assertEqual(len(picture.getElementsByTagName("polyline")), 3)

    def test_a_right_answer_is_never_cut(self):
        call = said(None, ("name", '{"a": "\u00e9\u00e9"}'))
        self.assertGreaterEqual(measure.most_tokens(call), len('<tool_call>\n{"name": "name", "arguments": {"a": "\u00e9\u00e9"}}\n</tool_call>'.encode()))
        self.assertGreater(measure.most_tokens(said("label")), len("label"))


if __name__ == "__main__":
    unittest.main()
