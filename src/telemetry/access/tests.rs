//! What the access line says in both forms.

use super::*;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

const WHEN: Duration = Duration::from_millis(1_772_355_900_042);

fn plain<'a>() -> AccessLine<'a> {
    AccessLine {
        since_epoch: WHEN,
        request_id: "req_1",
        client: None,
        method: "POST",
        path: "/v1/chat/completions",
        status: 200,
        route: None,
        server: None,
        job: None,
        key: None,
        tenant: None,
        provider: None,
        model_asked: None,
        model_served: None,
        stream: false,
        latency: Duration::from_micros(320_417),
        ttft: None,
        usage: None,
        heard: None,
        cost: None,
        cache: None,
        attempts: &[],
        error: None,
    }
}

fn note(provider: &str, outcome: &'static str, millis: u64) -> AttemptNote {
    let took = Duration::from_millis(millis);
    AttemptNote { provider: provider.into(), model: "llama-3.1:8b".into(), outcome, took }
}

fn full(attempts: &[AttemptNote]) -> AccessLine<'_> {
    AccessLine {
        client: Some(IpAddr::from([192, 0, 2, 7])),
        key: Some("app"),
        tenant: Some("acme"),
        provider: Some("openai"),
        model_asked: Some("gpt-4o"),
        model_served: Some("gpt-4o-2024-08-06"),
        stream: true,
        ttft: Some(Duration::from_millis(80)),
        usage: Some(Usage { input: 700, cached: 512, cache_write: 0, output: 147, reasoning: 32 }),
        cost: Some(Cost::Known(Money(1_230_000))),
        cache: Some("miss"),
        attempts,
        error: Some("timeout"),
        ..plain()
    }
}

fn text_of(line: &AccessLine<'_>) -> String {
    let mut out = Vec::new();
    text::append(&mut out, line);
    String::from_utf8(out).unwrap()
}

