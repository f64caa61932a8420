//! The image and the unit: versions, users, and how long they wait.

use crate::documents;
use crate::farewell;
use crate::number;
use crate::said;
use crate::seconds;
use crate::text;
use crate::yaml;
use clap::CommandFactory;
use tollgate::cli::Args;
use tollgate::config;
use tollgate::config::Environment;

const DOCKERFILE: &str = "docker/Dockerfile";

/// What stands behind the first line that begins so.
fn after<'a>(text: &'a str, start: &str) -> &'a str {
    let found = text.lines().find_map(|line| line.trim().strip_prefix(start));
    found.unwrap_or_else(|| panic!("there is no `{start}`"))
}

fn version(text: &str) -> Vec<u32> {
    let parts = text.trim().trim_matches('"').split('.');
    parts.map(|part| part.parse().unwrap_or_else(|_| panic!("`{text}` is no version"))).collect()
}

#[test]
fn the_image_is_built_with_the_tested_rust() {
    let dockerfile = text(DOCKERFILE);
    let built = version(after(&dockerfile, "ARG RUST="));
    assert_eq!(built, version(after(&text(".github/workflows/ci.yml"), "RUST:")));
    let least = version(after(&text("Cargo.toml"), "rust-version = "));
    assert!(built >= least, "{built:?} is older than {least:?}");
}

#[test]
fn every_base_is_pinned() {
    let dockerfile = text(DOCKERFILE);
    let bases: Vec<&str> = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    assert_eq!(bases, ["rust:${RUST}-bookworm AS build", "debian:${DEBIAN}-slim"]);
    assert!(version(after(&dockerfile, "ARG DEBIAN=")).starts_with(&[12]), "bookworm is Debian 12");
}

#[test]
fn a_stub_stands_in_for_every_program_of_the_manifest() {
    let (dockerfile, manifest) = (text(DOCKERFILE), text("Cargo.toml"));
    let programs: Vec<&str> =
        manifest.lines().filter_map(|line| line.strip_prefix("path = \"")?.strip_suffix('"')).collect();
    assert!(!programs.is_empty());
    for program in programs {
        assert!(dockerfile.contains(program), "the image cannot be built without {program}");
    }
}

#[test]
fn what_the_image_copies_is_let_in() {
    let (dockerfile, ignored) = (text(DOCKERFILE), text(".dockerignore"));
    let copied = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY "));
    let files = copied.filter(|line| !line.starts_with("--")).flat_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        words[..words.len() - 1].to_vec()
    });
    for file in files {
        assert!(ignored.lines().any(|line| line == format!("!{file}")), "{file} does not go to the build");
    }
}

#[test]
fn nobody_runs_it_as_root() {
    let user = after(&text(DOCKERFILE), "USER ").to_owned();
    assert_eq!(user, "10001:10001");
    let deployment = &documents("docker/kubernetes/base/deployment.yaml")[0];
    let pod = "/spec/template/spec/securityContext";
    for id in ["runAsUser", "runAsGroup", "fsGroup"] {
        assert_eq!(number(deployment, &format!("{pod}/{id}")), 10001, "{id}");
    }
    let compose = yaml("docker/compose.yaml");
    assert!(said(&compose, "/services/folders/command/0").contains(&format!("give {user} tollgate")));
}

#[test]
fn the_image_ends_by_draining() {
    assert_eq!(after(&text(DOCKERFILE), "STOPSIGNAL "), "SIGTERM");
}

#[test]
fn systemd_waits_for_the_last_stream() {
    let unit = text("conf/tollgate.service");
    let defaults =
        config::load(None, &Environment::default()).unwrap_or_else(|_| panic!("no defaults")).config;
    assert!(seconds(after(&unit, "TimeoutStopSec=")) > farewell(&defaults));
    // What is left of an upgrade drains as well, and is not killed when the one that serves has ended.
    assert_eq!(after(&unit, "KillMode="), "control-group");
}

#[test]
fn systemd_follows_the_process_that_takes_over() {
    let unit = text("conf/tollgate.service");
    assert_eq!(after(&unit, "ExecReload="), "/usr/local/bin/tollgate upgrade --if-new");
    assert_eq!((after(&unit, "Type="), after(&unit, "NotifyAccess=")), ("notify", "all"));
}

#[test]
fn the_command_that_asks_for_health_is_there() {
    assert!(
        text(DOCKERFILE).contains(r#"CMD ["tollgate", "health", "http://127.0.0.1:4000/health/liveliness"]"#)
    );
    let known = Args::command();
    assert!(known.get_subcommands().any(|command| command.get_name() == "health"));
}
