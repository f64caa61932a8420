//! `/api/embed`.

use crate::mock::ask::read;
use crate::mock::behaviour::Behaviour;
use crate::mock::embedding;
use crate::mock::embedding::direction;
use crate::mock::ollama::ask;
use crate::mock::refusal::Refusal;
use crate::mock::reply::tokens;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

#[derive(Deserialize)]
struct Body {
    input: Option<Input>,
    dimensions: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Texts(Vec<String>),
}

/// Embeds what the body asks for.
pub fn embed(body: &[u8], behaviour: &Behaviour) -> Result<Value, Refusal> {
    let model = ask::model(body)?;
    let body: Body = read(body)?;
    if !behaviour.offers(&model) {
        return Err(ask::unknown(&model));
    }
    let texts = match body.input.ok_or_else(|| Refusal::unreadable("invalid input"))? {
        Input::Text(text) => vec![text],
        Input::Texts(texts) => texts,
    };
    let dimensions = body.dimensions.unwrap_or(embedding::DIMENSIONS);
    if !(1..=embedding::MAX_DIMENSIONS).contains(&dimensions) {
        return Err(Refusal::unreadable("invalid dimensions"));
    }
    let vectors: Vec<_> = texts.iter().map(|text| direction(text, dimensions)).collect();
    let counted: usize = texts.iter().map(|text| tokens(text)).sum();
    Ok(json!({ "model": model, "embeddings": vectors, "total_duration": 1, "load_duration": 1,
        "prompt_eval_count": counted }))
}
