//! What one answer used, in tokens.

/// Tokens of one answer. `cached` and `cache_write` are parts of `input`, `reasoning` is a part of `output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub input: u64,
    pub cached: u64,
    pub cache_write: u64,
    pub output: u64,
    pub reasoning: u64,
}

impl Usage {
    /// Everything that went in or came out.
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}
