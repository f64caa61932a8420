//! A start with nothing at all: the printed line works as it is pasted, and two simulated providers answer.

use crate::support::Home;
use crate::support::Program;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

/// Only addresses, so that tests can run side by side.
const ADDRESSES: &[(&str, &str)] = &[("GATEWAY_LISTEN", "{listen}"), ("GATEWAY_ADMIN_LISTEN", "{admin}")];

fn curl_line(program: &Program) -> String {
    let greeting = program.stdout();
    let line = greeting.lines().find(|line| line.trim_start().starts_with("curl "));
    line.unwrap_or_else(|| panic!("no line to try:\n{greeting}")).trim().to_owned()
}

/// Runs a line in a shell, as a person who pastes it does; what came back besides the body: the head.
async fn pasted(line: &str) -> (String, String) {
    // Where the answer's head is to be seen, and no proxy of the machine is in the way.
    let line = line.replacen("curl ", "curl -sS -D /dev/stderr --noproxy '*' ", 1);
    let shell = tokio::process::Command::from(Command::new("sh")).arg("-c").arg(&line).output().await;
    let output = shell.expect("`sh` cannot be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr).to_lowercase())
}

#[tokio::test]
async fn the_printed_line_works_as_it_is() {
    let mut home = Home::empty();
    let program = home.serve(ADDRESSES).await;
    let (body, head) = pasted(&curl_line(&program)).await;
    assert!(head.contains("200 ok"), "{head}{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert!(
        answer["choices"][0]["message"]["content"].as_str().unwrap().starts_with("Hello from simulated-")
    );
}

#[tokio::test]
async fn both_say_that_they_are_simulated_and_both_answer() {
    let mut home = Home::empty();
    let program = home.serve(ADDRESSES).await;
    assert!(program.stdout().contains("providers: simulated-1, simulated-2"), "{}", program.stdout());
    assert!(program.stdout().contains("these two are simulated"), "{}", program.stdout());
    let line = curl_line(&program);
    let mut seen = BTreeSet::new();
    for model in ["auto", "simulated-1/simulated", "simulated-2/simulated"] {
        let (body, head) = pasted(&line.replace("\"auto\"", &format!("\"{model}\""))).await;
        assert!(head.contains("200 ok"), "{model}: {head}{body}");
        seen.extend(head.lines().find_map(|line| Some(line.strip_prefix("x-provider: ")?.trim().to_owned())));
    }
    assert_eq!(seen, ["simulated-1", "simulated-2"].map(str::to_owned).into());
}

#[tokio::test]
async fn a_file_without_providers_has_them_too_and_a_reload_keeps_them() {
    let mut home = Home::with(crate::FRAME);
    let program = home.serve(&[]).await;
    assert_eq!(crate::status(&home, "auto").await, 200);
    home.replace(&format!("{}models: {{}}\n", crate::FRAME));
    program.logged("configuration reloaded", 1).await;
    assert_eq!(crate::status(&home, "auto").await, 200);
}

#[tokio::test]
async fn with_a_real_provider_at_the_start_none_are_simulated_later() {
    let with_one = format!(
        "{}providers: {{ openai: {{ api_key: sk-1, base_url: 'http://127.0.0.1:1/v1', check: false }} }}\n",
        crate::FRAME
    );
    let mut home = Home::with(&with_one);
    let program = home.serve(&[]).await;
    assert!(program.stdout().contains("providers: openai") && !program.stdout().contains("simulated"));
    home.replace(crate::FRAME);
    let line = program.logged("configuration refused", 1).await.remove(0);
    assert!(line.contains("no provider has a key; set one, or restart to have simulated ones"), "{line}");
}
