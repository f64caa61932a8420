//! The fields of a request by name, each at most once.

use crate::dialect::anthropic::json::Object;
use crate::dialect::bad_request;
use crate::dialect::bad_request::BadRequest;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What has a place in the hub.
const KNOWN: [&str; 16] = [
    "model",
    "max_tokens",
    "messages",
    "system",
    "stop_sequences",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
    "service_tier",
    "speed",
];

#[derive(Debug)]
pub(super) struct Fields<'a> {
    known: [Option<&'a RawValue>; KNOWN.len()],
    /// Everything else.
    pub(super) extras: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// # Errors
    /// Where the body is no JSON object, or gives a field twice: whoever reads it next may take the other one.
    pub(super) fn read(body: &'a [u8]) -> Result<Fields<'a>, BadRequest> {
        let object: Object<'a> =
            serde_json::from_slice(body).map_err(|error| bad_request::not_json(error.to_string()))?;
        let mut fields = Fields { known: [None; KNOWN.len()], extras: Vec::new() };
        for (name, raw) in object.0 {
            let place = KNOWN.iter().zip(&mut fields.known).find(|(known, _)| **known == name);
            match place {
                None => fields.extras.push((name, raw)),
                Some((field, Some(_))) => return Err(twice(field)),
                Some((_, place)) => *place = Some(raw),
            }
        }
        Ok(fields)
    }

    /// The field as it came, unless it is null.
    pub(super) fn raw(&self, field: &str) -> Option<&'a RawValue> {
        let place = KNOWN.iter().zip(&self.known).find(|(known, _)| **known == field);
        place.and_then(|(_, raw)| *raw).filter(|raw| raw.get() != "null")
    }

    /// The field, unless it is not there or null; `kind` says what it has to be.
    pub(super) fn find<T: Deserialize<'a>>(
        &self,
        field: &'static str,
        kind: &str,
    ) -> Result<Option<T>, BadRequest> {
        self.raw(field).map(|raw| read(raw).ok_or_else(|| wrong(field, kind))).transpose()
    }

    pub(super) fn required<T: Deserialize<'a>>(
        &self,
        field: &'static str,
        kind: &str,
    ) -> Result<T, BadRequest> {
        self.find(field, kind)?.ok_or_else(|| missing(field))
    }
}

/// `None` where `raw` is something else.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn missing(field: &'static str) -> BadRequest {
    BadRequest { message: format!("{field}: field required"), ..bad_request::missing(field) }
}

/// The value is not repeated: it may be part of a prompt.
pub(super) fn wrong(field: &'static str, kind: &str) -> BadRequest {
    BadRequest { message: format!("{field}: must be {kind}"), ..bad_request::wrong(field, kind) }
}

fn twice(field: &'static str) -> BadRequest {
    BadRequest {
        message: format!("{field}: given twice; give it once"),
        param: Some(field),
        code: Some("duplicate_parameter"),
    }
}
