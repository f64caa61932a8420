//! The request for a chat (vendors.md §8.1).

#[cfg(test)]
mod tests;

use crate::dialect::cohere::leftovers;
use crate::dialect::cohere::messages;
use crate::dialect::cohere::sampling;
use crate::dialect::cohere::sampling::Sampling;
use crate::dialect::cohere::tools;
use crate::dialect::cohere::tools::Toolbox;
use crate::dialect::cohere::turn::Talk;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::hub::ThinkingStyle;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(flatten)]
    talk: Talk<'a>,
    #[serde(flatten)]
    toolbox: Toolbox<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Shape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(flatten)]
    sampling: Sampling<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    citation_options: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_mode: Option<&'a RawValue>,
    stream: bool,
}

#[derive(Serialize)]
struct Shape<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Thinking {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_budget: Option<u64>,
}

/// Writes the body.
///
/// # Errors
/// [`Unsayable`] for sounds and for files that are no text.
pub fn write(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Unsayable> {
    leftovers::note(request, dropped);
    let extra = |name: &str| request.extra(name);
    let mut talk = messages::talk(&request.messages, target)?;
    if let Some(documents) = extra("documents") {
        talk.add_documents(documents, dropped);
    }
    let body = Body {
        model: target.model,
        talk,
        toolbox: tools::of(request, target, dropped),
        response_format: shape(request, target, dropped),
        thinking: thinking(request, target, dropped),
        sampling: sampling::of(request, target, dropped),
        citation_options: extra("citation_options"),
        priority: extra("priority"),
        safety_mode: extra("safety_mode"),
        stream: request.stream,
    };
    // Text, numbers and JSON that was read before cannot fail to serialise.
    Ok(serde_json::to_vec(&body).unwrap_or_default())
}

fn shape<'a>(request: &'a ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Option<Shape<'a>> {
    let json_schema = match request.format.as_ref()? {
        Format::Text => return None,
        Format::JsonObject => None,
        Format::JsonSchema { schema, .. } => *schema,
    };
    let known = json_schema.filter(|_| target.traits.json_schema);
    dropped.note_if(json_schema.is_some() && known.is_none(), "response_format");
    Some(Shape { r#type: "json_object", json_schema: known })
}

/// A model that does not think refuses to be told how much.
fn thinking(request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Option<Thinking> {
    let reasoning = request.reasoning.as_ref()?;
    let wanted = reasoning.effort.or(reasoning.budget.map(Effort::of_budget))?;
    if target.traits.efforts.is_empty() {
        dropped.note_if(wanted != Effort::None, "reasoning_effort");
        return None;
    }
    let (least, zero) = match target.traits.thinking {
        ThinkingStyle::Budget { least, zero } => (least, zero),
        ThinkingStyle::Effort | ThinkingStyle::Adaptive { .. } | ThinkingStyle::Level => (1, true),
    };
    if wanted == Effort::None && zero {
        return Some(Thinking { r#type: "disabled", token_budget: None });
    }
    let budget = reasoning.budget.or_else(|| budget_of(wanted));
    Some(Thinking { r#type: "enabled", token_budget: budget.map(|tokens| tokens.max(least)) })
}

/// Tokens for an effort (vendors.md §4.4); the most is no bound at all.
fn budget_of(effort: Effort) -> Option<u64> {
    match effort {
        Effort::None => Some(0),
        Effort::Minimal | Effort::Low => Some(1024),
        Effort::Medium => Some(2048),
        Effort::High => Some(4096),
        Effort::XHigh => Some(8192),
        Effort::Max => None,
    }
}
