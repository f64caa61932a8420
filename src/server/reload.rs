//! Reloads: SIGHUP, a change of the file, or `POST /admin/reload`. A bad file changes nothing and says why.

use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::config::Source;
use crate::gateway::parts::Parts;
use crate::gateway::snapshot::Lasting;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::vendor::Counting;
use crate::server;
use crate::server::simulate;
use crate::tenants::registry::Known;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tracing::error;
use tracing::info;
use tracing::warn;

/// How often the file is looked at. Reading a few KiB is cheap, and it works on every kind of mount.
const LOOK: Duration = Duration::from_millis(500);

/// How often the files of listeners are looked at: their times and lengths, not what is in them.
const LOOK_AT_CERTIFICATES: Duration = Duration::from_secs(1);

/// Where the configuration comes from.
pub struct Reloader {
    file: Option<PathBuf>,
    environment: Environment,
    simulated: Vec<SocketAddr>,
    /// The text in force, or the last that was refused: either is not tried again.
    seen: Mutex<Option<String>>,
    /// One reload at a time: of two, the one that read the older text must not come into force last.
    turn: Mutex<()>,
}

impl Reloader {
    pub fn new(
        file: Option<PathBuf>,
        environment: Environment,
        simulated: Vec<SocketAddr>,
        text: Option<String>,
    ) -> Reloader {
        Reloader { file, environment, simulated, seen: Mutex::new(text), turn: Mutex::new(()) }
    }

    /// Reads everything again and puts it in force.
    ///
    /// # Errors
    /// Every problem of the configuration, a line each; the old one stays in force.
    pub fn reload(&self, parts: &Parts) -> Result<String, String> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.load().and_then(|config| put_in_force(parts, config));
        match &outcome {
            Ok(summary) => {
                parts.metrics().config_accepted();
                info!(summary, "configuration reloaded");
            }
            Err(problems) => {
                parts.metrics().config_refused();
                error!(problems, "configuration refused; the old one stays in force");
            }
        }
        outcome
    }

    fn load(&self) -> Result<Config, String> {
        let source = config::find(self.file.as_deref()).map_err(|e| e.to_string())?;
        self.remember(source.as_ref().map(|s| s.text.clone()));
        let lines = |problems: Vec<config::Problem>| {
            problems.iter().map(|p| p.to_string()).collect::<Vec<_>>().join("\n")
        };
        let mut loaded = config::load(source.as_ref(), &self.environment).map_err(lines)?;
        loaded.notes.iter().for_each(|note| warn!(%note, "configuration"));
        if loaded.config.providers.is_empty() {
            simulate::fill(&mut loaded.config, &self.simulated)?;
        }
        Ok(loaded.config)
    }

    /// Reads a text as if it were the file; changes nothing. Notes, or every problem, a line each.
    pub fn check(&self, text: &str) -> Result<Vec<String>, Vec<String>> {
        let source = Source { name: "configuration".to_owned(), text: text.to_owned() };
        let lines =
            |problems: Vec<config::Problem>| problems.iter().map(|p| p.to_string()).collect::<Vec<_>>();
        let loaded = config::load(Some(&source), &self.environment).map_err(lines)?;
        server::check(&loaded.config).map_err(|error| vec![error.to_string()])?;
        Ok(lines(loaded.notes))
    }

    fn remember(&self, text: Option<String>) {
        if let Ok(mut seen) = self.seen.lock() {
            *seen = text;
        }
    }

    /// The file's text, if it is not the one that was tried last.
    fn changed(&self) -> Option<String> {
        // A file that is away for a moment is being replaced; the next look finds it.
        let source = config::find(self.file.as_deref()).ok().flatten()?;
        let is_new = self.seen.lock().is_ok_and(|seen| seen.as_ref() != Some(&source.text));
        is_new.then_some(source.text)
    }
}

fn put_in_force(parts: &Parts, config: Config) -> Result<String, String> {
    let old = parts.snapshot.load_full();
    let lasting = Lasting {
        board: &parts.board,
        state: &parts.state,
        counting: Counting { metrics: parts.metrics(), prices: parts.prices },
        before: Some(&old),
    };
    needs_restart(&old.config, &config);
    let summary = format!("{} providers, {} keys", config.providers.len(), config.keys.len());
    clashes(parts, &config)?;
    let doors = parts.doors.renewed(&config.listen).map_err(|e| e.to_string())?;
    let snapshot = Snapshot::new(config, &lasting).map_err(|e| e.to_string())?;
    let changed = snapshot.edition != old.edition;
    parts.upstreams.ready_for(&snapshot.config.providers);
    parts.snapshot.store(Arc::new(snapshot));
    parts.doors.put_in_force(doors);
    parts.renew_credentials();
    if changed {
        // Nobody will ask for answers of the old edition any more.
        parts.cache.store.clear();
    }
    Ok(summary)
}

