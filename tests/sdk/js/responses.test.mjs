// OpenAI's Responses by the library for JavaScript, against a running gateway (with_server.py).
// NODE_MODULES names the folder in which the library is installed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";

const OpenAI = createRequire(`${process.env.NODE_MODULES}/`)("openai");
const { BASE_URL: baseURL, API_KEY: apiKey } = process.env;

const local = "understudy/local";
const recorded = "understudy/reference";
const hello = "Say hello.";
const helloAnswer = "Hello from the wings, where the understudy waits.";
const weather = "What is the weather in Paris and in Oslo?";
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const tools = [
  { type: "function", name: "get_weather", description: "Today's weather in a city.", parameters, strict: true },
];

const { responses } = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 240_000 });
const callsOf = (response) => response.output.filter((item) => item.type === "function_call");
const outputs = (response, texts) => [
  ...response.output,
  ...callsOf(response).map((call, i) => ({ type: "function_call_output", call_id: call.call_id, output: texts[i] })),
];

describe("responses", () => {
  it("bring a recorded answer whole", async () => {
    const response = await responses.create({ model: recorded, input: hello });
    assert.equal(response.output_text, helloAnswer);
    assert.equal(response.status, "completed");
    assert.equal(response.usage.output_tokens, 8);
  });

  it("come from the local model", async () => {
    const response = await responses.create({ model: local, input: hello, max_output_tokens: 16 });
    assert.ok(["completed", "incomplete"].includes(response.status));
    assert.ok(response.usage.input_tokens > 0);
  });

  it("stream", async () => {
    const events = [];
    for await (const event of await responses.create({ model: recorded, input: hello, stream: true })) {
      events.push(event);
    }
    assert.deepEqual(
      events.map((event) => event.sequence_number),
      events.map((_, i) => i),
    );
    assert.equal(events.at(-1).type, "response.completed");
    assert.equal(events.at(-1).response.output[0].content[0].text, helloAnswer);
  });

  it("stream from the local model, put together by the library", async () => {
    const response = await responses.stream({ model: local, input: hello, max_output_tokens: 16 }).finalResponse();
    assert.ok(response.usage.output_tokens > 0);
  });

  it("call tools, twice at once, and take their results", async () => {
    const first = await responses.create({ model: recorded, input: weather, tools });
    assert.deepEqual(
      callsOf(first).map((call) => [call.call_id, JSON.parse(call.arguments).city]),
      [
        ["call_paris", "Paris"],
        ["call_oslo", "Oslo"],
      ],
    );
    const input = [{ role: "user", content: weather }, ...outputs(first, ["sunny", "snow"])];
    const second = await responses.create({ model: recorded, input, tools });
    assert.equal(second.output_text, "Sunny in Paris, snow in Oslo.");
  });

  it("call tools of the local model", async () => {
    const forced = { model: local, tools, temperature: 0 };
    const asked = { ...forced, input: weather, tool_choice: "required", max_output_tokens: 400 };
    const first = await responses.create(asked);
    assert.equal(typeof JSON.parse(callsOf(first)[0].arguments).city, "string");
    const said = outputs(
      first,
      callsOf(first).map(() => "sunny"),
    );
    const input = [{ role: "user", content: weather }, ...said];
    const second = await responses.create({ ...forced, input, max_output_tokens: 16 });
    assert.ok(second.usage.input_tokens > first.usage.input_tokens);
  });
});
