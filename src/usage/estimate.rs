//! Rough token counts, for room to reserve before an answer and for answers that do not tell their usage.
//!
//! Four bytes to a token is the rule of thumb for English; JSON and other scripts come out a little high or low.
//! Nothing here is ever preferred to a provider's own count.

/// What one token takes, roughly.
const BYTES_PER_TOKEN: u64 = 4;

/// Room for an answer whose request sets no bound: longer than most, far shorter than models allow.
pub const USUAL_OUTPUT: u64 = 512;

/// Tokens that a request may use: its body's, and `max_output` or else 512 for the answer.
pub fn estimate_tokens(body_len: usize, max_output: Option<u64>) -> u64 {
    of_text(body_len).saturating_add(max_output.unwrap_or(USUAL_OUTPUT))
}

/// Tokens of a text of so many bytes, rounded up.
pub fn of_text(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(BYTES_PER_TOKEN)
}

/// What a picture takes, roughly, at any vendor.
const PICTURE: u64 = 1_500;
/// A string of at least so many bytes without a space is no language: it is base64.
const NO_LANGUAGE: usize = 2_048;

/// Tokens of the prompt in a JSON body: its text, and as much for each picture as pictures take.
pub fn of_prompt(body: &[u8]) -> u64 {
    let strings = body.split(|byte| *byte == b'"');
    let tokens = strings.map(|string| match string.len() >= NO_LANGUAGE && !string.contains(&b' ') {
        true => PICTURE * BYTES_PER_TOKEN,
        false => string.len() as u64,
    });
    tokens.fold(0, u64::saturating_add).div_ceil(BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bytes_are_one_token_rounded_up() {
        assert_eq!([0, 1, 4, 5].map(of_text), [0, 1, 1, 2]);
    }

    #[test]
    fn a_picture_is_not_counted_by_its_bytes() {
        let body = format!(r#"{{"text":"{}","data":"{}"}}"#, "word ".repeat(800), "QUJD".repeat(100_000));
        let tokens = of_prompt(body.as_bytes());
        assert!((2_500..2_520).contains(&tokens), "{tokens}");
    }

    #[test]
    fn a_request_is_its_prompt_and_the_longest_answer_it_allows() {
        assert_eq!(estimate_tokens(401, Some(100)), 201);
        assert_eq!(estimate_tokens(400, None), 612);
        assert_eq!(estimate_tokens(4, Some(u64::MAX)), u64::MAX);
    }
}
