//! What a request said that its target has no words for.

use std::borrow::Cow;

/// Names of the parameters that were left out, each once, in the client's words where they are extras and else in
/// OpenAI's. Shown to the client in `X-Dropped-Params`, or the reason of a 400 in strict mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    names: Vec<String>,
}

impl Dropped {
    /// Notes a parameter that was left out.
    pub fn note<'n>(&mut self, name: impl Into<Cow<'n, str>>) {
        let name = name.into();
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
