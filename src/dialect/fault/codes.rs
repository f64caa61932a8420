//! The vendors' error codes, as data.

use crate::dialect::fault::Cause;

/// Codes, types and reasons, in lower case, that mean one thing wherever they occur.
/// Numbers are z.ai's business codes.
pub(super) const CODES: &[(Cause, &[&str])] = &[
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
pub(super) const KINDS: &[(Cause, &[&str])] = &[
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

/// The first code, most specific first, that means one thing.
pub(super) fn of_code(codes: &[String]) -> Option<Cause> {
    codes.iter().find_map(|code| look_up(CODES, |known| known == code))
}

/// The first type that at least names a family.
pub(super) fn of_kind(codes: &[String]) -> Option<Cause> {
    codes.iter().find_map(|code| look_up(KINDS, |known| known == code))
}

/// The cause of the first row that holds what `fits`.
pub(super) fn look_up(table: &[(Cause, &[&str])], fits: impl Fn(&str) -> bool) -> Option<Cause> {
    table.iter().find(|(_, row)| row.iter().any(|known| fits(known))).map(|(cause, _)| *cause)
}
