//! What a file may say, section by section, and what it means where it says nothing.

use crate::PROVIDERS;
use crate::accepted;
use crate::has;
use crate::load;
use crate::shown;
use std::time::Duration;
use tollgate::config;
use tollgate::config::Auth;
use tollgate::config::Keep;
use tollgate::config::Rate;
use tollgate::config::Rates;
use tollgate::config::Tariff;
use tollgate::money::Money;

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
fn keys_take_what_they_do_not_say_from_per_key() {
    let config = accepted(
        "limits: { per_key: { requests: 60/min, tokens: 1000/min, concurrent: 5 } }\n\
         keys: [ { name: app, key: sk-app-1234, models: [ fast ], limits: { requests: 1/s, tokens: off } } ]\n",
    );
    let key = &config.keys[0];
    assert_eq!((key.name.as_str(), key.key.expose(), key.settings.failover), ("app", "sk-app-1234", true));
    assert_eq!(key.settings.bounds.requests, Rates::one(Rate { amount: 1, per: Duration::from_secs(1) }));
    assert_eq!((key.settings.bounds.tokens, key.settings.bounds.concurrent), (Rates::default(), Some(5)));
}

#[test]
fn what_may_be_fetched_from_is_named_by_host_or_range() {
    let config =
        accepted("fetch: { allow: [ Files.internal, 10.0.0.0/8, '::1' ], max_bytes: 1MiB, timeout: 2s }");
    let allow: Vec<String> = config.fetch.allow.iter().map(ToString::to_string).collect();
    assert_eq!(allow, ["files.internal", "10.0.0.0/8", "::1/128"]);
    assert_eq!((config.fetch.max_bytes, config.fetch.timeout), (1 << 20, Duration::from_secs(2)));
    has("fetch: { allow: [ 'http://h/' ] }", "fetch.allow[0] must be a host such as `files.internal`");
    has("fetch: { timeout: 0 }", "fetch.timeout must be more than 0");
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
fn a_listener_has_certificates() {
    let pair = "{ cert: Cargo.toml, key: Cargo.toml }";
    for (tls, certificates) in [(pair.to_owned(), 1), (format!("{{ certificates: [ {pair}, {pair} ] }}"), 2)]
    {
        let config = accepted(&format!("listen: [ {{ address: 127.0.0.1:1, tls: {tls} }} ]"));
        assert_eq!(config.listen[0].tls.as_ref().unwrap().certificates.len(), certificates);
    }
    let two = accepted(&format!(
        "data_dir: /d\nlisten: [ {{ address: 127.0.0.1:1, tls: {{ certificates: [ {pair}, {pair} ], acme: {{ domains: [ A.test ] }} }} }} ]"
    ));
    let tls = two.listen[0].tls.as_ref().unwrap();
    let acme = tls.acme.as_ref().unwrap();
    assert_eq!((tls.certificates.len(), acme.domains.as_slice()), (2, &["a.test".to_owned()][..]));
    assert_eq!(acme.folder.to_str(), Some("/d/acme"));
    for (tls, expected) in [
        ("{ certificates: [] }".to_owned(), "listen[0].tls.certificates must hold at least one certificate"),
        (
            format!("{{ certificates: [ {pair} ], cert: Cargo.toml }}"),
            "listen[0].tls.cert cannot stand beside",
        ),
        ("{ acme: {} }".to_owned(), "listen[0].tls.acme needs `domains`"),
        ("{ acme: { domains: [ '*.a.test' ] } }".to_owned(), "listen[0].tls.acme.domains[0] must be a name"),
        ("{ acme: { domains: [ 192.0.2.1 ] } }".to_owned(), "listen[0].tls.acme.domains[0] must be a name"),
        (
            "{ acme: { domains: [ a.test ], email: x, directory: 'http://a' } }".to_owned(),
            "listen[0].tls.acme.directory must be an address",
        ),
        (format!("{{ certificates: [ {pair} ], client_auth: optional }}"), "needs `client_ca`"),
        ("{ cert: Cargo.toml }".to_owned(), "listen[0].tls.key is missing"),
        ("{ cert: nowhere, key: Cargo.toml }".to_owned(), "listen[0].tls.cert must be a readable file"),
    ] {
        has(&format!("listen: [ {{ address: 127.0.0.1:1, tls: {tls} }} ]"), expected);
    }
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
fn variables_work_in_any_string() {
    let text =
        "failover: { retry_max: '${RETRIES}', deadline: '${DEADLINE:-90}s' }\ndata_dir: $${X}/${RETRIES}";
    let config = load(text, &[("RETRIES", "5")]).map_err(|problems| shown(&problems)).unwrap().config;
    assert_eq!((config.failover.retry_max, config.failover.deadline), (5, Duration::from_secs(90)));
    assert_eq!(config.data_dir.to_str(), Some("${X}/5"));
    has("failover: { retry_max: '${RETRIES}' }", "is empty because the variable `RETRIES` is not set");
}

#[test]
fn prices_are_read_exactly_and_by_name_or_beginning() {
    let config = accepted(&format!(
        "{PROVIDERS}pricing:\n  unknown: refuse\n  openai/gpt-4o: {{ input: 2.5, output: 10, cached: 1.25, cache_write: 0 }}\n  \
         openai/tiny: {{ input: 0.000000001 }}\n  local/*: free\n  groq/x: free\n"
    ));
    let per_million = |input, output, cached: Option<u64>, cache_write: Option<u64>| Tariff::PerMillion {
        input: Money(input),
        output: Money(output),
        cached: cached.map(Money),
        cache_write: cache_write.map(Money),
    };
    let prices: Vec<(&str, Tariff)> =
        config.pricing.iter().map(|own| (own.target.model.as_str(), own.tariff)).collect();
    let exact = per_million(2_500_000_000, 10_000_000_000, Some(1_250_000_000), Some(0));
    // `groq` has no key: what points to it vanishes.
    assert_eq!(prices, [("gpt-4o", exact), ("tiny", per_million(1, 0, None, None)), ("*", Tariff::Free)]);
    assert_eq!(config.unknown_price, config::UnknownPrice::Refuse);
    assert!(
        config::print(&config).contains("{ input: 0.000000001, output: 0 }"),
        "{}",
        config::print(&config)
    );
}

#[test]
fn a_price_that_is_none_is_refused() {
    for (price, expected) in [
        ("openai/m: cheap", "pricing.openai/m must be `free`, or prices such as"),
        ("openai/m: { output: 1 }", "pricing.openai/m.input is missing"),
        ("openai/m: { input: 1e-3 }", "pricing.openai/m.input must be US dollars with nine decimals at most"),
        ("openai/m: { input: -1 }", "pricing.openai/m.input must be US dollars"),
        ("openai/m: { input: 0.1234567891 }", "pricing.openai/m.input must be US dollars"),
        ("openai/m: { input: 1000001 }", "pricing.openai/m.input must be 1000000 US dollars or less"),
        ("openai/m: { input: 1, outptu: 2 }", "pricing.openai/m.outptu is not a setting"),
        ("'openai/a*b': free", "pricing.openai/a*b may have a `*` only at the end"),
        ("opneai/m: free", "pricing.opneai/m names"),
        ("unknown: maybe", "pricing.unknown must be `allow` or `refuse`"),
        ("gpt-4o: free", "pricing.gpt-4o must be `provider/model`"),
    ] {
        has(&format!("{PROVIDERS}pricing: {{ {price} }}"), expected);
    }
}

#[test]
fn the_ledger_is_kept_for_as_long_as_it_says() {
    let keep = |text: &str| accepted(text).ledger;
    let days = |days: u64| Some(Duration::from_secs(days * 86_400));
    assert_eq!(keep(""), Keep { entries: days(90), hours: days(400) });
    assert_eq!(keep("ledger: { keep: 7d, keep_hours: off }"), Keep { entries: days(7), hours: None });
    has("ledger: { keep: 1h }", "ledger.keep must be a day or more");
}
