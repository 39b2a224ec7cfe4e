"""What users of smolagents rely on, against a running gateway (with_server.py): an agent that calls tools
over the bundled base model on a real llama-server."""

import os
import unittest

from smolagents import ChatMessage, OpenAIModel, ToolCallingAgent, tool

URL, KEY = os.environ["BASE_URL"], os.environ["API_KEY"]
asked = []


@tool
def get_weather(city: str) -> str:
    """Today's weather in a city.

    Args:
        city: The city's name.
    """
    asked.append(city)
    return f"It snows in {city}."


def model(name, **options):
    return OpenAIModel(
        model_id=name, api_base=URL, api_key=KEY, client_kwargs={"max_retries": 0, "timeout": 240}, **options
    )


class Smolagents(unittest.TestCase):
    def test_a_recorded_answer(self):
        hello = [ChatMessage(role="user", content=[{"type": "text", "text": "Say hello."}])]
        answer = model("understudy/reference").generate(hello)
        self.assertEqual(answer.content, "Hello from the wings, where the understudy waits.")
        self.assertEqual(answer.token_usage.output_tokens, 8)

    def test_a_call_of_a_tool(self):
        question = [ChatMessage(role="user", content="What is the weather in Oslo?")]
        answer = model("base", temperature=0, seed=1, max_tokens=200).generate(
            question, tools_to_call_from=[get_weather]
        )
        self.assertEqual(answer.tool_calls[0].function.name, "get_weather")
        self.assertTrue(answer.tool_calls[0].id)

    def run_agent(self, stream):
        asked.clear()
        agent = ToolCallingAgent(
            tools=[get_weather],
            model=model("base", temperature=0, seed=1, max_tokens=200),
            instructions="Call get_weather, then final_answer.",
            max_steps=3,
            stream_outputs=stream,
            verbosity_level=0,
        )
        result = agent.run("What is the weather in Oslo?", return_full_result=True)
        calls = [call for step in result.steps for call in step.get("tool_calls") or []]
        self.assertTrue(calls, "the agent called a tool")
        for call in calls:
            self.assertIn(call["function"]["name"], ("get_weather", "final_answer"))
        self.assertGreater(result.token_usage.input_tokens, 0)
        return result

    def test_an_agent(self):
        self.run_agent(stream=False)

    def test_an_agent_that_streams(self):
        self.run_agent(stream=True)


if __name__ == "__main__":
    unittest.main()
