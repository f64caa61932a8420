//! Clusters.

use crate::config::edge::Balance;
use crate::config::edge::Check;
use crate::config::edge::Cluster;
use crate::config::edge::HashOn;
use crate::config::edge::Probe;
use crate::config::edge::Server;
use crate::config::edge::Sticky;
use crate::config::edge::StickyBy;
use crate::config::edge::Tls;
use crate::config::print::words::duration;
use crate::config::print::words::or_off;
use crate::config::print::words::path;
use crate::config::print::words::quoted;

/// One cluster, with its name.
pub fn cluster(cluster: &Cluster) -> String {
    let servers: Vec<String> = cluster.servers.iter().map(server).collect();
    let mut lines = vec![
        ("servers", format!("[{}]", servers.join(", "))),
        ("resolve", duration(cluster.resolve)),
        ("balance", balance(&cluster.balance).to_owned()),
    ];
    if let Balance::Hash(on) = &cluster.balance {
        lines.push(("hash_on", hash_on(on)));
    }
    lines.extend(cluster.tls.as_ref().map(|settings| ("tls", tls(settings))));
    lines.push(("http2", cluster.http2.to_string()));
    lines.extend(cluster.check.as_ref().map(|settings| ("check", check(settings))));
    let eject = |eject: crate::config::edge::Eject| {
        format!("{{ after: {}, for: {} }}", eject.after, duration(eject.period))
    };
    lines.push(("eject", or_off(cluster.eject, eject)));
    lines.push(("slow_start", or_off(cluster.slow_start, duration)));
    lines.push(("per_server", or_off(cluster.per_server, |most| most.to_string())));
    if cluster.per_server.is_some() {
        let (size, timeout) = (cluster.queue.size, duration(cluster.queue.timeout));
        lines.push(("queue", format!("{{ size: {size}, timeout: {timeout} }}")));
    }
    lines.extend(cluster.sticky.as_ref().map(|settings| ("sticky", sticky(settings))));
    lines.extend(cluster.status.as_deref().map(|status| ("status", quoted(status))));
    lines.push(("idle", duration(cluster.idle)));
    let lines: String = lines.iter().map(|(name, text)| format!("    {name}: {text}\n")).collect();
    format!("  {}:\n{lines}", quoted(&cluster.name))
}

fn server(server: &Server) -> String {
    let host = if server.host.contains(':') { format!("[{}]", server.host) } else { server.host.clone() };
    format!("{{ address: {}, weight: {} }}", quoted(&format!("{host}:{}", server.port)), server.weight)
}

fn balance(balance: &Balance) -> &'static str {
    match balance {
        Balance::RoundRobin => "round_robin",
        Balance::LeastConnections => "least_connections",
        Balance::RandomTwo => "random_two",
        Balance::Random => "random",
        Balance::Hash(_) => "hash",
    }
}

fn hash_on(on: &HashOn) -> String {
    match on {
        HashOn::Ip => "ip".to_owned(),
        HashOn::Path => "path".to_owned(),
        HashOn::Header(name) => quoted(&format!("header:{name}")),
        HashOn::Cookie(name) => quoted(&format!("cookie:{name}")),
    }
}

fn tls(tls: &Tls) -> String {
    let name = tls.name.as_deref().map(|name| format!("name: {}, ", quoted(name))).unwrap_or_default();
    let ca_file = tls.ca_file.as_deref().map(|file| format!("ca_file: {}, ", path(file))).unwrap_or_default();
    format!("{{ {name}{ca_file}verify: {} }}", tls.verify)
}

fn check(check: &Check) -> String {
    let probe = match &check.probe {
        Probe::Tcp => "tcp: true".to_owned(),
        Probe::Http { path, host, status } => {
            let host = host.as_deref().map(|host| format!("host: {}, ", quoted(host))).unwrap_or_default();
            format!("path: {}, {host}status: {}-{}", quoted(path), status.start(), status.end())
        }
    };
    let (interval, timeout) = (duration(check.interval), duration(check.timeout));
    format!(
        "{{ {probe}, interval: {interval}, timeout: {timeout}, rise: {}, fall: {} }}",
        check.rise, check.fall
    )
}

fn sticky(sticky: &Sticky) -> String {
    let by = match &sticky.by {
        StickyBy::Cookie(name) => format!("cookie: {}", quoted(name)),
        StickyBy::Header(name) => format!("header: {}", quoted(name.as_str())),
    };
    format!("{{ {by}, ttl: {}, size: {} }}", duration(sticky.ttl), sticky.size)
}
