//! What a client sees, and who is asked how often, for every way to fail before the first byte: plain and
//! streamed, with another provider behind the failing one and without.

// Helpers of tests stand outside of `#[test]`, where clippy's exception does not reach.
#![allow(clippy::unwrap_used, clippy::panic)]

mod case;
mod faults;
#[path = "../support/mod.rs"]
mod support;

use case::Case;
use faults::Place;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use support::Gateway;
use support::Reply;
use support::Request;
use support::TlsVendor;
use support::Vendor;
use support::config;
use support::provider_of;
use support::refused_port;
use support::tls_vendor;
use tokio::task::JoinSet;

/// Health plays no part here.
const SETTINGS: &str = "unhealthy_after: 1000, ";
/// For those that wait for silence to end.
const SHORT: &str = "first_byte: 2s, first_event: 2s, answer: 2s, ";

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_before_the_first_byte_leads_to_what_it_must() {
    let stage = Arc::new(Stage::set());
    let mut running = JoinSet::new();
    for case in Case::all() {
        let stage = stage.clone();
        running.spawn(async move { case.problems(&stage).await });
    }
    let problems = running.join_all().await.concat();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    let log = [stage.patient.logs(), stage.hasty.logs()].concat().join("\n");
    for secret in [case::SECRET, "Say hello", "sk-hidden"] {
        assert!(!log.contains(secret), "`{secret}` is in the log");
    }
}

#[tokio::test]
async fn the_same_target_is_asked_again_after_a_pause() {
    let stage = Stage::set();
    let pausing = ["500-once", "500-for-ever", "reset-before-the-head", "200-then-error"];
    for case in Case::all().into_iter().filter(|case| pausing.contains(&case.row.name)) {
        assert_eq!(case.problems(&stage).await, Vec::<String>::new());
        let asked = stage.asked(&case.id());
        let pause = asked[1].at - asked[0].at;
        assert!(pause >= Duration::from_millis(100), "{}: asked again after {pause:?}", case.id());
    }
}

/// For every case a failing provider of its own; silence is short for one gateway, and for the other so long
/// that no time decides.
pub struct Stage {
    patient: Gateway,
    hasty: Gateway,
    failing: HashMap<String, Failing>,
    pub good: Vendor,
}

/// A provider that fails.
enum Failing {
    Scripted(Vendor),
    Untrusted(TlsVendor),
    Refused(u16),
}

impl Stage {
    fn set() -> Stage {
        let failing = Case::all().into_iter().map(|case| (case.id(), Failing::of(case))).collect();
        let good = Vendor::start(|_, request| Reply::answer(request, "good"));
        let start = |failover: &str| Gateway::start(&configuration(failover, &failing, &good));
        Stage { patient: start(SETTINGS), hasty: start(&format!("{SETTINGS}{SHORT}")), failing, good }
    }

    /// The one to ask in a case that ends in these ways.
    pub fn gateway(&self, words: &[&str]) -> &Gateway {
        if words.contains(&"timeout") { &self.hasty } else { &self.patient }
    }

    /// What the failing provider of a case was asked.
    pub fn asked(&self, id: &str) -> Vec<Request> {
        match &self.failing[id] {
            Failing::Scripted(vendor) => vendor.requests(),
            Failing::Untrusted(tls) => tls.vendor.requests(),
            Failing::Refused(_) => Vec::new(),
        }
    }
}

impl Failing {
    fn of(case: Case) -> Failing {
        match case.row.place {
            Place::Scripted => Failing::Scripted(Vendor::start(move |request, _| case.reply(request))),
            Place::Untrusted => Failing::Untrusted(tls_vendor(|_, request| Reply::answer(request, "never"))),
            Place::Refused => Failing::Refused(refused_port()),
        }
    }

    fn base_url(&self) -> String {
        match self {
            Failing::Scripted(vendor) => vendor.base_url().to_owned(),
            Failing::Untrusted(tls) => tls.base_url().to_owned(),
            Failing::Refused(port) => format!("http://127.0.0.1:{port}"),
        }
    }
}

fn configuration(failover: &str, failing: &HashMap<String, Failing>, good: &Vendor) -> String {
    let cases = Case::all();
    let provider = |case: &Case| {
        let (id, secret) = (case.id(), case::SECRET);
        let more = format!("api_key: '{secret}-{id}'");
        provider_of(&format!("bad-{id}"), &failing[&id].base_url(), &format!("m-{id}"), &more)
    };
    let mut providers: Vec<String> = cases.iter().map(provider).collect();
    let followed: Vec<String> =
        cases.iter().filter(|case| case.followed).map(|case| format!("m-{}", case.id())).collect();
    providers.push(provider_of("good", good.base_url(), &followed.join(", "), ""));
    config(failover, &providers)
}
