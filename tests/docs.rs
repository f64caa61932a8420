//! What the documents say is there: every setting, variable, endpoint, header, metric, module and dependency.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use clap::CommandFactory;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tollgate::admin::routes::BASE;
use tollgate::admin::routes::ROUTES;
use tollgate::cli::Args;
use tollgate::config;
use tollgate::config::Environment;
use tollgate::config::Source;
use tollgate::config::shapes::SHAPES;
use tollgate::dialect::operation::Operation;
use tollgate::provider::presets::PRESETS;

const README: &str = include_str!("../README.md");
const ARCHITECTURE: &str = include_str!("../ARCHITECTURE.md");

fn root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn source(path: &str) -> String {
    fs::read_to_string(root(path)).unwrap()
}

/// What stands between quotes in the code of a file, if it begins so.
fn quoted(text: &str, prefix: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.split('"').skip(1).step_by(2).filter(|word| word.starts_with(prefix)).map(str::to_owned).collect()
}

fn told(words: impl IntoIterator<Item = String>) {
    let missing: Vec<String> = words.into_iter().filter(|word| !README.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "the README does not tell of {missing:?}");
}

#[test]
fn every_setting_is_in_the_readme() {
    let is_section = |path: &str| {
        SHAPES.iter().any(|shape| shape.path.trim_end_matches(".*").trim_end_matches("[]") == path)
    };
    let full = |path: &str, name: &str| format!("{path}.{name}").trim_start_matches('.').to_owned();
    let settings = SHAPES.iter().flat_map(|shape| shape.known.iter().map(|name| full(shape.path, name)));
    let leaves = settings.filter(|setting| !is_section(setting));
    let written =
        leaves.map(|setting| setting.replace('*', "<name>")).map(|setting| match setting.as_str() {
            // Written as one row.
            "providers.<name>.fallback_models.large" => "`.large`".to_owned(),
            "providers.<name>.fallback_models.reasoning" => "`.reasoning`".to_owned(),
            "providers.<name>.fallback_models.embedding" => "`.embedding`".to_owned(),
            "models" => "`models.<alias>`".to_owned(),
            "groups.<name>.members" => "`groups.<name>.members[].model`".to_owned(),
            _ => format!("`{setting}`"),
        });
    told(written);
}

#[test]
fn every_variable_is_in_the_readme() {
    told(config::VARIABLES.iter().map(|name| format!("| `{name}` |")));
}

#[test]
fn every_kind_and_the_names_of_its_keys_are_in_the_readme() {
    for preset in PRESETS {
        let row = README.lines().find(|line| line.starts_with(&format!("| `{}`", preset.kind)));
        let row = row.unwrap_or_else(|| panic!("`{}` is not in the README", preset.kind));
        let keys = preset.key_env.iter().filter(|_| preset.needs_key);
        let names = preset.also.iter().chain(keys);
        for name in names {
            assert!(row.contains(&format!("`{name}`")), "`{name}` is not in {row}");
        }
        assert!(row.ends_with(&format!("| {} |", preset.tier)), "{row}");
    }
}

#[test]
fn who_serves_what_is_in_the_readme() {
    for operation in Operation::ALL.into_iter().filter(|operation| operation.is_passed_on()) {
        let path = operation.path();
        let row = README.lines().find(|line| line.starts_with(&format!("| `{path}` |")));
        let row = row.unwrap_or_else(|| panic!("`{path}` has no row in the README"));
        for preset in PRESETS.iter().filter(|preset| preset.kind != "openai_compatible") {
            let told = row.contains(&format!("`{}`", preset.kind));
            assert_eq!(told, preset.path(operation).is_some(), "`{}` and {row}", preset.kind);
        }
    }
}

#[test]
fn every_path_is_in_the_readme() {
    let paths = quoted(&source("src/gateway/operation.rs"), "/");
    assert!(paths.contains("/chat/completions") && paths.len() > 6, "{paths:?}");
    let (v1, others): (Vec<_>, Vec<_>) = paths
        .into_iter()
        .filter(|path| path != "/v1")
        .partition(|path| !path.contains("health") && path != "/ready");
    let full = |path: String| match path.starts_with("/v2/") {
        true => path,
        false => format!("/v1{}", path.trim_end_matches('/')),
    };
    told(v1.into_iter().map(full));
    told(others.into_iter().map(|path| format!("`GET {path}`")));
    told(quoted(&source("src/admin/mod.rs"), "/"));
}

