//! aimock, which plays most vendors from one list of answers.

use crate::COMMON;
use crate::PATIENCE;
use crate::Peer;
use crate::stage::Stage;
use crate::support::KEY;
use crate::support::Outside;
use crate::support::free_port;
use crate::support::installed;
use std::process::Command;

const CONFIG: &str = "
providers:
  chat: { kind: openai_compatible, base_url: 'http://{at}/v1', api_key: k-chat-0123 }
  responses: { kind: openai, base_url: 'http://{at}/v1', api_key: k-responses-0123 }
  azure: { kind: azure, base_url: 'http://{at}', api_key: k-azure-01234567, api_version: 2024-10-21 }
  messages: { kind: anthropic, base_url: 'http://{at}/v1', api_key: k-anthropic-0123 }
  gemini: { base_url: 'http://{at}/v1beta', api_key: k-gemini-0123 }
  ollama: { base_url: 'http://{at}' }
  cohere: { base_url: 'http://{at}/v2', api_key: k-cohere-0123 }
  bedrock: { base_url: 'http://{at}', api_key: 'AKIDEXAMPLE:wJalrXUtnFEMIexample', region: us-east-1 }
keys: [ { name: app, key: {key} } ]
";

/// Models, and the clients whose dialect is theirs.
const MODELS: [(&str, &[&str]); 8] = [
    ("chat/gpt-4o", &["chat"]),
    ("responses/gpt-5-pro", &["responses"]),
    ("azure/gpt-4o", &["chat", "responses"]),
    ("messages/claude-sonnet-4-6", &["messages"]),
    ("gemini/gemini-3.8-flash", &[]),
    ("ollama/m", &[]),
    ("cohere/command-a-03-2025", &[]),
    ("bedrock/anthropic.claude-sonnet-4-6", &[]),
];

#[tokio::test]
#[ignore = "make test-peers"]
async fn it_is_understood_in_its_dialects() {
    let (home, port) = (tempfile::tempdir().unwrap(), free_port());
    let mut command = Command::new(installed("tests/peers/node_modules/.bin/llmock", "make test-peers"));
    command
        .args(["--strict", "--host", "127.0.0.1", "--port", &port.to_string(), "--fixtures"])
        .arg(installed("tests/peers/aimock.json", "make test-peers"));
    let mut peer = Outside::start(&mut command, home.path());
    let at = format!("127.0.0.1:{port}");
    peer.listens(&at, PATIENCE);
    let stage = Stage::of(&format!("{COMMON}{}", CONFIG.replace("{at}", &at).replace("{key}", KEY)));
    for (model, passed_on_to) in MODELS {
        Peer { model, passed_on_to }.is_understood(&stage).await;
    }
}
