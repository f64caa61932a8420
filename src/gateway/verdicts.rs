//! What follows from an attempt for the provider's health, its keys, the metrics and the log.

use crate::clock;
use crate::config::Failover;
use crate::dialect::relay::Flow;
use crate::dialect::relay::Relay;
use crate::dialect::usage::Usage;
use crate::gateway::charge::Charge;
use crate::gateway::failure::Failure;
use crate::gateway::itinerary::Patience;
use crate::gateway::itinerary::Stop;
use crate::gateway::receive::Ask;
use crate::gateway::refuse::Refusal;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::vendor::Vendor;
use crate::health::ASIDE_FOR;
use crate::health::Change;
use crate::routing::Candidate;
use crate::routing::judge::Fault;
use crate::routing::judge::KeyEffect;
use crate::routing::judge::blame;
use crate::store::Counted;
use crate::telemetry::metrics::Metrics;
use crate::usage::estimate;
use crate::usage::pricing::PriceTable;
use bytes::Bytes;
use tracing::info;
use tracing::warn;

pub fn patience(failover: &Failover) -> Patience {
    Patience { retry_max: failover.retry_max, wait_for: failover.wait_for }
}

/// Says that another provider is asked now, and why.
pub fn announce(last: Option<&(Stop, Failure)>, stop: &Stop, snapshot: &Snapshot, metrics: &Metrics) {
    let Some((before, failure)) = last.filter(|(before, _)| before.provider != stop.provider) else {
        return;
    };
    let (from, to) = (&snapshot.vendors[before.provider].name, &snapshot.vendors[stop.provider].name);
    metrics.failover(from, failure.word);
    info!(to = %to, from = %from, reason = failure.word, "failover");
}

/// A stream has begun with content: the provider is there again, if it was away.
pub fn welcome(vendor: &Vendor) {
    changed(vendor, vendor.vitals.begin(), "");
}

/// A success: the provider is well.
pub fn praise(vendor: &Vendor) {
    vendor.counters.attempt("200");
    changed(vendor, vendor.vitals.succeed(), "");
}

/// A failed attempt is counted like any other, unless the provider never got it.
pub fn discharge(charge: Option<Charge>, failure: &Failure) {
    match failure.fault {
        Fault::Unreachable | Fault::BadRequest | Fault::Unsayable => charge.map_or((), Charge::not_sent),
        Fault::Timeout | Fault::Reset | Fault::Malformed | Fault::Status { .. } | Fault::InBand { .. } => {
            drop(charge)
        }
    }
}

/// A failed attempt: whose fault is it, the provider's or the key's?
pub fn blame_for(vendor: &Vendor, stop: &Stop, failure: &Failure, failover: &Failover) {
    vendor.counters.attempt(failure.word);
    let (now, blame) = (clock::now(), blame(&failure.fault));
    if blame.provider {
        let change = vendor.vitals.fail(now, failover.unhealthy_after, failover.unhealthy_for);
        changed(vendor, change, failure.word);
    }
    match blame.key {
        KeyEffect::None => return,
        KeyEffect::Cool(wait) => vendor.vitals.cool(stop.key, now + wait),
        KeyEffect::CoolAll(wait) => vendor.vitals.cool_all(now + wait),
        KeyEffect::Aside => {
            vendor.vitals.put_aside(stop.key, now + ASIDE_FOR);
            warn!(provider = %vendor.name, key = stop.key + 1, reason = failure.word, "key put aside");
        }
    }
    if vendor.vitals.usable(now) == 0 {
        warn!(provider = %vendor.name, reason = failure.word, "no usable key left");
    }
}

/// A stream that the provider broke off after it had begun.
pub fn broke_off(vendor: &Vendor, word: &'static str, failover: &Failover) {
    vendor.counters.attempt(word);
    let change = vendor.vitals.fail(clock::now(), failover.unhealthy_after, failover.unhealthy_for);
    changed(vendor, change, word);
}

/// Logs a change of a provider's health in the words operators search for.
pub fn changed(vendor: &Vendor, change: Option<Change>, reason: &str) {
    match change {
        Some(Change::Unhealthy) => warn!(provider = %vendor.name, status = %"unhealthy", reason, "provider"),
        Some(Change::Recovered) => info!(provider = %vendor.name, status = %"recovered", "provider"),
        None => {}
    }
}

