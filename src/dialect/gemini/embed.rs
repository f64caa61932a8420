//! Embeddings: a batch of texts becomes a list of vectors (vendors.md §5.7).

#[cfg(test)]
mod tests;

use crate::dialect::gemini::body::Part;
use crate::dialect::gemini::path;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::EmbedRequest;
use crate::dialect::hub::EmbedResponse;
use crate::dialect::side::NoAnswer;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Batch<'a> {
    requests: Vec<Single<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Single<'a> {
    model: &'a str,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u64>,
}

#[derive(Serialize)]
struct Content<'a> {
    parts: [Part<'a>; 1],
}

#[derive(Deserialize)]
struct Reply<'a> {
    embeddings: Option<Vec<Embedding>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Embedding {
    values: Vec<f32>,
}

/// The body of a request.
pub(super) fn write(request: &EmbedRequest<'_>, model: &str, dropped: &mut Dropped) -> Vec<u8> {
    dropped.note_if(request.user.is_some(), "user");
    let task_type = request.input_type.as_deref().and_then(task);
    dropped.note_if(request.input_type.is_some() && task_type.is_none(), "input_type");
    let model = path::full_name(model);
    let requests = request.inputs.iter().map(|text| Single {
        model: &model,
        content: Content { parts: [Part::text(&**text)] },
        task_type,
        output_dimensionality: request.dimensions,
    });
    // Strings and numbers cannot fail to serialise.
    serde_json::to_vec(&Batch { requests: requests.collect() }).unwrap_or_default()
}

/// Reads an answer. It does not say what was used.
pub(super) fn read(body: &[u8]) -> Result<EmbedResponse, NoAnswer> {
    let reply: Reply<'_> = serde_json::from_slice(body).map_err(|_| NoAnswer::Malformed)?;
    if reply.error.is_some() {
        return Err(NoAnswer::Error);
    }
    let vectors: Vec<Vec<f32>> =
        reply.embeddings.into_iter().flatten().map(|embedding| embedding.values).collect();
    let are_vectors = !vectors.is_empty()
        && vectors.iter().all(|vector| !vector.is_empty() && vector.iter().all(|number| number.is_finite()));
    if !are_vectors {
        return Err(NoAnswer::Malformed);
    }
    Ok(EmbedResponse { vectors, usage: None })
}

fn task(input_type: &str) -> Option<&'static str> {
    match input_type {
        "search_document" => Some("RETRIEVAL_DOCUMENT"),
        "search_query" => Some("RETRIEVAL_QUERY"),
        "classification" => Some("CLASSIFICATION"),
        "clustering" => Some("CLUSTERING"),
        _ => None,
    }
}
