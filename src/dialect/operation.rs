//! What clients ask of providers, whichever dialect they say it in.

use crate::dialect::Dialect;

/// An operation that a provider performs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    ChatCompletions,
    Completions,
    Embeddings,
    /// Anthropic's chat.
    Messages,
    /// How many tokens a request of [`Operation::Messages`] has.
    CountTokens,
    /// OpenAI's newer chat.
    Responses,
    /// How many tokens a request of [`Operation::Responses`] has.
    ResponseTokens,
    ImageGenerations,
    ImageEdits,
    Transcriptions,
    AudioTranslations,
    Speech,
    Moderations,
    Rerank,
}

impl Operation {
    pub const ALL: [Operation; 14] = [
        Operation::ChatCompletions,
        Operation::Completions,
        Operation::Embeddings,
        Operation::Messages,
        Operation::CountTokens,
        Operation::Responses,
        Operation::ResponseTokens,
        Operation::ImageGenerations,
        Operation::ImageEdits,
        Operation::Transcriptions,
        Operation::AudioTranslations,
        Operation::Speech,
        Operation::Moderations,
        Operation::Rerank,
    ];

    /// What a client speaks that asks for it.
    pub fn dialect(self) -> Dialect {
        match self {
            Operation::Messages | Operation::CountTokens => Dialect::Anthropic,
            Operation::Responses | Operation::ResponseTokens => Dialect::Responses,
            Operation::ChatCompletions
            | Operation::Completions
            | Operation::Embeddings
            | Operation::ImageGenerations
            | Operation::ImageEdits
            | Operation::Transcriptions
            | Operation::AudioTranslations
            | Operation::Speech
            | Operation::Moderations
            | Operation::Rerank => Dialect::OpenAi,
        }
    }

    /// Whether it is a chat, which can be said in every dialect.
    pub fn is_chat(self) -> bool {
        matches!(self, Operation::ChatCompletions | Operation::Messages | Operation::Responses)
    }

    /// Whether requests and answers go through as they are, whichever vendor serves them.
    pub fn is_passed_on(self) -> bool {
        match self {
            Operation::ImageGenerations
            | Operation::ImageEdits
            | Operation::Transcriptions
            | Operation::AudioTranslations
            | Operation::Speech
            | Operation::Moderations
            | Operation::Rerank => true,
            Operation::ChatCompletions
            | Operation::Completions
            | Operation::Embeddings
            | Operation::Messages
            | Operation::CountTokens
            | Operation::Responses
            | Operation::ResponseTokens => false,
        }
    }

    /// Whether another model of the same class may answer: vectors, voices and scores of two cannot be compared.
    pub fn has_stand_ins(self) -> bool {
        self != Operation::Embeddings && !self.is_passed_on()
    }

    /// Whether its answers are worth keeping: files are large, seldom asked for twice, and images are wanted anew.
    pub fn is_cached(self) -> bool {
        !self.is_passed_on() || matches!(self, Operation::Moderations | Operation::Rerank)
    }

    /// Whether the size of its answer tells about how many tokens that has.
    pub fn answers_in_words(self) -> bool {
        match self {
            Operation::ChatCompletions
            | Operation::Completions
            | Operation::Messages
            | Operation::Responses
            | Operation::Transcriptions
            | Operation::AudioTranslations => true,
            Operation::Embeddings
            | Operation::CountTokens
            | Operation::ResponseTokens
            | Operation::ImageGenerations
            | Operation::ImageEdits
            | Operation::Speech
            | Operation::Moderations
            | Operation::Rerank => false,
        }
    }

    /// Whether it only asks how many tokens a request has.
    pub fn counts_tokens(self) -> bool {
        matches!(self, Operation::CountTokens | Operation::ResponseTokens)
    }

    /// Whether its stream is one of OpenAI's chunks.
    pub fn is_openai_stream(self) -> bool {
        matches!(self, Operation::ChatCompletions | Operation::Completions)
    }

    /// Behind the base URL of a provider that speaks the client's dialect.
    pub const fn path(self) -> &'static str {
        match self {
            Operation::ChatCompletions => "/chat/completions",
            Operation::Completions => "/completions",
            Operation::Embeddings => "/embeddings",
            Operation::Messages => "/messages",
            Operation::CountTokens => "/messages/count_tokens",
            Operation::Responses => "/responses",
            Operation::ResponseTokens => "/responses/input_tokens",
            Operation::ImageGenerations => "/images/generations",
            Operation::ImageEdits => "/images/edits",
            Operation::Transcriptions => "/audio/transcriptions",
            Operation::AudioTranslations => "/audio/translations",
            Operation::Speech => "/audio/speech",
            Operation::Moderations => "/moderations",
            Operation::Rerank => "/rerank",
        }
    }

    /// In metrics and cache keys.
    pub fn word(self) -> &'static str {
        match self {
            Operation::ChatCompletions => "chat_completions",
            Operation::Completions => "completions",
            Operation::Embeddings => "embeddings",
            Operation::Messages => "messages",
            Operation::CountTokens => "count_tokens",
            Operation::Responses => "responses",
            Operation::ResponseTokens => "response_tokens",
            Operation::ImageGenerations => "image_generations",
            Operation::ImageEdits => "image_edits",
            Operation::Transcriptions => "transcriptions",
            Operation::AudioTranslations => "audio_translations",
            Operation::Speech => "speech",
            Operation::Moderations => "moderations",
            Operation::Rerank => "rerank",
        }
    }
}
