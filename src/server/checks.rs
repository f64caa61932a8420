//! Active checks: every provider's list of models is asked for, which tells whether it is there and what it offers.

use crate::clock;
use crate::config::Failover;
use crate::gateway::attempt::USER_AGENT;
use crate::gateway::parts::Parts;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::vendor::Vendor;
use crate::gateway::verdicts;
use crate::health::ASIDE_FOR;
use crate::health::Pick;
use crate::health::Standing;
use crate::upstream::Broken;
use crate::upstream::Upstreams;
use bytes::Bytes;
use futures_util::future::join_all;
use http::HeaderValue;
use http::header;
use std::time::Duration;
use std::time::Instant;
use tracing::debug;
use tracing::warn;

/// OpenRouter's list is over a megabyte.
const MAX_LIST: usize = 16 * 1024 * 1024;
/// How often a change of the configuration is looked for while checks are off.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Checks all providers at the start, and every `check_interval` unless that is off.
pub async fn keep_checking(parts: &Parts) {
    let mut checked: Option<Instant> = None;
    loop {
        let snapshot = parts.snapshot.load_full();
        let interval = snapshot.config.failover.check_interval;
        let due = checked.is_none_or(|at| interval.is_some_and(|every| at.elapsed() >= every));
        if due {
            checked = Some(clock::now());
            join_all(
                snapshot
                    .vendors
                    .iter()
                    .filter(|v| v.check && v.preset.lists_models)
                    .map(|v| check(parts, &snapshot, v)),
            )
            .await;
        }
        tokio::time::sleep(interval.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN)).await;
    }
}

/// What a check found.
enum Found {
    /// It answers; the models it offers, if it says.
    Well(Option<Vec<String>>),
    BadKey,
    /// It answers, but not with anything that tells of its health.
    Unclear(u16),
    Ill(&'static str),
}

async fn check(parts: &Parts, snapshot: &Snapshot, vendor: &Vendor) {
    let failover = &snapshot.config.failover;
    let key = match vendor.vitals.pick(clock::now(), None, &[]) {
        Pick::Key(key) => key,
        Pick::Cooling(_) | Pick::AllAside => return,
    };
    let found = ask(&parts.upstreams, vendor, key, failover).await;
    let now = clock::now();
    match found {
        Ok(Found::Well(models)) => {
            models.into_iter().for_each(|models| vendor.vitals.set_catalogue(models));
            recover(vendor, now);
        }
        Ok(Found::BadKey) => {
            vendor.vitals.put_aside(key, now + ASIDE_FOR);
            warn!(provider = %vendor.name, key = key + 1, "key put aside: the provider refuses it");
        }
        Ok(Found::Unclear(status)) => {
            debug!(provider = %vendor.name, status, "check");
            recover(vendor, now);
        }
        Ok(Found::Ill(reason)) => ill(vendor, failover, reason),
        Err(error) => {
            debug!(provider = %vendor.name, %error, "check");
            ill(vendor, failover, "check");
        }
    }
}

/// A check may close a breaker whose time is up; while it is closed, requests alone tell how well a provider is.
fn recover(vendor: &Vendor, now: Instant) {
    if vendor.vitals.standing(now, None) == Standing::Probe
        && let Some(_probe) = vendor.vitals.admit(now)
    {
        verdicts::changed(vendor, vendor.vitals.succeed(), "");
    }
}

fn ill(vendor: &Vendor, failover: &Failover, reason: &str) {
    let change = vendor.vitals.fail(clock::now(), failover.unhealthy_after, failover.unhealthy_for);
    verdicts::changed(vendor, change, reason);
}

async fn ask(
    upstreams: &Upstreams,
    vendor: &Vendor,
    key: usize,
    failover: &Failover,
) -> Result<Found, Broken> {
    let until = clock::now() + failover.connect + failover.first_byte;
    let mut wire = upstreams.open(&vendor.host, false, until).await?;
    let side = vendor.preset.dialect.provider_side();
    let path = beside(&vendor.base_path, side.models_path());
    let fixed =
        [(header::ACCEPT, HeaderValue::from_static("application/json")), (header::USER_AGENT, USER_AGENT)];
    wire.send(&vendor.request("GET", &path, &vendor.fields(key, &fixed, &[]), &Bytes::new()), until).await?;
    let status = wire.head(until).await?.status.as_u16();
    let found = match status {
        200 => Found::Well(side.read_models(&wire.whole(MAX_LIST, until).await?)),
        401..=403 => Found::BadKey,
        500.. => Found::Ill("check"),
        _ => Found::Unclear(status),
    };
    if status == 200 {
        upstreams.close(wire).await;
    } else {
        wire.abandon().await;
    }
    Ok(found)
}

/// A path behind a base; `/..` in front of it leaves the last segment of the base.
fn beside(base: &str, path: &str) -> String {
    match path.strip_prefix("/..") {
        Some(rest) => format!("{}{rest}", base.rsplit_once('/').map_or("", |(before, _)| before)),
        None => format!("{base}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_leave_the_last_segment_of_the_base() {
        assert_eq!(beside("/v1", "/models"), "/v1/models");
        assert_eq!(beside("/proxy/v2", "/../v1/models"), "/proxy/v1/models");
        assert_eq!(beside("", "/../v1/models"), "/v1/models");
    }
}
