//! Every fault has its verdict.

use super::*;

const FIRST: Circumstances = Circumstances {
    tries_on_target: 1,
    stand_in: false,
    of_group: false,
    wait_for: Duration::ZERO,
    jitter: 0.5,
};
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
        (status(429, RateLimit), Verdict::Next, cools(5)),
        (status(413, RateLimit), Verdict::Next, cools(5)),
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
        (in_band(RateLimit), Verdict::Next, cools(5)),
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
fn a_group_outlives_a_member_whose_model_is_gone() {
    let at = Circumstances { of_group: true, ..FIRST };
    assert_eq!(judge(&status(404, Cause::NotFound), &at), Verdict::Next);
    assert_eq!(
        judge(&status(400, Cause::Invalid), &at),
        Verdict::GiveBack,
        "what is wrong with a request is wrong anywhere"
    );
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
    let all = KeyEffect::CoolAll(Duration::from_secs(7));
    assert_eq!(blame(&fault), Blame { provider: true, key: all });
}
