//! What the gateway must know of a request, read without building a tree, and the request as a provider gets it.

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::missing;
use crate::dialect::bad_request::not_json;
use crate::dialect::bad_request::unreadable;
use crate::dialect::bad_request::wrong;
use crate::dialect::openai::messages::Messages;
use crate::dialect::operation::Operation;
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;

/// Longest name of a model, in bytes: it is repeated in headers, and no vendor's is nearly as long.
const MAX_NAME: usize = 1024;

/// What was read from a request body. Ranges are byte positions in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub model: String,
    pub(super) model_at: Place,
    pub stream: bool,
    /// Whether the client itself asked for the usage chunk, or the operation has none to ask for.
    pub include_usage: bool,
    pub(super) stream_options_at: Option<Range<usize>>,
    pub(super) stream_options: Option<String>,
    /// The most tokens the answer may have, where the request says so.
    pub max_output: Option<u64>,
    /// How many choices are asked for.
    pub choices: u64,
    /// Bytes of it that are no file, to guess its tokens from.
    pub words: usize,
    /// What a whole answer to it is.
    pub expected: Expected,
    /// Of a form.
    pub boundary: Option<String>,
}

/// Where a request says its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Json(Range<usize>),
    /// In a form, where it is written bare.
    Form(Range<usize>),
    /// It does not; the vendor has a default.
    Nowhere,
}

/// What a whole answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Json,
    /// Plain text or subtitles.
    Text,
    /// Bytes that are passed on as they come.
    Audio,
}

/// The names of [`Fields`].
const FIELDS: [&str; 9] = [
    "model",
    "messages",
    "prompt",
    "input",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "n",
];

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(default)]
    messages: Messages,
    #[serde(borrow)]
    prompt: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    stream: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    stream_options: Option<&'a RawValue>,
    #[serde(borrow)]
    max_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    max_completion_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    n: Option<&'a RawValue>,
}

