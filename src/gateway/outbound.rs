//! What goes out to one target: the client's request in the provider's words, and in which words the answer comes.

use crate::dialect::Dialect;
use crate::dialect::bad_request::BadRequest;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::openai::adapt;
use crate::dialect::openai::embed;
use crate::dialect::openai::embed::NoTexts;
use crate::dialect::openai::error::ErrorBody;
use crate::dialect::operation::Operation;
use crate::dialect::origin;
use crate::dialect::responses::marks;
use crate::dialect::seals;
use crate::dialect::side::Fetched;
use crate::dialect::side::Follow;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use crate::gateway::attempt::Terms;
use crate::gateway::failure::Failure;
use crate::gateway::itinerary::Stop;
use crate::gateway::media;
use crate::gateway::receive::Ask;
use crate::gateway::reply::Manner;
use crate::gateway::vendor::Vendor;
use crate::routing::judge::Fault;
use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;

/// One request, ready for the wire.
pub struct Outbound {
    /// With the provider's base path.
    pub path: String,
    pub body: Bytes,
    /// What the dialect asks with, besides what every request has.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub speech: Speech,
    /// What could not be said in the provider's dialect.
    pub dropped: Dropped,
}

/// How the answer is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// OpenAI's on both sides: passed on as it comes.
    Same,
    /// What is neither chat nor vectors, in OpenAI's dialect: passed on as it comes.
    Passed,
    /// Another one on both sides: passed on as it comes, and read for what it says of itself.
    Watched(Dialect),
    /// Read in this dialect and written in the client's.
    Translated(Dialect),
    /// Vectors in this dialect.
    Vectors { dialect: Dialect, base64: bool },
}

impl Outbound {
    /// What is to be done with a whole body with status 200.
    pub fn follow(&self, body: &[u8], stream: bool) -> Follow {
        match self.speech {
            Speech::Translated(dialect) => dialect.provider_side().follow(body, stream),
            Speech::Same | Speech::Passed | Speech::Watched(_) | Speech::Vectors { .. } => Follow::Answer,
        }
    }

    /// How the provider was spoken to.
    pub fn manner(self) -> Manner {
        let dialect = match self.speech {
            Speech::Same | Speech::Passed => Dialect::OpenAi,
            Speech::Watched(dialect) | Speech::Translated(dialect) | Speech::Vectors { dialect, .. } => {
                dialect
            }
        };
        Manner { dialect, dropped: self.dropped }
    }
}

/// Makes the request for one target.
///
/// # Errors
/// A [`Failure`] that is nobody's fault but the request's: it is wrong, or this target has no words for it.
pub async fn outbound(
    vendor: &Vendor,
    stop: &Stop,
    ask: &Ask,
    terms: &mut Terms<'_>,
) -> Result<Outbound, Failure> {
    let mut outbound = worded(vendor, stop, ask, terms).await?;
    if ask.operation.dialect() == vendor.preset.dialect {
        outbound.headers.extend(ask.spoken.iter().cloned());
    }
    Ok(outbound)
}

async fn worded(vendor: &Vendor, stop: &Stop, ask: &Ask, terms: &mut Terms<'_>) -> Result<Outbound, Failure> {
    let (client, provider) = (ask.operation.dialect(), vendor.preset.dialect);
    let traits = vendor.traits(&stop.model);
    if ask.operation.is_passed_on() {
        let outbound = media::outbound(vendor, stop, ask).ok_or_else(|| unserved(ask))?;
        within(terms, &outbound.dropped)?;
        return Ok(outbound);
    }
    if ask.operation.counts_tokens() {
        let can = vendor.counts_tokens(ask.operation);
        return can.then(|| same(vendor, stop, ask)).ok_or_else(|| unserved(ask));
    }
    if !ask.operation.is_chat() {
        return match provider {
            Dialect::OpenAi => Ok(same(vendor, stop, ask)),
            _ if ask.operation == Operation::Embeddings => vectors(vendor, stop, ask, terms),
            _ => Err(unserved(ask)),
        };
    }
    match client == provider {
        true if client == Dialect::OpenAi && !traits.may_need_responses() => alike(vendor, stop, ask, terms),
        true if client == Dialect::OpenAi => {
            let request = read(client, ask)?;
            match traits.needs_responses(&request) {
                true => translated(vendor, stop, ask, terms, request, Dialect::Responses).await,
                false => alike(vendor, stop, ask, terms),
            }
        }
        // Somebody else answered a turn of it: what only that one understands has to go. In OpenAI's newer dialect it
        // stands apart, so that everything else may stay as it is.
        true if client != Dialect::Responses && origin::may_be_foreign(client, &ask.body) => {
            let request = read(client, ask)?;
            translated(vendor, stop, ask, terms, request, client).await
        }
        true => Ok(watched(vendor, stop, ask)),
        // What a client says in OpenAI's newer dialect its own vendor understands as it is.
        false if client == Dialect::Responses && vendor.speaks_responses() => Ok(watched(vendor, stop, ask)),
        false => {
            let request = read(client, ask)?;
            let speaks = match provider {
                Dialect::OpenAi if traits.needs_responses(&request) => Dialect::Responses,
                other => other,
            };
            translated(vendor, stop, ask, terms, request, speaks).await
        }
    }
}

/// A chat for a provider that speaks as its client does.
fn alike(vendor: &Vendor, stop: &Stop, ask: &Ask, terms: &Terms<'_>) -> Result<Outbound, Failure> {
    let outbound = same(vendor, stop, ask);
    within(terms, &outbound.dropped)?;
    Ok(outbound)
}

