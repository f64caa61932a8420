//! One row for every envelope and code we know of.

use super::*;
use serde_json::json;
use std::time::Duration;

#[test]
fn the_vendors_code_comes_first() {
    let table = [
        (Cause::ContextTooLong, 400, json!({"error": {"code": "context_length_exceeded", "message": "m"}})),
        (
            Cause::ContextTooLong,
            500,
            json!({"error": {"code": 500, "metadata": {"error_type": "context_length_exceeded"}}}),
        ),
        (Cause::ContextTooLong, 400, json!({"error": {"code": "1261", "message": "m"}})),
        (Cause::ContentPolicy, 400, json!({"error": {"code": "content_filter", "message": "m"}})),
        (
            Cause::ContentPolicy,
            400,
            json!({"error": {"innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
        ),
        (
            Cause::ContentPolicy,
            403,
            json!({"error": {"code": 403, "metadata": {"flagged_input": "x", "reasons": []}}}),
        ),
        (Cause::ContentPolicy, 400, json!({"error": {"code": "1301", "message": "m"}})),
        (Cause::Auth, 400, json!([{"error": {"code": 400, "details": [{"reason": "API_KEY_INVALID"}]}}])),
        (Cause::Auth, 400, json!({"error": {"code": 1001, "message": "m"}})),
        (Cause::Quota, 429, json!({"error": {"type": "insufficient_quota", "code": "insufficient_quota"}})),
        (
            Cause::Quota,
            400,
            json!({"error": {"type": "x", "details": {"error_code": "enforced_spend_limit_reached"}}}),
        ),
        (Cause::Quota, 429, json!({"error": {"code": "1113", "message": "m"}})),
        (Cause::Quota, 403, json!({"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "m"})),
        (
            Cause::RateLimit,
            413,
            json!({"error": {"code": "rate_limit_exceeded", "message": "too large for TPM"}}),
        ),
        (Cause::RateLimit, 429, json!({"error": {"type": "tokens", "code": "rate_limit_exceeded"}})),
        (
            Cause::Overloaded,
            500,
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}),
        ),
        (Cause::Overloaded, 429, json!({"error": {"code": "1305", "message": "m"}})),
        (Cause::NotFound, 403, json!({"error": {"code": "model_not_found", "message": "m"}})),
        (
            Cause::Invalid,
            400,
            json!({"error": {"code": "string_above_max_length", "message": "maximum context length"}}),
        ),
        (Cause::Transient, 503, json!({"error": {"code": "model_not_found", "message": "no channel"}})),
    ];
    for (cause, status, body) in table {
        assert_eq!(classify(status, body.to_string().as_bytes()), cause, "{status} {body}");
    }
}

#[test]
fn a_spent_day_at_google_is_a_quota_and_a_spent_minute_a_rate_limit() {
    let body = |id: &str| {
        json!([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m",
            "details": [{"violations": [{"quotaId": id}]}]}}])
        .to_string()
    };
    let day = body("GenerateRequestsPerDayPerProjectPerModel-FreeTier");
    let minute = body("GenerateRequestsPerMinutePerProjectPerModel-FreeTier");
    assert_eq!(classify(429, day.as_bytes()), Cause::Quota);
    assert_eq!(classify(429, minute.as_bytes()), Cause::RateLimit);
}

#[test]
fn without_a_code_the_status_decides() {
    let table = [
        (Cause::Auth, &[401, 403][..]),
        (Cause::Quota, &[402]),
        (Cause::NotFound, &[404]),
        (Cause::RateLimit, &[429]),
        (Cause::Overloaded, &[498, 503, 529]),
        (Cause::Transient, &[408, 409, 425, 500, 502, 504, 520, 524, 200, 302]),
        (Cause::Invalid, &[400, 405, 413, 418, 422]),
    ];
    for (cause, statuses) in table {
        for status in statuses {
            for body in ["", "{}", "[]", "null", "<html>502</html>", "\u{fffd}", r#"{"error":"went wrong"}"#]
            {
                assert_eq!(classify(*status, body.as_bytes()), cause, "{status} {body}");
            }
        }
    }
}

#[test]
fn where_the_status_is_vague_the_words_decide() {
    let table = [
        (Cause::ContextTooLong, 400, r#"{"error":{"message":"prompt is too long: 9 tokens > 8 maximum"}}"#),
        (
            Cause::ContextTooLong,
            400,
            r#"{"object":"error","message":"This model's Maximum Context Length is 8 tokens","code":400}"#,
        ),
        (Cause::ContextTooLong, 422, r#"{"error":"`inputs` tokens + `max_new_tokens` must be <= 8"}"#),
        (Cause::ContextTooLong, 400, r#"{"message":"Current length is 9 while limit is 8"}"#),
        (Cause::ContextTooLong, 500, "the input is too long"),
        (
            Cause::ContextTooLong,
            400,
            r#"{"error":{"message":"Provider returned error","metadata":{"raw":"{\"message\":\"input is too long\"}"}}}"#,
        ),
        (Cause::ContentPolicy, 400, r#"{"error":{"message":"Output blocked by content filtering policy"}}"#),
        (Cause::Auth, 400, r#"{"error":{"message":"API key not valid. Please pass a valid API key."}}"#),
        (
            Cause::Quota,
            400,
            r#"{"error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
        ),
        (Cause::Quota, 429, r#"{"error":{"code":429,"message":"Rate limit exceeded: free-models-per-day"}}"#),
        (Cause::NotFound, 400, r#"{"error":{"message":"x is not a valid model ID","code":400}}"#),
    ];
    for (cause, status, body) in table {
        assert_eq!(classify(status, body.as_bytes()), cause, "{status} {body}");
    }
}

#[test]
fn a_message_that_quotes_the_caller_is_not_held_against_the_key() {
    let body = r#"{"error":{"message":"tool name 'invalid api key, rate limit' is too long","type":"invalid_request_error"}}"#;
    assert_eq!(classify(400, body.as_bytes()), Cause::Invalid);
}

#[test]
fn an_error_inside_a_success_is_read_from_its_body() {
    let table = [
        (Cause::RateLimit, r#"{"error":{"message":"m"},"status_code":429}"#),
        (Cause::Overloaded, r#"{"error":{"code":503,"message":"m"}}"#),
        (Cause::Transient, r#"{"error":{"code":502,"message":"m"}}"#),
        (Cause::Overloaded, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
        (Cause::RateLimit, r#"{"error":"rate limit reached for this model"}"#),
        (Cause::Transient, r#"{"x_groq":{"error":"over and out"}}"#),
        (Cause::Transient, r#"{"error":{"type":"server_error","message":"m"}}"#),
        (Cause::Invalid, r#"{"error":{"type":"invalid_request_error","message":"m"}}"#),
        (
            Cause::ContextTooLong,
            r#"{"error":{"type":"invalid_request_error","message":"prompt is too long"}}"#,
        ),
    ];
    for (cause, body) in table {
        assert_eq!(classify(200, body.as_bytes()), cause, "{body}");
    }
}

#[test]
fn the_sentence_is_found_in_every_envelope() {
    let bodies = [
        r#"{"error":{"message":"no","type":"t","param":null,"code":null}}"#,
        r#"[{"error":{"code":400,"message":"no"}}]"#,
        r#"{"error":"no"}"#,
        r#"{"code":"x","error":"no"}"#,
        r#"{"object":"error","message":"no"}"#,
        r#"{"detail":"no"}"#,
        r#"{"detail":[{"loc":["body"],"msg":"no","type":"missing"}]}"#,
        r#"{"title":"no","status":422}"#,
        r#"{"x_groq":{"error":"no"}}"#,
        r#""no""#,
        " no\n",
    ];
    for body in bodies {
        assert_eq!(message(body.as_bytes()).as_deref(), Some("no"), "{body}");
    }
    for nothing in ["", "  ", "{}", "null", "<html><body>502</body></html>", r#"{"error":{"message":""}}"#] {
        assert_eq!(message(nothing.as_bytes()), None, "{nothing}");
    }
}

#[test]
fn a_long_sentence_is_cut_between_two_characters() {
    let body = json!({ "error": { "message": "ü".repeat(2000) } }).to_string();
    assert_eq!(message(body.as_bytes()).map(|text| text.chars().count()), Some(1000));
}

/// 1994-11-06T08:49:37Z
const NOW: Duration = Duration::from_secs(784_111_777);

fn delay(headers: &[(&str, &str)], body: &str) -> Option<Duration> {
    let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    retry_after(&header, body.as_bytes(), NOW)
}

#[test]
fn every_way_to_say_come_back_later_is_understood() {
    let reset = ((NOW.as_secs() + 1_000_000_000) * 1000).to_string();
    let table: &[(f64, &[(&str, &str)])] = &[
        (0.25, &[("retry-after-ms", "250"), ("retry-after", "9")]),
        (7.0, &[("retry-after", "7")]),
        (7.5, &[("retry-after", " 7.5 ")]),
        (0.0, &[("retry-after", "0")]),
        (23.0, &[("retry-after", "Sun, 06 Nov 1994 08:50:00 GMT")]),
        (0.0, &[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]),
        (9.0, &[("retry-after-ms", "soon"), ("retry-after", "9")]),
        (360.0, &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")]),
        (179.56, &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "2m59.56s")]),
        (0.02, &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "20ms")]),
        (
            3723.5,
            &[("x-ratelimit-remaining-requests-day", "0"), ("x-ratelimit-reset-requests-day", "1h2m3.5s")],
        ),
        (33.0, &[("x-ratelimit-remaining-tokens-minute", "0"), ("x-ratelimit-reset-tokens-minute", "33")]),
        (86_400.0, &[("retry-after", "999999999")]),
        (86_400.0, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)]),
        (8.0, &[("x-ratelimit-reset", "8")]),
    ];
    for (seconds, headers) in table {
        assert_eq!(delay(headers, ""), Some(Duration::from_secs_f64(*seconds)), "{headers:?}");
    }
}

#[test]
fn what_is_negative_unreadable_or_not_spent_is_passed_over() {
    let table: &[&[(&str, &str)]] = &[
        &[],
        &[("retry-after", "-5")],
        &[("retry-after", "soon")],
        &[("retry-after", "NaN")],
        &[("retry-after", "inf")],
        &[("retry-after", "1e300")],
        &[("retry-after", "")],
        &[("x-ratelimit-reset-requests", "6m0s")],
        &[("x-ratelimit-remaining-requests", "5"), ("x-ratelimit-reset-requests", "6m0s")],
        &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6x")],
        &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "m")],
        &[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "8")],
    ];
    for headers in table {
        assert_eq!(delay(headers, "{"), None, "{headers:?}");
    }
}

#[test]
fn google_and_openrouter_say_it_in_the_body() {
    let google = r#"[{"error":{"code":429,"details":[{"@type":"x"},{"retryDelay":"38.5s"}]}}]"#;
    assert_eq!(delay(&[], google), Some(Duration::from_secs_f64(38.5)));
    let moment = 2_000_000_000_000_u64;
    let body = json!({"error": {"metadata": {"headers": {"X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": moment.to_string()}}}})
    .to_string();
    let header = |_: &str| None;
    let since_epoch = Duration::from_millis(moment - 1500);
    assert_eq!(retry_after(&header, body.as_bytes(), since_epoch), Some(Duration::from_millis(1500)));
}

#[test]
fn aws_names_the_type_in_a_header_or_in_the_body() {
    let words = json!({"message": "m"}).to_string();
    let table = [
        (Cause::RateLimit, 429, "ThrottlingException"),
        (
            Cause::RateLimit,
            400,
            "ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.service/",
        ),
        (Cause::RateLimit, 400, "ServiceQuotaExceededException"),
        (Cause::Overloaded, 400, "com.amazonaws.bedrockruntime#ServiceUnavailableException"),
        (Cause::Overloaded, 429, "ModelNotReadyException"),
        (Cause::Transient, 408, "ModelTimeoutException"),
        (Cause::Transient, 424, "ModelErrorException"),
        (Cause::Transient, 500, "InternalServerException"),
        (Cause::Auth, 403, "UnrecognizedClientException"),
        (Cause::Auth, 403, "ExpiredTokenException"),
        (Cause::Auth, 403, "AccessDeniedException"),
        (Cause::NotFound, 404, "ResourceNotFoundException"),
        (Cause::Invalid, 400, "ValidationException"),
    ];
    for (cause, status, shape) in table {
        assert_eq!(classify_shape(status, Some(shape), words.as_bytes()), cause, "{shape} in a header");
        let body = json!({"__type": shape, "message": "m"}).to_string();
        assert_eq!(classify(status, body.as_bytes()), cause, "{shape} in the body");
    }
}

#[test]
fn the_words_of_bedrock_tell_more_than_its_types() {
    let table = [
        (Cause::ContextTooLong, 400, "ValidationException", "Input is too long for requested model."),
        (
            Cause::ContextTooLong,
            400,
            "ValidationException",
            "prompt is too long: 200001 tokens > 200000 maximum",
        ),
        (Cause::NotFound, 400, "ValidationException", "The provided model identifier is invalid."),
        (
            Cause::NotFound,
            400,
            "ValidationException",
            "Invocation of model ID x with on-demand throughput isn\u{2019}t supported.",
        ),
        (
            Cause::NotFound,
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
        ),
        (
            Cause::Quota,
            429,
            "ThrottlingException",
            "Too many tokens per day, please wait before trying again.",
        ),
        (Cause::RateLimit, 429, "ThrottlingException", "Too many tokens, please wait before trying again."),
    ];
    for (cause, status, shape, words) in table {
        let body = json!({"message": words}).to_string();
        assert_eq!(classify_shape(status, Some(shape), body.as_bytes()), cause, "{words}");
    }
    let capital = json!({"Message": "User is not authorized"}).to_string();
    assert_eq!(message(capital.as_bytes()).as_deref(), Some("User is not authorized"));
}

#[test]
fn azure_and_replicate_are_understood() {
    let table = [
        (Cause::NotFound, 404, json!({"error": {"code": "DeploymentNotFound", "message": "m"}})),
        (Cause::RateLimit, 429, json!({"error": {"code": "429", "message": "exceeded call rate limit"}})),
        (Cause::Auth, 401, json!({"error": {"code": "401", "message": "m"}})),
        (Cause::Quota, 402, json!({"title": "Insufficient credit", "detail": "m", "status": 402})),
        (
            Cause::Invalid,
            422,
            json!({"title": "Input validation failed", "detail": "- input: prompt is required", "status": 422}),
        ),
        (Cause::Transient, 200, json!({"status": "failed", "error": "Prediction interrupted; please retry"})),
        (
            Cause::ContextTooLong,
            200,
            json!({"status": "failed", "error": "This model's maximum context length is 8192"}),
        ),
    ];
    for (cause, status, body) in table {
        assert_eq!(classify(status, body.to_string().as_bytes()), cause, "{body}");
    }
}

fn left_alone(headers: &[(&str, &str)]) -> Option<Duration> {
    let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    used_up(&header, NOW)
}

/// How many seconds, and the headers that say so.
type Case<'a> = (Option<f64>, &'a [(&'a str, &'a str)]);

#[test]
fn a_good_answer_may_say_that_nothing_remains() {
    let epoch = ((NOW.as_secs() + 1_000_000_000) * 1000).to_string();
    let table: &[Case] = &[
        (
            Some(3723.5),
            &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1h2m3.5s")],
        ),
        (Some(0.25), &[("x-ratelimit-remaining-tokens", " 0 "), ("x-ratelimit-reset-tokens", "250ms")]),
        (Some(9.0), &[("x-ratelimit-remaining-requests-day", "0"), ("x-ratelimit-reset-requests-day", "9")]),
        (Some(5.0), &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "5")]),
        (Some(86_400.0), &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &epoch)]),
        (
            Some(23.0),
            &[
                ("anthropic-ratelimit-requests-remaining", "0"),
                ("anthropic-ratelimit-requests-reset", "1994-11-06T08:50:00Z"),
            ],
        ),
        (
            Some(60.0),
            &[
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "7s"),
                ("anthropic-ratelimit-input-tokens-remaining", "0"),
                ("anthropic-ratelimit-input-tokens-reset", "1994-11-06T09:50:37+01:00"),
            ],
        ),
        (None, &[("x-ratelimit-remaining-requests", "1"), ("x-ratelimit-reset-requests", "7s")]),
        (None, &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "0s")]),
        (None, &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-tokens", "7s")]),
        (None, &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "-7")]),
        (None, &[("x-ratelimit-reset", "7")]),
        (None, &[("retry-after", "7")]),
        (None, &[]),
    ];
    for (expected, headers) in table {
        assert_eq!(left_alone(headers), expected.map(Duration::from_secs_f64), "{headers:?}");
    }
}

#[test]
fn moments_are_read_in_any_zone_and_nonsense_is_passed_over() {
    let wait = |moment: &str| {
        left_alone(&[
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", moment),
        ])
    };
    for (moment, seconds) in [
        ("1994-11-06T08:49:38Z", 1.0),
        ("1994-11-06t08:49:37.5z", 0.5),
        ("1994-11-06T03:50:37-05:00", 60.0),
        ("1994-11-06T14:20:37.25+05:30", 60.25),
        ("1994-11-07T08:49:38Z", 86_400.0),
    ] {
        assert_eq!(wait(moment), Some(Duration::from_secs_f64(seconds)), "{moment}");
    }
    for nonsense in [
        "",
        "T",
        "1994-11-06T08:49:37Z",
        "1994-11-06T08:49Z",
        "1994-13-06T09:49:37Z",
        "1994-11-31T09:49:37Z",
        "1994-11-06T09:49:37",
        "1994-11-06T09:49:37+0",
        "1994-11-06T09:49:37+9999999999999999:00",
        "1994-11-06T9999999999999999:00:00Z",
        "-1994-11-06T08:50:00Z",
        "1994-11-06T08:50:00.-5Z",
        "1994-11-06T08:50:00é",
    ] {
        assert_eq!(wait(nonsense), None, "{nonsense}");
    }
}
