//! What the gateway answers by itself: health, readiness and the list of models.

use crate::dialect::Dialect;
use crate::dialect::anthropic;
use crate::dialect::operation::Operation;
use crate::gateway::client;
use crate::gateway::client::Head;
use crate::gateway::parts::Parts;
use crate::gateway::receive::Ask;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::snapshot::Snapshot;
use crate::tenants::credential::Credential;
use crate::usage::estimate;
use bytes::Bytes;
use pingora::proxy::Session;
use serde::Serialize;

/// OpenAI's shape of a model (vendors.md §1.7).
#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    object: &'static str,
    /// When it was made is not known here; clients only need a number.
    created: u64,
    owned_by: &'a str,
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Model<'a>>,
}

/// The process is up.
pub async fn health(session: &mut Session, record: &mut Record) -> pingora::Result<()> {
    send(session, record, 200, Bytes::from_static(b"{\"status\":\"ok\"}")).await
}

/// The process takes requests: not while it drains.
pub async fn readiness(session: &mut Session, record: &mut Record, parts: &Parts) -> pingora::Result<()> {
    match parts.leave.is_ending() {
        false => send(session, record, 200, Bytes::from_static(b"{\"status\":\"ready\"}")).await,
        true => send(session, record, 503, Bytes::from_static(b"{\"status\":\"draining\"}")).await,
    }
}

/// Every name this key may ask for.
pub async fn models(
    session: &mut Session,
    record: &mut Record,
    snapshot: &Snapshot,
    who: &Credential,
) -> pingora::Result<()> {
    let names = names(snapshot, who);
    let body = match record.subject.dialect {
        Dialect::Anthropic => anthropic::models::list(names.iter().map(|(id, _)| id.as_str())),
        _ => {
            let data = names.iter().map(|(id, owner)| model(id, owner)).collect();
            serde_json::to_vec(&List { object: "list", data }).unwrap_or_default()
        }
    };
    send(session, record, 200, body.into()).await
}

/// One name, if it stands for something.
pub async fn model_named(
    session: &mut Session,
    record: &mut Record,
    snapshot: &Snapshot,
    who: &Credential,
    name: &str,
) -> pingora::Result<()> {
    let resolved = snapshot.table.resolve(name, &snapshot.fleet(record.arrival.at));
    match resolved {
        Err(unknown) => {
            let unknown = unknown.known_to(|name| who.may_name(name));
            client::refuse(session, record, &refuse::unknown_model(&unknown)).await
        }
        Ok(_) => {
            if let Some(by) = who.forbids(name) {
                return client::refuse(session, record, &refuse::model_not_allowed(name, by)).await;
            }
            let owner = names(snapshot, who).into_iter().find(|(id, _)| id == name);
            let owner = owner.map_or_else(|| "tollgate".to_owned(), |(_, owner)| owner);
            let body = match record.subject.dialect {
                Dialect::Anthropic => anthropic::models::one(name),
                _ => serde_json::to_vec(&model(name, &owner)).unwrap_or_default(),
            };
            send(session, record, 200, body.into()).await
        }
    }
}

/// How many tokens a request has, estimated: the providers of the model cannot be asked.
pub async fn token_count(session: &mut Session, record: &mut Record, ask: &Ask) -> pingora::Result<()> {
    #[derive(Serialize)]
    struct Count {
        #[serde(skip_serializing_if = "Option::is_none")]
        object: Option<&'static str>,
        input_tokens: u64,
    }
    let object = (ask.operation == Operation::ResponseTokens).then_some("response.input_tokens");
    let count = Count { object, input_tokens: estimate::of_prompt(&ask.body) };
    let body = serde_json::to_vec(&count).unwrap_or_default();
    send(session, record, 200, body.into()).await
}

fn model<'a>(id: &'a str, owned_by: &'a str) -> Model<'a> {
    Model { id, object: "model", created: 0, owned_by }
}

/// Aliases and groups, then what each provider is known to offer, with its owner.
fn names(snapshot: &Snapshot, who: &Credential) -> Vec<(String, String)> {
    let mut names: Vec<(String, String)> = Vec::new();
    for name in snapshot.table.names() {
        names.push((name.to_owned(), "tollgate".to_owned()));
    }
    for (provider, vendor) in snapshot.config.providers.iter().zip(&snapshot.vendors) {
        let mut offered = vendor.vitals.catalogue();
        offered.extend(provider.models.iter().cloned());
        offered.sort_unstable();
        offered.dedup();
        names.extend(offered.into_iter().map(|m| (format!("{}/{m}", provider.name), provider.name.clone())));
    }
    names.retain(|(name, _)| who.may_name(name));
    names
}

/// Sends what the gateway knows by itself.
pub async fn send(
    session: &mut Session,
    record: &mut Record,
    status: u16,
    body: Bytes,
) -> pingora::Result<()> {
    record.outcome.status = status;
    let head = Head::new(status, record);
    client::answer(session, record, head, client::JSON, body).await
}
