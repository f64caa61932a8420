//! What a request said that its target has no words for.

use std::borrow::Cow;

/// Names that are told, and characters of each: clients think up as many as they like, and all stand in one line of the
/// answer's head.
const MOST: usize = 50;
const LONGEST: usize = 100;

/// Names of the parameters that were left out, each once, in the client's words where they are extras and else in
/// OpenAI's. Shown to the client in `X-Dropped-Params`, or the reason of a 400 in strict mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    names: Vec<String>,
}

impl Dropped {
    /// Notes a parameter that was left out.
    pub fn note<'n>(&mut self, name: impl Into<Cow<'n, str>>) {
        if self.names.len() == MOST {
            return;
        }
        let name: Cow<'_, str> = match name.into() {
            long if long.len() > LONGEST => long.chars().take(LONGEST).collect(),
            name => name,
        };
        if !self.names.iter().any(|known| *known == name) {
            self.names.push(name.into_owned());
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
    fn a_client_that_makes_up_parameters_does_not_fill_the_head_of_its_answer() {
        let mut dropped = Dropped::default();
        dropped.note("é".repeat(1000));
        dropped.note("é".repeat(2000));
        assert_eq!(dropped.names(), ["é".repeat(LONGEST)]);
        (0..1000).for_each(|number| dropped.note(format!("k{number}")));
        assert_eq!(dropped.names().len(), MOST);
    }
}
