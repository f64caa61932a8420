//! One glance at an event or a whole answer: what it means for the relay, without building a tree.

use crate::dialect::operation::Operation;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde::de::DeserializeSeed;
use serde::de::Deserializer;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;
use std::fmt;

/// What one event is to the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A comment or a field that is not data: a ping.
    Ping,
    /// `[DONE]`.
    Done,
    /// Carries part of the answer, or its end.
    Content,
    /// A role-only or empty chunk: promises nothing yet.
    Quiet,
    /// No chunk of the answer: Azure's verdict on the prompt, which goes before it (vendors.md §8.2).
    Aside,
    /// The usage chunk: no choices, only counts.
    Usage,
    /// An error object inside a 200.
    Error,
    /// Not JSON.
    Garbage,
}

/// What was seen in one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    pub kind: Kind,
    /// Which choices ended in this event, a bit for each index; one of 128 or more is not seen.
    pub finished: u128,
    pub usage: Option<Usage>,
}

impl Glance {
    const fn of(kind: Kind) -> Glance {
        Glance { kind, finished: 0, usage: None }
    }
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(default)]
    choices: Option<Choices>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    x_groq: Option<XGroq<'a>>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
}

/// Groq puts the usage and the error of a stream here (vendors.md §6.1).
#[derive(Deserialize)]
struct XGroq<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// Looks at the data of one event; `None` is an event without data.
pub fn glance(data: Option<&[u8]>) -> Glance {
    let Some(data) = data else {
        return Glance::of(Kind::Ping);
    };
    let data = data.trim_ascii();
    if data.is_empty() {
        return Glance::of(Kind::Ping);
    }
    if data.starts_with(b"[DONE]") {
        return Glance::of(Kind::Done);
    }
    match serde_json::from_slice::<Chunk<'_>>(data) {
        Ok(chunk) => chunk.glance(),
        Err(_) => Glance::of(Kind::Garbage),
    }
}

impl Chunk<'_> {
    fn glance(&self) -> Glance {
        let groq = self.x_groq.as_ref();
        // Older servers write an error flat, without `error` around it (vendors.md §6).
        let is_flat_error = self.choices.is_none() && self.object.is_some_and(|o| o.get() == "\"error\"");
        if is_flat_error || present(self.error) || groq.is_some_and(|g| present(g.error)) {
            return Glance::of(Kind::Error);
        }
        let usage = self.usage.filter(|u| u.get() != "null").or(groq.and_then(|g| g.usage));
        let usage = usage.and_then(|u| Usage::from_openai(u.get()));
        let kind = match &self.choices {
            Some(choices) if choices.content || choices.finished != 0 => Kind::Content,
            Some(choices) if choices.count == 0 && usage.is_some() => Kind::Usage,
            Some(choices) if choices.count == 0 && self.object.is_some_and(|o| o.get() == "\"\"") => {
                Kind::Aside
            }
            Some(_) => Kind::Quiet,
            // Not a chunk as we know it; a vendor's extra is passed on.
            None if usage.is_some() && self.object.is_some() => Kind::Usage,
            None => Kind::Content,
        };
        Glance { kind, finished: self.choices.as_ref().map_or(0, |c| c.finished), usage }
    }
}

fn present(value: Option<&RawValue>) -> bool {
    value.is_some_and(|v| !matches!(v.get(), "null" | "false" | "\"\""))
}

/// What a whole answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    Answer(Option<Usage>),
    /// An error object inside a 200.
    Error,
    /// Not JSON, or nothing the operation answers with.
    Malformed,
}

