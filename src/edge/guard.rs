//! Who may use a route.

use crate::clock::Moment;
use crate::config::edge::Basic;
use crate::config::edge::RouteAuth;
use crate::edge::refused::Refused;
use crate::edge::rule::Place;
use crate::edge::rule::Rule;
use crate::head;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use pingora::http::RequestHeader;
use sha2::Digest;
use sha2::Sha256;
use std::net::IpAddr;
use subtle::ConstantTimeEq;

/// Lets a request in, or not, whose address may ask: rate, method, password, size, upgrade, room. Keys are the gateway's affair.
///
/// # Errors
/// [`Refused`].
pub fn admit(
    rule: &Rule,
    client: Option<IpAddr>,
    head: &RequestHeader,
    now: Moment,
) -> Result<Place, Refused> {
    let route = &rule.route;
    coding(&head.headers)?;
    if let (Some(zone), Some(client)) = (&rule.zone, client) {
        zone.enter(client, now).map_err(|wait| Refused::TooMany { wait })?;
    }
    method(&route.methods, &head.method)?;
    if let RouteAuth::Basic(basic) = &route.auth {
        password(basic, &head.headers)?;
    }
    if head::length(&head.headers).is_some_and(|length| length > route.body) {
        return Err(Refused::TooLarge { limit: route.body });
    }
    if !route.websocket && head.headers.contains_key(header::UPGRADE) {
        return Err(Refused::Upgrade);
    }
    rule.enter().ok_or(Refused::Busy)
}

/// Any other coding would have to be undone before servers could be told where the body ends.
fn coding(headers: &HeaderMap) -> Result<(), Refused> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
    if codings.all(is_chunked) { Ok(()) } else { Err(Refused::Coding) }
}

/// Whether an address may ask at all.
///
/// # Errors
/// [`Refused::Forbidden`].
pub fn address(rule: &Rule, client: Option<IpAddr>) -> Result<(), Refused> {
    let (allow, deny) = (&rule.route.allow, &rule.route.deny);
    if allow.is_empty() && deny.is_empty() {
        return Ok(());
    }
    // Who has no address is nobody that is named.
    let client = client.ok_or(Refused::Forbidden)?;
    let denied = deny.iter().any(|range| range.contains(client));
    let allowed = allow.is_empty() || allow.iter().any(|range| range.contains(client));
    if allowed && !denied { Ok(()) } else { Err(Refused::Forbidden) }
}

fn method(methods: &[Method], method: &Method) -> Result<(), Refused> {
    // Who may read may ask what there is to read.
    let is_served = |served: &Method| served == method || (served == Method::GET && method == Method::HEAD);
    match methods.is_empty() || methods.iter().any(is_served) {
        true => Ok(()),
        false => Err(Refused::Method(methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", "))),
    }
}

/// RFC 7617. All users are compared with, so that time tells nothing about who is one.
fn password(basic: &Basic, headers: &HeaderMap) -> Result<(), Refused> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, word) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(word.trim()).ok()).flatten()
    });
    let hash = |bytes: &[u8]| Sha256::digest(bytes);
    let given = given.map(|word| hash(&word));
    let known = given.is_some_and(|given| {
        let same = |user: &Secret| given.ct_eq(&hash(user.expose().as_bytes())).into();
        basic.users.iter().filter(|user| same(user)).count() > 0
    });
    if known { Ok(()) } else { Err(Refused::Password { realm: basic.realm.clone() }) }
}
