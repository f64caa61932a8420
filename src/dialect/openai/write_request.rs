//! A request of the hub as a provider of this dialect takes it (vendors.md §1.1, §3, §10.2, §11.1).

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::hub::MaxTokensName;
use crate::dialect::hub::ModelTraits;
use crate::dialect::openai::plain_tools;
use crate::dialect::openai::write_messages::Message;
use crate::dialect::openai::write_messages::messages;
use crate::dialect::openai::write_tools::Choice;
use crate::dialect::openai::write_tools::SaidTool;
use crate::dialect::openai::write_tools::forces;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use serde::Serialize;
use serde_json::value::RawValue;

/// OpenAI takes at most so many stop sequences.
const MAX_STOPS: usize = 4;
/// Longest `user`.
const MAX_USER: usize = 64;

#[derive(Default, Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logit_bias: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [std::borrow::Cow<'a, str>],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<SaidTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<SaidFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_search_options: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum SaidFormat<'a> {
    Text,
    JsonObject,
    JsonSchema { json_schema: Schema<'a> },
}

#[derive(Serialize)]
struct Schema<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// Writes a request.
///
/// # Errors
/// [`Unsayable`] where a part of a message has no place here.
pub fn write(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Unsayable> {
    let plain = if target.traits.custom_tools { None } else { plain_tools::plain(request, dropped) };
    written(plain.as_ref().unwrap_or(request), target, dropped)
}

fn written(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Unsayable> {
    let traits = target.traits;
    let effort = effort(request, traits, dropped);
    let reasons = traits.reasons(effort);
    let mut body = Body {
        model: target.model,
        messages: messages(request, target)?,
        parallel_tool_calls: request.parallel_tool_calls.filter(|_| !request.tools.is_empty()),
        tools: request.tools.iter().map(SaidTool::of).collect(),
        response_format: request.format.as_ref().map(SaidFormat::of),
        reasoning_effort: effort.map(Effort::word),
        stream: request.stream,
        stream_options: (request.stream && target.stream_options)
            .then_some(StreamOptions { include_usage: true }),
        web_search_options: request.web_search,
        ..Body::default()
    };
    body.choice(request, traits, dropped);
    body.limits(request, traits);
    body.sampling(request, traits, reasons, dropped);
    body.words(request, dropped);
    body.refused(traits, reasons, dropped);
    request.extras.iter().for_each(|(name, _)| dropped.note(name.as_ref()));
    // Strings, numbers and JSON as it came can always be written.
    Ok(serde_json::to_vec(&body).unwrap_or_default())
}

/// The effort that is asked for, or that a budget amounts to, as far as the model knows it.
fn effort(request: &ChatRequest<'_>, traits: &ModelTraits, dropped: &mut Dropped) -> Option<Effort> {
    let reasoning = request.reasoning.as_ref()?;
    let asked = reasoning.effort.or(reasoning.budget.map(Effort::of_budget))?;
    let nearest = asked.nearest(traits.efforts);
    // Who asks a model not to reason that cannot has what was asked for.
    dropped.note_if(nearest.is_none() && asked != Effort::None, "reasoning_effort");
    nearest
}

impl<'a> Body<'a> {
    /// Without tools there is nothing to choose, and saying so is refused.
    fn choice(&mut self, request: &'a ChatRequest<'_>, traits: &ModelTraits, dropped: &mut Dropped) {
        let choice = request.tool_choice.as_ref().filter(|_| !request.tools.is_empty());
        let may_force = traits.forced_tool_choice || !choice.is_some_and(forces);
        dropped.note_if(!may_force, "tool_choice");
        let said = choice.map(|choice| Choice::of(choice, request));
        self.tool_choice = if may_force { said } else { said.map(Choice::unforced) };
    }

    fn limits(&mut self, request: &'a ChatRequest<'_>, traits: &ModelTraits) {
        let asked = request.max_output.map(|limit| traits.max_output.map_or(limit, |most| limit.min(most)));
        match traits.max_tokens_name {
            MaxTokensName::MaxCompletionTokens => self.max_completion_tokens = asked,
            MaxTokensName::Either | MaxTokensName::MaxTokens => self.max_tokens = asked,
        }
    }

    fn sampling(
        &mut self,
        request: &'a ChatRequest<'_>,
        traits: &ModelTraits,
        reasons: bool,
        dropped: &mut Dropped,
    ) {
        let said = &request.sampling;
        let takes = traits.sampling && !(traits.sampling_needs_no_reasoning && reasons);
        dropped.note_if(!takes && said.temperature.is_some(), "temperature");
        dropped.note_if(!takes && said.top_p.is_some(), "top_p");
        // Not in OpenAI's dialect; most who take it take it by this name, but some refuse what they do not know.
        dropped.note_if(said.top_k.is_some(), "top_k");
        self.temperature = said.temperature.filter(|_| takes).map(|asked| asked.min(traits.max_temperature));
        self.top_p = said.top_p.filter(|_| takes);
        self.n = said.choices.filter(|choices| *choices != 1);
        self.seed = said.seed;
        self.frequency_penalty = said.frequency_penalty;
        self.presence_penalty = said.presence_penalty;
        self.logit_bias = said.logit_bias;
        self.logprobs = said.logprobs;
        self.top_logprobs = said.top_logprobs;
    }

    fn words(&mut self, request: &'a ChatRequest<'a>, dropped: &mut Dropped) {
        dropped.note_if(request.stop.len() > MAX_STOPS, "stop");
        self.stop = &request.stop[..request.stop.len().min(MAX_STOPS)];
        self.verbosity = request.verbosity.as_deref();
        self.service_tier = request.service_tier.as_deref();
        self.prompt_cache_key = request.prompt_cache_key.as_deref();
        let user = request.user.as_deref();
        dropped.note_if(user.is_some_and(|user| user.len() > MAX_USER), "user");
        self.user = user.filter(|user| user.len() <= MAX_USER);
    }

    fn refused(&mut self, traits: &ModelTraits, reasons: bool, dropped: &mut Dropped) {
        let mut refuse = |said: bool, name: &'static str| {
            let refused = said && traits.refuses(name, reasons);
            dropped.note_if(refused, name);
            refused
        };
        macro_rules! leave_out {
            ($($field:ident),*) => {
                $(if refuse(self.$field.is_some(), stringify!($field)) {
                    self.$field = None;
                })*
            };
        }
        leave_out!(
            temperature,
            top_p,
            n,
            seed,
            frequency_penalty,
            presence_penalty,
            logit_bias,
            logprobs,
            top_logprobs,
            tool_choice,
            parallel_tool_calls,
            response_format,
            reasoning_effort,
            verbosity,
            service_tier,
            user,
            prompt_cache_key,
            web_search_options
        );
        if refuse(!self.stop.is_empty(), "stop") {
            self.stop = &[];
        }
    }
}

impl<'a> SaidFormat<'a> {
    fn of(format: &'a Format<'_>) -> SaidFormat<'a> {
        match format {
            Format::Text => SaidFormat::Text,
            Format::JsonObject => SaidFormat::JsonObject,
            Format::JsonSchema { name, description, schema, strict } => SaidFormat::JsonSchema {
                json_schema: Schema {
                    name,
                    description: description.as_deref(),
                    schema: *schema,
                    strict: *strict,
                },
            },
        }
    }
}

#[cfg(test)]
mod tests;
