//! The table of what is served: method and path → errand. A new endpoint is one line here.

use crate::dialect::Dialect;
use crate::dialect::operation::Operation;
use crate::telemetry::metrics::Operation as Counted;
use http::Method;

/// What a request wants of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// An operation that a provider performs.
    Ask(Operation),
    ListModels,
    ShowModel(String),
    /// Something of an answer that is stored under an id.
    Stored(String, Wish),
    Health,
    Readiness,
}

/// What is wanted of a stored answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Show,
    Input,
    Delete,
    Cancel,
}

impl Errand {
    /// What a client speaks that comes with it; `anthropic`: it sent that vendor's version header.
    pub fn dialect(&self, anthropic: bool) -> Dialect {
        match self {
            Errand::Ask(operation) => operation.dialect(),
            Errand::ListModels | Errand::ShowModel(_) if anthropic => Dialect::Anthropic,
            Errand::Stored(..) => Dialect::Responses,
            Errand::ListModels | Errand::ShowModel(_) | Errand::Health | Errand::Readiness => Dialect::OpenAi,
        }
    }

    /// In metrics.
    pub fn counted_as(&self) -> Counted {
        match self {
            Errand::Ask(operation) => Counted::Asked(*operation),
            Errand::ListModels | Errand::ShowModel(_) => Counted::Models,
            Errand::Stored(..) | Errand::Health | Errand::Readiness => Counted::Other,
        }
    }
}

/// Why a path is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotServed {
    UnknownPath,
    WrongMethod { allowed: &'static str },
}

/// Paths are without `/v1`, which may stand before any of them. `GET` includes `HEAD`.
const TABLE: &[(&str, &str, Errand)] = &[
    ("POST", "/chat/completions", Errand::Ask(Operation::ChatCompletions)),
    ("POST", "/completions", Errand::Ask(Operation::Completions)),
    ("POST", "/embeddings", Errand::Ask(Operation::Embeddings)),
    ("POST", "/images/generations", Errand::Ask(Operation::ImageGenerations)),
    ("POST", "/images/edits", Errand::Ask(Operation::ImageEdits)),
    ("POST", "/audio/transcriptions", Errand::Ask(Operation::Transcriptions)),
    ("POST", "/audio/translations", Errand::Ask(Operation::AudioTranslations)),
    ("POST", "/audio/speech", Errand::Ask(Operation::Speech)),
    ("POST", "/moderations", Errand::Ask(Operation::Moderations)),
    ("POST", "/rerank", Errand::Ask(Operation::Rerank)),
    ("POST", "/v2/rerank", Errand::Ask(Operation::Rerank)),
    ("POST", "/messages", Errand::Ask(Operation::Messages)),
    ("POST", "/messages/count_tokens", Errand::Ask(Operation::CountTokens)),
    ("POST", "/responses", Errand::Ask(Operation::Responses)),
    ("POST", "/responses/input_tokens", Errand::Ask(Operation::ResponseTokens)),
    ("GET", "/models", Errand::ListModels),
    ("GET", "/health", Errand::Health),
    ("GET", "/health/liveliness", Errand::Health),
    ("GET", "/ready", Errand::Readiness),
];

const MODEL: &str = "/models/";
const RESPONSE: &str = "/responses/";

/// What a stored answer takes: the method, what stands behind its id, and what that means.
const WISHES: &[(&str, &str, Wish)] = &[
    ("GET", "", Wish::Show),
    ("DELETE", "", Wish::Delete),
    ("GET", "input_items", Wish::Input),
    ("POST", "cancel", Wish::Cancel),
];

