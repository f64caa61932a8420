"""Embeddings through openai-python, which asks for base64 unless told otherwise."""

import os

import pytest
from conftest import connect


@pytest.mark.parametrize("model", ["chat", "gemini/gemini-embedding-001"])
def test_base64_and_floats_are_the_same_numbers(model):
    # The SDK unpacks base64 after it has looked at the schema, which knows floats only.
    client = connect(os.environ["TOLLGATE_KEY"], _strict_response_validation=False)
    ask = {"model": model, "input": ["one text", "another text"]}
    packed = client.embeddings.create(**ask)
    floats = client.embeddings.create(encoding_format="float", **ask)
    assert [item.index for item in packed.data] == [0, 1]
    assert packed.data[0].embedding != packed.data[1].embedding
    for one, other in zip(packed.data, floats.data, strict=True):
        assert list(one.embedding) == pytest.approx(list(other.embedding), abs=1e-6)
    assert packed.usage.prompt_tokens > 0
