//! New keys and tokens: seen once by whoever asked for them, kept as hashes.

use crate::id;
use crate::secret::KeyHash;
use crate::secret::Secret;

/// Signs by which people know a key again: its prefix and four more, of at least 24.
const SHOWN: usize = 7;

/// A key that was just made.
#[derive(Debug)]
pub struct FreshKey {
    pub key: Secret,
    pub hash: KeyHash,
    /// How it begins.
    pub shown: String,
}

/// A key for clients. Its signs come from `rand::rng()`, ChaCha seeded by the operating system: about 142 bits,
/// which is why a plain SHA-256 is enough to keep of it.
pub fn key() -> FreshKey {
    made("tg-")
}

/// A token for the admin API.
pub fn admin_token() -> FreshKey {
    made("tg-admin-")
}

fn made(prefix: &str) -> FreshKey {
    let key = id::random(prefix);
    FreshKey { hash: KeyHash::of(&key), shown: key.chars().take(SHOWN).collect(), key: Secret::new(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_key_is_long_and_shows_only_how_it_begins() {
        let (one, other) = (key(), key());
        assert_ne!(one.key.expose(), other.key.expose());
        assert_eq!(one.key.expose().len(), "tg-".len() + 24);
        assert!(one.key.expose().starts_with(&one.shown) && one.shown.len() == 7, "{}", one.shown);
        assert_eq!(one.hash, KeyHash::of(one.key.expose()));
        assert!(!format!("{one:?}").contains(&one.key.expose()[8..]), "{one:?}");
        // Whoever draws from a fixed seed makes the same keys on every machine.
        fn is_fit_for_keys(_: &impl rand::CryptoRng) {}
        is_fit_for_keys(&rand::rng());
    }
}