/// Looks a request up in the table.
pub fn errand(method: &Method, path: &str) -> Result<Errand, NotServed> {
    let bare = path.strip_prefix("/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let bare = bare.strip_suffix('/').filter(|p| !p.is_empty()).unwrap_or(bare);
    let asked = match *method {
        Method::HEAD => "GET",
        _ => method.as_str(),
    };
    let row = TABLE.iter().find(|(_, path, _)| *path == bare);
    let (allowed, errand) = match (row, bare.strip_prefix(MODEL), bare.strip_prefix(RESPONSE)) {
        (Some((method, _, errand)), _, _) => (*method, errand.clone()),
        (None, Some(model), _) => ("GET", Errand::ShowModel(unescaped(model))),
        (None, None, Some(rest)) => return stored(asked, rest),
        (None, None, None) => return Err(NotServed::UnknownPath),
    };
    match asked == allowed {
        true => Ok(errand),
        false => Err(NotServed::WrongMethod { allowed }),
    }
}

fn stored(asked: &str, rest: &str) -> Result<Errand, NotServed> {
    let (id, part) = rest.split_once('/').unwrap_or((rest, ""));
    let known = WISHES.iter().filter(|(_, known, _)| *known == part);
    match known.clone().find(|(method, _, _)| *method == asked) {
        Some((_, _, wish)) => Ok(Errand::Stored(unescaped(id), *wish)),
        None if part.is_empty() => Err(NotServed::WrongMethod { allowed: "GET, DELETE" }),
        None => {
            let allowed = known.map(|(method, _, _)| *method).next().ok_or(NotServed::UnknownPath)?;
            Err(NotServed::WrongMethod { allowed })
        }
    }
}

/// Percent escapes become bytes (RFC 3986 §2.1); what is not one stays as it is.
fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte =
            escape.and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_served_with_and_without_v1() {
        for (method, path, expected) in TABLE {
            let method: Method = method.parse().unwrap();
            assert_eq!(errand(&method, path).as_ref(), Ok(expected));
            assert_eq!(errand(&method, &format!("/v1{path}")).as_ref(), Ok(expected));
        }
    }

    #[test]
    fn a_model_name_may_hold_slashes_and_escapes() {
        for path in ["/v1/models/groq/llama-3", "/models/groq%2Fllama-3"] {
            assert_eq!(errand(&Method::GET, path), Ok(Errand::ShowModel("groq/llama-3".to_owned())));
        }
        assert_eq!(unescaped("50%"), "50%");
        assert_eq!(unescaped("a%zz"), "a%zz");
    }

    #[test]
    fn stored_answers_are_named_by_their_ids() {
        let wish = |method: Method, path: &str| errand(&method, path);
        let stored = |wish| Ok(Errand::Stored("resp_1".to_owned(), wish));
        assert_eq!(wish(Method::GET, "/v1/responses/resp_1"), stored(Wish::Show));
        assert_eq!(wish(Method::DELETE, "/responses/resp_1/"), stored(Wish::Delete));
        assert_eq!(wish(Method::GET, "/v1/responses/resp_1/input_items"), stored(Wish::Input));
        assert_eq!(wish(Method::POST, "/v1/responses/resp_1/cancel"), stored(Wish::Cancel));
        let wrong = |allowed| Err(NotServed::WrongMethod { allowed });
        assert_eq!(wish(Method::POST, "/v1/responses/resp_1"), wrong("GET, DELETE"));
        assert_eq!(wish(Method::GET, "/v1/responses/resp_1/cancel"), wrong("POST"));
        assert_eq!(wish(Method::GET, "/v1/responses/resp_1/other"), Err(NotServed::UnknownPath));
        assert_eq!(wish(Method::GET, "/v1/responses/input_tokens"), wrong("POST"));
    }

    #[test]
    fn what_is_not_in_the_table_says_why() {
        assert_eq!(errand(&Method::GET, "/v1/nothing"), Err(NotServed::UnknownPath));
        assert_eq!(errand(&Method::GET, "/v1chat/completions"), Err(NotServed::UnknownPath));
        assert_eq!(errand(&Method::GET, "/v1/embeddings"), Err(NotServed::WrongMethod { allowed: "POST" }));
    }
}
