//! What a request said that its target has no words for.

use std::borrow::Cow;

/// Most names, and most signs of one: all of them have to fit into a header, and many readers take 8 KiB of those.
const MOST: usize = 32;
const LONGEST: usize = 64;

/// Names of the parameters that were left out, each once, in the client's words where they are extras and else in
/// OpenAI's. Shown to the client in `X-Dropped-Params`, or the reason of a 400 in strict mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    names: Vec<String>,
}

impl Dropped {
    /// Notes a parameter that was left out. A client may make up any number of them, of any length.
    pub fn note<'n>(&mut self, name: impl Into<Cow<'n, str>>) {
        if self.names.len() == MOST {
            return;
        }
        let sign = |sign: char| if sign.is_control() { '?' } else { sign };
        let name: String = name.into().chars().take(LONGEST).map(sign).collect();
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// Notes `name` if there is something to leave out.
    pub fn note_if<'n>(&mut self, said: bool, name: impl Into<Cow<'n, str>>) {
        if said {
            self.note(name);
        }
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_client_makes_up_fits_into_a_header() {
        let mut dropped = Dropped::default();
        dropped.note("a\r\nb");
        dropped.note("logprobs");
        dropped.note("logprobs");
        assert_eq!(dropped.names(), ["a??b", "logprobs"]);
        (0..1000).for_each(|number| dropped.note(format!("{number}{}", "x".repeat(1000))));
        assert!(dropped.names().join(", ").len() < 4096, "{}", dropped.names().len());
    }
}
