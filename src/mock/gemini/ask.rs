//! A request, read: what is asked in it.

use crate::mock::ask;
use crate::mock::ask::Ask;
use crate::mock::gemini::body::Body;
use crate::mock::gemini::body::Content;
use crate::mock::gemini::body::Part;
use crate::mock::gemini::check;
use crate::mock::refusal::Refusal;

/// Reads a request to `model`, and refuses what the vendor would.
pub(super) fn read(body: &[u8], model: &str) -> Result<Ask, Refusal> {
    let body: Body = ask::read(body)?;
    check::body(&body, model)?;
    let contents = body.contents.unwrap_or_default();
    let instructions = body.system_instruction.map(|said| said.parts).unwrap_or_default();
    let parts = || contents.iter().flat_map(|content| &content.parts);
    let settings = body.generation_config.unwrap_or_default();
    let forbidden = body.tool_config.is_some_and(|config| config.function_calling_config.mode == "NONE");
    let tools = body.tools.into_iter().flatten().flat_map(|tools| tools.function_declarations);
    Ok(Ask {
        model: model.to_owned(),
        prompt: instructions.iter().chain(parts()).filter_map(spoken).collect::<Vec<_>>().join("\n"),
        images: parts().map(pictures).sum(),
        max_tokens: settings.max_output_tokens.and_then(|tokens| tokens.try_into().ok()),
        tools: tools.map(|tool| tool.name).collect(),
        // A call answers a person; whatever comes after its result is said in words, so that a loop ends.
        may_call: contents.last().is_some_and(is_a_persons) && !forbidden,
        thinks: settings.thinking_config.is_some_and(|thinking| thinking.include_thoughts),
        ..Ask::default()
    })
}

fn is_a_persons(content: &Content) -> bool {
    content.role.as_deref() != Some("model")
        && content.parts.iter().all(|part| part.function_response.is_none())
}

fn spoken(part: &Part) -> Option<String> {
    let outcome = part.function_response.as_ref();
    part.text.clone().or_else(|| Some(outcome?.response.get("output")?.as_str()?.to_owned()))
}

fn pictures(part: &Part) -> usize {
    let inside =
        part.function_response.iter().flat_map(|outcome| &outcome.parts).map(pictures).sum::<usize>();
    let is_one = match (&part.inline_data, &part.file_data) {
        (Some(blob), _) => blob.mime_type.starts_with("image/"),
        (None, file) => file.is_some(),
    };
    inside + usize::from(is_one)
}
