"""Messages through Anthropic's own SDK, with providers of three dialects behind the gateway."""

import os

import anthropic
import pytest
from conftest import connect_anthropic

HELLO = "Hello from steady"
# A call whose arguments cannot come about by chance; the simulated provider obeys.
ORDER = 'Please.\ncall look_up with {"city":"Köln","days":3}'
TOOL = {
    "name": "look_up",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
}
DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def user(content):
    return {"role": "user", "content": content}


def question(model, content="Say hello to the Python SDK.", **changes):
    return {"model": model, "max_tokens": 4096, "messages": [user(content)], **changes}


def blocks(message, kind):
    return [block for block in message.content if block.type == kind]


def answered(claude, ask, called):
    """What is said once the only call of an answer has its result."""
    (call,) = blocks(called, "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "21 degrees"}]}
    turn = {"role": "assistant", "content": called.content}
    return claude.messages.create(**{**ask, "messages": [*ask["messages"], turn, user([result])]})


def test_a_plain_answer_has_every_part(claude, anywhere):
    message = claude.messages.create(**question(anywhere, system="be kind"))
    assert (message.type, message.role, message.stop_reason) == ("message", "assistant", "end_turn")
    assert message.id.startswith("msg_")
    (block,) = message.content
    assert block.text.startswith(HELLO)
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    assert message._request_id.startswith("req_")


def test_a_stream_says_what_the_plain_answer_says(claude, anywhere):
    plain = claude.messages.create(**question(anywhere))
    with claude.messages.stream(**question(anywhere)) as stream:
        said = "".join(stream.text_stream)
        whole = stream.get_final_message()
    assert said == plain.content[0].text == whole.content[0].text
    assert (whole.stop_reason, whole.usage.output_tokens) == ("end_turn", plain.usage.output_tokens)


def test_events_come_in_the_vendors_order(claude, anywhere):
    kinds = [event.type for event in claude.messages.create(stream=True, **question(anywhere)) if event.type != "ping"]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"}


def test_max_tokens_ends_an_answer(claude, anywhere):
    message = claude.messages.create(**question(anywhere, max_tokens=3))
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 3)


def test_a_tool_is_called_and_its_result_answered(claude, anywhere):
    ask = question(anywhere, ORDER, tools=[TOOL])
    called = claude.messages.create(**ask)
    assert called.stop_reason == "tool_use"
    (call,) = blocks(called, "tool_use")
    assert (call.name, call.input) == ("look_up", {"city": "Köln", "days": 3})
    assert call.id.startswith("toolu_")
    assert answered(claude, ask, called).content[0].text.startswith(HELLO)


def test_a_streamed_tool_call_comes_together(claude, anywhere):
    ask = question(anywhere, ORDER, tools=[TOOL], tool_choice={"type": "auto"})
    with claude.messages.stream(**ask) as stream:
        called = stream.get_final_message()
    assert (called.stop_reason, called.content[-1].input) == ("tool_use", {"city": "Köln", "days": 3})
    assert answered(claude, ask, called).stop_reason == "end_turn"


@pytest.mark.parametrize("thinking", [{"type": "enabled", "budget_tokens": 1024}, {"type": "adaptive"}])
@pytest.mark.parametrize("streamed", [False, True])
def test_what_was_thought_comes_back_as_it_was(claude, anywhere, thinking, streamed):
    ask = question(anywhere, ORDER, tools=[TOOL], thinking=thinking)
    if streamed:
        with claude.messages.stream(**ask) as stream:
            called = stream.get_final_message()
    else:
        called = claude.messages.create(**ask)
    (thought,) = blocks(called, "thinking")
    assert thought.thinking == "Let me think about it."
    # Anthropic's and Gemini's simulations refuse a call that comes back without the seal of its thought.
    assert blocks(answered(claude, ask, called), "text")[0].text.startswith(HELLO)


def test_a_signature_is_the_vendors_byte_for_byte(claude):
    ask = question("anthropic/claude-sonnet-4-6", thinking={"type": "enabled", "budget_tokens": 1024})
    assert blocks(claude.messages.create(**ask), "thinking")[0].signature == "bW9jaytzZWFs/w=="


