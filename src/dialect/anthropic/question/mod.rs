//! Reads a client's request (vendors.md §4.2, §10.2).
//!
//! Both API versions are read: the newer one only refuses what the older one took. What has no place in the hub is
//! no reason to refuse: clients send what their vendor's newest model understands (§10.1).

mod fields;
mod media;
mod messages;
mod options;
#[cfg(test)]
mod tests;
mod tools;

use crate::dialect::anthropic::json::said;
use crate::dialect::anthropic::question::fields::Fields;
use crate::dialect::bad_request::BadRequest;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Sampling;
use crate::dialect::text::Str;
use std::borrow::Cow;

/// Stands behind a model's name where its largest context is wanted (vendors.md §10.1).
const LARGE_CONTEXT: &str = "[1m]";

pub(super) fn read(body: &[u8]) -> Result<ChatRequest<'_>, BadRequest> {
    let mut fields = Fields::read(body)?;
    let model = fields.required::<Str<'_>>("model", "a string")?.0;
    let max_tokens: u64 = fields.required("max_tokens", "a whole number")?;
    let mut messages = messages::system(&fields)?;
    messages.extend(messages::read(&fields)?);
    let (format, effort) = options::output(&fields)?;
    let mut request = ChatRequest {
        model: without_suffix(model),
        messages,
        max_output: Some(max_tokens),
        sampling: Sampling {
            temperature: fields.find("temperature", "a number")?,
            top_p: fields.find("top_p", "a number")?,
            top_k: fields.find("top_k", "a whole number")?,
            ..Sampling::default()
        },
        stop: stops(&fields)?,
        format,
        reasoning: options::reasoning(&fields, effort)?,
        stream: fields.find("stream", "true or false")?.unwrap_or(false),
        service_tier: options::service_tier(&fields)?,
        user: options::user(&fields)?,
        ..ChatRequest::default()
    };
    tools::read(&mut fields, &mut request)?;
    request.extras = fields.extras;
    Ok(request)
}

fn without_suffix(model: Cow<'_, str>) -> Cow<'_, str> {
    match model {
        Cow::Borrowed(model) => Cow::Borrowed(model.strip_suffix(LARGE_CONTEXT).unwrap_or(model)),
        Cow::Owned(model) => Cow::Owned(model.strip_suffix(LARGE_CONTEXT).unwrap_or(&model).to_owned()),
    }
}

fn stops<'a>(fields: &Fields<'a>) -> Result<Vec<Cow<'a, str>>, BadRequest> {
    let stops: Option<Vec<Str<'a>>> = fields.find("stop_sequences", "a list of strings")?;
    Ok(stops.into_iter().flatten().map(|stop| said(Some(stop))).collect())
}
