//! `pricing`: what models cost, where the built-in list does not know or is wrong.

use crate::config::Reference;
use crate::config::chain::Chain;
use crate::config::models;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use crate::money::Money;

/// What models of one provider cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPrice {
    /// Its model may end in `*`: all that begin like it.
    pub target: Reference,
    pub tariff: Tariff,
}

/// A price as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tariff {
    Free,
    /// For a million tokens each; what is `None` costs as usual beside `input`.
    PerMillion {
        input: Money,
        output: Money,
        cached: Option<Money>,
        cache_write: Option<Money>,
    },
}

/// What becomes of a model whose price nobody knows where a hard budget is to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownPrice {
    /// It costs nothing there.
    #[default]
    Allow,
    Refuse,
}

/// The entry of `pricing` that is no model's: those all have a `/`.
const UNKNOWN: &str = "unknown";

/// A dearer million of tokens is a price of one token.
const MOST: Money = Money(1_000_000 * 1_000_000_000);

/// Reads `pricing`: `provider/model`, or `provider/` and how names begin with a `*`, and the price.
pub fn read(root: &Section<'_>, chain: &Chain) -> Vec<OwnPrice> {
    let price = |(name, field): (&str, Field<'_>)| {
        let target = models::reference(&field, name, chain);
        if name.trim_end_matches('*').contains('*') {
            field.refuse("may have a `*` only at the end");
        }
        Some(OwnPrice { tariff: tariff(&field)?, target: target? })
    };
    root.entries("pricing").into_iter().filter(|(name, _)| *name != UNKNOWN).filter_map(price).collect()
}

/// Reads `pricing.unknown`.
pub fn unknown(root: &Section<'_>) -> UnknownPrice {
    let words = [("allow", UnknownPrice::Allow), ("refuse", UnknownPrice::Refuse)];
    let said = root.entries("pricing").into_iter().find(|(name, _)| *name == UNKNOWN);
    said.and_then(|(_, field)| field.read(units::word(&words))).unwrap_or_default()
}

fn tariff(field: &Field<'_>) -> Option<Tariff> {
    if field.is_scalar() {
        return field.read(|text| match text {
            "free" => Ok(Tariff::Free),
            _ => Err("must be `free`, or prices such as `{ input: 2.5, output: 10 }`".to_owned()),
        });
    }
    let section = field.section(&shapes::PRICE);
    let input = section.required("input").and_then(|field| field.read(dollars));
    Some(Tariff::PerMillion {
        // Embeddings have none.
        output: section.optional("output", dollars).unwrap_or_default(),
        cached: section.optional("cached", dollars),
        cache_write: section.optional("cache_write", dollars),
        input: input?,
    })
}

fn dollars(text: &str) -> Result<Money, String> {
    match Money::read(text) {
        Some(money) if money <= MOST => Ok(money),
        Some(_) => Err("must be 1000000 US dollars or less".to_owned()),
        None => Err("must be US dollars with nine decimals at most, such as `2.5`".to_owned()),
    }
}