def test_an_image_arrives(claude, anywhere):
    source = {"type": "base64", "media_type": "image/png", "data": DOT}
    picture = [{"type": "image", "source": source}, {"type": "text", "text": "what is it?"}]
    assert " 1 images," in claude.messages.create(**question(anywhere, picture)).content[0].text


def test_tokens_are_counted(claude, anywhere):
    ask = {"model": anywhere, "messages": [user("word " * 100)]}
    few = claude.messages.count_tokens(model=anywhere, messages=[user("hi")])
    assert 0 < few.input_tokens < claude.messages.count_tokens(**ask).input_tokens


def tidied(claude, model, betas):
    edits = {"edits": [{"type": "clear_tool_uses_20250919"}]}
    return claude.beta.messages.with_raw_response.create(**question(model, context_management=edits, betas=betas))


def test_what_a_beta_brings_is_for_the_vendor_to_know(claude, anywhere):
    answer = tidied(claude, anywhere, ["context-management-2025-06-27"])
    assert answer.parse().content[0].text.startswith(HELLO)
    ours = anywhere.startswith("anthropic/")
    assert ("context_management" in answer.headers.get("x-dropped-params", "")) is not ours


def test_a_beta_nobody_named_is_refused_by_the_vendor(claude):
    with pytest.raises(anthropic.BadRequestError, match="context_management"):
        tidied(claude, "anthropic/claude-sonnet-4-6", [])


def test_models_are_listed(claude):
    assert {"chat", "shaky"} <= {model.id for model in claude.models.list()}
    assert claude.models.retrieve("chat").type == "model"


def test_a_key_may_come_as_a_bearer():
    with connect_anthropic(auth_token=os.environ["TOLLGATE_KEY"]) as claude:
        assert claude.messages.create(**question("chat")).content


@pytest.mark.parametrize("key", [{"api_key": "sk-wrong"}, {"auth_token": "sk-wrong"}])
def test_a_wrong_key_is_an_authentication_error(key):
    with connect_anthropic(**key) as claude, pytest.raises(anthropic.AuthenticationError) as caught:
        claude.messages.create(**question("chat"))
    assert caught.value.body["error"]["type"] == "authentication_error"
    assert caught.value.request_id.startswith("req_")


def test_an_unknown_model_is_a_not_found_error(claude):
    with pytest.raises(anthropic.NotFoundError) as caught:
        claude.messages.create(**question("no-such-model"))
    assert caught.value.body["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("changes", [{"messages": []}, {"max_tokens": None}])
def test_a_request_without_its_parts_is_a_bad_request_error(claude, anywhere, changes):
    with pytest.raises(anthropic.BadRequestError) as caught:
        claude.messages.create(**question(anywhere, **changes))
    assert caught.value.body["type"] == "error"
    assert caught.value.body["error"]["type"] == "invalid_request_error"


def test_a_spent_limit_is_a_rate_limit_error_that_says_when_to_come_back():
    with connect_anthropic(api_key=os.environ["TOLLGATE_TIGHT_KEY"]) as claude:
        with pytest.raises(anthropic.RateLimitError) as caught:
            for _ in range(3):
                claude.messages.create(**question("chat"))
    assert caught.value.body["error"]["type"] == "rate_limit_error"
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 60


def test_nobody_left_to_ask_is_an_overloaded_error(claude):
    with pytest.raises(anthropic.APIStatusError) as caught:
        claude.messages.create(**question("down"))
    assert caught.value.status_code in (503, 529)
    assert caught.value.body["error"]["type"] == "overloaded_error"


def test_a_provider_that_is_down_is_not_the_callers_trouble(claude):
    answer = claude.messages.with_raw_response.create(**question("shaky"))
    assert (answer.headers["x-provider"], answer.headers["x-attempts"]) == ("steady", "2")
    with claude.messages.stream(**question("shaky")) as stream:
        assert "".join(stream.text_stream).startswith(HELLO)
