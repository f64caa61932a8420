//! Images: bytes that tell what they were made from.

use crate::clock;
use crate::mock::behaviour::Behaviour;
use crate::mock::chance;
use crate::mock::openai::media::Said;
use crate::mock::openai::media::ask::Asked;
use crate::mock::refusal::Refusal;
use crate::mock::reply;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

/// Most images of one request, as at OpenAI.
const MOST: usize = 10;
/// Tokens of one image.
const TOKENS: usize = 272;

pub fn generate(asked: &Asked, behaviour: &Behaviour) -> Result<Said, Refusal> {
    draw(asked, behaviour, "image_generation", chance::mark(asked.needed("prompt")?))
}

pub fn edit(asked: &Asked, behaviour: &Behaviour) -> Result<Said, Refusal> {
    let mut images = asked.files("image").peekable();
    images.peek().ok_or_else(|| Refusal::missing("image"))?;
    let sources: Vec<u8> = images.chain(asked.files("mask")).flat_map(|file| file.iter().copied()).collect();
    draw(asked, behaviour, "image_edit", chance::mark(sources) ^ chance::mark(asked.needed("prompt")?))
}

fn draw(asked: &Asked, behaviour: &Behaviour, event: &str, mark: u64) -> Result<Said, Refusal> {
    let count = asked.number("n").unwrap_or(1);
    if !(1..=MOST).contains(&count) {
        return Err(Refusal::unsupported("n", "`n` must be from 1 to 10"));
    }
    let image = |draw: usize| {
        STANDARD.encode(format!(
            "{} drew {:016x} for {}",
            behaviour.name,
            mark.wrapping_add(draw as u64),
            asked.model
        ))
    };
    let prompt = reply::tokens(asked.needed("prompt")?);
    let output = count * TOKENS;
    let usage = json!({ "input_tokens": prompt, "output_tokens": output, "total_tokens": prompt + output,
        "input_tokens_details": { "text_tokens": prompt, "image_tokens": 0 } });
    let created = clock::since_epoch().as_secs();
    if !asked.flag("stream") {
        let data: Vec<Value> = (0..count).map(|draw| json!({ "b64_json": image(draw) })).collect();
        return Ok(Said::json(&json!({ "created": created, "data": data, "usage": usage })));
    }
    let base = json!({ "created_at": created, "size": "1024x1024", "quality": "low", "background": "auto",
        "output_format": "png" });
    let with = |kind: &str, more: Value| merged(&base, &json!({ "type": format!("{event}.{kind}") }), &more);
    let partial = |index: usize| {
        with("partial_image", json!({ "b64_json": image(index), "partial_image_index": index }))
    };
    let mut events: Vec<Value> = (0..asked.number("partial_images").unwrap_or(0)).map(partial).collect();
    events
        .extend((0..count).map(|draw| with("completed", json!({ "b64_json": image(draw), "usage": usage }))));
    Ok(Said::events(&events))
}

fn merged(one: &Value, other: &Value, third: &Value) -> Value {
    let members = [one, other, third].into_iter().filter_map(Value::as_object).flatten();
    Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect())
}
