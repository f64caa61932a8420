//! One glance at an event of a stream of images, transcripts or speech: what it means for the relay.

use crate::dialect::openai::stream;
use crate::dialect::openai::stream::Glance;
use crate::dialect::openai::stream::Kind;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The types of the events that end such streams (vendors.md §1.7; the one without `text` is Mistral's). Each counts
/// as a choice that is finished: an image is one, a transcript is one. What is not here carries part of the answer.
const ENDS: &[&str] = &[
    "image_generation.completed",
    "image_edit.completed",
    "transcript.text.done",
    "transcription.done",
    "speech.audio.done",
];

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(default)]
    choices: Option<IgnoredAny>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// Looks at the data of one event; `None` is an event without data.
pub fn glance(data: Option<&[u8]>) -> Glance {
    let told = data.and_then(|data| serde_json::from_slice::<Told<'_>>(data.trim_ascii()).ok());
    let Some(told) = told.filter(|told| told.choices.is_none()) else {
        // Pings, `[DONE]`, garbage, and the transcripts of vLLM, which come in the chunks of a chat.
        return stream::glance(data);
    };
    let kind = told.kind.as_deref().unwrap_or_default();
    let failed = kind == "error" || told.error.is_some_and(|e| !matches!(e.get(), "null" | "false" | "\"\""));
    Glance {
        kind: if failed { Kind::Error } else { Kind::Content },
        finished: u64::from(!failed && ENDS.contains(&kind)),
        usage: told.usage.and_then(|usage| Usage::from_openai(usage.get())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_has_its_own_end() {
        for (data, kind, finished) in [
            (r#"{"type":"image_generation.partial_image","b64_json":"x"}"#, Kind::Content, 0),
            (r#"{"type":"image_generation.completed","b64_json":"x"}"#, Kind::Content, 1),
            (r#"{"type":"image_edit.completed","b64_json":"x"}"#, Kind::Content, 1),
            (r#"{"type":"transcript.text.delta","delta":"x"}"#, Kind::Content, 0),
            (r#"{"type":"transcript.text.segment","text":"x"}"#, Kind::Content, 0),
            (r#" {"type":"transcript.text.done","text":"x"}"#, Kind::Content, 1),
            (r#"{"type":"speech.audio.delta","audio":"x"}"#, Kind::Content, 0),
            (r#"{"type":"speech.audio.done"}"#, Kind::Content, 1),
            (r#"{"type":"something.else"}"#, Kind::Content, 0),
            (r#"{"type":"error","error":{"message":"no"}}"#, Kind::Error, 0),
            (r#"{"type":"error","message":"no"}"#, Kind::Error, 0),
            (r#"{"error":{"message":"no"}}"#, Kind::Error, 0),
            (r#"{"object":"transcription.chunk","choices":[{"delta":{"content":"x"}}]}"#, Kind::Content, 0),
            (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, Kind::Content, 1),
            ("[DONE]", Kind::Done, 0),
            ("<html>", Kind::Garbage, 0),
            ("7", Kind::Garbage, 0),
        ] {
            let seen = glance(Some(data.as_bytes()));
            assert_eq!((seen.kind, seen.finished), (kind, finished), "{data}");
        }
        assert_eq!(glance(None).kind, Kind::Ping);
    }

    #[test]
    fn usage_is_read_from_the_last_event() {
        let data = r#"{"type":"image_edit.completed","error":null,
            "usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"image_tokens":5}}}"#;
        let usage = Some(Usage { input: 7, output: 9, ..Usage::default() });
        assert_eq!(glance(Some(data.as_bytes())).usage, usage);
    }
}
