//! The edge over real sockets: routes, clusters, and what servers and clients see of them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

#[path = "edge/acme.rs"]
mod acme;
#[path = "edge/doors.rs"]
mod doors;
#[path = "edge/echo.rs"]
mod echo;
#[path = "edge/handshake.rs"]
mod handshake;
#[path = "edge/routes.rs"]
mod routes;
#[path = "edge/tls.rs"]
mod tls;
