//! OpenAI's Responses API (vendors.md §3 and §11).

mod client;
mod json;
pub mod marks;
pub mod page;
mod provider;
mod seal;
pub mod thread;

/// The provider's side.
pub static PROVIDER: provider::Provider = provider::Provider;

/// The client's side.
pub static CLIENT: client::Client = client::Client;

#[cfg(test)]
mod tests;
