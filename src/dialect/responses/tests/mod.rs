//! Both sides against fixtures: literal requests, answers and streams, and what they are in the hub.

mod client;
mod events;
mod provider;
mod shown;
mod stream;
mod thread;

use serde_json::Value;

/// JSON that may stand in any order.
fn json(text: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(text.as_ref()).unwrap()
}
