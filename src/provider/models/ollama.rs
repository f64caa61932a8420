//! What the models take that Ollama serves.

use crate::dialect::hub::Effort;
use crate::dialect::hub::ModelTraits;

/// Ollama forces no tool on a model and fetches no pictures (vendors.md §6.9).
pub const ANY: ModelTraits =
    ModelTraits { forced_tool_choice: false, image_urls: false, ..ModelTraits::UNKNOWN };

/// One that does not think refuses to be told how much.
const THOUGHTLESS: ModelTraits = ModelTraits { efforts: &[], ..ANY };

pub const MODELS: &[(&str, ModelTraits)] = &[
    (
        "gpt-oss",
        ModelTraits {
            // It cannot be kept from thinking.
            efforts: &[Effort::Low, Effort::Medium, Effort::High],
            default_effort: Some(Effort::Medium),
            ..ANY
        },
    ),
    ("llama2", THOUGHTLESS),
    ("llama3", THOUGHTLESS),
    ("gemma2", THOUGHTLESS),
    ("gemma3", THOUGHTLESS),
    ("qwen2", THOUGHTLESS),
    ("mistral", THOUGHTLESS),
    ("mixtral", THOUGHTLESS),
];
