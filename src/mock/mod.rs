//! Simulated providers in every dialect, for rehearsals, benchmarks and tests.
//!
//! `behaviour` says how one behaves, `ask` reads what it is asked, `reply` and `embedding` decide
//! what it says, a `voice` and `score` write that down, `server` puts it on a socket.

mod anthropic;
mod api;
mod ask;
mod azure;
mod bedrock;
mod behaviour;
mod chance;
mod cohere;
mod control;
mod crossing;
mod embedding;
mod gemini;
mod ollama;
mod openai;
mod player;
mod refusal;
mod replicate;
mod reply;
mod responses;
mod score;
mod server;
mod voice;

pub use behaviour::Behaviour;
pub use behaviour::Nonsense;
pub use behaviour::Stall;
pub use control::Counts;
pub use control::counts;
pub use server::serve;
