//! Prices that the configuration sets for a provider's models, before those of the list.

use crate::config::Tariff;
use crate::usage::pricing::Price;
use crate::usage::pricing::PriceTable;
use crate::usage::pricing::Rates;
use crate::usage::pricing::cache_write;

/// What the models of one provider cost.
#[derive(Debug)]
pub struct Prices {
    list: &'static PriceTable,
    /// A preset's.
    kind: &'static str,
    /// By the model's name, or by how names begin where a `*` stands at the end.
    own: Vec<(String, Tariff)>,
}

impl Prices {
    /// Those of the list for a provider of this `kind`.
    pub fn of_list(list: &'static PriceTable, kind: &'static str) -> Prices {
        Prices { list, kind, own: Vec::new() }
    }

    /// Goes before the list for `model`, or for all models that begin like it if it ends in `*`.
    pub fn set(&mut self, model: &str, tariff: Tariff) {
        self.own.push((model.to_owned(), tariff));
    }

    /// The price of a model as the provider names it. Its full name goes before a beginning, a longer one before a shorter.
    pub fn of(&self, model: &str) -> Price {
        let fits = |(name, tariff): &(String, Tariff)| match name.strip_suffix('*') {
            Some(start) => model.starts_with(start).then_some((start.len(), *tariff)),
            None => (name == model).then_some((usize::MAX, *tariff)),
        };
        let own = self.own.iter().filter_map(fits).max_by_key(|(length, _)| *length);
        own.map_or_else(|| self.list.price(self.kind, model), |(_, tariff)| priced(model, tariff))
    }
}

fn priced(model: &str, tariff: Tariff) -> Price {
    match tariff {
        Tariff::Free => Price::Free,
        Tariff::PerMillion { input, output, cached, cache_write: written } => {
            let usual = || cache_write(model, input.0);
            let rates = Rates {
                input: input.0,
                output: output.0,
                cached: cached.unwrap_or(input).0,
                cache_write: written.map_or_else(usual, |price| price.0),
            };
            let costs_nothing = rates == Rates { input: 0, output: 0, cached: 0, cache_write: 0 };
            if costs_nothing { Price::Free } else { Price::Known(rates) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;

    fn prices(own: &[(&str, Tariff)]) -> Prices {
        let mut prices = Prices::of_list(PriceTable::embedded(), "openai");
        own.iter().for_each(|(model, tariff)| prices.set(model, *tariff));
        prices
    }

    fn costs(input: u64) -> Tariff {
        Tariff::PerMillion { input: Money(input), output: Money(9), cached: None, cache_write: None }
    }

    fn input(price: Price) -> Option<u64> {
        match price {
            Price::Known(rates) => Some(rates.input),
            Price::Free | Price::Unknown => None,
        }
    }

    #[test]
    fn the_most_exact_name_wins_and_the_list_comes_last() {
        let prices = prices(&[
            ("gpt-*", costs(1)),
            ("gpt-4o*", costs(2)),
            ("gpt-4o", costs(3)),
            ("x/*", Tariff::Free),
        ]);
        assert_eq!(
            ["gpt-5", "gpt-4o-mini", "gpt-4o"].map(|model| input(prices.of(model))),
            [1, 2, 3].map(Some)
        );
        assert_eq!((prices.of("x/y"), prices.of("x")), (Price::Free, Price::Unknown));
        assert_eq!(prices.of("o3"), PriceTable::embedded().price("openai", "o3"));
    }

    #[test]
    fn what_is_not_said_costs_as_input_and_nothing_at_all_is_free() {
        let rates = Rates { input: 8, output: 9, cached: 8, cache_write: 8 };
        assert_eq!(prices(&[("*", costs(8))]).of("m"), Price::Known(rates));
        let claude = Rates { cache_write: 10, ..rates };
        assert_eq!(prices(&[("*", costs(8))]).of("claude-x"), Price::Known(claude));
        let zero = Tariff::PerMillion { input: Money(0), output: Money(0), cached: None, cache_write: None };
        assert_eq!(prices(&[("*", zero)]).of("m"), Price::Free);
    }
}
