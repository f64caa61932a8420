//! Why a request body cannot be served, told in the words OpenAI's API uses.

use crate::dialect::scan::BadJson;
use serde::de::IgnoredAny;

/// A request body that cannot be served, and why, in the words OpenAI's API uses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadRequest {
    pub message: String,
    pub param: Option<&'static str>,
    pub code: Option<&'static str>,
}

pub fn not_json(why: String) -> BadRequest {
    BadRequest { message: format!("the request body is not valid JSON: {why}"), param: None, code: None }
}

/// A field of `fields` that is given twice is named: whoever reads the body next may take the other one.
pub fn misread(error: &serde_json::Error, fields: &[&'static str]) -> BadRequest {
    // serde tells of it only in its sentence.
    let words = error.to_string();
    match fields.iter().find(|field| words.starts_with(&format!("duplicate field `{field}`"))) {
        Some(field) => twice(field),
        None => not_json(words),
    }
}

/// `text` is not JSON. serde is asked why, for it knows line and column, and better words.
pub fn unreadable(text: &str, bad: BadJson) -> BadRequest {
    let judged = serde_json::from_str::<IgnoredAny>(text);
    not_json(judged.err().map_or_else(|| bad.to_string(), |why| why.to_string()))
}

pub fn twice(field: &'static str) -> BadRequest {
    BadRequest {
        message: format!("`{field}` is given twice; give it once"),
        param: Some(field),
        code: Some("duplicate_parameter"),
    }
}

pub fn missing(field: &'static str) -> BadRequest {
    BadRequest {
        message: format!("you must provide `{field}`"),
        param: Some(field),
        code: Some("missing_required_parameter"),
    }
}

pub fn wrong(field: &'static str, kind: &str) -> BadRequest {
    BadRequest {
        message: format!("`{field}` must be {kind}"),
        param: Some(field),
        code: Some("invalid_type"),
    }
}
