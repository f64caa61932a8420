//! How the model is to think and answer.

use crate::dialect::anthropic::json::said;
use crate::dialect::anthropic::question::fields::Fields;
use crate::dialect::bad_request::BadRequest;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::hub::Reasoning;
use crate::dialect::text::Str;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Thinking<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    budget_tokens: Option<u64>,
    #[serde(borrow)]
    display: Option<Str<'a>>,
}

#[derive(Deserialize)]
struct OutputConfig<'a> {
    #[serde(borrow)]
    effort: Option<Str<'a>>,
    #[serde(borrow)]
    format: Option<OutputFormat<'a>>,
}

#[derive(Deserialize)]
struct OutputFormat<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    user_id: Option<Str<'a>>,
}

/// The form of the answer, and how much effort it is worth.
pub(super) fn output<'a>(fields: &Fields<'a>) -> Result<(Option<Format<'a>>, Option<Effort>), BadRequest> {
    let config: Option<OutputConfig<'a>> = fields.find("output_config", "an object")?;
    let Some(OutputConfig { effort, format }) = config else { return Ok((None, None)) };
    let effort = effort.and_then(|word| Effort::of_word(&word.0));
    let schema = format.filter(|format| said(format.kind.clone()) == "json_schema").map(|format| {
        // Others want a name, and this vendor holds its models to every schema.
        let (name, strict) = (Cow::Borrowed("output"), Some(true));
        Format::JsonSchema { name, description: None, schema: format.schema, strict }
    });
    Ok((schema, effort))
}

/// `effort` is the one that was named beside it.
pub(super) fn reasoning<'a>(
    fields: &Fields<'a>,
    effort: Option<Effort>,
) -> Result<Option<Reasoning<'a>>, BadRequest> {
    let thinking: Option<Thinking<'a>> = fields.find("thinking", "an object")?;
    let Some(thinking) = thinking else {
        return Ok(effort.map(|effort| Reasoning { effort: Some(effort), ..Reasoning::default() }));
    };
    let show = match said(thinking.display).as_ref() {
        "summarized" => Some(true),
        "omitted" => Some(false),
        _ => None,
    };
    let plain = Reasoning { effort, show, ..Reasoning::default() };
    Ok(Some(match (said(thinking.kind).as_ref(), thinking.budget_tokens) {
        ("disabled", _) => Reasoning { effort: Some(Effort::None), ..Reasoning::default() },
        // Models that think by a budget show what they think unless told otherwise.
        ("enabled", Some(budget)) => Reasoning { budget: Some(budget), show: show.or(Some(true)), ..plain },
        _ => Reasoning { effort: effort.or(Some(Effort::Medium)), ..plain },
    }))
}

/// In OpenAI's words.
pub(super) fn service_tier<'a>(fields: &Fields<'a>) -> Result<Option<Cow<'a, str>>, BadRequest> {
    let speed: Option<Str<'a>> = fields.find("speed", "a string")?;
    if speed.is_some_and(|speed| speed.0 == "fast") {
        return Ok(Some(Cow::Borrowed("fast")));
    }
    let tier: Option<Str<'a>> = fields.find("service_tier", "a string")?;
    Ok(tier.map(|tier| if tier.0 == "standard_only" { Cow::Borrowed("default") } else { tier.0 }))
}

pub(super) fn user<'a>(fields: &Fields<'a>) -> Result<Option<Cow<'a, str>>, BadRequest> {
    let metadata: Option<Metadata<'a>> = fields.find("metadata", "an object")?;
    Ok(metadata.and_then(|metadata| metadata.user_id).map(|id| id.0))
}
