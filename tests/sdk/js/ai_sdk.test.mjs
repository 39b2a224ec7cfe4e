// What users of the Vercel AI SDK rely on, against a running gateway (with_server.py): tools in
// several steps, streams and typed objects, over the bundled base model on a real llama-server.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";

const installed = createRequire(`${process.env.NODE_MODULES}/`);
const { createOpenAICompatible } = installed("@ai-sdk/openai-compatible");
const { generateObject, generateText, stepCountIs, streamText, tool } = installed("ai");
const { z } = installed("zod");

const provider = createOpenAICompatible({
  name: "understudy",
  baseURL: process.env.BASE_URL,
  apiKey: process.env.API_KEY,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const base = provider("base");
const recorded = provider("understudy/reference");
const options = { maxRetries: 0, temperature: 0, seed: 1 };
const question = "What is the weather in Oslo?";

function weatherTool(asked) {
  return tool({
    description: "Today's weather in a city.",
    inputSchema: z.object({ city: z.enum(["Oslo", "Paris"]) }),
    execute: async ({ city }) => {
      asked.push(city);
      return `It snows in ${city}.`;
    },
  });
}

describe("Vercel AI SDK", () => {
  it("gives text and usage", async () => {
    const { text, usage, finishReason } = await generateText({
      model: recorded,
      prompt: "Say hello.",
      maxRetries: 0,
    });
    assert.equal(text, "Hello from the wings, where the understudy waits.");
    assert.equal(finishReason, "stop");
    assert.equal(usage.outputTokens, 8);
  });

  it("works through a task with a tool", async () => {
    const asked = [];
    const result = await generateText({
      model: base,
      prompt: question,
      tools: { get_weather: weatherTool(asked) },
      stopWhen: stepCountIs(2),
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? "required" : "none" }),
      maxOutputTokens: 200,
      ...options,
    });
    assert.ok(asked.length > 0, "the tool was run");
    for (const city of asked) assert.ok(["Oslo", "Paris"].includes(city));
    assert.equal(result.steps.length, 2);
    assert.ok(["tool-calls", "length"].includes(result.steps[0].finishReason));
    assert.equal(result.steps[0].toolResults[0].output, `It snows in ${asked[0]}.`);
    assert.ok(result.totalUsage.inputTokens > 0);
  });

  it("streams a task with a tool", async () => {
    const asked = [];
    const result = streamText({
      model: base,
      prompt: question,
      tools: { get_weather: weatherTool(asked) },
      toolChoice: { type: "tool", toolName: "get_weather" },
      maxOutputTokens: 200,
      onError: ({ error }) => assert.fail(String(error)),
      ...options,
    });
    const parts = [];
    for await (const part of result.fullStream) parts.push(part);
    const kinds = new Set(parts.map((part) => part.type));
    for (const kind of ["tool-input-start", "tool-input-delta", "tool-call", "tool-result", "finish"]) {
      assert.ok(kinds.has(kind), `no ${kind} among ${[...kinds]}`);
    }
    const ids = new Set(parts.filter((part) => part.type === "tool-call").map((part) => part.toolCallId));
    assert.equal(ids.size, asked.length);
    assert.ok((await result.usage).outputTokens > 0, "usage comes because it is asked for");
  });

  it("streams text", async () => {
    const result = streamText({ model: recorded, prompt: "Say hello.", maxRetries: 0 });
    let text = "";
    for await (const piece of result.textStream) text += piece;
    assert.equal(text, "Hello from the wings, where the understudy waits.");
    assert.equal(await result.finishReason, "stop");
  });

  it("generates an object that fits its schema", async () => {
    const schema = z.object({ mood: z.enum(["glad", "sad"]), sure: z.boolean() });
    const { object, usage } = await generateObject({
      model: base,
      schema,
      prompt: "How was the play?",
      maxOutputTokens: 200,
      ...options,
    });
    assert.deepEqual(schema.parse(object), object);
    assert.ok(usage.outputTokens > 0);
  });

  it("tells an error as an error", async () => {
    await assert.rejects(
      generateText({ model: provider("understudy/task:none"), prompt: "x", maxRetries: 0 }),
      (error) => [400, 404].includes(error.statusCode),
    );
  });
});
