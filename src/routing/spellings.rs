//! Names that mean one target: what is limited under one of them is limited under all.

use crate::routing::{Candidate, Fleet, Meaning, Route, Standing, Table};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Limited names, and what they mean; made once per snapshot.
#[derive(Debug, Default)]
pub struct Spellings {
    limited: HashSet<Arc<str>>,
    /// By the model's id at its provider.
    by_model: HashMap<Arc<str>, Vec<Spelling>>,
}

#[derive(Debug)]
struct Spelling {
    name: Arc<str>,
    /// `None` for a name that nobody is known to offer yet: whoever does is meant.
    provider: Option<usize>,
}

impl Spellings {
    pub fn new<'a>(table: &Table, limited: impl Iterator<Item = &'a String>) -> Spellings {
        let mut made = Spellings::default();
        for name in limited.map(|name| Arc::<str>::from(name.as_str())) {
            let target = match table.resolve(&name, &Unasked) {
                Ok(Route { meaning: Meaning::Group { .. }, .. }) => None,
                Ok(Route { meaning: Meaning::Model { provider, model, .. }, .. }) => {
                    Some((Some(provider), model))
                }
                Err(_) => Some((None, name.clone())),
            };
            if let Some((provider, model)) = target {
                made.by_model.entry(model).or_default().push(Spelling { name: name.clone(), provider });
            }
            made.limited.insert(name);
        }
        made
    }

    /// The limited name that a request stands under: the one it asks for, else one of the target that this means,
    /// else one of the target that its plan begins with. Where a target has several the first by the alphabet.
    pub fn limited(&self, asked: &str, route: &Route, plan: &[Candidate]) -> Option<&str> {
        if let Some(name) = self.limited.get(asked) {
            return Some(name);
        }
        let meant = match &route.meaning {
            Meaning::Model { provider, model, .. } => self.of(*provider, model),
            Meaning::Group { .. } => None,
        };
        meant.or_else(|| plan.first().and_then(|first| self.of(first.provider, &first.model)))
    }

    /// Every name by which a request comes to stand under this limited one, itself first. Without the groups that may
    /// lead there.
    pub fn of_limited(&self, limited: &str, table: &Table) -> Vec<String> {
        let Ok(Route { meaning: Meaning::Model { provider, model, .. }, .. }) =
            table.resolve(limited, &Unasked)
        else {
            return vec![limited.to_owned()];
        };
        let stands = |name: &String| {
            let route = table.resolve(name, &Unasked);
            name != limited && route.is_ok_and(|route| self.limited(name, &route, &[]) == Some(limited))
        };
        let others = table.spellings(provider, &model).into_iter().filter(stands);
        std::iter::once(limited.to_owned()).chain(others).collect()
    }

    fn of(&self, provider: usize, model: &str) -> Option<&str> {
        let names = self.by_model.get(model)?.iter();
        let mut fits = names.filter(|name| name.provider.is_none_or(|of| of == provider));
        fits.next().map(|name| &*name.name)
    }
}

/// Providers of which only the configuration is known.
struct Unasked;

impl Fleet for Unasked {
    fn standing(&self, _provider: usize, _model: &str) -> Standing {
        Standing::Healthy
    }

    fn lists(&self, _provider: usize, _model: &str) -> bool {
        false
    }
}
