//! Images, audio, moderation and ranking in OpenAI's dialect (vendors.md §1.7, §9): they are passed through, and this
//! is what has to be known of them for that.

mod answer;
mod ask;
mod event;
mod given;
mod relay;

pub use answer::heard;
pub use answer::judge;
pub use ask::read;
pub use relay::MediaRelay;
