//! What is asked and answered, as it must be on the wire.

mod asked;
mod embeddings;
mod errors;
mod read;
mod streamed;

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Message;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::hub::ThinkingStyle;
use crate::dialect::side::Fetched;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use serde_json::Value;

/// A model of the third generation.
const THIRD: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Level,
    image_urls: false,
    thought_signatures: true,
    ..ModelTraits::UNKNOWN
};

/// One of the second.
const SECOND: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Budget { least: 128, zero: false },
    call_ids: false,
    media_in_results: false,
    thought_signatures: false,
    ..THIRD
};

fn message<'a>(role: Role, parts: Vec<Part<'a>>) -> Message<'a> {
    Message { role, parts, name: None }
}

/// What a request becomes, and what was left out.
fn written(request: &ChatRequest<'_>, traits: &ModelTraits) -> Result<(Value, Vec<String>), Unsayable> {
    written_with(request, traits, &Fetched::new())
}

fn written_with(
    request: &ChatRequest<'_>,
    traits: &ModelTraits,
    fetched: &Fetched,
) -> Result<(Value, Vec<String>), Unsayable> {
    let target = Target { model: "gemini-3.8-flash", traits, fetched, stream_options: true };
    let mut dropped = Dropped::default();
    let body = super::ask::write(request, &target, &mut dropped)?;
    Ok((serde_json::from_slice(&body).unwrap(), dropped.names().to_vec()))
}
