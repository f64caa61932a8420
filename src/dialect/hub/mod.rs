//! What every dialect reads into and writes from: requests, answers and the pieces of a stream.
//!
//! Nothing here belongs to one vendor. Text is borrowed from the bytes it was read from wherever it can be.

pub mod assemble;
mod chunk;
mod content;
mod dropped;
mod embed;
mod model;
mod request;
mod response;
pub mod unfold;

pub use chunk::Chunk;
pub use chunk::Delta;
pub use content::Audio;
pub use content::CacheMark;
pub use content::Citation;
pub use content::Document;
pub use content::Image;
pub use content::Media;
pub use content::Part;
pub use content::Text;
pub use content::Thinking;
pub use content::ToolCall;
pub use content::ToolResult;
pub use dropped::Dropped;
pub use embed::EmbedRequest;
pub use embed::EmbedResponse;
pub use model::MaxTokensName;
pub use model::ModelTraits;
pub use model::ThinkingStyle;
pub use request::ChatRequest;
pub use request::Effort;
pub use request::Format;
pub use request::Message;
pub use request::Reasoning;
pub use request::Role;
pub use request::Sampling;
pub use request::Tool;
pub use request::ToolChoice;
pub use response::ChatResponse;
pub use response::Choice;
pub use response::Finish;
