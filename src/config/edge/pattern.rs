//! What a route fits: hosts and paths.

use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::units;
use regex::Regex;
use std::fmt;

/// In small letters, without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    Exact(String),
    /// What stands behind the `*`: `.example.com`.
    Below(String),
}

#[derive(Clone, Debug)]
pub enum PathPattern {
    /// Ends where a segment does; without a slash at its end, so that the empty one fits everything.
    Prefix(String),
    Exact(String),
    Regex(Regex),
}

impl PathPattern {
    /// As it is written in a file.
    pub fn text(&self) -> &str {
        match self {
            PathPattern::Prefix(prefix) if prefix.is_empty() => "/",
            PathPattern::Prefix(path) | PathPattern::Exact(path) => path,
            PathPattern::Regex(regex) => regex.as_str(),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostPattern::Exact(host) => f.write_str(host),
            HostPattern::Below(rest) => write!(f, "*{rest}"),
        }
    }
}

/// `path`, `exact` or `regex`; `/` where none is written.
pub fn path(section: &Section<'_>) -> Option<PathPattern> {
    let (prefix, exact, regex) = (section.field("path"), section.field("exact"), section.field("regex"));
    for (one, other) in [(&prefix, &exact), (&prefix, &regex), (&exact, &regex)] {
        if let (Some(_), Some(second)) = (one, other) {
            second.refuse("cannot stand beside another path");
        }
    }
    match (prefix, exact, regex) {
        (Some(field), _, _) => {
            field.read(absolute).map(|path| PathPattern::Prefix(path.trim_end_matches('/').to_owned()))
        }
        (None, Some(field), _) => field.read(absolute).map(PathPattern::Exact),
        (None, None, Some(field)) => field.read(pattern).map(PathPattern::Regex),
        (None, None, None) => Some(PathPattern::Prefix(String::new())),
    }
}

/// One host or a list of them.
pub fn hosts(section: &Section<'_>) -> Vec<HostPattern> {
    let Some(field) = section.field("host") else { return Vec::new() };
    let fields: Vec<Field<'_>> = if field.is_scalar() { vec![field] } else { field.items() };
    fields.into_iter().filter_map(|field| field.read(host)).collect()
}

/// A path that begins with a slash and holds nothing that a matched path never has.
pub fn absolute(text: &str) -> Result<String, String> {
    let plain = !text.contains(['?', '#', '%', '\\']) && !text.contains(char::is_whitespace);
    let clean = !text.contains("//") && !text.split('/').any(|segment| segment == "." || segment == "..");
    match text.starts_with('/') && plain && clean {
        true => Ok(text.to_owned()),
        false => {
            Err("must be a path that begins with `/`, without `?`, `#`, `%`, `//` and dot segments"
                .to_owned())
        }
    }
}

/// A pattern of the regex crate, which takes time in proportion to what it reads.
pub fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|cause| {
        let last = cause.to_string().lines().last().unwrap_or_default().trim().to_owned();
        format!("must be a regular expression ({last})")
    })
}

fn host(text: &str) -> Result<HostPattern, String> {
    let host = text.to_ascii_lowercase();
    let (name, below) = match host.strip_prefix('*') {
        Some(rest) => (rest, true),
        None => (host.as_str(), false),
    };
    let sound = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c));
    match (sound, below) {
        (true, false) => Ok(HostPattern::Exact(name.to_owned())),
        (true, true) if name.starts_with('.') && name.len() > 1 => Ok(HostPattern::Below(name.to_owned())),
        (_, _) => {
            Err(format!("must be a host such as {}", units::either(["a.test", "*.a.test"].into_iter())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_all_below_one() {
        assert_eq!(host("A.test"), Ok(HostPattern::Exact("a.test".into())));
        assert_eq!(host("*.a.test"), Ok(HostPattern::Below(".a.test".into())));
        for text in ["", "*", "*.", "a.*", "*a.test", "a test", "http://a"] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_are_written_as_they_are_matched() {
        assert_eq!(absolute("/a/b").as_deref(), Ok("/a/b"));
        for text in ["", "a", "/a?b", "/a#b", "/%61", "/a//b", "/a/../b", "/./a", "/a b", "/a\\b"] {
            assert!(absolute(text).is_err(), "{text}");
        }
        assert!(pattern("(").unwrap_err().starts_with("must be a regular expression ("));
    }
}
