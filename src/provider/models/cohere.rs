//! What Cohere's models take.

use crate::dialect::hub::Effort;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::ThinkingStyle;

/// A model of Cohere's that does not think (vendors.md §8.1).
pub const ANY: ModelTraits = ModelTraits { max_temperature: 1.0, efforts: &[], ..ModelTraits::UNKNOWN };

pub const MODELS: &[(&str, ModelTraits)] = &[
    (
        "reasoning",
        ModelTraits {
            thinking: ThinkingStyle::Budget { least: 1, zero: true },
            efforts: &Effort::ALL,
            // It thinks unless told not to.
            default_effort: Some(Effort::High),
            max_output: Some(32_000),
            ..ANY
        },
    ),
    ("command-a-03", ModelTraits { max_output: Some(8_000), ..ANY }),
    ("command-r7b", ModelTraits { max_output: Some(4_096), ..ANY }),
    // `tool_choice` came with the model after these.
    ("command-r-", ModelTraits { forced_tool_choice: false, max_output: Some(4_096), ..ANY }),
];
