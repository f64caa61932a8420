//! Wire formats, both directions. Pure: bytes in, values out.

pub mod openai;
pub mod sse;
pub mod usage;
