//! The edge over real sockets: routes, clusters, and what servers and clients see of them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

#[path = "edge/acme.rs"]
mod acme;
#[path = "edge/carry.rs"]
mod carry;
#[path = "edge/clusters.rs"]
mod clusters;
#[path = "edge/compress.rs"]
mod compress;
#[path = "edge/cors.rs"]
mod cors;
#[path = "edge/crowds.rs"]
mod crowds;
#[path = "edge/doors.rs"]
mod doors;
#[path = "edge/echo.rs"]
mod echo;
#[path = "edge/files.rs"]
mod files;
#[path = "edge/handshake.rs"]
mod handshake;
#[path = "edge/large.rs"]
mod large;
#[path = "edge/rest.rs"]
mod rest;
#[path = "edge/routes.rs"]
mod routes;
#[path = "edge/security.rs"]
mod security;
#[path = "edge/tls.rs"]
mod tls;
#[path = "edge/tunnels.rs"]
mod tunnels;
#[path = "edge/worker.rs"]
mod worker;
