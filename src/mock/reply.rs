//! What a simulated model says: made from the question alone, so the same question gets the same words.

use crate::mock::ask::Ask;
use crate::mock::ask::Call;
use crate::mock::behaviour::Behaviour;
use crate::mock::chance;
use serde::Serialize;

/// Characters in a token: close to the truth for English, and easy to check by hand.
const TOKEN: usize = 4;

// Some are not ASCII, so that a character cut in two shows.
const WORDS: [&str; 16] = [
    "river", "stone", "über", "lantern", "quiet", "café", "orbit", "maple", "日本", "signal", "velvet",
    "north", "ember", "piñata", "harbor", "cloud",
];

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    /// What it thought before, where it was asked to think; one piece a token.
    pub thought: Vec<String>,
    pub said: Said,
    /// In OpenAI's words.
    pub finish: &'static str,
    pub usage: Usage,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// One piece a token.
    Words(Vec<String>),
    Call(Call),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    pub prompt_tokens: usize,
    /// Thinking included.
    pub completion_tokens: usize,
    pub total_tokens: usize,
    #[serde(skip)]
    pub thinking_tokens: usize,
}

impl Reply {
    pub fn to(ask: &Ask, behaviour: &Behaviour) -> Reply {
        let thought = if ask.thinks { THOUGHT.map(str::to_owned).into() } else { Vec::new() };
        if let Some(call) = ask.call() {
            let usage = Usage::new(tokens(&ask.prompt), tokens(&call.name) + 1, thought.len());
            return Reply { thought, said: Said::Call(call), finish: "tool_calls", usage };
        }
        let allowed = ask.max_tokens.unwrap_or(usize::MAX);
        let said = speech(&behaviour.name, ask, behaviour.reply_tokens.min(allowed));
        let finish = if allowed < behaviour.reply_tokens { "length" } else { "stop" };
        let usage = Usage::new(tokens(&ask.prompt), said.len(), thought.len());
        Reply { thought, usage, said: Said::Words(said), finish }
    }
}

/// The same thought about everything.
const THOUGHT: [&str; 3] = ["Let me ", "think ", "about it."];

impl Usage {
    fn new(prompt_tokens: usize, said: usize, thinking_tokens: usize) -> Usage {
        let completion_tokens = said + thinking_tokens;
        let total_tokens = prompt_tokens + completion_tokens;
        Usage { prompt_tokens, completion_tokens, total_tokens, thinking_tokens }
    }
}

/// Tokens of a text, the last one rounded up.
pub fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(TOKEN)
}

/// A greeting that proves the question was read, then words drawn by the question's mark.
fn speech(name: &str, ask: &Ask, tokens: usize) -> Vec<String> {
    let mark = chance::mark(&ask.prompt);
    let words = ask.prompt.split_whitespace().count();
    let seen = if ask.images > 0 { format!(" {} images,", ask.images) } else { String::new() };
    let greeting = format!("Hello from {name}: {words} words,{seen} mark {mark:016x}.");
    let drawn = (0..).map(|draw| WORDS[(chance::stir(mark.wrapping_add(draw)) % 16) as usize]);
    let mut signs = greeting.chars().collect::<Vec<_>>().into_iter().chain(drawn.flat_map(spaced));
    (0..tokens).map(|_| signs.by_ref().take(TOKEN).collect()).collect()
}

fn spaced(word: &'static str) -> impl Iterator<Item = char> {
    std::iter::once(' ').chain(word.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(prompt: &str) -> Ask {
        Ask { model: "m".to_owned(), prompt: prompt.to_owned(), ..Ask::default() }
    }

    fn text(reply: &Reply) -> String {
        match &reply.said {
            Said::Words(pieces) => pieces.concat(),
            Said::Call(call) => panic!("called {}", call.name),
        }
    }

    #[test]
    fn the_same_question_gets_the_same_answer_and_another_one_does_not() {
        let behaviour = Behaviour { name: "west".to_owned(), ..Behaviour::default() };
        let first = text(&Reply::to(&ask("two words"), &behaviour));
        assert_eq!(first, text(&Reply::to(&ask("two words"), &behaviour)));
        assert_ne!(first, text(&Reply::to(&ask("two word"), &behaviour)));
        assert!(first.starts_with("Hello from west: 2 words, mark "), "{first}");
    }

    #[test]
    fn an_answer_has_exactly_the_tokens_it_bills() {
        let behaviour = Behaviour { reply_tokens: 200, ..Behaviour::default() };
        let reply = Reply::to(&ask("five!"), &behaviour);
        assert_eq!(text(&reply).chars().count(), 800);
        assert_eq!(reply.usage, Usage::new(2, 200, 0));
        assert_eq!(reply.finish, "stop");
    }

    #[test]
    fn max_tokens_ends_an_answer_early_and_says_so() {
        let short = Ask { max_tokens: Some(3), ..ask("x") };
        let reply = Reply::to(&short, &Behaviour::default());
        assert_eq!((text(&reply).as_str(), reply.finish), ("Hello from m", "length"));
    }

    #[test]
    fn a_call_has_no_words() {
        let tools = vec!["look_up".to_owned()];
        let reply = Reply::to(&Ask { tools, may_call: true, ..ask("x") }, &Behaviour::default());
        let call = Call { name: "look_up".to_owned(), arguments: "{}".to_owned() };
        assert_eq!((reply.said, reply.finish), (Said::Call(call), "tool_calls"));
    }
}
