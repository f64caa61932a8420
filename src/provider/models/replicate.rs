//! What the models take that Replicate serves (vendors.md §7). `refuses` names fields of a prediction's input.

use crate::dialect::hub::Effort;
use crate::dialect::hub::MaxTokensName;
use crate::dialect::hub::ModelTraits;

/// Replicate refuses fields a model does not know, so one of which nothing is known gets the few that all have.
pub const ANY: ModelTraits = ModelTraits {
    efforts: &[],
    json_schema: false,
    refuses: &[
        "messages",
        "system_prompt",
        "image",
        "image_input",
        "top_k",
        "seed",
        "stop",
        "presence_penalty",
        "frequency_penalty",
        "verbosity",
    ],
    ..ModelTraits::UNKNOWN
};

/// OpenAI's own models, which take a list of messages.
const GPT: ModelTraits = ModelTraits {
    max_tokens_name: MaxTokensName::MaxCompletionTokens,
    refuses: &["image", "top_k", "seed", "stop", "verbosity"],
    ..ANY
};

pub const MODELS: &[(&str, ModelTraits)] = &[
    (
        "openai/gpt-5",
        ModelTraits {
            sampling: false,
            efforts: &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High],
            refuses: &["image", "top_k", "seed", "stop", "presence_penalty", "frequency_penalty"],
            ..GPT
        },
    ),
    (
        "openai/o",
        ModelTraits {
            sampling: false,
            efforts: &[Effort::Low, Effort::Medium, Effort::High],
            refuses: &[
                "image",
                "top_k",
                "seed",
                "stop",
                "presence_penalty",
                "frequency_penalty",
                "verbosity",
            ],
            ..GPT
        },
    ),
    ("openai/gpt-4", GPT),
    (
        "anthropic/claude",
        ModelTraits {
            sampling: false,
            refuses: &[
                "messages",
                "image_input",
                "top_k",
                "seed",
                "stop",
                "presence_penalty",
                "frequency_penalty",
                "verbosity",
            ],
            ..ANY
        },
    ),
    ("meta/", ModelTraits { refuses: &["messages", "seed", "verbosity", "image", "image_input"], ..ANY }),
    (
        "ibm-granite/",
        ModelTraits { refuses: &["messages", "seed", "verbosity", "image", "image_input"], ..ANY },
    ),
];
