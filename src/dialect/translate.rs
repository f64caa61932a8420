//! Answers from one dialect to another, by way of the hub.

use crate::dialect::Dialect;
use crate::dialect::custom;
use crate::dialect::frame::Framer;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Part;
use crate::dialect::hub::assemble::Assembly;
use crate::dialect::hub::unfold::unfold;
use crate::dialect::origin;
use crate::dialect::relay::MAX_EVENT;
use crate::dialect::relay::call_id;
use crate::dialect::seals::Seals;
use crate::dialect::side::ClientSide;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::Opening;
use crate::dialect::side::WriteChunks;
use crate::dialect::usage::Usage;
use bytes::Bytes;

/// A whole answer in the client's words.
#[derive(Debug)]
pub struct Translated {
    /// A body, or the events of a stream if that was asked for.
    pub body: Vec<u8>,
    pub usage: Option<Usage>,
    pub seals: Seals,
}

/// A provider's whole answer in the client's dialect, as a `stream` if it wants one.
///
/// # Errors
/// [`NoAnswer`] when it is none.
pub fn answer(
    provider: Dialect,
    client: Dialect,
    body: &[u8],
    opening: &Opening,
    stream: bool,
) -> Result<Translated, NoAnswer> {
    let mut response = provider.provider_side().read(body)?;
    name_calls(&mut response, &opening.nonce);
    let seals = Seals::of(&response);
    origin::mark_all(&mut response, provider);
    let client = client.client_side();
    custom::restore(&mut response, &custom::declared(client, &opening.request));
    let body = match stream {
        true => streamed(client, &response, opening),
        false => client.write(&response, opening),
    };
    Ok(Translated { body, usage: response.usage, seals })
}

/// A writer of one stream in the client's dialect, from a provider of another.
pub fn writer(client: Dialect, opening: Opening) -> Box<dyn WriteChunks> {
    let client = client.client_side();
    let custom = custom::declared(client, &opening.request);
    custom::restoring(client.writer(opening), custom)
}

/// A whole answer in a client's dialect as the stream it would have been.
pub fn unfolded(dialect: Dialect, body: &[u8], opening: &Opening) -> Option<Vec<u8>> {
    let response = dialect.provider_side().read(body).ok()?;
    Some(streamed(dialect.client_side(), &response, opening))
}

/// A complete stream in a client's dialect as the whole answer it would have been.
pub fn assembled(dialect: Dialect, events: &[u8], opening: &Opening) -> Option<Vec<u8>> {
    let side = dialect.provider_side();
    let (mut framer, mut frames) = (Framer::new(side.framing(), MAX_EVENT), Vec::new());
    framer.push(Bytes::copy_from_slice(events), &mut frames).ok()?;
    frames.extend(framer.finish());
    let (mut reader, mut assembly) = (side.reader(), Assembly::default());
    for raw in &frames {
        reader.read(&framer.read(raw)?, &mut |chunk| assembly.add(&chunk)).ok()?;
    }
    reader.finish(&mut |chunk| assembly.add(&chunk));
    Some(dialect.client_side().write(&assembly.finish()?, opening))
}

fn streamed(client: &dyn ClientSide, response: &ChatResponse<'_>, opening: &Opening) -> Vec<u8> {
    let (mut writer, mut out) = (client.writer(opening.clone()), Vec::new());
    unfold(response, &mut |chunk: Chunk<'_>| writer.write(&chunk, &mut out));
    out
}

/// Every call has an id, for its result has to name it.
fn name_calls(response: &mut ChatResponse<'_>, nonce: &str) {
    for (choice, answer) in (0..).zip(&mut response.choices) {
        let calls = answer.parts.iter_mut().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            Part::Text(_)
            | Part::Image(_)
            | Part::Audio(_)
            | Part::Document(_)
            | Part::Thinking(_)
            | Part::ToolResult(_)
            | Part::Refusal(_) => None,
        });
        for (index, call) in (0..).zip(calls).filter(|(_, call)| call.id.is_empty()) {
            call.id = call_id(nonce, choice, index).into();
        }
    }
}
