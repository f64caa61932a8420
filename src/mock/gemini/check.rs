//! What the vendor refuses (vendors.md §5.2, §5.5).

use crate::mock::gemini::body::Body;
use crate::mock::gemini::body::Content;
use crate::mock::gemini::body::Level;
use crate::mock::gemini::body::Part;
use crate::mock::gemini::body::Settings;
use crate::mock::gemini::body::Thinking;
use crate::mock::gemini::wire;
use crate::mock::refusal::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The seal that is always taken.
const NO_SEAL: &str = "skip_thought_signature_validator";

/// Refuses a body that the vendor would refuse for this model.
pub(super) fn body(body: &Body, model: &str) -> Result<(), Refusal> {
    let contents = body.contents.as_deref().unwrap_or_default();
    ensure(!contents.is_empty(), "contents is not specified")?;
    contents.iter().try_for_each(|content| self::content(content, model))?;
    turns(contents)?;
    if let Some(instruction) = &body.system_instruction {
        ensure(instruction.parts.iter().all(|part| part.text.is_some()), "system instructions are texts")?;
    }
    tools(body)?;
    let tier = body.service_tier.as_deref().unwrap_or("standard");
    ensure(["standard", "flex", "priority"].contains(&tier), "invalid value at 'service_tier'")?;
    body.generation_config.as_ref().map_or(Ok(()), |settings| self::settings(settings, model))
}

