//! How a server is connected to.

use crate::edge::cluster::Cluster;
use crate::edge::cluster::Server;
use crate::edge::rule::Rule;
use crate::upstream::version;
use pingora::upstreams::peer::HttpPeer;

/// Requests that may share one HTTP/2 connection to a server.
const H2_STREAMS: usize = 100;

/// One connection's settings. The pool tells connections apart by what they lead to, not by timeouts.
pub fn peer(rule: &Rule, cluster: &Cluster, server: &Server, upgrade: bool) -> HttpPeer {
    let timeouts = &rule.route.timeouts;
    // An address, so that no name is looked up here.
    let mut peer = HttpPeer::new(server.address, cluster.is_tls(), cluster.tls_name(server));
    let options = &mut peer.options;
    options.connection_timeout = Some(timeouts.connect);
    options.total_connection_timeout = Some(timeouts.connect);
    options.read_timeout = Some(timeouts.answer());
    options.write_timeout = Some(timeouts.write);
    options.idle_timeout = Some(cluster.config.idle);
    options.max_h2_streams = H2_STREAMS;
    cluster.trust(options);
    // A WebSocket needs HTTP/1.
    version::speak(options, cluster.config.http2 && !upgrade, cluster.is_tls());
    peer.group_key = cluster.group_key;
    peer
}
