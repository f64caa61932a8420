//! The phrases of the vendors' errors, as data.

use crate::dialect::fault::Cause;
use crate::dialect::fault::codes::look_up;

/// Words a message opens with. Causes that are held against a key or a provider are read from the
/// opening only: further on, a message may quote the caller, who could then put our keys aside.
const OPENINGS: &[(Cause, &[&str])] = &[
    (
        Cause::Auth,
        &["api key not valid", "incorrect api key", "invalid api key", "user location is not supported"],
    ),
    (
        Cause::Quota,
        &[
            "insufficient balance",
            "insufficient credits",
            "rate limit exceeded: free-models-per-day",
            "you are using a trial key, which is limited to 1000 api calls / month",
            "you have reached your specified api usage limits",
            "your credit balance is too low",
        ],
    ),
    (Cause::RateLimit, &["rate limit", "service tier capacity exceeded", "too many requests"]),
    (
        Cause::Overloaded,
        &[
            "model is overloaded",
            "overloaded",
            "service unavailable",
            "the model is overloaded",
            "the server is overloaded",
        ],
    ),
];

/// Words anywhere in a message; a `…` stands for anything between two of them.
const PHRASES: &[(Cause, &[&str])] = &[
    (
        Cause::ContextTooLong,
        &[
            "prompt is too long",
            "maximum context length",
            "exceed context limit",
            "maximum context limit",
            "longer than the model's context length",
            "input length exceeds the context length",
            "input tokens exceed the configured limit",
            "exceeds the maximum number of tokens allowed",
            "exceeds the available context size",
            "`inputs` tokens + `max_new_tokens` must be",
            "current length is … while limit is",
            "maximum input length is … tokens",
            "input is too long",
            "too many input tokens",
            "too many tokens: size limit exceeded",
            "total number of tokens in the prompt cannot exceed",
            "input too long: … input tokens, limit is",
            "please reduce the length of the messages",
            "request payload size exceeds",
        ],
    ),
    (
        Cause::ContentPolicy,
        &[
            "content filtering policy",
            "content management policy",
            "response was blocked",
            "safety system",
            "the model produced invalid content",
        ],
    ),
    (
        Cause::NotFound,
        &[
            "don't have access to the model",
            "invocation of model id … with on-demand throughput",
            "is not a valid model id",
            "the provided model identifier is invalid",
            "is not supported by any provider you have enabled",
        ],
    ),
    (Cause::Overloaded, &["serviceunavailable"]),
];

/// What the words of a message, in lower case, give away.
pub(super) fn of_words(words: &str) -> Option<Cause> {
    look_up(OPENINGS, |opening| words.starts_with(opening))
        .or_else(|| look_up(PHRASES, |phrase| contains_in_order(words, phrase)))
}

fn contains_in_order(words: &str, phrase: &str) -> bool {
    let mut rest = words;
    phrase.split(" … ").all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::fault::codes::CODES;
    use crate::dialect::fault::codes::KINDS;

    #[test]
    fn every_word_is_in_lower_case_and_stands_once_in_its_table() {
        for table in [CODES, KINDS, OPENINGS, PHRASES] {
            let mut words: Vec<&str> = table.iter().flat_map(|(_, row)| row.iter().copied()).collect();
            assert!(words.iter().all(|word| *word == word.to_lowercase()), "{words:?}");
            let all = words.len();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), all, "a word stands twice");
        }
    }

    #[test]
    fn words_with_a_gap_must_come_in_order() {
        assert!(contains_in_order(
            "current length is 9 while limit is 8",
            "current length is … while limit is"
        ));
        assert!(!contains_in_order(
            "while limit is 8, current length is 9",
            "current length is … while limit is"
        ));
    }
}