/// Whether a candidate's context is larger than that of the target that found the request too long, or unknown.
pub fn is_larger(snapshot: &Snapshot, prices: &PriceTable, stop: &Stop, candidate: &Candidate) -> bool {
    let context =
        |provider: usize, model: &str| prices.context(snapshot.vendors[provider].preset.kind, model);
    match (context(stop.provider, &stop.model), context(candidate.provider, &candidate.model)) {
        (Some(was), Some(would_be)) => would_be > was,
        (None, _) | (_, None) => true,
    }
}

/// What a whole answer used: as its provider counted it, else a guess. Counting tokens uses none.
pub fn used(ask: &Ask, told: Option<Usage>, body: &Bytes) -> Option<(Usage, Counted)> {
    let told = told.map(|usage| (usage, Counted::Told));
    (!ask.operation.counts_tokens()).then(|| told.unwrap_or_else(|| (guess(ask, body), Counted::Guessed)))
}

fn guess(ask: &Ask, body: &Bytes) -> Usage {
    let output = if ask.operation.answers_in_words() { estimate::of_text(body.len()) } else { 0 };
    Usage { output, ..prompt(ask) }
}

/// What a stream used so far: what the provider counted; else about what it must have: an event is about a token. Some tell at the beginning
/// what they have counted till then, so a count is the last word only at the end.
pub fn streamed(relay: &Relay, ask: &Ask) -> (Usage, Counted) {
    let heard = if ask.operation.answers_in_words() { relay.content_events() } else { 0 };
    let told = relay.usage().unwrap_or_else(|| prompt(ask));
    let is_told = relay.usage().is_some() && (*relay.flow() == Flow::Done || told.output >= heard);
    match is_told {
        true => (told, Counted::Told),
        false => (Usage { output: told.output.max(heard), ..told }, Counted::Guessed),
    }
}

/// Tokens of a request of which nothing else is known.
pub fn prompt(ask: &Ask) -> Usage {
    Usage { input: estimate::of_text(ask.shape.words), ..Usage::default() }
}

/// A provider's error body as it is, where it already is the envelope the client's SDK reads.
pub fn envelope(status: u16, refusal: &Refusal, said: &[u8]) -> Option<Bytes> {
    #[derive(serde::Deserialize)]
    struct Envelope {
        error: Inner,
        /// Of Anthropic's envelope, which is no other in nothing else.
        #[serde(rename = "type")]
        foreign: Option<serde::de::IgnoredAny>,
    }
    #[derive(serde::Deserialize)]
    struct Inner {
        message: String,
        #[serde(rename = "type")]
        kind: String,
        code: Option<serde_json::Value>,
    }
    let Envelope { error, foreign } = serde_json::from_slice(said).ok()?;
    let whole = !error.message.is_empty() && !error.kind.is_empty() && foreign.is_none();
    // What clients act on has to be said in OpenAI's word; not every vendor has one.
    let says_it = refusal.code.is_none_or(|code| error.code.is_some_and(|said| said == code));
    (whole && says_it && status == refusal.status).then(|| Bytes::copy_from_slice(said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::fault::Cause;
    use crate::gateway::refuse;

    #[test]
    fn an_envelope_is_passed_on_where_it_says_what_clients_act_on() {
        let passes = |said: &str, cause: Cause| {
            let refusal = refuse::provider_refusal(400, cause, None);
            envelope(400, &refusal, said.as_bytes()).is_some()
        };
        let openai = r#"{"error":{"message":"m","type":"t","param":null,"code":"context_length_exceeded"}}"#;
        let vllm = r#"{"error":{"message":"maximum context length","type":"BadRequestError","code":400}}"#;
        let anthropic = r#"{"type":"error","error":{"type":"invalid_request_error","message":"m"}}"#;
        assert!(passes(openai, Cause::ContextTooLong));
        assert!(!passes(vllm, Cause::ContextTooLong));
        assert!(passes(vllm, Cause::Invalid));
        assert!(!passes(anthropic, Cause::Invalid));
    }
}
