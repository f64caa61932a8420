// OpenAI's Node SDK against a gateway that `tests/sdk.rs` has started.

import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";

const { TOLLGATE_URL, TOLLGATE_KEY, TOLLGATE_TIGHT_KEY, TOLLGATE_BRISK_KEY } = process.env;
const messages = [{ role: "user", content: "Say hello to the Node SDK." }];
const question = { model: "chat", messages };
const tools = [
  {
    type: "function",
    function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
  },
];

const connect = (apiKey, options = {}) => new OpenAI({ baseURL: TOLLGATE_URL, apiKey, timeout: 20_000, ...options });
const client = connect(TOLLGATE_KEY, { maxRetries: 0 });

// A client with the SDK's own retries, and the status of every answer it got on the way.
function watch(apiKey) {
  const statuses = [];
  const watchedFetch = async (...call) => {
    const response = await fetch(...call);
    statuses.push(response.status);
    return response;
  };
  return { statuses, client: connect(apiKey, { fetch: watchedFetch }) };
}

async function gather(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const choicesOf = (chunks) => chunks.flatMap((chunk) => chunk.choices);
const textOf = (chunks) => choicesOf(chunks).map((choice) => choice.delta.content ?? "").join("");

test("a plain answer has every part", async () => {
  const answer = await client.chat.completions.create(question);
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.choices[0].message.role, "assistant");
  assert.match(answer.choices[0].message.content, /^Hello from steady/);
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

test("a stream says what the plain answer says", async () => {
  const plain = await client.chat.completions.create(question);
  const chunks = await gather(await client.chat.completions.create({ ...question, stream: true }));
  assert.equal(textOf(chunks), plain.choices[0].message.content);
  const ends = choicesOf(chunks).map((choice) => choice.finish_reason).filter(Boolean);
  assert.deepEqual(ends, ["stop"]);
});

test("usage ends a stream that asked for it", async () => {
  const asked = { ...question, stream: true, stream_options: { include_usage: true } };
  const chunks = await gather(await client.chat.completions.create(asked));
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.ok(last.usage.completion_tokens > 0);
  assert.ok(chunks.every((chunk) => !chunk.usage && chunk.choices.length > 0));
});

test("nobody gets usage who did not ask", async () => {
  const chunks = await gather(await client.chat.completions.create({ ...question, stream: true }));
  assert.ok(chunks.every((chunk) => !chunk.usage && chunk.choices.length > 0));
});

test("a tool is called and its result answered", async () => {
  const first = await client.chat.completions.create({ ...question, tools });
  assert.equal(first.choices[0].finish_reason, "tool_calls");
  const [call] = first.choices[0].message.tool_calls;
  assert.equal(call.function.name, "weather");
  assert.equal(typeof JSON.parse(call.function.arguments), "object");
  const result = { role: "tool", tool_call_id: call.id, content: "sunny" };
  const turn = [...messages, first.choices[0].message, result];
  const second = await client.chat.completions.create({ model: "chat", messages: turn, tools });
  assert.equal(second.choices[0].finish_reason, "stop");
  assert.ok(second.choices[0].message.content);
});

test("a streamed tool call comes together", async () => {
  const answer = await client.chat.completions.stream({ ...question, tools }).finalChatCompletion();
  assert.equal(answer.choices[0].finish_reason, "tool_calls");
  const [call] = answer.choices[0].message.tool_calls;
  assert.equal(call.function.name, "weather");
  assert.equal(typeof JSON.parse(call.function.arguments), "object");
});

test("models are listed", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("chat") && ids.includes("shaky"), ids.join(", "));
});

test("embeddings in base64 and in floats are the same numbers", async () => {
  const ask = { model: "chat", input: ["one text", "another text"] };
  const packed = await client.embeddings.create(ask);
  const floats = await client.embeddings.create({ ...ask, encoding_format: "float" });
  assert.deepEqual(packed.data.map((item) => item.index), [0, 1]);
  for (const [place, { embedding }] of packed.data.entries()) {
    const other = floats.data[place].embedding;
    assert.equal(embedding.length, other.length);
    assert.ok(embedding.length > 0 && embedding.every((value, at) => Math.abs(value - other[at]) < 1e-6));
  }
});

test("a wrong key is an authentication error", async () => {
  const refused = connect("sk-wrong", { maxRetries: 0 }).chat.completions.create(question);
  await assert.rejects(refused, (error) => error instanceof OpenAI.AuthenticationError && Boolean(error.requestID));
});

test("an unknown model is a not found error", async () => {
  const refused = client.chat.completions.create({ ...question, model: "no-such-model" });
  await assert.rejects(refused, (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
});

test("no messages are a bad request error", async () => {
  await assert.rejects(client.chat.completions.create({ model: "chat", messages: [] }), OpenAI.BadRequestError);
});

test("a spent limit is a rate limit error that says when to come back", async () => {
  const tight = connect(TOLLGATE_TIGHT_KEY, { maxRetries: 0 });
  const askThrice = async () => {
    for (let turn = 0; turn < 3; turn += 1) await tight.chat.completions.create(question);
  };
  await assert.rejects(askThrice, (error) => {
    const seconds = Number(error.headers?.get("retry-after"));
    return error instanceof OpenAI.RateLimitError && seconds > 0 && seconds <= 60;
  });
});

test("a spent limit is waited out by the SDK", async () => {
  const brisk = watch(TOLLGATE_BRISK_KEY);
  for (let turn = 0; turn < 20 && !brisk.statuses.includes(429); turn += 1) {
    const answer = await brisk.client.chat.completions.create(question);
    assert.ok(answer.choices.length > 0);
  }
  assert.deepEqual(brisk.statuses.slice(-2), [429, 200]);
});

test("a provider that is down is not the caller's trouble", async () => {
  const sdk = watch(TOLLGATE_KEY);
  const { data, response } = await sdk.client.chat.completions.create({ model: "shaky", messages }).withResponse();
  assert.deepEqual(sdk.statuses, [200], "the gateway fails over; the SDK has nothing to retry");
  assert.equal(response.headers.get("x-provider"), "steady");
  assert.equal(response.headers.get("x-attempts"), "2");
  assert.ok(data.choices[0].message.content);
});

test("a stream fails over too", async () => {
  const sdk = watch(TOLLGATE_KEY);
  const chunks = await gather(await sdk.client.chat.completions.create({ model: "shaky", messages, stream: true }));
  assert.deepEqual(sdk.statuses, [200]);
  assert.ok(textOf(chunks));
});

test("the request id is there", async () => {
  assert.match((await client.chat.completions.create(question))._request_id, /^req_/);
  const named = await client.chat.completions.create(question, { headers: { "X-Request-Id": "sdk-node-1" } });
  assert.equal(named._request_id, "sdk-node-1");
});
