//! What pages of other sites may do (Fetch standard, CORS): preflights and the headers of answers.

use crate::config::edge::Cors;
use crate::config::edge::Origins;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::header;
use pingora::http::RequestHeader;

/// Headers of an answer.
pub type Fields = Vec<(HeaderName, HeaderValue)>;

/// What only we say on a route that has `cors`: two answers to one question are none to a browser.
pub const OURS: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// Whether a browser asks if it may ask. Any other `OPTIONS` is for the server.
pub fn is_preflight(head: &RequestHeader) -> bool {
    let headers = &head.headers;
    head.method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// What every answer of the route tells. Who must not read it is told nothing, and a cache that it depends on who asks.
pub fn fields(cors: &Cors, headers: &HeaderMap) -> Fields {
    let mut fields = Fields::new();
    let allowed = match &cors.origins {
        Origins::Any => Some(HeaderValue::from_static("*")),
        Origins::These(origins) => {
            fields.push((header::VARY, HeaderValue::from_static("Origin")));
            headers.get(header::ORIGIN).filter(|origin| origins.contains(origin)).cloned()
        }
    };
    let Some(origin) = allowed else { return fields };
    fields.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin));
    if cors.credentials {
        fields.push((header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")));
    }
    fields.extend(listed(&cors.expose).map(|names| (header::ACCESS_CONTROL_EXPOSE_HEADERS, names)));
    fields
}

/// What the answer to a preflight tells besides: `fields` are those of every answer.
pub fn permissions(cors: &Cors, headers: &HeaderMap, fields: &Fields) -> Fields {
    if !fields.iter().any(|(name, _)| name == header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        return Fields::new();
    }
    let allowed = match cors.headers.is_empty() {
        true => headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
        false => listed(&cors.headers),
    };
    let age = HeaderValue::from(cors.max_age.as_secs());
    let permissions = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, listed(&cors.methods)),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, allowed),
        (header::ACCESS_CONTROL_MAX_AGE, Some(age)),
    ];
    permissions.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn listed(names: &[impl AsRef<str>]) -> Option<HeaderValue> {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    if names.is_empty() { None } else { HeaderValue::from_str(&names.join(", ")).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn cors(origins: &[&'static str], credentials: bool) -> Cors {
        Cors {
            origins: match origins {
                ["*"] => Origins::Any,
                origins => {
                    Origins::These(origins.iter().map(|name| HeaderValue::from_static(name)).collect())
                }
            },
            methods: vec![Method::GET, Method::PUT],
            headers: Vec::new(),
            expose: vec![HeaderName::from_static("x-a")],
            credentials,
            max_age: Duration::from_secs(60),
        }
    }

    fn from(origin: &'static str) -> HeaderMap {
        [(header::ORIGIN, HeaderValue::from_static(origin))].into_iter().collect()
    }

    fn shown(fields: &Fields) -> String {
        let line = |(name, value): &(HeaderName, HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
        fields.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn an_origin_is_compared_exactly() {
        let cors = cors(&["https://a.test", "https://b.test:8443"], true);
        let told = "vary: Origin\naccess-control-allow-origin: https://a.test\n\
                    access-control-allow-credentials: true\naccess-control-expose-headers: x-a";
        assert_eq!(shown(&fields(&cors, &from("https://a.test"))), told);
        let strangers = [
            "http://a.test",
            "https://a.test:8443",
            "https://a.test.evil.test",
            "https://sub.a.test",
            "https://a.testing",
            "https://A.test",
            "https://b.test",
            "null",
            "",
        ];
        for stranger in strangers {
            assert_eq!(shown(&fields(&cors, &from(stranger))), "vary: Origin", "`{stranger}`");
        }
        assert_eq!(shown(&fields(&cors, &HeaderMap::new())), "vary: Origin");
    }

    #[test]
    fn nobody_is_a_stranger_to_a_star() {
        let any = fields(&cors(&["*"], false), &from("https://a.test"));
        assert_eq!(shown(&any), "access-control-allow-origin: *\naccess-control-expose-headers: x-a");
    }

    #[test]
    fn a_null_origin_must_be_listed() {
        let told = shown(&fields(&cors(&["null"], false), &from("null")));
        assert!(told.contains("access-control-allow-origin: null"), "{told}");
    }

    #[test]
    fn a_preflight_is_told_methods_and_the_headers_it_asked_for() {
        let mut cors = cors(&["https://a.test"], false);
        let asked = HeaderValue::from_static("x-one,x-two");
        let told = |cors: &Cors, origin| {
            let mut headers = from(origin);
            headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, asked.clone());
            shown(&permissions(cors, &headers, &fields(cors, &headers)))
        };
        let expected = |headers| {
            format!(
                "access-control-allow-methods: GET, PUT\naccess-control-allow-headers: {headers}\n\
                 access-control-max-age: 60"
            )
        };
        assert_eq!(told(&cors, "https://a.test"), expected("x-one,x-two"));
        cors.headers = vec![header::CONTENT_TYPE, HeaderName::from_static("x-b")];
        assert_eq!(told(&cors, "https://a.test"), expected("content-type, x-b"));
        assert_eq!(told(&cors, "https://b.test"), "");
    }
}
