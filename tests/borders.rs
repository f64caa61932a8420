//! The borders of the crate: which way imports point, and what must not be found where.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::path::PathBuf;

const MOST_LINES: usize = 300;

/// What a border keeps out of where.
struct Border {
    name: &'static str,
    /// Files or folders below `src`; `!` in front turns the list around.
    at: &'static [&'static str],
    banned: &'static [&'static str],
}

const PURE: &[&str] = &[
    "dialect/",
    "edge/address.rs",
    "edge/cluster/balance.rs",
    "edge/cluster/health.rs",
    "edge/cluster/ring.rs",
    "edge/path.rs",
    "edge/table.rs",
    "routing/",
    "state/bucket.rs",
    "state/window.rs",
    "state/counters.rs",
    "health/breaker.rs",
    "health/keys.rs",
    "money.rs",
];

const BORDERS: &[Border] = &[
    Border {
        name: "what decides does not wait, lock, log, read a clock, throw dice or touch the machine",
        at: PURE,
        banned: &[
            "tokio",
            "async ",
            ".await",
            "Instant::now",
            "SystemTime",
            "clock::now",
            "clock::since_epoch",
            "clock::moment",
            "std::fs",
            "std::io",
            "std::env",
            "std::thread",
            "tracing::",
            "Mutex",
            "RwLock",
            "rand::rng",
            "static mut",
        ],
    },
    Border {
        name: "the proxy is known only where requests pass",
        at: &["!", "gateway/", "edge/", "upstream/", "server/"],
        banned: &["pingora::", "pingora_core", "pingora_proxy::", "pingora_http"],
    },
    Border { name: "only the shared state speaks to Redis", at: &["!", "state/"], banned: &["redis::"] },
    Border { name: "addresses are counted in one place", at: &["!", "limits/"], banned: &["pingora_limits"] },
    Border {
        name: "the environment is read by commands and the configuration",
        at: &["!", "cli/", "config/"],
        banned: &["std::env", "env::var", "env::args"],
    },
    Border {
        name: "only commands speak to a terminal",
        at: &["!", "cli/"],
        banned: &["println!", "print!("],
    },
    Border { name: "only commands know their options", at: &["!", "cli/"], banned: &["clap::", "anyhow::"] },
    Border { name: "SQL only in the store", at: &["!", "store/"], banned: &["sqlx"] },
    Border { name: "only the configuration reads YAML", at: &["!", "config/"], banned: &["serde_saphyr"] },
    Border { name: "only metrics know their format", at: &["!", "telemetry/"], banned: &["prometheus::"] },
    Border {
        name: "axum serves only what is not the gateway",
        at: &["!", "admin/", "mock/"],
        banned: &["axum::"],
    },
    Border {
        // Prices come from a list that has names of its own, and some dialects are named after the one who speaks them.
        name: "a vendor's name stands in its preset",
        at: &["!", "provider/", "usage/pricing.rs", "dialect/mod.rs"],
        banned: &[
            "\"groq\"",
            "\"cerebras\"",
            "\"gemini\"",
            "\"openrouter\"",
            "\"huggingface\"",
            "\"zai\"",
            "\"novita\"",
            "\"inference\"",
            "\"mistral\"",
            "\"deepseek\"",
            "\"together\"",
            "\"fireworks\"",
            "\"xai\"",
            "\"ollama\"",
            "\"vllm\"",
        ],
    },
    Border {
        name: "nothing breaks off outside of tests",
        at: &["!"],
        banned: &[".unwrap()", ".expect(", "panic!", "todo!", "unimplemented!", "dbg!", "unsafe "],
    },
    Border { name: "one line a module", at: &["!"], banned: &["crate::{", "super::"] },
];

#[test]
fn imports_point_down_the_map() {
    let map = map();
    let rank = |module: &str| map.iter().position(|name| name == module);
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| file.module() != "lib" && file.module() != "main") {
        let own = rank(file.module()).unwrap_or_else(|| panic!("{} is not on the map", file.path));
        for (line, text) in file.code_with_docs() {
            for used in modules_used(text) {
                let below = rank(used).unwrap_or_else(|| panic!("{}:{line}: `{used}`?", file.path));
                if below < own {
                    wrong.push(format!("{}:{line}: {} uses {used}", file.path, file.module()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "these point up:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_is_on_the_map() {
    let mut declared: Vec<String> = fs::read_to_string(root().join("lib.rs"))
        .unwrap()
        .lines()
        .filter_map(|line| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned()))
        .collect();
    let mut map = map();
    map.sort();
    declared.sort();
    assert_eq!(map, declared);
}

#[test]
fn nothing_is_where_it_must_not_be() {
    let sources = sources();
    let mut found = Vec::new();
    for border in BORDERS {
        for file in sources.iter().filter(|file| border.holds_in(&file.path)) {
            for (line, text) in file.code() {
                let banned = border.banned.iter().filter(|banned| text.contains(**banned));
                found.extend(
                    banned.map(|what| format!("{}:{line}: `{what}`, but {}", file.path, border.name)),
                );
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_border_is_about_something_that_exists() {
    let sources = sources();
    for place in BORDERS.iter().flat_map(|border| border.at).filter(|place| !["!", "edge/"].contains(place)) {
        assert!(sources.iter().any(|file| file.path.starts_with(place)), "there is no {place}");
    }
}

#[test]
fn a_file_is_one_idea_and_says_which() {
    for file in sources() {
        assert!(file.text.starts_with("//! "), "{} does not say what it is", file.path);
        let lines = file.lines_without_tests();
        assert!(lines <= MOST_LINES, "{} has {lines} lines; {MOST_LINES} are the limit", file.path);
    }
}

impl Border {
    fn holds_in(&self, path: &str) -> bool {
        let listed = self.at.iter().any(|place| path.starts_with(place));
        listed != (self.at.first() == Some(&"!"))
    }
}

struct Source {
    /// Below `src`.
    path: String,
    text: String,
}

impl Source {
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/")
    }

    fn lines_without_tests(&self) -> usize {
        if self.is_test() { 0 } else { self.body().lines().count() }
    }

    /// What comes before a test module.
    fn body(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    /// Numbered lines outside of tests.
    fn code_with_docs(&self) -> impl Iterator<Item = (usize, &str)> {
        let body = if self.is_test() { "" } else { self.body() };
        body.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The same without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code_with_docs().map(|(number, line)| (number, line.split("//").next().unwrap_or_default()))
    }
}

fn sources() -> Vec<Source> {
    let (mut folders, mut sources) = (vec![root()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                sources.push(Source { path: below, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    assert!(sources.len() > 100, "only {} files were found", sources.len());
    sources
}

/// The modules in the order of the list in `lib.rs`, the doors first.
fn map() -> Vec<String> {
    let text = fs::read_to_string(root().join("lib.rs")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! - "));
    let named = rows.flat_map(|row| row.split(" — ").next().unwrap_or_default().split(", "));
    named.map(|name| name.trim_matches(['[', ']', '`']).to_owned()).collect()
}

/// Every `crate::<module>` of a line.
fn modules_used(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).filter_map(|rest| {
        let end = rest.find(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_')?;
        Some(&rest[..end]).filter(|module| !module.is_empty())
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}
