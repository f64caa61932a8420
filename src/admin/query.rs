//! Parameters behind the `?` of an address, read and written.

/// Names and values, decoded.
pub fn read(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(n, v)| (decoded(n), decoded(v)))
        .collect()
}

/// As it stands behind the `?`.
pub fn written(pairs: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// One segment of a path, or one part of a query.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let sign = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(sign).collect()
}

/// The other way round; a `+` is a space.
pub fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, more @ ..] = rest {
        let escaped = match (first, more) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        match (escaped, first) {
            (Some(byte), _) => (bytes, rest) = (pushed(bytes, byte), &more[2..]),
            (None, b'+') => (bytes, rest) = (pushed(bytes, b' '), more),
            (None, byte) => (bytes, rest) = (pushed(bytes, *byte), more),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn pushed(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

fn hex(sign: u8) -> Option<u8> {
    char::from(sign).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let pairs = [("a b", "1+1=2&ü%"), ("c", "")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(read(&written(&pairs)), pairs);
        assert_eq!(
            read("x=a+b&&y&z=%zz"),
            [("x", "a b"), ("y", ""), ("z", "%zz")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }
}
