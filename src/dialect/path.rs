//! Names as parts of a path: signs that would end a segment or mean something else are percent-encoded.

/// A name as one segment: its slashes are encoded too.
pub fn segment(name: &str) -> String {
    encoded(name, false)
}

/// A name of several segments: its slashes stay.
pub fn segments(name: &str) -> String {
    encoded(name, true)
}

fn encoded(name: &str, slashes: bool) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b'/' if slashes => out.push('/'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_within_its_segments() {
        assert_eq!(segment("us.claude-v1:0"), "us.claude-v1%3A0");
        assert_eq!(segment("arn:aws:x/y z?é"), "arn%3Aaws%3Ax%2Fy%20z%3F%C3%A9");
        assert_eq!(segments("meta/llama 3#"), "meta/llama%203%23");
    }
}
