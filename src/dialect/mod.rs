//! Wire formats, both directions. Pure: bytes in, values out.

pub mod fault;
pub mod openai;
pub mod scan;
pub mod sse;
pub mod usage;
