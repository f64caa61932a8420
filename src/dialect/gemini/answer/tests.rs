//! Whole answers.

use crate::dialect::gemini::PROVIDER;
use crate::dialect::hub::*;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::ProviderSide;
use crate::dialect::usage::Usage;
use serde_json::Value;
use serde_json::json;

const REPLY: &str = include_str!("../fixtures/reply.json");

fn read(body: &str) -> Result<ChatResponse<'_>, NoAnswer> {
    PROVIDER.read(body.as_bytes())
}

fn finished(candidate: &Value) -> Option<Finish> {
    let body = json!({ "candidates": [candidate] }).to_string();
    read(&body).unwrap().choices[0].finish
}

#[test]
fn every_part_of_a_rich_answer_is_read() {
    let response = read(REPLY).unwrap();
    assert_eq!((&*response.id, &*response.model), ("abc", "gemini-3.8-flash"));
    let [choice] = response.choices.as_slice() else { panic!("{:?}", response.choices) };
    assert_eq!(choice.finish, Some(Finish::ToolCalls), "a call ends with an ordinary stop");
    let shown: Vec<String> = choice.parts.iter().map(shown).collect();
    let expected = [
        "thinking plan it None",
        "text Über  None",
        "text Bern: 4°. Some(\"seal-1\")",
        "call x1 weather {\"city\":\"Bern\",\"n\":1.50} Some(\"seal-2\")",
        "call  time {} None",
        "image image/png aW1n",
        "audio pcm16 c291bmQ=",
        "text  Some(\"seal-3\")",
    ];
    assert_eq!(shown, expected);
}

fn shown(part: &Part<'_>) -> String {
    match part {
        Part::Text(text) => format!("text {} {:?}", text.text, text.signature),
        Part::Thinking(thinking) => format!("thinking {} {:?}", thinking.text, thinking.signature),
        Part::ToolCall(call) => {
            format!("call {} {} {} {:?}", call.id, call.name, call.arguments, call.signature)
        }
        Part::Image(Image { media: Media::Inline { kind, data }, .. }) => format!("image {kind} {data}"),
        Part::Audio(audio) => format!("audio {} {}", audio.format, audio.data),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sources_are_placed_by_characters_of_the_answer() {
    let response = read(REPLY).unwrap();
    let Some(Part::Text(last)) = response.choices[0].parts.last() else { panic!("{response:?}") };
    let placed: Vec<(&str, &str, u64, u64)> = last
        .citations
        .iter()
        .map(|citation| {
            (&*citation.url, citation.cited.as_deref().unwrap_or(""), citation.start, citation.end)
        })
        .collect();
    let expected = [
        ("https://a.example", "Über ", 0, 5),
        ("https://b.example", "Über ", 0, 5),
        ("https://b.example", "4°", 11, 13),
        ("https://book.example", "", 0, 5),
    ];
    assert_eq!(placed, expected);
}

#[test]
fn logprobs_have_the_shape_that_clients_know() {
    let response = read(REPLY).unwrap();
    let logprobs: Value = serde_json::from_str(response.choices[0].logprobs.as_ref().unwrap().get()).unwrap();
    let expected = json!({"content": [{"token": "Ü", "logprob": -0.5, "bytes": [195, 156], "top_logprobs": [
        {"token": "Ü", "logprob": -0.5, "bytes": [195, 156]},
        {"token": "In", "logprob": -1.25, "bytes": [73, 110]},
    ]}], "refusal": null});
    assert_eq!(logprobs, expected);
}

#[test]
fn thoughts_are_counted_once() {
    let usage = |counts: Value| {
        let body = json!({"candidates": [{}], "usageMetadata": counts}).to_string();
        read(&body).unwrap().usage
    };
    let expected = Usage { input: 13, cached: 4, cache_write: 0, output: 25, reasoning: 20 };
    assert_eq!(read(REPLY).unwrap().usage, Some(expected), "they are beside the answer");
    let within = json!({"promptTokenCount": 10, "candidatesTokenCount": 25, "thoughtsTokenCount": 20, "totalTokenCount": 35});
    assert_eq!(usage(within), Some(Usage { input: 10, output: 25, reasoning: 20, ..Usage::default() }));
    let plain = json!({"promptTokenCount": 10, "candidatesTokenCount": 2, "totalTokenCount": 12, "thoughtsTokenCount": null});
    assert_eq!(usage(plain), Some(Usage { input: 10, output: 2, ..Usage::default() }));
    assert_eq!(usage(Value::Null), None);
}

#[test]
fn every_reason_to_end_is_understood() {
    use Finish::{ContentFilter, Length, Stop, ToolCalls};
    let table = [
        (Stop, "STOP"),
        (Length, "MAX_TOKENS"),
        (Length, "CONTINUATION"),
        (ContentFilter, "SAFETY"),
        (ContentFilter, "RECITATION"),
        (ContentFilter, "LANGUAGE"),
        (ContentFilter, "BLOCKLIST"),
        (ContentFilter, "PROHIBITED_CONTENT"),
        (ContentFilter, "SPII"),
        (ContentFilter, "IMAGE_SAFETY"),
        (ContentFilter, "IMAGE_PROHIBITED_CONTENT"),
        (ContentFilter, "IMAGE_RECITATION"),
        (ContentFilter, "IMAGE_OTHER"),
        (ContentFilter, "NO_IMAGE"),
        (ContentFilter, "OTHER"),
        (ContentFilter, "ESCALATION"),
        (ContentFilter, "MODEL_ARMOR"),
        (ContentFilter, "PUP_LIMITED_DISABLED"),
        (Stop, "MALFORMED_FUNCTION_CALL"),
        (Stop, "UNEXPECTED_TOOL_CALL"),
        (Stop, "MISSING_THOUGHT_SIGNATURE"),
        (Stop, "FINISH_REASON_UNSPECIFIED"),
        (Stop, "A_NEW_ONE"),
    ];
    for (finish, reason) in table {
        assert_eq!(finished(&json!({ "finishReason": reason })), Some(finish), "{reason}");
    }
    let parts = json!({"parts": [{"functionCall": {"name": "f"}}]});
    assert_eq!(finished(&json!({"content": parts, "finishReason": "STOP"})), Some(ToolCalls));
    assert_eq!(finished(&json!({"content": parts, "finishReason": "MAX_TOKENS"})), Some(Length));
    assert_eq!(finished(&json!({ "content": parts })), None);
}

#[test]
fn a_blocked_question_is_an_answer_that_was_filtered() {
    let body = r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}}"#;
    let response = read(body).unwrap();
    assert_eq!(response.choices[0].finish, Some(Finish::ContentFilter));
    assert!(response.choices[0].parts.is_empty());
    assert_eq!(response.usage.map(|usage| usage.input), Some(4));
}

