"""What openai-python makes of refusals, and when it tries again."""

import os

import openai
import pytest
from conftest import connect

QUESTION = [{"role": "user", "content": "Is anybody there?"}]


def ask(client, **changes):
    return client.chat.completions.create(**{"model": "chat", "messages": QUESTION, **changes})


def test_a_wrong_key_is_an_authentication_error(client):
    with pytest.raises(openai.AuthenticationError) as caught:
        ask(client.with_options(api_key="sk-wrong"))
    assert caught.value.request_id


def test_an_unknown_model_is_a_not_found_error(client):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, model="no-such-model")
    assert caught.value.code == "model_not_found"


def test_no_messages_are_a_bad_request_error(client):
    with pytest.raises(openai.BadRequestError):
        ask(client, messages=[])


def test_a_spent_limit_is_a_rate_limit_error_that_says_when_to_come_back():
    client = connect(os.environ["TOLLGATE_TIGHT_KEY"], max_retries=0)
    with pytest.raises(openai.RateLimitError) as caught:
        for _ in range(3):
            ask(client)
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 60


def test_a_spent_limit_is_waited_out_by_the_sdk(watched):
    brisk = watched("TOLLGATE_BRISK_KEY")
    for _ in range(20):
        assert ask(brisk.client).choices
        if 429 in brisk.statuses:
            break
    assert brisk.statuses[-2:] == [429, 200], "the SDK should have waited for `Retry-After` and got its answer"


def test_a_provider_that_is_down_is_not_the_callers_trouble(watched):
    sdk = watched("TOLLGATE_KEY")
    answer = sdk.client.chat.completions.with_raw_response.create(model="shaky", messages=QUESTION)
    assert sdk.statuses == [200], "the gateway fails over; the SDK has nothing to retry"
    assert answer.headers["x-provider"] == "steady"
    assert answer.headers["x-attempts"] == "2"
    assert answer.parse().choices[0].message.content


def test_a_stream_fails_over_too(watched):
    sdk = watched("TOLLGATE_KEY")
    chunks = list(ask(sdk.client, model="shaky", stream=True))
    assert sdk.statuses == [200]
    assert any(choice.delta.content for chunk in chunks for choice in chunk.choices)


def test_the_request_id_is_there(client):
    assert ask(client)._request_id.startswith("req_")
    assert ask(client, extra_headers={"X-Request-Id": "sdk-python-1"})._request_id == "sdk-python-1"
