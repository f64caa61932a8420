//! What the environment alone, and over a file, comes to.

use super::*;
use std::time::Duration;

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment(variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
}

fn loaded(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, String> {
    let source = Source { name: "t.yaml".to_owned(), text: text.to_owned() };
    load(Some(&source), &environment(variables)).map_err(|problems| shown(&problems))
}

fn alone(variables: &[(&str, &str)]) -> Loaded {
    load(None, &environment(variables)).unwrap_or_else(|problems| panic!("{}", shown(&problems)))
}

fn refused(variables: &[(&str, &str)]) -> String {
    shown(&load(None, &environment(variables)).err().expect("a problem"))
}

fn shown(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn names(config: &Config) -> Vec<&str> {
    config.providers.iter().map(|provider| provider.name.as_str()).collect()
}

fn keys(provider: &Provider) -> Vec<&str> {
    provider.api_keys.iter().map(crate::secret::Secret::expose).collect()
}

#[test]
fn nothing_at_all_is_a_configuration_without_providers() {
    let loaded = alone(&[("HOME", "/home/me"), ("PATH", "/bin")]);
    assert!(loaded.config.providers.is_empty() && loaded.notes.is_empty());
    assert_eq!(loaded.config.listen[0].address.to_string(), "127.0.0.1:4000");
}

#[test]
fn a_key_turns_its_provider_on_free_ones_first() {
    let config =
        alone(&[("OPENAI_API_KEY", "sk-1"), ("GROQ_API_KEY_1", "g-1"), ("GROQ_API_KEY_3", "g-3")]).config;
    assert_eq!(names(&config), ["groq", "openai"]);
    assert_eq!((keys(&config.providers[0]), keys(&config.providers[1])), (vec!["g-1", "g-3"], vec!["sk-1"]));
}

#[test]
fn a_key_is_found_under_every_spelling_of_its_variable() {
    let config = alone(&[("GOOGLE_API_KEY", "a"), ("HF_TOKEN_2", "b")]).config;
    assert_eq!(names(&config), ["gemini", "huggingface"]);
    let config = alone(&[("GEMINI_API_KEY", "first"), ("GOOGLE_API_KEY", "second")]).config;
    assert_eq!(keys(&config.providers[0]), ["first"], "the first spelling that is set counts");
}

#[test]
fn a_base_url_alone_turns_ones_own_servers_on() {
    let config = alone(&[
        ("OLLAMA_BASE_URL", "http://gpu:11434"),
        ("VLLM_BASE_URL", "http://gpu:8000/v1"),
        ("OPENAI_COMPATIBLE_BASE_URL", "https://h/api"),
        ("GROQ_BASE_URL", "https://no.key.no.provider"),
    ])
    .config;
    assert_eq!(names(&config), ["ollama", "vllm", "openai_compatible"]);
    let paths: Vec<&str> = config.providers.iter().map(|provider| provider.base_url.path.as_str()).collect();
    assert_eq!(paths, ["", "/v1", "/api"]);
}

#[test]
fn a_key_without_an_address_to_go_to_is_noted() {
    let loaded = alone(&[("VLLM_API_KEY", "k")]);
    assert!(loaded.config.providers.is_empty());
    assert_eq!(shown(&loaded.notes), "environment: vllm is left out: VLLM_BASE_URL is not set\n");
}

#[test]
fn a_provider_of_the_file_gets_its_keys_from_the_environment_if_it_names_none() {
    let variables =
        [("GROQ_API_KEY", "from-env"), ("GROQ_BASE_URL", "http://moved"), ("GROQ_FALLBACK_MODEL", "m")];
    let config = loaded("providers: { mine: { kind: groq } }", &variables).unwrap().config;
    assert_eq!((names(&config), keys(&config.providers[0])), (vec!["mine"], vec!["from-env"]));
    assert_eq!(config.providers[0].base_url.host, "moved");
    assert_eq!(config.providers[0].fallback_model(crate::provider::Class::Reasoning), Some("m"));

    let config = loaded("providers: { groq: { api_key: own } }", &variables).unwrap().config;
    assert_eq!(keys(&config.providers[0]), ["own"]);
    let config = loaded("providers: { groq: { api_keys: [ '${OTHER}' ] } }", &variables).unwrap().config;
    assert_eq!(config.disabled, ["groq"], "it asked for another account's key, so ours must not be billed");
}

#[test]
fn a_base_url_moves_the_provider_that_has_the_name_of_the_kind() {
    let text = "providers: { vllm: { base_url: 'http://a' }, b: { kind: vllm, base_url: 'http://b' } }";
    let moved = |text| {
        let loaded = loaded(text, &[("VLLM_BASE_URL", "http://moved")]).unwrap();
        let hosts: Vec<String> = loaded.config.providers.into_iter().map(|p| p.base_url.host).collect();
        (hosts.join(" "), shown(&loaded.notes))
    };
    assert_eq!(moved(text), ("moved b".to_owned(), String::new()));
    let (hosts, notes) = moved(
        &text
            .replace("{ vllm:", "{ a: { kind: vllm, base_url: 'http://a' }, c:")
            .replace("c: {", "c: { kind: vllm,"),
    );
    assert_eq!(hosts, "a a b");
    assert!(notes.starts_with("environment: VLLM_BASE_URL is not used"), "{notes}");
}

#[test]
fn every_plain_setting_can_come_from_the_environment() {
    let config = alone(&[
        ("GATEWAY_LISTEN", "0.0.0.0:80, [::1]:4000"),
        ("GATEWAY_ADMIN_LISTEN", "off"),
        ("GATEWAY_API_KEYS", "key-number-1, key-number-2,"),
        ("GATEWAY_RATE_LIMIT", "60/min"),
        ("GATEWAY_RETRY_MAX", "1"),
        ("GATEWAY_HEALTH_CHECK_INTERVAL", "10s"),
        ("GATEWAY_CACHE_BACKEND", "memory"),
        ("GATEWAY_CACHE_TTL", "0"),
        ("GATEWAY_CACHE_MAX_SIZE", "5"),
        ("GATEWAY_DATA_DIR", "/var/lib/tollgate"),
        ("GATEWAY_LOG_FORMAT", "text"),
        ("GATEWAY_LOG_LEVEL", "DEBUG"),
    ])
    .config;
    let listen: Vec<String> = config.listen.iter().map(|listener| listener.address.to_string()).collect();
    assert_eq!((listen.join(" "), config.admin), ("0.0.0.0:80 [::1]:4000".to_owned(), None));
    let given: Vec<(&str, &str)> = config.keys.iter().map(|k| (k.name.as_str(), k.key.expose())).collect();
    assert_eq!(given, [("env-1", "key-number-1"), ("env-2", "key-number-2")]);
    let rate = Rates::one(Rate { amount: 60, per: Duration::from_secs(60) });
    assert_eq!((config.limits.per_key.requests, config.keys[0].settings.bounds.requests), (rate, rate));
    assert_eq!(config.failover.retry_max, 1);
    assert_eq!(config.failover.check_interval, Some(Duration::from_secs(10)));
    assert_eq!((config.cache.ttl, config.cache.max_entries), (None, 5));
    assert_eq!(config.data_dir.to_str(), Some("/var/lib/tollgate"));
    assert_eq!((config.log.format, config.log.level.as_str()), (LogFormat::Text, "debug"));
}

#[test]
fn the_environment_goes_before_the_file() {
    let text = "listen: [ { address: 127.0.0.1:1 } ]\nfailover: { retry_max: 9 }\nlog: { level: warn }\n\
                limits: { per_key: { requests: 1/s } }\nadmin: { listen: off }\n";
    let variables = [
        ("GATEWAY_LISTEN", "localhost:2"),
        ("GATEWAY_RETRY_MAX", "2"),
        ("GATEWAY_RATE_LIMIT", "off"),
        ("GATEWAY_ADMIN_LISTEN", "127.0.0.1:3"),
    ];
    let config = loaded(text, &variables).unwrap().config;
    assert_eq!(config.listen[0].address.to_string(), "127.0.0.1:2");
    assert_eq!((config.failover.retry_max, config.log.level.as_str()), (2, "warn"));
    assert_eq!((config.limits.per_key.requests, config.admin.unwrap().port()), (Rates::default(), 3));
}

#[test]
fn bad_values_are_told_with_their_variable_all_at_once() {
    let problems = refused(&[
        ("GATEWAY_LISTEN", "everywhere"),
        ("GATEWAY_RETRY_MAX", "-1"),
        ("GATEWAY_RATE_LIMIT", "60"),
        ("GATEWAY_CACHE_BACKEND", "redis"),
        ("GATEWAY_API_KEYS", "hush"),
        ("GATEWAY_LISTNE", "x"),
        ("OPENAI_API_KEY", "hush\nhush"),
        ("OPENAI_BASE_URL", "https://me:hush@h"),
    ]);
    let expected = "\
environment: GATEWAY_LISTNE is not a variable Tollgate knows
  hint: did you mean `GATEWAY_LISTEN`?
environment: GATEWAY_LISTEN must be an address and a port such as `127.0.0.1:4000` or `[::]:4000`, found `everywhere`
environment: GATEWAY_RATE_LIMIT must be a rate such as `60/min`, `10/s`, `1000/h` or `5/day`, found 60
environment: OPENAI_API_KEY holds signs that cannot travel in a header, such as a line break
environment: OPENAI_BASE_URL must not hold a user name or password; keys go into `api_keys`
environment: GATEWAY_RETRY_MAX must be 0 or more, found -1
environment: GATEWAY_CACHE_BACKEND needs a Redis: set `state: redis://<host>` or REDIS_URL
environment: GATEWAY_API_KEYS holds a key that must have 8 signs or more, found 4
";
    assert_eq!(problems, expected);
}

/// Keys for three providers.
const THREE: [(&str, &str); 3] = [("GROQ_API_KEY", "g"), ("OPENAI_API_KEY", "o"), ("HF_TOKEN", "h")];

#[test]
fn gateway_providers_is_the_whole_chain_in_its_order() {
    let mut variables = THREE.to_vec();
    variables.extend([("GATEWAY_PROVIDERS", "openai, hf, mistral"), ("GATEWAY_WEIGHTS", "50,0,20")]);
    let loaded = alone(&variables);
    assert_eq!(names(&loaded.config), ["openai", "huggingface"]);
    let weights: Vec<Option<u32>> = loaded.config.providers.iter().map(|provider| provider.weight).collect();
    assert_eq!((weights, loaded.config.disabled), (vec![Some(50), Some(0)], vec!["groq".to_owned()]));
    let expected = "environment: GATEWAY_PROVIDERS names `mistral`, which has no key yet and is left out\n\
                    environment: groq is left out by GATEWAY_PROVIDERS\n";
    assert_eq!(shown(&loaded.notes), expected);
}

#[test]
fn gateway_providers_may_name_a_kind_of_the_file() {
    let text = "providers: { a: { kind: groq, api_key: x, weight: 1 }, b: { kind: groq, api_key: y }, c: { kind: openai, \
                api_key: z } }";
    let config = loaded(text, &[("GATEWAY_PROVIDERS", "c,groq")]).unwrap().config;
    assert_eq!((names(&config), config.providers[1].weight), (vec!["c", "a", "b"], Some(1)));
}

#[test]
fn an_order_that_makes_no_sense_is_refused() {
    for (order, weights, expected) in [
        ("groqq", "", "GATEWAY_PROVIDERS names `groqq`, which is no provider\n  hint: did you mean `groq`?"),
        ("groq,openai,groq", "", "GATEWAY_PROVIDERS names `groq` twice"),
        ("hf,huggingface", "", "GATEWAY_PROVIDERS names `huggingface` twice"),
        ("groq,openai", "1", "GATEWAY_WEIGHTS holds 1 weights for the 2 providers of GATEWAY_PROVIDERS"),
        ("groq", "heavy", "GATEWAY_WEIGHTS must be a whole number, found `heavy`"),
        ("", "1,2", "GATEWAY_WEIGHTS needs GATEWAY_PROVIDERS"),
    ] {
        let mut variables = THREE.to_vec();
        variables.extend([("GATEWAY_PROVIDERS", order), ("GATEWAY_WEIGHTS", weights)]);
        let problems = refused(&variables);
        assert!(problems.contains(expected), "expected `{expected}`, got:\n{problems}");
    }
}

#[test]
fn a_broken_file_is_told_alone() {
    let problems = loaded("a: [", &[("GATEWAY_PROVIDERS", "mine")]).err().expect("a problem");
    assert!(problems.starts_with("t.yaml:") && problems.lines().count() == 1, "{problems}");
}
