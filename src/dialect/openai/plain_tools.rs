//! Tools in the words that every provider of this dialect knows: functions, and a choice of one or any of them.

use crate::dialect::custom;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Part;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolChoice;
use serde::Serialize;
use std::borrow::Cow;

/// The request without tools of free text, and without a choice among some of its tools; `None` where it has neither.
pub fn plain<'a>(request: &ChatRequest<'a>, dropped: &mut Dropped) -> Option<ChatRequest<'a>> {
    let parts = || request.messages.iter().flat_map(|message| &message.parts);
    let is_free = |part: &Part<'_>| matches!(part, Part::ToolCall(call) if call.custom);
    let allows_some = matches!(request.tool_choice, Some(ToolChoice::Allowed { .. }));
    if !allows_some && !request.tools.iter().any(|tool| tool.custom) && !parts().any(is_free) {
        return None;
    }
    let mut plain = request.clone();
    for tool in plain.tools.iter_mut().filter(|tool| tool.custom) {
        dropped.note_if(tool.parameters.is_some(), "custom.format");
        (tool.custom, tool.parameters) = (false, serde_json::from_str(custom::SCHEMA).ok());
    }
    for part in plain.messages.iter_mut().flat_map(|message| &mut message.parts) {
        if let Part::ToolCall(call) = part {
            wrap(call);
        }
    }
    if let Some(ToolChoice::Allowed { names, required }) = &plain.tool_choice {
        plain.tools.retain(|tool| names.contains(&tool.name));
        plain.tool_choice = Some(if *required { ToolChoice::Required } else { ToolChoice::Auto });
    }
    Some(plain)
}

/// The free text of a call as the one argument of a function.
fn wrap(call: &mut ToolCall<'_>) {
    #[derive(Serialize)]
    struct Free<'a> {
        input: &'a str,
    }
    if std::mem::take(&mut call.custom) {
        // A string can always be written.
        let arguments = serde_json::to_string(&Free { input: &call.arguments }).unwrap_or_default();
        call.arguments = Cow::Owned(arguments);
    }
}
