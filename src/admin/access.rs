//! Who may use the admin API: whoever shows an admin key.

use crate::admin::Doors;
use crate::admin::refuse::Refusal;
use crate::secret::KeyHash;
use axum::extract::ConnectInfo;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use std::net::SocketAddr;

/// Proof that the request carried an admin key, as a bearer token or in `X-API-Key`.
pub(super) struct AdminKey;

impl FromRequestParts<Doors> for AdminKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, doors: &Doors) -> Result<AdminKey, Refusal> {
        let shown = shown_key(&parts.headers).map(KeyHash::of);
        if shown.is_some_and(|shown| is_one_of(&shown, &(doors.admin_keys)())) {
            return Ok(AdminKey);
        }
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
        tracing::warn!(?peer, given = shown.is_some(), "admin key refused");
        Err(Refusal::KEY)
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

/// Looks at all keys, so that the time tells nothing about which of them came close.
fn is_one_of(shown: &KeyHash, keys: &[KeyHash]) -> bool {
    keys.iter().fold(false, |found, key| found | key.matches(shown))
}
