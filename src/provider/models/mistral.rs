//! What Mistral's models take in OpenAI's dialect (vendors.md §6.7).

use crate::dialect::hub::MaxTokensName;
use crate::dialect::hub::ModelTraits;
use crate::provider::models::COMPATIBLE;

/// It refuses every field that it does not know.
pub const ANY: ModelTraits = ModelTraits {
    efforts: &[],
    max_tokens_name: MaxTokensName::MaxTokens,
    refuses: &[
        "logit_bias",
        "logprobs",
        "reasoning_effort",
        "seed",
        "service_tier",
        "top_logprobs",
        "user",
        "verbosity",
        "web_search_options",
    ],
    ..COMPATIBLE
};
