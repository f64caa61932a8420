//! What single models take and refuse, a file for each vendor.

pub mod anthropic;
pub mod gemini;
pub mod bedrock;
pub mod cohere;
pub mod ollama;
pub mod replicate;
pub mod zai;
pub mod openai;
