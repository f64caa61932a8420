//! OpenAI's chat dialect: what Tollgate speaks to its callers.

pub mod assemble;
pub mod unfold;

mod events;
mod fields;
mod node;
