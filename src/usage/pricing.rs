//! What an answer costs: list prices by vendor and model, and the arithmetic.
//!
//! The prices are those of LiteLLM's public list (MIT), in US dollars per million tokens. Our copy of it knows no
//! price for writing to a prompt cache; Anthropic's is a quarter more than plain input (its price list, for entries
//! that live five minutes), whoever serves its models. Elsewhere such tokens are plain input.

mod own;

pub use own::Prices;

use crate::dialect::usage::Usage;
use crate::money::Money;
use crate::usage::estimate;
use std::collections::HashMap;
use std::sync::LazyLock;

static PRICES: &str = include_str!("prices.tsv");

/// What a model costs. Unknown is not zero: a bill without it is incomplete, not cheap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    Known(Rates),
    Free,
    Unknown,
}

/// Nano-dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    pub input: u64,
    pub output: u64,
    /// For prompt tokens read from the provider's cache; the same as `input` where the list tells no other.
    pub cached: u64,
    /// For prompt tokens written to it.
    pub cache_write: u64,
}

/// Prices by kind of provider and the model's name there.
#[derive(Debug)]
pub struct PriceTable {
    rows: HashMap<(&'static str, &'static str), Row>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    price: Price,
    context: Option<u64>,
}

/// How the list names a vendor → our kind of provider, where the two differ.
const KINDS: [(&str, &str); 4] = [
    ("bedrock_converse", "bedrock"),
    ("cohere_chat", "cohere"),
    ("fireworks_ai", "fireworks"),
    ("together_ai", "together"),
];

/// Kinds whose models cost what they cost at another one.
const SAME: [(&str, &str); 1] = [("zai_anthropic", "zai")];

/// Kinds that run on the user's own machines.
const LOCAL: [&str; 2] = ["ollama", "vllm"];

impl PriceTable {
    /// The list that came with this build, read on first use.
    pub fn embedded() -> &'static PriceTable {
        static TABLE: LazyLock<PriceTable> = LazyLock::new(|| PriceTable::read(PRICES));
        &TABLE
    }

    /// The price of `model`, as the provider names it, at a provider of this `kind` (a preset's).
    ///
    /// A dated model that is not listed (`gpt-4o-2024-08-06`) has the price of the undated one.
    pub fn price(&self, kind: &str, model: &str) -> Price {
        if LOCAL.contains(&kind) || (kind == "openrouter" && model.ends_with(":free")) {
            return Price::Free;
        }
        self.row(kind, model).map_or(Price::Unknown, |row| row.price)
    }

    /// How many prompt tokens the model takes, where the list tells.
    pub fn context(&self, kind: &str, model: &str) -> Option<u64> {
        self.row(kind, model).and_then(|row| row.context)
    }

    fn row(&self, kind: &str, model: &str) -> Option<Row> {
        let kind = SAME.iter().find(|(own, _)| *own == kind).map_or(kind, |(_, listed)| *listed);
        let listed = |model: &str| self.rows.get(&(kind, model)).copied();
        listed(model).or_else(|| listed(undated(model)?))
    }

    /// A model that is listed twice, with and without the vendor's prefix, has the price of the later row.
    fn read(list: &'static str) -> PriceTable {
        PriceTable { rows: list.lines().skip(1).filter_map(row).collect() }
    }
}

/// What `usage` costs, rounded to the nearest nano-dollar; `None` if the price is unknown.
pub fn cost(price: &Price, usage: &Usage) -> Option<Money> {
    match price {
        Price::Known(rates) => Some(rates.cost(usage)),
        Price::Free => Some(Money::ZERO),
        Price::Unknown => None,
    }
}

/// About what a request will cost: its prompt, and the longest answer it allows or else 512 tokens.
///
/// Nothing where the price is unknown: no room can be kept for what nobody can tell.
pub fn estimate_cost(price: &Price, input: u64, max_output: Option<u64>) -> Money {
    let output = max_output.unwrap_or(estimate::USUAL_OUTPUT);
    cost(price, &Usage { input, output, ..Usage::default() }).unwrap_or_default()
}

impl Rates {
    /// Each token of a prompt is plain, read from the cache or written to it; reasoning is part of the output.
    fn cost(&self, usage: &Usage) -> Money {
        let cached = usage.cached.min(usage.input);
        let written = usage.cache_write.min(usage.input - cached);
        let parts = [
            (usage.input - cached - written, self.input),
            (cached, self.cached),
            (written, self.cache_write),
            (usage.output, self.output),
        ];
        let cost = |(tokens, rate): (u64, u64)| u128::from(tokens) * u128::from(rate);
        let sum = parts.map(cost).into_iter().fold(0, u128::saturating_add);
        let nanos = sum.saturating_add(PER_TOKENS / 2) / PER_TOKENS;
        Money(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Rates are for so many tokens.
const PER_TOKENS: u128 = 1_000_000;

/// `id, provider, input, output, cached input, context, max output`, parted by tabs; a blank is not known.
fn row(line: &'static str) -> Option<((&'static str, &'static str), Row)> {
    let mut cells = line.split('\t');
    let (id, vendor) = (cells.next()?, cells.next()?);
    let (input, output, cached) = (cells.next()?, cells.next()?, cells.next()?);
    let model = id.strip_prefix(vendor).and_then(|rest| rest.strip_prefix('/')).unwrap_or(id);
    let context = cells.next().and_then(|c| c.parse().ok());
    Some(((kind(vendor), model), Row { price: read_price(model, [input, output, cached]), context }))
}

fn kind(vendor: &'static str) -> &'static str {
    KINDS.iter().find(|(theirs, _)| *theirs == vendor).map_or(vendor, |(_, ours)| *ours)
}

fn read_price(model: &str, [input, output, cached]: [&str; 3]) -> Price {
    let Some(input) = nanos(input) else {
        return Price::Unknown;
    };
    // Embeddings have a blank here, for they have no output.
    let Some(output) = (if output.is_empty() { Some(0) } else { nanos(output) }) else {
        return Price::Unknown;
    };
    match (input, output) {
        (0, 0) => Price::Free,
        _ => Price::Known(Rates {
            input,
            output,
            cached: nanos(cached).unwrap_or(input),
            cache_write: cache_write(model, input),
        }),
    }
}

/// What writing to the prompt cache costs where nobody tells.
fn cache_write(model: &str, input: u64) -> u64 {
    match model.contains("claude") {
        true => input.saturating_add(input / 4),
        false => input,
    }
}

fn nanos(dollars: &str) -> Option<u64> {
    Money::read(dollars).map(|money| money.0)
}

/// `name` of `name-2024-08-06` and of `name-20240806`.
fn undated(model: &str) -> Option<&str> {
    // A 0 stands for any digit.
    ["-2000-00-00", "-20000000"].into_iter().find_map(|form| {
        let (name, date) = model.split_at_checked(model.len().checked_sub(form.len())?)?;
        let fits = |(b, f): (u8, u8)| if f == b'0' { b.is_ascii_digit() } else { b == f };
        date.bytes().zip(form.bytes()).all(fits).then_some(name)
    })
}

#[cfg(test)]
mod tests;
