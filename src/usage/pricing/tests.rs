//! Prices against rows of the embedded list.

use super::*;
use crate::provider::presets::PRESETS;

fn price(kind: &str, model: &str) -> Price {
    PriceTable::embedded().price(kind, model)
}

fn known(input: u64, output: u64, cached: u64) -> Price {
    Price::Known(Rates { input, output, cached, cache_write: input })
}

#[test]
fn every_row_of_the_list_is_read() {
    for line in PRICES.lines().skip(1) {
        let (_, row) = row(line).unwrap_or_else(|| panic!("{line}"));
        assert_ne!(row.price, Price::Unknown, "{line}");
    }
}

#[test]
fn each_kind_finds_its_models_by_its_own_names() {
    let cases = [
        ("openai", "gpt-4o", known(2_500_000_000, 10_000_000_000, 1_250_000_000)),
        ("groq", "openai/gpt-oss-20b", known(75_000_000, 300_000_000, 37_500_000)),
        ("cerebras", "gpt-oss-120b", known(350_000_000, 750_000_000, 350_000_000)),
        ("gemini", "gemini-2.5-flash", known(300_000_000, 2_500_000_000, 30_000_000)),
        ("deepseek", "deepseek-v4-pro", known(1_320_000_000, 3_960_000_000, 44_000_000)),
        ("novita", "deepseek/deepseek-v3.2", known(269_000_000, 400_000_000, 134_500_000)),
        ("xai", "grok-4.7", known(2_000_000_000, 6_000_000_000, 500_000_000)),
        ("mistral", "mistral-embed", known(100_000_000, 0, 100_000_000)),
        ("zai", "glm-4.7-flash", Price::Free),
    ];
    for (kind, model, expected) in cases {
        assert_eq!(price(kind, model), expected, "{kind} {model}");
    }
    for (kind, model) in
        [("together", "openai/gpt-oss-20b"), ("fireworks", "accounts/fireworks/models/gpt-oss-20b")]
    {
        assert!(matches!(price(kind, model), Price::Known(_)), "{kind} {model}");
    }
}

#[test]
fn a_kind_does_not_borrow_the_prices_of_another() {
    assert_eq!(price("groq", "gpt-4o"), Price::Unknown);
    assert_eq!(price("openai_compatible", "gpt-4o"), Price::Unknown);
    assert_eq!(price("openai", "claude-haiku-4-5"), Price::Unknown);
}

#[test]
fn what_runs_at_home_and_what_is_marked_free_is_free() {
    assert_eq!(price("ollama", "anything"), Price::Free);
    assert_eq!(price("vllm", "gpt-4o"), Price::Free);
    assert_eq!(price("openrouter", "qwen/qwen3-coder:free"), Price::Free);
    assert_eq!(price("openrouter", "qwen/qwen3-coder"), Price::Unknown);
    assert_eq!(price("groq", "x:free"), Price::Unknown);
}

#[test]
fn a_dated_model_has_its_own_price_or_else_that_of_the_undated_one() {
    assert_eq!(price("openai", "gpt-4o-2024-05-13"), known(5_000_000_000, 15_000_000_000, 5_000_000_000));
    assert_eq!(price("openai", "gpt-4o-2031-01-31"), price("openai", "gpt-4o"));
    assert_eq!(price("openai", "gpt-4o-20310131"), price("openai", "gpt-4o"));
    for model in ["gpt-4o-2031-01-3x", "gpt-4o-310131", "é-2031-01-31", "-2031-01-31", "ü2031-01-31"] {
        assert_eq!(price("openai", model), Price::Unknown, "{model}");
    }
}

#[test]
fn a_row_without_an_input_price_is_unknown() {
    assert_eq!(read_price("m", ["", "1", ""]), Price::Unknown);
    assert_eq!(read_price("m", ["1", "x", ""]), Price::Unknown);
    assert_eq!(read_price("m", ["0", "", ""]), Price::Free);
    assert_eq!(read_price("m", ["0", "0.5", ""]), known(0, 500_000_000, 0));
}

#[test]
fn each_part_of_a_usage_is_billed_at_its_own_rate() {
    let usage = Usage { input: 1_000, cached: 400, cache_write: 100, output: 200, reasoning: 150 };
    // 600 × 2.5 + 400 × 1.25 + 200 × 10 dollars per million.
    assert_eq!(cost(&price("openai", "gpt-4o"), &usage), Some(Money(4_000_000)));
    // 1000 × 0.35 + 200 × 0.75: no price for cached input, so it is plain input.
    assert_eq!(cost(&price("cerebras", "gpt-oss-120b"), &usage), Some(Money(500_000)));
    // 500 × 3 + 400 × 0.3 + 100 × 3.75 + 200 × 15: what is written is no plain input besides.
    for (kind, model) in [("anthropic", "claude-sonnet-4-6"), ("bedrock", "anthropic.claude-sonnet-4-6")] {
        assert_eq!(cost(&price(kind, model), &usage), Some(Money(4_995_000)), "{model}");
    }
    assert_eq!(cost(&Price::Free, &usage), Some(Money::ZERO));
    assert_eq!(cost(&Price::Unknown, &usage), None);
}

#[test]
fn a_cost_is_rounded_and_never_wraps() {
    let one = Usage { input: 1, ..Usage::default() };
    assert_eq!(cost(&known(8_750_000, 0, 0), &one), Some(Money(9)), "8.75 nano-dollars");
    let huge = Usage { input: u64::MAX, cached: 0, cache_write: 0, output: u64::MAX, reasoning: 0 };
    assert_eq!(cost(&known(u64::MAX, u64::MAX, 0), &huge), Some(Money(u64::MAX)));
    let odd = Usage { input: 1, cached: 5, cache_write: 5, ..Usage::default() };
    assert_eq!(cost(&known(1_000_000, 0, 500_000_000), &odd), Some(Money(500)), "cached is part of input");
}

#[test]
fn every_vendor_of_the_list_that_has_a_preset_is_found_under_its_kind() {
    let kinds: Vec<&str> = PriceTable::embedded().rows.keys().map(|(kind, _)| *kind).collect();
    let kind =
        |kind: &'static str| SAME.iter().find(|(own, _)| *own == kind).map_or(kind, |(_, listed)| *listed);
    // The coding plan has one price a month.
    let unlisted =
        ["zai_coding", "openrouter", "huggingface", "inference", "ollama", "vllm", "openai_compatible"];
    for preset in PRESETS.iter().filter(|preset| !unlisted.contains(&preset.kind)) {
        assert!(kinds.contains(&kind(preset.kind)), "`{}` has no prices", preset.kind);
    }
}

#[test]
fn an_estimate_takes_the_longest_answer_and_nothing_where_the_price_is_unknown() {
    let price = price("openai", "gpt-4o");
    assert_eq!(estimate_cost(&price, 1_000, Some(100)), Money(3_500_000), "1000 × 2.5 + 100 × 10");
    assert_eq!(estimate_cost(&price, 0, None), Money(5_120_000), "512 × 10");
    assert_eq!(estimate_cost(&price, u64::MAX, Some(u64::MAX)), Money(u64::MAX));
    assert_eq!(estimate_cost(&Price::Unknown, 1_000, Some(100)), Money::ZERO);
    assert_eq!(estimate_cost(&Price::Free, 1_000, Some(100)), Money::ZERO);
}
