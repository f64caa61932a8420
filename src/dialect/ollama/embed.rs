//! Vectors of texts: `/api/embed` (vendors.md §6.9).

use crate::dialect::hub::Dropped;
use crate::dialect::hub::EmbedRequest;
use crate::dialect::hub::EmbedResponse;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::Target;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde::Serialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [Cow<'a, str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
}

#[derive(Deserialize)]
struct Answer {
    embeddings: Option<Vec<Vec<f32>>>,
    prompt_eval_count: Option<f64>,
    error: Option<IgnoredAny>,
}

/// The body of a request.
pub fn write(request: &EmbedRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Vec<u8> {
    dropped.note_if(request.input_type.is_some(), "input_type");
    dropped.note_if(request.user.is_some(), "user");
    let body = Body { model: target.model, input: &request.inputs, dimensions: request.dimensions };
    // Texts and numbers cannot fail to serialise.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// Reads an answer.
///
/// # Errors
/// [`NoAnswer`] when it is an error or holds no vectors.
pub fn read(body: &[u8]) -> Result<EmbedResponse, NoAnswer> {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let answer = serde_json::from_slice::<Answer>(body).ok().filter(|_| is_object);
    let answer = answer.ok_or(NoAnswer::Malformed)?;
    if answer.error.is_some() {
        return Err(NoAnswer::Error);
    }
    let vectors = answer.embeddings.filter(|vectors| !vectors.is_empty()).ok_or(NoAnswer::Malformed)?;
    // A cast ends at the bounds of the type.
    let usage = answer.prompt_eval_count.map(|input| Usage { input: input as u64, ..Usage::default() });
    Ok(EmbedResponse { vectors, usage })
}
