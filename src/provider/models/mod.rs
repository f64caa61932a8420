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

use crate::dialect::hub::ModelTraits;

/// A model of a vendor that has taken over OpenAI's dialect, but not all of what is new in it.
pub const COMPATIBLE: ModelTraits = ModelTraits { custom_tools: false, ..ModelTraits::UNKNOWN };
