//! The access line for people: `key=value`, in the order in which an eye looks for things.

use crate::clock;
use crate::telemetry::access::AccessLine;
use crate::telemetry::access::AttemptNote;
use crate::telemetry::access::Cost;
use crate::telemetry::decimal::decimal;
use crate::telemetry::decimal::ip;
use crate::telemetry::decimal::socket;
use crate::telemetry::escape::bare_or_quoted;
use crate::telemetry::escape::escaped;
use crate::telemetry::stamp::Stamp;
use std::io::Write;
use std::time::Duration;

pub(super) fn append(out: &mut Vec<u8>, line: &AccessLine<'_>) {
    out.extend_from_slice(Stamp::of(line.since_epoch).as_str().as_bytes());
    out.extend_from_slice(b"  INFO request");
    asked(out, line);
    answered(out, line);
    spent(out, line);
    attempts(out, line.notable_attempts());
    optional(out, " error=", line.error);
    out.push(b'\n');
}

fn asked(out: &mut Vec<u8>, line: &AccessLine<'_>) {
    value(out, " id=", line.request_id);
    if let Some(client) = line.client {
        // An address needs no quotes.
        out.extend_from_slice(b" client=");
        ip(out, client);
    }
    optional(out, " key=", line.key);
    optional(out, " tenant=", line.tenant);
    optional(out, " route=", line.route);
    optional(out, " job=", line.job);
    value(out, " method=", line.method);
    value(out, " path=", line.path_without_query());
}

fn answered(out: &mut Vec<u8>, line: &AccessLine<'_>) {
    count(out, " status=", u64::from(line.status));
    if let Some(server) = line.server {
        out.extend_from_slice(b" server=");
        socket(out, server);
    }
    optional(out, " provider=", line.provider);
    optional(out, " model=", line.model_asked);
    optional(out, " cache=", line.cache);
    millis(out, " latency=", line.latency);
    if let Some(usage) = &line.usage {
        count(out, " tokens=", usage.total());
    }
    if line.model_served != line.model_asked {
        optional(out, " served=", line.model_served);
    }
    if line.stream {
        out.extend_from_slice(b" stream=true");
    }
    if let Some(ttft) = line.ttft {
        millis(out, " ttft=", ttft);
    }
}

fn spent(out: &mut Vec<u8>, line: &AccessLine<'_>) {
    if let Some(usage) = &line.usage {
        count(out, " input=", usage.input);
        count(out, " output=", usage.output);
        let rare = [
            (" cached=", usage.cached),
            (" cache_write=", usage.cache_write),
            (" reasoning=", usage.reasoning),
        ];
        for (name, tokens) in rare.into_iter().filter(|(_, tokens)| *tokens > 0) {
            count(out, name, tokens);
        }
    }
    if let Some(heard) = line.heard {
        millis(out, " audio=", heard);
    }
    match line.cost {
        Some(Cost::Known(money)) => {
            // A `Vec` takes every write.
            let _ = write!(out, " cost={money}");
        }
        Some(Cost::Unknown) => out.extend_from_slice(b" cost=unknown"),
        None => {}
    }
}

/// `attempts="groq/llama timeout 5000ms, openai/gpt-4o 200 312ms"`
fn attempts(out: &mut Vec<u8>, attempts: &[AttemptNote]) {
    for (index, attempt) in attempts.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b" attempts=\"" } else { b", " });
        escaped(out, &attempt.provider);
        out.push(b'/');
        escaped(out, &attempt.model);
        out.push(b' ');
        escaped(out, attempt.outcome);
        millis(out, " ", attempt.took);
    }
    if !attempts.is_empty() {
        out.push(b'"');
    }
}

fn value(out: &mut Vec<u8>, name: &str, text: &str) {
    out.extend_from_slice(name.as_bytes());
    bare_or_quoted(out, text);
}

fn optional(out: &mut Vec<u8>, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        value(out, name, text);
    }
}

fn count(out: &mut Vec<u8>, name: &str, value: u64) {
    out.extend_from_slice(name.as_bytes());
    decimal(out, value);
}

fn millis(out: &mut Vec<u8>, name: &str, took: Duration) {
    count(out, name, clock::millis(took));
    out.extend_from_slice(b"ms");
}