/// Keeps a `null`, whose place must be known to replace it.
fn even_null<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl Shape {
    /// Reads what routing, limits and streaming need; everything else stays as it is.
    ///
    /// # Errors
    /// [`BadRequest`] names the field that is missing or of the wrong type.
    pub fn read(operation: Operation, body: &[u8]) -> Result<Shape, BadRequest> {
        let text = std::str::from_utf8(body)
            .map_err(|e| not_json(format!("invalid UTF-8 at byte {}", e.valid_up_to())))?;
        if !text.trim_ascii_start().starts_with('{') {
            return Err(not_json("it must be a JSON object".to_owned()));
        }
        let fields: Fields<'_> = serde_json::from_str(text).map_err(|e| unreadable(&e, &FIELDS))?;
        let model = fields.model.filter(|m| m.get() != "null");
        let model = model.ok_or_else(|| missing("model"))?;
        let name: Cow<'_, str> = read(model, "model", "a string")?;
        check_name(&name)?;
        fields.check_subject(operation)?;
        let options = fields.stream_options.filter(|o| o.get() != "null");
        Ok(Shape {
            model: name.into_owned(),
            model_at: Place::Json(place(text, model)),
            stream: optional(fields.stream, "stream", "true or false")?.unwrap_or(false),
            include_usage: include_usage(options)?,
            stream_options_at: fields.stream_options.map(|o| place(text, o)),
            stream_options: options.map(|o| o.get().to_owned()),
            max_output: fields.max_output()?,
            choices: optional::<u64>(fields.n, "n", "a whole number")?.unwrap_or(1).max(1),
            words: body.len(),
            expected: Expected::Json,
            boundary: None,
        })
    }

    /// The body for a provider: its own name of the model, and the usage chunk asked for if the answer is
    /// streamed and `ask_usage` is set. Every other byte is the client's.
    pub fn body_for(&self, body: &[u8], model: &str, ask_usage: bool) -> Vec<u8> {
        let mut edits = vec![match &self.model_at {
            Place::Json(at) => (at.clone(), quoted(model)),
            Place::Form(at) => (at.clone(), model.to_owned()),
            Place::Nowhere => (first_member(body), format!("\"model\":{},", quoted(model))),
        }];
        if self.stream && ask_usage && !self.include_usage {
            edits.push(self.usage_edit(body));
        }
        edits.sort_by_key(|(range, _)| range.start);
        splice(body, &edits)
    }

    fn usage_edit(&self, body: &[u8]) -> (Range<usize>, String) {
        match (&self.stream_options_at, &self.stream_options) {
            (Some(at), Some(options)) => (at.clone(), with_usage(options)),
            (Some(at), None) => (at.clone(), r#"{"include_usage":true}"#.to_owned()),
            (None, _) => (first_member(body), r#""stream_options":{"include_usage":true},"#.to_owned()),
        }
    }

    /// Whether the body names the model itself.
    pub fn names_model(&self) -> bool {
        self.model_at != Place::Nowhere
    }
}

/// The place before the first member of an object that is not empty.
fn first_member(body: &[u8]) -> Range<usize> {
    let open = body.iter().position(|b| *b == b'{').map_or(0, |at| at + 1);
    open..open
}

/// Whether a provider can be asked for a model of this name.
pub(super) fn check_name(name: &str) -> Result<(), BadRequest> {
    match name.len() {
        0 => Err(wrong("model", "a string that is not empty")),
        1..=MAX_NAME => Ok(()),
        _ => Err(wrong("model", "a string of at most 1024 bytes")),
    }
}

impl Fields<'_> {
    fn max_output(&self) -> Result<Option<u64>, BadRequest> {
        let newer = optional(self.max_completion_tokens, "max_completion_tokens", "a whole number")?;
        let older = optional(self.max_tokens, "max_tokens", "a whole number")?;
        Ok(newer.or(older))
    }

    fn check_subject(&self, operation: Operation) -> Result<(), BadRequest> {
        match operation {
            Operation::ChatCompletions | Operation::Messages | Operation::CountTokens => {
                check_messages(self.messages)
            }
            Operation::Completions => check_text("prompt", self.prompt, true),
            Operation::Embeddings => check_text("input", self.input, false),
            // Read in `media` or by their own dialect.
            Operation::Moderations
            | Operation::Responses
            | Operation::ResponseTokens
            | Operation::ImageGenerations
            | Operation::ImageEdits
            | Operation::Transcriptions
            | Operation::AudioTranslations
            | Operation::Speech
            | Operation::Rerank => Ok(()),
        }
    }
}

fn check_messages(messages: Messages) -> Result<(), BadRequest> {
    const FIELD: &str = "messages";
    match messages {
        Messages::Fine => Ok(()),
        Messages::Missing => Err(missing(FIELD)),
        Messages::NoList => Err(wrong(FIELD, "an array")),
        Messages::Empty => Err(wrong(FIELD, "an array that is not empty")),
        Messages::BadMember => Err(wrong(FIELD, "an array of objects that have a `role` each")),
    }
}

fn check_text(field: &'static str, value: Option<&RawValue>, may_be_empty: bool) -> Result<(), BadRequest> {
    let value = value.ok_or_else(|| missing(field))?.get();
    let list = value.strip_prefix('[');
    let is_empty = list.is_some_and(|rest| rest.trim_ascii_start().starts_with(']'));
    match (list.is_some() || value.starts_with('"'), is_empty && !may_be_empty) {
        (false, _) => Err(wrong(field, "a string or an array")),
        (true, true) => Err(wrong(field, "an array that is not empty")),
        (true, false) => Ok(()),
    }
}

fn include_usage(options: Option<&RawValue>) -> Result<bool, BadRequest> {
    #[derive(Deserialize)]
    struct Options {
        include_usage: Option<bool>,
    }
    let options: Option<Options> = optional(options, "stream_options", "an object")?;
    Ok(options.and_then(|o| o.include_usage).unwrap_or(false))
}

/// `options` with `include_usage` turned on and its other members kept.
fn with_usage(options: &str) -> String {
    let mut members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(options).unwrap_or_default();
    members.insert("include_usage".to_owned(), true.into());
    serde_json::Value::Object(members).to_string()
}

fn splice(body: &[u8], edits: &[(Range<usize>, String)]) -> Vec<u8> {
    let added: usize = edits.iter().map(|(_, text)| text.len()).sum();
    let mut out = Vec::with_capacity(body.len() + added);
    let mut from = 0;
    for (range, text) in edits {
        out.extend_from_slice(&body[from..range.start]);
        out.extend_from_slice(text.as_bytes());
        from = range.end;
    }
    out.extend_from_slice(&body[from..]);
    out
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Where a borrowed value stands in the text it was read from.
fn place(text: &str, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr() as usize - text.as_ptr() as usize;
    start..start + value.get().len()
}

fn optional<'a, T: Deserialize<'a>>(
    raw: Option<&'a RawValue>,
    field: &'static str,
    kind: &str,
) -> Result<Option<T>, BadRequest> {
    match raw.filter(|r| r.get() != "null") {
        Some(raw) => read(raw, field, kind).map(Some),
        None => Ok(None),
    }
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue, field: &'static str, kind: &str) -> Result<T, BadRequest> {
    serde_json::from_str(raw.get()).map_err(|_| wrong(field, kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operation::{ChatCompletions, Completions, Embeddings};

    fn chat(body: &str) -> Result<Shape, BadRequest> {
        Shape::read(ChatCompletions, body.as_bytes())
    }

    #[test]
    fn a_bad_body_names_the_field() {
        for (body, param) in [
            (r#"{"messages":[{"role":"user"}]}"#, "model"),
            (r#"{"model":null,"messages":[{"role":"user"}]}"#, "model"),
            (r#"{"model":7,"messages":[{"role":"user"}]}"#, "model"),
            (r#"{"model":"","messages":[{"role":"user"}]}"#, "model"),
            (r#"{"model":"m"}"#, "messages"),
            (r#"{"model":"m","messages":"hi"}"#, "messages"),
            (r#"{"model":"m","messages":[ ]}"#, "messages"),
            (r#"{"model":"m","messages":["hi"]}"#, "messages"),
            (r#"{"model":"m","messages":[{"content":"hi"}]}"#, "messages"),
            (r#"{"model":"m","messages":[{"role":"user"}],"stream":"yes"}"#, "stream"),
            (r#"{"model":"m","messages":[{"role":"user"}],"stream_options":1}"#, "stream_options"),
            (r#"{"model":"m","messages":[{"role":"user"}],"max_tokens":-1}"#, "max_tokens"),
            (r#"{"model":"m","messages":[{"role":"user"}],"n":"2"}"#, "n"),
        ] {
            let error = chat(body).unwrap_err();
            assert_eq!(error.param, Some(param), "{body}: {error}");
            assert!(error.message.contains(param), "{error}");
        }
        for body in ["", "[]", "nonsense", r#"{"model":"m","messages":[{"role":"user"}]"#, "\"x\""] {
            let error = chat(body).unwrap_err();
            assert!(error.message.contains("not valid JSON"), "{body}: {error}");
        }
        assert!(Shape::read(ChatCompletions, b"{\"model\":\"\xff\"}").unwrap_err().message.contains("UTF-8"));
        assert_eq!(Shape::read(Embeddings, br#"{"model":"m","input":[]}"#).unwrap_err().param, Some("input"));
        assert_eq!(
            Shape::read(Completions, br#"{"model":"m","prompt":3}"#).unwrap_err().param,
            Some("prompt")
        );
    }

    #[test]
    fn only_the_model_changes_in_a_plain_request() {
        let body =
            r#"{ "x":"model", "model" : "fast" ,"messages":[{"role":"user","content":"é"}],"zz":1.50}"#;
        let shape = chat(body).unwrap();
        let sent = shape.body_for(body.as_bytes(), "vendor/\"m\"", true);
        assert_eq!(String::from_utf8(sent).unwrap(), body.replace("\"fast\"", r#""vendor/\"m\"""#));
    }

    #[test]
    fn a_stream_asks_for_usage_wherever_the_options_stand() {
        let asks = |body: &str| {
            let sent = chat(body).unwrap().body_for(body.as_bytes(), "m2", true);
            let sent: serde_json::Value = serde_json::from_slice(&sent).unwrap();
            assert_eq!(sent["model"], "m2");
            sent["stream_options"].clone()
        };
        let base = r#""model":"m","messages":[{"role":"user"}],"stream":true"#;
        assert_eq!(asks(&format!("{{{base}}}")), serde_json::json!({"include_usage": true}));
        assert_eq!(
            asks(&format!("{{\"stream_options\":null,{base}}}")),
            serde_json::json!({"include_usage": true})
        );
        assert_eq!(
            asks(&format!("{{{base},\"stream_options\":{{\"include_obfuscation\":false}}}}")),
            serde_json::json!({"include_usage": true, "include_obfuscation": false})
        );
    }

    #[test]
    fn a_stream_to_a_provider_that_refuses_stream_options_gets_none() {
        let body = r#"{"model":"m","messages":[{"role":"user"}],"stream":true}"#;
        let sent = chat(body).unwrap().body_for(body.as_bytes(), "m", false);
        assert_eq!(String::from_utf8(sent).unwrap(), body);
    }

    #[test]
    fn limits_and_choices_are_read() {
        let shape = chat(
            r#"{"model":"m","messages":[{"role":"user"}],"max_tokens":5,"max_completion_tokens":9,"n":3}"#,
        )
        .unwrap();
        assert_eq!((shape.max_output, shape.choices), (Some(9), 3));
    }
}
