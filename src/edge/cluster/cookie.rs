//! Cookies of a request.

use http::HeaderMap;
use http::header;

/// The value of a cookie; the first, where there are several. HTTP/2 may spread cookies over many headers.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_in_any_line() {
        let mut headers = HeaderMap::new();
        for line in ["a=1; XID=no", "b=\"two\"; ID=x=y", "ID=second"] {
            headers.append(header::COOKIE, line.parse().unwrap());
        }
        let found = ["a", "b", "ID", "XID", "id"].map(|name| value(&headers, name));
        assert_eq!(found, [Some("1"), Some("two"), Some("x=y"), Some("no"), None]);
    }
}
