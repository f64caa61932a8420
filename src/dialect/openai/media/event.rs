//! One glance at an event of a stream of images, transcripts or speech: what it means for the relay.

use crate::dialect::openai::stream;
use crate::dialect::openai::stream::Kind;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The types of the events that end an image, a transcript or a speech (vendors.md §1.7; the one without `text` is
/// Mistral's). What is not here carries part of the answer.
const ENDS: &[&str] = &[
    "image_generation.completed",
    "image_edit.completed",
    "transcript.text.done",
    "transcription.done",
    "speech.audio.done",
];

/// What was seen in one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub kind: Kind,
    /// It finishes an image, a transcript or a speech.
    pub finishes: bool,
    /// Nothing belongs to that any more.
    pub ends: bool,
    pub usage: Option<Usage>,
}

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
pub fn glance(data: Option<&[u8]>) -> Seen {
    let told = data.and_then(|data| serde_json::from_slice::<Told<'_>>(data.trim_ascii()).ok());
    let Some(told) = told.filter(|told| told.choices.is_none()) else {
        // Pings, `[DONE]`, garbage, and the transcripts of vLLM: chunks of a chat, with counts behind their finish.
        let seen = stream::glance(data);
        return Seen { kind: seen.kind, finishes: seen.finished != 0, ends: false, usage: seen.usage };
    };
    let word = told.kind.as_deref().unwrap_or_default();
    let failed = word == "error" || told.error.is_some_and(|e| !matches!(e.get(), "null" | "false" | "\"\""));
    let ends = !failed && ENDS.contains(&word);
    let usage = told.usage.and_then(|usage| Usage::from_openai(usage.get()));
    Seen { kind: if failed { Kind::Error } else { Kind::Content }, finishes: ends, ends, usage }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_has_its_own_end() {
        for (data, kind, ends) in [
            (r#"{"type":"image_generation.partial_image","b64_json":"x"}"#, Kind::Content, false),
            (r#"{"type":"image_generation.completed","b64_json":"x"}"#, Kind::Content, true),
            (r#"{"type":"image_edit.completed","b64_json":"x"}"#, Kind::Content, true),
            (r#"{"type":"transcript.text.delta","delta":"x"}"#, Kind::Content, false),
            (r#"{"type":"transcript.text.segment","text":"x"}"#, Kind::Content, false),
            (r#" {"type":"transcript.text.done","text":"x"}"#, Kind::Content, true),
            (r#"{"type":"speech.audio.delta","audio":"x"}"#, Kind::Content, false),
            (r#"{"type":"speech.audio.done"}"#, Kind::Content, true),
            (r#"{"type":"something.else"}"#, Kind::Content, false),
            (r#"{"type":"error","error":{"message":"no"}}"#, Kind::Error, false),
            (r#"{"type":"error","message":"no"}"#, Kind::Error, false),
            (r#"{"error":{"message":"no"}}"#, Kind::Error, false),
            (
                r#"{"object":"transcription.chunk","choices":[{"delta":{"content":"x"}}]}"#,
                Kind::Content,
                false,
            ),
            (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, Kind::Content, false),
            ("[DONE]", Kind::Done, false),
            ("<html>", Kind::Garbage, false),
            ("7", Kind::Garbage, false),
        ] {
            let seen = glance(Some(data.as_bytes()));
            assert_eq!((seen.kind, seen.ends), (kind, ends), "{data}");
            assert!(seen.finishes || !ends, "{data}");
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
