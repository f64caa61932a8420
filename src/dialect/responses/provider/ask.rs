//! Writes a request to a provider (vendors.md §3, §11.1).
//!
//! Nothing is kept at the vendor (`store: false`), so what it thought comes back to it with the next request.

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::hub::ModelTraits;
use crate::dialect::responses::json::Object;
use crate::dialect::responses::provider::items;
use crate::dialect::responses::provider::tools;
use crate::dialect::side::Target;
use std::borrow::Cow;

/// The smallest `max_output_tokens` that is taken.
const LEAST_OUTPUT: u64 = 16;

/// Fields of a client's request that this dialect has, too, and that are handed on as they came.
const CARRIED: &[&str] = &[
    "metadata",
    "safety_identifier",
    "prompt_cache_options",
    "prompt_cache_retention",
    "moderation",
    "truncation",
    "max_tool_calls",
    "context_management",
];

/// The body of a request.
pub fn body(request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Vec<u8> {
    let mut ask = Ask { effort: effort(request, target.traits, dropped), request, target, dropped };
    let mut out = Vec::new();
    let mut object = Object::open(&mut out);
    object.put("model", target.model);
    items::write(&request.messages, target, ask.dropped, object.nest("input"));
    object.put("store", &false);
    ask.include(&mut object);
    tools::write(request, target.traits, ask.dropped, &mut object);
    ask.limits(&mut object);
    ask.text(&mut object);
    ask.reasoning(&mut object);
    if request.stream {
        object.put("stream", &true);
    }
    object.put_some("service_tier", request.service_tier.as_deref());
    object.put_some("user", request.user.as_deref());
    object.put_some("prompt_cache_key", request.prompt_cache_key.as_deref());
    ask.extras(&mut object);
    ask.note_what_has_no_word();
    object.close();
    out
}

struct Ask<'r> {
    request: &'r ChatRequest<'r>,
    target: &'r Target<'r>,
    dropped: &'r mut Dropped,
    effort: Option<Effort>,
}

/// The effort to be named, the nearest that the model knows.
fn effort(request: &ChatRequest<'_>, traits: &ModelTraits, dropped: &mut Dropped) -> Option<Effort> {
    let reasoning = request.reasoning.as_ref()?;
    let wanted = reasoning.effort.or(reasoning.budget.map(Effort::of_budget))?;
    let known = [traits.efforts, traits.efforts_of_responses].concat();
    let nearest = wanted.nearest(&known);
    // Who asks a model not to reason that cannot has what was asked for.
    dropped.note_if(nearest.is_none() && wanted != Effort::None, "reasoning_effort");
    nearest
}

impl Ask<'_> {
    fn traits(&self) -> &ModelTraits {
        self.target.traits
    }

    /// The model will reason on this request.
    fn reasons(&self) -> bool {
        self.traits().reasons(self.effort)
    }

    /// The model is one that can reason: others refuse to be asked for what they thought.
    fn can_reason(&self) -> bool {
        !self.traits().efforts.is_empty()
    }

    fn wants_logprobs(&self) -> bool {
        let sampling = &self.request.sampling;
        sampling.logprobs == Some(true) && !self.traits().refuses("logprobs", self.reasons())
    }

    fn include(&mut self, object: &mut Object<'_>) {
        let asked = self.request.sampling.logprobs == Some(true);
        let logprobs = self.wants_logprobs();
        self.dropped.note_if(asked && !logprobs, "logprobs");
        let include: Vec<&str> = [
            self.can_reason().then_some("reasoning.encrypted_content"),
            logprobs.then_some("message.output_text.logprobs"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !include.is_empty() {
            object.put("include", &include);
        }
        if logprobs {
            object.put("top_logprobs", &self.request.sampling.top_logprobs.unwrap_or(0));
        }
    }

    fn limits(&mut self, object: &mut Object<'_>) {
        let most = self.traits().max_output.unwrap_or(u64::MAX);
        object.put_some(
            "max_output_tokens",
            self.request.max_output.map(|max| max.min(most).max(LEAST_OUTPUT)),
        );
        let sampling = &self.request.sampling;
        let temperature = sampling.temperature.map(|degrees| degrees.min(self.traits().max_temperature));
        for (name, value) in [("temperature", temperature), ("top_p", sampling.top_p)] {
            match self.takes(name) {
                true => {
                    object.put_some(name, value);
                }
                // 1 is what it takes anyway.
                false => self.dropped.note_if(value.is_some_and(|value| value != 1.0), name),
            }
        }
    }

    fn takes(&self, field: &str) -> bool {
        let (traits, reasons) = (self.traits(), self.reasons());
        traits.sampling && !(traits.sampling_needs_no_reasoning && reasons) && !traits.refuses(field, reasons)
    }

    fn text(&self, object: &mut Object<'_>) {
        let format = self.request.format.as_ref();
        let verbosity = self.request.verbosity.as_deref();
        if format.is_none() && verbosity.is_none() {
            return;
        }
        let mut text = Object::open(object.nest("text"));
        if let Some(format) = format {
            write_format(format, text.nest("format"));
        }
        text.put_some("verbosity", verbosity);
        text.close();
    }

    /// A summary is written only for who wants to read it: some accounts may not ask for one.
    fn reasoning(&self, object: &mut Object<'_>) {
        let asked = self.request.reasoning.as_ref();
        let word = asked.and_then(|reasoning| reasoning.summary.as_deref());
        let shown = asked.is_some_and(|reasoning| reasoning.show == Some(true));
        let summary = word.or(shown.then_some("auto")).filter(|_| self.can_reason());
        if self.effort.is_none() && summary.is_none() {
            return;
        }
        let mut reasoning = Object::open(object.nest("reasoning"));
        reasoning.put_some("effort", self.effort.map(Effort::word));
        reasoning.put_some("summary", summary);
        reasoning.close();
    }

    fn extras(&mut self, object: &mut Object<'_>) {
        for (name, value) in &self.request.extras {
            match CARRIED.contains(&name.as_ref()) && !self.target.traits.refuses(name, false) {
                true => {
                    object.put_raw(name, value.get().as_bytes());
                }
                false if tools::is_hosted(name) => {}
                false => self.dropped.note(Cow::Borrowed(name.as_ref())),
            }
        }
    }

    fn note_what_has_no_word(&mut self) {
        let sampling = &self.request.sampling;
        let unsaid = [
            (sampling.top_k.is_some(), "top_k"),
            (sampling.seed.is_some(), "seed"),
            (sampling.choices.is_some_and(|choices| choices > 1), "n"),
            (sampling.frequency_penalty.is_some_and(|penalty| penalty != 0.0), "frequency_penalty"),
            (sampling.presence_penalty.is_some_and(|penalty| penalty != 0.0), "presence_penalty"),
            (sampling.logit_bias.is_some(), "logit_bias"),
            (!self.request.stop.is_empty(), "stop"),
        ];
        unsaid.into_iter().for_each(|(said, name)| self.dropped.note_if(said, name));
    }
}

fn write_format(format: &Format<'_>, out: &mut Vec<u8>) {
    match format {
        Format::Text => Object::of(out, "text").close(),
        Format::JsonObject => Object::of(out, "json_object").close(),
        Format::JsonSchema { name, description, schema, strict } => {
            let mut object = Object::of(out, "json_schema");
            object.put("name", name.as_ref());
            object.put_some("description", description.as_deref());
            object.put_raw("schema", schema.map_or("{}", |schema| schema.get()).as_bytes());
            object.put_some("strict", *strict);
            object.close();
        }
    }
}
