//! Providers, and the names that lead to them.

use crate::PROVIDERS;
use crate::accepted;
use crate::has;
use crate::load;
use crate::refused;
use crate::shown;
use std::time::Duration;
use tollgate::config;
use tollgate::config::KeyQuota;
use tollgate::config::Order;
use tollgate::config::Period;
use tollgate::config::Quota;
use tollgate::config::Rate;
use tollgate::config::Rates;
use tollgate::config::Strategy;
use tollgate::config::Unit;
use tollgate::config::Window;
use tollgate::provider::Class;
use tollgate::provider::Tier;

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
fn a_region_is_written_or_named_by_the_host_or_usual() {
    let config = accepted(
        "providers: { a: { kind: bedrock, api_key: k-1, region: eu-west-1 }, b: { kind: bedrock, api_key: k-2 }, \
         c: { kind: bedrock, api_key: k-3, base_url: 'https://bedrock-runtime.ap-south-1.amazonaws.com' }, \
         d: { kind: bedrock, api_key: k-4, base_url: 'https://proxy.test/aws', region: us-west-2 } }",
    );
    let places = config.providers.iter().map(|p| (p.region.as_str(), p.base_url.host.as_str()));
    assert_eq!(
        places.collect::<Vec<_>>(),
        [
            ("eu-west-1", "bedrock-runtime.eu-west-1.amazonaws.com"),
            ("us-east-1", "bedrock-runtime.us-east-1.amazonaws.com"),
            ("ap-south-1", "bedrock-runtime.ap-south-1.amazonaws.com"),
            ("us-west-2", "proxy.test"),
        ]
    );
    has("providers: { bedrock: { region: 'a/b' } }", "providers.bedrock.region must be of letters, digits");
}

#[test]
fn an_access_key_of_aws_turns_nothing_on_unless_it_is_told_where() {
    let keys = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")];
    assert!(load("", &keys).unwrap().config.providers.is_empty());
    let provider = |text: &str, more: &[(&str, &str)]| {
        let mut config = load(text, &[&keys, more].concat()).unwrap().config;
        config.providers.remove(0)
    };
    let told = provider("", &[("BEDROCK_REGION", "eu-west-3"), ("AWS_REGION", "us-west-1")]);
    assert_eq!((told.api_keys[0].expose(), told.region.as_str()), ("AKID:s:t", "eu-west-3"));
    let written = provider("providers: { bedrock: {} }", &[("AWS_REGION", "us-west-1")]);
    assert_eq!((written.api_keys[0].expose(), written.region.as_str()), ("AKID:s:t", "us-west-1"));
    let own = provider("providers: { bedrock: { api_key: mine-1 } }", &[]);
    assert_eq!(own.api_keys[0].expose(), "mine-1");
}

#[test]
fn azure_is_found_by_its_own_variables() {
    let variables =
        [("AZURE_OPENAI_API_KEY", "k-1"), ("AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com/")];
    let config = load("", &variables).unwrap().config;
    let azure = &config.providers[0];
    assert_eq!((azure.preset.kind, azure.base_url.path.as_str()), ("azure", "/openai/v1"));
    assert_eq!(azure.api_version, None);
    let more = [("AZURE_OPENAI_API_VERSION", "2024-10-21")];
    let config = load("", &[&variables[..], &more[..]].concat()).unwrap().config;
    assert_eq!(config.providers[0].api_version.as_deref(), Some("2024-10-21"));
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
fn what_points_to_a_provider_without_a_key_vanishes_with_one_note_for_all() {
    let text = format!(
        "{PROVIDERS}models: {{ quick: groq/x }}\ngroups: {{ g: {{ members: [ quick, groq/y, cerebras/z ] }} }}\n"
    );
    let loaded = load(&text, &[]).map_err(|problems| shown(&problems)).unwrap();
    assert!(loaded.config.models.is_empty() && loaded.config.groups["g"].members.is_empty());
    let expected = "\
t.yaml:4:3: providers.groq has no key yet and is left out; 3 names that lead to it vanish
t.yaml:6:1: groups without a usable member are left out: g
environment: cerebras is not in use; 1 name that leads to it vanishes
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
fn a_quota_bounds_every_key_and_single_models() {
    let text = "providers: { openai: { api_key: sk-1, quota: { requests: [ 30/min, 14400/day ], tokens: 1000000/day, \
                window: rolling, models: { gpt-4o: { requests: 50/day calendar, tokens: [ 8000/min, 1/month ] } } } } }";
    let config = accepted(text);
    let quota = &config.providers[0].quota;
    let long = |unit, amount, period, window| Quota { unit, amount, period, window, soft: false };
    let rate = |amount| Rates::one(Rate { amount, per: Duration::from_secs(60) });
    assert_eq!((quota.whole.requests, quota.whole.tokens), (rate(30), Rates::default()));
    let whole = [
        long(Unit::Requests, 14400, Period::Day, Window::Rolling),
        long(Unit::Tokens, 1_000_000, Period::Day, Window::Rolling),
    ];
    assert_eq!(quota.whole.quotas, whole);
    let model = &quota.models["gpt-4o"];
    assert_eq!((model.requests, model.tokens), (Rates::default(), rate(8000)));
    let of_model = [
        long(Unit::Requests, 50, Period::Day, Window::Calendar),
        long(Unit::Tokens, 1, Period::Month, Window::Rolling),
    ];
    assert_eq!(model.quotas, of_model);
    let printed = config::print(&config).replace("\"***\"", "sk-1");
    assert_eq!(accepted(&printed).providers[0].quota, *quota, "{printed}");
    assert_eq!(
        accepted("providers: { openai: { api_key: k, quota: { requests: off } } }").providers[0].quota,
        KeyQuota::default()
    );
}

#[test]
fn a_quota_that_cannot_be_is_refused() {
    for (quota, expected) in [
        ("{ requests: 0/day }", "quota.requests must be more than 0 and such as `30/min`"),
        ("{ tokens: 5/week }", "quota.tokens must be more than 0 and such as"),
        ("{ requests: [ 1/min, 2/min ] }", "quota.requests[1] has the period of one above"),
        ("{ requests: [ 1/day, 2/day ] }", "quota.requests[1] has the period of one above"),
        ("{ cost: 5/day }", "quota.cost is not a setting"),
        ("{ models: { m: { window: rolling } } }", "quota.models.m.window is not a setting"),
        ("{ window: weekly }", "must be `rolling` or `calendar`"),
    ] {
        has(&format!("providers: {{ openai: {{ api_key: k, quota: {quota} }} }}"), expected);
    }
}
