//! How the answer is to be made: its length, its chance, its thinking, its form.

use crate::dialect::bedrock::wire::Additional;
use crate::dialect::bedrock::wire::Inference;
use crate::dialect::bedrock::wire::JsonSchema;
use crate::dialect::bedrock::wire::Kind;
use crate::dialect::bedrock::wire::Output;
use crate::dialect::bedrock::wire::Structure;
use crate::dialect::bedrock::wire::TextFormat;
use crate::dialect::bedrock::wire::Thinking;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::ThinkingStyle;
use serde_json::value::RawValue;

/// Tokens left for the answer behind a budget for thinking, where the client sets no limit.
const ROOM_TO_ANSWER: u64 = 4096;

/// What the model is told about thinking.
#[derive(Default)]
pub struct Mind {
    pub thinking: Option<Thinking>,
    /// In Converse's `outputConfig`.
    pub effort: Option<&'static str>,
    /// In the model's own fields.
    pub named_effort: Option<&'static str>,
    /// It will think on this request.
    pub thinks: bool,
}

impl Mind {
    /// `lost`: an earlier turn called tools and its thoughts are gone; who thinks by a budget is refused to think on.
    pub fn of(request: &ChatRequest<'_>, traits: &ModelTraits, lost: bool, dropped: &mut Dropped) -> Mind {
        let Some(asked) = &request.reasoning else {
            let thinks = traits.default_effort.is_some_and(|effort| effort != Effort::None);
            return Mind { thinks, ..Mind::default() };
        };
        let effort = asked.effort.or_else(|| asked.budget.map(Effort::of_budget));
        let Some(effort) = effort else { return Mind::default() };
        let display = asked.show.map(|show| if show { "summarized" } else { "omitted" });
        match traits.thinking {
            ThinkingStyle::Budget { least, .. } => match budget(request, traits, effort, least) {
                Some(budget) if !lost => Mind::thinking("enabled", Some(budget), None),
                Some(_) | None => {
                    dropped.note_if(effort != Effort::None, "reasoning_effort");
                    Mind::default()
                }
            },
            ThinkingStyle::Adaptive { always } if effort == Effort::None => {
                dropped.note_if(always, "reasoning_effort");
                let off = Mind { thinks: false, ..Mind::thinking("disabled", None, None) };
                if always { Mind { thinks: true, ..Mind::default() } } else { off }
            }
            ThinkingStyle::Adaptive { .. } => {
                let effort = effort.nearest(traits.efforts).map(Effort::word);
                Mind { effort, ..Mind::thinking("adaptive", None, display) }
            }
            ThinkingStyle::Effort | ThinkingStyle::Level => {
                let known = effort.nearest(traits.efforts);
                dropped.note_if(known.is_none() && effort != Effort::None, "reasoning_effort");
                let thinks = known.is_some_and(|known| known != Effort::None);
                Mind { named_effort: known.map(Effort::word), thinks, ..Mind::default() }
            }
        }
    }

    fn thinking(kind: &'static str, budget_tokens: Option<u64>, display: Option<&'static str>) -> Mind {
        Mind { thinking: Some(Thinking { kind, budget_tokens, display }), thinks: true, ..Mind::default() }
    }
}

/// Tokens to think with, which leave some of the answer's for words; `None` where there are too few (vendors.md §4.4).
fn budget(request: &ChatRequest<'_>, traits: &ModelTraits, effort: Effort, least: u64) -> Option<u64> {
    let usual = match effort {
        Effort::None => return None,
        Effort::Minimal | Effort::Low => 1024,
        Effort::Medium => 2048,
        Effort::High => 4096,
        Effort::XHigh => 8192,
        Effort::Max => 16384,
    };
    let wanted =
        request.reasoning.as_ref().and_then(|reasoning| reasoning.budget).unwrap_or(usual).max(least);
    match request.max_output.into_iter().chain(traits.max_output).min() {
        Some(most) if most <= least => None,
        Some(most) if wanted >= most => Some(least.max(most / 2)),
        Some(_) => Some(wanted),
        None => Some(wanted),
    }
}

