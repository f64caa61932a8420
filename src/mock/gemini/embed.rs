//! Texts that become vectors (vendors.md §5.7).

use crate::mock::ask;
use crate::mock::embedding;
use crate::mock::refusal::Refusal;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

/// The most that fit into one batch.
const BATCH: usize = 100;
const TASKS: [&str; 8] = [
    "RETRIEVAL_QUERY",
    "RETRIEVAL_DOCUMENT",
    "SEMANTIC_SIMILARITY",
    "CLASSIFICATION",
    "CLUSTERING",
    "QUESTION_ANSWERING",
    "FACT_VERIFICATION",
    "CODE_RETRIEVAL_QUERY",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    requests: Vec<Single>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Single {
    model: Option<String>,
    content: Content,
    task_type: Option<String>,
    output_dimensionality: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    text: String,
}

/// `embedContent`.
pub(super) fn one(body: &[u8], model: &str) -> Result<Value, Refusal> {
    let single: Single = ask::read(body)?;
    Ok(json!({ "embedding": vector(&single, model)? }))
}

/// `batchEmbedContents`.
pub(super) fn many(body: &[u8], model: &str) -> Result<Value, Refusal> {
    let batch: Batch = ask::read(body)?;
    if batch.requests.is_empty() || batch.requests.len() > BATCH {
        return Err(Refusal::unreadable("at most 100 requests can be in one batch, and at least one"));
    }
    if batch.requests.iter().any(|single| single.model.is_none()) {
        return Err(Refusal::unreadable("model is required in every request of a batch"));
    }
    let vectors: Result<Vec<Value>, Refusal> =
        batch.requests.iter().map(|single| vector(single, model)).collect();
    Ok(json!({ "embeddings": vectors? }))
}

fn vector(single: &Single, model: &str) -> Result<Value, Refusal> {
    if single.model.as_deref().is_some_and(|named| named != format!("models/{model}")) {
        return Err(Refusal::unreadable("the model of a request must be the one of the URL"));
    }
    if single.task_type.as_deref().is_some_and(|task| !TASKS.contains(&task)) {
        return Err(Refusal::unreadable("invalid value at 'task_type'"));
    }
    let text = single.content.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n");
    let dimensions = single.output_dimensionality.unwrap_or(embedding::DIMENSIONS);
    if text.is_empty() || !(1..=embedding::MAX_DIMENSIONS).contains(&dimensions) {
        return Err(Refusal::unreadable("content and output_dimensionality must not be empty"));
    }
    Ok(json!({ "values": embedding::direction(&text, dimensions) }))
}
