//! `cache`: what is kept of answers, and where.

use crate::config::ExactCache;
use crate::config::StateUrl;
use crate::config::environment::Variables;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::time::Duration;

/// Where cached answers live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheBackend {
    Memory,
    /// Beside the counters, in the Redis of `state`.
    Redis,
}

/// Reads `cache`; `GATEWAY_CACHE_BACKEND`, `GATEWAY_CACHE_TTL` and `GATEWAY_CACHE_MAX_SIZE` go before it.
pub fn read(root: &Section<'_>, variables: &Variables<'_>, state: &StateUrl) -> ExactCache {
    let cache = root.section("cache", &shapes::CACHE);
    refuse_semantic(&cache);
    let exact = cache.section("exact", &shapes::EXACT_CACHE);
    let ttl = exact.optional("ttl", units::duration_or_off);
    let max_entries = exact.optional("max_entries", units::some_count);
    ExactCache {
        backend: backend(&cache, variables, state),
        ttl: variables
            .optional("GATEWAY_CACHE_TTL", units::duration_or_off)
            .or(ttl)
            .unwrap_or(Some(Duration::from_secs(300))),
        max_entries: variables
            .optional("GATEWAY_CACHE_MAX_SIZE", units::some_count)
            .or(max_entries)
            .unwrap_or(10_000)
            .into(),
        max_bytes: exact.optional("max_bytes", units::size).unwrap_or(256 << 20),
        max_answer: exact.optional("max_answer", units::memory_size).unwrap_or(1 << 20),
        deterministic_only: exact.optional("deterministic_only", units::switch).unwrap_or(false),
        share_in_flight: exact.optional("share_in_flight", units::switch).unwrap_or(false),
    }
}

/// `GATEWAY_CACHE_BACKEND`, else `cache.backend`, else where the counters are.
fn backend(cache: &Section<'_>, variables: &Variables<'_>, state: &StateUrl) -> CacheBackend {
    let shared = match state {
        StateUrl::Memory => CacheBackend::Memory,
        StateUrl::Redis(_) => CacheBackend::Redis,
    };
    let word = units::word(&[("memory", CacheBackend::Memory), ("redis", CacheBackend::Redis)]);
    let written = cache.field("backend");
    let given = variables.field("GATEWAY_CACHE_BACKEND");
    let asked = |field: Option<Field<'_>>| {
        let field = field?;
        let backend = field.read(&word)?;
        if backend == CacheBackend::Redis && shared == CacheBackend::Memory {
            field.refuse("needs a Redis: set `state: redis://<host>` or REDIS_URL");
        }
        Some(backend)
    };
    let (given, written) = (asked(given), asked(written));
    given.or(written).unwrap_or(shared)
}

fn refuse_semantic(cache: &Section<'_>) {
    let semantic = cache.section("semantic", &shapes::SEMANTIC_CACHE);
    if let Some(on) = semantic.field("enabled").filter(|field| field.read(units::switch) == Some(true)) {
        on.refuse("must be `false`: the semantic cache comes with a later version");
    }
}