/// The sampling of a request, as far as the model takes it.
pub fn inference<'a>(
    request: &'a ChatRequest<'a>,
    traits: &ModelTraits,
    mind: &Mind,
    dropped: &mut Dropped,
) -> Inference<'a> {
    let sampling = &request.sampling;
    let takes = traits.sampling && !(traits.sampling_needs_no_reasoning && mind.thinks);
    dropped.note_if(!takes && sampling.temperature.is_some(), "temperature");
    dropped.note_if(!takes && sampling.top_p.is_some(), "top_p");
    let thought = mind.thinking.as_ref().and_then(|thinking| thinking.budget_tokens);
    let most = request.max_output.or_else(|| thought.map(|budget| budget.saturating_add(ROOM_TO_ANSWER)));
    Inference {
        max_tokens: most.map(|most| most.min(traits.max_output.unwrap_or(u64::MAX))),
        temperature: sampling
            .temperature
            .filter(|_| takes)
            .map(|heat| heat.clamp(0.0, traits.max_temperature)),
        top_p: sampling.top_p.filter(|_| takes),
        stop_sequences: request
            .stop
            .iter()
            .map(AsRef::as_ref)
            .filter(|stop: &&str| !stop.trim().is_empty())
            .collect(),
    }
}

/// What goes to the model past Converse.
pub fn additional(
    request: &ChatRequest<'_>,
    traits: &ModelTraits,
    mind: &mut Mind,
    dropped: &mut Dropped,
) -> Additional {
    let takes = traits.sampling
        && !(traits.sampling_needs_no_reasoning && mind.thinks)
        && !traits.refuses("top_k", mind.thinks);
    dropped.note_if(!takes && request.sampling.top_k.is_some(), "top_k");
    Additional {
        thinking: mind.thinking.take(),
        top_k: request.sampling.top_k.filter(|_| takes),
        reasoning_effort: mind.named_effort,
    }
}

/// The form of the answer, where the model takes a schema for it.
pub fn output<'a>(request: &'a ChatRequest<'a>, traits: &ModelTraits, mind: &Mind) -> Output<'a> {
    let text_format = match &request.format {
        Some(Format::JsonSchema { name, description, schema: Some(schema), .. }) if traits.json_schema => {
            let json_schema = JsonSchema {
                schema: schema.get(),
                name: (!name.is_empty()).then_some(name.as_ref()),
                description: description.as_deref(),
            };
            Some(TextFormat { kind: "json_schema", structure: Structure { json_schema } })
        }
        Some(Format::Text | Format::JsonObject | Format::JsonSchema { .. }) | None => None,
    };
    Output { text_format, effort: mind.effort }
}

/// What has to be asked of the model in words, because it takes no form.
pub fn plea(request: &ChatRequest<'_>, traits: &ModelTraits, dropped: &mut Dropped) -> Option<String> {
    const PLAIN: &str = "Answer with one JSON object and nothing else.";
    let plea = match request.format.as_ref()? {
        Format::Text => return None,
        Format::JsonSchema { schema: Some(_), .. } if traits.json_schema => return None,
        Format::JsonSchema { schema: Some(schema), .. } => {
            format!("{PLAIN} It has to fit this JSON Schema: {}", schema.get())
        }
        Format::JsonObject | Format::JsonSchema { schema: None, .. } => PLAIN.to_owned(),
    };
    dropped.note("response_format");
    Some(plea)
}

/// Bedrock's word for a service tier of OpenAI's; `auto` is what it does by itself.
pub fn tier<'a>(request: &'a ChatRequest<'a>, dropped: &mut Dropped) -> Option<Kind<'a>> {
    let kind = match request.service_tier.as_deref()? {
        "auto" => return None,
        known @ ("default" | "flex" | "priority" | "reserved") => known,
        "fast" => "priority",
        _ => {
            dropped.note("service_tier");
            return None;
        }
    };
    Some(Kind { kind })
}

/// A field that Converse knows by the name the client gave it.
pub fn own<'a>(request: &'a ChatRequest<'a>, name: &str) -> Option<&'a RawValue> {
    request.extras.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}
