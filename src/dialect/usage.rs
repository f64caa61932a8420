//! Tokens that a request used, in OpenAI's arithmetic.

/// Counts of tokens. `input` includes what was cached, `output` includes reasoning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub input: u64,
    pub cached: u64,
    pub cache_write: u64,
    pub output: u64,
    pub reasoning: u64,
}

impl Usage {
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
    pub fn from_openai(raw: &str) -> Option<Usage> {
        #[derive(serde::Deserialize)]
        struct U {
            prompt_tokens: Option<u64>,
            completion_tokens: Option<u64>,
        }
        let u: U = serde_json::from_str(raw).ok()?;
        Some(Usage {
            input: u.prompt_tokens.unwrap_or(0),
            output: u.completion_tokens.unwrap_or(0),
            ..Usage::default()
        })
    }
}
