//! What a model takes and what it refuses: data that the writers of requests go by.

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Effort;

/// Limits of one model. The table of models is in `provider`; nothing here is a vendor's name.
#[derive(Clone, Debug)]
pub struct ModelTraits {
    /// Takes `temperature`, `top_p`, `top_k`.
    pub sampling: bool,
    /// Takes them only while it does not reason.
    pub sampling_needs_no_reasoning: bool,
    pub max_temperature: f64,
    pub thinking: ThinkingStyle,
    /// Efforts it knows; others become the nearest. Empty: efforts are not understood.
    pub efforts: &'static [Effort],
    /// Efforts it knows besides, but only through the Responses API.
    pub efforts_of_responses: &'static [Effort],
    /// The effort it takes when none is named: `None` where it does not reason unless told.
    pub default_effort: Option<Effort>,
    /// A tool may be forced.
    pub forced_tool_choice: bool,
    /// The last message may be the assistant's, to be continued.
    pub prefill: bool,
    /// A system message may stand in the middle.
    pub mid_system: bool,
    /// Answers in a JSON schema natively.
    pub json_schema: bool,
    /// Fetches images from URLs by itself.
    pub image_urls: bool,
    /// Takes marks that the prompt up to them is worth keeping, where its dialect has them.
    pub cache_marks: bool,
    /// The most tokens it can answer with.
    pub max_output: Option<u64>,
    pub max_tokens_name: MaxTokensName,
    /// Wants to read what it thought before (vendors.md §6.5 and §6.8).
    pub replays_reasoning: bool,
    /// Calls of functions have ids.
    pub call_ids: bool,
    /// Calls have to come back with the seal they were made with (vendors.md §5.5).
    pub thought_signatures: bool,
    /// Results of functions may hold pictures and documents.
    pub media_in_results: bool,
    /// Takes tools of free text and a choice among some of its tools, where its dialect has them (vendors.md §1.1).
    pub custom_tools: bool,
    /// Fields of OpenAI's chat request that it refuses, by name.
    pub refuses: &'static [&'static str],
    /// Fields it refuses while it reasons.
    pub refuses_reasoning: &'static [&'static str],
    /// Only to be had through the Responses API.
    pub responses_only: bool,
    /// Function tools and reasoning together are only to be had through the Responses API.
    pub responses_for_tools: bool,
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinkingStyle {
    /// Not at all, or only by naming an effort.
    Effort,
    /// By a budget of tokens; `zero` turns it off, else `least` is the smallest budget.
    Budget { least: u64, zero: bool },
    /// The model decides, an effort guides it; `always`: it cannot be turned off.
    Adaptive { always: bool },
    /// By a named level.
    Level,
}

/// What the limit of an answer is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxTokensName {
    Either,
    MaxTokens,
    MaxCompletionTokens,
}

impl ModelTraits {
    /// A model of which nothing is known: takes everything.
    pub const UNKNOWN: ModelTraits = ModelTraits {
        sampling: true,
        sampling_needs_no_reasoning: false,
        max_temperature: 2.0,
        thinking: ThinkingStyle::Effort,
        efforts: &Effort::ALL,
        efforts_of_responses: &[],
        default_effort: None,
        forced_tool_choice: true,
        prefill: true,
        mid_system: true,
        json_schema: true,
        image_urls: true,
        cache_marks: true,
        max_output: None,
        max_tokens_name: MaxTokensName::Either,
        replays_reasoning: false,
        call_ids: true,
        thought_signatures: false,
        media_in_results: true,
        custom_tools: true,
        refuses: &[],
        refuses_reasoning: &[],
        responses_only: false,
        responses_for_tools: false,
    };

    /// A field of OpenAI's chat request that must not be sent; `reasons`: the model will reason on this request.
    pub fn refuses(&self, field: &str, reasons: bool) -> bool {
        self.refuses.contains(&field) || (reasons && self.refuses_reasoning.contains(&field))
    }

    /// Whether it takes every field of OpenAI's chat request as it is.
    pub fn takes_all(&self) -> bool {
        self.sampling
            && !self.sampling_needs_no_reasoning
            && self.max_temperature >= ModelTraits::UNKNOWN.max_temperature
            && self.efforts.len() == Effort::ALL.len()
            && self.max_tokens_name == MaxTokensName::Either
            && self.refuses.is_empty()
            && self.refuses_reasoning.is_empty()
    }

    /// Whether it will reason when it is asked with this effort, or with none.
    pub fn reasons(&self, effort: Option<Effort>) -> bool {
        effort.or(self.default_effort).is_some_and(|effort| effort != Effort::None)
    }

    /// Whether some requests have to go through the Responses API.
    pub fn may_need_responses(&self) -> bool {
        self.responses_only || self.responses_for_tools
    }

    /// Whether this request has to (vendors.md §3).
    pub fn needs_responses(&self, request: &ChatRequest<'_>) -> bool {
        let effort = request.reasoning.as_ref().and_then(|reasoning| reasoning.effort);
        let calls = request.tools.iter().any(|tool| !tool.custom);
        self.responses_only || (self.responses_for_tools && calls && self.reasons(effort))
    }
}
