//! The pages on which a cluster says how it stands, for whoever is near.

use crate::config::edge::PathPattern;
use crate::edge::cluster::Standing;
use crate::edge::passage::Passage;
use crate::edge::refused::Refused;
use serde_json::Value;
use serde_json::json;
use std::net::IpAddr;

/// What stands beside a status page.
const HEALTH: &str = "health";

/// The status and the body of a page, if the request is for one: behind the route's prefix.
///
/// # Errors
/// [`Refused::Forbidden`] for clients of other networks.
pub fn page(passage: &Passage) -> Result<Option<(u16, Value)>, Refused> {
    let Some(cluster) = &passage.rule.cluster else { return Ok(None) };
    let Some(status) = &cluster.config.status else { return Ok(None) };
    let Some(path) = below(&passage.rule.route.path, &passage.plain) else { return Ok(None) };
    let (is_status, is_health) = (path == status, is_beside(path, status));
    if !is_status && !is_health {
        return Ok(None);
    }
    if !passage.from.client.is_some_and(is_near) {
        return Err(Refused::Forbidden);
    }
    let standing = cluster.standing();
    Ok(Some(if is_status { (200, standing.page()) } else { health(&standing) }))
}

fn health(standing: &Standing) -> (u16, Value) {
    match standing.is_served() {
        true => (200, json!({ "status": "ok" })),
        false => (503, json!({ "status": "down" })),
    }
}

fn below<'a>(pattern: &PathPattern, plain: &'a str) -> Option<&'a str> {
    match pattern {
        PathPattern::Prefix(prefix) => plain.strip_prefix(prefix.as_str()),
        PathPattern::Regex(_) => Some(plain),
        PathPattern::Exact(_) => None,
    }
}

fn is_beside(path: &str, status: &str) -> bool {
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.len());
    path.strip_suffix(HEALTH).is_some_and(|rest| rest.ends_with('/'))
        && folder(path) == folder(status)
        && status.starts_with(path.trim_end_matches(HEALTH))
}

/// This machine and private networks. What merely is not public, such as a tunnel's address, is not near.
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_clients_are_near() {
        for near in
            ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.31.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
        {
            assert!(is_near(near.parse().unwrap()), "{near}");
        }
        for far in ["8.8.8.8", "172.32.0.1", "100.64.0.1", "2002:a00:1::1", "::ffff:8.8.8.8", "2001:db8::1"] {
            assert!(!is_near(far.parse().unwrap()), "{far}");
        }
    }

    #[test]
    fn health_stands_beside_status() {
        assert!(is_beside("/__queue/health", "/__queue/status") && is_beside("/health", "/status"));
        for other in ["/health", "/__queue/x/health", "/__queue/xhealth", "/__queue/status", "/a/health"] {
            assert!(!is_beside(other, "/__queue/status"), "{other}");
        }
    }

    #[test]
    fn pages_stand_behind_the_prefix() {
        let prefix = PathPattern::Prefix("/mcp".to_owned());
        assert_eq!(below(&prefix, "/mcp/__queue/status"), Some("/__queue/status"));
        assert_eq!(below(&PathPattern::Prefix(String::new()), "/status"), Some("/status"));
    }
}
