//! What single models take and refuse, a file for each vendor.

pub mod anthropic;
pub mod bedrock;
pub mod cohere;
pub mod gemini;
pub mod groq;
pub mod mistral;
pub mod ollama;
pub mod openai;
pub mod replicate;
pub mod zai;
