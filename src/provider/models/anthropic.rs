//! Anthropic's models (vendors.md §4.3).

use crate::dialect::hub::Effort;
use crate::dialect::hub::Effort::{High, Low, Max, Medium, XHigh};
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::ThinkingStyle;

const UP_TO_HIGH: &[Effort] = &[Low, Medium, High];

/// Those that think by a budget.
const BUDGET: ModelTraits = ModelTraits {
    sampling_needs_no_reasoning: true,
    max_temperature: 1.0,
    thinking: ThinkingStyle::Budget { least: 1024, zero: true },
    efforts: &[],
    mid_system: false,
    max_output: Some(64_000),
    ..ModelTraits::UNKNOWN
};

/// The first that decide themselves how much to think, and the last that are sampled.
const SAMPLED: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Adaptive { always: false },
    efforts: &[Low, Medium, High, Max],
    prefill: false,
    max_output: Some(128_000),
    ..BUDGET
};

/// Those that take no sampling; what to expect of models to come.
pub const NEWEST: ModelTraits =
    ModelTraits { sampling: false, efforts: &[Low, Medium, High, XHigh, Max], mid_system: true, ..SAMPLED };

const ALWAYS_THINKS: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Adaptive { always: true },
    default_effort: Some(Effort::High),
    ..NEWEST
};

const UNFORCED: ModelTraits = ModelTraits { forced_tool_choice: false, ..ALWAYS_THINKS };

/// By parts of their names, the longer ones first.
pub const MODELS: &[(&str, ModelTraits)] = &[
    ("haiku-4-5", BUDGET),
    ("sonnet-4-5", BUDGET),
    ("opus-4-5", ModelTraits { efforts: UP_TO_HIGH, ..BUDGET }),
    ("opus-4-6", SAMPLED),
    ("sonnet-4-6", SAMPLED),
    ("opus-4-7", ModelTraits { mid_system: false, ..NEWEST }),
    ("opus-4-8", NEWEST),
    ("haiku-5-5", NEWEST),
    ("sonnet-5-5", UNFORCED),
    ("opus-5-5", UNFORCED),
    ("fable-5-1", UNFORCED),
    ("mythos-5-1", UNFORCED),
    ("sonnet-5", NEWEST),
    ("opus-5", NEWEST),
    ("fable-5", ALWAYS_THINKS),
    ("mythos-5", ALWAYS_THINKS),
];

#[cfg(test)]
mod tests {
    use crate::provider::presets::preset;

    /// One row of vendors.md §4.3: sampling, prefill, forced calls, always thinks, tokens at most.
    fn row(model: &str) -> (bool, bool, bool, bool, Option<u64>) {
        let traits = preset("anthropic").unwrap().traits(model);
        let always = traits.default_effort.is_some();
        (traits.sampling, traits.prefill, traits.forced_tool_choice, always, traits.max_output)
    }

    #[test]
    fn the_table_says_what_each_model_takes() {
        let (k64, k128) = (Some(64_000), Some(128_000));
        for model in ["claude-haiku-4-5-20251001", "claude-sonnet-4-5", "claude-opus-4-5"] {
            assert_eq!(row(model), (true, true, true, false, k64), "{model}");
        }
        for model in ["claude-opus-4-6", "claude-sonnet-4-6"] {
            assert_eq!(row(model), (true, false, true, false, k128), "{model}");
        }
        let plain = [
            "claude-opus-4-7",
            "claude-opus-4-8",
            "claude-sonnet-5",
            "claude-opus-5-20260401",
            "claude-haiku-5-5",
        ];
        for model in plain {
            assert_eq!(row(model), (false, false, true, false, k128), "{model}");
        }
        for model in ["claude-fable-5", "claude-mythos-5"] {
            assert_eq!(row(model), (false, false, true, true, k128), "{model}");
        }
        for model in ["claude-sonnet-5-5", "claude-opus-5-5", "claude-fable-5-1", "claude-mythos-5-1"] {
            assert_eq!(row(model), (false, false, false, true, k128), "{model}");
        }
    }
}
