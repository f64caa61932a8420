//! What a provider answered, in the client's dialect.

use crate::cache::Form;
use crate::clock;
use crate::dialect::Dialect;
use crate::dialect::hub::Dropped;
use crate::dialect::openai::embed;
use crate::dialect::openai::media::MediaRelay;
use crate::dialect::openai::relay::Relay as OpenAiRelay;
use crate::dialect::openai::stream::Whole as Glanced;
use crate::dialect::openai::stream::glance_whole;
use crate::dialect::operation::Operation;
use crate::dialect::relay::HubRelay;
use crate::dialect::relay::Relay;
use crate::dialect::relay::Wishes;
use crate::dialect::scan::members;
use crate::dialect::seals::Seals;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::Opening;
use crate::dialect::translate;
use crate::dialect::usage::Usage;
use crate::gateway::failure::Failure;
use crate::gateway::itinerary::Stop;
use crate::gateway::media;
use crate::gateway::outbound::Outbound;
use crate::gateway::outbound::Speech;
use crate::gateway::receive::Ask;
use crate::id;
use crate::routing::judge::Fault;
use crate::usage::estimate;
use bytes::Bytes;
use http::HeaderValue;

/// A whole answer in the client's dialect.
pub struct Whole {
    pub body: Bytes,
    pub form: Form,
    /// Its content type, where that is the provider's to say.
    pub kind: Option<HeaderValue>,
    pub usage: Option<Usage>,
    pub seals: Seals,
    pub manner: Manner,
}

/// How a provider was spoken to.
pub struct Manner {
    pub dialect: Dialect,
    /// What could not be said in it.
    pub dropped: Dropped,
}

/// Reads a whole answer with status 200.
///
/// # Errors
/// [`Failure`] when it is none.
pub fn read_whole(
    stop: &Stop,
    ask: &Ask,
    outbound: Outbound,
    kind: Option<HeaderValue>,
    body: Bytes,
) -> Result<Whole, Failure> {
    let speech = outbound.speech;
    let manner = outbound.manner();
    let read = match speech {
        Speech::Same => as_it_is(ask.operation, body.clone()),
        Speech::Passed => media::answer(ask, kind, body.clone()),
        Speech::Watched(dialect) => watched(dialect, body.clone()),
        Speech::Translated(dialect) => translated(dialect, stop, ask, &body),
        Speech::Vectors { dialect, base64 } => vectors(dialect, base64, stop, ask, &body),
    };
    match read {
        Ok(whole) => Ok(Whole { manner, ..whole }),
        Err(NoAnswer::Error) => Err(Failure::in_band(&body)),
        Err(NoAnswer::Malformed) => {
            Err(Failure { fault: Fault::Malformed, said: body.to_vec(), word: "malformed" })
        }
    }
}

/// What a provider said it used, in a body that is no answer: some refuse to show what they have made, and charge it.
pub fn told(body: &[u8]) -> Option<Usage> {
    let text = std::str::from_utf8(body).ok()?;
    let usage = members(text).filter_map(Result::ok).find(|(name, _)| &**name == "usage")?;
    Usage::from_openai(usage.1).filter(|usage| usage.total() > 0)
}

fn as_it_is(operation: Operation, body: Bytes) -> Result<Whole, NoAnswer> {
    match glance_whole(operation, &body) {
        Glanced::Answer(usage) => Ok(Whole::new(body, Form::Whole, usage)),
        Glanced::Error => Err(NoAnswer::Error),
        Glanced::Malformed => Err(NoAnswer::Malformed),
    }
}

fn watched(dialect: Dialect, body: Bytes) -> Result<Whole, NoAnswer> {
    let response = dialect.provider_side().read(&body)?;
    let (usage, seals) = (response.usage, Seals::of(&response));
    Ok(Whole { seals, ..Whole::new(body, Form::Whole, usage) })
}

fn translated(dialect: Dialect, stop: &Stop, ask: &Ask, body: &[u8]) -> Result<Whole, NoAnswer> {
    let opening = opening(ask, &stop.model);
    let stream = ask.shape.stream;
    let answer = translate::answer(dialect, ask.operation.dialect(), body, &opening, stream)?;
    let form = if stream { Form::Stream } else { Form::Whole };
    Ok(Whole { seals: answer.seals, ..Whole::new(answer.body.into(), form, answer.usage) })
}

fn vectors(dialect: Dialect, base64: bool, stop: &Stop, ask: &Ask, body: &[u8]) -> Result<Whole, NoAnswer> {
    let response = dialect.provider_side().read_embed(body)?;
    let estimate = estimate::of_text(ask.body.len());
    let body = embed::write(&response, &stop.model, base64, estimate);
    Ok(Whole::new(body.into(), Form::Whole, response.usage))
}

/// What an answer is opened with.
pub fn opening(ask: &Ask, model: &str) -> Opening {
    Opening {
        created: clock::since_epoch().as_secs(),
        nonce: id::random(""),
        model: model.to_owned(),
        show_usage: ask.shape.include_usage,
        prompt_estimate: estimate::of_text(ask.body.len()),
        request: ask.said.clone(),
    }
}

impl Whole {
    pub fn new(body: Bytes, form: Form, usage: Option<Usage>) -> Whole {
        let manner = Manner { dialect: Dialect::OpenAi, dropped: Dropped::default() };
        Whole { body, form, kind: None, usage, seals: Seals::default(), manner }
    }
}

/// A relay for one stream.
pub fn relay(speech: Speech, stop: &Stop, ask: &Ask, wishes: Wishes) -> Relay {
    let hub = |dialect: Dialect, translated: bool| {
        let opening = opening(ask, &stop.model);
        let nonce = opening.nonce.clone();
        let writer = translated.then(|| translate::writer(ask.operation.dialect(), opening));
        Relay::Hub(Box::new(HubRelay::new(dialect, writer, wishes, nonce)))
    };
    match speech {
        Speech::Same | Speech::Vectors { .. } => Relay::Same(OpenAiRelay::new(wishes)),
        Speech::Passed => Relay::Media(MediaRelay::new(wishes.choices)),
        Speech::Watched(dialect) => hub(dialect, false),
        Speech::Translated(dialect) => hub(dialect, true),
    }
}
