// What users of the Anthropic library for JavaScript rely on, against a running gateway (with_server.py).
// NODE_MODULES names the folder in which the library is installed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";

const Anthropic = createRequire(`${process.env.NODE_MODULES}/`)("@anthropic-ai/sdk");
const { BASE_URL, API_KEY: apiKey } = process.env;
const baseURL = BASE_URL.replace(/\/v1$/, "");

const local = "understudy/local";
const recorded = "understudy/reference";
const hello = [{ role: "user", content: "Say hello." }];
const helloAnswer = "Hello from the wings, where the understudy waits.";
const weather = [{ role: "user", content: "What is the weather in Paris and in Oslo?" }];
const strange = [{ role: "user", content: "A question that nobody ever asked." }];
const tools = [
  {
    name: "get_weather",
    description: "Today's weather in a city.",
    input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
];

const client = (options = {}) => new Anthropic({ baseURL, apiKey, maxRetries: 0, timeout: 240_000, ...options });
const ask = (body) => client().messages.create({ max_tokens: 100, ...body });
const stream = (body) => client().messages.stream({ max_tokens: 100, ...body });
const callsOf = (message) => message.content.filter((block) => block.type === "tool_use");

// The turn that answers a message's tool calls.
const results = (message, texts) => [
  { role: "assistant", content: message.content },
  {
    role: "user",
    content: callsOf(message).map((call, i) => ({ type: "tool_result", tool_use_id: call.id, content: texts[i] })),
  },
];

describe("messages", () => {
  it("bring a recorded answer whole", async () => {
    const message = await ask({ model: recorded, messages: hello });
    assert.equal(message.content[0].text, helloAnswer);
    assert.equal(message.stop_reason, "end_turn");
    assert.equal(message.usage.output_tokens, 8);
  });

  it("come from the local model", async () => {
    const message = await ask({ model: local, messages: hello, max_tokens: 16 });
    assert.ok(["end_turn", "max_tokens"].includes(message.stop_reason));
    assert.ok(message.usage.input_tokens > 0);
  });

  it("are counted in tokens", async () => {
    const { input_tokens: tokens } = await client().messages.countTokens({ model: local, messages: hello });
    assert.ok(tokens > 3);
  });

  it("know the models", async () => {
    const names = [];
    for await (const model of client().models.list()) names.push(model.id);
    for (const name of ["tiny", "recorded", "slow"]) assert.ok(names.includes(name), name);
  });
});

describe("streams", () => {
  it("bring a recorded answer in pieces", async () => {
    let text = "";
    const message = await stream({ model: recorded, messages: hello })
      .on("text", (piece) => (text += piece))
      .finalMessage();
    assert.equal(text, helloAnswer);
    assert.equal(message.stop_reason, "end_turn");
    assert.equal(message.usage.output_tokens, 8);
  });

  it("come from the local model", async () => {
    const message = await stream({ model: local, messages: hello, max_tokens: 16 }).finalMessage();
    assert.ok(message.usage.output_tokens > 0);
  });
});

describe("tools", () => {
  it("are called, twice at once, and their results answered", async () => {
    const first = await ask({ model: recorded, messages: weather, tools });
    assert.equal(first.stop_reason, "tool_use");
    assert.deepEqual(
      callsOf(first).map((call) => [call.id, call.input.city]),
      [
        ["call_paris", "Paris"],
        ["call_oslo", "Oslo"],
      ],
    );
    const second = await ask({ model: recorded, messages: [...weather, ...results(first, ["sunny", "snow"])], tools });
    assert.equal(second.content[0].text, "Sunny in Paris, snow in Oslo.");
  });

  it("are put together from a stream", async () => {
    const message = await stream({ model: recorded, messages: weather, tools }).finalMessage();
    assert.deepEqual(
      callsOf(message).map((call) => call.input.city),
      ["Paris", "Oslo"],
    );
  });

  it("are called by the local model, whose next turn takes the result", async () => {
    const forced = { model: local, tools, temperature: 0, max_tokens: 400 };
    const first = await stream({ ...forced, messages: weather, tool_choice: { type: "any" } }).finalMessage();
    assert.equal(callsOf(first)[0].name, "get_weather");
    assert.equal(typeof callsOf(first)[0].input.city, "string");
    const answered = results(
      first,
      callsOf(first).map(() => "sunny"),
    );
    const second = await ask({ ...forced, messages: [...weather, ...answered], max_tokens: 16 });
    assert.ok(second.usage.input_tokens + second.usage.cache_read_input_tokens > 0);
  });
});

describe("errors", () => {
  it("a wrong key", async () => {
    const wrong = client({ apiKey: "sk-wrong" });
    await assert.rejects(
      wrong.messages.create({ model: recorded, max_tokens: 9, messages: hello }),
      Anthropic.AuthenticationError,
    );
  });

  it("nothing recorded, plain and streamed", async () => {
    await assert.rejects(ask({ model: recorded, messages: strange }), Anthropic.NotFoundError);
    await assert.rejects(stream({ model: recorded, messages: strange }).finalMessage(), Anthropic.NotFoundError);
  });
});
