//! The messages of a chat as Converse takes them: two roles that alternate, and the system's words apart.

use crate::dialect::bedrock::blocks;
use crate::dialect::bedrock::wire::Block;
use crate::dialect::bedrock::wire::Message;
use crate::dialect::hub;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;

const USER: &str = "user";
const ASSISTANT: &str = "assistant";

/// Said by the user where the assistant would begin.
const BEFORE_THE_FIRST: &str = "(The conversation begins.)";

/// What is said, and by whom.
#[derive(Default)]
pub struct Turns<'a> {
    pub system: Vec<Block<'a>>,
    turns: Vec<Turn<'a>>,
}

struct Turn<'a> {
    role: &'static str,
    /// They have to come first in the turn that follows the calls.
    results: Vec<Block<'a>>,
    content: Vec<Block<'a>>,
}

impl<'a> Turns<'a> {
    /// # Errors
    /// [`Unsayable`] for what Converse or the model has no words for.
    pub fn of(
        request: &'a ChatRequest<'a>,
        target: &'a Target<'a>,
        dropped: &mut Dropped,
    ) -> Result<Turns<'a>, Unsayable> {
        let mut turns = Turns::default();
        let opening = request.messages.iter().take_while(|message| message.role == Role::System).count();
        // Converse wants somebody to speak: a chat of system messages only is said by the user.
        let opening = if opening == request.messages.len() { 0 } else { opening };
        for (at, message) in request.messages.iter().enumerate() {
            match message.role {
                Role::System if at < opening => turns.hoist(message, target, dropped)?,
                Role::System | Role::User => turns.say(USER, message, target, dropped)?,
                Role::Assistant => turns.say(ASSISTANT, message, target, dropped)?,
            }
        }
        turns.begin();
        if !target.traits.prefill && turns.turns.last().is_some_and(|turn| turn.role == ASSISTANT) {
            let message = "the model does not continue an assistant's message; end with a user's".to_owned();
            return Err(Unsayable { message, param: "messages" });
        }
        Ok(turns)
    }

    /// An assistant called tools and what it thought before is not there any more.
    pub fn has_lost_thoughts(&self) -> bool {
        self.turns.iter().any(|turn| {
            let holds = |fits: fn(&Block<'_>) -> bool| turn.content.iter().any(fits);
            holds(|block| matches!(block, Block::ToolUse(_)))
                && !holds(|block| matches!(block, Block::ReasoningContent(_)))
        })
    }

    pub fn messages(self) -> Vec<Message<'a>> {
        let message = |mut turn: Turn<'a>| {
            turn.results.append(&mut turn.content);
            Message { role: turn.role, content: turn.results }
        };
        self.turns.into_iter().map(message).collect()
    }

    /// Converse wants the user to speak first.
    fn begin(&mut self) {
        if self.turns.first().is_some_and(|turn| turn.role == ASSISTANT) {
            let content = vec![Block::Text(BEFORE_THE_FIRST.into())];
            self.turns.insert(0, Turn { role: USER, results: Vec::new(), content });
        }
    }

    fn hoist(
        &mut self,
        message: &'a hub::Message<'a>,
        target: &'a Target<'a>,
        dropped: &mut Dropped,
    ) -> Result<(), Unsayable> {
        for part in &message.parts {
            match part {
                Part::Text(_) => blocks::push(part, target, dropped, &mut self.system)?,
                Part::Image(_)
                | Part::Audio(_)
                | Part::Document(_)
                | Part::Thinking(_)
                | Part::ToolCall(_)
                | Part::ToolResult(_)
                | Part::Refusal(_) => dropped.note("messages"),
            }
        }
        Ok(())
    }

    fn say(
        &mut self,
        role: &'static str,
        message: &'a hub::Message<'a>,
        target: &'a Target<'a>,
        dropped: &mut Dropped,
    ) -> Result<(), Unsayable> {
        dropped.note_if(message.name.is_some(), "name");
        for part in &message.parts {
            let (mut results, mut content) = (Vec::new(), Vec::new());
            let is_result = matches!(part, Part::ToolResult(_));
            blocks::push(part, target, dropped, if is_result { &mut results } else { &mut content })?;
            if results.is_empty() && content.is_empty() {
                continue;
            }
            match self.turns.last_mut().filter(|turn| turn.role == role) {
                Some(turn) => {
                    turn.results.append(&mut results);
                    turn.content.append(&mut content);
                }
                None => self.turns.push(Turn { role, results, content }),
            }
        }
        Ok(())
    }
}
