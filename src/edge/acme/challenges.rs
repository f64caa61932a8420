//! What we answer an authority that looks whether a name is ours.

use arc_swap::ArcSwap;
use std::collections::HashMap;

/// Where authorities look (RFC 8555 §8.3).
pub const PLACE: &str = "/.well-known/acme-challenge/";

/// The answers that are waited for, by the last part of their path.
#[derive(Debug, Default)]
pub struct Challenges {
    answers: ArcSwap<HashMap<String, String>>,
}

impl Challenges {
    /// What stands at a path, if an authority is about to look there.
    pub fn answer(&self, path: &str) -> Option<String> {
        let answers = self.answers.load();
        if answers.is_empty() {
            return None;
        }
        answers.get(path.strip_prefix(PLACE)?).cloned()
    }

    pub fn hold(&self, token: &str, answer: &str) {
        self.change(|answers| drop(answers.insert(token.to_owned(), answer.to_owned())));
    }

    pub fn forget(&self, token: &str) {
        self.change(|answers| drop(answers.remove(token)));
    }

    fn change(&self, how: impl Fn(&mut HashMap<String, String>)) {
        self.answers.rcu(|answers| {
            let mut answers = HashMap::clone(answers);
            how(&mut answers);
            answers
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_stand_at_their_place_until_they_are_forgotten() {
        let challenges = Challenges::default();
        challenges.hold("a", "a.thumb");
        challenges.hold("b", "b.thumb");
        assert_eq!(challenges.answer("/.well-known/acme-challenge/a").as_deref(), Some("a.thumb"));
        for path in ["/.well-known/acme-challenge/", "/.well-known/acme-challenge/c", "/a", "a"] {
            assert_eq!(challenges.answer(path), None, "{path}");
        }
        challenges.forget("a");
        assert_eq!(challenges.answer("/.well-known/acme-challenge/a"), None);
    }
}
