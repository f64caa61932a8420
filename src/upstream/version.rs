//! The version of HTTP that a peer is spoken to in.

use pingora::upstreams::peer::PeerOptions;

/// Over TLS the handshake agrees on HTTP/2 or HTTP/1; without it there is nothing to agree by, so HTTP/2 is spoken at
/// once.
pub fn speak(options: &mut PeerOptions, http2: bool, tls: bool) {
    match (http2, tls) {
        (true, true) => options.set_http_version(2, 1),
        (true, false) => options.set_http_version(2, 2),
        (false, _) => options.set_http_version(1, 1),
    }
}
