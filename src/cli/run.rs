//! `tollgate run`: read the configuration, show what a newcomer needs, serve.

use crate::cli::fail;
use crate::cli::greeting::greeting;
use crate::config;
use crate::config::Auth;
use crate::config::Environment;
use crate::server;
use crate::server::Start;
use crate::server::reload::Reloader;
use crate::server::simulate;
use crate::server::supervisor;
use crate::server::supervisor::Supervisor;
use crate::telemetry;
use crate::telemetry::sink::Sink;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Serves until a signal ends the process; with `upgrade` in the place of the process that serves now.
pub fn run(file: Option<PathBuf>, upgrade: bool) -> ExitCode {
    let sink = Sink::start();
    let served = serve(file, upgrade, &sink);
    sink.flush();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

fn serve(file: Option<PathBuf>, upgrade: bool, sink: &Sink) -> Result<(), String> {
    let environment = Environment::of_process();
    let source = config::find(file.as_deref()).map_err(|e| e.to_string())?;
    let loaded = config::load(source.as_ref(), &environment).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|p| format!("\n{p}")).collect();
        format!("the configuration has {} problem(s):{}", problems.len(), lines.concat())
    })?;
    let mut config = loaded.config;
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
    let supervisor = Supervisor::at(environment.0.get(supervisor::VARIABLE).map(String::as_str));
    let reloader = Reloader::new(file, environment, addresses, source.map(|s| s.text));
    let (shown, is_simulated) = (config.clone(), !simulated.is_empty());
    let start = Start { config, sink: sink.clone(), reloader, simulated, upgrade, supervisor };
    let ready = server::prepare(start).map_err(|e| e.to_string())?;
    // Fresh keys are made, written down and shown together, and only when nothing stands in the way of the start.
    let fresh = ready.settle_keys(wants_client_key).map_err(|e| e.to_string())?;
    let greeting = greeting(&shown, &fresh, is_simulated);
    // Nobody may be listening, which is no reason not to serve.
    let _ = std::io::stdout().write_all(greeting.as_bytes());
    ready.run().map_err(|e| e.to_string())
}
