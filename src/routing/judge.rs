//! The judge of failures: what to do after one, and who is to blame.

use crate::dialect::fault::Cause;
use std::time::Duration;

/// The shortest and the longest pause before the same target is tried once more, in milliseconds:
/// long enough for a blip to pass, short enough not to be noticed.
const PAUSE_MILLIS: (f64, f64) = (100.0, 300.0);

/// Never a third attempt on one target.
const TRIES_PER_TARGET: u32 = 2;

/// How long a key cools after a 429 that does not say, and the bounds of what one may say.
const COOL_DEFAULT: Duration = Duration::from_secs(30);
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
    /// Longest `Retry-After` that is waited out; zero is never.
    pub wait_for: Duration,
    /// A random number from 0 to 1.
    pub jitter: f64,
}

/// What a fault does to the key that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEffect {
    None,
    /// Too fast: leave it alone for so long.
    Cool(Duration),
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
        Fault::Unreachable | Fault::Timeout | Fault::Malformed => Verdict::Next,
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
    let cool = |wait: Duration| KeyEffect::Cool(wait.clamp(COOL_MIN, COOL_MAX));
    match cause {
        Cause::RateLimit => cool(retry_after.unwrap_or(COOL_DEFAULT)),
        Cause::Overloaded => retry_after.map_or(KeyEffect::None, cool),
        Cause::Auth | Cause::Quota => KeyEffect::Aside,
        Cause::ContextTooLong
        | Cause::ContentPolicy
        | Cause::Transient
        | Cause::NotFound
        | Cause::Invalid => KeyEffect::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Circumstances =
        Circumstances { tries_on_target: 1, stand_in: false, wait_for: Duration::ZERO, jitter: 0.5 };
    const PAUSED: Verdict = Verdict::Again { wait: Duration::from_millis(200) };
    const KEEP: Blame = Blame { provider: false, key: KeyEffect::None };
    const BROKEN: Blame = Blame { provider: true, key: KeyEffect::None };
    const ASIDE: Blame = Blame { provider: false, key: KeyEffect::Aside };

    fn cools(seconds: u64) -> Blame {
        Blame { provider: false, key: KeyEffect::Cool(Duration::from_secs(seconds)) }
    }

    fn status(code: u16, cause: Cause) -> Fault {
        Fault::Status { code, cause, retry_after: None }
    }

    fn in_band(cause: Cause) -> Fault {
        Fault::InBand { cause, retry_after: None }
    }

    #[test]
    fn each_fault_has_its_verdict_and_its_blame() {
        use Cause::*;
        let table = [
            (Fault::Unreachable, Verdict::Next, BROKEN),
            (Fault::Timeout, Verdict::Next, BROKEN),
            (Fault::Malformed, Verdict::Next, BROKEN),
            (Fault::Reset, PAUSED, BROKEN),
            (status(500, Transient), PAUSED, BROKEN),
            (status(502, Transient), PAUSED, BROKEN),
            (status(501, Transient), Verdict::Next, BROKEN),
            (status(503, Overloaded), Verdict::Next, BROKEN),
            (status(504, Transient), Verdict::Next, BROKEN),
            (status(529, Overloaded), Verdict::Next, BROKEN),
            (status(408, Transient), Verdict::Next, KEEP),
            (status(409, Transient), Verdict::Next, KEEP),
            (status(425, Transient), Verdict::Next, KEEP),
            (status(498, Overloaded), Verdict::Next, KEEP),
            (status(429, RateLimit), Verdict::Next, cools(30)),
            (status(413, RateLimit), Verdict::Next, cools(30)),
            (status(429, Quota), Verdict::Next, ASIDE),
            (status(401, Auth), Verdict::Next, ASIDE),
            (status(402, Quota), Verdict::Next, ASIDE),
            (status(403, Auth), Verdict::Next, ASIDE),
            (status(400, Auth), Verdict::Next, ASIDE),
            (status(403, NotFound), Verdict::Next, KEEP),
            (status(403, ContentPolicy), Verdict::GiveBack, KEEP),
            (status(400, ContentPolicy), Verdict::GiveBack, KEEP),
            (status(400, ContextTooLong), Verdict::NextLarger, KEEP),
            (status(413, ContextTooLong), Verdict::NextLarger, KEEP),
            (status(500, ContextTooLong), Verdict::NextLarger, KEEP),
            (status(400, Invalid), Verdict::GiveBack, KEEP),
            (status(404, NotFound), Verdict::GiveBack, KEEP),
            (status(405, Invalid), Verdict::GiveBack, KEEP),
            (status(413, Invalid), Verdict::GiveBack, KEEP),
            (status(422, Invalid), Verdict::GiveBack, KEEP),
            (in_band(Transient), PAUSED, BROKEN),
            (in_band(Overloaded), Verdict::Next, BROKEN),
            (in_band(RateLimit), Verdict::Next, cools(30)),
            (in_band(Auth), Verdict::Next, ASIDE),
            (in_band(ContextTooLong), Verdict::NextLarger, KEEP),
            (in_band(ContentPolicy), Verdict::GiveBack, KEEP),
            (in_band(Invalid), Verdict::GiveBack, KEEP),
        ];
        for (fault, verdict, blamed) in table {
            assert_eq!(judge(&fault, &FIRST), verdict, "{fault:?}");
            assert_eq!(blame(&fault), blamed, "{fault:?}");
        }
    }

    #[test]
    fn no_target_is_tried_a_third_time() {
        let wait_for = Duration::from_secs(9);
        let limited =
            Fault::Status { code: 429, cause: Cause::RateLimit, retry_after: Some(Duration::from_secs(1)) };
        for fault in [Fault::Reset, status(500, Cause::Transient), in_band(Cause::Transient), limited] {
            let first = Circumstances { wait_for, ..FIRST };
            assert!(matches!(judge(&fault, &first), Verdict::Again { .. }), "{fault:?}");
            let second = Circumstances { tries_on_target: 2, ..first };
            assert_eq!(judge(&fault, &second), Verdict::Next, "{fault:?}");
        }
    }

    #[test]
    fn a_short_retry_after_is_waited_out_only_where_that_is_wanted() {
        let seconds = Duration::from_secs;
        let again = |wait| Verdict::Again { wait: seconds(wait) };
        let table = [
            (0, Some(0), Verdict::Next),
            (0, Some(1), Verdict::Next),
            (5, Some(5), again(5)),
            (5, Some(6), Verdict::Next),
            (5, None, Verdict::Next),
        ];
        for (wait_for, retry_after, verdict) in table {
            let retry_after = retry_after.map(seconds);
            let fault = Fault::Status { code: 429, cause: Cause::RateLimit, retry_after };
            let at = Circumstances { wait_for: seconds(wait_for), ..FIRST };
            assert_eq!(judge(&fault, &at), verdict, "{wait_for} {retry_after:?}");
        }
    }

    #[test]
    fn a_stand_ins_refusal_is_not_the_callers_answer() {
        let at = Circumstances { stand_in: true, ..FIRST };
        for (code, cause) in
            [(400, Cause::Invalid), (404, Cause::NotFound), (413, Cause::Invalid), (422, Cause::Invalid)]
        {
            assert_eq!(judge(&status(code, cause), &at), Verdict::Next, "{code}");
        }
        assert_eq!(judge(&status(400, Cause::ContentPolicy), &at), Verdict::GiveBack);
    }

    #[test]
    fn the_pause_is_spread_over_its_range() {
        for (jitter, millis) in [(0.0, 100), (1.0, 300), (-4.0, 100), (9.0, 300)] {
            let verdict = judge(&Fault::Reset, &Circumstances { jitter, ..FIRST });
            assert_eq!(verdict, Verdict::Again { wait: Duration::from_millis(millis) }, "{jitter}");
        }
    }

    #[test]
    fn a_cool_down_stays_within_its_bounds() {
        for (said, cooled) in [(0, 1), (7, 7), (90_000, 3600)] {
            let retry_after = Some(Duration::from_secs(said));
            let limited = Fault::InBand { cause: Cause::RateLimit, retry_after };
            assert_eq!(blame(&limited), cools(cooled));
        }
    }

    #[test]
    fn an_overloaded_provider_that_names_a_time_is_left_alone_for_it() {
        let retry_after = Some(Duration::from_secs(7));
        let fault = Fault::Status { code: 503, cause: Cause::Overloaded, retry_after };
        assert_eq!(blame(&fault), Blame { provider: true, ..cools(7) });
    }
}
