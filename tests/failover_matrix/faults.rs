//! The ways a provider fails before its first byte, one row each, with what every attempt is called in the log.

use crate::support::DONE;
use crate::support::Reply;
use crate::support::Step;
use crate::support::chunk;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

/// One way to fail.
pub struct Row {
    pub name: &'static str,
    pub place: Place,
    /// What it does with the n-th request (from 0).
    pub plain: Script,
    pub stream: Script,
    /// How each attempt on it ended, in the words of the log: so often it must be asked.
    pub plain_words: &'static [&'static str],
    pub stream_words: &'static [&'static str],
    pub leads_to: LeadsTo,
    /// Seconds a client is told to wait if nobody else is there.
    pub retry_after: Option<u64>,
}

pub type Script = fn(usize) -> Reply;

/// Where the failing provider is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Scripted,
    /// Nobody listens.
    Refused,
    /// Its certificate is not to be trusted.
    Untrusted,
}

/// What a fault leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LeadsTo {
    /// The next target answers; without one it is a 503.
    Next,
    /// The next target answers; without one the caller hears of its own fault.
    NextOrCaller(u16, &'static str),
    /// The same target answers in the end.
    Recovery,
    /// The caller hears of its own fault at once.
    Caller(u16, &'static str),
}

use LeadsTo::Caller;
use LeadsTo::Next;
use LeadsTo::NextOrCaller;
use LeadsTo::Recovery;

const MALFORMED: &[&str] = &["malformed"];
const EMPTY: &[&str] = &["empty_stream"];

/// The table.
pub fn rows() -> Vec<Row> {
    [no_answer(), statuses(), false_answers()].into_iter().flatten().collect()
}

/// No connection, or one without an answer.
fn no_answer() -> Vec<Row> {
    vec![
        Row { place: Place::Refused, ..same("connect-refused", |_| Reply::silent(), &["connect"], Next) },
        Row { place: Place::Untrusted, ..same("tls-failure", |_| Reply::silent(), &["tls"], Next) },
        same("silence", |_| Reply::silent(), &["timeout"], Next),
        same("reset-before-the-head", |_| Reply::default().then(Step::Reset), RESETS, Next),
        same("closed-before-the-head", |_| Reply::default(), RESETS, Next),
        same("reset-in-the-head", |_| Reply::raw("HTTP/1.1 200 OK\r\nconte").then(Step::Reset), RESETS, Next),
        same("not-http", |_| Reply::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n"), &["not_http"], Next),
    ]
}

/// Answers that say so themselves.
fn statuses() -> Vec<Row> {
    vec![
        same("redirect", |_| redirect(), &["status_3xx"], Next),
        same("408", |_| status(408), &["status_408"], Next),
        same("409", |_| status(409), &["status_4xx"], Next),
        same("429", |_| status(429), &["status_429"], Next).wait(5),
        same("429-retry-after-7", |_| later(429, "7"), &["status_429"], Next).wait(7),
        same("429-retry-after-an-hour", |_| later(429, "3600"), &["status_429"], Next).wait(60),
        same("500-once", once_500, &["status_500", "200"], Recovery),
        same("500-for-ever", |_| status(500), &["status_500", "status_500"], Next),
        same("502-for-ever", |_| status(502), &["status_502", "status_502"], Next),
        same("503", |_| status(503), &["status_503"], Next),
        same("503-retry-after-7", |_| later(503, "7"), &["status_503"], Next).wait(7),
        same("529", |_| status(529), &["status_529"], Next),
        same("401-of-our-key", |_| error(401, BAD_KEY), &["status_401"], Next),
        same("402-of-our-key", |_| status(402), &["status_402"], Next),
        same("403-of-our-key", |_| status(403), &["status_403"], Next),
        same("context-too-long", |_| error(400, TOO_LONG), &["status_400"], NextOrCaller(400, TOO_LONG)),
        same("content-policy", |_| error(400, POLICY), &["status_400"], Caller(400, POLICY)),
        same("callers-400", |_| error(400, BAD_VALUE), &["status_400"], Caller(400, BAD_VALUE)),
        same("callers-404", |_| error(404, NO_MODEL), &["status_404"], Caller(404, NO_MODEL)),
        same("callers-413", |_| error(413, BAD_VALUE), &["status_413"], Caller(413, BAD_VALUE)),
        same("callers-422", |_| error(422, BAD_VALUE), &["status_422"], Caller(422, BAD_VALUE)),
    ]
}

/// A 200 without an answer behind it.
fn false_answers() -> Vec<Row> {
    vec![
        each("200-then-silence", |_| json_head(500).then(Step::Hang), |_| stalled(), &["timeout"]),
        each("200-then-pings-only", |_| white_space(), |_| pings(), &["timeout"]),
        each("200-then-error", |_| error(200, SERVER), |_| Reply::stream(&[SERVER]), TWICE_IN_200),
        each("200-then-limit", |_| error(200, LIMIT), |_| Reply::stream(&[LIMIT]), &["error_in_200"]).wait(5),
        each("200-then-bad-key", |_| error(200, BAD_KEY), |_| Reply::stream(&[BAD_KEY]), &["error_in_200"]),
        Row {
            leads_to: Caller(400, BAD_VALUE),
            ..each(
                "200-then-callers-fault",
                |_| error(200, BAD_VALUE),
                |_| Reply::stream(&[BAD_VALUE]),
                &["error_in_200"],
            )
        },
        Row {
            leads_to: NextOrCaller(400, TOO_LONG),
            ..each(
                "200-then-too-long",
                |_| error(200, TOO_LONG),
                |_| Reply::stream(&[TOO_LONG]),
                &["error_in_200"],
            )
        },
        either("200-without-a-body", |_| plain(""), |_| Reply::sse_head().end(), [MALFORMED, EMPTY]),
        either("200-without-content", |_| plain("{}"), |_| Reply::stream(&[ROLE, DONE]), [MALFORMED, EMPTY]),
        same("200-web-page", |_| page(), MALFORMED, Next),
        either("200-garbage", |_| plain("nonsense"), |_| events("nonsense"), [MALFORMED, EMPTY]),
        same("200-gzip", |_| gzip(), &["encoded"], Next),
        either("length-too-short", |_| lying(20), |_| lying_events(20), [MALFORMED, EMPTY]),
        each("length-too-long", |_| lying(5000), |_| torn_events(), &["cut"]),
        either("10-mb-line", |_| plain(&long_line()), |_| events(&long_line()), [MALFORMED, EMPTY]),
        each("endless-line", |_| endless_line(), |_| endless_line(), &["event_too_long"]).plain(MALFORMED),
    ]
}

const RESETS: &[&str] = &["reset", "reset"];
const TWICE_IN_200: &[&str] = &["error_in_200", "error_in_200"];

const ROLE: &str =
    r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#;
const SERVER: &str =
    r#"{"error":{"message":"the engine broke","type":"server_error","param":null,"code":null}}"#;
const LIMIT: &str =
    r#"{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
const BAD_KEY: &str = r#"{"error":{"message":"Incorrect API key provided: sk-hidden","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#;
const TOO_LONG: &str = r#"{"error":{"message":"This model's maximum context length is 8 tokens","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#;
const POLICY: &str = r#"{"error":{"message":"Rejected by our safety system","type":"invalid_request_error","param":null,"code":"content_policy_violation"}}"#;
const BAD_VALUE: &str = r#"{"error":{"message":"temperature must be at most 2","type":"invalid_request_error","param":"temperature","code":"invalid_value"}}"#;
const NO_MODEL: &str = r#"{"error":{"message":"no such model","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#;

/// Fails in the same way on both kinds of request.
fn same(name: &'static str, script: Script, words: &'static [&'static str], leads_to: LeadsTo) -> Row {
    let (plain, stream) = (script, script);
    let (plain_words, stream_words) = (words, words);
    Row {
        name,
        place: Place::Scripted,
        plain,
        stream,
        plain_words,
        stream_words,
        leads_to,
        retry_after: None,
    }
}

/// Fails in two ways that are called the same.
fn each(name: &'static str, plain: Script, stream: Script, words: &'static [&'static str]) -> Row {
    Row { stream, ..same(name, plain, words, Next) }
}

/// Fails in two ways that are told apart.
fn either(name: &'static str, plain: Script, stream: Script, words: [&'static [&'static str]; 2]) -> Row {
    Row { stream_words: words[1], ..each(name, plain, stream, words[0]) }
}

impl Row {
    fn wait(mut self, seconds: u64) -> Row {
        self.retry_after = Some(seconds);
        self
    }

    fn plain(mut self, words: &'static [&'static str]) -> Row {
        self.plain_words = words;
        self
    }
}

fn error(status: u16, body: &str) -> Reply {
    Reply::json(status, serde_json::from_str(body).unwrap())
}

fn status(status: u16) -> Reply {
    Reply::json(status, json!({ "error": { "message": "no", "type": "none", "param": null, "code": null } }))
}

fn later(status: u16, seconds: &str) -> Reply {
    Reply::json_with(status, &[("retry-after", seconds)], Value::Null)
}

/// A 500, then health in a form that is right for both kinds of request.
fn once_500(request: usize) -> Reply {
    if request == 0 { status(500) } else { Reply::chat("recovered") }
}

fn plain(body: &str) -> Reply {
    json_head(body.len()).bytes(body).then(Step::KeepAlive)
}

fn events(line: &str) -> Reply {
    Reply::sse_head().event(line).end()
}

fn json_head(length: usize) -> Reply {
    Reply::head(200, &[("content-type", "application/json"), ("content-length", &length.to_string())])
}

fn stalled() -> Reply {
    Reply::sse_head().then(Step::Hang)
}

/// What a provider may send while the model thinks; this one thinks for ever.
fn pings() -> Reply {
    let ping = |reply: Reply, _| reply.chunk(": ping\n\n").pause(Duration::from_millis(100));
    (0..200).fold(Reply::sse_head(), ping)
}

fn white_space() -> Reply {
    (0..200).fold(json_head(5000), |reply, _| reply.bytes("\n").pause(Duration::from_millis(100)))
}

fn page() -> Reply {
    let page = "<html><body>maintenance</body></html>";
    Reply::head(200, &[("content-type", "text/html"), ("content-length", &page.len().to_string())])
        .bytes(page)
        .then(Step::KeepAlive)
}

fn gzip() -> Reply {
    let head = [("content-type", "application/json"), ("content-encoding", "gzip"), ("content-length", "4")];
    Reply::head(200, &head).bytes([0x1f, 0x8b, 8, 0]).then(Step::KeepAlive)
}

fn lying(length: usize) -> Reply {
    json_head(length).bytes(r#"{"choices":[{"index":0,"message":{"content":"hello"}}]}"#)
}

fn lying_events(length: usize) -> Reply {
    let head = [("content-type", "text/event-stream"), ("content-length", &length.to_string())];
    Reply::head(200, &head).bytes(format!("data: {}\n\ndata: [DONE]\n\n", chunk("hello")))
}

fn torn_events() -> Reply {
    Reply::sse_head().bytes("fff\r\ndata: {\"choi")
}

fn long_line() -> String {
    "x".repeat(10 << 20)
}

fn endless_line() -> Reply {
    let piece = "x".repeat(1 << 20);
    (0..20).fold(Reply::sse_head(), |reply, _| reply.chunk(&piece)).end()
}

fn redirect() -> Reply {
    Reply::head(302, &[("location", "/elsewhere"), ("content-length", "0")]).then(Step::KeepAlive)
}
