//! `Vary`: what of a request an answer depends on.

use http::HeaderMap;
use http::HeaderValue;
use http::header;
use pingora::http::ResponseHeader;

/// Names one more header of requests, unless it is named.
///
/// # Errors
/// Pingora's, which cannot be.
pub fn add(head: &mut ResponseHeader, name: &'static str) -> pingora::Result<()> {
    match names(&head.headers, name) {
        true => Ok(()),
        false => head.append_header(header::VARY, HeaderValue::from_static(name)).map(|_| ()),
    }
}

fn names(headers: &HeaderMap, name: &str) -> bool {
    let values = headers.get_all(header::VARY).iter().filter_map(|value| value.to_str().ok());
    let mut named = values.flat_map(|value| value.split(',')).map(str::trim);
    named.any(|other| other == "*" || other.eq_ignore_ascii_case(name))
}
