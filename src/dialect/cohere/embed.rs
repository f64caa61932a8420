//! Vectors of texts (vendors.md §9).

use crate::dialect::cohere::loose::Loose;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::EmbedRequest;
use crate::dialect::hub::EmbedResponse;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::Target;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde::Serialize;
use std::borrow::Cow;

/// What texts are for where nobody says: most are stored to be found.
const USUAL_PURPOSE: &str = "search_document";

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    texts: &'a [Cow<'a, str>],
    input_type: &'a str,
    embedding_types: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u64>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    embeddings: Loose<ByType>,
    #[serde(default)]
    meta: Loose<Meta>,
    #[serde(default)]
    message: Loose<Empty>,
}

#[derive(Deserialize)]
struct ByType {
    float: Option<Vec<Vec<f32>>>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    billed_units: Loose<Billed>,
}

#[derive(Deserialize)]
struct Billed {
    input_tokens: Option<f64>,
}

#[derive(Deserialize)]
struct Empty {}

/// The body of a request.
pub fn write(request: &EmbedRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Vec<u8> {
    dropped.note_if(request.user.is_some(), "user");
    let body = Body {
        model: target.model,
        texts: &request.inputs,
        input_type: request.input_type.as_deref().unwrap_or(USUAL_PURPOSE),
        embedding_types: ["float"],
        output_dimension: request.dimensions,
    };
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
    if matches!(answer.message, Loose::Text) {
        return Err(NoAnswer::Error);
    }
    let vectors = answer.embeddings.this().and_then(|by_type| by_type.float);
    let vectors = vectors.filter(|vectors| !vectors.is_empty()).ok_or(NoAnswer::Malformed)?;
    let billed = answer.meta.this().and_then(|meta| meta.billed_units.this()?.input_tokens);
    // A cast ends at the bounds of the type.
    let usage = billed.map(|input| Usage { input: input as u64, ..Usage::default() });
    Ok(EmbedResponse { vectors, usage })
}
