//! The request for a chat (vendors.md §6.9).

#[cfg(test)]
mod tests;

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::ollama::leftovers;
use crate::dialect::ollama::messages;
use crate::dialect::ollama::messages::Turn;
use crate::dialect::ollama::options;
use crate::dialect::ollama::options::Options;
use crate::dialect::ollama::tools;
use crate::dialect::ollama::tools::Tool;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Shape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shift: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Options::is_empty")]
    options: Options<'a>,
    /// Always said: Ollama streams unless told otherwise.
    stream: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Shape<'a> {
    Word(&'static str),
    Schema(&'a RawValue),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Think {
    Switch(bool),
    Level(&'static str),
}

/// Writes the body.
///
/// # Errors
/// [`Unsayable`] for pictures that were not fetched, and for files and sounds.
pub fn write(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Unsayable> {
    leftovers::note(request, dropped);
    let extra = |name: &str| request.extra(name);
    let body = Body {
        model: target.model,
        messages: messages::turns(&request.messages, target.fetched)?,
        tools: tools::offered(request, dropped),
        format: format(request, target, dropped),
        think: think(request, target, dropped),
        logprobs: request.sampling.logprobs,
        top_logprobs: request.sampling.top_logprobs,
        keep_alive: extra("keep_alive"),
        truncate: extra("truncate"),
        shift: extra("shift"),
        options: options::of(request, target, dropped),
        stream: request.stream,
    };
    // Text, numbers and JSON that was read before cannot fail to serialise.
    Ok(serde_json::to_vec(&body).unwrap_or_default())
}

fn format<'a>(request: &'a ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Option<Shape<'a>> {
    match request.format.as_ref()? {
        Format::Text => None,
        Format::JsonSchema { schema: Some(schema), .. } if target.traits.json_schema => {
            Some(Shape::Schema(schema))
        }
        Format::JsonSchema { schema, .. } => {
            dropped.note_if(schema.is_some(), "response_format");
            Some(Shape::Word("json"))
        }
        Format::JsonObject => Some(Shape::Word("json")),
    }
}

/// A model that does not think refuses to be told how much.
fn think(request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Option<Think> {
    let reasoning = request.reasoning.as_ref()?;
    let wanted = reasoning.effort.or(reasoning.budget.map(Effort::of_budget))?;
    let known = target.traits.efforts;
    let effort = if known.contains(&wanted) { Some(wanted) } else { wanted.nearest(known) };
    dropped.note_if(effort.is_none() && wanted != Effort::None, "reasoning_effort");
    Some(match effort? {
        Effort::None => Think::Switch(false),
        Effort::Minimal | Effort::Low => Think::Level("low"),
        Effort::Medium => Think::Level("medium"),
        Effort::High => Think::Level("high"),
        Effort::XHigh | Effort::Max => Think::Level("max"),
    })
}
