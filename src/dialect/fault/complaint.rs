//! The parts of an error body that tell something, from any vendor's envelope.

use serde_json::Value;

/// Where codes are found, most specific first; `*` is every element of a list.
const CODE_PATHS: &[&[&str]] = &[
    &["error", "innererror", "code"],
    &["error", "details", "error_code"],
    &["error", "metadata", "error_type"],
    &["error", "details", "*", "reason"],
    &["error", "code"],
    &["error", "type"],
    &["error", "status"],
    &["code"],
    &["type"],
    &["reason"],
    &["status_code"],
];

/// Where AWS writes the type of an error, besides a header (vendors.md §8.3).
const SHAPE: &[&str] = &["__type"];

/// Where the sentence for people is found, best first.
const MESSAGE_PATHS: &[&[&str]] = &[
    &["error", "message"],
    &["error"],
    &["x_groq", "error"],
    &["message"],
    &["Message"],
    &["detail"],
    &["detail", "*", "msg"],
    &["errors", "*", "message"],
    &["error", "detail"],
    &["delta", "error"],
    &["title"],
];

/// How Bedrock begins when a day's tokens are spent; nothing else tells it from a spent minute.
const PER_DAY: &str = "too many tokens per day";

/// What a vendor says went wrong.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    /// In lower case, most specific first; numbers as text.
    pub(super) codes: Vec<String>,
    pub(super) message: Option<String>,
    /// A moderation verdict came with it (OpenRouter).
    pub(super) flagged: bool,
    /// The quota that is spent counts by the day (Google, AWS).
    pub(super) per_day: bool,
    /// What the vendor behind a broker said, verbatim (OpenRouter).
    quoted: String,
}

impl Complaint {
    /// `shape` is the type that AWS names in a header.
    pub(super) fn read(shape: Option<&str>, body: &[u8]) -> Complaint {
        let mut complaint = match serde_json::from_slice::<Value>(body) {
            Ok(value) => Complaint::of(unwrapped(&value)),
            Err(_) => Complaint { message: plain_text(body), ..Complaint::default() },
        };
        complaint.codes.extend(shape.map(bare_shape));
        complaint
    }

    fn of(body: &Value) -> Complaint {
        let flagged = body.pointer("/error/metadata/flagged_input").is_some();
        let quota_ids = texts(body, &["error", "details", "*", "violations", "*", "quotaId"]);
        let message = match body {
            Value::String(text) => Some(text.clone()),
            _ => MESSAGE_PATHS.iter().find_map(|path| texts(body, path).into_iter().next()),
        };
        let codes = CODE_PATHS.iter().flat_map(|path| texts(body, path)).map(|c| c.to_lowercase());
        let shapes = texts(body, SHAPE).into_iter().map(|shape| bare_shape(&shape));
        let spent_today = |text: &String| text.to_lowercase().starts_with(PER_DAY);
        Complaint {
            codes: codes.chain(shapes).collect(),
            per_day: quota_ids.iter().any(|id| id.contains("PerDay"))
                || message.as_ref().is_some_and(spent_today),
            message,
            flagged,
            quoted: texts(body, &["error", "metadata", "raw"]).concat(),
        }
    }

    /// The HTTP status that a body gives as its code.
    pub(super) fn status(&self) -> Option<u16> {
        self.codes.iter().filter_map(|code| code.parse().ok()).find(|code| (400..600).contains(code))
    }

    /// All there is to read, in lower case.
    pub(super) fn words(&self) -> String {
        format!("{} {}", self.message.as_deref().unwrap_or_default().trim(), self.quoted).to_lowercase()
    }
}

/// AWS writes `com.amazonaws.bedrock#ThrottlingException` or `ThrottlingException:http://…` for one and the same.
fn bare_shape(shape: &str) -> String {
    let name = shape.rsplit_once('#').map_or(shape, |(_, name)| name);
    name.split(':').next().unwrap_or_default().trim().to_lowercase()
}

/// Google wraps some errors into a list of one.
pub(super) fn unwrapped(body: &Value) -> &Value {
    match body {
        Value::Array(items) if items.len() == 1 => &items[0],
        _ => body,
    }
}

/// Every text or number at the end of a path.
pub(super) fn texts(from: &Value, path: &[&str]) -> Vec<String> {
    match (path.split_first(), from) {
        (None, Value::String(text)) if !text.is_empty() => vec![text.clone()],
        (None, Value::Number(number)) => vec![number.to_string()],
        (Some((&"*", rest)), Value::Array(items)) => {
            items.iter().flat_map(|item| texts(item, rest)).collect()
        }
        (Some((step, rest)), Value::Object(fields)) => {
            fields.get(*step).map(|value| texts(value, rest)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// A body that is not JSON, unless it is a web page.
fn plain_text(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    (!text.is_empty() && !text.starts_with('<')).then(|| text.to_owned())
}
