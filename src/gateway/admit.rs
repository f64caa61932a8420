//! The door: who is asking, and is there room for one more request of theirs.

use crate::clock;
use crate::gateway::client::name;
use crate::gateway::parts::Parts;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use crate::gateway::snapshot::Snapshot;
use crate::limits::Reservation;
use crate::tenants::credential::Credential;
use http::HeaderMap;
use http::header;
use std::net::IpAddr;
use std::sync::Arc;

/// Checks the address, the key and the key's limits, in that order, and takes a place among its requests under way.
///
/// # Errors
/// The [`Refusal`] to send.
pub fn admit(
    parts: &Parts,
    snapshot: &Snapshot,
    headers: &HeaderMap,
    record: &mut Record,
) -> Result<Arc<Credential>, Refusal> {
    let credential = identify(parts, snapshot, headers, record)?;
    let claims = credential.claims.clone();
    let reservation = Reservation::enter(&parts.state, claims, record.arrival.moment());
    record.held.reservation =
        Some(reservation.map_err(|limited| refuse::limited(limited, record.arrival.wall))?);
    record.subject.payer = Some(credential.clone());
    Ok(credential)
}

/// Checks the address and the key, and takes nothing. A job's request is that of the key it was handed in with.
///
/// # Errors
/// The [`Refusal`] to send.
pub fn identify(
    parts: &Parts,
    snapshot: &Snapshot,
    headers: &HeaderMap,
    record: &mut Record,
) -> Result<Arc<Credential>, Refusal> {
    let credential = match &record.arrival.on_behalf {
        Some(on_behalf) => by_id(parts, &on_behalf.key)?,
        None => {
            let client = record.arrival.client;
            address_has_room(snapshot, client)?;
            authenticate(parts, snapshot, headers, client)?
        }
    };
    record.subject.key = Some(credential.name.clone());
    record.subject.tenant = credential.tenant.as_ref().map(|tenant| tenant.name.clone());
    Ok(credential)
}

fn by_id(parts: &Parts, id: &str) -> Result<Arc<Credential>, Refusal> {
    let credentials = parts.credentials.load();
    let found = credentials.by_id(id, clock::since_epoch).ok_or_else(refuse::wrong_key)?;
    found.cloned().map_err(refuse::lapsed)
}

fn address_has_room(snapshot: &Snapshot, client: Option<IpAddr>) -> Result<(), Refusal> {
    match (&snapshot.per_ip, client) {
        (Some(limit), Some(address)) => limit.observe(address).map_err(refuse::address_limit),
        (None, _) | (_, None) => Ok(()),
    }
}

/// Finds the credential of the key a request carries.
///
/// A good key is always let in: one client with a stale key must not lock out its neighbours behind the same address.
fn authenticate(
    parts: &Parts,
    snapshot: &Snapshot,
    headers: &HeaderMap,
    client: Option<IpAddr>,
) -> Result<Arc<Credential>, Refusal> {
    let credentials = parts.credentials.load();
    let Some(key) = presented(headers) else {
        return credentials.anyone().cloned().ok_or_else(refuse::no_key);
    };
    if let Some(found) = credentials.find(key, clock::since_epoch) {
        return found.cloned().map_err(refuse::lapsed);
    }
    // Where anyone may ask, a key that means nothing does no harm: SDKs insist on sending one.
    if let Some(anyone) = credentials.anyone() {
        return Ok(anyone.clone());
    }
    if let (Some(limit), Some(address)) = (&snapshot.bad_keys, client) {
        limit.observe(address).map_err(refuse::too_many_bad_keys)?;
    }
    Err(refuse::wrong_key())
}

/// The key in `Authorization: Bearer` or `X-API-Key`. An empty one is none.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| {
        let (scheme, key) = v.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    let named = headers.get(name::API_KEY).and_then(|v| v.to_str().ok()).map(str::trim);
    bearer.filter(|key| !key.is_empty()).or(named).filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_either_header() {
        let of = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            presented(&headers).map(str::to_owned)
        };
        assert_eq!(of("authorization", "Bearer k1").as_deref(), Some("k1"));
        assert_eq!(of("authorization", "bearer   k1 ").as_deref(), Some("k1"));
        assert_eq!(of("x-api-key", "k1").as_deref(), Some("k1"));
        assert_eq!(of("authorization", "Basic azE6"), None);
        assert_eq!(of("authorization", "Bearer "), None);
        let mut both = HeaderMap::new();
        both.insert("authorization", "Bearer ".parse().unwrap());
        both.insert("x-api-key", "k1".parse().unwrap());
        assert_eq!(presented(&both), Some("k1"), "an SDK without a key of its own sends an empty one");
    }
}
