//! Claude Code, pointed here by `ANTHROPIC_BASE_URL`.

use crate::DEADLINE;
use crate::SECRET;
use crate::Stage;
use crate::lines;
use crate::support::KEY;
use crate::support::Outside;
use crate::support::installed;
use serde_json::Value;
use serde_json::json;
use std::process::Command;

#[test]
fn it_reads_a_file_with_anthropic_behind() {
    reads_a_file("anthropic/claude-sonnet-4-6", "ANTHROPIC_AUTH_TOKEN");
}

#[test]
fn it_reads_a_file_with_openai_behind() {
    reads_a_file("openai/gpt-4o", "ANTHROPIC_API_KEY");
}

#[test]
fn it_reads_a_file_with_gemini_behind() {
    reads_a_file("gemini/gemini-3.8-flash", "ANTHROPIC_AUTH_TOKEN");
}

fn reads_a_file(model: &str, key_variable: &str) {
    let stage = Stage::set();
    let order = format!("call Read with {}", json!({ "file_path": stage.note() }));
    let mut command = Command::new(installed("tests/command_lines/node_modules/.bin/claude", "make test"));
    command
        .args(["--print", &order, "--model", model, "--allowedTools", "Read"])
        .args(["--output-format", "stream-json", "--verbose"])
        .current_dir(stage.work())
        .env("ANTHROPIC_BASE_URL", stage.gateway.url(""))
        .env(key_variable, KEY)
        .env("ANTHROPIC_DEFAULT_HAIKU_MODEL", model)
        .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
        .env("DISABLE_AUTOUPDATER", "1")
        .env("DISABLE_TELEMETRY", "1")
        .env("DISABLE_ERROR_REPORTING", "1");
    let events = lines(&Outside::start(&mut command, stage.folder.path()).succeeds(DEADLINE));
    let told =
        events.iter().filter(|event| event["type"] == "user").map(|event| &event["message"]["content"]);
    let results: Vec<String> =
        told.flat_map(blocks).filter(|block| block["type"] == "tool_result").map(Value::to_string).collect();
    assert!(results.len() == 1 && results[0].contains(SECRET), "{results:?}");
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["is_error"]), (&json!("result"), &json!(false)), "{last}");
    assert!(last["result"].as_str().unwrap().starts_with("Hello from mock: "), "{last}");
}

fn blocks(content: &Value) -> &[Value] {
    content.as_array().map(Vec::as_slice).unwrap_or_default()
}
