//! The vendors' error codes and phrases, as data.

use crate::dialect::fault::Cause;

/// Codes, types and reasons, in lower case, that mean one thing wherever they occur.
/// Numbers are z.ai's business codes.
const CODES: &[(Cause, &[&str])] = &[
    (
        Cause::ContextTooLong,
        &[
            "context_length_exceeded",
            "context_window_exceeded",
            "exceed_context_size_error",
            "model_context_window_exceeded",
            "token_limit_exceeded",
            "1261",
        ],
    ),
    (
        Cause::ContentPolicy,
        &[
            "bio_policy",
            "content_filter",
            "content_policy_violation",
            "data_inspection_failed",
            "image_content_policy_violation",
            "misalignment_policy_violation",
            "moderation_blocked",
            "refusal",
            "responsibleaipolicyviolation",
            "1301",
        ],
    ),
    (
        Cause::Auth,
        &[
            "account_deactivated",
            "api_key_invalid",
            "authentication",
            "authentication_error",
            "expiredtokenexception",
            "incompletesignatureexception",
            "invalid_api_key",
            "invalid_authentication",
            "invalidsignatureexception",
            "missingauthenticationtokenexception",
            "permission_denied",
            "permission_error",
            "unauthenticated",
            "unrecognizedclientexception",
            "unsupported_country_region_territory",
            "1000",
            "1001",
            "1002",
            "1003",
            "1004",
            "1110",
            "1111",
            "1112",
            "1120",
            "1121",
        ],
    ),
    (
        Cause::Quota,
        &[
            "billing_error",
            "billing_hard_limit_reached",
            "billing_not_active",
            "contract_spend_limit_reached",
            "enforced_spend_limit_reached",
            "insufficient_balance",
            "insufficient_quota",
            "linked_organization_spend_limit_reached",
            "not_enough_balance",
            "payment_required",
            "1113",
            "1304",
            "1308",
            "1309",
            "1310",
        ],
    ),
    (
        Cause::RateLimit,
        &[
            "ramp_limit_exceeded",
            "rate_limit_error",
            "rate_limit_exceeded",
            "resource_exhausted",
            "servicequotaexceededexception",
            "throttlingexception",
            "token_quota_exceeded",
            "too_many_requests",
            "too_many_requests_error",
            "too_many_tokens_error",
            "toomanyrequestsexception",
            "1302",
            "1303",
            "1313",
        ],
    ),
    (
        Cause::Overloaded,
        &[
            "engine_overloaded",
            "modelnotreadyexception",
            "overloaded",
            "overloaded_error",
            "provider_overloaded",
            "provider_unavailable",
            "server_overloaded",
            "service_unavailable",
            "serviceunavailableexception",
            "slow_down",
            "unavailable",
            "1305",
        ],
    ),
    (
        Cause::Transient,
        &[
            "deadline_exceeded",
            "internalserverexception",
            "modelerrorexception",
            "modelstreamerrorexception",
            "modeltimeoutexception",
            "timeout",
            "timeout_error",
            "vector_store_timeout",
            "1234",
        ],
    ),
    (
        Cause::NotFound,
        &[
            "deployment_not_found",
            "deploymentnotfound",
            "model_decommissioned",
            "model_not_allowed",
            "model_not_found",
            "model_not_supported",
            "resourcenotfoundexception",
            "1211",
            "1220",
            "1311",
        ],
    ),
    (
        Cause::Invalid,
        &[
            "empty_image_file",
            "failed_to_download_image",
            "image_file_not_found",
            "image_file_too_large",
            "image_parse_error",
            "image_too_large",
            "image_too_small",
            "invalid_base64_image",
            "invalid_encrypted_content",
            "invalid_image",
            "invalid_image_format",
            "invalid_image_mode",
            "invalid_image_url",
            "invalid_prompt",
            "invalid_type",
            "invalid_value",
            "missing_required_parameter",
            "string_above_max_length",
            "string_too_long",
            "unknown_parameter",
            "unsupported_image_media_type",
            "unsupported_parameter",
            "unsupported_value",
            "1210",
            "1212",
            "1213",
            "1214",
            "1215",
        ],
    ),
];

/// Types that name a whole family of errors: they count only where neither code, status nor words tell more.
const KINDS: &[(Cause, &[&str])] = &[
    (
        Cause::Invalid,
        &[
            "badrequesterror",
            "invalid_argument",
            "invalid_request",
            "invalid_request_error",
            "validationexception",
        ],
    ),
    (Cause::NotFound, &["not_found", "not_found_error", "notfounderror"]),
];

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

/// The first code, most specific first, that means one thing.
pub(super) fn of_code(codes: &[String]) -> Option<Cause> {
    codes.iter().find_map(|code| look_up(CODES, |known| known == code))
}

/// The first type that at least names a family.
pub(super) fn of_kind(codes: &[String]) -> Option<Cause> {
    codes.iter().find_map(|code| look_up(KINDS, |known| known == code))
}

/// What the words of a message, in lower case, give away.
pub(super) fn of_words(words: &str) -> Option<Cause> {
    look_up(OPENINGS, |opening| words.starts_with(opening))
        .or_else(|| look_up(PHRASES, |phrase| contains_in_order(words, phrase)))
}

fn look_up(table: &[(Cause, &[&str])], fits: impl Fn(&str) -> bool) -> Option<Cause> {
    table.iter().find(|(_, row)| row.iter().any(|known| fits(known))).map(|(cause, _)| *cause)
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
