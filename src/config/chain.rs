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
use std::cell::RefCell;
use std::collections::BTreeMap;

pub struct Chain {
    pub providers: Vec<Provider>,
    pub disabled: Vec<String>,
    named: Vec<Named>,
    absent: Vec<Absent>,
    /// How many names lead to each provider that is not in use.
    lost: RefCell<BTreeMap<String, usize>>,
}

/// A provider of file or environment that is left out.
struct Absent {
    name: String,
    why: &'static str,
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
    let mut chain = Chain {
        providers: Vec::new(),
        disabled: Vec::new(),
        named,
        absent: Vec::new(),
        lost: RefCell::default(),
    };
    let (chosen, left_out) = order::arrange(written, variables);
    for (written, weight) in chosen {
        chain.add(&written, weight, variables);
    }
    for written in left_out {
        written.provider(chain.surroundings(&written, variables));
        chain.leave_out(written.name, "is left out by GATEWAY_PROVIDERS");
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

    /// Counts a name that leads to a provider that is not in use.
    pub fn lose(&self, provider: &str) {
        let kind = || preset(provider).map_or(provider, |preset| preset.kind);
        let is_named = self.named.iter().any(|named| named.name == provider);
        let name = if is_named { provider } else { kind() };
        *self.lost.borrow_mut().entry(name.to_owned()).or_default() += 1;
    }

    /// Notes each provider that is not in use once, with how many names vanish with it. To be called when all names
    /// have been read.
    pub fn tell(&self, root: &Section<'_>, variables: &Variables<'_>) {
        let mut lost = self.lost.take();
        let written = root.entries("providers");
        for Absent { name, why } in &self.absent {
            let field = written.iter().find(|(written, _)| written == name).map(|(_, field)| field.clone());
            let field = field.unwrap_or_else(|| variables.nothing(name));
            field.note(format!("{why}{}", vanish(lost.remove(name).unwrap_or(0))));
        }
        for (name, count) in lost {
            variables.nothing(&name).note(format!("is not in use{}", vanish(count)));
        }
    }

    fn leave_out(&mut self, name: String, why: &'static str) {
        self.disabled.push(name.clone());
        self.absent.push(Absent { name, why });
    }

    fn add(&mut self, written: &Written<'_>, weight: Option<u32>, variables: &Variables<'_>) {
        let Some(mut provider) = written.provider(self.surroundings(written, variables)) else { return };
        let needs_key = provider.preset.needs_key || written.names_keys();
        if needs_key && provider.api_keys.is_empty() {
            return self.leave_out(provider.name, "has no key yet and is left out");
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

fn vanish(names: usize) -> String {
    match names {
        0 => String::new(),
        1 => "; 1 name that leads to it vanishes".to_owned(),
        names => format!("; {names} names that lead to it vanish"),
    }
}
