//! Counters: the same contract in memory and in Redis, and what becomes of it when Redis comes and goes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "state/away.rs"]
mod away;
#[path = "state/contract.rs"]
mod contract;
#[path = "state/crowd.rs"]
mod crowd;
#[path = "state/gateways.rs"]
mod gateways;
#[path = "state/late.rs"]
mod late;
#[path = "state/places.rs"]
mod places;
#[path = "state/shared.rs"]
mod shared;
#[path = "state/windows.rs"]
mod windows;

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use support::Passage;
use support::RedisServer;
use tokio::task::JoinHandle;
use tollgate::clock;
use tollgate::clock::Moment;
use tollgate::config;
use tollgate::config::Bounds;
use tollgate::money::Money;
use tollgate::secret::Secret;
use tollgate::state::Claim;
use tollgate::state::Claims;
use tollgate::state::Need;
use tollgate::state::State;
use tollgate::state::Whose;
use tollgate::telemetry::metrics::Metrics;

/// No test hangs on how fast this machine is today, save those about being slow.
const PATIENT: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(30);

/// Where the counters are; two replicas share them.
struct Stage {
    redis: Option<RedisServer>,
    replicas: Vec<Replica>,
}

struct Replica {
    state: Arc<State>,
    metrics: Arc<Metrics>,
    keeper: JoinHandle<()>,
}

impl Stage {
    async fn memory() -> Stage {
        let (state, metrics) = (Arc::new(State::memory()), Arc::new(Metrics::new()));
        let replica =
            || Replica { state: state.clone(), metrics: metrics.clone(), keeper: tokio::spawn(async {}) };
        Stage { redis: None, replicas: vec![replica(), replica()] }
    }

    async fn redis() -> Stage {
        let redis = RedisServer::start();
        let url = redis.url();
        let replicas = vec![Replica::ready(&url, PATIENT).await, Replica::ready(&url, PATIENT).await];
        Stage { redis: Some(redis), replicas }
    }

    /// Both, so that whatever is asked of them is asked of all.
    async fn all() -> [Stage; 2] {
        [Stage::memory().await, Stage::redis().await]
    }

    fn one(&self) -> &Arc<State> {
        &self.replicas[0].state
    }

    fn other(&self) -> &Arc<State> {
        &self.replicas[1].state
    }
}

impl Replica {
    fn start(url: &str, within: Duration) -> Replica {
        let metrics = Arc::new(Metrics::new());
        let state = Arc::new(State::redis(&Secret::new(url), within, metrics.clone()).unwrap());
        let kept = state.clone();
        Replica { state, metrics, keeper: tokio::spawn(async move { kept.keep().await }) }
    }

    async fn ready(url: &str, within: Duration) -> Replica {
        let replica = Replica::start(url, within);
        eventually(async || !replica.state.is_away(), "it does not find redis").await;
        replica
    }

    fn metric(&self, name: &str) -> f64 {
        let text = self.metrics.gather();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
        line.split(' ').next_back().unwrap().parse().unwrap()
    }
}

/// A killed process tells nobody.
impl Drop for Replica {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Bounds as the configuration says them.
fn bounds(text: &str) -> Bounds {
    config::bounds_of("test", text, &Bounds::default()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Claims on accounts of these kinds, named after them.
fn claims(state: &State, said: &[(Whose, &str)]) -> Claims {
    let claim = |(whose, text): &(Whose, &str)| Claim {
        whose: *whose,
        account: state.account(&format!("{} of ann", whose.word())),
        bounds: Arc::new(bounds(text)),
    };
    said.iter().map(claim).fold(Claims::default(), Claims::and)
}

fn of_key(state: &State, text: &str) -> Claims {
    claims(state, &[(Whose::Key, text)])
}

fn tokens(tokens: u64) -> Need {
    Need { tokens, ..Need::REQUEST }
}

fn cents(cents: u64) -> Need {
    Need { cost: Money(cents * 10_000_000), ..Need::REQUEST }
}

fn later(now: Moment, seconds: u64) -> Moment {
    let span = Duration::from_secs(seconds);
    Moment { mono: now.mono + span, wall: now.wall + span }
}

/// A date on both clocks.
fn on(date: &str) -> Moment {
    let wall = httpdate::parse_http_date(date).unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    Moment { mono: clock::now(), wall }
}

/// Waits until something is so; panics with `otherwise` when it is late.
async fn eventually(mut so: impl AsyncFnMut() -> bool, otherwise: &str) {
    let late = Instant::now() + DEADLINE;
    while !so().await {
        assert!(Instant::now() < late, "{otherwise}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
