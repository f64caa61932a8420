//! What a configuration file may say, and how its mistakes are told.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::Duration;
use tollgate::config;
use tollgate::config::Auth;
use tollgate::config::Config;
use tollgate::config::Environment;
use tollgate::config::Loaded;
use tollgate::config::Order;
use tollgate::config::Problem;
use tollgate::config::Rate;
use tollgate::config::Source;
use tollgate::config::Strategy;
use tollgate::config::shapes::SHAPES;
use tollgate::config::shapes::Shape;
use tollgate::provider::Class;
use tollgate::provider::Tier;

const SAMPLE: &str = include_str!("../conf/tollgate.yaml");

fn load(text: &str, env: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let env = Environment(env.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect());
    config::load(Some(&Source { name: "t.yaml".to_owned(), text: text.to_owned() }), &env)
}

fn accepted(text: &str) -> Config {
    load(text, &[]).map(|loaded| loaded.config).unwrap_or_else(|problems| panic!("{}", shown(&problems)))
}

/// The problems of a text that must have some, one a line.
fn refused(text: &str) -> String {
    shown(&load(text, &[]).err().unwrap_or_else(|| panic!("accepted:\n{text}")))
}

fn shown(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn has(text: &str, expected: &str) {
    let problems = refused(text);
    assert!(problems.contains(expected), "expected `{expected}`, got:\n{problems}");
}

/// Two usable providers and one without a key, for tests of what refers to them.
const PROVIDERS: &str = "providers:\n  openai: { api_key: sk-1, weight: 7 }\n  local: { kind: vllm, base_url: \
                         'http://127.0.0.1:1' }\n  groq: { api_key: '${NO_SUCH_VARIABLE}' }\n";

#[test]
fn all_problems_are_told_at_once_with_line_column_and_field() {
    let text = "\
limits:
  boddy: 1MiB
  per_ip: often
failover: { retry_max: -3 }
providers:
  openai: { api_key: sk-1 }
groups:
  smart:
    members:
      - openai/gpt-4o
      - { model: openai/gpt-4o, weight: -3 }
      - opnai/gpt-4o
log: verbose
";
    let expected = "\
t.yaml:2:3: limits.boddy is not a setting
  hint: did you mean `body`?
t.yaml:3:11: limits.per_ip must be a rate such as `60/min`, `10/s`, `1000/h` or `5/day`, found `often`
t.yaml:4:24: failover.retry_max must be 0 or more, found -3
t.yaml:11:41: groups.smart.members[1].weight must be 0 or more, found -3
t.yaml:12:9: groups.smart.members[2] names `opnai/gpt-4o`, whose provider is not configured
  hint: did you mean `openai`?
t.yaml:13:6: log must be a mapping, found a single value
environment: GATEWAY_CACHE_TTL must be a duration such as `30s`, `5m` or `250ms`, found `soon`
";
    let problems = load(text, &[("GATEWAY_CACHE_TTL", "soon")]).err().unwrap();
    assert_eq!(shown(&problems), expected);
}

#[test]
fn an_empty_file_has_the_documented_defaults() {
    let config = accepted("");
    assert_eq!(config.listen[0].address.to_string(), "127.0.0.1:4000");
    assert_eq!(config.admin.unwrap().to_string(), "127.0.0.1:4001");
    assert_eq!((config.limits.body, config.limits.answer), (32 << 20, 64 << 20));
    assert_eq!(config.limits.bad_keys_per_ip, Some(Rate { amount: 60, per: Duration::from_secs(60) }));
    assert_eq!((config.limits.per_ip, config.limits.per_key), (None, Default::default()));
    assert_eq!((config.failover.retry_max, config.failover.deadline), (3, Duration::from_secs(600)));
    assert_eq!(config.failover.check_interval, Some(Duration::from_secs(30)));
    assert_eq!((config.cache.ttl, config.cache.max_entries), (Some(Duration::from_secs(300)), 10_000));
    assert_eq!(config.auth, Auth::Required);
    assert!(config.providers.is_empty() && config.keys.is_empty());
}

#[test]
fn sections_left_empty_are_as_if_not_written() {
    accepted("listen:\nadmin:\nauth:\nlimits:\n  per_key:\nproviders:\nmodels:\ngroups:\nkeys:\nlog:\n");
}

#[test]
fn off_lifts_a_limit_and_zero_turns_the_cache_off() {
    let config = accepted(
        "limits: { bad_keys_per_ip: off, body: off }\ncache: { exact: { ttl: 0 } }\n\
         failover: { check_interval: off }\nadmin: { listen: off }\n",
    );
    assert_eq!((config.limits.bad_keys_per_ip, config.cache.ttl, config.admin), (None, None, None));
    assert_eq!(config.failover.check_interval, None);
    assert!(config.limits.body > 1 << 40);
}

#[test]
fn a_provider_is_completed_from_its_preset() {
    let config = accepted(PROVIDERS);
    let [openai, local] = config.providers.as_slice() else { panic!("{:?}", config.providers) };
    assert_eq!((openai.preset.kind, openai.base_url.host.as_str()), ("openai", "api.openai.com"));
    assert_eq!((openai.tier, openai.weight, openai.http2, openai.check), (Tier::Paid, Some(7), true, true));
    assert_eq!((local.preset.kind, local.base_url.path.as_str(), local.http2), ("vllm", "/v1", false));
    assert_eq!(config.disabled, ["groq"]);
}

#[test]
fn fallback_models_and_headers_are_read() {
    let config = accepted(
        "providers: { x: { kind: openai_compatible, base_url: 'https://h', fallback_models: { small: s }, \
         headers: { X-Team: blue }, models: [ m ] } }",
    );
    let provider = &config.providers[0];
    assert_eq!(
        (provider.fallback_model(Class::Small), provider.fallback_model(Class::Large)),
        (Some("s"), None)
    );
    assert_eq!((provider.headers[0].0.as_str(), provider.headers[0].1.expose()), ("x-team", "blue"));
    assert_eq!(provider.models, ["m"]);
}

#[test]
fn a_provider_that_cannot_be_reached_is_refused() {
    for (provider, expected) in [
        ("x: {}", "providers.x.kind is missing, and `x` is not a known one"),
        (
            "x: { kind: opanai }",
            "providers.x.kind must be a known kind, found `opanai`\n  hint: did you mean `openai`?",
        ),
        ("vllm: {}", "providers.vllm.base_url is missing"),
        ("openai: { base_url: 'ftp://h' }", "base_url must start with `http://` or `https://`"),
        (
            "openai: { ca_file: nowhere.crt }",
            "providers.openai.ca_file must be a readable file, found `nowhere.crt`",
        ),
        ("openai: { headers: { Host: x } }", "headers.Host is a header the gateway writes itself"),
        ("openai: { api_keys: sk-1 }", "providers.openai.api_keys must be a list, found a single value"),
        ("'a/b': { kind: groq }", "must be named with letters"),
    ] {
        has(&format!("providers: {{ {provider} }}"), expected);
    }
}

#[test]
fn an_unknown_kind_hides_no_other_problem() {
    let problems = refused("providers: { x: { kind: what, weight: -1, tier: cheap } }");
    for expected in ["x.kind must be a known kind", "x.weight must be 0", "x.tier must be `free`, `flat`"] {
        assert!(problems.contains(expected), "{problems}");
    }
}

#[test]
fn aliases_and_groups_find_their_providers() {
    let config = accepted(&format!(
        "{PROVIDERS}models: {{ big: local/meta/llama }}\ngroups:\n  fast: {{ members: [ big, openai/gpt-4o ] }}\n  \
         spread: {{ strategy: weighted, members: [ {{ model: big, weight: 0 }} ], failover: off }}\n"
    ));
    let big = &config.models["big"];
    assert_eq!((big.provider, big.model.as_str()), (1, "meta/llama"));
    let fast = &config.groups["fast"];
    assert_eq!((fast.strategy, fast.order, fast.failover), (Strategy::Priority, Order::Tier, true));
    assert_eq!((fast.members[0].target.provider, fast.members[0].weight), (1, 1));
    assert_eq!((fast.members[1].target.provider, fast.members[1].weight), (0, 7));
    let spread = &config.groups["spread"];
    assert_eq!((spread.order, spread.failover, spread.members[0].weight), (Order::AsWritten, false, 0));
}

#[test]
fn what_points_to_a_provider_without_a_key_vanishes_with_a_note() {
    let text = format!(
        "{PROVIDERS}models: {{ quick: groq/x }}\ngroups: {{ g: {{ members: [ quick, groq/y, cerebras/z ] }} }}\n"
    );
    let loaded = load(&text, &[]).map_err(|problems| shown(&problems)).unwrap();
    assert!(loaded.config.models.is_empty() && loaded.config.groups["g"].members.is_empty());
    let expected = "\
t.yaml:4:3: providers.groq has no key yet and is left out
t.yaml:5:18: models.quick is left out, as provider `groq` is not in use
t.yaml:6:11: groups.g has no usable member
t.yaml:6:27: groups.g.members[0] is left out, as what this alias stands for is not in use
t.yaml:6:34: groups.g.members[1] is left out, as provider `groq` is not in use
t.yaml:6:42: groups.g.members[2] is left out, as provider `cerebras` is not in use
";
    assert_eq!(shown(&loaded.notes), expected);
}

#[test]
fn a_name_that_leads_nowhere_is_refused() {
    for (text, expected) in [
        ("models: { a: gpt-4o }", "models.a must be `provider/model`, found `gpt-4o`"),
        (
            "models: { a: acme/x }",
            "models.a names `acme/x`, whose provider is not configured\n  hint: configured: openai",
        ),
        ("models: { a: vllm/x }", "models.a names `vllm/x`, whose provider is not configured"),
        ("models: { a: openai/x }\ngroups: { a: { members: [] } }", "groups.a has the name of an alias"),
        ("groups: { a: {} }", "groups.a.members is missing"),
        ("models: { quick: openai/x }\ngroups: { a: { members: [ qick ] } }", "hint: did you mean `quick`?"),
        (
            "groups: { a: { members: [ b ] }, b: { members: [] } }",
            "must be an alias or `provider/model`, found group `b`",
        ),
    ] {
        has(&format!("{PROVIDERS}{text}"), expected);
    }
}

#[test]
fn keys_take_what_they_do_not_say_from_per_key() {
    let config = accepted(
        "limits: { per_key: { requests: 60/min, tokens: 1000/min, concurrent: 5 } }\n\
         keys: [ { name: app, key: sk-app-1234, models: [ fast ], limits: { requests: 1/s, tokens: off } } ]\n",
    );
    let key = &config.keys[0];
    assert_eq!((key.name.as_str(), key.key.expose(), key.failover), ("app", "sk-app-1234", true));
    assert_eq!(key.limits.requests, Some(Rate { amount: 1, per: Duration::from_secs(1) }));
    assert_eq!((key.limits.tokens, key.limits.concurrent), (None, Some(5)));
}

#[test]
fn keys_must_differ_and_be_long_enough() {
    for (keys, expected) in [
        ("{ name: a, key: short }", "keys[0] holds a key that must have 8 signs or more, found 5"),
        ("{ name: a, key: 12345678 }, { name: a, key: abcdefgh }", "keys[1] has the name of a key above"),
        ("{ name: a, key: 12345678 }, { name: b, key: 12345678 }", "keys[1] holds the same key as `a`"),
        ("{ key: abcdefgh }", "keys[0].name is missing"),
        ("{ name: a, key: '${APP_KEY}' }", "keys[0].key is empty because the variable `APP_KEY` is not set"),
    ] {
        has(&format!("keys: [ {keys} ]"), expected);
    }
}

#[test]
fn open_access_is_refused_where_others_can_reach_it() {
    assert_eq!(accepted("auth: { keys: open }\nlisten: [ { address: '[::1]:4000' } ]").auth, Auth::Open);
    has(
        "listen: [ { address: 127.0.0.1:1 }, { address: 0.0.0.0:4000 } ]\nauth: { keys: open }",
        "t.yaml:2:15: auth.keys must be `required`, as 0.0.0.0:4000 can be reached by others",
    );
}

#[test]
fn two_listeners_on_one_address_are_refused() {
    has("listen: [ { address: 127.0.0.1:9 }, { address: 0.0.0.0:9 } ]", "listen[1] cannot be 0.0.0.0:9");
    has("admin: { listen: 127.0.0.1:4000 }", "admin.listen cannot be 127.0.0.1:4000");
    accepted("listen: [ { address: 127.0.0.1:0 }, { address: 127.0.0.1:0 } ]");
}

#[test]
fn a_listener_has_one_certificate() {
    let pair = "{ cert: Cargo.toml, key: Cargo.toml }";
    for tls in [pair.to_owned(), format!("{{ certificates: [ {pair} ], http2: true }}")] {
        let config = accepted(&format!("listen: [ {{ address: 127.0.0.1:1, tls: {tls} }} ]"));
        assert_eq!(config.listen[0].tls.as_ref().unwrap().cert.to_str(), Some("Cargo.toml"));
    }
    for (tls, expected) in [
        (format!("{{ certificates: [ {pair}, {pair} ] }}"), "several certificates come with a later version"),
        ("{ cert: Cargo.toml }".to_owned(), "listen[0].tls.key is missing"),
        ("{ cert: nowhere, key: Cargo.toml }".to_owned(), "listen[0].tls.cert must be a readable file"),
    ] {
        has(&format!("listen: [ {{ address: 127.0.0.1:1, tls: {tls} }} ]"), expected);
    }
}

#[test]
fn what_comes_later_is_told_so() {
    for (text, field) in [
        ("store: sqlite://x", "store"),
        ("routes: []", "routes"),
        ("clusters: {}", "clusters"),
        ("tenants: []", "tenants"),
        ("state: redis://h", "state"),
        ("cache: { semantic: { enabled: true } }", "cache.semantic.enabled"),
        ("providers: { groq: { quota: { tokens: 5/day } } }", "providers.groq.quota"),
    ] {
        has(text, "later version");
        has(text, field);
    }
}

#[test]
fn variables_work_in_any_string() {
    let text =
        "failover: { retry_max: '${RETRIES}', deadline: '${DEADLINE:-90}s' }\ndata_dir: $${X}/${RETRIES}";
    let config = load(text, &[("RETRIES", "5")]).map_err(|problems| shown(&problems)).unwrap().config;
    assert_eq!((config.failover.retry_max, config.failover.deadline), (5, Duration::from_secs(90)));
    assert_eq!(config.data_dir.to_str(), Some("${X}/5"));
    has("failover: { retry_max: '${RETRIES}' }", "is empty because the variable `RETRIES` is not set");
}

#[test]
fn a_printed_configuration_loads_to_the_same() {
    let env = [
        ("GROQ_API_KEY", "gsk-1"),
        ("GROQ_API_KEY_2", "gsk-2"),
        ("CEREBRAS_API_KEY", "c-1"),
        ("OPENAI_API_KEY", "sk-1"),
    ];
    let text =
        format!("{}\nkeys: [ {{ name: 'a\"${{X:-$$}}', key: abcdefgh, models: [ quick ] }} ]\n", SAMPLE);
    let config = load(&text, &env).map_err(|problems| shown(&problems)).unwrap().config;
    let printed = config::print(&config);
    let restored =
        printed.replace("[\"***\", \"***\"]", "[one, two]").replace("key: \"***\"", "key: abcdefgh");
    let again = accepted(&restored);
    // `Secret` shows as `***` here as well, so the texts differ in everything but secrets.
    assert_eq!(format!("{again:#?}"), format!("{config:#?}"), "{printed}");
    assert_eq!(config::print(&again), printed);
}

#[test]
fn secrets_are_never_printed() {
    let text = "keys: [ { name: a, key: hush-hush-1 } ]\nproviders: { openai: { api_key: hush-hush-2, headers: { X-K: \
                hush-hush-3 } } }";
    let printed = config::print(&accepted(text));
    assert!(printed.contains("***") && !printed.contains("hush"), "{printed}");
}

#[test]
fn problems_show_no_secret_wherever_it_stands() {
    for (path, name) in settings() {
        let text = document(path, name, "\"${HUSH}\"");
        for problem in load(&text, &[("HUSH", "hush-hush\u{7f}")]).err().unwrap_or_default() {
            assert!(!problem.to_string().contains("hush-hush"), "{problem}\n{text}");
        }
    }
    let short = "keys: [ { name: a, key: hush }, { name: b, key: hush } ]\n";
    let url = "providers: { openai: { base_url: 'https://u:hush@h', api_key: { a: hush } } }";
    for text in [short, url] {
        assert!(!refused(text).contains("hush"), "{}", refused(text));
    }
}

#[test]
fn every_setting_is_read_and_refuses_nonsense() {
    for (path, name) in settings() {
        let text = document(path, name, "[[[]]]");
        let field =
            format!("{path}.{name}").trim_start_matches('.').replace("[]", "[0]").replace('*', "groq");
        has(&text, &field);
    }
}

#[test]
fn a_setting_nobody_knows_is_refused_in_every_section() {
    for shape in SHAPES {
        has(&document(shape.path, "frobnicate", "1"), "frobnicate is not a setting");
    }
}

#[test]
fn the_sample_loads_without_any_variable() {
    let loaded = load(SAMPLE, &[]).map_err(|problems| shown(&problems)).unwrap();
    assert_eq!(loaded.config.disabled, ["groq", "cerebras", "openai"]);
}

#[test]
fn the_sample_shows_every_setting() {
    for (path, name) in settings() {
        assert!(SAMPLE.contains(&format!("{name}:")), "`{name}` of `{path}` is missing in the sample");
    }
    for variable in config::VARIABLES {
        assert!(SAMPLE.contains(variable), "{variable} is missing in the sample");
    }
}

#[test]
fn the_sample_loads_with_every_setting_taken_in() {
    // A certificate is only opened here, so any file will do.
    let taken_in: String = SAMPLE.lines().map(|line| take_in(line) + "\n").collect();
    let text = taken_in.replace("conf/tls/site.crt", "Cargo.toml").replace("conf/tls/site.key", "Cargo.toml");
    let text = text.replace("conf/tls/ca.crt", "Cargo.toml");
    let env =
        [("APP_KEY", "abcdefgh"), ("OPENAI_ORG", "org"), ("OPENAI_API_KEY", "sk"), ("GROQ_API_KEY", "gsk")];
    let config = load(&text, &env).map_err(|problems| shown(&problems)).unwrap().config;
    assert_eq!((config.keys.len(), config.listen.len(), config.providers.len()), (1, 3, 3));
}

#[test]
fn the_values_of_the_sample_are_the_defaults() {
    let (sample, empty) = (accepted(SAMPLE), accepted(""));
    let settings = |c: Config| {
        format!(
            "{:#?}",
            (c.listen, c.admin, c.limits, c.failover, c.cache, c.auth, c.data_dir, c.log, c.server)
        )
    };
    assert_eq!(settings(sample), settings(empty));
}

/// Takes the `#` away from a line of the sample that is a setting.
fn take_in(line: &str) -> String {
    match line.strip_prefix('#') {
        Some(setting) if setting.starts_with("  ") || !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    }
}

fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHAPES.iter().flat_map(|shape: &&Shape| shape.known.iter().map(|name| (shape.path, *name)))
}

/// A file that says nothing but `path.name: value`.
fn document(path: &str, name: &str, value: &str) -> String {
    let mut text = format!("{{ {name}: {value} }}");
    for segment in path.split('.').rev().filter(|segment| !segment.is_empty()) {
        text = match segment.strip_suffix("[]") {
            Some(list) => format!("{{ {list}: [ {text} ] }}"),
            None => format!("{{ {}: {text} }}", segment.replace('*', "groq")),
        };
    }
    text
}
