//! LiteLLM's proxy, which answers in OpenAI's, Anthropic's and Gemini's dialects.

use crate::COMMON;
use crate::PATIENCE;
use crate::Peer;
use crate::stage::Stage;
use crate::support::KEY;
use crate::support::Outside;
use crate::support::free_port;
use crate::support::installed;
use std::process::Command;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tollgate::mock::Behaviour;

const PEER_KEY: &str = "sk-peer-0123456789";

const CONFIG: &str = "
providers:
  chat: { kind: openai_compatible, base_url: 'http://{at}/v1', api_key: {peer_key} }
  messages: { kind: anthropic, base_url: 'http://{at}/v1', api_key: {peer_key} }
  gemini: { base_url: 'http://{at}/v1beta', api_key: {peer_key} }
keys: [ { name: app, key: {key} } ]
";

/// Models, and the clients whose dialect is theirs.
const SPOKEN: [(&str, &[&str]); 3] =
    [("chat/m", &["chat"]), ("messages/m", &["messages"]), ("gemini/m", &[])];
/// Its canned answers call no tools, and as messages they come whole where a stream was asked for.
const CANNED: [(&str, &[&str]); 2] = [("chat/canned", &["chat"]), ("gemini/canned", &[])];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make test-peers"]
async fn it_is_understood_in_its_dialects() {
    let peer = Proxy::start().await;
    let config = CONFIG.replace("{at}", &peer.at).replace("{peer_key}", PEER_KEY).replace("{key}", KEY);
    let stage = Stage::of(&format!("{COMMON}{config}"));
    for (model, passed_on_to) in SPOKEN {
        Peer { model, passed_on_to }.is_understood(&stage).await;
    }
    for (model, passed_on_to) in CANNED {
        Peer { model, passed_on_to }.answers(&stage).await;
    }
}

struct Proxy {
    at: String,
    _program: Outside,
    _home: TempDir,
}

impl Proxy {
    async fn start() -> Proxy {
        let simulated = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = format!("http://{}/v1", simulated.local_addr().unwrap());
        tokio::spawn(tollgate::mock::serve(simulated, Behaviour::default()));
        let (home, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut command = Command::new(installed(".peers/bin/litellm", "make test-peers"));
        command
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--config"])
            .arg(installed("tests/peers/litellm.yaml", "make test-peers"))
            .current_dir(home.path())
            .env("PEER_KEY", PEER_KEY)
            .env("SIMULATED_URL", behind)
            // Else it asks for prices where nobody answers.
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        let mut program = Outside::start(&mut command, home.path());
        let at = format!("127.0.0.1:{port}");
        program.listens(&at, PATIENCE);
        Proxy { at, _program: program, _home: home }
    }
}
