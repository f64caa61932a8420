// Images, sound and moderation through OpenAI's Node SDK; `media` begins at a provider that is down.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import OpenAI, { toFile } from "openai";

const { TOLLGATE_URL, TOLLGATE_KEY } = process.env;
const client = new OpenAI({ baseURL: TOLLGATE_URL, apiKey: TOLLGATE_KEY, timeout: 20_000, maxRetries: 0 });
const model = "media";
const sound = Buffer.from(Array.from({ length: 10_000 }, (_, at) => at % 256));
const heard = `${sound.length} bytes, mark ${createHash("sha256").update(sound).digest("hex").slice(0, 16)}`;
const file = () => toFile(sound, "talk.wav");

async function gather(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

test("images are made, streamed and edited", async () => {
  const made = await client.images.generate({ model, prompt: "a quiet river", n: 2 });
  assert.equal(made.data.length, 2);
  assert.match(Buffer.from(made.data[0].b64_json, "base64").toString(), /^steady drew/);
  const events = await gather(await client.images.generate({ model, prompt: "a", stream: true, partial_images: 1 }));
  assert.deepEqual(events.map((event) => event.type), ["image_generation.partial_image", "image_generation.completed"]);
  const image = await toFile(sound, "a.png", { type: "image/png" });
  assert.ok((await client.images.edit({ model, prompt: "a", image })).data[0].b64_json);
});

test("a file is transcribed byte for byte, whole and streamed", async () => {
  const plain = await client.audio.transcriptions.create({ model, file: await file() });
  assert.ok(plain.text.includes(heard), plain.text);
  const text = await client.audio.transcriptions.create({ model, file: await file(), response_format: "vtt" });
  assert.ok(text.startsWith("WEBVTT") && text.includes(heard), text);
  const events = await gather(await client.audio.transcriptions.create({ model, file: await file(), stream: true }));
  assert.ok(events.at(-1).type === "transcript.text.done" && events.at(-1).text.includes(heard));
  assert.ok((await client.audio.translations.create({ model, file: await file() })).text.includes(heard));
});

test("speech is heard", async () => {
  const answer = await client.audio.speech.create({ model, voice: "alloy", input: "hello" });
  assert.equal(answer.headers.get("content-type"), "audio/mpeg");
  assert.ok((await answer.arrayBuffer()).byteLength > 1000);
});

test("texts are moderated", async () => {
  const { results } = await client.moderations.create({ input: ["a river", "violence"] });
  assert.deepEqual(results.map((result) => result.flagged), [false, true]);
});
