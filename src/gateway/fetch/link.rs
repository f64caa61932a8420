//! A URL that a file is fetched from, and where it leads on to.

use crate::config::BaseUrl;
use std::net::Ipv6Addr;

/// An `http` or `https` URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Without a path.
    pub origin: BaseUrl,
    /// With its query; nothing in it but visible ASCII signs.
    pub path: String,
}

/// A URL that cannot be fetched from, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    #[error("the URL must start with `http://` or `https://`")]
    Scheme,
    #[error("the URL must not hold a user name or a password")]
    User,
    #[error("the URL names no host that could be asked")]
    Host,
    #[error("the URL holds signs that no URL may")]
    Signs,
}

/// Whether `url` is of the kind that is fetched at all.
pub fn is_web(url: &str) -> bool {
    scheme(url).is_some()
}

/// Whether a URL is one of TLS, and what follows its `://`.
fn scheme(url: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let is = |known: &str| scheme.eq_ignore_ascii_case(known);
    (is("http") || is("https")).then(|| (is("https"), rest))
}

impl Link {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// [`BadLink`] says what it must not hold.
    pub fn parse(url: &str) -> Result<Link, BadLink> {
        let (tls, rest) = scheme(url.trim()).ok_or(BadLink::Scheme)?;
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = host_and_port(authority, if tls { 443 } else { 80 })?;
        Ok(Link { origin: BaseUrl { tls, host, port, path: String::new() }, path: visible(path)? })
    }

    /// Where a `Location` leads from here (RFC 3986 §5.2).
    ///
    /// # Errors
    /// [`BadLink`] as for any other URL.
    pub fn follow(&self, location: &str) -> Result<Link, BadLink> {
        let location = location.trim();
        if has_scheme(location) {
            return Link::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Link::parse(&format!("{}://{rest}", if self.origin.tls { "https" } else { "http" }));
        }
        let before_query = self.path.split('?').next().unwrap_or_default();
        let path = match location.as_bytes().first() {
            None | Some(b'#') => self.path.clone(),
            Some(b'/') => location.to_owned(),
            Some(b'?') => format!("{before_query}{location}"),
            Some(_) => {
                let folder = before_query.rfind('/').map_or("/", |at| &before_query[..=at]);
                format!("{folder}{location}")
            }
        };
        Ok(Link { origin: self.origin.clone(), path: without_dots(&visible(&path)?) })
    }
}

fn has_scheme(location: &str) -> bool {
    location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|sign: char| sign.is_ascii_alphabetic())
            && scheme.chars().all(|sign| sign.is_ascii_alphanumeric() || "+-.".contains(sign))
    })
}

fn host_and_port(authority: &str, default: u16) -> Result<(String, u16), BadLink> {
    if authority.contains('@') {
        return Err(BadLink::User);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(BadLink::Host)?;
            host.parse::<Ipv6Addr>().map_err(|_| BadLink::Host)?;
            (host, port)
        }
        None => {
            let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            let fits = |sign: char| sign.is_ascii_alphanumeric() || "-._".contains(sign);
            (!host.is_empty() && host.chars().all(fits)).then_some((host, port)).ok_or(BadLink::Host)?
        }
    };
    let port = match port {
        "" | ":" => default,
        port => port.strip_prefix(':').and_then(|port| port.parse().ok()).ok_or(BadLink::Host)?,
    };
    (port > 0).then(|| (host.to_ascii_lowercase(), port)).ok_or(BadLink::Host)
}

/// A path with its query and without its fragment, in visible ASCII signs.
fn visible(path: &str) -> Result<String, BadLink> {
    let path = path.split('#').next().unwrap_or_default();
    let mut out = String::with_capacity(path.len() + 1);
    if !path.starts_with('/') {
        out.push('/');
    }
    for byte in path.bytes() {
        match byte {
            b'!'..=b'~' => out.push(char::from(byte)),
            b' ' | 0x80.. => out.push_str(&format!("%{byte:02X}")),
            _ => return Err(BadLink::Signs),
        }
    }
    Ok(out)
}

