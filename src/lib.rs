//! Tollgate: one gateway at the network edge for people who run AI workloads.
//!
//! # Layout
//!
//! Imports point down this list only (`tests/borders.rs` reads the `use` lines):
//!
//! - [`cli`] — the commands, one file each
//! - [`server`] — a configuration becomes a running server and its background services
//! - [`gateway`] — `impl ProxyHttp` and the rooms a request passes: admit, receive, recall, exchange, deliver, settle, refuse
//! - [`admin`] — metrics and the admin API, on a listener of their own
//! - [`edge`] — routes, clusters, TLS by SNI, headers: everything nginx and HAProxy did
//! - [`routing`] — names → groups → plan; strategies; the judge of failures (pure)
//! - [`health`] — breaker and keys of each provider (pure), and what the active checks find
//! - [`limits`] — token buckets and reservations
//! - [`cache`] — the exact cache
//! - [`tenants`] — keys and what each may use
//! - [`usage`] — prices, token estimates, and the ledger's spool
//! - [`mock`] — simulated providers
//! - [`upstream`] — pooled connector, async name resolution, timeouts
//! - [`state`] — shared counters and cache bytes
//! - [`store`] — durable rows: tenants, keys, admins and the ledger, in SQLite or PostgreSQL
//! - [`telemetry`] — log lines and metrics, written in the configured form
//! - [`config`] — file and environment → one checked [`config::Config`]
//! - [`provider`] — vendors as data
//! - [`dialect`] — wire formats, both directions (pure)
//! - [`clock`], [`head`], [`id`], [`money`], [`private_file`], [`secret`], [`hex`], [`turns`] — words everyone uses

pub mod admin;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dialect;
pub mod edge;
pub mod gateway;
pub mod head;
pub mod health;
pub mod hex;
pub mod id;
pub mod limits;
pub mod mock;
pub mod money;
pub mod private_file;
pub mod provider;
pub mod routing;
pub mod secret;
pub mod server;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod tenants;
pub mod turns;
pub mod upstream;
pub mod usage;
