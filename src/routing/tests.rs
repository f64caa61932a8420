//! Names become routes, and routes become plans.

use super::*;
use crate::config;
use crate::config::{
    BaseUrl, Config, Environment, Group, Member as Written, Order, Provider, Reference, Strategy,
};
use crate::dialect::operation::Operation;
use crate::dialect::operation::Operation::{
    ChatCompletions, Embeddings, Moderations, Rerank, Transcriptions,
};
use crate::provider::Tier;
use crate::provider::presets::preset;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Providers as the tests see them: who is not healthy, and what was fetched from whom.
#[derive(Default)]
struct Seen {
    standing: HashMap<usize, Standing>,
    lists: HashSet<(usize, &'static str)>,
}

impl Fleet for Seen {
    fn standing(&self, provider: usize, _model: &str) -> Standing {
        self.standing.get(&provider).copied().unwrap_or(Standing::Healthy)
    }

    fn lists(&self, provider: usize, model: &str) -> bool {
        self.lists.iter().any(|(p, m)| *p == provider && *m == model)
    }
}

fn seen(lists: &[(usize, &'static str)]) -> Seen {
    Seen { lists: lists.iter().copied().collect(), ..Seen::default() }
}

fn with(standing: &[(usize, Standing)]) -> Seen {
    Seen { standing: standing.iter().copied().collect(), ..Seen::default() }
}

fn provider(name: &str, kind: &str) -> Provider {
    let preset = preset(kind).expect("a kind that exists");
    Provider {
        name: name.to_owned(),
        preset,
        base_url: BaseUrl { tls: false, host: "127.0.0.1".to_owned(), port: 1, path: String::new() },
        api_keys: Vec::new(),
        tier: preset.tier,
        weight: None,
        quota: Default::default(),
        ca_file: None,
        models: Vec::new(),
        fallback_models: BTreeMap::new(),
        headers: Vec::new(),
        http2: false,
        check: false,
        region: String::new(),
        api_version: None,
    }
}

fn chain(providers: Vec<Provider>) -> Config {
    let nothing = config::load(None, &Environment::default());
    let nothing = nothing.unwrap_or_else(|problems| panic!("{problems:?}"));
    Config { providers, ..nothing.config }
}

fn kinds_of(kinds: &[&str]) -> Config {
    chain(kinds.iter().map(|kind| provider(kind, kind)).collect())
}

fn group(strategy: Strategy, order: Order, members: &[(usize, &str, u32)]) -> Group {
    let member = |(provider, model, weight): &(usize, &str, u32)| Written {
        target: Reference { provider: *provider, model: (*model).to_owned() },
        weight: *weight,
    };
    Group { strategy, order, failover: true, members: members.iter().map(member).collect() }
}

/// The plan in short: `groq/model`, with a `~` before a stand-in.
fn plan_of(config: &Config, route: &Route, operation: Operation, fleet: &Seen) -> Vec<String> {
    let plan = draw_plan(route, operation, fleet, &mut StdRng::seed_from_u64(1));
    let short = |candidate: &Candidate| {
        let mark = if candidate.stand_in { "~" } else { "" };
        format!("{mark}{}/{}", config.providers[candidate.provider].name, candidate.model)
    };
    plan.iter().map(short).collect()
}

fn plan(config: &Config, name: &str, fleet: &Seen) -> Vec<String> {
    let route = Table::build(config).resolve(name, fleet).expect("a name that is offered");
    plan_of(config, &route, ChatCompletions, fleet)
}

fn lead(config: &Config, name: &str, fleet: &Seen) -> String {
    plan(config, name, fleet).remove(0)
}

#[test]
fn a_name_is_resolved_in_the_order_of_the_book() {
    let mut config = kinds_of(&["groq", "openai", "openrouter", "vllm"]);
    config.providers[3].name = "local".to_owned();
    config.providers[3].models = vec!["my-model".to_owned()];
    config.models.insert("gpt-4o".to_owned(), Reference { provider: 2, model: "openai/gpt-4o".to_owned() });
    config.groups.insert("fast".to_owned(), group(Strategy::Priority, Order::Tier, &[(3, "my-model", 1)]));
    let table = [
        ("gpt-4o", "openrouter/openai/gpt-4o", "an alias comes before the form of the name"),
        ("fast", "local/my-model", "a configured group hides the built-in one"),
        ("openai/gpt-4o", "openai/gpt-4o", "a prefix is obeyed"),
        ("openai/o3", "openai/o3", "also for a model nobody declared"),
        ("local/anything", "local/anything", "a prefix may be a provider's own name"),
        ("vllm/anything", "local/anything", "or its kind"),
        ("gpt-4o-mini", "openai/gpt-4o-mini", "the form of a name tells its vendor"),
        ("my-model", "local/my-model", "a name without a form goes to who lists it"),
        ("some/model", "openrouter/some/model", "an unknown prefix is part of the id"),
    ];
    for (name, first, why) in table {
        assert_eq!(lead(&config, name, &Seen::default()), first, "{name}: {why}");
    }
}

#[test]
fn another_spelling_of_a_kind_is_a_prefix_too() {
    let config = kinds_of(&["gemini", "huggingface", "zai"]);
    for (name, first) in [
        ("google/gemini-3.8-flash", "gemini/gemini-3.8-flash"),
        ("hf/some/model", "huggingface/some/model"),
        ("z.ai/glm-5.3", "zai/glm-5.3"),
    ] {
        assert_eq!(lead(&config, name, &Seen::default()), first);
    }
}

#[test]
fn the_owner_of_an_open_model_is_not_taken_for_its_provider() {
    let name = "openai/gpt-oss-120b";
    let both = kinds_of(&["openai", "groq"]);
    assert_eq!(lead(&both, name, &Seen::default()), "groq/openai/gpt-oss-120b", "Groq's preset lists it");
    let told = seen(&[(0, "gpt-oss-120b")]);
    assert_eq!(lead(&both, name, &told), "openai/gpt-oss-120b", "unless OpenAI says it has it");
    let nobody_else = kinds_of(&["openai", "mistral"]);
    assert_eq!(lead(&nobody_else, name, &Seen::default()), "openai/gpt-oss-120b", "or nobody else does");
    let fetched = kinds_of(&["openai", "vllm"]);
    assert_eq!(lead(&fetched, name, &seen(&[(1, name)])), "vllm/openai/gpt-oss-120b");
    assert_eq!(lead(&both, "openai/gpt-4o", &seen(&[(1, "openai/gpt-4o")])), "openai/gpt-4o");
}

#[test]
fn an_open_model_goes_to_the_first_of_the_chain_that_offers_it_in_its_own_spelling() {
    let config = kinds_of(&["deepseek", "groq", "cerebras"]);
    assert_eq!(
        plan(&config, "gpt-oss-120b", &Seen::default()),
        ["groq/openai/gpt-oss-120b", "~deepseek/deepseek-v4-pro", "cerebras/gpt-oss-120b"],
    );
    let fetched = seen(&[(2, "llama-4-70b")]);
    assert_eq!(lead(&config, "llama-4-70b", &fetched), "cerebras/llama-4-70b", "a list beats a guess");
    assert_eq!(lead(&config, "llama-4-70b", &Seen::default()), "groq/llama-4-70b", "a guess beats nothing");
}

#[test]
fn an_unknown_name_is_refused_with_close_ones() {
    let table = Table::build(&kinds_of(&["openai"]));
    let unknown = table.resolve("smrt", &Seen::default()).expect_err("nobody offers this");
    assert_eq!(unknown.close.first().map(String::as_str), Some("smart"));
    for name in ["", "/", "openai/", "claude-sonnet-4-6"] {
        assert!(table.resolve(name, &Seen::default()).is_err(), "`{name}`");
    }
}

#[test]
fn names_are_aliases_and_groups_sorted() {
    let mut config = kinds_of(&["openai"]);
    config.models.insert("cheap".to_owned(), Reference { provider: 0, model: "gpt-4o-mini".to_owned() });
    config.groups.insert("zoo".to_owned(), group(Strategy::Priority, Order::Tier, &[(0, "gpt-4o", 1)]));
    assert_eq!(Table::build(&config).names(), ["auto", "cheap", "fast", "smart", "zoo"]);
    assert!(Table::build(&kinds_of(&["vllm"])).names().is_empty(), "a group without members is no name");
}

#[test]
fn built_in_groups_take_each_providers_model_of_the_class_free_ones_first() {
    let config = kinds_of(&["ollama", "openai", "xai", "groq"]);
    let none = Seen::default();
    assert_eq!(
        plan(&config, "fast", &none),
        ["groq/openai/gpt-oss-20b", "openai/gpt-4o-mini", "ollama/llama3.2:3b"]
    );
    let large = ["groq/openai/gpt-oss-120b", "openai/gpt-6.1-terra", "xai/grok-4.7", "ollama/gpt-oss:20b"];
    assert_eq!(plan(&config, "smart", &none), large);
    assert_eq!(plan(&config, "auto", &none), large);
    assert_eq!(plan(&kinds_of(&["inference"]), "smart", &none).len(), 1, "a small one is better than none");
    assert_eq!(plan(&kinds_of(&["xai"]), "fast", &none), ["xai/grok-4.7"], "and so is a large one");
    let route = Table::build(&config).resolve("auto", &none).expect("built in");
    assert_eq!(route.group.as_deref(), Some("auto"));
}

#[test]
fn a_named_model_is_followed_by_the_rest_of_the_chain() {
    let config = kinds_of(&["groq", "openai", "openrouter", "vllm"]);
    assert_eq!(
        plan(&config, "gpt-4o", &seen(&[(2, "gpt-4o")])),
        ["openai/gpt-4o", "~groq/openai/gpt-oss-120b", "openrouter/gpt-4o"],
        "who lists it is asked for it, others for their large model, who has neither is left out"
    );
    assert_eq!(lead(&config, "gpt-4o-mini", &Seen::default()), "openai/gpt-4o-mini");
    assert_eq!(plan(&config, "gpt-4o-mini", &Seen::default())[1], "~groq/openai/gpt-oss-20b");
}

#[test]
fn embeddings_have_no_stand_ins() {
    let mut config = kinds_of(&["openai", "gemini", "mistral"]);
    let members = [(1, "e1", 1), (0, "e2", 1), (2, "e1", 1)];
    config.groups.insert("vectors".to_owned(), group(Strategy::Priority, Order::AsWritten, &members));
    let table = Table::build(&config);
    let none = seen(&[(2, "text-embedding-3-small")]);
    let route = table.resolve("text-embedding-3-small", &none).expect("OpenAI's");
    let same = ["openai/text-embedding-3-small", "mistral/text-embedding-3-small"];
    assert_eq!(plan_of(&config, &route, Embeddings, &none), same);
    let route = table.resolve("vectors", &none).expect("a group");
    assert_eq!(plan_of(&config, &route, Embeddings, &none), ["gemini/e1", "mistral/e1"]);
    assert_eq!(plan_of(&config, &route, ChatCompletions, &none).len(), 3);
}

#[test]
fn who_does_not_serve_an_operation_is_left_out() {
    let mut config = kinds_of(&["groq", "deepseek", "openai", "mistral"]);
    let members = [(1, "sound", 1), (0, "whisper-large-v3", 1), (2, "gpt-4o-transcribe", 1)];
    config.groups.insert("transcription".to_owned(), group(Strategy::Priority, Order::AsWritten, &members));
    let table = Table::build(&config);
    let listed = seen(&[(2, "voxtral-mini-latest"), (1, "voxtral-mini-latest")]);
    let drawn = |name: &str, operation: Operation| {
        plan_of(&config, &table.resolve(name, &listed).expect("a name"), operation, &listed)
    };
    assert_eq!(drawn("transcription", Transcriptions), ["groq/whisper-large-v3", "openai/gpt-4o-transcribe"]);
    assert_eq!(drawn("transcription", Moderations), ["openai/gpt-4o-transcribe"]);
    assert_eq!(drawn("transcription", ChatCompletions).len(), 3, "everyone chats");
    let same = ["mistral/voxtral-mini-latest", "openai/voxtral-mini-latest"];
    assert_eq!(drawn("voxtral-mini-latest", Transcriptions), same, "and no stand-ins");
    assert!(drawn("deepseek/sound", Transcriptions).is_empty());
    assert!(drawn("transcription", Rerank).is_empty());
}

#[test]
fn members_follow_the_order_of_their_group() {
    let tiers = [Tier::Local, Tier::Paid, Tier::Flat, Tier::Free, Tier::Paid];
    let mut config = chain(
        tiers
            .iter()
            .enumerate()
            .map(|(index, tier)| Provider { tier: *tier, ..provider(&format!("{tier}{index}"), "vllm") })
            .collect(),
    );
    let members: Vec<(usize, &str, u32)> = (0..5).map(|index| (index, "m", 1)).chain([(0, "m", 1)]).collect();
    for (order, sorted) in [
        (Order::Tier, ["free3/m", "flat2/m", "paid1/m", "paid4/m", "local0/m"]),
        (Order::Media, ["free3/m", "flat2/m", "local0/m", "paid1/m", "paid4/m"]),
        (Order::AsWritten, ["local0/m", "paid1/m", "flat2/m", "free3/m", "paid4/m"]),
    ] {
        config.groups.insert("g".to_owned(), group(Strategy::Priority, order, &members));
        assert_eq!(plan(&config, "g", &Seen::default()), sorted, "{order:?}, and each target once");
    }
}

#[test]
fn who_is_out_is_left_out_unless_nobody_else_is_left() {
    let config = kinds_of(&["groq", "openai", "deepseek"]);
    let (groq, openai, deepseek) =
        ("~groq/openai/gpt-oss-120b", "openai/gpt-4o", "~deepseek/deepseek-v4-pro");
    let (out, probe) = (Standing::Out, Standing::Probe);
    let table = [
        (vec![(1, out)], vec![groq, deepseek]),
        (vec![(1, probe), (0, out)], vec![openai, deepseek]),
        (vec![(0, probe)], vec![openai, groq, deepseek]),
        (vec![(0, out), (1, out), (2, out)], vec![openai, groq, deepseek]),
    ];
    for (standing, expected) in table {
        assert_eq!(plan(&config, "gpt-4o", &with(&standing)), expected, "{standing:?}");
    }
}

#[test]
fn without_failover_a_request_stays_where_it_is_sent() {
    let mut config = kinds_of(&["groq", "openai"]);
    let members = [(0, "a", 1), (1, "b", 1)];
    let pinned = Group { failover: false, ..group(Strategy::Priority, Order::AsWritten, &members) };
    config.groups.insert("g".to_owned(), pinned);
    let groq_out = with(&[(0, Standing::Out)]);
    assert_eq!(plan(&config, "g", &Seen::default()), ["groq/a"]);
    assert_eq!(plan(&config, "g", &groq_out), ["openai/b"], "a group sends it to who is fit");
    let mut route = Table::build(&config).resolve("groq/m", &groq_out).expect("a prefix");
    route.failover = false;
    assert_eq!(
        plan_of(&config, &route, ChatCompletions, &groq_out),
        ["groq/m"],
        "a named one has nobody else"
    );
}

/// How often each provider leads, in percent, over 100,000 draws.
fn shares(route: &Route, fleet: &Seen) -> [f64; 3] {
    let mut dice = StdRng::seed_from_u64(7);
    let mut leads = [0_u32; 3];
    for _ in 0..100_000 {
        leads[draw_plan(route, ChatCompletions, fleet, &mut dice)[0].provider] += 1;
    }
    leads.map(|count| f64::from(count) / 1000.0)
}

fn assert_shares(route: &Route, fleet: &Seen, expected: [f64; 3]) {
    let drawn = shares(route, fleet);
    let close = drawn.iter().zip(expected).all(|(share, wanted)| (share - wanted).abs() < 1.0);
    assert!(close, "drawn {drawn:?}, expected {expected:?}");
}

fn weighted(weights: [u32; 3]) -> Route {
    let mut config = kinds_of(&["groq", "openai", "deepseek"]);
    let members: Vec<_> = (0..3).map(|index| (index, "m", weights[index])).collect();
    config.groups.insert("g".to_owned(), group(Strategy::Weighted, Order::AsWritten, &members));
    Table::build(&config).resolve("g", &Seen::default()).expect("a group")
}

#[test]
fn weights_are_met_within_a_percent() {
    assert_shares(&weighted([50, 30, 20]), &Seen::default(), [50.0, 30.0, 20.0]);
    assert_shares(&weighted([1, 1, 1]), &Seen::default(), [33.3, 33.3, 33.3]);
    assert_shares(&weighted([50, 30, 20]), &with(&[(0, Standing::Out)]), [0.0, 60.0, 40.0]);
    assert_shares(&weighted([0, 30, 10]), &Seen::default(), [0.0, 75.0, 25.0]);
    assert_shares(&weighted([0, 0, 0]), &Seen::default(), [100.0, 0.0, 0.0]);
}

#[test]
fn a_weight_of_zero_is_the_last_resort_and_the_rest_keeps_its_order() {
    let route = weighted([0, 1, 1_000_000]);
    let plan = draw_plan(&route, ChatCompletions, &Seen::default(), &mut StdRng::seed_from_u64(1));
    assert_eq!(plan.iter().map(|c| c.provider).collect::<Vec<_>>(), [2, 1, 0]);
}

#[test]
fn weights_spread_a_bare_name_over_all_that_offer_it() {
    let mut config = kinds_of(&["groq", "openai", "vllm"]);
    for (provider, weight) in config.providers.iter_mut().zip([90, 75, 25]) {
        provider.weight = Some(weight);
    }
    let fetched = seen(&[(2, "gpt-4o")]);
    let table = Table::build(&config);
    let bare = table.resolve("gpt-4o", &fetched).expect("a form");
    assert_shares(&bare, &fetched, [0.0, 75.0, 25.0]);
    let named = table.resolve("openai/gpt-4o", &fetched).expect("a prefix");
    assert_shares(&named, &fetched, [0.0, 100.0, 0.0]);
}

#[test]
fn a_group_without_usable_members_is_unknown_and_so_is_the_built_in_one_of_its_name() {
    let mut config = kinds_of(&["groq"]);
    for name in ["g", "fast"] {
        config.groups.insert(name.to_owned(), group(Strategy::Weighted, Order::Tier, &[]));
    }
    let table = Table::build(&config);
    assert_eq!(table.names(), ["auto", "smart"]);
    for name in ["g", "fast"] {
        assert!(table.resolve(name, &Seen::default()).is_err_and(|unknown| unknown.away), "{name}");
    }
    assert!(table.resolve("h", &Seen::default()).is_err_and(|unknown| !unknown.away));
}

/// Under which of the limited names a request for `name` stands.
fn limited(config: &Config, names: &[&str], name: &str, fleet: &Seen) -> Option<String> {
    let table = Table::build(config);
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let spellings = Spellings::new(&table, names.iter());
    let route = table.resolve(name, fleet).expect("a name that is offered");
    let plan = draw_plan(&route, ChatCompletions, fleet, &mut StdRng::seed_from_u64(1));
    spellings.limited(name, &route, &plan).map(str::to_owned)
}

/// `gpt-4o` of OpenAI as an alias and in a group, and of OpenRouter.
fn many_names() -> Config {
    let mut config = kinds_of(&["openai", "openrouter", "groq"]);
    let target = Reference { provider: 0, model: "gpt-4o".to_owned() };
    config.models.insert("best".to_owned(), target);
    let members = [(0, "gpt-4o", 1), (1, "x/y", 1)];
    config.groups.insert("team".to_owned(), group(Strategy::Priority, Order::AsWritten, &members));
    config
}

#[test]
fn what_is_limited_under_one_name_is_limited_under_each_that_means_the_same() {
    let (config, spellings) = (many_names(), ["gpt-4o", "openai/gpt-4o", "best"]);
    for one in spellings {
        for other in spellings {
            assert_eq!(limited(&config, &[one], other, &seen(&[])).as_deref(), Some(one), "{one}, {other}");
        }
        assert_eq!(limited(&config, &[one], "team", &seen(&[])).as_deref(), Some(one), "it begins there");
        for other in ["gpt-4o-mini", "openrouter/openai/gpt-4o", "groq/gpt-4o"] {
            assert_eq!(limited(&config, &[one], other, &seen(&[])), None, "{one}, {other}");
        }
        assert_eq!(
            limited(&config, &["team"], one, &seen(&[])),
            None,
            "who asks for a member asks for no group"
        );
    }
    assert_eq!(
        limited(&config, &["best", "openai/gpt-4o"], "openai/gpt-4o", &seen(&[])).unwrap(),
        "openai/gpt-4o"
    );
    assert_eq!(limited(&config, &["best", "openai/gpt-4o"], "gpt-4o", &seen(&[])).unwrap(), "best");
    assert_eq!(
        limited(&config, &["best", "team"], "team", &seen(&[])).unwrap(),
        "team",
        "the name that is asked"
    );
}

#[test]
fn a_model_stays_under_its_limit_where_its_provider_is_out() {
    let (config, out) = (many_names(), with(&[(0, Standing::Out)]));
    for name in ["gpt-4o", "openai/gpt-4o", "best"] {
        assert_eq!(limited(&config, &["best"], name, &out).as_deref(), Some("best"), "{name}");
    }
    assert_eq!(limited(&config, &["best"], "team", &out), None, "a group that goes by it");
    assert_eq!(limited(&config, &["openrouter/x/y"], "team", &out).as_deref(), Some("openrouter/x/y"));
}

#[test]
fn a_name_that_only_a_list_tells_is_limited_under_all_its_names() {
    let (config, lists) = (kinds_of(&["openai", "groq"]), seen(&[(1, "new-thing")]));
    for one in ["new-thing", "groq/new-thing"] {
        for other in ["new-thing", "groq/new-thing"] {
            assert_eq!(limited(&config, &[one], other, &lists).as_deref(), Some(one), "{one}, {other}");
        }
    }
}

#[test]
fn a_limit_knows_the_names_that_stand_under_it() {
    let table = Table::build(&many_names());
    let of = |names: &[&str], name: &str| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Spellings::new(&table, names.iter()).of_limited(name, &table)
    };
    assert_eq!(of(&["gpt-4o"], "gpt-4o"), ["gpt-4o", "best", "openai/gpt-4o"]);
    assert_eq!(of(&["best", "gpt-4o"], "gpt-4o"), ["gpt-4o"], "each name stands under one");
    assert_eq!(of(&["best", "gpt-4o"], "best"), ["best", "openai/gpt-4o"]);
    assert_eq!(of(&["team"], "team"), ["team"]);
}
