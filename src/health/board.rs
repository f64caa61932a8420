//! The vitals of all providers, which outlive a reload of the configuration.

use crate::health::vitals::Vitals;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Get-or-create by provider name. One entry for every name that was ever configured.
#[derive(Debug, Default)]
pub struct Board {
    entries: Mutex<HashMap<String, Entry>>,
}

#[derive(Debug)]
struct Entry {
    fingerprint: u64,
    keys: usize,
    vitals: Arc<Vitals>,
}

impl Board {
    /// The vitals of a provider, started afresh when its fingerprint (what makes it another server or
    /// account: base URL, keys) or its number of keys has changed.
    pub fn vitals(&self, name: &str, fingerprint: u64, keys: usize) -> Arc<Vitals> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(name).filter(|e| e.fingerprint == fingerprint && e.keys == keys) {
            return entry.vitals.clone();
        }
        let vitals = Arc::new(Vitals::new(keys));
        entries.insert(name.to_owned(), Entry { fingerprint, keys, vitals: vitals.clone() });
        vitals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vitals_survive_a_reload_that_does_not_touch_their_provider() {
        let board = Board::default();
        let before = board.vitals("groq", 1, 2);
        assert!(Arc::ptr_eq(&before, &board.vitals("groq", 1, 2)));
        for (name, fingerprint, keys) in [("groq", 9, 2), ("groq", 9, 3), ("openai", 9, 3)] {
            let other = board.vitals(name, fingerprint, keys);
            assert!(!Arc::ptr_eq(&before, &other), "{name} {fingerprint} {keys} is another provider");
        }
    }
}
