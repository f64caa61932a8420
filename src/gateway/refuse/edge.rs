//! What the edge refuses, in words.

use crate::edge::Refused;
use crate::gateway::refuse::Refusal;

/// The refusal in words.
pub fn refusal(refused: &Refused) -> Refusal {
    match refused {
        Refused::BadPath => Refusal::new(
            400,
            "bad_path",
            "the path can be read in more than one way, or leads nowhere; write it without dots and double escapes",
        ),
        Refused::Coding => Refusal::new(
            501,
            "unknown_coding",
            "of the transfer codings only `chunked` is served (RFC 9112 §6.1)",
        ),
        Refused::Method(allowed) => {
            let message = format!("this path takes {allowed}");
            Refusal { allow: Some(allowed.clone().into()), ..Refusal::new(405, "wrong_method", message) }
        }
        Refused::Forbidden => Refusal::new(403, "address_denied", "your address may not use this path"),
        Refused::Password { realm } => {
            let challenge = Some(format!("Basic realm=\"{realm}\", charset=\"UTF-8\""));
            let message = "this path takes a name and a password";
            Refusal { challenge, ..Refusal::new(401, "no_password", message) }
        }
        Refused::TooMany { wait } => {
            Refusal::new(429, "route_per_ip", "too many requests from your address; slow down")
                .code("rate_limit_exceeded")
                .retry_after(Some(*wait))
        }
        Refused::Busy => {
            Refusal::new(503, "route_busy", "too many requests are under way here; try again soon")
        }
        Refused::TooLarge { limit } => {
            Refusal::new(413, "body_too_large", format!("a request may have {limit} bytes here"))
        }
        Refused::Upgrade => Refusal::new(400, "no_upgrade", "this path carries no WebSockets"),
        Refused::NoServer => {
            Refusal::new(503, "no_server", "no server is there for this path; try again soon")
        }
        Refused::QueueFull => {
            Refusal::new(503, "queue_full", "too many requests wait for a server; try again later")
        }
        Refused::QueueTimeout(waited) => {
            let message = format!("no server was free within {waited:?}; try again later");
            Refusal::new(503, "queue_timeout", message)
        }
        Refused::BadGateway => {
            Refusal::new(502, "bad_gateway", "the server of this path cannot be reached, or broke off")
        }
        Refused::GatewayTimeout => {
            Refusal::new(504, "gateway_timeout", "the server of this path did not answer in time")
        }
        Refused::NotFound => Refusal::new(404, "not_found", "there is nothing at this path"),
    }
}
