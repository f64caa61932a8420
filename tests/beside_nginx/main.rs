//! Side by side with nginx that is configured alike: the same requests, and what client and server see of them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod nginx;
mod seen;
mod upstream;

use crate::cases::CASES;
use crate::cases::Case;
use crate::cases::Expected;
use crate::nginx::Nginx;
use crate::seen::Seen;
use crate::support::Gateway;
use crate::support::refused_port;
use crate::upstream::Upstream;
use std::net::SocketAddr;

const ROUTES: &str = include_str!("tollgate.yaml");

/// Both proxies before one server.
struct Pair {
    nginx: Nginx,
    gateway: Gateway,
}

impl Pair {
    fn start() -> Pair {
        let (upstream, dead) = (Upstream::start(), refused_port());
        let fill = |text: &str| {
            text.replace("{upstream}", &upstream.address.port().to_string())
                .replace("{dead}", &dead.to_string())
        };
        Pair { nginx: Nginx::start(&fill(nginx::CONFIG)), gateway: Gateway::start(&fill(ROUTES)) }
    }

    fn see(&self, case: &Case) -> (Seen, Seen) {
        let gateway: SocketAddr = self.gateway.address().parse().unwrap();
        (seen::ask(self.nginx.address, case.request), seen::ask(gateway, case.request))
    }
}

#[test]
fn what_nginx_does_is_what_we_do_but_where_it_is_told() {
    let pair = Pair::start();
    let mut wrong = Vec::new();
    for case in CASES {
        let (theirs, ours) = pair.see(case);
        let fits = match &case.expected {
            Expected::Alike => theirs == ours,
            Expected::Differ { theirs: nginx, ours: tollgate, why } => {
                let nginx = nginx.replace("{nginx}", &pair.nginx.address.port().to_string());
                !why.is_empty() && theirs.told() == nginx && ours.told() == *tollgate
            }
        };
        if !fits {
            wrong.push(format!("{}\n  nginx:    {}\n  tollgate: {}", case.name, theirs.told(), ours.told()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[test]
fn addresses_that_ask_too_often_are_told_so_after_the_same_burst() {
    let pair = Pair::start();
    let request = "GET /limited/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    let gateway: SocketAddr = pair.gateway.address().parse().unwrap();
    let statuses = |address| (0..6).map(|_| seen::ask(address, request).status).collect::<Vec<_>>();
    assert_eq!(statuses(pair.nginx.address), [200, 200, 200, 429, 429, 429]);
    assert_eq!(statuses(gateway), [200, 200, 200, 429, 429, 429]);
}

#[test]
fn a_websocket_passes_both() {
    let pair = Pair::start();
    let gateway: SocketAddr = pair.gateway.address().parse().unwrap();
    for address in [pair.nginx.address, gateway] {
        assert_eq!(seen::talk(address, "/ws/chat", b"hello there"), b"hello there", "{address}");
    }
}
