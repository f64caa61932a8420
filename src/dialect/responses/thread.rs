//! Answers that a client goes on from by their id: what is stored of one, and the request that goes on from it.
//!
//! What is stored holds the whole conversation and not only its last turn, so that nothing depends on what may be
//! gone by then. Instructions are not carried over (vendors.md §11.1): the next request brings its own.

use crate::dialect::bad_request::BadRequest;
use crate::dialect::frame::Framer;
use crate::dialect::frame::Framing;
use crate::dialect::responses::json;
use crate::dialect::responses::json::List;
use crate::dialect::responses::json::Members;
use crate::dialect::responses::json::Object;
use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What is to be stored of an answer, and under which id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub id: String,
    pub bytes: Vec<u8>,
}

/// What was stored.
#[derive(Deserialize)]
pub(super) struct Stored<'a> {
    /// Every item up to the answer.
    #[serde(borrow)]
    pub(super) input: Vec<&'a RawValue>,
    #[serde(borrow)]
    pub(super) response: &'a RawValue,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    output: Vec<&'a RawValue>,
}

/// The id of the answer that a request goes on from.
pub fn previous(request: &[u8]) -> Option<String> {
    const FIELD: &str = "previous_response_id";
    // Written with escapes it is still the same name, to the provider as well.
    [FIELD, "\\u"].iter().find(|sign| memmem::find(request, sign.as_bytes()).is_some())?;
    let request: Members<'_> = serde_json::from_slice(request).ok()?;
    // Given twice, the last one counts for most readers; none of them must reach a provider.
    let mut given = request.0.iter().rev().filter(|(name, _)| name == FIELD);
    let (_, id) = given.find(|(_, id)| id.get() != "null")?;
    json::text(id).map(Cow::into_owned)
}

/// Why a request cannot go on from an answer that is not there.
pub fn unknown(id: &str) -> BadRequest {
    let id: String = id.chars().take(100).collect();
    BadRequest {
        message: format!("there is no response `{id}` to go on from; send the whole conversation as `input`"),
        param: Some("previous_response_id"),
        code: Some("previous_response_not_found"),
    }
}

/// Whether the answer to a request may be stored: it may unless the client says no.
pub fn may_be_stored(request: &[u8]) -> bool {
    let store = serde_json::from_slice::<Members<'_>>(request).ok().and_then(|request| request.find("store"));
    store.is_none_or(|store| store.get() != "false")
}

/// What to store of the answer to a request whose input is whole; `None` where it is no answer to go on from.
pub fn kept(request: &[u8], response: &[u8]) -> Option<Kept> {
    let request: Members<'_> = serde_json::from_slice(request).ok()?;
    let answer: Members<'_> = serde_json::from_slice(response).ok()?;
    let id = answer.text("id").filter(|id| !id.is_empty())?.into_owned();
    if !matches!(answer.text("status").as_deref(), Some("completed" | "incomplete")) {
        return None;
    }
    let mut bytes = Vec::with_capacity(response.len() * 2);
    let mut object = Object::open(&mut bytes);
    let mut input = List::open(object.nest("input"));
    write_input(request.find("input"), &mut input);
    input.close();
    object.put_raw("response", response.trim_ascii());
    object.close();
    Some(Kept { id, bytes })
}

/// The answer in the last events of a stream, if they hold its end.
pub fn answer_of(events: &Bytes) -> Option<Vec<u8>> {
    let (mut framer, mut frames) = (Framer::new(Framing::Sse, events.len()), Vec::new());
    framer.push(events.clone(), &mut frames).ok()?;
    frames.extend(framer.finish());
    frames.iter().rev().find_map(|raw| {
        let data = framer.read(raw)?.data?;
        let event: Members<'_> = serde_json::from_slice(&data).ok()?;
        let ended =
            matches!(event.text("type").as_deref(), Some("response.completed" | "response.incomplete"));
        let response = event.find("response").filter(|_| ended)?;
        Some(response.get().as_bytes().to_vec())
    })
}

/// A request with the whole conversation in it, that went on from what was stored.
pub fn resumed(request: &[u8], stored: &[u8]) -> Option<Vec<u8>> {
    let request: Members<'_> = serde_json::from_slice(request).ok()?;
    let stored: Stored<'_> = serde_json::from_slice(stored).ok()?;
    let said: Output<'_> = json::object(stored.response)?;
    let mut body = Vec::new();
    let mut object = Object::open(&mut body);
    for (key, value) in &request.0 {
        if key != "input" && key != "previous_response_id" {
            object.put_raw(key, value.get().as_bytes());
        }
    }
    let mut input = List::open(object.nest("input"));
    stored.input.iter().for_each(|item| input.item().extend_from_slice(item.get().as_bytes()));
    said.output.iter().for_each(|item| write_again(item, &mut input));
    write_input(request.find("input"), &mut input);
    input.close();
    object.close();
    Some(body)
}

/// The items of an `input`; a text is one message of the user's.
fn write_input(input: Option<&RawValue>, list: &mut List<'_>) {
    let Some(input) = input else { return };
    match json::elements(input) {
        Some(items) => {
            items.iter().for_each(|item| list.item().extend_from_slice(item.get().as_bytes()));
        }
        None => {
            let mut message = Object::of(list.item(), "message");
            message.put("role", "user");
            let mut content = List::open(message.nest("content"));
            let mut text = Object::of(content.item(), "input_text");
            text.put_raw("text", input.get().as_bytes());
            text.close();
            content.close();
            message.close();
        }
    }
}

/// An item of an answer as one of the next input. Its id would have the vendor look for it among what it keeps,
/// and for the reasoning that stood before it; reasoning itself is worth something only with its seal.
fn write_again(item: &RawValue, list: &mut List<'_>) {
    let members = json::object::<Members<'_>>(item).unwrap_or_default();
    match members.text("type").as_deref() {
        Some("reasoning") if members.text("encrypted_content").is_none() => {}
        Some("message" | "function_call" | "custom_tool_call") => {
            let mut object = Object::open(list.item());
            for (key, value) in members.0.iter().filter(|(key, _)| key != "id") {
                object.put_raw(key, value.get().as_bytes());
            }
            object.close();
        }
        _ => list.item().extend_from_slice(item.get().as_bytes()),
    }
}

/// The stored answer, as it was given.
pub fn shown(stored: &[u8]) -> Option<Vec<u8>> {
    let stored: Stored<'_> = serde_json::from_slice(stored).ok()?;
    Some(stored.response.get().as_bytes().to_vec())
}

/// What is said when a stored answer is gone.
pub fn deleted(id: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut object = Object::open(&mut out);
    object.put("id", id).put("object", "response").put("deleted", &true);
    object.close();
    out
}

/// The id that an item has, or is given.
pub(super) fn id_of<'a>(members: &Members<'a>, response: &str, at: usize) -> Cow<'a, str> {
    let made = || {
        let prefix = if members.find("role").is_some() { "msg" } else { "item" };
        let rest = response.strip_prefix("resp_").unwrap_or(response);
        Cow::Owned(format!("{prefix}_{rest}_{at}"))
    };
    members.text("id").unwrap_or_else(made)
}

#[cfg(test)]
mod tests;
