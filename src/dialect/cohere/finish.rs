//! Why an answer ended (vendors.md §8.1).

use crate::dialect::hub::Finish;
use crate::dialect::text::Str;

/// `None` where it was not finished: the vendor broke it off.
pub fn of(reason: Option<&Str<'_>>, called: bool) -> Option<Finish> {
    match reason.map_or("", |reason| &reason.0) {
        "ERROR" | "TIMEOUT" => None,
        _ if called => Some(Finish::ToolCalls),
        // The model's context is full.
        "ERROR_LIMIT" => Some(Finish::Length),
        word => Some(Finish::of_word(word)),
    }
}