/// Which generation a model is of; names that tell nothing are taken for neither.
pub(super) fn generation(model: &str) -> Option<u32> {
    let digits = model.strip_prefix("gemini-")?.split(|sign: char| !sign.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn content(content: &Content, model: &str) -> Result<(), Refusal> {
    let role = content.role.as_deref().unwrap_or("user");
    ensure(["user", "model"].contains(&role), "please use a valid role: user, model")?;
    ensure(!content.parts.is_empty(), "contents.parts must not be empty")?;
    content.parts.iter().try_for_each(|part| self::part(part, model))?;
    let first = content.parts.iter().find(|part| part.function_call.is_some());
    let sealed = first.is_none_or(|part| part.thought_signature.is_some());
    let must_be = generation(model).is_some_and(|generation| generation >= 3);
    ensure(sealed || !must_be, "function call is missing a thought_signature in functionCall parts")
}

fn part(part: &Part, model: &str) -> Result<(), Refusal> {
    let kinds = [
        part.text.is_some(),
        part.inline_data.is_some(),
        part.file_data.is_some(),
        part.function_call.is_some(),
        part.function_response.is_some(),
    ];
    ensure(
        kinds.into_iter().filter(|is| *is).count() == 1,
        "required oneof field 'data' must have one field",
    )?;
    let empty = part.text.as_deref() == Some("") && part.thought_signature.is_none();
    ensure(!empty, "unable to submit request because it must have a text parameter")?;
    let blob = part.inline_data.as_ref();
    ensure(blob.is_none_or(|blob| STANDARD.decode(&blob.data).is_ok()), "base64 decoding failed")?;
    let file = part.file_data.as_ref();
    ensure(file.is_none_or(|file| file.file_uri.starts_with("https://")), "unsupported file uri")?;
    let seal = part.thought_signature.as_deref();
    ensure(seal.is_none_or(is_ours), "corrupted thought signature")?;
    let call = part.function_call.as_ref().map(|call| (&call.name, &call.id));
    let outcome = part.function_response.as_ref().map(|outcome| (&outcome.name, &outcome.id));
    for (name, id) in call.into_iter().chain(outcome) {
        ensure(!name.is_empty(), "function name cannot be empty")?;
        let early = generation(model).is_some_and(|generation| generation < 3);
        ensure(id.is_none() || !early, "unknown name \"id\": cannot find field")?;
    }
    Ok(())
}

fn is_ours(seal: &str) -> bool {
    let opened = STANDARD.decode(seal).unwrap_or_default();
    opened == NO_SEAL.as_bytes() || opened.starts_with(wire::SEAL.as_bytes())
}

/// Calls follow the user, and are followed by as many results.
fn turns(contents: &[Content]) -> Result<(), Refusal> {
    let calls = |content: &Content| count(content, |part| part.function_call.is_some());
    let results = |content: &Content| count(content, |part| part.function_response.is_some());
    let is_models = |content: &Content| content.role.as_deref() == Some("model");
    let mut before: Option<&Content> = None;
    for content in contents {
        let called = before.map_or(0, calls);
        let follows = before.is_some_and(|before| !is_models(before));
        ensure(
            calls(content) == 0 || (is_models(content) && follows),
            "please ensure that function call turn comes immediately after a user turn or after a function \
             response turn",
        )?;
        ensure(
            results(content) == called,
            "please ensure that the number of function response parts is equal to the number of function call \
             parts of the function call turn",
        )?;
        before = Some(content);
    }
    Ok(())
}

fn count(content: &Content, is: impl Fn(&Part) -> bool) -> usize {
    content.parts.iter().filter(|part| is(part)).count()
}

fn tools(body: &Body) -> Result<(), Refusal> {
    let declared = body.tools.iter().flatten().flat_map(|tools| &tools.function_declarations);
    let names: Vec<&str> = declared.map(|tool| tool.name.as_str()).collect();
    ensure(names.iter().all(|name| is_name(name)), "invalid function name")?;
    let Some(config) = &body.tool_config else { return Ok(()) };
    let calling = &config.function_calling_config;
    ensure(["AUTO", "ANY", "NONE", "VALIDATED"].contains(&calling.mode.as_str()), "invalid value at 'mode'")?;
    let allowed = &calling.allowed_function_names;
    ensure(
        allowed.is_empty() || ["ANY", "VALIDATED"].contains(&calling.mode.as_str()),
        "allowed_function_names may only be set where the mode is ANY or VALIDATED",
    )?;
    let known = allowed.iter().all(|name| names.contains(&name.as_str()));
    ensure(known, "allowed_function_names must be declared functions")
}

fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_');
    let signs = |sign: char| sign.is_ascii_alphanumeric() || "_.:-".contains(sign);
    starts && name.len() <= 128 && name.chars().all(signs)
}

fn settings(settings: &Settings, model: &str) -> Result<(), Refusal> {
    if settings.candidate_count.is_some_and(|count| count != 1) {
        return Err(Refusal::unreadable("multiple candidates is not enabled for this model"));
    }
    let hot = settings.temperature.is_some_and(|heat| !(0.0..=2.0).contains(&heat));
    ensure(!hot, "temperature must be in the range [0.0, 2.0]")?;
    ensure(settings.stop_sequences.len() <= 5, "stop_sequences must be at most 5")?;
    ensure(settings.max_output_tokens != Some(0), "max_output_tokens must be positive")?;
    let json = settings.response_mime_type.as_deref() == Some("application/json");
    ensure(settings.response_json_schema.is_none() || json, "a schema needs a JSON response_mime_type")?;
    ensure(settings.logprobs.is_none() || settings.response_logprobs, "logprobs needs response_logprobs")?;
    let third = generation(model).is_some_and(|generation| generation >= 3);
    let penalised = settings.presence_penalty.is_some() || settings.frequency_penalty.is_some();
    ensure(!(third && penalised), "penalty is not enabled for this model")?;
    settings.thinking_config.as_ref().map_or(Ok(()), |thinking| self::thinking(thinking, model))
}

fn thinking(thinking: &Thinking, model: &str) -> Result<(), Refusal> {
    let (budget, level) = (thinking.thinking_budget, thinking.thinking_level);
    ensure(budget.is_none() || level.is_none(), "thinking_budget and thinking_level exclude each other")?;
    let early = generation(model).is_some_and(|generation| generation < 3);
    ensure(!(early && level.is_some()), "thinking level is not supported for this model")?;
    ensure(level != Some(Level::XHigh), "thinking level is not supported for this model")?;
    let silent = model.contains("2.5-pro") && budget == Some(0);
    ensure(!silent, "budget 0 is invalid: this model only works in thinking mode")?;
    ensure(!(thinking.include_thoughts && budget == Some(0)), "there are no thoughts to include")
}

fn ensure(holds: bool, message: &str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::unreadable(message)) }
}
