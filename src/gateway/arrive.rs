//! A request at the door: when it came, who sent it, and whom it asks for.

use crate::clock;
use crate::config::Config;
use crate::config::ServerSettings;
use crate::edge::address;
use crate::gateway::client;
use crate::gateway::passage;
use crate::gateway::record::Arrival;
use crate::id;
use http::header;
use pingora::proxy::Session;

/// What holds for its connection.
pub fn settle(session: &mut Session, server: &ServerSettings, is_leaving: bool) {
    if session.is_http2() {
        // Other connections see to it themselves (`slow_head`), and a job has a time of its own.
        session.set_write_timeout(Some(server.write_timeout));
    }
    session.set_pipelining_enabled(true);
    if client::wants_to_close(&session.req_header().headers) {
        session.set_keepalive(None);
    }
    if session.as_downstream().get_keepalive().is_some() {
        // Pingora lets a connection that has carried a request rest for ever.
        let rest = server.idle_timeout.as_secs().max(1);
        session.set_keepalive((!is_leaving).then_some(rest));
    }
}

/// How a request came in, and from whom.
pub fn arrival(session: &Session, config: &Config) -> Arrival {
    let head = session.req_header();
    let given = head.headers.get(client::name::REQUEST_ID).map(|v| v.as_bytes());
    let now = clock::moment();
    Arrival {
        at: now.mono,
        wall: now.wall,
        request_id: id::request_id(given),
        client: passage::peer_address(session)
            .map(|peer| address::client(peer, &config.edge.trusted, config.edge.real_ip, &head.headers)),
        method: head.method.clone(),
        uri: head.uri.clone(),
        on_behalf: None,
    }
}

/// HTTP/1.1 requires a host (RFC 9112 §3.2); HTTP/2 carries it in the URI.
pub fn names_a_host(session: &Session) -> bool {
    let head = session.req_header();
    match head.headers.get(header::HOST) {
        Some(host) => host.as_bytes().iter().all(|sign| may_stand_in_host(*sign)),
        None => head.uri.authority().is_some() || head.version == http::Version::HTTP_10,
    }
}

/// What could end the host, or be one to one reader and a path or a user to another, may not.
fn may_stand_in_host(sign: u8) -> bool {
    sign.is_ascii_graphic() && !b"/\\@?#\"<>,".contains(&sign)
}
