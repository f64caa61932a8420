//! `tollgate run`: read the configuration, show what a newcomer needs, serve.

use crate::cli::fail;
use crate::config;
use crate::config::Auth;
use crate::config::Config;
use crate::config::Environment;
use crate::secret::Secret;
use crate::server;
use crate::server::Start;
use crate::server::reload::Reloader;
use crate::server::simulate;
use crate::telemetry;
use crate::telemetry::sink::Sink;
use crate::tenants::first_keys;
use crate::tenants::first_keys::Fresh;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Serves until a signal ends the process.
pub fn run(file: Option<PathBuf>) -> ExitCode {
    match start(file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

fn start(file: Option<PathBuf>) -> Result<(), String> {
    let environment = Environment::of_process();
    let source = config::find(file.as_deref()).map_err(|e| e.to_string())?;
    let loaded = config::load(source.as_ref(), &environment).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|p| format!("\n{p}")).collect();
        format!("the configuration has {} problem(s):{}", problems.len(), lines.concat())
    })?;
    let mut config = loaded.config;
    let sink = Sink::start();
    telemetry::init(config.log.format, &config.log.level, sink.clone());
    loaded.notes.iter().for_each(|note| tracing::warn!(%note, "configuration"));
    let simulated = match config.providers.is_empty() {
        true => simulate::listeners().map_err(|e| format!("cannot start simulated providers: {e}"))?,
        false => Vec::new(),
    };
    let addresses: Vec<SocketAddr> = simulated.iter().filter_map(|l| l.local_addr().ok()).collect();
    if !simulated.is_empty() {
        simulate::fill(&mut config, &addresses)?;
    }
    let wants_client_key = config.keys.is_empty() && config.auth == Auth::Required;
    let (keys, fresh) = first_keys::open(&config.data_dir, wants_client_key).map_err(|e| e.to_string())?;
    let text = source.map(|s| s.text);
    let reloader = Reloader::new(file, environment, addresses, text);
    greet(&config, &fresh, !simulated.is_empty());
    let done = server::serve(Start { config, first_keys: keys, sink: sink.clone(), reloader, simulated });
    sink.flush();
    done.map_err(|e| e.to_string())
}

/// What is shown at the start: where it listens, fresh keys (this once), and a line to try it with.
fn greet(config: &Config, fresh: &Fresh, simulated: bool) {
    let Some(address) = config.listen.first().map(|l| (l.address, l.tls.is_some())) else {
        return;
    };
    let base = base_url(address.0, address.1);
    println!("tollgate {} listens on {base}", env!("CARGO_PKG_VERSION"));
    if simulated {
        println!(
            "no provider key was found: two simulated providers answer. Set e.g. OPENAI_API_KEY for real ones."
        );
    } else {
        let names: Vec<&str> = config.providers.iter().map(|p| p.name.as_str()).collect();
        println!("providers: {}", names.join(", "));
    }
    if let Some(key) = &fresh.client {
        println!("\nyour key, shown this once:   {}", key.expose());
    }
    if let Some(key) = &fresh.admin {
        println!("admin key, shown this once:  {}", key.expose());
    }
    println!("\ntry it:\n  {}\n", curl(&base, config, fresh.client.as_ref()));
}

fn curl(base: &str, config: &Config, key: Option<&Secret>) -> String {
    let authorization = match (config.auth, key) {
        (Auth::Open, _) => String::new(),
        (Auth::Required, Some(key)) => format!(" -H 'Authorization: Bearer {}'", key.expose()),
        (Auth::Required, None) => " -H \"Authorization: Bearer $TOLLGATE_KEY\"".to_owned(),
    };
    format!(
        "curl {base}/v1/chat/completions{authorization} -H 'Content-Type: application/json' -d '{{\"model\":\"auto\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'"
    )
}

/// An address that a client on this machine can use.
fn base_url(address: SocketAddr, tls: bool) -> String {
    let scheme = match tls {
        true => "https",
        false => "http",
    };
    match address.ip().is_unspecified() {
        true => format!("{scheme}://127.0.0.1:{}", address.port()),
        false => format!("{scheme}://{address}"),
    }
}
