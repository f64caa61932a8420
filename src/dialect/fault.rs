//! What a provider's error means, whatever envelope it comes in.

mod codes;
mod complaint;
mod delay;
mod phrases;
#[cfg(test)]
mod tests;

use crate::dialect::fault::complaint::Complaint;

pub use delay::retry_after;
pub use delay::used_up;

/// Longest error sentence that is handed on, in characters.
const MAX_MESSAGE: usize = 1000;

/// The header in which AWS names the type of an error.
pub const SHAPE_HEADER: &str = "x-amzn-errortype";

/// Why a provider did not answer, as far as the next step depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// More tokens than the model can read; a model with a larger context may take the request.
    ContextTooLong,
    /// Refused for what it says. It would be refused anywhere.
    ContentPolicy,
    /// The provider does not accept our key.
    Auth,
    /// The key is spent: no credit, or a limit that takes hours to reset.
    Quota,
    /// Too fast; it passes within seconds or minutes.
    RateLimit,
    Overloaded,
    /// Broken for the moment, reason unknown.
    Transient,
    /// No such model (or path) at this provider.
    NotFound,
    /// The request itself is at fault.
    Invalid,
}

/// Reads the cause from a vendor's code, else from the status, else from the words of the message.
///
/// `status` is 200 for an error found inside a successful answer or stream; then an HTTP status
/// that the body gives as its code stands in for it, and an error that tells nothing is `Transient`.
pub fn classify(status: u16, body: &[u8]) -> Cause {
    classify_shape(status, None, body)
}

/// The same, where [`SHAPE_HEADER`] names the type of the error.
pub fn classify_shape(status: u16, shape: Option<&str>, body: &[u8]) -> Cause {
    let complaint = Complaint::read(shape, body);
    let status = if status < 400 { complaint.status().unwrap_or(status) } else { status };
    if complaint.flagged {
        return Cause::ContentPolicy;
    }
    match codes::of_code(&complaint.codes) {
        // Gateways in front of vLLM and their like report a missing channel as a missing model.
        Some(Cause::NotFound) if status >= 500 => Cause::Transient,
        Some(Cause::RateLimit) if complaint.per_day => Cause::Quota,
        Some(cause) => cause,
        None => of_status(status, &complaint),
    }
}

/// The sentence meant for people in any vendor's error, cut to 1000 characters.
/// `None` when there is none, or when the body is a web page.
pub fn message(body: &[u8]) -> Option<String> {
    let text = Complaint::read(None, body).message?;
    Some(text.trim().chars().take(MAX_MESSAGE).collect()).filter(|text: &String| !text.is_empty())
}

fn of_status(status: u16, complaint: &Complaint) -> Cause {
    let words = || phrases::of_words(&complaint.words());
    match status {
        401 => Cause::Auth,
        402 => Cause::Quota,
        404 => Cause::NotFound,
        408 | 409 | 425 => Cause::Transient,
        429 if complaint.per_day || words() == Some(Cause::Quota) => Cause::Quota,
        429 => Cause::RateLimit,
        498 | 503 | 529 => Cause::Overloaded,
        403 => words().unwrap_or(Cause::Auth),
        400..=499 => words().unwrap_or(Cause::Invalid),
        500.. => words().filter(|cause| asked_too_much(*cause)).unwrap_or(Cause::Transient),
        _ => words().or_else(|| codes::of_kind(&complaint.codes)).unwrap_or(Cause::Transient),
    }
}

/// The causes a server error may name in words alone; anything else in them is a server's excuse.
fn asked_too_much(cause: Cause) -> bool {
    matches!(cause, Cause::ContextTooLong | Cause::ContentPolicy)
}
