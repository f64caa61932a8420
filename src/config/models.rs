//! `models`: aliases, and the `provider/model` references they stand for.

use crate::config::Reference;
use crate::config::chain::Chain;
use crate::config::chain::Standing;
use crate::config::near;
use crate::config::reader::Field;
use crate::config::reader::Section;
use std::collections::BTreeMap;

/// Every alias that is written.
pub type Aliases = BTreeMap<String, Alias>;

pub struct Alias {
    /// As it is written; empty if it is no text.
    pub text: String,
    /// `None` where what it stands for is not usable.
    pub target: Option<Reference>,
}

pub fn read(root: &Section<'_>, chain: &Chain) -> Aliases {
    let alias = |(name, field): (&str, Field<'_>)| {
        if name.is_empty() {
            field.refuse("must have a name");
        }
        let text = field.text().unwrap_or_default();
        let target = if text.is_empty() { None } else { reference(&field, &text, chain) };
        (name.to_owned(), Alias { text, target })
    };
    root.entries("models").into_iter().map(alias).collect()
}

/// What `provider/model` stands for; `None` with a problem or, where the provider is not in use, counted with
/// it.
pub fn reference(field: &Field<'_>, text: &str, chain: &Chain) -> Option<Reference> {
    let parts = text.split_once('/').filter(|(provider, model)| !provider.is_empty() && !model.is_empty());
    let Some((provider, model)) = parts else {
        field.refuse(format!("must be `provider/model`, found {}", field.shown()));
        return None;
    };
    match chain.standing(provider) {
        Standing::Usable(index) => Some(Reference { provider: index, model: model.to_owned() }),
        Standing::Away => {
            chain.lose(provider);
            None
        }
        Standing::Unknown => {
            let configured = || format!("configured: {}", chain.names().collect::<Vec<_>>().join(", "));
            let hint = near::did_you_mean(provider, chain.names()).unwrap_or_else(configured);
            let message = format!("names {}, whose provider is not configured", field.shown());
            field.refuse_with_hint(message, Some(hint));
            None
        }
    }
}
