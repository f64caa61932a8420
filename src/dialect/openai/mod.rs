//! OpenAI's dialect: chat completions, completions, embeddings, and what is passed through beside them.

pub mod adapt;
pub mod assemble;
pub mod embed;
pub mod error;
mod events;
mod fields;
pub mod form;
pub mod media;
pub mod messages;
mod node;
pub mod relay;
pub mod request;
pub mod side;
pub mod stream;
pub mod unfold;

pub use side::CLIENT;
pub use side::PROVIDER;
