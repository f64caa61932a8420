"""What is asked in a bench, and the same answer as each dialect of a provider says it."""

import json

SYSTEM = {
    "role": "system",
    "content": "You are the assistant of a small hardware shop. Answer in two or three short sentences, name the "
    "aisle where a thing is kept, and say so when you are not sure. Never promise a price. " * 3,
}
USER = {
    "role": "user",
    "content": "I need to hang a shelf of about twelve kilograms on a plasterboard wall. Which anchors would you take, "
    "how many of them, and do I need to find the studs first? I have a small cordless drill at home.",
}
SAID = (
    "Four metal cavity anchors rated for plasterboard will hold it, two at each end (aisle 7). If you can reach a stud, "
    "screw at least one end into it, that is stronger than any anchor."
)

OPENAI = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1795000000,
    "model": "small",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": SAID},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 212, "completion_tokens": 46, "total_tokens": 258},
    "service_tier": "default",
    "system_fingerprint": None,
}
ANTHROPIC = {
    "id": "msg_bench",
    "type": "message",
    "role": "assistant",
    "model": "small",
    "content": [{"type": "text", "text": SAID, "citations": None}],
    "container": None,
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "stop_details": None,
    "usage": {
        "input_tokens": 212,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 46,
        "server_tool_use": None,
        "service_tier": "standard",
    },
}
GEMINI = {
    "candidates": [
        {"content": {"parts": [{"text": SAID}], "role": "model"}, "finishReason": "STOP", "index": 0}
    ],
    "usageMetadata": {"promptTokenCount": 212, "candidatesTokenCount": 46, "totalTokenCount": 258},
    "modelVersion": "small",
    "responseId": "bench",
}

# A stream is so many pieces of one size.
PIECES = 200
PIECE = " anchor"


def openai_stream():
    head = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1795000000, "model": "small"}

    def chunk(delta, finish=None):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event({**head, "choices": [choice], "usage": None})

    first = chunk({"role": "assistant", "content": "", "refusal": None})
    return first + chunk({"content": PIECE}) * PIECES + chunk({}, "stop") + "data: [DONE]\n\n"


def anthropic_stream():
    def named(kind, **fields):
        return f"event: {kind}\n" + event({"type": kind, **fields})

    opening = {**ANTHROPIC, "content": [], "stop_reason": None}
    first = named("message_start", message=opening) + named("ping")
    first += named("content_block_start", index=0, content_block={"type": "text", "text": ""})
    piece = named("content_block_delta", index=0, delta={"type": "text_delta", "text": PIECE})
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    last = named("message_delta", delta=end, usage={"output_tokens": PIECES}) + named("message_stop")
    return first + piece * PIECES + named("content_block_stop", index=0) + last


def gemini_stream():
    def piece(tokens, text, **ending):
        candidate = {"content": {"parts": [{"text": text}], "role": "model"}, **ending, "index": 0}
        counts = {"promptTokenCount": 212, "candidatesTokenCount": tokens, "totalTokenCount": 212 + tokens}
        return event({**GEMINI, "candidates": [candidate], "usageMetadata": counts}, "\r\n")

    pieces = [piece(number + 1, PIECE) for number in range(PIECES)]
    return "".join(pieces) + piece(PIECES, "", finishReason="STOP")


def event(data, line_end="\n"):
    return f"data: {json.dumps(data, separators=(',', ':'))}{line_end}{line_end}"
