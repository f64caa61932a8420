"""What is asked in a bench, and the same answer as each dialect of a provider says it."""

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
