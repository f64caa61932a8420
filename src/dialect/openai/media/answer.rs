//! Whether a whole answer is one, what it used, and how long the sound was that it is about.

use crate::dialect::openai::form::kind_of;
use crate::dialect::openai::request::Expected;
use crate::dialect::openai::stream::Whole;
use crate::dialect::openai::stream::glance_whole;
use crate::dialect::operation::Operation;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::time::Duration;

/// Looks at a whole answer with status 200.
pub fn judge(operation: Operation, expected: Expected, content_type: &[u8], body: &[u8]) -> Whole {
    let kind = kind_of(content_type).to_ascii_lowercase();
    let looks_like_json = body.trim_ascii_start().starts_with(b"{");
    match expected {
        // Some errors come as JSON under another type, some answers as JSON in spite of the question.
        Expected::Text | Expected::Audio if looks_like_json => match glance_whole(operation, body) {
            Whole::Malformed => Whole::Answer(None),
            told @ (Whole::Answer(_) | Whole::Error) => told,
        },
        // A page of a proxy, and not the answer.
        Expected::Text if kind == b"text/html" => Whole::Malformed,
        Expected::Text => Whole::Answer(None),
        // Words, and nothing to be heard.
        Expected::Audio if body.is_empty() || kind.starts_with(b"text/") => Whole::Malformed,
        Expected::Audio => Whole::Answer(None),
        Expected::Json => match glance_whole(operation, body) {
            Whole::Answer(_) if !has_its_field(operation, body) => Whole::Malformed,
            told @ (Whole::Answer(_) | Whole::Error | Whole::Malformed) => told,
        },
    }
}

/// Whether the field is there that makes an object the answer to this operation.
fn has_its_field(operation: Operation, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Answer {
        text: Option<IgnoredAny>,
        results: Option<IgnoredAny>,
        data: Option<IgnoredAny>,
    }
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        return false;
    };
    match operation {
        Operation::Transcriptions | Operation::AudioTranslations => answer.text.is_some(),
        Operation::Moderations => answer.results.is_some(),
        // Fireworks and Voyage call them so (vendors.md §9).
        Operation::Rerank => answer.results.is_some() || answer.data.is_some(),
        // `glance_whole` has looked, or there is none.
        Operation::ChatCompletions
        | Operation::Completions
        | Operation::Embeddings
        | Operation::Messages
        | Operation::CountTokens
        | Operation::Responses
        | Operation::ResponseTokens
        | Operation::ImageGenerations
        | Operation::ImageEdits
        | Operation::Speech => true,
    }
}

/// How long the sound was, where a transcript is billed by that (vendors.md §1.7) or tells it.
pub fn heard(body: &[u8]) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        usage: Option<Billed>,
        #[serde(default)]
        duration: Option<f64>,
    }
    #[derive(Deserialize)]
    struct Billed {
        #[serde(default)]
        seconds: Option<f64>,
    }
    let answer = serde_json::from_slice::<Answer>(body).ok()?;
    let seconds = answer.usage.and_then(|usage| usage.seconds).or(answer.duration)?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::usage::Usage;
    use Expected::{Audio, Json, Text};
    use Operation::{ImageGenerations, Moderations, Rerank, Speech, Transcriptions};

    #[test]
    fn an_answer_is_what_was_asked_for() {
        let used = Some(Usage { input: 3, output: 4, ..Usage::default() });
        let tokens = r#"{"text":"hi","usage":{"type":"tokens","input_tokens":3,"output_tokens":4}}"#;
        for (operation, expected, kind, body, told) in [
            (Transcriptions, Json, "application/json", tokens, Whole::Answer(used)),
            (Transcriptions, Json, "application/json", r#"{"text":""}"#, Whole::Answer(None)),
            (Transcriptions, Json, "application/json", r#"{"ok":true}"#, Whole::Malformed),
            (Transcriptions, Json, "text/plain", "hi", Whole::Malformed),
            (Transcriptions, Text, "text/plain; charset=utf-8", "hi", Whole::Answer(None)),
            (Transcriptions, Text, "text/plain", "", Whole::Answer(None)),
            (Transcriptions, Text, "Text/HTML", "<html>", Whole::Malformed),
            (Transcriptions, Text, "text/plain", r#"{"error":{"message":"no"}}"#, Whole::Error),
            (Transcriptions, Text, "text/plain", "{laughs}", Whole::Answer(None)),
            (Speech, Audio, "audio/mpeg", "ID3", Whole::Answer(None)),
            (Speech, Audio, "audio/mpeg", "", Whole::Malformed),
            (Speech, Audio, "text/plain", "try again", Whole::Malformed),
            (Speech, Audio, "application/json", r#"{"error":"no"}"#, Whole::Error),
            (Moderations, Json, "", r#"{"results":[]}"#, Whole::Answer(None)),
            (Moderations, Json, "", r#"{"data":[]}"#, Whole::Malformed),
            (Rerank, Json, "", r#"{"results":[],"usage":null}"#, Whole::Answer(None)),
            (Rerank, Json, "", r#"{"data":[]}"#, Whole::Answer(None)),
            (Rerank, Json, "", r#"{"message":"no"}"#, Whole::Malformed),
            (ImageGenerations, Json, "", r#"{"data":[{"url":"x"}]}"#, Whole::Answer(None)),
            (ImageGenerations, Json, "", r#"{"created":1}"#, Whole::Malformed),
        ] {
            let judged = judge(operation, expected, kind.as_bytes(), body.as_bytes());
            assert_eq!(judged, told, "{operation:?} {kind} {body}");
        }
    }

    #[test]
    fn the_length_of_the_sound_is_read() {
        for (body, seconds) in [
            (r#"{"text":"","usage":{"type":"duration","seconds":9}}"#, Some(9.0)),
            (r#"{"text":"","duration":1.5,"usage":{"type":"tokens","input_tokens":1}}"#, Some(1.5)),
            (r#"{"text":"","duration":-1}"#, None),
            (r#"{"text":""}"#, None),
            ("hi", None),
        ] {
            assert_eq!(heard(body.as_bytes()), seconds.map(Duration::from_secs_f64), "{body}");
        }
    }
}
