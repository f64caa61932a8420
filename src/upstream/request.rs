//! A request to a provider, before it is known which version of HTTP it goes out in.

use crate::upstream::Broken;
use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::Uri;
use pingora::http::RequestHeader;

/// Everything one call sends. The parts are of types that cannot hold a line break, so heads are only put together.
pub struct Request<'a> {
    pub method: &'static str,
    pub scheme: &'static str,
    /// `Host` in HTTP/1, `:authority` in HTTP/2.
    pub authority: &'a HeaderValue,
    /// A path without spaces or control signs.
    pub path: &'a str,
    pub fields: &'a [(&'a HeaderName, &'a HeaderValue)],
    pub body: &'a Bytes,
}

impl Request<'_> {
    /// The head in HTTP/1.1, with the length of the body (RFC 9112 §3 and §5).
    pub(super) fn http1_head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(512 + self.body.len().min(16 * 1024));
        for part in [self.method, " ", self.path, " HTTP/1.1\r\nhost: "] {
            head.extend_from_slice(part.as_bytes());
        }
        head.extend_from_slice(self.authority.as_bytes());
        for (name, value) in self.fields {
            head.extend_from_slice(b"\r\n");
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
        }
        if !self.is_bodiless() {
            head.extend_from_slice(b"\r\ncontent-length: ");
            head.extend_from_slice(self.body.len().to_string().as_bytes());
        }
        head.extend_from_slice(b"\r\n\r\n");
        head
    }

    /// The head in HTTP/2, whose URI carries scheme and authority.
    pub(super) fn http2_head(&self) -> Result<RequestHeader, Broken> {
        let size = Some(self.fields.len() + 1);
        let mut head = RequestHeader::build_no_case(self.method, b"/", size).map_err(Broken::Protocol)?;
        let uri =
            Uri::builder().scheme(self.scheme).authority(self.authority.as_bytes()).path_and_query(self.path);
        let cause = |e| pingora::Error::because(pingora::ErrorType::InvalidHTTPHeader, "building the URI", e);
        head.set_uri(uri.build().map_err(|e| Broken::Protocol(cause(e)))?);
        for (name, value) in self.fields {
            head.insert_header((*name).clone(), (*value).clone()).map_err(Broken::Protocol)?;
        }
        if !self.is_bodiless() {
            head.insert_header(http::header::CONTENT_LENGTH, self.body.len()).map_err(Broken::Protocol)?;
        }
        Ok(head)
    }

    fn is_bodiless(&self) -> bool {
        self.method == "GET" && self.body.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    fn with<T>(body: &'static str, see: impl Fn(&Request<'_>) -> T) -> T {
        let (authority, key) =
            (HeaderValue::from_static("api.test:8443"), HeaderValue::from_static("Bearer k"));
        let body = Bytes::from_static(body.as_bytes());
        see(&Request {
            method: if body.is_empty() { "GET" } else { "POST" },
            scheme: "https",
            authority: &authority,
            path: "/v1/x",
            fields: &[(&header::AUTHORIZATION, &key)],
            body: &body,
        })
    }

    #[test]
    fn a_head_is_the_same_in_both_versions() {
        let head = with("{}", |r| String::from_utf8(r.http1_head()).unwrap());
        assert_eq!(
            head,
            "POST /v1/x HTTP/1.1\r\nhost: api.test:8443\r\nauthorization: Bearer k\r\ncontent-length: 2\r\n\r\n"
        );
        let head = with("{}", |r| r.http2_head().unwrap());
        assert_eq!(head.uri.to_string(), "https://api.test:8443/v1/x");
        assert_eq!(
            (head.headers["authorization"].to_str().unwrap(), &head.headers["content-length"]),
            ("Bearer k", &HeaderValue::from_static("2"))
        );
    }

    #[test]
    fn a_get_announces_no_body() {
        assert!(!String::from_utf8(with("", |r| r.http1_head())).unwrap().contains("content-length"));
        assert!(!with("", |r| r.http2_head().unwrap()).headers.contains_key("content-length"));
    }
}
