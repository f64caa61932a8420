//! Claude Code and Codex, each doing one errand with a tool through the gateway, with providers of several dialects.
//!
//! The simulated provider obeys a line `call NAME with {…}`; the programs run their own tools and report back.

// Helpers of tests stand outside of `#[test]`, where clippy's exception does not reach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod claude;
mod codex;
#[path = "../support/mod.rs"]
mod support;

use crate::support::Gateway;
use crate::support::KEY;
use crate::support::simulated;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tollgate::mock::Behaviour;

/// For one errand: some seconds where nothing else runs.
const DEADLINE: Duration = Duration::from_secs(120);

/// What only a program knows that has read the file.
const SECRET: &str = "the word is quetzal";

/// A provider's refusal must be seen, not covered by another try.
const CONFIG: &str = "
cache: { exact: { ttl: 0 } }
failover: { check_interval: off, retry_max: 0 }
providers:
  openai: { kind: openai_compatible, base_url: 'http://{at}/v1', api_key: k-openai-0123 }
  responses: { kind: openai, base_url: 'http://{at}/v1', api_key: k-responses-0123 }
  anthropic: { base_url: 'http://{at}/v1', api_key: k-anthropic-0123 }
  gemini: { base_url: 'http://{at}/v1beta', api_key: k-gemini-0123 }
keys: [ { name: app, key: '{key}' } ]
";

/// A gateway before a simulated provider, and a folder with a file to read.
struct Stage {
    gateway: Gateway,
    folder: TempDir,
    _provider: Runtime,
}

impl Stage {
    fn set() -> Stage {
        let provider = Runtime::new().unwrap();
        let at = simulated(&provider, Behaviour::default()).to_string();
        let gateway = Gateway::start(&CONFIG.replace("{at}", &at).replace("{key}", KEY));
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage { gateway, folder, _provider: provider };
        fs::create_dir(stage.work()).unwrap();
        fs::write(stage.note(), SECRET).unwrap();
        stage
    }

    /// Where the program works; its home is one above.
    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn note(&self) -> PathBuf {
        self.work().join("note.txt")
    }
}

/// The JSON lines of an output; others are words to a person.
fn lines(said: &str) -> Vec<Value> {
    said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
