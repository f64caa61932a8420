//! OpenAI's dialect: chat completions, completions and embeddings.

pub mod error;
pub mod relay;
pub mod request;
pub mod stream;
