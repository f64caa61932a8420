//! OpenAI's dialect: chat completions, completions and embeddings.

pub mod assemble;
pub mod bad_request;
pub mod error;
mod events;
mod fields;
pub mod messages;
mod node;
pub mod operation;
pub mod relay;
pub mod request;
pub mod stream;
pub mod unfold;