fn json_of(line: &AccessLine<'_>) -> Value {
    let mut out = Vec::new();
    json::append(&mut out, line);
    assert_eq!(memchr::memchr_iter(b'\n', &out).count(), 1);
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn text_tells_the_whole_request() {
    let attempts = [note("groq", "timeout", 5000), note("openai", "200", 312)];
    assert_eq!(
        text_of(&full(&attempts)),
        "2026-03-01T09:05:00.042Z  INFO request id=req_1 client=192.0.2.7 key=app tenant=acme method=POST \
         path=/v1/chat/completions status=200 provider=openai model=gpt-4o cache=miss latency=320ms tokens=847 \
         served=gpt-4o-2024-08-06 stream=true ttft=80ms input=700 output=147 cached=512 reasoning=32 \
         cost=0.00123 attempts=\"groq/llama-3.1:8b timeout 5000ms, openai/llama-3.1:8b 200 312ms\" error=timeout\n"
    );
}

#[test]
fn json_tells_the_whole_request() {
    let attempts = [note("groq", "timeout", 5000), note("openai", "200", 312)];
    assert_eq!(
        json_of(&full(&attempts)),
        json!({
            "timestamp": "2026-03-01T09:05:00.042Z", "level": "INFO", "message": "request",
            "request_id": "req_1", "client": "192.0.2.7", "key": "app", "tenant": "acme",
            "method": "POST", "path": "/v1/chat/completions", "status": 200,
            "provider": "openai", "model": "gpt-4o", "model_served": "gpt-4o-2024-08-06",
            "stream": true, "cache": "miss", "latency_ms": 320.417, "ttft_ms": 80.0,
            "tokens": 847, "tokens_input": 700, "tokens_cached": 512, "tokens_cache_write": 0,
            "tokens_output": 147, "tokens_reasoning": 32, "cost_usd": 0.00123,
            "attempts": [
                { "provider": "groq", "model": "llama-3.1:8b", "outcome": "timeout", "ms": 5000.0 },
                { "provider": "openai", "model": "llama-3.1:8b", "outcome": "200", "ms": 312.0 }
            ],
            "error": "timeout"
        })
    );
}

#[test]
fn what_is_not_known_is_not_shown() {
    assert_eq!(
        text_of(&plain()),
        "2026-03-01T09:05:00.042Z  INFO request id=req_1 method=POST path=/v1/chat/completions status=200 \
         latency=320ms\n"
    );
    assert_eq!(json_of(&plain()).as_object().unwrap().len(), 9);
}

#[test]
fn an_unknown_price_is_never_zero() {
    let line = AccessLine { cost: Some(Cost::Unknown), ..plain() };
    assert!(text_of(&line).contains(" cost=unknown\n"));
    assert_eq!(json_of(&line)["cost_usd"], Value::Null);
    assert!(json_of(&line).as_object().unwrap().contains_key("cost_usd"));
}

#[test]
fn a_hit_shows_that_no_tokens_were_used() {
    let line = AccessLine { cache: Some("hit"), usage: Some(Usage::default()), ..plain() };
    assert!(text_of(&line).contains(" cache=hit latency=320ms tokens=0 "));
}

#[test]
fn a_single_attempt_is_shown_only_when_it_failed() {
    let (good, bad) = ([note("groq", "200", 9)], [note("groq", "connect", 9)]);
    assert!(!text_of(&full(&good)).contains("attempts="));
    assert!(json_of(&full(&good)).get("attempts").is_none());
    assert!(text_of(&full(&bad)).contains("attempts=\"groq/llama-3.1:8b connect 9ms\""));
    assert_eq!(json_of(&full(&bad))["attempts"][0]["outcome"], "connect");
}

#[test]
fn a_query_string_never_reaches_the_log() {
    let line = AccessLine { path: "/v1/models?key=sk-1", ..plain() };
    assert_eq!(json_of(&line)["path"], "/v1/models");
    assert!(!text_of(&line).contains("sk-1"));
}

#[test]
fn no_name_a_client_chooses_makes_a_line_long() {
    let long = "m".repeat(1 << 20);
    let attempts = [AttemptNote { model: long.as_str().into(), ..note("groq", "connect", 1) }];
    let line = AccessLine { model_asked: Some(&long), path: &long, method: &long, ..full(&attempts) };
    assert!(text_of(&line).len() < 2000);
    assert!(json_of(&line).to_string().len() < 2000);
}

#[test]
fn a_forged_field_stays_inside_its_quotes() {
    let line = AccessLine { model_asked: Some("x status=200\n2026 INFO request id=fake"), ..plain() };
    assert!(text_of(&line).contains(r#" model="x status=200\u000a2026 INFO request id=fake" "#));
}

#[test]
fn each_format_goes_to_the_sink_as_one_line() {
    for format in [LogFormat::Json, LogFormat::Text] {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let sink = Sink::writing_to(writer);
        write(&plain(), format, &sink);
        write(&full(&[]), format, &sink);
        drop(sink);
        let mut log = String::new();
        std::io::Read::read_to_string(&mut reader, &mut log).unwrap();
        assert_eq!(log.lines().count(), 2, "{log}");
        assert!(log.lines().all(|line| line.contains("req_1") && !line.is_empty()));
    }
}

proptest! {
    #[test]
    fn hostile_names_survive_json_and_never_break_a_line(
        id in any::<String>(), model in any::<String>(), path in "[^?]{0,40}", method in any::<String>(),
    ) {
        let attempts = [AttemptNote { model: model.as_str().into(), ..note("groq", "connect", 1) }];
        let line = AccessLine {
            request_id: &id, model_asked: Some(&model), path: &path, method: &method, ..full(&attempts)
        };
        let read = json_of(&line);
        prop_assert_eq!(&read["request_id"], &id.chars().take(200).collect::<String>());
        prop_assert_eq!(&read["model"], &model.chars().take(200).collect::<String>());
        prop_assert_eq!(&read["path"], &path);
        prop_assert_eq!(&read["attempts"][0]["model"], &model);
        let text = text_of(&line);
        prop_assert_eq!(text.find('\n'), Some(text.len() - 1));
        prop_assert!(!text.trim_end().chars().any(char::is_control));
    }
}

#[test]
fn the_length_of_a_sound_is_told_where_it_is_known() {
    let line = AccessLine { heard: Some(Duration::from_millis(9500)), ..plain() };
    assert_eq!(json_of(&line)["audio_ms"], 9500.0);
    assert!(text_of(&line).contains(" audio=9500ms"), "{}", text_of(&line));
}
