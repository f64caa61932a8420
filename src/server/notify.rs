//! Webhooks: what is told to the outside when a soft budget is passed.

use crate::clock;
use crate::config::Webhook;
use crate::gateway::attempt::USER_AGENT;
use crate::gateway::parts::Parts;
use crate::gateway::warnings::Warning;
use crate::upstream::Broken;
use crate::upstream::Host;
use crate::upstream::Request;
use crate::upstream::Upstreams;
use crate::upstream::host::Manner;
use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::header;
use std::time::Duration;
use tracing::warn;

/// For one try, from the name to the head of the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Before each further try.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(20)];

static HEADERS: [(HeaderName, HeaderValue); 2] =
    [(header::CONTENT_TYPE, HeaderValue::from_static("application/json")), (header::USER_AGENT, USER_AGENT)];

/// Why a webhook did not take a message. Its address is never shown, which may be a secret.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error("{0}")]
    Broken(#[from] Broken),
    #[error("its answer has the status {0}")]
    Status(u16),
    #[error("its name cannot be sent")]
    Name,
}

/// Sends what is queued, one after the other, for as long as the process lives.
pub async fn keep_telling(parts: &Parts) {
    let Some(mut waiting) = parts.warnings.waiting() else { return };
    while let Some(warning) = waiting.recv().await {
        // Asked for now: a reload may have changed it.
        let webhook = parts.snapshot.load().config.notify.webhook.clone();
        if let Some(webhook) = webhook {
            deliver(&parts.upstreams, &webhook, &warning).await;
        }
    }
}

async fn deliver(upstreams: &Upstreams, webhook: &Webhook, warning: &Warning) {
    let body = Bytes::from(serde_json::to_vec(warning).unwrap_or_default());
    let mut pauses = PAUSES.into_iter();
    while let Err(error) = send(upstreams, webhook, &body).await {
        match pauses.next() {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return warn!(whose = warning.whose, id = warning.id, %error, "webhook not delivered"),
        }
    }
}

async fn send(upstreams: &Upstreams, webhook: &Webhook, body: &Bytes) -> Result<(), Undelivered> {
    let until = clock::now() + PATIENCE;
    let base = webhook.at.clone();
    let manner = Manner { base, authority: None, http2: false, connect: PATIENCE, write: PATIENCE };
    let host = Host::new(manner, &[]);
    let authority = HeaderValue::from_str(&host.authority()).map_err(|_| Undelivered::Name)?;
    let fields: Vec<_> = HEADERS.iter().map(|(name, value)| (name, value)).collect();
    let request = Request {
        method: "POST",
        scheme: host.scheme(),
        authority: &authority,
        path: webhook.path.expose(),
        fields: &fields,
        body,
    };
    let mut wire = upstreams.open(&host, true, until).await?;
    let answered = async {
        wire.send(&request, until).await?;
        Ok::<u16, Broken>(wire.head(until).await?.status.as_u16())
    };
    let answered = answered.await;
    // Never into the pool, which is for providers.
    wire.abandon().await;
    match answered? {
        200..=299 => Ok(()),
        status => Err(Undelivered::Status(status)),
    }
}