/// Looks at a whole answer with status 200.
pub fn glance_whole(operation: Operation, body: &[u8]) -> Whole {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(default)]
        choices: Option<IgnoredAny>,
        #[serde(default)]
        data: Option<IgnoredAny>,
        #[serde(borrow, default)]
        usage: Option<&'a RawValue>,
        #[serde(borrow, default)]
        error: Option<&'a RawValue>,
    }
    let Ok(answer) = serde_json::from_slice::<Answer<'_>>(body) else {
        return Whole::Malformed;
    };
    let answered = match operation {
        Operation::ChatCompletions | Operation::Completions => answer.choices.is_some(),
        Operation::Embeddings | Operation::ImageGenerations | Operation::ImageEdits => answer.data.is_some(),
        // Their answers have no field in common that says so.
        Operation::Messages
        | Operation::CountTokens
        | Operation::Responses
        | Operation::ResponseTokens
        | Operation::Transcriptions
        | Operation::AudioTranslations
        | Operation::Speech
        | Operation::Moderations
        | Operation::Rerank => true,
    };
    match (answered, present(answer.error)) {
        (_, true) => Whole::Error,
        (true, false) => Whole::Answer(answer.usage.and_then(|u| Usage::from_openai(u.get()))),
        (false, false) => Whole::Malformed,
    }
}

/// All choices of a chunk, folded into what matters.
#[derive(Clone, Copy, Debug, Default)]
struct Choices {
    count: u32,
    finished: u128,
    content: bool,
}

impl<'de> Deserialize<'de> for Choices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Choices, D::Error> {
        deserializer.deserialize_seq(ChoicesVisitor)
    }
}

struct ChoicesVisitor;

impl<'de> Visitor<'de> for ChoicesVisitor {
    type Value = Choices;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of choices")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Choices, A::Error> {
        let mut choices = Choices::default();
        while seq.next_element_seed(ChoiceSeed(&mut choices))?.is_some() {
            choices.count += 1;
        }
        Ok(choices)
    }
}

struct ChoiceSeed<'c>(&'c mut Choices);

impl<'de> DeserializeSeed<'de> for ChoiceSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ChoiceSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a choice")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // A choice without an index is known by its place.
        let (mut index, mut finished) = (self.0.count, false);
        while let Some(Name(name)) = map.next_key()? {
            match name {
                Field::Delta => self.0.content |= map.next_value::<Option<Delta>>()?.is_some_and(|d| d.0),
                Field::Text => self.0.content |= filled(map.next_value::<&RawValue>()?),
                Field::FinishReason => finished = filled(map.next_value::<&RawValue>()?),
                Field::Index => index = map.next_value::<&RawValue>()?.get().parse().unwrap_or(index),
                Field::Role | Field::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        self.0.finished |= u128::from(finished).checked_shl(index).unwrap_or(0);
        Ok(())
    }
}

/// Whether a delta carries anything besides the role.
struct Delta(bool);

impl<'de> Deserialize<'de> for Delta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Delta, D::Error> {
        deserializer.deserialize_map(DeltaVisitor)
    }
}

struct DeltaVisitor;

impl<'de> Visitor<'de> for DeltaVisitor {
    type Value = Delta;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a delta")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Delta, A::Error> {
        let mut content = false;
        while let Some(Name(name)) = map.next_key()? {
            match name {
                Field::Role => drop(map.next_value::<IgnoredAny>()?),
                Field::Delta | Field::Text | Field::FinishReason | Field::Index | Field::Other => {
                    content |= filled(map.next_value::<&RawValue>()?);
                }
            }
        }
        Ok(Delta(content))
    }
}

fn filled(value: &RawValue) -> bool {
    !matches!(value.get(), "null" | "\"\"" | "[]" | "{}")
}

enum Field {
    Delta,
    Text,
    FinishReason,
    Index,
    Role,
    Other,
}

