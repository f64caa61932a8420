//! Scores: what is harmful in a text, and which documents answer a question.

use crate::id;
use crate::mock::behaviour::Behaviour;
use crate::mock::embedding;
use crate::mock::openai::media::Said;
use crate::mock::openai::media::ask::Asked;
use crate::mock::refusal::Refusal;
use crate::mock::reply;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// OpenAI's (vendors.md §1.7).
const CATEGORIES: [&str; 13] = [
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
];

/// A text is in a category if it says its name.
pub fn moderate(asked: &Asked, _: &Behaviour) -> Result<Said, Refusal> {
    let texts = match asked.value("input")? {
        Value::String(text) => vec![text.clone()],
        Value::Array(many) if many.iter().all(Value::is_string) => {
            many.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        // Parts of one input get one result.
        Value::Array(parts) => vec![parts.iter().filter_map(|part| part["text"].as_str()).collect()],
        _ => return Err(Refusal::unsupported("input", "`input` must be a text or a list")),
    };
    let results: Vec<Value> = texts.iter().map(|text| judged(text)).collect();
    Ok(Said::json(&json!({ "id": id::random("modr-"), "model": asked.model, "results": results })))
}

fn judged(text: &str) -> Value {
    let found = |category: &&str| text.contains(*category);
    let each = |value: fn(bool) -> Value| -> Map<String, Value> {
        CATEGORIES.iter().map(|category| ((*category).to_owned(), value(found(category)))).collect()
    };
    json!({
        "flagged": CATEGORIES.iter().any(found),
        "categories": each(Value::Bool),
        "category_scores": each(|found| json!(if found { 0.9 } else { 0.0 })),
        "category_applied_input_types": each(|_| json!(["text"])),
    })
}

/// Documents that share words with the question come first.
pub fn rank(asked: &Asked, _: &Behaviour) -> Result<Said, Refusal> {
    let query = asked.needed("query")?;
    let documents = asked.value("documents")?.as_array().ok_or_else(|| Refusal::missing("documents"))?;
    let text = |document: &Value| {
        document.as_str().or_else(|| document["text"].as_str()).unwrap_or_default().to_owned()
    };
    let scored = documents.iter().map(|document| embedding::likeness(query, &text(document)));
    let mut ranked: Vec<(usize, f32)> = scored.enumerate().collect();
    ranked.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    ranked.truncate(asked.number("top_n").unwrap_or(documents.len()));
    let result = |(index, score): &(usize, f32)| match asked.flag("return_documents") {
        true => {
            json!({ "index": index, "relevance_score": score, "document": { "text": text(&documents[*index]) } })
        }
        false => json!({ "index": index, "relevance_score": score }),
    };
    let results: Vec<Value> = ranked.iter().map(result).collect();
    let tokens: usize = documents.iter().map(|document| reply::tokens(&text(document))).sum();
    Ok(Said::json(&json!({ "id": id::random("rerank-"), "model": asked.model, "results": results,
        "meta": { "billed_units": { "search_units": 1 } },
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens } })))
}
