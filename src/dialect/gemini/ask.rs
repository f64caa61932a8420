//! A request, put together.

#[cfg(test)]
mod tests;

use crate::dialect::gemini::body::Body;
use crate::dialect::gemini::contents;
use crate::dialect::gemini::extras;
use crate::dialect::gemini::settings;
use crate::dialect::gemini::tools;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;

/// The body of a request (vendors.md §5.2).
pub(super) fn write(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Unsayable> {
    let extras = extras::read(request, dropped);
    let talk = contents::write(request, target, dropped)?;
    let (tools, tool_config) = tools::write(request, target.traits, dropped);
    note_what_has_no_words(request, dropped);
    let body = Body {
        system_instruction: talk.system_instruction,
        contents: talk.contents,
        tools,
        tool_config,
        safety_settings: extras.safety_settings,
        cached_content: extras.cached_content,
        service_tier: service_tier(request, dropped),
        generation_config: settings::write(request, target.traits, &extras, dropped),
    };
    // Strings, numbers and JSON that was read before cannot fail to serialise.
    Ok(serde_json::to_vec(&body).unwrap_or_default())
}

fn note_what_has_no_words(request: &ChatRequest<'_>, dropped: &mut Dropped) {
    dropped.note_if(request.user.is_some(), "user");
    dropped.note_if(request.verbosity.is_some(), "verbosity");
    // What is repeated is cached by itself; it cannot be steered.
    dropped.note_if(request.prompt_cache_key.is_some(), "prompt_cache_key");
    dropped.note_if(request.parallel_tool_calls == Some(false), "parallel_tool_calls");
}

fn service_tier(request: &ChatRequest<'_>, dropped: &mut Dropped) -> Option<&'static str> {
    match request.service_tier.as_deref()? {
        "auto" => None,
        "default" => Some("standard"),
        "flex" => Some("flex"),
        "priority" | "fast" => Some("priority"),
        _ => {
            dropped.note("service_tier");
            None
        }
    }
}
