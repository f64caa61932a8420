//! What a caller's `Cache-Control` asks of the cache.

/// The two wishes that are heeded; anything else in the header is passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// Do not answer from the cache; the new answer may be stored.
    pub no_cache: bool,
    /// Neither answer from the cache nor store the answer.
    pub no_store: bool,
}

impl Directives {
    /// Reads the header's lines: lists of words in any case, each perhaps with an argument.
    pub fn read<'a>(cache_control: impl IntoIterator<Item = &'a str>) -> Directives {
        let mut read = Directives::default();
        for wish in cache_control.into_iter().flat_map(|line| line.split(',')) {
            let word = wish.split('=').next().unwrap_or_default().trim();
            read.no_cache |= word.eq_ignore_ascii_case("no-cache");
            read.no_store |= word.eq_ignore_ascii_case("no-store");
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_wishes_are_found_wherever_they_stand() {
        let (neither, cache, store) = ((false, false), (true, false), (false, true));
        let cases = [
            (vec![], neither),
            (vec![""], neither),
            (vec!["max-age=60, private"], neither),
            (vec!["no-cached,xno-store"], neither),
            (vec!["no-cache"], cache),
            (vec![" No-Cache=\"set-cookie\" , max-age=0"], cache),
            (vec!["max-age=0,, NO-STORE"], store),
            (vec!["no-store,no-cache"], (true, true)),
            (vec!["max-age=0", "no-store"], store),
        ];
        for (header, (no_cache, no_store)) in cases {
            assert_eq!(Directives::read(header.clone()), Directives { no_cache, no_store }, "{header:?}");
        }
    }
}
