//! The vendors' own SDKs against a running gateway: every program that uses them must work as it is.

// Helpers of tests stand outside of `#[test]`, where clippy's exception does not reach.
#![allow(clippy::expect_used)]

mod support;

use crate::support::installed;
use crate::support::path_with_venv;
use crate::support::simulated;
use std::process::Command;
use tokio::runtime::Runtime;
use tollgate::mock::Behaviour;

const KEY: &str = "sk-sdk-tests-0123456789abcdef0123456789abcdef";
const TIGHT_KEY: &str = "sk-sdk-tight-0123456789abcdef0123456789abcdef";
const BRISK_KEY: &str = "sk-sdk-brisk-0123456789abcdef0123456789abcdef";

// No cache: a repeated question must reach a provider. `broken` is found out by every request anew.
const CONFIG: &str = "
cache: { exact: { ttl: 0 } }
failover: { check_interval: off, unhealthy_after: 1000 }
providers:
  broken: { kind: openai_compatible, base_url: 'http://{broken}/v1' }
  away: { kind: openai_compatible, base_url: 'http://{broken}/v1' }
  steady: { kind: openai_compatible, base_url: 'http://{steady}/v1' }
  anthropic: { base_url: 'http://{steady}/v1', api_key: k-anthropic-0123 }
  gemini: { base_url: 'http://{steady}/v1beta', api_key: k-gemini-0123 }
models:
  chat: steady/small
  omni-moderation-latest: steady/moderation
groups:
  down: { members: [ broken/small ] }
  shaky: { strategy: priority, members: [ broken/small, steady/small ] }
  media: { strategy: priority, members: [ away/small, steady/small ] }
keys:
  - { name: sdk, key: '{key}' }
  - { name: tight, key: '{tight_key}', limits: { requests: 1/min } }
  - { name: brisk, key: '{brisk_key}', limits: { requests: 1/s } }
";

#[test]
fn the_python_sdks_work_as_they_are() {
    let python = installed(".venv/bin/python", "make test");
    let tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/sdk/python"];
    passes(Command::new(python).args(tests), &Stage::set());
}

#[test]
fn the_node_sdk_works_as_it_is() {
    installed("tests/sdk/node/node_modules/openai", "make test");
    passes(
        Command::new("node")
            .args(["--test"])
            .args(["openai", "media", "responses"].map(|name| format!("tests/sdk/node/{name}.test.js"))),
        &Stage::set(),
    );
}

/// A gateway before two simulated providers, one of which is down.
struct Stage {
    gateway: support::Gateway,
    _providers: Runtime,
}

impl Stage {
    fn set() -> Stage {
        let providers = Runtime::new().expect("a runtime");
        let broken = simulated(&providers, Behaviour { status: Some(503), ..Behaviour::default() });
        let steady = simulated(&providers, Behaviour { name: "steady".to_owned(), ..Behaviour::default() });
        let config = CONFIG
            .replace("{broken}", &broken.to_string())
            .replace("{steady}", &steady.to_string())
            .replace("{key}", KEY)
            .replace("{tight_key}", TIGHT_KEY)
            .replace("{brisk_key}", BRISK_KEY);
        Stage { gateway: support::Gateway::start(&config), _providers: providers }
    }
}

/// Runs a test program of one SDK; its words are ours if it fails.
fn passes(program: &mut Command, stage: &Stage) {
    let output = program
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", path_with_venv())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1")
        .env("TOLLGATE_URL", stage.gateway.url("/v1"))
        .env("TOLLGATE_KEY", KEY)
        .env("TOLLGATE_TIGHT_KEY", TIGHT_KEY)
        .env("TOLLGATE_BRISK_KEY", BRISK_KEY)
        .output()
        .expect("node could not be started; `make test` installs it");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{said}\n{complained}", output.status);
}
