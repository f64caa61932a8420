//! OpenAI's models (vendors.md §3): which fields they refuse, how they are told to reason, where they are to be had.

use crate::dialect::hub::Effort;
use crate::dialect::hub::Effort::{High, Low, Max, Medium, Minimal, None as Off, XHigh};
use crate::dialect::hub::MaxTokensName;
use crate::dialect::hub::ModelTraits;

/// A model that is not in the table.
pub const ANY: ModelTraits =
    ModelTraits { max_tokens_name: MaxTokensName::MaxCompletionTokens, ..ModelTraits::UNKNOWN };

const UP_TO_HIGH: &[Effort] = &[Low, Medium, High];
const UP_TO_XHIGH: &[Effort] = &[Low, Medium, High, XHigh];
const OFF_TO_HIGH: &[Effort] = &[Off, Low, Medium, High];
const OFF_TO_XHIGH: &[Effort] = &[Off, Low, Medium, High, XHigh];

/// Does not reason at all.
const PLAIN: ModelTraits =
    ModelTraits { efforts: &[], default_effort: None, refuses: &["reasoning_effort", "verbosity"], ..ANY };

/// What refuses to be steered token by token.
const REASONER: ModelTraits = ModelTraits {
    sampling_needs_no_reasoning: true,
    efforts: UP_TO_HIGH,
    default_effort: Some(Medium),
    max_output: Some(128_000),
    refuses: &[
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "stop",
        "prediction",
        "audio",
        "modalities",
    ],
    refuses_reasoning: &["logprobs", "top_logprobs"],
    ..ANY
};

/// The first reasoners: they cannot do otherwise, and call one tool at a time.
const O_SERIES: ModelTraits = ModelTraits {
    max_output: Some(100_000),
    refuses: &[
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "stop",
        "prediction",
        "audio",
        "modalities",
        "parallel_tool_calls",
        "verbosity",
    ],
    ..REASONER
};

/// Only to be had through the Responses API.
const CODEX: ModelTraits = ModelTraits { responses_only: true, ..REASONER };
const CODEX_XHIGH: ModelTraits = ModelTraits { efforts: UP_TO_XHIGH, ..CODEX };
const DEEP_RESEARCH: ModelTraits = ModelTraits { responses_only: true, ..O_SERIES };

const GPT_5: ModelTraits = ModelTraits { efforts: &[Minimal, Low, Medium, High], ..REASONER };
/// Does not reason unless told.
const GPT_5_1: ModelTraits = ModelTraits { efforts: OFF_TO_HIGH, default_effort: None, ..REASONER };
const GPT_5_2: ModelTraits = ModelTraits { efforts: OFF_TO_XHIGH, ..GPT_5_1 };
/// Chat completions refuse it tools while it reasons.
const GPT_5_4: ModelTraits = ModelTraits { responses_for_tools: true, ..GPT_5_2 };
const GPT_5_5: ModelTraits = ModelTraits { default_effort: Some(Medium), ..GPT_5_4 };
const GPT_6: ModelTraits = ModelTraits { efforts_of_responses: &[Max], ..GPT_5_5 };
/// Cannot be told not to reason.
const GPT_6_ALWAYS: ModelTraits = ModelTraits { efforts: UP_TO_XHIGH, ..GPT_6 };

/// Takes little more than a question and where to look.
const SEARCH: ModelTraits = ModelTraits {
    sampling: false,
    efforts: &[],
    default_effort: None,
    refuses: &[
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "reasoning_effort",
        "seed",
        "stop",
        "tool_choice",
        "tools",
        "top_logprobs",
    ],
    ..ANY
};

/// Parts of names, the longer ones first.
pub const MODELS: &[(&str, ModelTraits)] = &[
    ("gpt-5-search-api", SEARCH),
    ("-chat-latest", PLAIN),
    ("gpt-5-codex", CODEX),
    ("gpt-5.1-codex", CODEX),
    ("gpt-5.2-codex", CODEX_XHIGH),
    ("gpt-5.3-codex", CODEX_XHIGH),
    ("gpt-5-pro", CODEX),
    ("gpt-5.2-pro", CODEX_XHIGH),
    ("gpt-5.4-pro", CODEX_XHIGH),
    ("gpt-5.5-pro", CODEX_XHIGH),
    ("gpt-daybreak-", CODEX_XHIGH),
    ("gpt-6-sol", GPT_6),
    ("gpt-6-luna", GPT_6),
    ("gpt-6.1-terra", GPT_6),
    ("gpt-6", GPT_6_ALWAYS),
    ("gpt-5.6", GPT_5_5),
    ("gpt-5.5", GPT_5_5),
    ("gpt-5.4", GPT_5_4),
    ("gpt-5.2", GPT_5_2),
    ("gpt-5.1", GPT_5_1),
    ("gpt-5", GPT_5),
    ("gpt-4.1", ModelTraits { max_output: Some(32_768), ..PLAIN }),
    ("gpt-4o", ModelTraits { max_output: Some(16_384), ..PLAIN }),
    ("gpt-4", PLAIN),
    ("gpt-3.5", PLAIN),
    ("deep-research", DEEP_RESEARCH),
    ("o1-pro", DEEP_RESEARCH),
    ("o3-pro", DEEP_RESEARCH),
    ("o1", O_SERIES),
    ("o3", O_SERIES),
    ("o4-mini", O_SERIES),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::presets::preset;

    fn traits(model: &str) -> &'static ModelTraits {
        preset("openai").unwrap().traits(model)
    }

    #[test]
    fn no_row_hides_behind_an_earlier_one() {
        for (at, (name, _)) in MODELS.iter().enumerate() {
            let first = MODELS.iter().position(|(part, _)| name.contains(part));
            assert_eq!(first, Some(at), "`{name}` is never reached");
        }
    }

    #[test]
    fn models_are_found_by_their_dated_names() {
        assert!(traits("gpt-5.4-pro-2026-03-05").responses_only);
        assert!(traits("o3-deep-research-2025-06-26").responses_only);
        assert!(
            traits("gpt-6.1-sol").responses_for_tools && !traits("gpt-5.2-2025-12-11").responses_for_tools
        );
        assert_eq!(traits("gpt-4o-mini-2024-07-18").max_output, Some(16_384));
        assert!(!traits("o3").responses_only && traits("o3").default_effort == Some(Medium));
    }

    #[test]
    fn efforts_are_those_of_the_matrix() {
        let nearest = |model: &str, effort: Effort| effort.nearest(traits(model).efforts);
        assert_eq!(nearest("gpt-5-mini", Off), Some(Minimal));
        assert_eq!(nearest("gpt-5.1", XHigh), Some(High));
        assert_eq!(nearest("gpt-5.2", Max), Some(XHigh));
        assert_eq!(nearest("gpt-6-luna", Off), Some(Off));
        assert_eq!(nearest("gpt-6-astra", Off), Some(Low));
        assert_eq!(nearest("gpt-6.1-sol", Max), Some(XHigh), "chat completions refuse `max`");
        assert_eq!(traits("gpt-6.1-sol").efforts_of_responses, &[Max]);
        assert_eq!(nearest("gpt-4.1", High), None);
    }

    #[test]
    fn nobody_is_asked_for_max_tokens_under_its_old_name() {
        let all = MODELS.iter().map(|(_, traits)| traits).chain([&ANY]);
        assert!(all.into_iter().all(|traits| traits.max_tokens_name == MaxTokensName::MaxCompletionTokens));
    }
}
