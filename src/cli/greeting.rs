//! What is shown at the start: where the gateway listens, fresh keys (this once), and a line to try it with.

use crate::config::Auth;
use crate::config::Config;
use crate::config::Listener;
use crate::routing::Table;
use crate::tenants::first_keys::Fresh;

const QUESTION: &str = r#""messages":[{"role":"user","content":"Hello"}]"#;

/// The greeting, ready to be printed. `simulated`: the providers are.
pub fn greeting(config: &Config, fresh: &Fresh, simulated: bool) -> String {
    let base = config.listen.first().map(base_url).unwrap_or_default();
    let mut lines = vec![format!("tollgate {} listens on {base}", env!("CARGO_PKG_VERSION"))];
    let names: Vec<&str> = config.providers.iter().map(|p| p.name.as_str()).collect();
    lines.push(format!("providers: {}", names.join(", ")));
    if simulated {
        lines.push(
            "No key of a provider was found, so these two are simulated and run in this process.".into(),
        );
        lines.push("For real answers set a key, e.g. OPENAI_API_KEY, and start again.".into());
    }
    let keys = lines.len();
    if let Some(key) = &fresh.client {
        lines.push(format!("your key, shown this once:   {}", key.expose()));
    }
    if let Some(key) = &fresh.admin {
        lines.push(format!("admin key, shown this once:  {}", key.expose()));
    }
    if config.auth == Auth::Required && config.keys.is_empty() && fresh.client.is_none() {
        lines
            .push("Your key was shown at the first start; `tollgate keys create NAME` makes another.".into());
    }
    if lines.len() > keys {
        lines.insert(keys, String::new());
    }
    lines.push(format!("\ntry it:\n\n  {}\n", curl(&base, config, fresh)));
    lines.join("\n") + "\n"
}

fn curl(base: &str, config: &Config, fresh: &Fresh) -> String {
    let key = match (config.auth, &fresh.client) {
        (Auth::Open, _) => String::new(),
        (Auth::Required, Some(key)) => format!(" -H 'Authorization: Bearer {}'", key.expose()),
        (Auth::Required, None) => " -H \"Authorization: Bearer $TOLLGATE_KEY\"".to_owned(),
    };
    match model(config) {
        Some(model) => format!(
            "curl {base}/v1/chat/completions{key} -H 'Content-Type: application/json' -d '{{\"model\":\"{model}\",{QUESTION}}}'"
        ),
        None => format!("curl {base}/v1/models{key}"),
    }
}

/// A name that means something here, if one is known before any provider was asked.
fn model(config: &Config) -> Option<String> {
    let table = Table::build(config);
    let names = table.names();
    let usual = names.iter().find(|name| **name == "auto").or_else(|| names.first());
    let listed = || config.providers.iter().find_map(|p| Some(format!("{}/{}", p.name, p.models.first()?)));
    let name = usual.map(|name| (*name).to_owned()).or_else(listed);
    // A name may hold anything; what a shell would misread is not offered.
    name.filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/:@".contains(&b)))
}

/// An address that a client on this machine can use.
fn base_url(listener: &Listener) -> String {
    let scheme = match listener.tls {
        Some(_) => "https",
        None => "http",
    };
    match listener.address.ip().is_unspecified() {
        true => format!("{scheme}://127.0.0.1:{}", listener.address.port()),
        false => format!("{scheme}://{}", listener.address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::config::Environment;
    use crate::config::Source;
    use crate::secret::Secret;

    fn shown(yaml: &str, fresh: &Fresh) -> String {
        let source = Source { name: "t.yaml".to_owned(), text: yaml.to_owned() };
        let config = config::load(Some(&source), &Environment::default()).unwrap().config;
        greeting(&config, fresh, false)
    }

    #[test]
    fn the_line_to_try_names_a_model_that_exists() {
        for (yaml, named) in [
            ("providers: { openai: { api_key: sk-1 } }", "\"model\":\"auto\""),
            (
                "providers: { v: { kind: vllm, base_url: 'http://h/v1', models: [ a/b ] } }",
                "\"model\":\"v/a/b\"",
            ),
            (
                "providers: { v: { kind: vllm, base_url: 'http://h/v1' } }\nmodels: { mine: v/x }",
                "\"model\":\"mine\"",
            ),
            ("providers: { v: { kind: vllm, base_url: 'http://h/v1' } }", "/v1/models"),
        ] {
            let text = shown(yaml, &Fresh::default());
            assert!(text.contains(named), "{yaml}\n{text}");
        }
    }

    #[test]
    fn a_key_is_shown_only_when_it_is_fresh() {
        let fresh = Fresh { client: Some(Secret::new("tg-new")), admin: None };
        let text = shown("", &fresh);
        assert!(
            text.contains("your key, shown this once:   tg-new") && text.contains("Bearer tg-new'"),
            "{text}"
        );
        let text = shown("", &Fresh::default());
        assert!(text.contains("keys create") && text.contains("$TOLLGATE_KEY"), "{text}");
        let text = shown("keys: [ { name: a, key: hush-hush } ]", &Fresh::default());
        assert!(!text.contains("keys create") && !text.contains("hush"), "{text}");
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_loopback() {
        let text = shown("listen: [ { address: 0.0.0.0:4000 } ]", &Fresh::default());
        assert!(text.contains("curl http://127.0.0.1:4000/v1/"), "{text}");
        let open = shown("auth: { keys: open }", &Fresh::default());
        assert!(!open.contains("Authorization"), "{open}");
    }
}
