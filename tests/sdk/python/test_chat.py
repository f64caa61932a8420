"""Chat through openai-python: plain, streamed, with tools; with providers of three dialects behind the gateway."""

import json

QUESTION = [{"role": "user", "content": "Say hello to the Python SDK."}]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def test_a_plain_answer_has_every_part(client, anywhere):
    answer = client.chat.completions.create(model=anywhere, messages=QUESTION)
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content.startswith("Hello from steady")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_a_stream_says_what_the_plain_answer_says(client, anywhere):
    plain = client.chat.completions.create(model=anywhere, messages=QUESTION)
    chunks = list(client.chat.completions.create(model=anywhere, messages=QUESTION, stream=True))
    said = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    ends = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert said == plain.choices[0].message.content
    assert ends == ["stop"]
    assert len({chunk.id for chunk in chunks}) == 1


def test_usage_ends_a_stream_that_asked_for_it(client, anywhere):
    *others, last = client.chat.completions.create(
        model=anywhere, messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    assert last.choices == []
    assert last.usage.completion_tokens > 0
    assert all(chunk.usage is None and chunk.choices for chunk in others)


def test_nobody_gets_usage_who_did_not_ask(client, anywhere):
    chunks = list(client.chat.completions.create(model=anywhere, messages=QUESTION, stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_a_tool_is_called_and_its_result_answered(client, anywhere):
    ask = {"model": anywhere, "tools": [TOOL]}
    first = client.chat.completions.create(messages=QUESTION, **ask)
    assert first.choices[0].finish_reason == "tool_calls"
    (call,) = first.choices[0].message.tool_calls
    assert call.function.name == "weather"
    assert isinstance(json.loads(call.function.arguments), dict)
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    second = client.chat.completions.create(messages=[*QUESTION, first.choices[0].message, result], **ask)
    assert second.choices[0].finish_reason == "stop"
    assert second.choices[0].message.content


def test_a_streamed_tool_call_comes_together(client, anywhere):
    with client.chat.completions.stream(model=anywhere, messages=QUESTION, tools=[TOOL]) as stream:
        answer = stream.get_final_completion()
    assert answer.choices[0].finish_reason == "tool_calls"
    (call,) = answer.choices[0].message.tool_calls
    assert call.function.name == "weather"
    assert isinstance(json.loads(call.function.arguments), dict)


def test_models_are_listed(client):
    assert {"chat", "shaky"} <= {model.id for model in client.models.list()}
