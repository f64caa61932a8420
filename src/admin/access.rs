//! Who may use the admin API: whoever shows a token of an admin whose role reaches so far.

use crate::admin::Doors;
use crate::admin::office::Caller;
use crate::admin::refuse::Refusal;
use crate::store::Role;
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use std::net::SocketAddr;

/// The admin whose token the request carries, as a bearer token or in `X-API-Key`, if the role is enough.
///
/// Wrong tokens are counted by address, right ones are never held up by the wrong ones of others.
pub(super) fn admit(parts: &Parts, doors: &Doors, needed: Role) -> Result<Caller, Refusal> {
    let shown = shown_key(&parts.headers);
    let Some(caller) = shown.and_then(|token| (doors.admin)(token)) else {
        return Err(stranger(parts, doors, shown.is_some()));
    };
    if caller.role < needed {
        let (admin, role, path) = (&caller.id, caller.role.word(), parts.uri.path());
        tracing::warn!(%admin, role, method = %parts.method, path, "admin request refused: the role is too low");
        return Err(Refusal::role(caller.role, needed));
    }
    Ok(caller)
}

fn stranger(parts: &Parts, doors: &Doors, given: bool) -> Refusal {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    tracing::warn!(?peer, given, method = %parts.method, path = parts.uri.path(), "admin key refused");
    let counted = peer.filter(|_| given).map_or(Ok(()), |peer| doors.bad_keys.observe(peer.ip()));
    match counted {
        Ok(()) => Refusal::KEY,
        Err(wait) => Refusal::limited(wait),
    }
}

fn shown_key(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    bearer.or_else(|| headers.get("x-api-key")?.to_str().ok())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
