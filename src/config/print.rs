//! The configuration in force, written as a file that would say the same.

mod bounds;
mod cluster;
mod edge;
mod listener;
mod routing;
pub mod words;

use crate::config::Auth;
use crate::config::CacheBackend;
use crate::config::Config;
use crate::config::ExactCache;
use crate::config::Failover;
use crate::config::Fetch;
use crate::config::Keep;
use crate::config::Log;
use crate::config::LogFormat;
use crate::config::Notify;
use crate::config::ServerSettings;
use crate::config::Settings;
use crate::config::StaticKey;
use crate::config::StaticTenant;
use crate::config::StoredResponses;
use crate::config::print::listener::listener;
use crate::config::print::words::duration;
use crate::config::print::words::list;
use crate::config::print::words::or_off;
use crate::config::print::words::path;
use crate::config::print::words::quoted;
use crate::config::print::words::size;
use crate::config::write_moment;

/// YAML with every setting, defaults included. A secret shows as `***`; with the real ones put back
/// the text can be loaded again.
pub fn print(config: &Config) -> String {
    let admin = or_off(config.admin, |address| quoted(&address.to_string()));
    let auth = match config.auth {
        Auth::Required => "required",
        Auth::Open => "open",
    };
    let sections = [
        block("listen", "[]", config.listen.iter().map(listener).collect()),
        format!("admin: {{ listen: {admin} }}\n"),
        format!(
            "data_dir: {}\nstore: {}\nstate: {}\nstate_within: {}\nstrict: {}\nauth: {{ keys: {auth} }}\n",
            path(&config.data_dir),
            quoted(&config.store.masked()),
            quoted(&config.state.masked()),
            duration(config.state_within),
            config.strict
        ),
        bounds::limits(&config.limits),
        failover(&config.failover),
        fetch(&config.fetch),
        cache(&config.cache),
        responses(&config.responses),
        routing::disabled(&config.disabled),
        block("providers", "{}", config.providers.iter().map(routing::provider).collect()),
        block("models", "{}", routing::aliases(config)),
        block("groups", "{}", routing::groups(config)),
        block("tenants", "[]", config.tenants.iter().map(tenant).collect()),
        block("pricing", "{}", routing::pricing(config)),
        block("keys", "[]", config.keys.iter().map(key).collect()),
        edge::edge(config),
        ledger(&config.ledger),
        notify(&config.notify),
        log(&config.log),
        server(&config.server),
    ];
    sections.concat()
}

/// The part of [`print`] on which hangs what a name stands for: the same on every replica, whatever its addresses,
/// threads and keys.
pub fn meaning(config: &Config) -> String {
    let sections = [
        format!("strict: {}\n", config.strict),
        routing::disabled(&config.disabled),
        block("providers", "{}", config.providers.iter().map(routing::provider).collect()),
        block("models", "{}", routing::aliases(config)),
        block("groups", "{}", routing::groups(config)),
    ];
    sections.concat()
}

fn block(name: &str, nothing: &str, entries: Vec<String>) -> String {
    match entries.is_empty() {
        true => format!("{name}: {nothing}\n"),
        false => format!("{name}:\n{}", entries.concat()),
    }
}

/// A section whose values are all plain.
fn section(name: &str, values: &[(&str, String)]) -> String {
    let lines: Vec<String> = values.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
    block(name, "{}", lines)
}

fn failover(failover: &Failover) -> String {
    let values = [
        ("retry_max", failover.retry_max.to_string()),
        ("deadline", duration(failover.deadline)),
        ("connect", duration(failover.connect)),
        ("first_byte", duration(failover.first_byte)),
        ("first_event", duration(failover.first_event)),
        ("between_events", duration(failover.between_events)),
        ("answer", duration(failover.answer)),
        ("wait_for", duration(failover.wait_for)),
        ("unhealthy_after", failover.unhealthy_after.to_string()),
        ("unhealthy_for", duration(failover.unhealthy_for)),
        ("check_interval", or_off(failover.check_interval, duration)),
    ];
    section("failover", &values)
}

