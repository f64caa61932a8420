//! What the gateway must know of a request that may be JSON or a form.

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::missing;
use crate::dialect::bad_request::wrong;
use crate::dialect::openai::end_user::kept;
use crate::dialect::openai::form::Form;
use crate::dialect::openai::form::is_form;
use crate::dialect::openai::form::kind_of;
use crate::dialect::openai::media::given::Given;
use crate::dialect::openai::name::check_name;
use crate::dialect::openai::request::Expected;
use crate::dialect::openai::request::Place;
use crate::dialect::openai::request::Shape;
use crate::dialect::operation::Operation;

/// What a request of an operation must have.
struct Rule {
    operation: Operation,
    /// It may be a form.
    form: bool,
    needs: &'static [Need],
    stream: Stream,
    /// Asked for where no model is named.
    default_model: Option<&'static str>,
}

/// How a request says that it wants events.
#[derive(Clone, Copy)]
enum Stream {
    Never,
    /// `stream: true`
    Flag,
    /// `stream_format: sse`
    Format,
}

/// One of these fields; errors name the first.
type Need = (&'static [&'static str], Kind);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Any,
    Text,
    List,
    TextOrList,
}

const IMAGE: Need = (&["image", "image[]", "image[0]", "images"], Kind::Any);
/// Groq takes a `url` (vendors.md §6.1), others have further words for it.
const SOUND: Need = (&["file", "url", "file_url", "file_id", "input_audio"], Kind::Any);
const PROMPT: Need = (&["prompt"], Kind::Text);

/// A rule to begin with.
const fn rule(operation: Operation, needs: &'static [Need]) -> Rule {
    Rule { operation, form: false, needs, stream: Stream::Never, default_model: None }
}

const RULES: &[Rule] = &[
    Rule { stream: Stream::Flag, ..rule(Operation::ImageGenerations, &[PROMPT]) },
    Rule { form: true, stream: Stream::Flag, ..rule(Operation::ImageEdits, &[IMAGE, PROMPT]) },
    Rule { form: true, stream: Stream::Flag, ..rule(Operation::Transcriptions, &[SOUND]) },
    Rule { form: true, stream: Stream::Flag, ..rule(Operation::AudioTranslations, &[SOUND]) },
    Rule { stream: Stream::Format, ..rule(Operation::Speech, &[(&["input"], Kind::Text)]) },
    Rule {
        default_model: Some("omni-moderation-latest"),
        ..rule(Operation::Moderations, &[(&["input"], Kind::TextOrList)])
    },
    rule(Operation::Rerank, &[(&["query"], Kind::Any), (&["documents"], Kind::List)]),
];

/// Fields that must not be given twice: the provider might take the other one.
const ONCE: &[&str] = &["model", "stream", "stream_format", "response_format", "n", "user"];

/// Reads a request of any operation.
///
/// # Errors
/// [`BadRequest`] names the field that is missing or wrong, or the content type that is.
pub fn read(operation: Operation, content_type: &[u8], body: &[u8]) -> Result<Shape, BadRequest> {
    let Some(rule) = RULES.iter().find(|rule| rule.operation == operation) else {
        return Shape::read(operation, body);
    };
    let given = match (is_form(content_type), rule.form) {
        (true, true) => Given::of_form(Form::read(content_type, body)?, body),
        (true, false) => return Err(wrong_kind(content_type, "application/json")),
        (false, true) if !kind_of(content_type).eq_ignore_ascii_case(b"application/json") => {
            return Err(wrong_kind(content_type, "multipart/form-data"));
        }
        (false, _) => Given::of_json(body, is_looked_at)?,
    };
    given.has_once(ONCE)?;
    rule.needs.iter().try_for_each(|need| meets(&given, need))?;
    shape(given, rule)
}

fn wrong_kind(found: &[u8], wanted: &str) -> BadRequest {
    let found: String = String::from_utf8_lossy(kind_of(found)).chars().take(100).collect();
    let message = format!("this endpoint takes `Content-Type: {wanted}`, found `{found}`");
    BadRequest { message, param: None, code: Some("unsupported_content_type") }
}

/// An object may have any number of members; only these are remembered.
fn is_looked_at(name: &str) -> bool {
    let needed = RULES.iter().flat_map(|rule| rule.needs).flat_map(|(names, _)| *names);
    ONCE.iter().chain(needed).any(|known| *known == name)
}

fn meets(given: &Given<'_>, (names, kind): &Need) -> Result<(), BadRequest> {
    let first = names.first().copied().unwrap_or_default();
    let found = names.iter().find_map(|name| given.field(name)).ok_or_else(|| missing(first))?;
    let Some(value) = found.json() else {
        return Ok(());
    };
    let list = value.strip_prefix('[').map(|rest| !rest.trim_ascii_start().starts_with(']'));
    match (kind, list, value.starts_with('"')) {
        (Kind::Any, _, _) | (Kind::Text | Kind::TextOrList, _, true) => Ok(()),
        (Kind::List | Kind::TextOrList, Some(true), _) => Ok(()),
        (Kind::List | Kind::TextOrList, Some(false), _) => Err(wrong(first, "an array that is not empty")),
        (Kind::Text, _, false) => Err(wrong(first, "a string")),
        (Kind::List, None, _) => Err(wrong(first, "an array")),
        (Kind::TextOrList, None, false) => Err(wrong(first, "a string or an array")),
    }
}

fn shape(given: Given<'_>, rule: &Rule) -> Result<Shape, BadRequest> {
    let (model, model_at) = model(&given, rule.default_model)?;
    let stream = match rule.stream {
        Stream::Never => false,
        Stream::Flag => given.flag("stream")?,
        Stream::Format => given.text("stream_format").as_deref() == Some("sse"),
    };
    Ok(Shape {
        model,
        model_at,
        stream,
        include_usage: true,
        stream_options_at: None,
        stream_options: None,
        max_output: None,
        choices: given.count("n")?.max(1),
        words: given.words,
        expected: expected(&given, rule.operation),
        end_user: given.text("user").and_then(|name| kept(&name)),
        boundary: given.boundary,
    })
}

fn model(given: &Given<'_>, default: Option<&str>) -> Result<(String, Place), BadRequest> {
    let place = given.place("model").map(|at| match given.boundary {
        Some(_) => Place::Form(at),
        None => Place::Json(at),
    });
    let name = match (given.field("model"), default) {
        (Some(_), _) => given.text("model").ok_or_else(|| wrong("model", "a string"))?,
        (None, Some(default)) => default.to_owned(),
        (None, None) => return Err(missing("model")),
    };
    check_name(&name)?;
    Ok((name, place.unwrap_or(Place::Nowhere)))
}

fn expected(given: &Given<'_>, operation: Operation) -> Expected {
    match operation {
        Operation::Speech => Expected::Audio,
        Operation::Transcriptions | Operation::AudioTranslations => {
            match given.text("response_format").as_deref() {
                Some("text" | "srt" | "vtt") => Expected::Text,
                _ => Expected::Json,
            }
        }
        Operation::ChatCompletions
        | Operation::Completions
        | Operation::Embeddings
        | Operation::Messages
        | Operation::CountTokens
        | Operation::Responses
        | Operation::ResponseTokens
        | Operation::ImageGenerations
        | Operation::ImageEdits
        | Operation::Moderations
        | Operation::Rerank => Expected::Json,
    }
}

#[cfg(test)]
mod tests;
