//! Which certificate a client gets.

use std::collections::HashMap;

/// The names of certificates, each known by its place in the configuration.
#[derive(Debug, Default)]
pub struct Names {
    exact: HashMap<String, usize>,
    /// Without `*.`
    wildcard: HashMap<String, usize>,
}

impl Names {
    /// Of two certificates with the same name the one written first has it.
    pub fn new(certificates: &[Vec<String>]) -> Names {
        let mut names = Names::default();
        for (place, name) in
            certificates.iter().enumerate().flat_map(|(place, of)| of.iter().map(move |n| (place, n)))
        {
            let name = name.to_ascii_lowercase();
            match name.strip_prefix("*.") {
                Some(parent) => names.wildcard.entry(parent.to_owned()).or_insert(place),
                None => names.exact.entry(name).or_insert(place),
            };
        }
        names
    }

    /// The certificate with that very name, else the wildcard above it (one label, RFC 6125 §6.4.3), else the first.
    pub fn choose(&self, asked: Option<&str>) -> usize {
        let Some(asked) = asked.map(|name| name.trim_end_matches('.').to_ascii_lowercase()) else { return 0 };
        let above = || self.wildcard.get(asked.split_once('.')?.1);
        self.exact.get(&asked).or_else(above).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_wins_and_strangers_get_the_first() {
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let names = Names::new(&[
            of(&["first.test"]),
            of(&["*.example.test", "Example.test"]),
            of(&["www.example.test"]),
            of(&["*.example.test", "first.test"]),
        ]);
        for (asked, place) in [
            (None, 0),
            (Some("first.test"), 0),
            (Some("example.test"), 1),
            (Some("a.example.test"), 1),
            (Some("A.EXAMPLE.test."), 1),
            (Some("WWW.example.test"), 2),
            (Some("a.b.example.test"), 0),
            (Some("xexample.test"), 0),
            (Some("nowhere"), 0),
            (Some(""), 0),
        ] {
            assert_eq!(names.choose(asked), place, "{asked:?}");
        }
    }
}
