"""The clients that the tests share; `tests/sdk.rs` starts the gateway and sets the environment."""

import os

import anthropic
import openai
import pytest

# An answer that lacks what the vendor's schema requires is an error, where the SDKs would let it pass.
STRICT = {"timeout": 20, "_strict_response_validation": True}


def connect(key, **options):
    return openai.OpenAI(base_url=os.environ["TOLLGATE_URL"], api_key=key, **{**STRICT, **options})


def connect_anthropic(**options):
    """With `api_key` or `auth_token`: the SDK sends the one as `x-api-key`, the other as a bearer."""
    url = os.environ["TOLLGATE_URL"].removesuffix("/v1")
    return anthropic.Anthropic(base_url=url, max_retries=0, **STRICT, **options)


@pytest.fixture
def client():
    with connect(os.environ["TOLLGATE_KEY"], max_retries=0) as client:
        yield client


@pytest.fixture
def claude():
    with connect_anthropic(api_key=os.environ["TOLLGATE_KEY"]) as client:
        yield client


class Watched:
    """A client with the SDK's own retries, and the status of every answer it got on the way."""

    def __init__(self, key):
        self.statuses = []
        hooks = {"response": [lambda response: self.statuses.append(response.status_code)]}
        self.client = connect(key, http_client=openai.DefaultHttpxClient(event_hooks=hooks))


@pytest.fixture
def watched():
    return lambda variable: Watched(os.environ[variable])


# One model of each dialect that a provider behind the gateway speaks.
CHATS = ["steady/small", "anthropic/claude-sonnet-4-6", "gemini/gemini-3.8-flash"]


@pytest.fixture(params=CHATS)
def anywhere(request):
    return request.param