/// A name stands for one tenant. At a start the store may be away; then its tenant of that name is shut.
fn clashes(parts: &Parts, config: &Config) -> Result<(), String> {
    let Known::Stored(rows) = &*parts.registry.known() else { return Ok(()) };
    let mut both =
        config.tenants.iter().filter(|tenant| rows.tenants.iter().any(|row| row.name == tenant.name));
    match both.next() {
        Some(tenant) => {
            Err(format!("the store has a tenant `{}` already; give this one another name", tenant.name))
        }
        None => Ok(()),
    }
}

/// What is opened, sized or handed out when the process starts stays as it is.
fn needs_restart(old: &Config, new: &Config) {
    let addresses =
        |config: &Config| config.listen.iter().map(|listener| listener.address).collect::<Vec<_>>();
    let fixed = [
        ("listen", addresses(old) != addresses(new)),
        ("admin.listen", old.admin != new.admin),
        ("data_dir", old.data_dir != new.data_dir),
        ("store", old.store != new.store),
        ("state", old.state != new.state),
        ("state_within", old.state_within != new.state_within),
        ("cache.backend", old.cache.backend != new.cache.backend),
        ("cache.exact.max_entries", old.cache.max_entries != new.cache.max_entries),
        ("cache.exact.max_bytes", old.cache.max_bytes != new.cache.max_bytes),
        ("responses.max_entries", old.responses.max_entries != new.responses.max_entries),
        ("responses.max_bytes", old.responses.max_bytes != new.responses.max_bytes),
        ("log.format", old.log.format != new.log.format),
        ("log.level", old.log.level != new.log.level),
        ("log.access", old.log.access != new.log.access),
        ("server.threads", old.server.threads != new.server.threads),
        ("server.notice", old.server.notice != new.server.notice),
        ("server.grace", old.server.grace != new.server.grace),
        ("server.head_timeout", old.server.head_timeout != new.server.head_timeout),
        // Connections of HTTP/1 heed it at once, those of HTTP/2 do not.
        ("server.idle_timeout", old.server.idle_timeout != new.server.idle_timeout),
        ("server.upstream_idle", old.server.upstream_idle != new.server.upstream_idle),
    ];
    for (setting, _) in fixed.iter().filter(|(_, changed)| *changed) {
        warn!(setting, "this change takes effect at the next start");
    }
}

/// Looks whether certificates have been renewed; broken ones change nothing.
fn look_at_certificates(reloader: &Reloader, parts: &Parts) {
    // A reload that has read older files must not come into force after this.
    let _turn = reloader.turn.lock().unwrap_or_else(PoisonError::into_inner);
    for (listener, outcome) in parts.doors.look_at_files() {
        match outcome {
            Ok(()) => info!(%listener, "certificates reloaded"),
            Err(problem) => error!(%listener, %problem, "certificates refused; the old ones stay in force"),
        }
    }
}

/// SIGHUP from now on. Until this is called the signal ends the process.
pub fn hangups() -> Option<Signal> {
    let caught = signal(SignalKind::hangup());
    caught
        .inspect_err(|cause| error!(%cause, "SIGHUP cannot be caught; reload through the admin listener"))
        .ok()
}

/// Reloads on SIGHUP and when the file changes, and takes new certificates when theirs do.
pub async fn watch(reloader: &Reloader, parts: &Parts, mut hangups: Option<Signal>) {
    let (mut ticks, mut looks) = (tokio::time::interval(LOOK), tokio::time::interval(LOOK_AT_CERTIFICATES));
    let mut looked: Option<String> = None;
    loop {
        tokio::select! {
            () = next(&mut hangups) => drop(reloader.reload(parts)),
            _ = looks.tick() => look_at_certificates(reloader, parts),
            _ = ticks.tick() => {
                let before = std::mem::replace(&mut looked, reloader.changed());
                // Seen twice: half of a file that is being written can be a sound configuration.
                if looked.is_some() && looked == before {
                    drop(reloader.reload(parts));
                }
            }
        }
    }
}

async fn next(signals: &mut Option<Signal>) {
    if let Some(signals) = signals
        && signals.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}
