//! Google's models (vendors.md §5.2).

use crate::dialect::hub::Effort;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::ThinkingStyle;

/// What its models have in common.
const COMMON: ModelTraits =
    ModelTraits { image_urls: false, max_output: Some(65_536), ..ModelTraits::UNKNOWN };

/// Those that do not think.
const PLAIN: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Effort,
    efforts: &[],
    max_output: Some(8_192),
    call_ids: false,
    media_in_results: false,
    ..COMMON
};

/// Those that draw.
const IMAGES: ModelTraits = ModelTraits { json_schema: false, max_output: Some(32_768), ..PLAIN };

/// Those that think with a budget.
const BUDGET: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Budget { least: 1, zero: true },
    default_effort: Some(Effort::Medium),
    max_output: COMMON.max_output,
    ..PLAIN
};

/// From the third generation on.
const THIRD: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Level,
    efforts: &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High],
    default_effort: Some(Effort::High),
    thought_signatures: true,
    refuses: &["presence_penalty", "frequency_penalty"],
    ..COMMON
};

/// Those that no longer take a temperature, which is what to expect of models to come.
pub const NEWEST: ModelTraits =
    ModelTraits { sampling: false, efforts: &[Effort::Low, Effort::Medium, Effort::High], ..THIRD };

/// By parts of their names, the longer ones first.
pub const MODELS: &[(&str, ModelTraits)] = &[
    ("gemma-", PLAIN),
    ("gemini-1.", PLAIN),
    ("gemini-2.0", PLAIN),
    ("gemini-2.5-flash-image", IMAGES),
    (
        "gemini-2.5-flash-lite",
        ModelTraits {
            thinking: ThinkingStyle::Budget { least: 512, zero: true },
            default_effort: None,
            ..BUDGET
        },
    ),
    ("gemini-2.5-flash", BUDGET),
    ("gemini-2.5-pro", ModelTraits { thinking: ThinkingStyle::Budget { least: 128, zero: false }, ..BUDGET }),
    ("gemini-3-pro-image", ModelTraits { efforts: &[], max_output: IMAGES.max_output, ..THIRD }),
    ("gemini-3-pro", ModelTraits { efforts: &[Effort::Low, Effort::High], ..THIRD }),
    ("gemini-3.5-flash-lite", ModelTraits { sampling: false, ..THIRD }),
    ("gemini-3-flash", THIRD),
    ("gemini-3.5-flash", THIRD),
    ("gemini-3.1-flash", THIRD),
    ("gemini-3.1-pro", ModelTraits { efforts: NEWEST.efforts, ..THIRD }),
    ("gemini-3.6-flash", ModelTraits { sampling: false, ..THIRD }),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::presets::preset;

    #[test]
    fn every_model_is_found_in_its_own_row() {
        for (place, (part, _)) in MODELS.iter().enumerate() {
            let first = MODELS.iter().position(|(other, _)| part.contains(other));
            assert_eq!(first, Some(place), "`{part}` is hidden by an earlier row");
        }
    }

    #[test]
    fn a_model_takes_a_level_or_a_budget_as_its_generation_does() {
        let traits = |model: &str| preset("gemini").unwrap().traits(model).clone();
        let budget = |least, zero| ThinkingStyle::Budget { least, zero };
        assert_eq!(traits("models/gemini-2.5-flash").thinking, budget(1, true));
        assert_eq!(traits("gemini-2.5-flash-lite-preview-06-17").thinking, budget(512, true));
        assert_eq!(traits("gemini-2.5-pro").thinking, budget(128, false));
        assert!(traits("gemini-2.0-flash").efforts.is_empty());
        for unheard in ["gemini-3.8-flash", "gemini-4-argon", "gemini-flash-latest"] {
            let traits = traits(unheard);
            assert_eq!(traits.thinking, ThinkingStyle::Level);
            assert!(traits.thought_signatures && traits.call_ids && !traits.sampling, "{unheard}");
        }
        assert!(!traits("gemini-2.5-pro").call_ids);
    }
}
