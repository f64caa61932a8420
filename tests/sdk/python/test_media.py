"""Images, sound and moderation through openai-python; `media` begins at a provider that is down."""

import base64
import hashlib

SOUND = bytes(range(256)) * 40
HEARD = f"{len(SOUND)} bytes, mark {hashlib.sha256(SOUND).hexdigest()[:16]}"


def drawn(image):
    return base64.b64decode(image.b64_json).decode()


def test_images_are_made(client):
    answer = client.images.generate(model="media", prompt="a quiet river", n=2)
    assert all(drawn(image).startswith("steady drew") for image in answer.data)
    assert len({image.b64_json for image in answer.data}) == 2
    assert answer.usage.total_tokens > 0


def test_an_image_is_streamed(client):
    events = list(client.images.generate(model="media", prompt="a river", stream=True, partial_images=2))
    kinds = [event.type for event in events]
    assert kinds == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert events[-1].usage.output_tokens > 0


def test_images_are_edited(client):
    ask = {"model": "media", "prompt": "more water"}
    one = client.images.edit(image=("a.png", SOUND), **ask)
    two = client.images.edit(image=[("a.png", SOUND), ("b.png", SOUND)], mask=("m.png", b"mask"), **ask)
    assert drawn(one.data[0]) != drawn(two.data[0])
    events = list(client.images.edit(image=("a.png", SOUND), stream=True, **ask))
    assert [event.type for event in events] == ["image_edit.completed"]


def test_a_file_is_transcribed_byte_for_byte(client):
    ask = {"model": "media", "file": ("talk.wav", SOUND)}
    assert HEARD in client.audio.transcriptions.create(**ask).text
    assert HEARD in client.audio.transcriptions.create(response_format="srt", **ask)
    verbose = client.audio.transcriptions.create(
        response_format="verbose_json", timestamp_granularities=["word", "segment"], **ask
    )
    assert HEARD in verbose.text
    assert verbose.duration > 0
    assert HEARD in client.audio.translations.create(**ask).text


def test_a_transcript_is_streamed(client):
    events = list(client.audio.transcriptions.create(model="media", file=("talk.wav", SOUND), stream=True))
    assert events[-1].type == "transcript.text.done"
    assert HEARD in events[-1].text
    assert "".join(event.delta for event in events[:-1]) == events[-1].text


def test_speech_is_heard_whole_and_in_pieces(client):
    ask = {"model": "media", "voice": "alloy", "input": "hello"}
    whole = client.audio.speech.create(**ask).read()
    assert len(whole) > 1000
    with client.audio.speech.with_streaming_response.create(response_format="wav", **ask) as answer:
        assert answer.headers["content-type"] == "audio/wav"
        assert b"".join(answer.iter_bytes()) == whole


def test_texts_are_moderated(client):
    answer = client.moderations.create(input=["a river", "violence"])
    assert [result.flagged for result in answer.results] == [False, True]
    assert answer.results[1].categories.violence
    parts = [{"type": "text", "text": "hate"}]
    assert client.moderations.create(model="media", input=parts).results[0].categories.hate
