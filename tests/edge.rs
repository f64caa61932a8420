//! The edge over real sockets: routes, clusters, and what servers and clients see of them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

#[path = "edge/compress.rs"]
mod compress;
#[path = "edge/cors.rs"]
mod cors;
#[path = "edge/echo.rs"]
mod echo;
#[path = "edge/files.rs"]
mod files;
#[path = "edge/routes.rs"]
mod routes;
