//! Texts that become vectors, in nobody's dialect.

use crate::dialect::usage::Usage;
use std::borrow::Cow;

/// Texts to be turned into vectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmbedRequest<'a> {
    /// As the client names it; a writer takes the target's own name.
    pub model: Cow<'a, str>,
    /// Never empty.
    pub inputs: Vec<Cow<'a, str>>,
    /// How long each vector is to be; `None` leaves it to the model.
    pub dimensions: Option<u64>,
    /// The client reads the vectors as base64 and not as numbers.
    pub base64: bool,
    /// What the texts are for, in Cohere's words: `search_document`, `search_query`, `classification`,
    /// `clustering`.
    pub input_type: Option<Cow<'a, str>>,
    /// Whom the client asks for.
    pub user: Option<Cow<'a, str>>,
}

/// The vectors, one for each text and in the order of the texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbedResponse {
    pub vectors: Vec<Vec<f32>>,
    /// `None` where the vendor does not count.
    pub usage: Option<Usage>,
}
