//! Tokens as Anthropic counts them: the prompt without what the cache read or wrote (vendors.md §0.6, §4.5).

use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde::Serialize;

/// A `usage` object as it comes, whole or in part.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Tally {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation: Option<Written>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<Details>,
}

/// What the cache wrote, by how long it is kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
struct Written {
    ephemeral_5m_input_tokens: Option<u64>,
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
struct Details {
    thinking_tokens: Option<u64>,
}

impl Tally {
    /// `None` where it is none: a wrong type, a fraction or a negative number makes the whole worthless.
    pub(super) fn read(raw: &str) -> Option<Tally> {
        // serde would also take an array for a struct, field by field.
        raw.starts_with('{').then(|| serde_json::from_str(raw).ok()).flatten()
    }

    /// Takes a later count of the same answer. Counts are sums from its beginning, so the larger one holds; added
    /// up, they would count the prompt twice.
    pub(super) fn merge(&mut self, later: Tally) {
        self.input_tokens = self.input_tokens.max(later.input_tokens);
        self.cache_creation_input_tokens = self.cache_written().max(later.cache_written());
        self.cache_read_input_tokens = self.cache_read_input_tokens.max(later.cache_read_input_tokens);
        self.output_tokens = self.output_tokens.max(later.output_tokens);
        let thought = self.thought().max(later.thought());
        self.output_tokens_details = thought.map(|_| Details { thinking_tokens: thought });
    }

    pub(super) fn usage(&self) -> Usage {
        let cached = self.cache_read_input_tokens.unwrap_or(0);
        let cache_write = self.cache_written().unwrap_or(0);
        Usage {
            input: self.input_tokens.unwrap_or(0).saturating_add(cached).saturating_add(cache_write),
            cached,
            cache_write,
            output: self.output_tokens.unwrap_or(0),
            reasoning: self.thought().unwrap_or(0),
        }
    }

    fn cache_written(&self) -> Option<u64> {
        self.cache_creation_input_tokens.or_else(|| {
            let Written { ephemeral_5m_input_tokens: short, ephemeral_1h_input_tokens: long } =
                self.cache_creation?;
            Some(short.unwrap_or(0).saturating_add(long.unwrap_or(0)))
        })
    }

    fn thought(&self) -> Option<u64> {
        self.output_tokens_details.and_then(|details| details.thinking_tokens)
    }
}

/// The `usage` of an answer or of its opening, with every field that clients know.
#[derive(Debug, Serialize)]
pub(super) struct Spent {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation: Written,
    output_tokens: u64,
    output_tokens_details: Option<Details>,
    server_tool_use: Option<()>,
    service_tier: &'static str,
    speed: Option<()>,
    inference_geo: Option<()>,
}

/// The `usage` of the end of a stream: a part of [`Spent`].
#[derive(Debug, Serialize)]
pub(super) struct SpentAtEnd {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    output_tokens_details: Option<Details>,
    server_tool_use: Option<()>,
}

impl Spent {
    /// `tier` is in OpenAI's words.
    pub(super) fn new(usage: &Usage, tier: Option<&str>) -> Spent {
        let written = Written {
            ephemeral_5m_input_tokens: Some(usage.cache_write),
            ephemeral_1h_input_tokens: Some(0),
        };
        Spent {
            input_tokens: uncached(usage),
            cache_creation_input_tokens: usage.cache_write,
            cache_read_input_tokens: usage.cached,
            cache_creation: written,
            output_tokens: usage.output,
            output_tokens_details: details(usage),
            server_tool_use: None,
            service_tier: if matches!(tier, Some("priority" | "fast")) { "priority" } else { "standard" },
            speed: None,
            inference_geo: None,
        }
    }
}

impl SpentAtEnd {
    pub(super) fn new(usage: &Usage) -> SpentAtEnd {
        SpentAtEnd {
            input_tokens: uncached(usage),
            cache_creation_input_tokens: usage.cache_write,
            cache_read_input_tokens: usage.cached,
            output_tokens: usage.output,
            output_tokens_details: details(usage),
            server_tool_use: None,
        }
    }
}

fn uncached(usage: &Usage) -> u64 {
    usage.input.saturating_sub(usage.cached).saturating_sub(usage.cache_write)
}

fn details(usage: &Usage) -> Option<Details> {
    (usage.reasoning > 0).then_some(Details { thinking_tokens: Some(usage.reasoning) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(raw: &str) -> Tally {
        Tally::read(raw).unwrap()
    }

    #[test]
    fn the_prompt_includes_what_the_cache_read_and_wrote() {
        let usage = tally(
            r#"{"input_tokens":8,"cache_creation_input_tokens":3,"cache_read_input_tokens":4,
                "output_tokens":30,"output_tokens_details":{"thinking_tokens":12},"server_tool_use":null}"#,
        )
        .usage();
        assert_eq!(usage, Usage { input: 15, cached: 4, cache_write: 3, output: 30, reasoning: 12 });
    }

    #[test]
    fn cache_writes_that_come_in_both_forms_count_once() {
        let both = r#"{"cache_creation_input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":2,
            "ephemeral_1h_input_tokens":3}}"#;
        assert_eq!(tally(both).usage().cache_write, 5);
        let parts = r#"{"cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":3}}"#;
        assert_eq!(tally(parts).usage().cache_write, 5);
    }

    #[test]
    fn later_counts_replace_and_do_not_add() {
        let mut counted = tally(r#"{"input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1}"#);
        counted.merge(tally(r#"{"input_tokens":25,"cache_read_input_tokens":null,"output_tokens":42}"#));
        assert_eq!(counted.usage(), Usage { input: 32, cached: 7, output: 42, ..Usage::default() });
    }

    #[test]
    fn a_prompt_that_is_only_counted_at_the_end_is_counted() {
        let mut counted = tally(r#"{"input_tokens":0,"output_tokens":0}"#);
        counted.merge(tally(r#"{"input_tokens":19,"output_tokens":4}"#));
        assert_eq!(counted.usage(), Usage { input: 19, output: 4, ..Usage::default() });
    }

    #[test]
    fn what_is_no_usage_is_none() {
        for raw in ["[1,2]", "null", r#"{"input_tokens":"8"}"#, r#"{"output_tokens":-1}"#, "{"] {
            assert!(Tally::read(raw).is_none(), "{raw}");
        }
    }

    #[test]
    fn a_count_that_does_not_add_up_does_not_wrap_around() {
        let usage = Usage { input: 3, cached: 2, cache_write: 2, ..Usage::default() };
        assert_eq!(Spent::new(&usage, None).input_tokens, 0);
    }
}
