//! Strings in log lines: quoted as JSON does it, so that nothing a client sent can end a value or a line.

/// Longest string of a log line, in characters; a client chooses names, and must not choose their size.
const LONGEST: usize = 200;

/// Appends `text` between quotes, escaped and cut to 200 characters.
pub(crate) fn quoted(line: &mut Vec<u8>, text: &str) {
    line.push(b'"');
    escaped(line, text);
    line.push(b'"');
}

/// Appends `text` as it is where no reader could misread it, else [`quoted`].
pub(crate) fn bare_or_quoted(line: &mut Vec<u8>, text: &str) {
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'=' | b'\\');
    let text = shortened(text);
    if !text.is_empty() && text.bytes().all(plain) {
        line.extend_from_slice(text.as_bytes());
    } else {
        quoted(line, text);
    }
}

/// Appends what stands between the quotes of a JSON string, cut to 200 characters.
pub(crate) fn escaped(line: &mut Vec<u8>, text: &str) {
    let text = shortened(text);
    if text.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\')) {
        return line.extend_from_slice(text.as_bytes());
    }
    let mut done = 0;
    for (at, sign) in text.char_indices().filter(|(_, sign)| must_hide(*sign)) {
        line.extend_from_slice(&text.as_bytes()[done..at]);
        match sign {
            '"' | '\\' => line.extend_from_slice(&[b'\\', sign as u8]),
            _ => unicode_escape(line, sign),
        }
        done = at + sign.len_utf8();
    }
    line.extend_from_slice(&text.as_bytes()[done..]);
}

/// Quotes, control signs, and signs that break a line or turn its direction on a terminal.
fn must_hide(sign: char) -> bool {
    match sign {
        '"' | '\\' => true,
        ' '..='~' => false,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => true,
        _ => sign.is_control(),
    }
}

/// Every hidden sign lies in the basic plane, so four digits are enough.
fn unicode_escape(line: &mut Vec<u8>, sign: char) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    line.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        line.push(DIGITS[(sign as usize >> shift) & 15]);
    }
}

fn shortened(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: fn(&mut Vec<u8>, &str), text: &str) -> String {
        let mut line = Vec::new();
        write(&mut line, text);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn every_quoted_sign_reads_back_as_itself() {
        for code in 0..=0xffff {
            let Some(sign) = char::from_u32(code) else { continue };
            let text = format!("a{sign}b");
            let json = written(quoted, &text);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            assert!(!json.chars().any(char::is_control), "{json:?}");
        }
    }

    #[test]
    fn only_an_unmistakable_word_stands_without_quotes() {
        assert_eq!(written(bare_or_quoted, "meta-llama/Llama-3.1:free"), "meta-llama/Llama-3.1:free");
        for (text, shown) in [
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("a=b", r#""a=b""#),
            ("a\nb", r#""a\u000ab""#),
            ("a\u{2028}b", r#""a\u2028b""#),
            ("\u{202e}x", r#""\u202ex""#),
            ("ü", "\"ü\""),
        ] {
            assert_eq!(written(bare_or_quoted, text), shown);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let shown = written(quoted, &"ü".repeat(300));
        assert_eq!(shown.chars().count(), 200 + 2);
    }
}
