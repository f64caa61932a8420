//! Who the client is: the peer itself, or whom a trusted proxy speaks for.

use crate::config::IpRange;
use crate::config::edge::RealIp;
use http::HeaderMap;
use http::HeaderName;
use http::header;
use std::net::IpAddr;

pub const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub const CF_CONNECTING_IP: HeaderName = HeaderName::from_static("cf-connecting-ip");
pub const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Whether a peer is believed.
pub fn is_trusted(peer: IpAddr, trusted: &[IpRange]) -> bool {
    trusted.iter().any(|range| range.contains(peer))
}

/// The client's address. What a peer says that is not trusted, or that is no address, changes nothing.
pub fn client(peer: IpAddr, trusted: &[IpRange], by: RealIp, headers: &HeaderMap) -> IpAddr {
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let told = match by {
        RealIp::None => None,
        RealIp::ForwardedFor => last_stranger(&list(headers, &FORWARDED_FOR), trusted),
        RealIp::Forwarded => last_stranger(&forwarded(headers), trusted),
        RealIp::CfConnectingIp => single(headers, &CF_CONNECTING_IP),
        RealIp::RealIp => single(headers, &REAL_IP),
    };
    told.unwrap_or(peer)
}

/// From the last on: each proxy has written down whom it saw, so only what trusted ones wrote is true. Something that
/// is no address ends the search: what stands before it cannot be believed either.
fn last_stranger(hops: &[&str], trusted: &[IpRange]) -> Option<IpAddr> {
    let mut last = None;
    for hop in hops.iter().rev() {
        let address = address(hop)?;
        last = Some(address);
        if !is_trusted(address, trusted) {
            break;
        }
    }
    last
}

fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|hop| !hop.is_empty()).collect()
}

/// The `for` of each hop (RFC 7239 §5.2). One that hides its client is no address, and ends the search.
fn forwarded(headers: &HeaderMap) -> Vec<&str> {
    list(headers, &header::FORWARDED).into_iter().map(of_hop).collect()
}

fn of_hop(hop: &str) -> &str {
    let mut pairs = hop.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| name.eq_ignore_ascii_case("for")).map_or("", |(_, value)| value)
}

/// One address in one header; two are none.
fn single(headers: &HeaderMap, name: &HeaderName) -> Option<IpAddr> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() { None } else { address(value.trim()) }
}

/// With or without a port, quotes and brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches('"');
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None if text.matches(':').count() == 1 => text.split_once(':')?.0,
        None => text,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::range;

    fn of(peer: &str, by: RealIp, headers: &[(&'static str, &str)]) -> String {
        let trusted = [range::parse("10.0.0.0/8").unwrap()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        client(peer.parse().unwrap(), &trusted, by, &map).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let lie = [("x-forwarded-for", "1.1.1.1"), ("x-real-ip", "1.1.1.1"), ("cf-connecting-ip", "1.1.1.1")];
        for by in [RealIp::ForwardedFor, RealIp::RealIp, RealIp::CfConnectingIp, RealIp::None] {
            assert_eq!(of("8.8.8.8", by, &lie), "8.8.8.8");
        }
    }

    #[test]
    fn of_a_chain_the_last_stranger_is_the_client() {
        let by = RealIp::ForwardedFor;
        assert_eq!(of("10.0.0.1", by, &[("x-forwarded-for", "6.6.6.6, 1.1.1.1, 10.0.0.9")]), "1.1.1.1");
        assert_eq!(
            of("10.0.0.1", by, &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.1.1.1")]),
            "1.1.1.1"
        );
        assert_eq!(of("10.0.0.1", by, &[("x-forwarded-for", "10.0.0.3, 10.0.0.2")]), "10.0.0.3");
        assert_eq!(of("10.0.0.1", by, &[("x-forwarded-for", "1.1.1.1, rubbish")]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", by, &[]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", by, &[("x-forwarded-for", "[2001:db8::1]:99")]), "2001:db8::1");
    }

    #[test]
    fn the_standard_header_and_single_ones_are_read() {
        let by = RealIp::Forwarded;
        assert_eq!(
            of("10.0.0.1", by, &[("forwarded", "for=6.6.6.6, proto=https;For=\"1.1.1.1:99\"")]),
            "1.1.1.1"
        );
        assert_eq!(of("10.0.0.1", by, &[("forwarded", "for=1.1.1.1, proto=http")]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", RealIp::CfConnectingIp, &[("cf-connecting-ip", "1.1.1.1")]), "1.1.1.1");
        let two = [("x-real-ip", "1.1.1.1"), ("x-real-ip", "2.2.2.2")];
        assert_eq!(of("10.0.0.1", RealIp::RealIp, &two), "10.0.0.1");
    }
}
