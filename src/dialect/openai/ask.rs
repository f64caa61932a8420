//! A chat request as a client says it, read into the hub (vendors.md §1.1).

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::misread;
use crate::dialect::bad_request::missing;
use crate::dialect::bad_request::not_json;
use crate::dialect::bad_request::wrong;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::hub::Reasoning;
use crate::dialect::openai::fields::Fields;
use crate::dialect::openai::fields::is_null;
use crate::dialect::openai::message;
use crate::dialect::openai::tools;
use crate::dialect::text::Str;
use crate::dialect::text::text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Reads a request.
///
/// # Errors
/// [`BadRequest`] names the field that is missing or of the wrong type.
pub fn read(body: &[u8]) -> Result<ChatRequest<'_>, BadRequest> {
    let body = std::str::from_utf8(body).map_err(|e| not_json(e.to_string()))?;
    let fields: Fields<'_> = serde_json::from_str(body).map_err(|e| misread(&e, &[]))?;
    let mut request = ChatRequest::default();
    let mut has_messages = false;
    for (name, raw) in fields.0 {
        has_messages |= name == "messages";
        if !is_null(raw) {
            field(&mut request, name, raw)?;
        }
    }
    match has_messages {
        true => Ok(request),
        false => Err(missing("messages")),
    }
}

fn field<'a>(request: &mut ChatRequest<'a>, name: Cow<'a, str>, raw: &'a RawValue) -> Result<(), BadRequest> {
    let sampling = &mut request.sampling;
    match name.as_ref() {
        "model" => request.model = string(raw, "model")?,
        "messages" => request.messages = message::read_all(raw)?,
        "tools" => {
            let (tools, others) = tools::tools(raw)?;
            request.tools.extend(tools);
            request.extras.extend(others.into_iter().map(|kind| (format!("tools.{kind}").into(), raw)));
        }
        "functions" => request.tools.extend(tools::functions(raw)?),
        "tool_choice" => request.tool_choice = Some(tools::tool_choice(raw)?),
        "function_call" => request.tool_choice = Some(tools::function_choice(raw)?),
        "parallel_tool_calls" => request.parallel_tool_calls = Some(get(raw, "parallel_tool_calls", BOOL)?),
        "max_completion_tokens" => request.max_output = Some(get(raw, "max_completion_tokens", WHOLE)?),
        "max_tokens" => {
            let limit = get(raw, "max_tokens", WHOLE)?;
            request.max_output.get_or_insert(limit);
        }
        "temperature" => sampling.temperature = Some(get(raw, "temperature", NUMBER)?),
        "top_p" => sampling.top_p = Some(get(raw, "top_p", NUMBER)?),
        "top_k" => sampling.top_k = Some(get(raw, "top_k", WHOLE)?),
        "seed" => sampling.seed = Some(get(raw, "seed", WHOLE)?),
        "n" => sampling.choices = Some(get(raw, "n", WHOLE)?),
        "frequency_penalty" => sampling.frequency_penalty = Some(get(raw, "frequency_penalty", NUMBER)?),
        "presence_penalty" => sampling.presence_penalty = Some(get(raw, "presence_penalty", NUMBER)?),
        "logit_bias" => sampling.logit_bias = Some(raw),
        "logprobs" => sampling.logprobs = Some(get(raw, "logprobs", BOOL)?),
        "top_logprobs" => sampling.top_logprobs = Some(get(raw, "top_logprobs", WHOLE)?),
        "stop" => request.stop = stop(raw)?,
        "response_format" => request.format = Some(format(raw)?),
        "reasoning_effort" => reasoning(request).effort = Effort::of_word(&string(raw, "reasoning_effort")?),
        "reasoning" => read_reasoning(reasoning(request), raw)?,
        "stream" => request.stream = get(raw, "stream", BOOL)?,
        // Usage is always asked for, and shown or not when the answer is written.
        "stream_options" => {}
        "service_tier" => request.service_tier = Some(string(raw, "service_tier")?),
        "user" | "safety_identifier" => request.user = Some(string(raw, "user")?),
        "verbosity" => request.verbosity = Some(string(raw, "verbosity")?),
        "prompt_cache_key" => request.prompt_cache_key = Some(string(raw, "prompt_cache_key")?),
        "web_search_options" => request.web_search = Some(raw),
        _ => request.extras.push((name, raw)),
    }
    Ok(())
}

const BOOL: &str = "true or false";
const WHOLE: &str = "a whole number";
const NUMBER: &str = "a number";

fn reasoning<'r, 'a>(request: &'r mut ChatRequest<'a>) -> &'r mut Reasoning<'a> {
    request.reasoning.get_or_insert_default()
}

/// OpenRouter's way to say it (vendors.md §6.3).
fn read_reasoning<'a>(reasoning: &mut Reasoning<'a>, raw: &'a RawValue) -> Result<(), BadRequest> {
    #[derive(Deserialize)]
    struct Said<'a> {
        #[serde(borrow)]
        effort: Option<Str<'a>>,
        max_tokens: Option<u64>,
        exclude: Option<bool>,
        #[serde(borrow)]
        summary: Option<Str<'a>>,
    }
    let said: Said<'_> = get(raw, "reasoning", "an object")?;
    reasoning.effort = said.effort.and_then(|effort| Effort::of_word(&effort.0)).or(reasoning.effort);
    reasoning.budget = said.max_tokens;
    reasoning.show = said.exclude.map(|exclude| !exclude);
    reasoning.summary = said.summary.map(Cow::from);
    Ok(())
}

fn stop(raw: &RawValue) -> Result<Vec<Cow<'_, str>>, BadRequest> {
    if let Some(one) = text(raw) {
        return Ok(vec![one]);
    }
    let many: Vec<Str<'_>> = get(raw, "stop", "a string or an array of strings")?;
    Ok(many.into_iter().map(Cow::from).collect())
}

fn format<'a>(raw: &'a RawValue) -> Result<Format<'a>, BadRequest> {
    const KIND: &str = "an object whose `type` is `text`, `json_object` or `json_schema`";
    #[derive(Deserialize)]
    struct Said<'a> {
        #[serde(borrow, rename = "type")]
        kind: Str<'a>,
        #[serde(borrow)]
        json_schema: Option<Schema<'a>>,
    }
    #[derive(Default, Deserialize)]
    struct Schema<'a> {
        #[serde(borrow)]
        name: Option<Str<'a>>,
        #[serde(borrow)]
        description: Option<Str<'a>>,
        #[serde(borrow)]
        schema: Option<&'a RawValue>,
        strict: Option<bool>,
    }
    let said: Said<'_> = get(raw, "response_format", KIND)?;
    match (said.kind.0.as_ref(), said.json_schema) {
        ("text", _) => Ok(Format::Text),
        ("json_object", _) => Ok(Format::JsonObject),
        ("json_schema", Some(schema)) => Ok(Format::JsonSchema {
            name: schema.name.map_or(Cow::Borrowed("answer"), Cow::from),
            description: schema.description.map(Cow::from),
            schema: schema.schema,
            strict: schema.strict,
        }),
        _ => Err(wrong("response_format", KIND)),
    }
}

fn string<'a>(raw: &'a RawValue, field: &'static str) -> Result<Cow<'a, str>, BadRequest> {
    text(raw).ok_or_else(|| wrong(field, "a string"))
}

/// A value of one field.
pub fn get<'a, T: Deserialize<'a>>(
    raw: &'a RawValue,
    field: &'static str,
    kind: &str,
) -> Result<T, BadRequest> {
    serde_json::from_str(raw.get()).map_err(|_| wrong(field, kind))
}

#[cfg(test)]
mod tests;
