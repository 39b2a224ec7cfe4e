// What users of the OpenAI library for JavaScript rely on, against a running gateway (with_server.py).
// NODE_MODULES names the folder in which the library is installed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";

const OpenAI = createRequire(`${process.env.NODE_MODULES}/`)("openai");
const { BASE_URL: baseURL, API_KEY: apiKey } = process.env;

const local = "understudy/local";
const recorded = "understudy/reference";
const hello = [{ role: "user", content: "Say hello." }];
const helloAnswer = "Hello from the wings, where the understudy waits.";
const weather = [{ role: "user", content: "What is the weather in Paris and in Oslo?" }];
const long = [{ role: "user", content: "Tell a long story." }];
const strange = [{ role: "user", content: "A question that nobody ever asked." }];
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [
  { type: "function", function: { name: "get_weather", description: "Today's weather in a city.", parameters } },
];

const client = (options = {}) => new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 240_000, ...options });
const chat = (body, options) => client().chat.completions.create(body, options);

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
const citiesOf = (message) => message.tool_calls.map((call) => JSON.parse(call.function.arguments).city);

async function outcomeCount(name) {
  const url = baseURL.replace(/\/v1$/, "/metrics");
  const text = await (await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } })).text();
  const line = text.split("\n").find((row) => row.startsWith(`understudy_requests_total{outcome="${name}"}`));
  assert.ok(line, `no outcome ${name} among the metrics`);
  return Number(line.split(" ").pop());
}

async function waitForMoreGone(before) {
  const deadline = Date.now() + 240_000;
  while ((await outcomeCount("client_gone")) <= before) {
    assert.ok(Date.now() < deadline, "the gateway did not notice that its client left");
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

describe("chat", () => {
  it("brings a recorded answer whole", async () => {
    const { data, response } = await client()
      .chat.completions.create({ model: recorded, messages: hello })
      .withResponse();
    assert.equal(data.choices[0].message.content, helloAnswer);
    assert.equal(data.usage.completion_tokens, 8);
    assert.equal(response.headers.get("x-understudy-model"), "recorded");
  });

  it("lets the local model answer", async () => {
    const answer = await chat({ model: local, messages: hello, max_tokens: 16, seed: 1 });
    assert.ok(["stop", "length"].includes(answer.choices[0].finish_reason));
    assert.ok(answer.usage.prompt_tokens > 0);
  });

  it("lists the models", async () => {
    const names = (await collect(client().models.list())).map((model) => model.id);
    for (const name of ["tiny", "recorded", "slow"]) assert.ok(names.includes(name), name);
  });
});

describe("streams", () => {
  const options = { stream: true, stream_options: { include_usage: true } };

  it("bring a recorded answer in pieces", async () => {
    const chunks = await collect(await chat({ model: recorded, messages: hello, ...options }));
    assert.equal(textOf(chunks), helloAnswer);
    assert.equal(chunks.at(-1).usage.completion_tokens, 8);
  });

  it("come from the local model", async () => {
    const chunks = await collect(await chat({ model: local, messages: hello, max_tokens: 16, ...options }));
    const reasons = chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean);
    assert.equal(reasons.length, 1);
    assert.ok(chunks.at(-1).usage.prompt_tokens > 0);
  });
});

describe("tools", () => {
  it("are called, twice at once, and their results answered", async () => {
    const { message, finish_reason: reason } = (await chat({ model: recorded, messages: weather, tools })).choices[0];
    assert.equal(reason, "tool_calls");
    assert.deepEqual(citiesOf(message), ["Paris", "Oslo"]);
    const results = ["sunny", "snow"].map((content, i) => ({
      role: "tool",
      tool_call_id: message.tool_calls[i].id,
      content,
    }));
    const second = await chat({ model: recorded, messages: [...weather, message, ...results], tools });
    assert.equal(second.choices[0].message.content, "Sunny in Paris, snow in Oslo.");
  });

  it("are put together from a stream", async () => {
    const stream = client().chat.completions.stream({ model: recorded, messages: weather, tools });
    assert.deepEqual(citiesOf((await stream.finalChatCompletion()).choices[0].message), ["Paris", "Oslo"]);
  });

  it("are called by the local model when required", async () => {
    const body = { model: local, messages: weather, tools, tool_choice: "required", max_tokens: 400, temperature: 0 };
    const { message } = (await chat(body)).choices[0];
    assert.equal(message.tool_calls[0].function.name, "get_weather");
    assert.equal(typeof citiesOf(message)[0], "string");
  });
});

describe("JSON schemas", () => {
  it("are kept by the local model", async () => {
    const schema = {
      type: "object",
      properties: { mood: { enum: ["glad", "sad"] }, sure: { type: "boolean" } },
      required: ["mood", "sure"],
      additionalProperties: false,
    };
    const format = { type: "json_schema", json_schema: { name: "mood", schema, strict: true } };
    const body = { model: local, messages: hello, response_format: format, max_tokens: 200, temperature: 0 };
    const said = JSON.parse((await chat(body)).choices[0].message.content);
    assert.ok(["glad", "sad"].includes(said.mood));
    assert.equal(typeof said.sure, "boolean");
  });
});

describe("embeddings", () => {
  it("are vectors of one length", async () => {
    const { data } = await client().embeddings.create({ model: local, input: ["the play", "the interval"] });
    assert.equal(data.length, 2);
    assert.ok(data[0].embedding.length > 16);
    assert.equal(data[0].embedding.length, data[1].embedding.length);
    assert.notDeepEqual(data[0].embedding, data[1].embedding);
  });
});

describe("errors", () => {
  it("a wrong key", async () => {
    const wrong = client({ apiKey: "sk-wrong" });
    await assert.rejects(
      wrong.chat.completions.create({ model: recorded, messages: hello }),
      OpenAI.AuthenticationError,
    );
  });

  it("a body out of shape", async () => {
    await assert.rejects(chat({ model: recorded, messages: "hello" }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.param, "messages");
      return true;
    });
  });

  it("nothing recorded, plain and streamed", async () => {
    await assert.rejects(chat({ model: recorded, messages: strange }), OpenAI.NotFoundError);
    await assert.rejects(chat({ model: recorded, messages: strange, stream: true }), OpenAI.NotFoundError);
  });
});

describe("a client that leaves", () => {
  it("ends its stream", async () => {
    const before = await outcomeCount("client_gone");
    const stream = await chat({ model: "slow", messages: long, stream: true });
    for await (const chunk of stream) {
      assert.ok(chunk);
      break;
    }
    await waitForMoreGone(before);
  });

  it("ends a plain request", async () => {
    const before = await outcomeCount("client_gone");
    await assert.rejects(chat({ model: "slow", messages: long }, { signal: AbortSignal.timeout(500) }));
    await waitForMoreGone(before);
  });
});
