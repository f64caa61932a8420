"""The clients that the tests share; `tests/sdk.rs` starts the gateway and sets the environment."""

import os

import openai
import pytest


def connect(key, **options):
    return openai.OpenAI(base_url=os.environ["TOLLGATE_URL"], api_key=key, timeout=20, **options)


@pytest.fixture
def client():
    with connect(os.environ["TOLLGATE_KEY"], max_retries=0) as client:
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
