"""What users of the OpenAI library for Python rely on, against a running gateway (with_server.py)."""

import asyncio
import json
import os
import time
import unittest
import urllib.request

import openai
from pydantic import BaseModel

URL, KEY = os.environ["BASE_URL"], os.environ["API_KEY"]
LOCAL, RECORDED, SLOW = "understudy/local", "understudy/reference", "slow"

HELLO = [{"role": "user", "content": "Say hello."}]
HELLO_ANSWER = "Hello from the wings, where the understudy waits."
WEATHER = [{"role": "user", "content": "What is the weather in Paris and in Oslo?"}]
LONG = [{"role": "user", "content": "Tell a long story."}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Today's weather in a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


class City(BaseModel):
    name: str
    inhabitants: int


def client(**options):
    return openai.OpenAI(base_url=URL, api_key=options.pop("api_key", KEY), max_retries=0, timeout=240, **options)


def outcome_count(name):
    request = urllib.request.Request(URL.removesuffix("/v1") + "/metrics", headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        for line in reply.read().decode().splitlines():
            if line.startswith(f'understudy_requests_total{{outcome="{name}"}}'):
                return int(line.split()[-1])
    raise AssertionError(f"no outcome {name} among the metrics")


class Chat(unittest.TestCase):
    def test_a_recorded_answer_comes_back_whole(self):
        raw = client().chat.completions.with_raw_response.create(model=RECORDED, messages=HELLO)
        answer = raw.parse()
        self.assertEqual(answer.choices[0].message.content, HELLO_ANSWER)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.usage.completion_tokens, 8)
        self.assertEqual(raw.headers["x-understudy-model"], "recorded")
        self.assertTrue(raw.headers["x-understudy-id"])

    def test_the_local_model_answers(self):
        raw = client().chat.completions.with_raw_response.create(model=LOCAL, messages=HELLO, max_tokens=16, seed=1)
        answer = raw.parse()
        self.assertEqual(raw.headers["x-understudy-model"], "tiny")
        self.assertIn(answer.choices[0].finish_reason, ("stop", "length"))
        self.assertGreater(answer.usage.prompt_tokens, 0)
        self.assertLessEqual(answer.usage.completion_tokens, 16)

    def test_models_are_listed(self):
        names = {model.id for model in client().models.list()}
        self.assertLessEqual({"tiny", "recorded", "slow"}, names)

    def test_many_at_once(self):
        async def ask_all():
            async with openai.AsyncOpenAI(base_url=URL, api_key=KEY, max_retries=0, timeout=240) as many:
                asked = [many.chat.completions.create(model=RECORDED, messages=HELLO) for _ in range(32)]
                return await asyncio.gather(*asked)

        self.assertEqual({answer.choices[0].message.content for answer in asyncio.run(ask_all())}, {HELLO_ANSWER})


class Streams(unittest.TestCase):
    def chunks(self, model, **options):
        stream = client().chat.completions.create(
            model=model, stream=True, stream_options={"include_usage": True}, **options
        )
        return list(stream)

    def test_a_recorded_answer_in_pieces(self):
        chunks = self.chunks(RECORDED, messages=HELLO)
        deltas = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
        self.assertEqual("".join(deltas), HELLO_ANSWER)
        self.assertEqual([c.choices[0].finish_reason for c in chunks if c.choices][-1], "stop")
        self.assertEqual(chunks[-1].usage.completion_tokens, 8)

    def test_the_local_model_streams(self):
        chunks = self.chunks(LOCAL, messages=HELLO, max_tokens=16, seed=1)
        self.assertEqual(len({chunk.id for chunk in chunks}), 1)
        self.assertIn([c.choices[0].finish_reason for c in chunks if c.choices][-1], ("stop", "length"))
        self.assertGreater(chunks[-1].usage.prompt_tokens, 0)

    def test_a_stream_says_the_same_as_a_plain_answer(self):
        asked = {"messages": HELLO, "max_tokens": 24, "seed": 7, "temperature": 0}
        plain = client().chat.completions.create(model=LOCAL, **asked).choices[0].message.content
        streamed = [c.choices[0].delta.content or "" for c in self.chunks(LOCAL, **asked) if c.choices]
        self.assertEqual("".join(streamed), plain or "")


class Tools(unittest.TestCase):
    def test_a_loop_with_two_calls(self):
        first = client().chat.completions.create(model=RECORDED, messages=WEATHER, tools=TOOLS).choices[0]
        self.assertEqual(first.finish_reason, "tool_calls")
        cities = [json.loads(call.function.arguments)["city"] for call in first.message.tool_calls]
        self.assertEqual(cities, ["Paris", "Oslo"])
        messages = [*WEATHER, first.message]
        for call, weather in zip(first.message.tool_calls, ("sunny", "snow")):
            messages.append({"role": "tool", "tool_call_id": call.id, "content": weather})
        second = client().chat.completions.create(model=RECORDED, messages=messages, tools=TOOLS)
        self.assertEqual(second.choices[0].message.content, "Sunny in Paris, snow in Oslo.")

    def test_streamed_calls_are_put_together(self):
        with client().chat.completions.stream(model=RECORDED, messages=WEATHER, tools=TOOLS) as stream:
            message = stream.get_final_completion().choices[0].message
        cities = [json.loads(call.function.arguments)["city"] for call in message.tool_calls]
        self.assertEqual(cities, ["Paris", "Oslo"])
        self.assertEqual(len({call.id for call in message.tool_calls}), 2)

    def assert_names_the_tool(self, message):
        self.assertTrue(message.tool_calls)
        for call in message.tool_calls:
            self.assertEqual(call.function.name, "get_weather")
            self.assertIsInstance(json.loads(call.function.arguments)["city"], str)

    def test_the_local_model_must_call(self):
        choice = (
            client()
            .chat.completions.create(
                model=LOCAL, messages=WEATHER, tools=TOOLS, tool_choice="required", max_tokens=400, temperature=0
            )
            .choices[0]
        )
        self.assert_names_the_tool(choice.message)

    def test_the_local_model_must_call_streamed(self):
        with client().chat.completions.stream(
            model=LOCAL, messages=WEATHER, tools=TOOLS, tool_choice="required", max_tokens=400, temperature=0
        ) as stream:
            self.assert_names_the_tool(stream.get_final_completion().choices[0].message)


class Schemas(unittest.TestCase):
    def test_a_recorded_answer_is_parsed(self):
        asked = [{"role": "user", "content": "Describe Paris as JSON."}]
        answer = client().chat.completions.parse(model=RECORDED, messages=asked, response_format=City)
        self.assertEqual(answer.choices[0].message.parsed, City(name="Paris", inhabitants=2100000))

    def test_the_local_model_keeps_to_the_schema(self):
        schema = {
            "type": "object",
            "properties": {"mood": {"enum": ["glad", "sad"]}, "sure": {"type": "boolean"}},
            "required": ["mood", "sure"],
            "additionalProperties": False,
        }
        wanted = {"type": "json_schema", "json_schema": {"name": "mood", "schema": schema, "strict": True}}
        answer = client().chat.completions.create(
            model=LOCAL, messages=HELLO, response_format=wanted, max_tokens=200, temperature=0
        )
        said = json.loads(answer.choices[0].message.content)
        self.assertIn(said["mood"], ("glad", "sad"))
        self.assertIsInstance(said["sure"], bool)


class Embeddings(unittest.TestCase):
    # The library asks for base64 and decodes it; a text gives the same numbers in either encoding.
    def test_texts_become_vectors(self):
        reply = client().embeddings.create(model=LOCAL, input=["the play", "the interval"])
        self.assertEqual([item.index for item in reply.data], [0, 1])
        first, second = (item.embedding for item in reply.data)
        self.assertEqual(len(first), len(second))
        self.assertGreater(len(first), 16)
        self.assertNotEqual(first, second)
        plain = client().embeddings.create(model=LOCAL, input="the play", encoding_format="float")
        for one, other in zip(plain.data[0].embedding, first):
            self.assertAlmostEqual(one, other, places=4)


class Errors(unittest.TestCase):
    def test_a_wrong_key(self):
        with self.assertRaises(openai.AuthenticationError):
            client(api_key="sk-wrong").chat.completions.create(model=RECORDED, messages=HELLO)

    def test_an_unknown_model_names_the_field(self):
        with self.assertRaises(openai.APIStatusError) as caught:
            client().chat.completions.create(model="understudy/task:none", messages=HELLO)
        self.assertIn(caught.exception.status_code, (400, 404))
        self.assertTrue(caught.exception.body["message"])

    def test_a_body_out_of_shape(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            client().chat.completions.create(model=RECORDED, messages="hello")
        self.assertEqual(caught.exception.param, "messages")

    def test_nothing_recorded(self):
        strange = [{"role": "user", "content": "A question that nobody ever asked."}]
        with self.assertRaises(openai.NotFoundError):
            client().chat.completions.create(model=RECORDED, messages=strange)

    def test_an_error_before_a_stream_begins(self):
        strange = [{"role": "user", "content": "A question that nobody ever asked."}]
        with self.assertRaises(openai.NotFoundError):
            client().chat.completions.create(model=RECORDED, messages=strange, stream=True)

    def test_a_path_that_is_not_there(self):
        with self.assertRaises(openai.NotFoundError):
            client().images.generate(prompt="a stage")


class Disconnects(unittest.TestCase):
    def wait_for_more(self, before):
        deadline = time.monotonic() + 240
        while outcome_count("client_gone") <= before:
            self.assertLess(time.monotonic(), deadline, "the gateway did not notice that its client left")
            time.sleep(0.05)

    def test_leaving_a_stream(self):
        before = outcome_count("client_gone")
        with client().chat.completions.create(model=SLOW, messages=LONG, stream=True) as stream:
            next(iter(stream))
        self.wait_for_more(before)

    def test_a_client_out_of_patience(self):
        before = outcome_count("client_gone")
        with self.assertRaises(openai.APITimeoutError):
            client().with_options(timeout=0.5).chat.completions.create(model=SLOW, messages=LONG)
        self.wait_for_more(before)


if __name__ == "__main__":
    unittest.main()
