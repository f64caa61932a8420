//! A chat becomes the input of a prediction. Its fields differ from model to model; the traits tell.

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::hub::MaxTokensName;
use crate::dialect::hub::ToolChoice;
use crate::dialect::replicate::Name;
use crate::dialect::replicate::prompt::Prompt;
use crate::dialect::replicate::prompt::Turn;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use serde::Serialize;
use std::borrow::Cow;

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    input: Input<'a>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

#[derive(Serialize, Default)]
struct Input<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<Turn>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_input: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    /// Joined by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_sequences: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'a str>,
}

/// # Errors
/// [`Unsayable`] for tools, and for files the model has no field for.
pub fn write(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Unsayable> {
    if !request.tools.is_empty() && request.tool_choice != Some(ToolChoice::None) {
        let message =
            "this provider's models call no tools; leave `tools` out or name another model".to_owned();
        return Err(Unsayable { message, param: "tools" });
    }
    let mut taking = Taking { target, dropped };
    let mut input = taking.settings(request);
    let mut prompt = Prompt::of(request, taking.dropped)?;
    prompt.system.extend(plea(request, taking.dropped));
    let images = std::mem::take(&mut prompt.images);
    taking.images(images, &mut input)?;
    match taking.takes("messages") {
        true => input.messages = Some(prompt.turns_with_system()),
        false if taking.takes("system_prompt") => {
            input.system_prompt = prompt.take_system();
            input.prompt = Some(prompt.flat());
        }
        false => input.prompt = Some(prompt.flat()),
    }
    note_unsaid(request, taking.dropped);
    let version = match Name::of(target.model) {
        Name::Version(version) => Some(version),
        Name::Deployment(_) | Name::Official(_) => None,
    };
    serde_json::to_vec(&Body { version, input, stream: request.stream }).map_err(|_| Unsayable {
        message: "a number in the request cannot be written as JSON".to_owned(),
        param: "messages",
    })
}

/// What the model takes, and where it is noted what it does not.
struct Taking<'t, 'd> {
    target: &'t Target<'t>,
    dropped: &'d mut Dropped,
}

impl<'t> Taking<'t, '_> {
    fn takes(&self, field: &str) -> bool {
        !self.target.traits.refuses(field, false)
    }

    /// The value, if the model has a field for it.
    fn taken<T>(&mut self, field: &'static str, value: Option<T>) -> Option<T> {
        let takes = self.takes(field);
        self.dropped.note_if(!takes && value.is_some(), field);
        value.filter(|_| takes)
    }

    fn settings<'a>(&mut self, request: &'a ChatRequest<'a>) -> Input<'a> {
        let (traits, sampling) = (self.target.traits, &request.sampling);
        let sampled = |value: Option<f64>| value.filter(|_| traits.sampling);
        self.dropped.note_if(!traits.sampling && sampling.temperature.is_some(), "temperature");
        self.dropped.note_if(!traits.sampling && sampling.top_p.is_some(), "top_p");
        let most = self.taken("max_tokens", request.max_output);
        let most = most.map(|most| most.min(traits.max_output.unwrap_or(u64::MAX)));
        let is_completion = traits.max_tokens_name == MaxTokensName::MaxCompletionTokens;
        let heat = sampled(sampling.temperature).map(|heat| heat.clamp(0.0, traits.max_temperature));
        Input {
            max_tokens: most.filter(|_| !is_completion),
            max_completion_tokens: most.filter(|_| is_completion),
            temperature: self.taken("temperature", heat),
            top_p: self.taken("top_p", sampled(sampling.top_p)),
            top_k: self.taken("top_k", sampling.top_k),
            seed: self.taken("seed", sampling.seed),
            presence_penalty: self.taken("presence_penalty", sampling.presence_penalty),
            frequency_penalty: self.taken("frequency_penalty", sampling.frequency_penalty),
            stop_sequences: self.stop(request),
            reasoning_effort: self.effort(request),
            verbosity: self.taken("verbosity", request.verbosity.as_deref()),
            ..Input::default()
        }
    }

    /// A sequence with a comma would be read as two.
    fn stop(&mut self, request: &ChatRequest<'_>) -> Option<String> {
        let sayable: Vec<&str> =
            request.stop.iter().map(AsRef::as_ref).filter(|stop: &&str| !stop.contains(',')).collect();
        self.dropped.note_if(sayable.len() < request.stop.len(), "stop");
        self.taken("stop", (!sayable.is_empty()).then(|| sayable.join(",")))
    }

    fn effort(&mut self, request: &ChatRequest<'_>) -> Option<&'static str> {
        let asked = request.reasoning.as_ref()?;
        let asked = asked.effort.or_else(|| asked.budget.map(Effort::of_budget))?;
        let known = asked.nearest(self.target.traits.efforts);
        self.dropped.note_if(known.is_none() && asked != Effort::None, "reasoning_effort");
        known.map(Effort::word)
    }

    fn images<'a>(&mut self, mut images: Vec<Cow<'a, str>>, input: &mut Input<'a>) -> Result<(), Unsayable> {
        match images.len() {
            0 => {}
            _ if self.takes("image_input") => input.image_input = images,
            1 if self.takes("image") => input.image = images.pop(),
            many => {
                let at_most = if self.takes("image") { "one image" } else { "no images" };
                let message = format!("this model takes {at_most}, found {many}; name another model");
                return Err(Unsayable { message, param: "messages" });
            }
        }
        Ok(())
    }
}

/// No model takes a form for its answer, so it is asked for in words.
fn plea(request: &ChatRequest<'_>, dropped: &mut Dropped) -> Option<String> {
    const PLAIN: &str = "Answer with one JSON object and nothing else.";
    let plea = match request.format.as_ref()? {
        Format::Text => return None,
        Format::JsonSchema { schema: Some(schema), .. } => {
            format!("{PLAIN} It has to fit this JSON Schema: {}", schema.get())
        }
        Format::JsonObject | Format::JsonSchema { schema: None, .. } => PLAIN.to_owned(),
    };
    dropped.note("response_format");
    Some(plea)
}

/// What no model has a field for.
fn note_unsaid(request: &ChatRequest<'_>, dropped: &mut Dropped) {
    let sampling = &request.sampling;
    dropped.note_if(sampling.choices.is_some_and(|n| n > 1), "n");
    dropped.note_if(sampling.logit_bias.is_some(), "logit_bias");
    dropped.note_if(sampling.logprobs == Some(true), "logprobs");
    dropped.note_if(sampling.top_logprobs.is_some(), "top_logprobs");
    dropped.note_if(request.service_tier.as_deref().is_some_and(|tier| tier != "auto"), "service_tier");
    dropped.note_if(request.user.is_some(), "user");
    dropped.note_if(request.prompt_cache_key.is_some(), "prompt_cache_key");
    dropped.note_if(request.web_search.is_some(), "web_search_options");
    for (name, _) in &request.extras {
        dropped.note(name.as_ref());
    }
}