/// A path without `.` and `..` (RFC 3986 §5.2.4).
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match *segment {
            ".." => drop(kept.pop()),
            "." => {}
            name => {
                kept.push(name);
                continue;
            }
        }
        // A folder stays a folder.
        kept.extend(is_last.then_some(""));
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(link: Result<Link, BadLink>) -> Result<String, BadLink> {
        link.map(|link| {
            let BaseUrl { tls, host, port, .. } = link.origin;
            format!("{} {host} {port} {}", if tls { "https" } else { "http" }, link.path)
        })
    }

    #[test]
    fn urls_are_taken_apart() {
        for (url, expected) in [
            ("https://A.Test/b.png?x=1&y=%20#part", "https a.test 443 /b.png?x=1&y=%20"),
            ("http://a.test:8080", "http a.test 8080 /"),
            ("HTTP://a.test?q", "http a.test 80 /?q"),
            ("http://[2001:db8::1]:9/x y/ü", "http 2001:db8::1 9 /x%20y/%C3%BC"),
            ("http://a.test:/", "http a.test 80 /"),
            ("http://2130706433/", "http 2130706433 80 /"),
        ] {
            assert_eq!(written(Link::parse(url)).as_deref(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for (url, why) in [
            ("ftp://a.test/", BadLink::Scheme),
            ("file:///etc/passwd", BadLink::Scheme),
            ("//a.test/", BadLink::Scheme),
            ("http://me:pw@a.test/", BadLink::User),
            ("http://a.test@127.0.0.1/", BadLink::User),
            ("http://", BadLink::Host),
            ("http:///x", BadLink::Host),
            ("http://a.test:0/", BadLink::Host),
            ("http://a.test:99999/", BadLink::Host),
            ("http://[::1/", BadLink::Host),
            ("http://[1.2.3.4]/", BadLink::Host),
            ("http://::1/", BadLink::Host),
            ("http://a b/", BadLink::Host),
            ("http://ü.test/", BadLink::Host),
            ("http://a.test%2f/", BadLink::Host),
            ("http://a.test/x\r\nHost: b", BadLink::Signs),
            ("http://a.test/x\ty", BadLink::Signs),
        ] {
            assert_eq!(Link::parse(url), Err(why), "{url}");
        }
        // Everything behind the backslash is path: no host can hide in it.
        assert_eq!(
            written(Link::parse("http://a.test\\@127.0.0.1/")).as_deref(),
            Ok("http a.test 80 /\\@127.0.0.1/")
        );
    }

    #[test]
    fn a_location_leads_on_from_where_it_stands() {
        let here = Link::parse("https://a.test:8443/one/two.png?q=1").unwrap();
        for (location, expected) in [
            ("http://b.test/x", "http b.test 80 /x"),
            ("//b.test/x", "https b.test 443 /x"),
            ("/x?y", "https a.test 8443 /x?y"),
            ("three.png", "https a.test 8443 /one/three.png"),
            ("../x/./y", "https a.test 8443 /x/y"),
            ("../../../x", "https a.test 8443 /x"),
            (".", "https a.test 8443 /one/"),
            ("..", "https a.test 8443 /"),
            ("?r=2", "https a.test 8443 /one/two.png?r=2"),
            ("#part", "https a.test 8443 /one/two.png?q=1"),
            ("", "https a.test 8443 /one/two.png?q=1"),
        ] {
            assert_eq!(written(here.follow(location)).as_deref(), Ok(expected), "{location}");
        }
        assert_eq!(here.follow("file:///etc/passwd"), Err(BadLink::Scheme));
        assert_eq!(here.follow("javascript:x"), Err(BadLink::Scheme));
        assert_eq!(here.follow("//me@b.test/"), Err(BadLink::User));
    }

    #[test]
    fn only_web_urls_are_fetched() {
        assert!(is_web("https://a.test") && is_web("HTTP://a.test"));
        assert!(!is_web("gs://bucket/x") && !is_web("data:image/png;base64,AA") && !is_web("a.test/x.png"));
    }
}
