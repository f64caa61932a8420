//! Ids and reasons in Anthropic's form.

use crate::dialect::hub::Finish;
use crate::dialect::text::id_with;
use std::borrow::Cow;

/// Stands where a seal has to stand and no vendor gave one: clients send thoughts back, and it tells that this one
/// is nobody's (vendors.md §10.3). The vendor itself would refuse it.
pub const NO_SEAL: &str = "dG9sbGdhdGU6bm8tc2VhbA==";

/// An id out of the signs that are allowed. A call and its result come out the same.
pub(super) fn clean_id(id: &str) -> Cow<'_, str> {
    let allowed = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-');
    match id {
        "" => Cow::Borrowed("_"),
        _ if id.chars().all(allowed) => Cow::Borrowed(id),
        _ => Cow::Owned(id.chars().map(|sign| if allowed(sign) { sign } else { '_' }).collect()),
    }
}

/// The id of a message that a vendor calls `id`; `nonce` where it has none.
pub(super) fn message_id(id: &str, nonce: &str) -> String {
    id_with("msg_", if id.is_empty() { nonce } else { id })
}

/// The id of call number `index`, which a vendor calls `id`; `nonce` where it has none.
pub(super) fn call_id(id: &str, nonce: &str, index: u32) -> String {
    match id {
        "" => id_with("toolu_", &format!("{nonce}{index}")),
        _ => id_with("toolu_", id),
    }
}

/// Why a provider's answer ended. A pause is an answer that is not whole: asked again, it would go on (§4.5).
pub(super) fn finish(stop_reason: &str, calls: bool) -> Finish {
    match (stop_reason, Finish::of_word(stop_reason)) {
        ("pause_turn", _) => Finish::Length,
        (_, Finish::Stop) if calls => Finish::ToolCalls,
        (_, finish) => finish,
    }
}

/// Why an answer ended, for a client (§10.3).
pub(super) fn stop_reason(finish: Option<Finish>, calls: bool, stop_sequence: bool) -> &'static str {
    match finish {
        Some(Finish::Length) => "max_tokens",
        Some(Finish::ContentFilter) => "refusal",
        Some(Finish::Stop | Finish::ToolCalls) | None if calls => "tool_use",
        Some(Finish::Stop | Finish::ToolCalls) | None if stop_sequence => "stop_sequence",
        Some(Finish::Stop | Finish::ToolCalls) | None => "end_turn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_take_the_form_of_the_dialect() {
        assert_eq!(message_id("chatcmpl-9f", "n"), "msg_9f");
        assert_eq!(message_id("msg_1", "n"), "msg_1");
        assert_eq!(message_id("", "n1"), "msg_n1");
        assert_eq!(call_id("call_a.b", "n", 0), "toolu_ab");
        assert_eq!(call_id("toolu_1", "n", 0), "toolu_1");
        assert_eq!(call_id("", "n", 2), "toolu_n2");
    }

    #[test]
    fn signs_that_are_not_allowed_are_replaced() {
        assert_eq!(clean_id("functions.f:0"), "functions_f_0");
        assert_eq!(clean_id("é"), "_");
        assert_eq!(clean_id(""), "_");
        assert!(matches!(clean_id("a-b_9"), Cow::Borrowed(_)));
    }

    #[test]
    fn calls_outweigh_a_stop_but_not_a_cut() {
        assert_eq!(finish("end_turn", true), Finish::ToolCalls);
        assert_eq!(finish("max_tokens", true), Finish::Length);
        assert_eq!(finish("pause_turn", false), Finish::Length);
        assert_eq!(finish("refusal", false), Finish::ContentFilter);
        assert_eq!(finish("model_context_window_exceeded", false), Finish::Length);
        assert_eq!(stop_reason(Some(Finish::Stop), true, false), "tool_use");
        assert_eq!(stop_reason(Some(Finish::Length), true, false), "max_tokens");
        assert_eq!(stop_reason(Some(Finish::Stop), false, true), "stop_sequence");
        assert_eq!(stop_reason(None, false, false), "end_turn");
    }
}
