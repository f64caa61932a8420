//! What one answer used, in tokens, whatever the provider's way of counting.

use crate::dialect::scan::BadJson;
use crate::dialect::scan::Reader;

/// Tokens of one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All of the prompt, the cached part included.
    pub input: u64,
    /// The part of `input` that the provider read from its prompt cache.
    pub cached: u64,
    /// The part of `input` that the provider wrote to its prompt cache.
    pub cache_write: u64,
    /// All of the answer, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning.
    pub reasoning: u64,
}

impl Usage {
    /// What counts against a token limit.
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Reads an OpenAI `usage` object. What is missing or null counts as 0; a wrong type, a fraction or a
    /// negative number makes the whole worthless: `None`.
    pub fn from_openai(raw: &str) -> Option<Usage> {
        let mut json = Reader::new(raw);
        let usage = Usage::read(&mut json).ok()?;
        json.end().ok()?;
        usage
    }

    /// The same of the value that is next.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn read(json: &mut Reader<'_>) -> Result<Option<Usage>, BadJson> {
        if json.next_sign() != Some(b'{') {
            return json.skip().map(|()| None);
        }
        let mut told = Told::default();
        json.object()?;
        while let Some(name) = json.member()? {
            told.member(json, &name)?;
        }
        // Sound that is billed by its length counts no tokens.
        Ok((!told.is_wrong && !told.by_length).then(|| told.usage()))
    }
}

/// The counts as the provider gives them.
#[derive(Default)]
struct Told {
    /// One of them is of a wrong type.
    is_wrong: bool,
    prompt: Option<u64>,
    completion: Option<u64>,
    total: Option<u64>,
    by_length: bool,
    cache_hit: Option<u64>,
    cached: Option<u64>,
    cache_write: Option<u64>,
    reasoning: Option<u64>,
}

impl Told {
    fn member(&mut self, json: &mut Reader<'_>, name: &str) -> Result<(), BadJson> {
        match name {
            // The newer endpoints, images and transcripts among them, have words of their own (vendors.md §1.7).
            "prompt_tokens" | "input_tokens" => self.prompt = self.count(json)?.or(self.prompt),
            "completion_tokens" | "output_tokens" => self.completion = self.count(json)?.or(self.completion),
            "seconds" => self.by_length = json.value()? != "null",
            "total_tokens" => self.total = self.count(json)?,
            // DeepSeek's own word for `cached_tokens`.
            "prompt_cache_hit_tokens" => self.cache_hit = self.count(json)?,
            "prompt_tokens_details" | "completion_tokens_details" => self.details(json)?,
            _ => json.skip()?,
        }
        Ok(())
    }

    /// Details of the prompt and of the completion share no name.
    fn details(&mut self, json: &mut Reader<'_>) -> Result<(), BadJson> {
        if json.next_sign() != Some(b'{') {
            self.is_wrong |= json.value()? != "null";
            return Ok(());
        }
        json.object()?;
        while let Some(name) = json.member()? {
            match &*name {
                "cached_tokens" => self.cached = self.count(json)?,
                "cache_write_tokens" => self.cache_write = self.count(json)?,
                "reasoning_tokens" => self.reasoning = self.count(json)?,
                _ => json.skip()?,
            }
        }
        Ok(())
    }

    /// A whole number, or null. Anything else is wrong.
    fn count(&mut self, json: &mut Reader<'_>) -> Result<Option<u64>, BadJson> {
        let value = json.value()?;
        let count = value.parse().ok();
        self.is_wrong |= count.is_none() && value != "null";
        Ok(count)
    }

    fn usage(&self) -> Usage {
        let input = self.prompt.unwrap_or(0);
        let answer = self.completion.unwrap_or(0);
        let reasoning = self.reasoning.unwrap_or(0);
        // Some vendors count reasoning beside the completion instead of inside it; the total gives them away.
        let both = answer.saturating_add(reasoning);
        let beside = self.total == Some(input.saturating_add(both));
        Usage {
            input,
            cached: self.cached.or(self.cache_hit).unwrap_or(0),
            cache_write: self.cache_write.unwrap_or(0),
            output: if beside { both } else { answer },
            reasoning,
        }
    }
}

#[cfg(test)]
mod tests;
