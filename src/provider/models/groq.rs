//! What the models take that Groq serves (vendors.md §6.1).

use crate::dialect::hub::Effort;
use crate::dialect::hub::ModelTraits;
use crate::provider::models::COMPATIBLE;

/// A model that does not reason, and refuses to be told how much.
pub const ANY: ModelTraits = ModelTraits { efforts: &[], ..COMPATIBLE };

const BY_EFFORT: ModelTraits = ModelTraits {
    efforts: &[Effort::Low, Effort::Medium, Effort::High],
    default_effort: Some(Effort::Medium),
    ..ANY
};

/// By parts of their names, the longer ones first.
pub const MODELS: &[(&str, ModelTraits)] = &[
    ("gpt-oss", BY_EFFORT),
    (
        "qwen3.8-27b",
        ModelTraits { efforts: &[Effort::None, Effort::Low, Effort::Medium, Effort::High], ..ANY },
    ),
];
