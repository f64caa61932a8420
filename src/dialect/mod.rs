//! Wire formats, both directions. Pure: bytes in, values out.
//!
//! Each dialect is a folder that reads into and writes from the types of `hub`; none knows another. A dialect is
//! added with its folder, a name in [`Dialect`] and a line in [`Dialect::provider_side`] or [`Dialect::client_side`].

pub mod anthropic;
pub mod bad_request;
pub mod bedrock;
pub mod cohere;
pub mod custom;
pub mod fault;
pub mod frame;
pub mod gemini;
pub mod hub;
pub mod models;
pub mod ollama;
pub mod openai;
pub mod operation;
pub mod origin;
pub mod path;
pub mod relay;
pub mod replicate;
pub mod responses;
pub mod scan;
pub mod seals;
pub mod side;
pub mod sse;
pub mod text;
pub mod translate;
pub mod usage;

use crate::dialect::side::ClientSide;
use crate::dialect::side::ProviderSide;

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    OpenAi,
    /// OpenAI's Responses API.
    Responses,
    Anthropic,
    Gemini,
    Ollama,
    Cohere,
    Replicate,
    /// AWS Bedrock's Converse API.
    Bedrock,
}

impl Dialect {
    /// In keys and logs.
    pub fn word(self) -> &'static str {
        match self {
            Dialect::OpenAi => "openai",
            Dialect::Responses => "responses",
            Dialect::Anthropic => "anthropic",
            Dialect::Gemini => "gemini",
            Dialect::Ollama => "ollama",
            Dialect::Cohere => "cohere",
            Dialect::Replicate => "replicate",
            Dialect::Bedrock => "bedrock",
        }
    }

    /// How a provider is spoken to in it.
    pub fn provider_side(self) -> &'static dyn ProviderSide {
        match self {
            Dialect::OpenAi => &openai::PROVIDER,
            Dialect::Responses => &responses::PROVIDER,
            Dialect::Anthropic => &anthropic::PROVIDER,
            Dialect::Gemini => &gemini::PROVIDER,
            Dialect::Ollama => &ollama::PROVIDER,
            Dialect::Cohere => &cohere::PROVIDER,
            Dialect::Replicate => &replicate::PROVIDER,
            Dialect::Bedrock => &bedrock::PROVIDER,
        }
    }

    /// How a client is spoken to in it; clients of the others are given OpenAI's.
    pub fn client_side(self) -> &'static dyn ClientSide {
        match self {
            Dialect::Responses => &responses::CLIENT,
            Dialect::Anthropic => &anthropic::CLIENT,
            Dialect::OpenAi
            | Dialect::Gemini
            | Dialect::Ollama
            | Dialect::Cohere
            | Dialect::Replicate
            | Dialect::Bedrock => &openai::CLIENT,
        }
    }
}
