"""OpenAI's Responses by the library for Python and by the Agents SDK, which asks through them, against a running
gateway (with_server.py)."""

import asyncio
import json
import os
import unittest

import agents
import openai

URL, KEY = os.environ["BASE_URL"], os.environ["API_KEY"]
LOCAL, RECORDED = "understudy/local", "understudy/reference"

HELLO = "Say hello."
HELLO_ANSWER = "Hello from the wings, where the understudy waits."
WEATHER = "What is the weather in Paris and in Oslo?"
TOOLS = [
    {
        "type": "function",
        "name": "get_weather",
        "description": "Today's weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    }
]


def client(**options):
    return openai.OpenAI(base_url=URL, api_key=KEY, max_retries=0, timeout=240, **options)


def calls_of(response):
    return [item for item in response.output if item.type == "function_call"]


def outputs(response, texts):
    """What follows a response with calls: itself, and what the tools said."""
    said = zip(calls_of(response), texts)
    return [*response.output, *({"type": "function_call_output", "call_id": c.call_id, "output": t} for c, t in said)]


class Chat(unittest.TestCase):
    def test_a_recorded_answer_comes_back_whole(self):
        response = client().responses.create(model=RECORDED, input=HELLO)
        self.assertEqual(response.output_text, HELLO_ANSWER)
        self.assertEqual(response.status, "completed")
        self.assertEqual((response.usage.input_tokens, response.usage.output_tokens), (12, 8))
        self.assertFalse(response.store)

    def test_the_local_model_answers(self):
        response = client().responses.create(model=LOCAL, instructions="Be brief.", input=HELLO, max_output_tokens=16)
        self.assertIn(response.status, ("completed", "incomplete"))
        self.assertGreater(response.usage.input_tokens, 0)
        self.assertLessEqual(response.usage.output_tokens, 16)

    def test_a_schema_is_kept_by_the_local_model(self):
        schema = {
            "type": "object",
            "properties": {"mood": {"enum": ["glad", "sad"]}, "sure": {"type": "boolean"}},
            "required": ["mood", "sure"],
            "additionalProperties": False,
        }
        wanted = {"format": {"type": "json_schema", "name": "mood", "schema": schema, "strict": True}}
        response = client().responses.create(
            model=LOCAL, input=HELLO, text=wanted, max_output_tokens=200, temperature=0
        )
        self.assertIn(json.loads(response.output_text)["mood"], ("glad", "sad"))

    def test_a_conversation_that_would_have_to_be_kept_is_refused(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            client().responses.create(model=RECORDED, input=HELLO, previous_response_id="resp_1")
        self.assertEqual(caught.exception.param, "previous_response_id")


class Streams(unittest.TestCase):
    def test_a_recorded_answer_in_pieces(self):
        events = list(client().responses.create(model=RECORDED, input=HELLO, stream=True))
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
        self.assertEqual("".join(pieces), HELLO_ANSWER)
        self.assertEqual(events[0].type, "response.created")
        self.assertEqual(events[-1].type, "response.completed")
        self.assertEqual(events[-1].response.output_text, HELLO_ANSWER)
        self.assertEqual(events[-1].response.usage.output_tokens, 8)

    def test_a_stream_says_the_same_as_a_plain_answer(self):
        asked = {"model": LOCAL, "input": HELLO, "max_output_tokens": 24, "temperature": 0}
        plain = client().responses.create(**asked)
        # The library's own helper knows no response.incomplete, which a length limit makes of it.
        streamed = list(client().responses.create(stream=True, **asked))[-1].response
        self.assertEqual(streamed.output_text, plain.output_text)
        self.assertEqual(streamed.status, plain.status)


class Tools(unittest.TestCase):
    def test_a_loop_with_two_calls(self):
        first = client().responses.create(model=RECORDED, input=WEATHER, tools=TOOLS)
        cities = [(call.call_id, json.loads(call.arguments)["city"]) for call in calls_of(first)]
        self.assertEqual(cities, [("call_paris", "Paris"), ("call_oslo", "Oslo")])
        following = [{"role": "user", "content": WEATHER}, *outputs(first, ("sunny", "snow"))]
        second = client().responses.create(model=RECORDED, input=following, tools=TOOLS)
        self.assertEqual(second.output_text, "Sunny in Paris, snow in Oslo.")

    def test_streamed_calls_are_put_together(self):
        with client().responses.stream(model=RECORDED, input=WEATHER, tools=TOOLS) as stream:
            response = stream.get_final_response()
        self.assertEqual([json.loads(call.arguments)["city"] for call in calls_of(response)], ["Paris", "Oslo"])

    def test_the_local_model_in_a_loop(self):
        asked = {"model": LOCAL, "tools": TOOLS, "temperature": 0}
        first = client().responses.create(input=WEATHER, tool_choice="required", max_output_tokens=400, **asked)
        calls = calls_of(first)
        self.assertEqual(calls[0].name, "get_weather")
        self.assertIsInstance(json.loads(calls[0].arguments)["city"], str)
        following = [{"role": "user", "content": WEATHER}, *outputs(first, ["sunny"] * len(calls))]
        second = client().responses.create(input=following, max_output_tokens=16, **asked)
        self.assertGreater(second.usage.input_tokens, first.usage.input_tokens)


asked_for = []


@agents.function_tool
def get_weather(city: str) -> str:
    """Today's weather in a city."""
    asked_for.append(city)
    return {"Paris": "sunny", "Oslo": "snow"}.get(city, "fog")


class Agents(unittest.TestCase):
    def setUp(self):
        agents.set_tracing_disabled(True)
        asked_for.clear()

    def run_agent(self, model, streamed=False, **settings):
        async def run():
            async with openai.AsyncOpenAI(base_url=URL, api_key=KEY, max_retries=0, timeout=240) as asking:
                agent = agents.Agent(
                    name="weather",
                    tools=[get_weather],
                    model=agents.OpenAIResponsesModel(model=model, openai_client=asking),
                    model_settings=agents.ModelSettings(**settings),
                )
                if not streamed:
                    return await agents.Runner.run(agent, WEATHER, max_turns=4)
                result = agents.Runner.run_streamed(agent, WEATHER, max_turns=4)
                async for _ in result.stream_events():
                    pass
                return result

        return asyncio.run(run())

    def test_an_agent_uses_its_tool(self):
        result = self.run_agent(RECORDED)
        self.assertEqual(result.final_output, "Sunny in Paris, snow in Oslo.")
        self.assertEqual(sorted(asked_for), ["Oslo", "Paris"])

    def test_a_streamed_agent_uses_its_tool(self):
        result = self.run_agent(RECORDED, streamed=True)
        self.assertEqual(result.final_output, "Sunny in Paris, snow in Oslo.")
        self.assertEqual(sorted(asked_for), ["Oslo", "Paris"])

    def test_an_agent_over_the_local_model(self):
        result = self.run_agent(LOCAL, tool_choice="required", temperature=0, max_tokens=400)
        self.assertGreaterEqual(len(asked_for), 1)
        self.assertIsInstance(result.final_output, str)


if __name__ == "__main__":
    unittest.main(verbosity=2)
