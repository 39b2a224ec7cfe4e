"""What users of LangChain rely on, against a running gateway (with_server.py): tools, streams and typed
answers, over the bundled base model on a real llama-server."""

import os
import unittest
from typing import Literal

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

URL, KEY = os.environ["BASE_URL"], os.environ["API_KEY"]
HELLO_ANSWER = "Hello from the wings, where the understudy waits."


@tool
def get_weather(city: Literal["Oslo", "Paris"]) -> str:
    """Today's weather in a city."""
    return f"It snows in {city}."


class Mood(BaseModel):
    """How somebody feels."""

    mood: Literal["glad", "sad"]
    sure: bool


def model(name, **options):
    return ChatOpenAI(model=name, base_url=URL, api_key=KEY, max_retries=0, timeout=240, **options)


def base():
    return model("base", temperature=0, seed=1, max_tokens=200, stream_usage=True)


class LangChain(unittest.TestCase):
    def test_a_recorded_answer(self):
        answer = model("understudy/reference").invoke("Say hello.")
        self.assertEqual(answer.content, HELLO_ANSWER)
        self.assertEqual(answer.usage_metadata["output_tokens"], 8)

    def test_a_streamed_answer(self):
        chunks = list(model("understudy/reference", stream_usage=True).stream("Say hello."))
        whole = chunks[0]
        for chunk in chunks[1:]:
            whole += chunk
        self.assertEqual(whole.content, HELLO_ANSWER)
        self.assertEqual(whole.usage_metadata["output_tokens"], 8)

    def work_through(self, first, messages):
        self.assertTrue(first.tool_calls)
        self.assertFalse(first.invalid_tool_calls)
        for call in first.tool_calls:
            self.assertEqual(call["name"], "get_weather")
            self.assertTrue(call["id"])
        self.assertEqual(len({call["id"] for call in first.tool_calls}), len(first.tool_calls))
        results = [get_weather.invoke(call) for call in first.tool_calls]
        self.assertIsInstance(results[0], ToolMessage)
        second = base().bind_tools([get_weather], tool_choice="none").invoke([*messages, first, *results])
        self.assertGreater(second.usage_metadata["input_tokens"], first.usage_metadata["input_tokens"])

    def test_a_task_with_a_tool(self):
        messages = [HumanMessage("What is the weather in Oslo?")]
        self.work_through(base().bind_tools([get_weather], tool_choice="required").invoke(messages), messages)

    def test_a_streamed_task_with_a_forced_tool(self):
        messages = [HumanMessage("What is the weather in Oslo?")]
        whole = None
        for chunk in base().bind_tools([get_weather], tool_choice="get_weather").stream(messages):
            whole = chunk if whole is None else whole + chunk
        self.work_through(whole, messages)

    def test_a_typed_answer(self):
        typed = base().with_structured_output(Mood, method="json_schema").invoke("How was the play?")
        self.assertIsInstance(typed, Mood)

    def test_embeddings(self):
        embeddings = OpenAIEmbeddings(
            model="tiny", base_url=URL, api_key=KEY, max_retries=0, check_embedding_ctx_length=False
        )
        first, second = embeddings.embed_documents(["the play", "the interval"])
        self.assertEqual(len(first), len(second))
        self.assertNotEqual(first, second)


if __name__ == "__main__":
    unittest.main()
