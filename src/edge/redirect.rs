//! Where a redirect leads.

use crate::config::edge::PathPattern;
use crate::edge::passage::Passage;
use crate::edge::path::escaped;

/// Fills in `{host}`, `{path}`, `{uri}`, `{query}` and `{1}` to `{9}`, the groups of the route's pattern.
///
/// Values are put in as the client wrote them, and it cannot write line breaks: the HTTP parser refuses them.
pub fn location(template: &str, passage: &Passage) -> String {
    let query = passage.query.as_deref().unwrap_or_default();
    // Two slashes in front would name another host (RFC 3986 §4.2).
    let path = format!("/{}", passage.raw.trim_start_matches(['/', '\\']));
    let uri = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
    let groups = match &passage.rule.route.path {
        PathPattern::Regex(regex) => regex.captures(&passage.plain),
        PathPattern::Prefix(_) | PathPattern::Exact(_) => None,
    };
    let mut out = String::with_capacity(template.len() + uri.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        match name {
            "host" => out.push_str(&passage.authority),
            "path" => out.push_str(&path),
            "uri" => out.push_str(&uri),
            "query" => out.push_str(query),
            number => {
                let group = number.parse::<usize>().ok().and_then(|at| groups.as_ref()?.get(at));
                out.push_str(&group.map(|group| escaped(group.as_str())).unwrap_or_default());
            }
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}
