//! Where a provider is: `https://host[:port][/path]`.

use crate::config::BaseUrl;
use crate::config::reader::Field;
use crate::provider::Preset;
use std::net::Ipv6Addr;

/// Reads a base URL. It is never shown: people paste URLs with passwords and keys in them.
pub fn read(field: &Field<'_>, preset: &Preset) -> Option<BaseUrl> {
    match parse(&field.text()?) {
        Ok(url) => Some(with_usual_path(url, preset)),
        Err(message) => {
            field.refuse(message);
            None
        }
    }
}

/// Where a vendor is in a region unless told otherwise; `None` where every user has their own.
pub fn of_preset(preset: &Preset, region: &str) -> Option<BaseUrl> {
    parse(&preset.base_url.replace(REGION, region)).ok()
}

/// The region that a vendor's own host names.
pub fn region<'u>(url: &'u BaseUrl, preset: &Preset) -> Option<&'u str> {
    let (before, after) = preset.base_url.split_once(REGION)?;
    let (_, before) = before.split_once("://")?;
    url.host.strip_prefix(before)?.strip_suffix(after).filter(|region| !region.contains('.'))
}

/// Where the name of a region stands in the base URL of a preset.
const REGION: &str = "{region}";

/// Takes a URL without a query apart.
pub fn parse(text: &str) -> Result<BaseUrl, &'static str> {
    let scheme = "must start with `http://` or `https://`";
    let (tls, rest) = match text.split_once("://").ok_or(scheme)? {
        ("https", rest) => (true, rest),
        ("http", rest) => (false, rest),
        _ => return Err(scheme),
    };
    if rest.contains(['?', '#']) {
        return Err("must end before the query (`?`) or fragment (`#`)");
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("must not hold a user name or password; keys go into `api_keys`");
    }
    if !path.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("must hold no spaces and only ASCII in its path");
    }
    let (host, port) = host_and_port(authority, if tls { 443 } else { 80 })?;
    Ok(BaseUrl { tls, host, port, path: path.trim_end_matches('/').to_owned() })
}

fn host_and_port(authority: &str, default: u16) -> Result<(String, u16), &'static str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("must close the `[` of its IPv6 address")?;
            host.parse::<Ipv6Addr>().map_err(|_| "must hold an IPv6 address between `[` and `]`")?;
            (host, port)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    if !authority.starts_with('[') && (host.is_empty() || !host.bytes().all(name)) {
        return Err("must name a host, such as `api.example.com` or `127.0.0.1`");
    }
    let port = match port {
        "" => default,
        port => port.strip_prefix(':').and_then(|p| p.parse().ok()).filter(|p| *p > 0).ok_or(PORT)?,
    };
    Ok((host.to_ascii_lowercase(), port))
}

const PORT: &str = "must end its host with a port from 1 to 65535, or with none";

/// People give the address of one door of a server where another is meant, or no door at all.
fn with_usual_path(mut url: BaseUrl, preset: &Preset) -> BaseUrl {
    if let Some(bare) = preset.other_paths.iter().find_map(|other| url.path.strip_suffix(other)) {
        url.path = bare.to_owned();
    }
    if url.path.is_empty() {
        preset.usual_path.clone_into(&mut url.path);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::presets::PRESETS;

    fn url(tls: bool, host: &str, port: u16, path: &str) -> Result<BaseUrl, &'static str> {
        Ok(BaseUrl { tls, host: host.to_owned(), port, path: path.to_owned() })
    }

    #[test]
    fn urls_are_taken_apart() {
        assert_eq!(parse("https://API.x.ai/v1/"), url(true, "api.x.ai", 443, "/v1"));
        assert_eq!(parse("http://127.0.0.1:8000"), url(false, "127.0.0.1", 8000, ""));
        assert_eq!(parse("http://[::1]:11434/v1"), url(false, "::1", 11434, "/v1"));
        assert_eq!(parse("https://[2001:db8::1]"), url(true, "2001:db8::1", 443, ""));
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for text in [
            "",
            "api.x.ai",
            "ftp://h",
            "http://",
            "http:///v1",
            "http://h:0",
            "http://h:99999",
            "http://h:",
            "http://::1",
            "http://[::1",
            "http://[x]",
            "http://a b/",
            "http://h/a b",
            "http://h/?key=1",
            "http://h#x",
            "http://me:pw@h",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_usual_door_of_a_server_is_found() {
        for (kind, path, found) in [
            ("ollama", "", ""),
            ("ollama", "/v1/", ""),
            ("ollama", "/proxy/api", "/proxy"),
            ("ollama", "/apis", "/apis"),
            ("vllm", "", "/v1"),
            ("vllm", "/api", "/api"),
            ("cohere", "", "/v2"),
            ("groq", "", ""),
        ] {
            let preset = crate::provider::presets::preset(kind).unwrap();
            let url = with_usual_path(parse(&format!("http://h{path}")).unwrap(), preset);
            assert_eq!(url.path, found, "{kind} {path}");
        }
    }

    #[test]
    fn every_preset_has_a_sound_address_or_none() {
        for preset in PRESETS {
            let url = of_preset(preset, preset.region);
            assert_eq!(url.is_none(), preset.base_url.is_empty(), "{}", preset.kind);
            let named = url.as_ref().and_then(|url| region(url, preset)).unwrap_or_default();
            assert_eq!(named, preset.region, "{}", preset.kind);
        }
    }
}
