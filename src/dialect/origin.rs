//! Whose seal is it? A seal means something only to the vendor that made it; to others it is a reason to refuse.
//!
//! A seal that goes to a client of another dialect is marked with its maker's dialect. When it comes back it is
//! given to nobody else, and to its maker byte for byte.

use crate::dialect::Dialect;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Part;
use memchr::memmem;
use std::borrow::Cow;

/// In front of a marked seal, followed by the word of a dialect and a colon.
const MARK: &str = "tollgate-";

/// Whether a request in `client`'s dialect may bring seals that its own vendor did not make.
pub fn may_be_foreign(client: Dialect, body: &[u8]) -> bool {
    let no_seal = client.client_side().no_seal();
    is_marked(body) || no_seal.is_some_and(|text| memmem::find(body, text.as_bytes()).is_some())
}

/// Whether a string of the request begins with the mark. People talk about it, too: what they quote is escaped.
fn is_marked(body: &[u8]) -> bool {
    let quoted = format!("\"{MARK}");
    let is_escaped = |at: usize| at.checked_sub(1).and_then(|before| body.get(before)) == Some(&b'\\');
    memmem::find_iter(body, quoted.as_bytes()).any(|at| !is_escaped(at))
}

/// A seal made in `maker`, as a client of another dialect gets it.
fn marked(maker: Dialect, seal: &str) -> Cow<'static, str> {
    format!("{MARK}{}:{seal}", maker.word()).into()
}

/// A seal as `target` may have it; `None` if it is not its own. Without a mark it is taken for one of `client`'s
/// dialect; clients of OpenAI's bring those of anybody, as they got them elsewhere.
pub fn owned<'a>(seal: Cow<'a, str>, client: Dialect, target: Dialect) -> Option<Cow<'a, str>> {
    let Some(rest) = seal.strip_prefix(MARK) else {
        return (client == target || client == Dialect::OpenAi).then_some(seal);
    };
    let (maker, own) = rest.split_once(':')?;
    let from = seal.len() - own.len();
    (maker == target.word()).then(|| match seal {
        Cow::Borrowed(seal) => Cow::Borrowed(&seal[from..]),
        Cow::Owned(ref seal) => Cow::Owned(seal[from..].to_owned()),
    })
}

/// Takes every seal out of a request that `target` has not made, and the marks off its own.
pub fn settle(request: &mut ChatRequest<'_>, client: Dialect, target: Dialect) {
    for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
        let settle = |seal: &mut Option<Cow<'_, str>>| {
            *seal = seal.take().and_then(|seal| owned(seal, client, target));
        };
        match part {
            Part::Thinking(thinking) => {
                settle(&mut thinking.signature);
                settle(&mut thinking.redacted);
            }
            Part::ToolCall(call) => settle(&mut call.signature),
            Part::Text(text) => settle(&mut text.signature),
            Part::Image(_) | Part::Audio(_) | Part::Document(_) | Part::ToolResult(_) | Part::Refusal(_) => {}
        }
    }
    for message in &mut request.messages {
        message.parts.retain(|part| !is_empty_thinking(part));
    }
}

/// Thinking of which only a foreign seal was there.
fn is_empty_thinking(part: &Part<'_>) -> bool {
    matches!(part, Part::Thinking(thinking)
        if thinking.text.is_empty() && thinking.signature.is_none() && thinking.redacted.is_none())
}

/// Marks the seals of a whole answer.
pub fn mark_all(response: &mut ChatResponse<'_>, maker: Dialect) {
    for part in response.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
        let mark = |seal: &mut Option<Cow<'_, str>>| {
            if let Some(bare) = seal.take() {
                *seal = Some(marked(maker, &bare));
            }
        };
        match part {
            Part::Thinking(thinking) => {
                mark(&mut thinking.signature);
                mark(&mut thinking.redacted);
            }
            Part::ToolCall(call) => mark(&mut call.signature),
            Part::Text(text) => mark(&mut text.signature),
            Part::Image(_) | Part::Audio(_) | Part::Document(_) | Part::ToolResult(_) | Part::Refusal(_) => {}
        }
    }
}

/// Marks the seal in a piece of a stream, if there is one.
pub fn mark<'a>(delta: Delta<'a>, maker: Dialect) -> Delta<'a> {
    match delta {
        Delta::ThinkingSignature(seal) => Delta::ThinkingSignature(marked(maker, &seal)),
        Delta::TextSignature(seal) => Delta::TextSignature(marked(maker, &seal)),
        Delta::Redacted(data) => Delta::Redacted(marked(maker, &data)),
        Delta::ToolCall { index, id, name, custom, signature: Some(seal) } => {
            Delta::ToolCall { index, id, name, custom, signature: Some(marked(maker, &seal)) }
        }
        delta @ (Delta::Text(_)
        | Delta::Refusal(_)
        | Delta::Thinking(_)
        | Delta::ToolCall { signature: None, .. }
        | Delta::Arguments { .. }
        | Delta::Citation(_)
        | Delta::Image(_)
        | Delta::Audio(_)
        | Delta::Logprobs(_)) => delta,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_comes_back_to_its_maker_byte_for_byte_and_to_nobody_else() {
        let sent = marked(Dialect::Gemini, "Er+/=:x");
        let back = |target| owned(sent.clone(), Dialect::Anthropic, target);
        assert_eq!(back(Dialect::Gemini).as_deref(), Some("Er+/=:x"));
        assert_eq!(back(Dialect::Anthropic), None);
        assert_eq!(back(Dialect::Bedrock), None);
    }

    #[test]
    fn talk_of_the_mark_is_no_seal() {
        let is_foreign = |body: &str| may_be_foreign(Dialect::Anthropic, body.as_bytes());
        assert!(is_foreign(r#"{"signature": "tollgate-gemini:Er"}"#));
        assert!(!is_foreign(r#"{"text":"the host is tollgate-0, or \"tollgate-1\""}"#));
    }

    #[test]
    fn a_seal_without_a_mark_is_the_clients_own_vendors() {
        let bare = || Cow::Borrowed("sig");
        assert_eq!(owned(bare(), Dialect::Anthropic, Dialect::Anthropic).as_deref(), Some("sig"));
        assert_eq!(owned(bare(), Dialect::Anthropic, Dialect::Gemini), None);
        assert_eq!(owned(bare(), Dialect::OpenAi, Dialect::Gemini).as_deref(), Some("sig"));
    }
}
