//! What a head says of its message, whoever wrote it.

use http::HeaderMap;
use http::HeaderName;
use http::header;

/// How many bytes of a body are announced; `None` where none are, or in words that are no number.
pub fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// The options of the connection (RFC 9110 §7.6.1), in whatever case they are written.
pub fn options(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(header::CONNECTION).iter();
    values.flat_map(|options| options.as_bytes().split(|sign| *sign == b',')).map(<[u8]>::trim_ascii)
}

/// The fields that are of the connection alone because its options name them.
pub fn named(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    options(headers).filter_map(|option| HeaderName::from_bytes(option).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_a_number_or_not_known() {
        let said =
            |text: &str| length(&HeaderMap::from_iter([(header::CONTENT_LENGTH, text.parse().unwrap())]));
        assert_eq!((said("70"), said(" 70 "), said("-1"), said("x")), (Some(70), Some(70), None, None));
        assert_eq!(length(&HeaderMap::new()), None);
    }

    #[test]
    fn options_are_found_in_all_fields() {
        let mut headers = HeaderMap::new();
        headers.append(header::CONNECTION, "keep-alive , Upgrade".parse().unwrap());
        headers.append(header::CONNECTION, "close".parse().unwrap());
        assert!(options(&headers).eq([b"keep-alive".as_slice(), b"Upgrade", b"close"]));
    }
}
