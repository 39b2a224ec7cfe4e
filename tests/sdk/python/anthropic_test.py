"""What users of the Anthropic library for Python rely on, against a running gateway (with_server.py)."""

import os
import unittest

import anthropic

ROOT, KEY = os.environ["BASE_URL"].removesuffix("/v1"), os.environ["API_KEY"]
LOCAL, RECORDED = "understudy/local", "understudy/reference"

GREEDY = {"temperature": 0}  # the library has no argument for it any more; the API has
HELLO = [{"role": "user", "content": "Say hello."}]
HELLO_ANSWER = "Hello from the wings, where the understudy waits."
WEATHER = [{"role": "user", "content": "What is the weather in Paris and in Oslo?"}]
TOOLS = [
    {
        "name": "get_weather",
        "description": "Today's weather in a city.",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
]


def client(**options):
    return anthropic.Anthropic(base_url=ROOT, api_key=options.pop("api_key", KEY), max_retries=0, timeout=240, **options)


def results(message, texts):
    """The turn that answers a message's tool calls."""
    calls = [block for block in message.content if block.type == "tool_use"]
    blocks = [{"type": "tool_result", "tool_use_id": call.id, "content": text} for call, text in zip(calls, texts)]
    return [{"role": "assistant", "content": message.content}, {"role": "user", "content": blocks}]


class Chat(unittest.TestCase):
    def test_a_recorded_answer_comes_back_whole(self):
        raw = client().messages.with_raw_response.create(model=RECORDED, max_tokens=100, messages=HELLO)
        message = raw.parse()
        self.assertEqual([block.text for block in message.content], [HELLO_ANSWER])
        self.assertEqual(message.stop_reason, "end_turn")
        self.assertEqual((message.usage.input_tokens, message.usage.output_tokens), (12, 8))
        self.assertEqual(raw.headers["x-understudy-model"], "recorded")

    def test_the_local_model_answers(self):
        message = client().messages.create(model=LOCAL, max_tokens=16, system="Be brief.", messages=HELLO)
        self.assertIn(message.stop_reason, ("end_turn", "max_tokens"))
        self.assertGreater(message.usage.input_tokens, 0)
        self.assertLessEqual(message.usage.output_tokens, 16)

    def test_a_stop_sequence_is_named(self):
        asked = {"model": LOCAL, "max_tokens": 24, "extra_body": GREEDY, "messages": HELLO}
        text = client().messages.create(**asked).content[0].text
        stop = text[len(text) // 2 :][:3]
        for ask in (client().messages.create, lambda **body: self.streamed(body)):
            message = ask(**asked, stop_sequences=["never said", stop])
            self.assertEqual((message.stop_reason, message.stop_sequence), ("stop_sequence", stop))
            self.assertNotIn(stop, "".join(block.text for block in message.content))

    def streamed(self, body):
        with client().messages.stream(**body) as stream:
            return stream.get_final_message()

    def test_models_are_listed(self):
        names = {model.id for model in client().models.list()}
        self.assertLessEqual({"tiny", "recorded", "slow"}, names)
        self.assertEqual(client().models.retrieve("tiny").type, "model")

    def test_tokens_are_counted_as_an_answer_counts_them(self):
        raw = client().messages.with_raw_response.count_tokens(model=LOCAL, messages=WEATHER, tools=TOOLS)
        self.assertEqual(raw.headers["x-understudy-token-count"], "exact")
        answer = client().messages.create(model=LOCAL, max_tokens=1, messages=WEATHER, tools=TOOLS)
        usage = answer.usage
        self.assertEqual(raw.parse().input_tokens, usage.input_tokens + usage.cache_read_input_tokens)


class Streams(unittest.TestCase):
    def test_a_recorded_answer_in_pieces(self):
        with client().messages.stream(model=RECORDED, max_tokens=100, messages=HELLO) as stream:
            self.assertEqual("".join(stream.text_stream), HELLO_ANSWER)
            message = stream.get_final_message()
        self.assertEqual(message.stop_reason, "end_turn")
        self.assertEqual((message.usage.input_tokens, message.usage.output_tokens), (12, 8))

    def test_a_stream_says_the_same_as_a_plain_answer(self):
        asked = {"model": LOCAL, "max_tokens": 24, "extra_body": GREEDY, "messages": HELLO}
        plain = client().messages.create(**asked)
        with client().messages.stream(**asked) as stream:
            streamed = stream.get_final_message()
        self.assertEqual([b.text for b in streamed.content], [b.text for b in plain.content])
        self.assertEqual(streamed.stop_reason, plain.stop_reason)
        self.assertEqual(streamed.usage.output_tokens, plain.usage.output_tokens)


class Tools(unittest.TestCase):
    def test_a_loop_with_two_calls(self):
        first = client().messages.create(model=RECORDED, max_tokens=100, messages=WEATHER, tools=TOOLS)
        self.assertEqual(first.stop_reason, "tool_use")
        calls = [(block.id, block.input["city"]) for block in first.content]
        self.assertEqual(calls, [("call_paris", "Paris"), ("call_oslo", "Oslo")])
        messages = [*WEATHER, *results(first, ("sunny", "snow"))]
        second = client().messages.create(model=RECORDED, max_tokens=100, messages=messages, tools=TOOLS)
        self.assertEqual(second.content[0].text, "Sunny in Paris, snow in Oslo.")

    def test_streamed_calls_are_put_together(self):
        with client().messages.stream(model=RECORDED, max_tokens=100, messages=WEATHER, tools=TOOLS) as stream:
            message = stream.get_final_message()
        self.assertEqual([block.input["city"] for block in message.content], ["Paris", "Oslo"])

    def round_trip(self, ask):
        forced = {"max_tokens": 400, "extra_body": GREEDY, "tools": TOOLS}
        first = ask(model=LOCAL, messages=WEATHER, tool_choice={"type": "tool", "name": "get_weather"}, **forced)
        call = next(block for block in first.content if block.type == "tool_use")
        self.assertEqual(call.name, "get_weather")
        self.assertIsInstance(call.input["city"], str)
        self.assertEqual(first.stop_reason, "tool_use")
        messages = [*WEATHER, *results(first, ["sunny"] * len(first.content))]
        second = ask(model=LOCAL, messages=messages, **{**forced, "max_tokens": 16})
        self.assertGreater(second.usage.input_tokens + second.usage.cache_read_input_tokens, 0)
        self.assertIn(second.stop_reason, ("end_turn", "max_tokens", "tool_use"))

    def test_the_local_model_in_a_loop(self):
        self.round_trip(lambda **asked: client().messages.create(**asked))

    def test_the_local_model_in_a_streamed_loop(self):
        def streamed(**asked):
            with client().messages.stream(**asked) as stream:
                return stream.get_final_message()

        self.round_trip(streamed)


class Errors(unittest.TestCase):
    def test_a_wrong_key(self):
        with self.assertRaises(anthropic.AuthenticationError):
            client(api_key="sk-wrong").messages.create(model=RECORDED, max_tokens=9, messages=HELLO)

    def test_a_body_out_of_shape(self):
        with self.assertRaises(anthropic.BadRequestError) as caught:
            client().messages.create(model=RECORDED, max_tokens=9, messages="hello")
        self.assertEqual(caught.exception.body["error"]["type"], "invalid_request_error")

    def test_nothing_recorded_plain_and_streamed(self):
        strange = [{"role": "user", "content": "A question that nobody ever asked."}]
        with self.assertRaises(anthropic.NotFoundError):
            client().messages.create(model=RECORDED, max_tokens=9, messages=strange)
        with self.assertRaises(anthropic.NotFoundError):
            with client().messages.stream(model=RECORDED, max_tokens=9, messages=strange) as stream:
                stream.get_final_message()


if __name__ == "__main__":
    unittest.main(verbosity=2)