#[test]
fn several_answers_come_in_the_order_of_their_numbers() {
    let answer = |index: u32, text: &str| json!({"index": index, "content": {"parts": [{"text": text}]}});
    let body = json!({"candidates": [answer(1, "b"), answer(0, "a")]}).to_string();
    let response = read(&body).unwrap();
    let texts: Vec<String> = response.choices.iter().map(|choice| shown(&choice.parts[0])).collect();
    assert_eq!(texts, ["text a None", "text b None"]);
}

#[test]
fn nulls_and_unknown_fields_are_no_trouble() {
    let body = r#"{"candidates":[{"content":{"parts":[{"text":"a","thought":null,"thoughtSignature":null,"new":{}}]},
        "finishReason":null,"index":null,"groundingMetadata":null,"logprobsResult":{"odd":1},"citationMetadata":7}],
        "promptFeedback":null,"usageMetadata":null,"modelVersion":null,"responseId":null,"error":null}"#;
    assert_eq!(read(body).unwrap().choices[0].parts.len(), 1);
}

#[test]
fn what_is_no_answer_is_not_taken_for_one() {
    let error = r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#;
    assert_eq!(read(error).unwrap_err(), NoAnswer::Error);
    assert_eq!(read(&format!("[{error}]")).unwrap_err(), NoAnswer::Error);
    for body in [
        "",
        "null",
        "7",
        "\"x\"",
        "{}",
        "[]",
        "[{},{}]",
        "<html>",
        r#"{"candidates":[]}"#,
        r#"{"candidates":7}"#,
    ] {
        assert_eq!(read(body).unwrap_err(), NoAnswer::Malformed, "{body}");
    }
}

#[test]
fn a_truncated_answer_is_none() {
    let whole = REPLY.trim_end();
    for end in 0..whole.len() {
        assert!(PROVIDER.read(&whole.as_bytes()[..end]).is_err(), "cut at {end}");
    }
}
