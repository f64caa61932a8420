//! Writes a request for a provider (vendors.md §4.2, §4.4).

mod body;
mod media;
mod sampling;
mod thinking;
mod tools;
mod turns;

#[cfg(test)]
mod tests;

use crate::dialect::anthropic::ask::body::Block;
use crate::dialect::anthropic::ask::body::Body;
use crate::dialect::anthropic::ask::body::Metadata;
use crate::dialect::anthropic::ask::body::OutputConfig;
use crate::dialect::anthropic::ask::body::OutputFormat;
use crate::dialect::anthropic::json;
use crate::dialect::anthropic::schema;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Format;
use crate::dialect::hub::ModelTraits;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;

/// The limit of an answer where neither client nor traits say one; the vendor demands it.
const MAX_TOKENS: u64 = 4096;

pub(super) fn write(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Unsayable> {
    one_choice(request)?;
    let mut turns = turns::lay_out(request, target, dropped)?;
    let max_tokens = max_tokens(request, target.traits);
    let plan = thinking::plan(request, target.traits, max_tokens, turns.has_lost_thoughts(), dropped);
    let sampling = sampling::choose(&request.sampling, target.traits, plan.thinks(), dropped);
    let format = format(request, target.traits);
    turns.system.extend(instruction(request, format.is_some(), dropped));
    let tools = tools::write(request, target.traits, dropped);
    let mut body = Body {
        model: target.model,
        max_tokens,
        tool_choice: tools::choose(request, target.traits, &tools, plan.thinks(), dropped),
        tools,
        system: turns.system,
        messages: turns.turns,
        thinking: plan.thinking,
        output_config: OutputConfig::of(plan.effort, format),
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        top_k: sampling.top_k,
        stop_sequences: stops(request, dropped),
        stream: request.stream,
        metadata: metadata(request, dropped),
        service_tier: service_tier(request, dropped),
    };
    body.bound_marks(target.traits, dropped);
    note_the_unsaid(request, dropped);
    let mut out = Vec::new();
    json::put(&mut out, &body);
    Ok(out)
}

fn one_choice(request: &ChatRequest<'_>) -> Result<(), Unsayable> {
    match request.sampling.choices {
        Some(2..) => Err(Unsayable {
            message: "this model gives one answer at a time; leave out `n` or ask again".to_owned(),
            param: "n",
        }),
        Some(_) | None => Ok(()),
    }
}

fn max_tokens(request: &ChatRequest<'_>, traits: &ModelTraits) -> u64 {
    let most = traits.max_output;
    let asked = request.max_output.or(most).unwrap_or(MAX_TOKENS);
    most.map_or(asked, |most| asked.min(most))
}

/// The schema of the answer, where the model can be held to one.
fn format<'a>(request: &ChatRequest<'a>, traits: &ModelTraits) -> Option<OutputFormat<'a>> {
    match &request.format {
        Some(Format::JsonSchema { schema: Some(schema), .. }) if traits.json_schema => {
            Some(OutputFormat { kind: "json_schema", schema: schema::closed(schema) })
        }
        Some(Format::JsonSchema { .. } | Format::JsonObject | Format::Text) | None => None,
    }
}

/// Asks for JSON in words where nothing else does. Words do not bind, so the format counts as left out.
fn instruction<'a>(request: &ChatRequest<'a>, bound: bool, dropped: &mut Dropped) -> Option<Block<'a>> {
    let words = match &request.format {
        Some(Format::JsonSchema { .. }) if bound => return None,
        Some(Format::JsonSchema { schema: Some(schema), .. }) => {
            format!(
                "Answer with a JSON object that matches this JSON Schema, and nothing else: {}",
                schema.get()
            )
        }
        Some(Format::JsonSchema { schema: None, .. } | Format::JsonObject) => {
            "Answer with a JSON object, and nothing else.".to_owned()
        }
        Some(Format::Text) | None => return None,
    };
    dropped.note("response_format");
    Some(Block::Text { text: words.into(), cache_control: None })
}

fn stops<'a>(request: &'a ChatRequest<'_>, dropped: &mut Dropped) -> Vec<&'a str> {
    let (blank, said): (Vec<&str>, Vec<&str>) =
        request.stop.iter().map(AsRef::as_ref).partition(|stop: &&str| stop.trim().is_empty());
    dropped.note_if(!blank.is_empty(), "stop");
    said
}

/// The vendor takes opaque ids only: no address, no telephone number.
fn metadata<'a>(request: &'a ChatRequest<'_>, dropped: &mut Dropped) -> Option<Metadata<'a>> {
    let user_id = request.user.as_deref().filter(|user| !user.is_empty())?;
    if user_id.contains('@') || user_id.starts_with('+') {
        dropped.note("user");
        return None;
    }
    Some(Metadata { user_id })
}

fn service_tier(request: &ChatRequest<'_>, dropped: &mut Dropped) -> Option<&'static str> {
    match request.service_tier.as_deref()? {
        "auto" => Some("auto"),
        "default" => Some("standard_only"),
        _ => {
            dropped.note("service_tier");
            None
        }
    }
}

fn note_the_unsaid(request: &ChatRequest<'_>, dropped: &mut Dropped) {
    dropped.note_if(request.verbosity.is_some(), "verbosity");
    dropped.note_if(request.prompt_cache_key.is_some(), "prompt_cache_key");
    dropped.note_if(request.messages.iter().any(|message| message.name.is_some()), "name");
    request.extras.iter().for_each(|(name, _)| dropped.note(name.as_ref()));
}