#[test]
fn every_operation_of_the_admin_api_is_in_the_readme_with_its_role() {
    for route in ROUTES {
        let row = format!("| `{} {BASE}{}` | ", route.method, route.path);
        let row =
            README.lines().find(|line| line.starts_with(&row)).unwrap_or_else(|| panic!("{row} is missing"));
        assert!(row.ends_with(&format!("| {} |", route.role.word())), "{row}");
    }
    let rows = README.lines().filter(|line| line.contains(" /admin/v1/") && line.starts_with("| `")).count();
    assert_eq!(rows, ROUTES.len(), "the README tells of an operation that is not there");
}

#[test]
fn every_command_about_rows_is_in_the_readme() {
    let program = Args::command();
    let actions = program.get_subcommands().filter(|command| command.has_subcommands());
    let words = actions.flat_map(|command| {
        let of = command.get_name();
        command.get_subcommands().map(move |action| format!("`tollgate {of} {}`", action.get_name()))
    });
    let words: Vec<String> = words.collect();
    assert!(words.len() > 20, "{words:?}");
    told(words);
    told(["usage", "audit"].map(|word| format!("`tollgate {word}`")));
}

#[test]
fn every_header_is_in_the_readme() {
    let headers: Vec<String> = quoted(&source("src/gateway/client/name.rs"), "x-").into_iter().collect();
    let readme = README.to_lowercase();
    assert!(headers.len() > 10, "{headers:?}");
    for header in headers {
        assert!(readme.contains(&format!("`{header}")), "{header} is not in the README");
    }
}

#[test]
fn every_metric_is_in_the_readme() {
    let files =
        ["families", "jobs", "ledger"].map(|file| source(&format!("src/telemetry/metrics/{file}.rs")));
    let own: BTreeSet<String> = files.iter().flat_map(|file| quoted(file, "tollgate_")).collect();
    assert!(own.len() > 15, "{own:?}");
    told(own.into_iter().map(|name| format!("`{name}`")));
    told(
        quoted(&source("src/telemetry/metrics/process.rs"), "process_")
            .into_iter()
            .map(|name| format!("`{name}`")),
    );
}

#[test]
fn the_examples_are_sound() {
    let blocks: Vec<&str> =
        README.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    let keys = ["GROQ_API_KEY", "OPENAI_API_KEY", "WEBSITE_KEY", "REPORTS_KEY"];
    let env = Environment(keys.map(|name| (name.to_owned(), format!("{name}-value"))).into());
    let rehearsal = source("conf/rehearsal.yaml");
    for text in blocks.into_iter().chain([rehearsal.as_str()]) {
        let source = Source { name: "README.md".to_owned(), text: text.to_owned() };
        let loaded = config::load(Some(&source), &env);
        let loaded = loaded.unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
        assert!(loaded.notes.is_empty(), "{:?}\n{text}", loaded.notes);
    }
}

#[test]
fn every_link_leads_somewhere() {
    for document in [README, ARCHITECTURE] {
        let targets = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            assert!(root(target).exists(), "{target} is not there");
        }
    }
}

#[test]
fn every_module_and_dependency_is_in_the_architecture() {
    let lib = source("src/lib.rs");
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let manifest = source("Cargo.toml");
    let section = manifest.split("[dependencies]\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let dependencies = section.lines().filter_map(|line| line.split(' ').next());
    for name in modules.chain(dependencies) {
        assert!(ARCHITECTURE.contains(&format!("`{name}`")), "`{name}` is not in ARCHITECTURE.md");
    }
    let rows =
        ARCHITECTURE.split("## Dependencies").nth(1).unwrap().lines().filter(|line| line.starts_with("| `"));
    for row in rows {
        for name in row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2) {
            assert!(
                section.lines().any(|line| line.split(' ').next() == Some(name)),
                "`{name}` is no dependency"
            );
        }
    }
}
