//! Codex, pointed here by a provider of its own in `config.toml`; it speaks the Responses API.

use crate::DEADLINE;
use crate::SECRET;
use crate::Stage;
use crate::lines;
use crate::support::KEY;
use crate::support::Outside;
use crate::support::installed;
use serde_json::Value;
use std::fs;
use std::process::Command;

/// As in the README.
const CONFIG: &str = r#"
model = "{model}"
model_provider = "tollgate"
check_for_update_on_startup = false
analytics = { enabled = false }

[model_providers.tollgate]
name = "Tollgate"
base_url = "{url}"
env_key = "TOLLGATE_KEY"
wire_api = "responses"
"#;

#[test]
fn it_runs_a_command_with_its_own_vendor_behind() {
    runs_a_command("responses/gpt-5");
}

#[test]
fn it_runs_a_command_with_chat_completions_behind() {
    runs_a_command("openai/gpt-4o");
}

#[test]
fn it_runs_a_command_with_anthropic_behind() {
    runs_a_command("anthropic/claude-sonnet-4-6");
}

#[test]
fn it_runs_a_command_with_gemini_behind() {
    runs_a_command("gemini/gemini-3.8-flash");
}

fn runs_a_command(model: &str) {
    let stage = Stage::set();
    let home = stage.folder.path().join(".codex");
    fs::create_dir(&home).unwrap();
    let config = CONFIG.replace("{model}", model).replace("{url}", &stage.gateway.url("/v1"));
    fs::write(home.join("config.toml"), config).unwrap();
    let mut command = Command::new(installed("tests/command_lines/node_modules/.bin/codex", "make test"));
    command
        // The only command it is told to run is ours, and a sandbox is not to be had on every machine.
        .args(["exec", "--json", "--skip-git-repo-check", "--sandbox", "danger-full-access"])
        .arg(r#"call exec_command with {"cmd":"cat note.txt"}"#)
        .current_dir(stage.work())
        .env("TOLLGATE_KEY", KEY);
    let events = lines(&Outside::start(&mut command, stage.folder.path()).succeeds(DEADLINE));
    let done = |kind: &str| {
        let done =
            events.iter().filter(|event| event["type"] == "item.completed").map(|event| &event["item"]);
        done.filter(|item| item["type"] == kind).collect::<Vec<&Value>>()
    };
    let ran = done("command_execution");
    assert!(ran.len() == 1 && ran[0]["aggregated_output"].as_str().unwrap().contains(SECRET), "{ran:?}");
    let said = done("agent_message");
    assert!(said.last().unwrap()["text"].as_str().unwrap().starts_with("Hello from mock: "), "{said:?}");
    assert_eq!(events.last().unwrap()["type"], "turn.completed", "{events:?}");
}
