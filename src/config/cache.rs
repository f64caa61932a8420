//! `cache` and `state`: what is kept of answers, and where.

use crate::config::ExactCache;
use crate::config::environment::Variables;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::time::Duration;

/// Reads `cache`; `GATEWAY_CACHE_TTL` and `GATEWAY_CACHE_MAX_SIZE` go before it.
pub fn read(root: &Section<'_>, variables: &Variables<'_>) -> ExactCache {
    let cache = root.section("cache", &shapes::CACHE);
    refuse_semantic(&cache);
    let exact = cache.section("exact", &shapes::EXACT_CACHE);
    let ttl = exact.optional("ttl", units::duration_or_off);
    let max_entries = exact.optional("max_entries", units::some_count);
    ExactCache {
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

/// Refuses every `state` and `GATEWAY_CACHE_BACKEND` but memory.
pub fn refuse_other_state(root: &Section<'_>, variables: &Variables<'_>) {
    for field in root.field("state").into_iter().chain(variables.field("GATEWAY_CACHE_BACKEND")) {
        only_memory(&field);
    }
}

fn only_memory(field: &Field<'_>) {
    match field.text().as_deref() {
        None | Some("memory") => {}
        // Not shown: the address may carry a password.
        Some(other) if other.starts_with("redis") => {
            field.refuse("must be `memory`: Redis comes with a later version");
        }
        Some(_) => field.refuse("must be `memory`"),
    }
}

fn refuse_semantic(cache: &Section<'_>) {
    let semantic = cache.section("semantic", &shapes::SEMANTIC_CACHE);
    if let Some(on) = semantic.field("enabled").filter(|field| field.read(units::switch) == Some(true)) {
        on.refuse("must be `false`: the semantic cache comes with a later version");
    }
}
