//! What the integration tests share: the real gateway, scripted vendors, and small HTTP tools.

// Every test program uses its own part of this.
#![allow(dead_code, unused_imports)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chat;
mod gateway;
mod hand;
mod home;
mod http;
mod port;
mod program;
mod reply;
mod request;
mod tls;
mod vendor;

pub use chat::DONE;
pub use chat::chat_body;
pub use chat::chunk;
pub use chat::finish_chunk;
pub use chat::usage_chunk;
pub use gateway::Gateway;
pub use gateway::KEY;
pub use hand::Hand;
pub use hand::LiveStream;
pub use home::Home;
pub use http::client;
pub use http::raw_http;
pub use http::sse_events;
pub use port::free_port;
pub use port::refused_port;
pub use program::Program;
pub use reply::Reply;
pub use reply::Step;
pub use request::Request;
pub use tls::TlsVendor;
pub use tls::tls_vendor;
pub use vendor::Departure;
pub use vendor::Vendor;
