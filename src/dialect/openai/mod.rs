//! OpenAI's dialect: chat completions, completions and embeddings.

pub mod adapt;
pub mod assemble;
pub mod embed;
pub mod error;
mod events;
mod fields;
pub mod messages;
mod node;
pub mod relay;
pub mod request;
pub mod side;
pub mod stream;
pub mod unfold;

pub use side::CLIENT;
pub use side::PROVIDER;
