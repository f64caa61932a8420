//! `limits`: how much one request, one address and one key may take.

use crate::config::KeyLimits;
use crate::config::Limits;
use crate::config::Rate;
use crate::config::environment::Variables;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::time::Duration;

/// Enough for a person who mistypes a key, too little to guess one.
const BAD_KEYS: Rate = Rate { amount: 60, per: Duration::from_secs(60) };

/// Reads `limits`; `GATEWAY_RATE_LIMIT` goes before `limits.per_key.requests`.
pub fn read(root: &Section<'_>, variables: &Variables<'_>) -> Limits {
    let section = root.section("limits", &shapes::LIMITS);
    let mut per_key = of_key(&section.section("per_key", &shapes::PER_KEY), KeyLimits::default());
    if let Some(requests) = variables.optional("GATEWAY_RATE_LIMIT", units::rate_or_off) {
        per_key.requests = requests;
    }
    Limits {
        body: section.optional("body", units::memory_size_or_off).unwrap_or(32 << 20),
        answer: section.optional("answer", units::memory_size_or_off).unwrap_or(64 << 20),
        bad_keys_per_ip: section.optional("bad_keys_per_ip", units::rate_or_off).unwrap_or(Some(BAD_KEYS)),
        per_ip: section.optional("per_ip", units::rate_or_off).flatten(),
        per_key,
    }
}

/// The limits of one key; what it does not say is as in `default`.
pub fn of_key(section: &Section<'_>, default: KeyLimits) -> KeyLimits {
    KeyLimits {
        requests: section.optional("requests", units::rate_or_off).unwrap_or(default.requests),
        tokens: section.optional("tokens", units::rate_or_off).unwrap_or(default.tokens),
        concurrent: section.optional("concurrent", units::count_or_off).unwrap_or(default.concurrent),
    }
}
