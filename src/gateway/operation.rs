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
    Health,
    Readiness,
}

impl Errand {
    /// What a client speaks that comes with it; `anthropic`: it sent that vendor's version header.
    pub fn dialect(&self, anthropic: bool) -> Dialect {
        match self {
            Errand::Ask(operation) => operation.dialect(),
            Errand::ListModels | Errand::ShowModel(_) if anthropic => Dialect::Anthropic,
            Errand::ListModels | Errand::ShowModel(_) | Errand::Health | Errand::Readiness => Dialect::OpenAi,
        }
    }

    /// In metrics.
    pub fn counted_as(&self) -> Counted {
        match self {
            Errand::Ask(operation) => Counted::Asked(*operation),
            Errand::ListModels | Errand::ShowModel(_) => Counted::Models,
            Errand::Health | Errand::Readiness => Counted::Other,
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
    ("GET", "/models", Errand::ListModels),
    ("GET", "/health", Errand::Health),
    ("GET", "/health/liveliness", Errand::Health),
    ("GET", "/ready", Errand::Readiness),
];

const MODEL: &str = "/models/";

/// Looks a request up in the table.
pub fn errand(method: &Method, path: &str) -> Result<Errand, NotServed> {
    let bare = path.strip_prefix("/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let bare = bare.strip_suffix('/').filter(|p| !p.is_empty()).unwrap_or(bare);
    let (allowed, errand) = match bare.strip_prefix(MODEL) {
        Some(model) => ("GET", Errand::ShowModel(unescaped(model))),
        None => {
            let row = TABLE.iter().find(|(_, path, _)| *path == bare);
            row.map(|(method, _, errand)| (*method, errand.clone())).ok_or(NotServed::UnknownPath)?
        }
    };
    let asked = match *method {
        Method::HEAD => "GET",
        _ => method.as_str(),
    };
    match asked == allowed {
        true => Ok(errand),
        false => Err(NotServed::WrongMethod { allowed }),
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
    fn what_is_not_in_the_table_says_why() {
        assert_eq!(errand(&Method::GET, "/v1/nothing"), Err(NotServed::UnknownPath));
        assert_eq!(errand(&Method::GET, "/v1chat/completions"), Err(NotServed::UnknownPath));
        assert_eq!(errand(&Method::GET, "/v1/embeddings"), Err(NotServed::WrongMethod { allowed: "POST" }));
    }
}
