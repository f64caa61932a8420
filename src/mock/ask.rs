//! What a simulated provider is asked, in whichever dialect it came.

use crate::mock::refusal::Refusal;
use serde::de::DeserializeOwned;

/// A question.
#[derive(Debug, Default)]
pub struct Ask {
    pub model: String,
    /// All text of the question, system messages included, joined by line breaks.
    pub prompt: String,
    /// How many pictures came with it.
    pub images: usize,
    pub stream: bool,
    /// Whether a stream ends with its usage, where the dialect lets the caller choose.
    pub usage: bool,
    pub max_tokens: Option<usize>,
    /// Names of the functions that may be called.
    pub tools: Vec<String>,
    /// A call would be an answer: the last word was a person's, and calls are not forbidden.
    pub may_call: bool,
    /// It is to think first, and to show it.
    pub thinks: bool,
}

/// A function to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    /// JSON text.
    pub arguments: String,
}

/// What a person writes to have a certain function called: `call NAME with {…}` on a line of its own.
const ORDER: (&str, &str) = ("call ", " with ");

impl Ask {
    /// The call that answers the question: the one that is ordered in it, else of the first tool without arguments.
    pub fn call(&self) -> Option<Call> {
        let first = self.tools.first().filter(|_| self.may_call)?;
        let ordered = self.prompt.lines().rev().find_map(|line| self.ordered(line));
        Some(ordered.unwrap_or_else(|| Call { name: first.clone(), arguments: "{}".to_owned() }))
    }

    fn ordered(&self, line: &str) -> Option<Call> {
        let (name, arguments) = line.trim().strip_prefix(ORDER.0)?.split_once(ORDER.1)?;
        let known = self.tools.iter().any(|tool| tool == name);
        let object = serde_json::from_str::<serde_json::Map<_, _>>(arguments).is_ok();
        (known && object).then(|| Call { name: name.to_owned(), arguments: arguments.to_owned() })
    }
}

/// Reads a JSON body; what is wrong with it goes back to the caller.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        Refusal::unreadable(format!("we could not read the JSON body of your request: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_can_be_ordered_with_its_arguments() {
        let ask = |prompt: &str| Ask {
            prompt: prompt.to_owned(),
            tools: vec!["first".to_owned(), "second".to_owned()],
            may_call: true,
            ..Ask::default()
        };
        let called = |prompt: &str| ask(prompt).call().map(|call| (call.name, call.arguments));
        let pair = |name: &str, arguments: &str| Some((name.to_owned(), arguments.to_owned()));
        assert_eq!(called("be kind\ncall second with {\"a\":1}"), pair("second", "{\"a\":1}"));
        assert_eq!(called("call third with {}"), pair("first", "{}"));
        assert_eq!(called("call second with nothing"), pair("first", "{}"));
        assert_eq!(Ask { may_call: false, ..ask("call second with {}") }.call(), None);
    }
}
