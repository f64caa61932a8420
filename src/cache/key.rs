//! The name of a request in the cache: a hash that is the same exactly when the answer may be.

use crate::cache::canon;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use std::fmt;

/// SHA-256 of all that decides an answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey(pub [u8; 32]);

/// Whether and how an answer is delivered in pieces does not change it; the model is the one passed in.
const LEFT_OUT: [&str; 3] = ["stream", "stream_options", "model"];

/// The key of a request: `scope` (whose cache), `operation` (which endpoint), `model` (as resolved) and its body.
///
/// Key order, white space and string escapes of the body do not matter, everything else does. Numbers count as
/// they are written: `1` and `1.0` are two requests. `None` is a body that cannot be told apart safely and must
/// not be cached: no object, nested deeper than 64, a key given twice, a number beyond 64 bits.
pub fn cache_key(scope: &str, operation: &str, model: &str, body: &[u8]) -> Option<CacheKey> {
    let canonical = canon::object(body, &LEFT_OUT)?;
    let mut hash = Sha256::new();
    for part in [scope, operation, model] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update(canonical);
    Some(CacheKey(hash.finalize().into()))
}

/// Whether a request asks for the same answer each time: its temperature is 0 or it names a seed.
pub fn is_deterministic(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Sampling {
        temperature: Option<f64>,
        seed: Option<IgnoredAny>,
    }
    serde_json::from_slice(body).is_ok_and(|s: Sampling| s.temperature == Some(0.0) || s.seed.is_some())
}

/// Enough signs to follow one key through a log.
impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "CacheKey({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

#[cfg(test)]
mod tests;