fn fetch(fetch: &Fetch) -> String {
    let allow: Vec<String> = fetch.allow.iter().map(ToString::to_string).collect();
    let values = [
        ("allow", list(&allow)),
        ("max_bytes", size(fetch.max_bytes as u64)),
        ("timeout", duration(fetch.timeout)),
    ];
    section("fetch", &values)
}

fn cache(cache: &ExactCache) -> String {
    let exact = [
        format!("ttl: {}", or_off(cache.ttl, duration)),
        format!("max_entries: {}", cache.max_entries),
        format!("max_bytes: {}", size(cache.max_bytes)),
        format!("max_answer: {}", size(cache.max_answer as u64)),
        format!("deterministic_only: {}", cache.deterministic_only),
        format!("share_in_flight: {}", cache.share_in_flight),
    ];
    let backend = match cache.backend {
        CacheBackend::Memory => "memory",
        CacheBackend::Redis => "redis",
    };
    let values = [
        ("backend", backend.to_owned()),
        ("exact", format!("{{ {} }}", exact.join(", "))),
        ("semantic", "{ enabled: false }".to_owned()),
    ];
    section("cache", &values)
}

fn responses(responses: &StoredResponses) -> String {
    let values = [
        ("ttl", or_off(responses.ttl, duration)),
        ("max_entries", responses.max_entries.to_string()),
        ("max_bytes", size(responses.max_bytes)),
    ];
    section("responses", &values)
}

fn key(key: &StaticKey) -> String {
    let tenant = key.tenant.as_deref().map(|tenant| format!("    tenant: {}\n", quoted(tenant)));
    let expires = key.expires.map(|at| format!("    expires: {}\n", write_moment(at)));
    let (tenant, expires) = (tenant.unwrap_or_default(), expires.unwrap_or_default());
    let (name, disabled, settings) = (quoted(&key.name), key.disabled, settings(&key.settings));
    format!("  - name: {name}\n    key: \"***\"\n{tenant}{settings}{expires}    disabled: {disabled}\n")
}

fn tenant(tenant: &StaticTenant) -> String {
    let settings_of_all = settings(&tenant.settings);
    let tags = list(&tenant.settings.tags);
    let residency = tenant.settings.residency.as_deref();
    let residency = residency.map(|place| format!("    residency: {}\n", quoted(place))).unwrap_or_default();
    let (name, disabled) = (quoted(&tenant.name), tenant.disabled);
    format!("  - name: {name}\n{settings_of_all}    tags: {tags}\n{residency}    disabled: {disabled}\n")
}

/// What keys and tenants have in common.
fn settings(settings: &Settings) -> String {
    let (models, failover) = (list(&settings.models), settings.failover);
    let bounds = bounds::own(&settings.bounds, "    ");
    format!("    models: {models}\n    failover: {failover}\n{bounds}")
}

fn ledger(keep: &Keep) -> String {
    section(
        "ledger",
        &[("keep", or_off(keep.entries, duration)), ("keep_hours", or_off(keep.hours, duration))],
    )
}

/// The address of a webhook is a secret as a whole.
fn notify(notify: &Notify) -> String {
    let webhook = if notify.webhook.is_some() { quoted("***") } else { "off".to_owned() };
    section("notify", &[("webhook", webhook)])
}

fn log(log: &Log) -> String {
    let format = match log.format {
        LogFormat::Json => "json",
        LogFormat::Text => "text",
    };
    let values =
        [("format", format.to_owned()), ("level", log.level.clone()), ("access", log.access.to_string())];
    section("log", &values)
}

fn server(server: &ServerSettings) -> String {
    let values = [
        ("threads", server.threads.to_string()),
        ("notice", duration(server.notice)),
        ("grace", duration(server.grace)),
        ("head_timeout", duration(server.head_timeout)),
        ("body_timeout", duration(server.body_timeout)),
        ("idle_timeout", duration(server.idle_timeout)),
        ("write_timeout", duration(server.write_timeout)),
        ("upstream_idle", server.upstream_idle.to_string()),
    ];
    section("server", &values)
}
