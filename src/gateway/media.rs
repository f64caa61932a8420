//! Images, sound, moderation and ranking on their way to a provider and back: the client's bytes with another model.

use crate::cache::Form;
use crate::dialect::hub::Dropped;
use crate::dialect::openai::form;
use crate::dialect::openai::media;
use crate::dialect::openai::stream::Whole as Glanced;
use crate::dialect::operation::Operation;
use crate::dialect::side::NoAnswer;
use crate::gateway::attempt::USER_AGENT;
use crate::gateway::client;
use crate::gateway::itinerary::Stop;
use crate::gateway::outbound::Outbound;
use crate::gateway::outbound::Speech;
use crate::gateway::receive::Ask;
use crate::gateway::reply::Whole;
use crate::gateway::vendor::Vendor;
use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::header;
use std::time::Duration;

/// The request for one target; `None` if its vendor does not serve the operation.
pub fn outbound(vendor: &Vendor, stop: &Stop, ask: &Ask) -> Option<Outbound> {
    let path = vendor.path(&stop.model, vendor.preset.path(ask.operation)?);
    let body = match *stop.model == *ask.shape.model && ask.shape.names_model() {
        true => ask.body.clone(),
        false => ask.shape.body_for(&ask.body, &stop.model, false).into(),
    };
    let mut dropped = Dropped::default();
    let side = vendor.preset.dialect.provider_side();
    let body = side.adapted(ask.operation, &body, &mut dropped).map_or(body, Bytes::from);
    Some(Outbound { path, body, headers: Vec::new(), speech: Speech::Passed, dropped })
}

/// The headers of such a request. A form's boundary is the client's, for it stands in the body.
pub fn headers(ask: &Ask) -> [(HeaderName, HeaderValue); 3] {
    let accept = match ask.shape.stream {
        true => "text/event-stream",
        false => "*/*",
    };
    let kind = ask.shape.boundary.as_deref().map(form::Form::content_type);
    let kind = kind.and_then(|kind| HeaderValue::from_str(&kind).ok()).unwrap_or(client::JSON);
    [
        (header::ACCEPT, HeaderValue::from_static(accept)),
        (header::CONTENT_TYPE, kind),
        (header::USER_AGENT, USER_AGENT),
    ]
}

/// A whole answer as it is, if it is one.
///
/// # Errors
/// [`NoAnswer`] when it is none.
pub fn answer(ask: &Ask, kind: Option<HeaderValue>, body: Bytes) -> Result<Whole, NoAnswer> {
    let told = kind.as_ref().map_or(&b""[..], |kind| kind.as_bytes());
    match media::judge(ask.operation, ask.shape.expected, told, &body) {
        Glanced::Answer(usage) => Ok(Whole { kind, ..Whole::new(body, Form::Whole, usage) }),
        Glanced::Error => Err(NoAnswer::Error),
        Glanced::Malformed => Err(NoAnswer::Malformed),
    }
}

/// How long the sound was that a transcript is of, where it tells.
pub fn heard(operation: Operation, body: &[u8]) -> Option<Duration> {
    let listens = matches!(operation, Operation::Transcriptions | Operation::AudioTranslations);
    listens.then(|| media::heard(body)).flatten()
}
