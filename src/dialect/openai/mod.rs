//! OpenAI's dialect: chat completions, completions, embeddings, and what is passed through beside them.

pub mod adapt;
pub mod answer;
pub mod ask;
pub mod assemble;
pub mod embed;
pub mod end_user;
pub mod error;
mod events;
mod fields;
pub mod form;
pub mod media;
pub mod message;
pub mod messages;
mod name;
mod node;
mod part;
mod plain_tools;
mod read_calls;
pub mod read_stream;
pub mod relay;
pub mod request;
pub mod side;
pub mod stream;
mod tools;
pub mod unfold;
pub mod write_answer;
pub mod write_messages;
pub mod write_parts;
pub mod write_request;
pub mod write_stream;
pub mod write_tools;

pub use side::CLIENT;
pub use side::PROVIDER;
