//! The access line as one JSON object, with the field names that `tracing` gives its own lines.

use crate::dialect::usage::Usage;
use crate::telemetry::access::AccessLine;
use crate::telemetry::access::AttemptNote;
use crate::telemetry::access::Cost;
use crate::telemetry::decimal::decimal;
use crate::telemetry::decimal::ip;
use crate::telemetry::decimal::socket;
use crate::telemetry::escape::quoted;
use crate::telemetry::stamp::Stamp;
use std::io::Write;
use std::time::Duration;

pub(super) fn append(out: &mut Vec<u8>, line: &AccessLine<'_>) {
    out.extend_from_slice(b"{\"timestamp\":\"");
    out.extend_from_slice(Stamp::of(line.since_epoch).as_str().as_bytes());
    out.extend_from_slice(b"\",\"level\":\"INFO\",\"message\":\"request\"");
    asked(out, line);
    answered(out, line);
    if let Some(usage) = &line.usage {
        tokens(out, usage);
    }
    if let Some(heard) = line.heard {
        millis(out, ",\"audio_ms\":", heard);
    }
    if let Some(cost) = line.cost {
        price(out, cost);
    }
    attempts(out, line.notable_attempts());
    optional(out, ",\"error\":", line.error);
    out.extend_from_slice(b"}\n");
}

fn asked(out: &mut Vec<u8>, line: &AccessLine<'_>) {
    string(out, ",\"request_id\":", line.request_id);
    if let Some(client) = line.client {
        // An address needs no escape.
        out.extend_from_slice(b",\"client\":\"");
        ip(out, client);
        out.push(b'"');
    }
    string(out, ",\"method\":", line.method);
    string(out, ",\"path\":", line.path_without_query());
    optional(out, ",\"route\":", line.route);
    optional(out, ",\"job\":", line.job);
    optional(out, ",\"key\":", line.key);
    optional(out, ",\"tenant\":", line.tenant);
    optional(out, ",\"model\":", line.model_asked);
    flag(out, ",\"stream\":", line.stream);
}

fn answered(out: &mut Vec<u8>, line: &AccessLine<'_>) {
    count(out, ",\"status\":", u64::from(line.status));
    if let Some(server) = line.server {
        // Nor does that of a server.
        out.extend_from_slice(b",\"server\":\"");
        socket(out, server);
        out.push(b'"');
    }
    optional(out, ",\"provider\":", line.provider);
    optional(out, ",\"model_served\":", line.model_served);
    optional(out, ",\"cache\":", line.cache);
    millis(out, ",\"latency_ms\":", line.latency);
    if let Some(ttft) = line.ttft {
        millis(out, ",\"ttft_ms\":", ttft);
    }
}

fn tokens(out: &mut Vec<u8>, usage: &Usage) {
    count(out, ",\"tokens\":", usage.total());
    count(out, ",\"tokens_input\":", usage.input);
    count(out, ",\"tokens_cached\":", usage.cached);
    count(out, ",\"tokens_cache_write\":", usage.cache_write);
    count(out, ",\"tokens_output\":", usage.output);
    count(out, ",\"tokens_reasoning\":", usage.reasoning);
}

fn price(out: &mut Vec<u8>, cost: Cost) {
    match cost {
        Cost::Known(money) => {
            // A `Vec` takes every write.
            let _ = write!(out, ",\"cost_usd\":{money}");
        }
        Cost::Unknown => out.extend_from_slice(b",\"cost_usd\":null"),
    }
}

fn attempts(out: &mut Vec<u8>, attempts: &[AttemptNote]) {
    for (index, attempt) in attempts.iter().enumerate() {
        let opening = if index == 0 { ",\"attempts\":[{\"provider\":" } else { ",{\"provider\":" };
        string(out, opening, &attempt.provider);
        string(out, ",\"model\":", &attempt.model);
        string(out, ",\"outcome\":", attempt.outcome);
        millis(out, ",\"ms\":", attempt.took);
        out.push(b'}');
    }
    if !attempts.is_empty() {
        out.push(b']');
    }
}

fn string(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    quoted(out, value);
}

fn optional(out: &mut Vec<u8>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        string(out, name, value);
    }
}

fn flag(out: &mut Vec<u8>, name: &str, value: bool) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

fn count(out: &mut Vec<u8>, name: &str, value: u64) {
    out.extend_from_slice(name.as_bytes());
    decimal(out, value);
}

/// Milliseconds with three decimals: a cache hit takes a fraction of one.
fn millis(out: &mut Vec<u8>, name: &str, took: Duration) {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    count(out, name, micros / 1000);
    let rest = micros % 1000;
    out.extend_from_slice(&[b'.', digit(rest / 100), digit(rest / 10), digit(rest)]);
}

fn digit(number: u64) -> u8 {
    b'0' + (number % 10) as u8
}
