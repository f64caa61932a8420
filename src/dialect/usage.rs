//! What one answer used, in tokens, whatever the provider's way of counting.

use serde::Deserialize;

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
        // serde would also take an array for a struct, field by field.
        if !raw.trim_start().starts_with('{') {
            return None;
        }
        let told = serde_json::from_str::<OpenAiUsage>(raw).ok();
        told.filter(|told| told.seconds.is_none()).map(Usage::from)
    }
}

#[derive(Deserialize)]
struct OpenAiUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    /// The same in the newer endpoints, images and transcripts among them (vendors.md §1.7).
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    /// Sound that is billed by its length counts no tokens.
    seconds: Option<f64>,
    total_tokens: Option<u64>,
    /// DeepSeek's own word for `cached_tokens`.
    prompt_cache_hit_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Default, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl From<OpenAiUsage> for Usage {
    fn from(told: OpenAiUsage) -> Usage {
        let prompt = told.prompt_tokens_details.unwrap_or_default();
        let completion = told.completion_tokens_details.unwrap_or_default();
        let input = told.prompt_tokens.or(told.input_tokens).unwrap_or(0);
        let answer = told.completion_tokens.or(told.output_tokens).unwrap_or(0);
        let reasoning = completion.reasoning_tokens.unwrap_or(0);
        // Some vendors count reasoning beside the completion instead of inside it; the total gives them away.
        let both = answer.saturating_add(reasoning);
        let beside = told.total_tokens == Some(input.saturating_add(both));
        Usage {
            input,
            cached: prompt.cached_tokens.or(told.prompt_cache_hit_tokens).unwrap_or(0),
            cache_write: prompt.cache_write_tokens.unwrap_or(0),
            output: if beside { both } else { answer },
            reasoning,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_read() {
        let raw = r#"{"prompt_tokens":12,"completion_tokens":9,"total_tokens":21,
            "prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2,"audio_tokens":0},
            "completion_tokens_details":{"reasoning_tokens":3,"text_tokens":6},"cost":0.001}"#;
        let usage = Usage { input: 12, cached: 4, cache_write: 2, output: 9, reasoning: 3 };
        assert_eq!(Usage::from_openai(raw), Some(usage));
        assert_eq!(usage.total(), 21);
    }

    #[test]
    fn what_is_missing_or_null_counts_as_nothing() {
        let raw = r#"{"prompt_tokens":7,"completion_tokens":null,"prompt_tokens_details":null}"#;
        assert_eq!(Usage::from_openai(raw), Some(Usage { input: 7, ..Usage::default() }));
        assert_eq!(Usage::from_openai(" {}"), Some(Usage::default()));
    }

    #[test]
    fn the_newer_words_for_tokens_are_read_and_seconds_are_none() {
        let raw = r#"{"input_tokens":3,"output_tokens":4,"total_tokens":7,"input_tokens_details":{"image_tokens":1}}"#;
        assert_eq!(Usage::from_openai(raw), Some(Usage { input: 3, output: 4, ..Usage::default() }));
        assert_eq!(Usage::from_openai(r#"{"type":"duration","seconds":9}"#), None);
    }

    #[test]
    fn deepseek_has_its_own_word_for_cached() {
        let raw = r#"{"prompt_tokens":10,"completion_tokens":1,"prompt_cache_hit_tokens":6,"prompt_cache_miss_tokens":4}"#;
        assert_eq!(Usage::from_openai(raw).map(|u| u.cached), Some(6));
    }

    #[test]
    fn reasoning_counted_beside_the_completion_is_part_of_the_output() {
        let raw = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":22,
            "completion_tokens_details":{"reasoning_tokens":7}}"#;
        assert_eq!(Usage::from_openai(raw).map(|u| (u.output, u.reasoning)), Some((12, 7)));
    }

    #[test]
    fn a_wrong_type_makes_the_whole_worthless() {
        let wrong = [
            r#"{"prompt_tokens":"12"}"#,
            r#"{"prompt_tokens":-1}"#,
            r#"{"prompt_tokens":1.5}"#,
            r#"{"prompt_tokens_details":[]}"#,
            "[1,2,3]",
            "null",
            "{",
        ];
        for raw in wrong {
            assert_eq!(Usage::from_openai(raw), None, "{raw}");
        }
    }
}
