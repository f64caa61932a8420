//! The chain: every provider of file and environment, in the order in which they are tried.

use crate::config::Provider;
use crate::config::environment::Variables;
use crate::config::order;
use crate::config::providers::Surroundings;
use crate::config::providers::Written;
use crate::config::reader::Section;
use crate::config::vendor;
use crate::config::vendor::Alone;
use crate::provider::Preset;
use crate::provider::presets::PRESETS;
use crate::provider::presets::preset;

pub struct Chain {
    pub providers: Vec<Provider>,
    pub disabled: Vec<String>,
    named: Vec<Named>,
}

/// What a provider's name in a reference comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Index into [`Chain::providers`].
    Usable(usize),
    /// Known, but without a key or left out: what points to it vanishes.
    Away,
    Unknown,
}

#[derive(Clone)]
struct Named {
    name: String,
    kind: &'static str,
}

/// Reads `providers`, adds those the environment turns on, and puts them in order.
pub fn read(root: &Section<'_>, variables: &Variables<'_>) -> Chain {
    let entries = root.entries("providers").into_iter();
    let mut written: Vec<Written<'_>> = entries.map(|(name, field)| Written::of_file(name, field)).collect();
    for preset in PRESETS {
        turn_on(preset, &mut written, variables);
    }
    let named = |written: &Written<'_>| Named { name: written.name.clone(), kind: written.preset.kind };
    let named = written.iter().map(named).collect();
    let mut chain = Chain { providers: Vec::new(), disabled: Vec::new(), named };
    let (chosen, left_out) = order::arrange(written, variables);
    for (written, weight) in chosen {
        chain.add(&written, weight, variables);
    }
    for written in left_out {
        written.provider(chain.surroundings(&written, variables));
        written.field.note("is left out by GATEWAY_PROVIDERS");
        chain.disabled.push(written.name);
    }
    chain
}

fn turn_on<'a>(preset: &'static Preset, written: &mut Vec<Written<'a>>, variables: &'a Variables<'a>) {
    if written.iter().any(|other| other.preset.kind == preset.kind) {
        return;
    }
    let field = variables.nothing(preset.kind);
    match vendor::alone(variables, preset) {
        Alone::Silent => {}
        Alone::LacksAddress => {
            field.note(format!("is left out: {} is not set", vendor::variable(preset, "BASE_URL")));
        }
        Alone::TurnsOn if written.iter().any(|other| other.name == preset.kind) => {
            field.note("is left out: the file gives its name to a provider of another kind");
        }
        Alone::TurnsOn => written.push(Written::of_environment(preset, field)),
    }
}

impl Chain {
    pub fn standing(&self, name: &str) -> Standing {
        let kind = preset(name).map(|preset| preset.kind);
        let usable = |name: &str| self.providers.iter().position(|provider| provider.name == name);
        let named = |name: &str| self.named.iter().any(|named| named.name == name);
        if let Some(index) = usable(name) {
            return Standing::Usable(index);
        }
        match kind {
            _ if named(name) => Standing::Away,
            Some(kind) if named(kind) => usable(kind).map_or(Standing::Away, Standing::Usable),
            // One key away from being there.
            Some(kind) if !self.named.iter().any(|named| named.kind == kind) => Standing::Away,
            Some(_) | None => Standing::Unknown,
        }
    }

    /// Every name a reference may start with.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|named| named.name.as_str())
    }

    fn add(&mut self, written: &Written<'_>, weight: Option<u32>, variables: &Variables<'_>) {
        let Some(mut provider) = written.provider(self.surroundings(written, variables)) else { return };
        if provider.preset.needs_key && provider.api_keys.is_empty() {
            written.field.note("has no key yet and is left out");
            self.disabled.push(provider.name);
            return;
        }
        provider.weight = weight.or(provider.weight);
        self.providers.push(provider);
    }

    fn surroundings(&self, written: &Written<'_>, variables: &Variables<'_>) -> Surroundings {
        let preset = written.preset;
        let same_kind = || self.named.iter().filter(|named| named.kind == preset.kind);
        let addressed = written.name == preset.kind || same_kind().count() == 1;
        if !addressed
            && same_kind().all(|named| named.name != preset.kind)
            && let Some(field) = variables.field(&vendor::variable(preset, "BASE_URL"))
        {
            field.note("is not used: the file has several providers of this kind, each with its `base_url`");
        }
        vendor::surroundings(variables, preset, addressed)
    }
}
