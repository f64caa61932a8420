//! What single models take and refuse, a file for each vendor.

pub mod anthropic;
pub mod gemini;
pub mod cohere;
pub mod ollama;
