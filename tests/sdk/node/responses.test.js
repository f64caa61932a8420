// OpenAI's Responses API through its Node SDK, with providers of three dialects behind the gateway.

import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";

const { TOLLGATE_URL, TOLLGATE_KEY } = process.env;
const client = new OpenAI({ baseURL: TOLLGATE_URL, apiKey: TOLLGATE_KEY, timeout: 20_000, maxRetries: 0 });
const models = ["steady/small", "anthropic/claude-sonnet-4-6", "gemini/gemini-3.8-flash"];
const order = 'call look_up with {"city":"Köln","days":3}';
const properties = { city: { type: "string" }, days: { type: "integer" } };
const tools = [{ type: "function", name: "look_up", parameters: { type: "object", properties }, strict: false }];

async function gather(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

for (const model of models) {
  test(`${model} answers the same, whole and streamed`, async () => {
    const plain = await client.responses.create({ model, input: "how are you?" });
    assert.match(plain.id, /^resp_/);
    assert.match(plain.output_text, /^Hello from steady/);
    assert.equal(plain.usage.total_tokens, plain.usage.input_tokens + plain.usage.output_tokens);
    const events = await gather(await client.responses.create({ model, input: "how are you?", stream: true }));
    assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()]);
    assert.equal(events.at(-1).type, "response.completed");
    const deltas = events.filter((event) => event.type === "response.output_text.delta");
    assert.equal(deltas.map((event) => event.delta).join(""), plain.output_text);
  });

  test(`${model} calls a tool and goes on from its own answer`, async () => {
    const first = await client.responses.stream({ model, input: order, tools }).finalResponse();
    const call = first.output.find((item) => item.type === "function_call");
    assert.deepEqual(JSON.parse(call.arguments), { city: "Köln", days: 3 });
    const result = { type: "function_call_output", call_id: call.call_id, output: "21 degrees" };
    const second = await client.responses.create({ model, tools, previous_response_id: first.id, input: [result] });
    assert.match(second.output_text, /^Hello from steady/);
  });

  test(`${model}'s answer is kept and forgotten`, async () => {
    const { id, output_text } = await client.responses.create({ model, input: "remember this" });
    assert.equal((await client.responses.retrieve(id)).output_text, output_text);
    const [item] = await gather(await client.responses.inputItems.list(id));
    assert.equal(item.content[0].text, "remember this");
    await client.responses.delete(id);
    await assert.rejects(client.responses.retrieve(id), OpenAI.NotFoundError);
  });
}

test("what cannot be read is a bad request error", async () => {
  const refused = client.responses.create({ model: "chat", input: [{ type: "no_such_item" }] });
  await assert.rejects(refused, OpenAI.BadRequestError);
});
