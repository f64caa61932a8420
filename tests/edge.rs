//! The edge over real sockets: routes, clusters, and what servers and clients see of them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

#[path = "edge/clusters.rs"]
mod clusters;
#[path = "edge/crowds.rs"]
mod crowds;
#[path = "edge/echo.rs"]
mod echo;
#[path = "edge/large.rs"]
mod large;
#[path = "edge/routes.rs"]
mod routes;
#[path = "edge/security.rs"]
mod security;
#[path = "edge/worker.rs"]
mod worker;
