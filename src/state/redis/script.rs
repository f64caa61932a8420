//! The scripts: they are run by their hash, and whole where Redis does not know them by that.

use crate::state::redis::resp::Command;

/// A script and its hash.
pub struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    pub fn take() -> Script {
        Script::new(concat!(include_str!("common.lua"), include_str!("take.lua")))
    }

    pub fn change() -> Script {
        Script::new(concat!(include_str!("common.lua"), include_str!("change.lua")))
    }

    fn new(text: &'static str) -> Script {
        Script { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }

    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Begins a command that runs it on so many keys. The whole script is sent only after its hash was not known: that
    /// makes it known, and does so too where the commands that manage scripts are blocked.
    pub fn begin(&self, whole: bool, keys: usize, command: &mut Command) {
        match whole {
            true => command.text("EVAL").text(self.text),
            false => command.text("EVALSHA").text(&self.hash),
        };
        command.number(keys as u64);
    }
}
