//! The known word a mistyped one most likely stands for.

/// Longer words are no typing mistakes, and comparing them would take long.
const LONGEST: usize = 64;

/// The candidate that is a few signs away from `word`, if any is.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let tolerated = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= tolerated)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean …?` for the closest candidate.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    closest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// How many signs must be put in, taken out, exchanged or swapped with their neighbour, capitals aside.
fn distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_finds_its_word() {
        let known = ["requests", "tokens", "concurrent"];
        for (typed, meant) in [("request", "requests"), ("tokesn", "tokens"), ("Concurent", "concurrent")] {
            assert_eq!(closest(typed, known), Some(meant));
        }
    }

    #[test]
    fn a_different_word_finds_nothing() {
        assert_eq!(closest("budget", ["requests", "tokens"]), None);
        assert_eq!(closest(&"x".repeat(100), ["x"]), None);
    }
}
