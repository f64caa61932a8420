//! The judge of failures: what to do after one, and who is to blame.

#[cfg(test)]
mod tests;

use crate::dialect::fault::Cause;
use std::time::Duration;

/// The shortest and the longest pause before the same target is tried once more, in milliseconds:
/// long enough for a blip to pass, short enough not to be noticed.
const PAUSE_MILLIS: (f64, f64) = (100.0, 300.0);

/// Never a third attempt on one target.
const TRIES_PER_TARGET: u32 = 2;

/// How long a key cools after a 429 that does not say: short, for it is a guess, and a provider with one key is
/// out for as long. And the bounds of what one may say.
const COOL_DEFAULT: Duration = Duration::from_secs(5);
const COOL_MIN: Duration = Duration::from_secs(1);
const COOL_MAX: Duration = Duration::from_secs(60 * 60);

/// How an attempt failed, before anything was sent to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection: name, connect or TLS.
    Unreachable,
    /// Silence: a target that is silent now stays silent.
    Timeout,
    /// The connection broke before the head of the answer.
    Reset,
    Status {
        code: u16,
        cause: Cause,
        retry_after: Option<Duration>,
    },
    /// An error inside an answer with status 200.
    InBand {
        cause: Cause,
        retry_after: Option<Duration>,
    },
    /// An answer that is not what it claims to be.
    Malformed,
    /// The request is wrong, which only came out when it was to be said in another dialect. Nothing was sent.
    BadRequest,
    /// This target has no words for the request. Nothing was sent.
    Unsayable,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same target once more, after a wait.
    Again { wait: Duration },
    /// The next target.
    Next,
    /// The next target whose context is larger, or not known to be no larger.
    NextLarger,
    /// No other target would do better: the caller gets this error.
    GiveBack,
}

/// What the verdict depends on besides the fault.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// Attempts made on this target, this one included.
    pub tries_on_target: u32,
    /// The caller did not name this model, so the model's refusal is not the caller's answer.
    pub stand_in: bool,
    /// The caller named a group, and not the member that was asked: a model that is gone is not its fault.
    pub of_group: bool,
    /// Longest `Retry-After` that is waited out; zero is never.
    pub wait_for: Duration,
    /// A random number from 0 to 1.
    pub jitter: f64,
}

/// What a fault does to the key that was used, or to all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEffect {
    None,
    /// Too fast: leave it alone for so long.
    Cool(Duration),
    /// The provider is busy whatever the key: leave every key of it alone for so long.
    CoolAll(Duration),
    /// Refused or spent: put it aside.
    Aside,
}

/// Whom a fault is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blame {
    /// Counts for the provider's breaker.
    pub provider: bool,
    pub key: KeyEffect,
}

/// The next step after a failed attempt; the same on every endpoint, streamed or not.
pub fn judge(fault: &Fault, at: &Circumstances) -> Verdict {
    match fault {
        Fault::Unreachable | Fault::Timeout | Fault::Malformed | Fault::Unsayable => Verdict::Next,
        Fault::BadRequest => Verdict::GiveBack,
        Fault::Reset => again_or_next(pause(at), at),
        Fault::Status { code, cause, retry_after } => by_cause(Some(*code), *cause, *retry_after, at),
        Fault::InBand { cause, retry_after } => by_cause(None, *cause, *retry_after, at),
    }
}

/// Whom to hold a failed attempt against: never the provider for what is the caller's fault.
pub fn blame(fault: &Fault) -> Blame {
    match fault {
        Fault::Unreachable | Fault::Timeout | Fault::Reset | Fault::Malformed => {
            Blame { provider: true, key: KeyEffect::None }
        }
        Fault::BadRequest | Fault::Unsayable => Blame { provider: false, key: KeyEffect::None },
        Fault::Status { code, cause, retry_after } => {
            Blame { provider: *code >= 500 && is_providers(*cause), key: key_effect(*cause, *retry_after) }
        }
        Fault::InBand { cause, retry_after } => {
            Blame { provider: is_providers(*cause), key: key_effect(*cause, *retry_after) }
        }
    }
}

fn by_cause(code: Option<u16>, cause: Cause, retry_after: Option<Duration>, at: &Circumstances) -> Verdict {
    match cause {
        Cause::ContextTooLong => Verdict::NextLarger,
        Cause::ContentPolicy => Verdict::GiveBack,
        Cause::RateLimit => match retry_after {
            Some(wait) if wait <= at.wait_for && !at.wait_for.is_zero() => again_or_next(wait, at),
            _ => Verdict::Next,
        },
        Cause::Transient if matches!(code, None | Some(500 | 502)) => again_or_next(pause(at), at),
        Cause::Auth | Cause::Quota | Cause::Overloaded | Cause::Transient => Verdict::Next,
        Cause::NotFound if at.of_group => Verdict::Next,
        Cause::NotFound | Cause::Invalid if at.stand_in || code.is_some_and(not_the_callers) => Verdict::Next,
        Cause::NotFound | Cause::Invalid => Verdict::GiveBack,
    }
}

/// Statuses that are not about the request, whatever the body says: the key, the pace, the server.
fn not_the_callers(code: u16) -> bool {
    matches!(code, 401..=403 | 408 | 409 | 425 | 429 | 498 | 500..)
}

fn again_or_next(wait: Duration, at: &Circumstances) -> Verdict {
    if at.tries_on_target < TRIES_PER_TARGET { Verdict::Again { wait } } else { Verdict::Next }
}

fn pause(at: &Circumstances) -> Duration {
    let (least, most) = PAUSE_MILLIS;
    Duration::from_secs_f64((least + (most - least) * at.jitter.clamp(0.0, 1.0)) / 1000.0)
}

fn is_providers(cause: Cause) -> bool {
    match cause {
        Cause::Overloaded | Cause::Transient => true,
        Cause::ContextTooLong
        | Cause::ContentPolicy
        | Cause::Auth
        | Cause::Quota
        | Cause::RateLimit
        | Cause::NotFound
        | Cause::Invalid => false,
    }
}

/// An overloaded provider that names a time is left alone for it, like a limit that does.
fn key_effect(cause: Cause, retry_after: Option<Duration>) -> KeyEffect {
    let bounded = |wait: Duration| wait.clamp(COOL_MIN, COOL_MAX);
    match cause {
        Cause::RateLimit => KeyEffect::Cool(bounded(retry_after.unwrap_or(COOL_DEFAULT))),
        Cause::Overloaded => retry_after.map_or(KeyEffect::None, |wait| KeyEffect::CoolAll(bounded(wait))),
        Cause::Auth | Cause::Quota => KeyEffect::Aside,
        Cause::ContextTooLong
        | Cause::ContentPolicy
        | Cause::Transient
        | Cause::NotFound
        | Cause::Invalid => KeyEffect::None,
    }
}
