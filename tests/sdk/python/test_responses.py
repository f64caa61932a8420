"""OpenAI's Responses API through openai-python, with providers of three dialects behind the gateway."""

import json

import openai
import pytest

HELLO = "Hello from steady"
ORDER = 'call look_up with {"city":"Köln","days":3}'
TOOL = {
    "type": "function",
    "name": "look_up",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
    "strict": False,
}


def test_a_plain_answer_has_every_part(client, anywhere):
    answer = client.responses.create(model=anywhere, input="how are you?", instructions="be kind")
    assert (answer.object, answer.status, answer.error) == ("response", "completed", None)
    assert answer.id.startswith("resp_")
    assert answer.output_text.startswith(HELLO)
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0
    assert answer.instructions == "be kind"


def test_a_stream_says_what_the_plain_answer_says(client, anywhere):
    plain = client.responses.create(model=anywhere, input="how are you?")
    events = list(client.responses.create(model=anywhere, input="how are you?", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said == events[-1].response.output_text == plain.output_text


def test_the_sdks_own_stream_comes_together(client, anywhere):
    with client.responses.stream(model=anywhere, input=ORDER, tools=[TOOL]) as stream:
        answer = stream.get_final_response()
    (call,) = [item for item in answer.output if item.type == "function_call"]
    assert json.loads(call.arguments) == {"city": "Köln", "days": 3}


def test_a_tool_is_called_and_its_result_answered(client, anywhere):
    first = client.responses.create(model=anywhere, input=ORDER, tools=[TOOL])
    (call,) = [item for item in first.output if item.type == "function_call"]
    assert (call.name, json.loads(call.arguments)) == ("look_up", {"city": "Köln", "days": 3})
    assert call.call_id.startswith("call_") and call.id.startswith("fc_")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"}
    second = client.responses.create(model=anywhere, previous_response_id=first.id, input=[result], tools=[TOOL])
    assert second.output_text.startswith(HELLO)
    told_again = [{"role": "user", "content": ORDER}, *first.output, result]
    third = client.responses.create(model=anywhere, input=told_again, tools=[TOOL], store=False)
    assert third.output_text == second.output_text, "a conversation is the same, stored or told again"


def test_what_was_thought_comes_back_sealed(client, anywhere):
    ask = {
        "model": anywhere,
        "tools": [TOOL],
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }
    first = client.responses.create(input=ORDER, **ask)
    assert [item.type for item in first.output] == ["reasoning", "function_call"]
    assert first.output[0].summary[0].text == "Let me think about it."
    result = {"type": "function_call_output", "call_id": first.output[1].call_id, "output": "21 degrees"}
    # Anthropic's and Gemini's simulations refuse a call that comes back without the seal of its thought.
    second = client.responses.create(input=[{"role": "user", "content": ORDER}, *first.output, result], **ask)
    assert second.output_text.startswith(HELLO)


def test_an_answer_is_kept_and_forgotten(client, anywhere):
    answer = client.responses.create(model=anywhere, input="remember this")
    kept = client.responses.retrieve(answer.id)
    assert (kept.id, kept.output_text) == (answer.id, answer.output_text)
    (item,) = client.responses.input_items.list(answer.id)
    assert (item.role, item.content[0].text) == ("user", "remember this")
    assert client.responses.delete(answer.id) is None
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(answer.id)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=anywhere, previous_response_id=answer.id, input="go on")
    assert caught.value.code == "previous_response_not_found"


def test_tokens_are_counted(client, anywhere):
    few = client.responses.input_tokens.count(model=anywhere, input="hi")
    many = client.responses.input_tokens.count(model=anywhere, input="word " * 100)
    assert 0 < few.input_tokens < many.input_tokens


def test_refusals_have_their_own_types(client):
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="no-such-model", input="hi")
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-wrong").responses.create(model="chat", input="hi")
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model="chat", input=[{"type": "no_such_item"}])


def test_a_provider_that_is_down_is_not_the_callers_trouble(client):
    answer = client.responses.with_raw_response.create(model="shaky", input="hi")
    assert (answer.headers["x-provider"], answer.headers["x-attempts"]) == ("steady", "2")
    assert client.responses.create(model="shaky", input="hi").output_text.startswith(HELLO)
