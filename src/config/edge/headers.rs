//! What a route changes: headers, the host, the path.

use crate::config::edge::pattern;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::shapes::Shape;
use http::HeaderName;
use http::HeaderValue;
use regex::Regex;

/// Headers that are set (one of that name goes) or removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderChanges {
    pub set: Vec<(HeaderName, HeaderValue)>,
    pub remove: Vec<HeaderName>,
}

/// The host that servers are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamHost {
    /// What the client said.
    Keep,
    /// The server's own name.
    Server,
    Value(HeaderValue),
}

/// The part of the path that is matched is replaced.
#[derive(Clone, Debug)]
pub struct Rewrite {
    pub regex: Regex,
    /// `$1` is the first group.
    pub to: String,
}

/// Belongs to the connection, or says where the message ends (RFC 9110 §7.6.1): not for anybody to set.
const OURS: &[&str] =
    &["connection", "transfer-encoding", "content-length", "upgrade", "te", "trailer", "keep-alive", "host"];

/// `{ set: {…}, remove: […] }`
pub fn changes(section: &Section<'_>, name: &'static str, shape: &'static Shape) -> HeaderChanges {
    let section = section.section(name, shape);
    let set = section.entries("set").into_iter();
    HeaderChanges {
        set: set.filter_map(|(name, field)| Some((named(name, &field)?, field.read(value)?))).collect(),
        remove: section.items("remove").iter().filter_map(|item| item.read(header)).collect(),
    }
}

pub fn upstream_host(section: &Section<'_>) -> UpstreamHost {
    let read = |text: &str| match text {
        "keep" => Ok(UpstreamHost::Keep),
        "server" => Ok(UpstreamHost::Server),
        _ => value(text).map(UpstreamHost::Value),
    };
    section.optional("upstream_host", read).unwrap_or(UpstreamHost::Keep)
}

pub fn rewrite(section: &Section<'_>) -> Option<Rewrite> {
    let section = section.field("rewrite")?.section(&shapes::REWRITE);
    let regex = section.required("regex").and_then(|field| field.read(pattern::pattern));
    let to = section.required("to").and_then(|field| field.text());
    Some(Rewrite { regex: regex?, to: to? })
}

/// A name of a header.
pub fn header(text: &str) -> Result<HeaderName, String> {
    text.parse().map_err(|_| "must be the name of a header".to_owned())
}

fn named(name: &str, field: &Field<'_>) -> Option<HeaderName> {
    let read = header(name).inspect_err(|must| field.refuse(must.as_str())).ok()?;
    if OURS.contains(&read.as_str()) {
        field.refuse("cannot be set: it belongs to the connection (for `host` see `upstream_host`)");
        return None;
    }
    Some(read)
}

fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "must be a value that can travel in a header".to_owned())
}
