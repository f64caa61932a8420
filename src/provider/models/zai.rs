//! What z.ai's models take in OpenAI's dialect (vendors.md §6.5).

use crate::dialect::hub::MaxTokensName;
use crate::dialect::hub::ModelTraits;
use crate::provider::models::COMPATIBLE;

pub const ANY: ModelTraits = ModelTraits {
    max_temperature: 1.0,
    max_tokens_name: MaxTokensName::MaxTokens,
    refuses: &["n", "logprobs", "top_logprobs", "logit_bias", "frequency_penalty", "presence_penalty"],
    ..COMPATIBLE
};
