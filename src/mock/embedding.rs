//! Embeddings made from words: texts that share words point in similar directions.

use crate::mock::ask;
use crate::mock::behaviour::Behaviour;
use crate::mock::chance;
use crate::mock::refusal::Refusal;
use crate::mock::reply;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::Serialize;

/// Length of a vector where the caller does not say; small, so that answers stay readable.
pub const DIMENSIONS: usize = 256;
/// What the largest real model gives.
pub const MAX_DIMENSIONS: usize = 3072;

#[derive(Deserialize)]
struct Body {
    model: Option<String>,
    input: Option<serde_json::Value>,
    dimensions: Option<usize>,
    encoding_format: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u32>),
    ManyTokens(Vec<Vec<u32>>),
}

/// The answer to a list of texts.
#[derive(Debug, Serialize)]
pub struct Embeddings {
    object: &'static str,
    model: String,
    data: Vec<Embedding>,
    usage: Usage,
}

#[derive(Debug, Serialize)]
struct Embedding {
    object: &'static str,
    index: usize,
    embedding: Vector,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Vector {
    Floats(Vec<f32>),
    Base64(String),
}

#[derive(Debug, Serialize)]
struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// Embeds what the body asks for, unless its model is not offered.
pub fn embed(body: &[u8], behaviour: &Behaviour) -> Result<Embeddings, Refusal> {
    let body: Body = ask::read(body)?;
    let model = body.model.ok_or_else(|| Refusal::missing("model"))?;
    if !behaviour.offers(&model) {
        return Err(Refusal::unknown_model(&model));
    }
    let texts = texts(body.input.ok_or_else(|| Refusal::missing("input"))?)?;
    let dimensions = body.dimensions.unwrap_or(DIMENSIONS);
    if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
        return Err(Refusal::unsupported("dimensions", "`dimensions` must be from 1 to 3072"));
    }
    let write = writer(body.encoding_format.as_deref())?;
    let tokens = texts.iter().map(|text| reply::tokens(text)).sum();
    let embedding = |(index, text): (usize, &String)| Embedding {
        object: "embedding",
        index,
        embedding: write(direction(text, dimensions)),
    };
    let data = texts.iter().enumerate().map(embedding).collect();
    let usage = Usage { prompt_tokens: tokens, total_tokens: tokens };
    Ok(Embeddings { object: "list", model, data, usage })
}

fn texts(input: serde_json::Value) -> Result<Vec<String>, Refusal> {
    let wrong = || Refusal::unsupported("input", "`input` must be a text, tokens, or a list of those");
    let spell = |tokens: &[u32]| tokens.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    let texts = match serde_json::from_value(input).map_err(|_| wrong())? {
        Input::Text(text) => vec![text],
        Input::Texts(texts) => texts,
        Input::Tokens(tokens) => vec![spell(&tokens)],
        Input::ManyTokens(lists) => lists.iter().map(|tokens| spell(tokens)).collect(),
    };
    let empty = texts.is_empty() || texts.iter().any(String::is_empty);
    if empty { Err(wrong()) } else { Ok(texts) }
}

fn writer(format: Option<&str>) -> Result<fn(Vec<f32>) -> Vector, Refusal> {
    match format {
        None | Some("float") => Ok(Vector::Floats),
        Some("base64") => Ok(|floats| Vector::Base64(little_endian(&floats))),
        Some(_) => {
            Err(Refusal::unsupported("encoding_format", "`encoding_format` must be `float` or `base64`"))
        }
    }
}

/// How alike two texts are, from -1 to 1.
pub fn likeness(one: &str, other: &str) -> f32 {
    let (one, other) = (direction(one, DIMENSIONS), direction(other, DIMENSIONS));
    one.iter().zip(&other).map(|(a, b)| a * b).sum()
}

/// A vector of length 1: the sum of one random direction per word.
pub fn direction(text: &str, dimensions: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f64; dimensions];
    for word in text.to_lowercase().split_whitespace().map(chance::mark) {
        for (draw, axis) in (0..).zip(&mut sum) {
            *axis += chance::roll(word, draw) - 0.5;
        }
    }
    let length = sum.iter().map(|axis| axis * axis).sum::<f64>().sqrt();
    // A text of spaces has no words and so no direction; it stays zero.
    sum.iter().map(|axis| (axis / length.max(f64::MIN_POSITIVE)) as f32).collect()
}

fn little_endian(floats: &[f32]) -> String {
    let bytes: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_that_share_words_are_alike() {
        assert!((likeness("the quiet river", "The quiet river") - 1.0).abs() < 1e-5);
        assert!(likeness("the quiet river", "the quiet harbor") > 0.4);
        assert!(likeness("the quiet river", "maple signal north") < 0.4);
    }

    #[test]
    fn floats_are_packed_little_endian() {
        assert_eq!(little_endian(&[1.0, -2.0]), "AACAPwAAAMA=");
    }

    #[test]
    fn inputs_without_sense_are_refused_by_name() {
        let cases = [
            (json!({ "input": "x" }), "model"),
            (json!({ "model": "m" }), "input"),
            (json!({ "model": "m", "input": "" }), "input"),
            (json!({ "model": "m", "input": [] }), "input"),
            (json!({ "model": "m", "input": { "a": 1 } }), "input"),
            (json!({ "model": "m", "input": "x", "dimensions": 0 }), "dimensions"),
            (json!({ "model": "m", "input": "x", "encoding_format": "hex" }), "encoding_format"),
        ];
        for (body, param) in cases {
            let refusal = embed(body.to_string().as_bytes(), &Behaviour::default()).unwrap_err();
            assert_eq!(refusal.param, Some(param));
        }
    }
}