/// The client's bytes with another model's name, and what the model refuses left out.
fn same(vendor: &Vendor, stop: &Stop, ask: &Ask) -> Outbound {
    let ask_usage = ask.shape.stream && vendor.preset.stream_options;
    let as_it_is = *stop.model == *ask.shape.model && (!ask_usage || ask.shape.include_usage);
    let mut body = match as_it_is {
        true => ask.body.clone(),
        false => ask.shape.body_for(&ask.body, &stop.model, ask_usage).into(),
    };
    let mut dropped = Dropped::default();
    if let Some(adapted) = adapt::adapted(ask.operation, &body, vendor.traits(&stop.model), &mut dropped) {
        body = adapted.into();
    }
    let path = vendor.path(&stop.model, ask.operation.path());
    Outbound { path, body, headers: Vec::new(), speech: Speech::Same, dropped }
}

fn watched(vendor: &Vendor, stop: &Stop, ask: &Ask) -> Outbound {
    let dialect = ask.operation.dialect();
    let body = match *stop.model == *ask.shape.model {
        true => ask.body.clone(),
        false => ask.shape.body_for(&ask.body, &stop.model, false).into(),
    };
    let lifted = match dialect {
        Dialect::Responses => marks::lifted(&body),
        _ => None,
    };
    let body = lifted.map_or(body, Bytes::from);
    let path = dialect.provider_side().path(&stop.model, ask.shape.stream);
    let path = vendor.path(&stop.model, &path);
    Outbound {
        path,
        body,
        headers: Vec::new(),
        speech: Speech::Watched(dialect),
        dropped: Dropped::default(),
    }
}

fn read<'a>(client: Dialect, ask: &'a Ask) -> Result<ChatRequest<'a>, Failure> {
    client.client_side().read(&ask.body).map_err(wrong)
}

async fn translated(
    vendor: &Vendor,
    stop: &Stop,
    ask: &Ask,
    terms: &mut Terms<'_>,
    mut request: ChatRequest<'_>,
    dialect: Dialect,
) -> Result<Outbound, Failure> {
    origin::settle(&mut request, ask.operation.dialect(), dialect);
    let names = seals::wanted(&request);
    let remembered = match names.is_empty() {
        true => seals::Remembered::new(),
        false => terms.keepsakes.find(terms.scope, dialect, names).await,
    };
    seals::restore(&mut request, &remembered);
    let (side, traits, mut dropped) =
        (dialect.provider_side(), vendor.traits(&stop.model), Dropped::default());
    terms.files.bring(&request, side, traits).await?;
    let target = Target {
        model: &stop.model,
        traits,
        fetched: &terms.files.fetched,
        stream_options: vendor.preset.stream_options,
    };
    let body = side.write(&request, &target, &mut dropped).map_err(unsayable)?;
    within(terms, &dropped)?;
    let path = vendor.path(&stop.model, &side.path(&stop.model, ask.shape.stream));
    let header = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    let headers = side.headers(ask.shape.stream).iter().map(header).collect();
    Ok(Outbound { path, body: body.into(), headers, speech: Speech::Translated(dialect), dropped })
}

fn vectors(vendor: &Vendor, stop: &Stop, ask: &Ask, terms: &Terms<'_>) -> Result<Outbound, Failure> {
    let request = embed::read(&ask.body).map_err(|no| match no {
        NoTexts::Bad(bad) => wrong(bad),
        NoTexts::Tokens(no) => unsayable(no),
    })?;
    let (mut dropped, fetched) = (Dropped::default(), Fetched::new());
    let target = Target {
        model: &stop.model,
        traits: vendor.traits(&stop.model),
        fetched: &fetched,
        stream_options: false,
    };
    let dialect = vendor.preset.dialect;
    let side = dialect.provider_side();
    let path = side.embed_path(&stop.model).ok_or_else(|| unserved(ask))?;
    let body = side.write_embed(&request, &target, &mut dropped).map_err(unsayable)?;
    within(terms, &dropped)?;
    let path = vendor.path(&stop.model, &path);
    let speech = Speech::Vectors { dialect, base64: request.base64 };
    Ok(Outbound { path, body: body.into(), headers: Vec::new(), speech, dropped })
}

/// In strict mode nothing is left out silently.
fn within(terms: &Terms<'_>, dropped: &Dropped) -> Result<(), Failure> {
    match (terms.strict, dropped.names()) {
        (false, _) | (true, []) => Ok(()),
        (true, names) => {
            let message = format!(
                "this model's provider has no words for `{}`; leave it out, or set `strict: false`",
                names.join("`, `")
            );
            Err(unsayable(Unsayable { message, param: "model" }))
        }
    }
}

fn wrong(bad: BadRequest) -> Failure {
    let said =
        ErrorBody { message: &bad.message, kind: "invalid_request_error", param: bad.param, code: bad.code };
    Failure { fault: Fault::BadRequest, said: said.to_json(), word: "bad_request" }
}

/// How attempts fail at targets that have no words for the request.
pub const UNSAYABLE: &str = "unsayable";

fn unsayable(unsayable: Unsayable) -> Failure {
    let said = ErrorBody {
        message: &unsayable.message,
        kind: "invalid_request_error",
        param: Some(unsayable.param),
        code: Some("unsupported_parameter"),
    };
    Failure { fault: Fault::Unsayable, said: said.to_json(), word: UNSAYABLE }
}

fn unserved(ask: &Ask) -> Failure {
    let operation = ask.operation.word();
    let message = format!("this model's provider does not serve {operation}; name a model that does");
    unsayable(Unsayable { message, param: "model" })
}