/// A member's name, read without an allocation even where it is written with escapes.
struct Name(Field);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_identifier(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(Name(match name {
            "delta" => Field::Delta,
            "text" => Field::Text,
            "finish_reason" => Field::FinishReason,
            "index" => Field::Index,
            "role" => Field::Role,
            _ => Field::Other,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(data: &str) -> Kind {
        glance(Some(data.as_bytes())).kind
    }

    #[test]
    fn tells_promises_from_content() {
        for (data, expected) in [
            ("[DONE]", Kind::Done),
            ("", Kind::Ping),
            (
                r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
                Kind::Quiet,
            ),
            (r#"{"choices":[{"delta":{"role":"assistant","content":null}}]}"#, Kind::Quiet),
            (r#"{"choices":[]}"#, Kind::Quiet),
            (r#"{"choices":[],"object":"","prompt_filter_results":[]}"#, Kind::Aside),
            (r#"{"choices":[{"delta":{"content":"x"}}]}"#, Kind::Content),
            (r#"{"choices":[{"delta":{"reasoning":"x"}}]}"#, Kind::Content),
            (r#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#, Kind::Content),
            (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, Kind::Content),
            (r#"{"choices":[{"delta":null,"finish_reason":"stop"}]}"#, Kind::Content),
            (r#"{"choices":[{"text":"a","index":0}]}"#, Kind::Content),
            (r#"{"choices":[{"text":"","index":0}]}"#, Kind::Quiet),
            (r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#, Kind::Usage),
            (r#"{"error":{"message":"no"}}"#, Kind::Error),
            (r#"{"error":"no","choices":[]}"#, Kind::Error),
            (r#"{"x_groq":{"error":"no"},"choices":[]}"#, Kind::Error),
            (r#"{"object":"error","message":"no","type":"x","code":400}"#, Kind::Error),
            (r#"{"error":null,"choices":[{"delta":{"content":"x"}}]}"#, Kind::Content),
            (r#"{"choices":[{"delta":{"content":"x"}}"#, Kind::Garbage),
            ("<html>", Kind::Garbage),
        ] {
            assert_eq!(kind(data), expected, "{data}");
        }
        assert_eq!(glance(None).kind, Kind::Ping);
    }

    #[test]
    fn it_tells_which_choices_have_ended() {
        for (data, expected) in [
            (r#"{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}"#, 0),
            (r#"{"choices":[{"index":0,"finish_reason":"stop"}]}"#, 1),
            (r#"{"choices":[{"finish_reason":"stop","index":2}]}"#, 1 << 2),
            (r#"{"choices":[{"finish_reason":"stop"},{"finish_reason":"stop"}]}"#, 3),
            (r#"{"choices":[{"index":1,"delta":{}},{"index":0,"finish_reason":"length"}]}"#, 1),
            (r#"{"choices":[{"index":null,"finish_reason":"stop"}]}"#, 1),
            (r#"{"choices":[{"index":127,"finish_reason":"stop"}]}"#, 1 << 127),
            (r#"{"choices":[{"index":128,"finish_reason":"stop"}]}"#, 0),
        ] {
            assert_eq!(glance(Some(data.as_bytes())).finished, expected, "{data}");
        }
    }

    #[test]
    fn usage_is_found_wherever_vendors_put_it() {
        let usage = Some(Usage { input: 3, output: 4, ..Usage::default() });
        let last = r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
        let seen = glance(Some(last.as_bytes()));
        assert_eq!((seen.kind, seen.finished, seen.usage), (Kind::Content, 1, usage));
        let groq = r#"{"choices":[],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":4}}}"#;
        assert_eq!(glance(Some(groq.as_bytes())).usage, usage);
    }

    #[test]
    fn a_whole_answer_must_be_one() {
        use Operation::{ChatCompletions, Embeddings};
        assert_eq!(glance_whole(ChatCompletions, br#"{"choices":[]}"#), Whole::Answer(None));
        assert_eq!(glance_whole(ChatCompletions, br#"{"data":[]}"#), Whole::Malformed);
        assert_eq!(glance_whole(Embeddings, br#"{"data":[],"error":null}"#), Whole::Answer(None));
        assert_eq!(glance_whole(ChatCompletions, br#"{"error":{"message":"x"}}"#), Whole::Error);
        assert_eq!(glance_whole(ChatCompletions, b"<html>"), Whole::Malformed);
        assert_eq!(glance_whole(ChatCompletions, b""), Whole::Malformed);
    }
}
