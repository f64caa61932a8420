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
    /// Reads the header's value: a list of words in any case, each perhaps with an argument.
    pub fn read(cache_control: Option<&str>) -> Directives {
        let mut read = Directives::default();
        for wish in cache_control.unwrap_or_default().split(',') {
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
            (None, neither),
            (Some(""), neither),
            (Some("max-age=60, private"), neither),
            (Some("no-cached,xno-store"), neither),
            (Some("no-cache"), cache),
            (Some(" No-Cache=\"set-cookie\" , max-age=0"), cache),
            (Some("max-age=0,, NO-STORE"), store),
            (Some("no-store,no-cache"), (true, true)),
        ];
        for (header, (no_cache, no_store)) in cases {
            assert_eq!(Directives::read(header), Directives { no_cache, no_store }, "{header:?}");
        }
    }
}
