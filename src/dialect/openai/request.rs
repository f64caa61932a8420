//! What the gateway must know of a request, read without building a tree, and the request as a provider gets it.

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::missing;
use crate::dialect::bad_request::not_json;
use crate::dialect::bad_request::twice;
use crate::dialect::bad_request::unreadable;
use crate::dialect::bad_request::wrong;
use crate::dialect::openai::end_user::Naming;
use crate::dialect::openai::messages::Messages;
use crate::dialect::openai::name::check_name;
use crate::dialect::operation::Operation;
use crate::dialect::scan::BadJson;
use crate::dialect::scan::Reader;
use crate::dialect::scan::said_in;
use serde::Deserialize;
use std::ops::Range;

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
    /// For whom it is asked, as the body says.
    pub end_user: Option<String>,
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

/// The members that are looked at, as the text they are written in.
#[derive(Default)]
struct Fields<'a> {
    model: Option<&'a str>,
    messages: Option<Messages>,
    prompt: Option<&'a str>,
    input: Option<&'a str>,
    stream: Option<&'a str>,
    stream_options: Option<&'a str>,
    max_tokens: Option<&'a str>,
    max_completion_tokens: Option<&'a str>,
    max_output_tokens: Option<&'a str>,
    n: Option<&'a str>,
    naming: Naming<'a>,
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
        let fields = Fields::read(text)?;
        let model = said(fields.model).ok_or_else(|| missing("model"))?;
        let name = said_in(model).ok_or_else(|| wrong("model", "a string"))?;
        check_name(&name)?;
        fields.check_subject(operation)?;
        let options = said(fields.stream_options);
        Ok(Shape {
            model: name.into_owned(),
            model_at: Place::Json(place(text, model)),
            stream: optional(fields.stream, "stream", "true or false")?.unwrap_or(false),
            include_usage: include_usage(options)?,
            stream_options_at: fields.stream_options.map(|o| place(text, o)),
            stream_options: options.map(str::to_owned),
            max_output: fields.max_output(operation)?,
            choices: optional::<u64>(fields.n, "n", "a whole number")?.unwrap_or(1).max(1),
            words: body.len(),
            expected: Expected::Json,
            boundary: None,
            end_user: fields.naming.end_user(),
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

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Result<Fields<'a>, BadRequest> {
        let mut fields = Fields::default();
        let mut json = Reader::new(text);
        let twice_given = fields.take_in(&mut json).map_err(|bad| unreadable(text, bad))?;
        twice_given.map_or(Ok(fields), |field| Err(twice(field)))
    }

    /// Reads up to a field that is given twice. That is refused: whoever reads the body next may take the other one.
    fn take_in(&mut self, json: &mut Reader<'a>) -> Result<Option<&'static str>, BadJson> {
        json.object()?;
        while let Some(name) = json.member()? {
            let (name, field) = match &*name {
                "model" => ("model", &mut self.model),
                "prompt" => ("prompt", &mut self.prompt),
                "input" => ("input", &mut self.input),
                "stream" => ("stream", &mut self.stream),
                "stream_options" => ("stream_options", &mut self.stream_options),
                "max_tokens" => ("max_tokens", &mut self.max_tokens),
                "max_completion_tokens" => ("max_completion_tokens", &mut self.max_completion_tokens),
                "max_output_tokens" => ("max_output_tokens", &mut self.max_output_tokens),
                "n" => ("n", &mut self.n),
                "user" => ("user", &mut self.naming.user),
                "safety_identifier" => ("safety_identifier", &mut self.naming.safety_identifier),
                "metadata" => ("metadata", &mut self.naming.metadata),
                "messages" if self.messages.replace(Messages::read(json)?).is_some() => {
                    return Ok(Some("messages"));
                }
                "messages" => continue,
                _ => {
                    json.skip()?;
                    continue;
                }
            };
            if field.replace(json.value()?).is_some() {
                return Ok(Some(name));
            }
        }
        json.end().map(|()| None)
    }

    fn max_output(&self, operation: Operation) -> Result<Option<u64>, BadRequest> {
        if operation == Operation::Responses {
            return optional(self.max_output_tokens, "max_output_tokens", "a whole number");
        }
        let newer = optional(self.max_completion_tokens, "max_completion_tokens", "a whole number")?;
        let older = optional(self.max_tokens, "max_tokens", "a whole number")?;
        Ok(newer.or(older))
    }

    fn check_subject(&self, operation: Operation) -> Result<(), BadRequest> {
        match operation {
            Operation::ChatCompletions | Operation::CountTokens => {
                check_messages(self.messages.unwrap_or_default())
            }
            Operation::Messages => {
                check_messages(self.messages.unwrap_or_default())?;
                said(self.max_tokens).map(|_| ()).ok_or_else(|| missing("max_tokens"))
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

/// `null` is nothing.
fn said(value: Option<&str>) -> Option<&str> {
    value.filter(|value| *value != "null")
}

fn check_text(field: &'static str, value: Option<&str>, may_be_empty: bool) -> Result<(), BadRequest> {
    let value = said(value).ok_or_else(|| missing(field))?;
    let list = value.strip_prefix('[');
    let is_empty = list.is_some_and(|rest| rest.trim_ascii_start().starts_with(']'));
    match (list.is_some() || value.starts_with('"'), is_empty && !may_be_empty) {
        (false, _) => Err(wrong(field, "a string or an array")),
        (true, true) => Err(wrong(field, "an array that is not empty")),
        (true, false) => Ok(()),
    }
}

fn include_usage(options: Option<&str>) -> Result<bool, BadRequest> {
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
fn place(text: &str, value: &str) -> Range<usize> {
    let start = value.as_ptr() as usize - text.as_ptr() as usize;
    start..start + value.len()
}

fn optional<'a, T: Deserialize<'a>>(
    value: Option<&'a str>,
    field: &'static str,
    kind: &str,
) -> Result<Option<T>, BadRequest> {
    said(value).map(|value| read(value, field, kind)).transpose()
}

fn read<'a, T: Deserialize<'a>>(value: &'a str, field: &'static str, kind: &str) -> Result<T, BadRequest> {
    serde_json::from_str(value).map_err(|_| wrong(field, kind))
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
    fn a_limit_is_found_under_the_name_of_its_operation() {
        let limit = |operation| {
            let body = r#"{"model":"m","messages":[{"role":"user"}],"max_tokens":5,"max_output_tokens":9}"#;
            Shape::read(operation, body.as_bytes()).unwrap().max_output
        };
        assert_eq!((limit(ChatCompletions), limit(Operation::Responses)), (Some(5), Some(9)));
    }

    #[test]
    fn a_field_given_twice_is_named_however_it_is_written() {
        for second in [r#""model":"b""#, r#""mod\u0065l":"b""#, r#""model":null"#] {
            let body = format!(r#"{{"model":"a",{second},"messages":[{{"role":"user"}}]}}"#);
            let error = chat(&body).unwrap_err();
            assert_eq!((error.param, error.code), (Some("model"), Some("duplicate_parameter")), "{body}");
        }
    }

    #[test]
    fn where_a_body_stops_being_json_is_told_by_line_and_column() {
        let error = chat("{\"model\":\"m\",\n  \"messages\": }").unwrap_err();
        assert!(error.message.ends_with("expected value at line 2 column 15"), "{error}");
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
