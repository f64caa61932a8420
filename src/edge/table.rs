//! Which route a request takes: the most specific one that fits its host and path.

use crate::config::edge::HostPattern;
use crate::config::edge::PathPattern;
use crate::config::edge::Route;
use std::cmp::Reverse;

/// Routes in the order in which they are tried.
///
/// A named host goes before a pattern of hosts (the longest first), and that before any host. Among those a path
/// alone goes first, then patterns as they are written, then the longest prefix (as in nginx).
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    host: Option<HostPattern>,
    path: PathPattern,
    /// `None`: the AI API.
    route: Option<usize>,
}

/// Those who watch us ask here, whatever a route for all paths says; one that names the path or the host goes before.
const OURS: [&str; 4] = ["/health", "/health/liveliness", "/v1/health", "/ready"];

impl Table {
    pub fn new(routes: &[Route]) -> Table {
        let mut rows: Vec<Row> = routes.iter().enumerate().flat_map(rows).collect();
        if rows.is_empty() {
            return Table::default();
        }
        let ours = |path: &str| Row { host: None, path: PathPattern::Exact(path.to_owned()), route: None };
        rows.extend(OURS.into_iter().map(ours));
        // Stable: what is equally specific stays as it was written.
        rows.sort_by_key(|row| (host_rank(row.host.as_ref()), path_rank(&row.path)));
        Table { rows }
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The route's place in the configuration. `host` is in small letters and has no port; `path` is
    /// [plain](crate::edge::path::Path::plain).
    pub fn find(&self, host: &str, path: &str) -> Option<usize> {
        let fits = |row: &&Row| {
            row.host.as_ref().is_none_or(|pattern| is_host(pattern, host)) && is_path(&row.path, path)
        };
        self.rows.iter().find(fits).and_then(|row| row.route)
    }
}

fn rows((route, rule): (usize, &Route)) -> Vec<Row> {
    let row = |host| Row { host, path: rule.path.clone(), route: Some(route) };
    match rule.hosts.is_empty() {
        true => vec![row(None)],
        false => rule.hosts.iter().cloned().map(|host| row(Some(host))).collect(),
    }
}

fn host_rank(host: Option<&HostPattern>) -> (u8, Reverse<usize>) {
    match host {
        Some(HostPattern::Exact(_)) => (0, Reverse(0)),
        Some(HostPattern::Below(rest)) => (1, Reverse(rest.len())),
        None => (2, Reverse(0)),
    }
}

fn path_rank(path: &PathPattern) -> (u8, Reverse<usize>) {
    match path {
        PathPattern::Exact(_) => (0, Reverse(0)),
        PathPattern::Regex(_) => (1, Reverse(0)),
        PathPattern::Prefix(prefix) => (2, Reverse(prefix.len())),
    }
}

fn is_host(pattern: &HostPattern, host: &str) -> bool {
    match pattern {
        HostPattern::Exact(name) => name == host,
        HostPattern::Below(rest) => host.len() > rest.len() && host.ends_with(rest.as_str()),
    }
}

fn is_path(pattern: &PathPattern, path: &str) -> bool {
    match pattern {
        PathPattern::Exact(exact) => exact == path,
        PathPattern::Regex(regex) => regex.is_match(path),
        PathPattern::Prefix(prefix) => {
            path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
    }
}

/// A host as it is compared: in small letters, without port and the dot at its end.
pub fn plain_host(host: &str) -> String {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn table(rows: &[(Option<&str>, PathPattern)]) -> Table {
        let host = |host: &str| match host.strip_prefix('*') {
            Some(rest) => HostPattern::Below(rest.to_owned()),
            None => HostPattern::Exact(host.to_owned()),
        };
        let row = |(route, (name, path)): (usize, &(Option<&str>, PathPattern))| Row {
            host: name.map(host),
            path: path.clone(),
            route: Some(route),
        };
        let mut rows: Vec<Row> = rows.iter().enumerate().map(row).collect();
        rows.sort_by_key(|row| (host_rank(row.host.as_ref()), path_rank(&row.path)));
        Table { rows }
    }

    fn prefix(path: &str) -> PathPattern {
        PathPattern::Prefix(path.trim_end_matches('/').to_owned())
    }

    #[test]
    fn the_most_specific_route_is_taken() {
        let regex = |text: &str| PathPattern::Regex(Regex::new(text).unwrap());
        let table = table(&[
            (None, prefix("/")),
            (None, prefix("/a/")),
            (None, prefix("/a/b/")),
            (None, regex("^/a/[0-9]+$")),
            (None, PathPattern::Exact("/a/b".into())),
            (Some("*.test"), prefix("/a/")),
            (Some("*.x.test"), prefix("/")),
            (Some("y.x.test"), prefix("/deep/")),
        ]);
        for (host, path, route) in [
            ("h", "/", 0),
            ("h", "/ab", 0),
            ("h", "/a", 1),
            ("h", "/a/c", 1),
            ("h", "/a/b", 4),
            ("h", "/a/b/", 2),
            ("h", "/a/12", 3),
            ("h", "/a/12/", 1),
            ("w.test", "/a/12", 5),
            ("w.test", "/", 0),
            ("z.x.test", "/a/12", 6),
            ("y.x.test", "/deep/1", 7),
            ("y.x.test", "/", 6),
            (".test", "/a/", 1),
        ] {
            assert_eq!(table.find(host, path), Some(route), "{host}{path}");
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_fits() {
        assert_eq!(table(&[(Some("a.test"), prefix("/"))]).find("b.test", "/"), None);
        assert_eq!(table(&[(None, prefix("/storage/"))]).find("h", "/storagex"), None);
    }

    #[test]
    fn hosts_are_compared_by_their_names_alone() {
        for (written, name) in
            [("A.Test:4000", "a.test"), ("a.test.", "a.test"), ("[::1]:80", "::1"), ("x", "x")]
        {
            assert_eq!(plain_host(written), name);
        }
    }
}
