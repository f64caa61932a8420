//! What the integration tests share: the real gateway, scripted vendors, and small HTTP tools.

// Every test program uses its own part of this.
#![allow(dead_code, unused_imports)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ask;
mod chat;
mod config;
mod gateway;
mod h2_vendor;
mod hand;
mod home;
mod http;
mod installed;
mod outside;
mod passage;
mod port;
mod postgres;
mod program;
mod redis;
mod reply;
mod request;
mod simulated;
mod stand;
mod tls;
mod vendor;
mod wire;

pub use ask::Answer;
pub use ask::ask;
pub use ask::ask_with;
pub use ask::send;
pub use chat::DONE;
pub use chat::chat_body;
pub use chat::chunk;
pub use chat::completion;
pub use chat::finish_chunk;
pub use chat::usage_chunk;
pub use config::MODEL;
pub use config::config;
pub use config::provider;
pub use config::provider_of;
pub use config::provider_with;
pub use gateway::Gateway;
pub use gateway::KEY;
pub use h2_vendor::Act;
pub use h2_vendor::H2Vendor;
pub use hand::Hand;
pub use hand::LiveStream;
pub use home::Home;
pub use http::client;
pub use http::raw_http;
pub use http::sse_events;
pub use installed::installed;
pub use installed::path_with_venv;
pub use outside::Outside;
pub use passage::Passage;
pub use port::DeafPort;
pub use port::deaf_port;
pub use port::free_port;
pub use port::refused_port;
pub use postgres::PASSWORD;
pub use postgres::Postgres;
pub use program::Program;
pub use redis::RedisServer;
pub use reply::Reply;
pub use reply::Step;
pub use request::Request;
pub use simulated::simulated;
pub use tls::TlsVendor;
pub use tls::deaf_tls_vendor;
pub use tls::tls_vendor;
pub use vendor::Departure;
pub use vendor::Vendor;
pub use wire::Wire;
pub use wire::WireAnswer;
pub use wire::chat_request;
pub use wire::request;
