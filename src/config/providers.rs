//! `providers`: one vendor as written, completed from its preset and its variables.

use crate::config::BaseUrl;
use crate::config::Provider;
use crate::config::base_url;
use crate::config::environment::distinct_secrets;
use crate::config::files;
use crate::config::near;
use crate::config::quota;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use crate::provider::Class;
use crate::provider::Preset;
use crate::provider::Tier;
use crate::provider::presets::PRESETS;
use crate::provider::presets::preset;
use crate::secret::Secret;
use http::HeaderName;
use std::collections::BTreeMap;

/// Headers the gateway writes itself; two of them would make a request nobody can read.
const OUR_HEADERS: [&str; 8] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "accept-encoding",
];

/// A provider by its name and kind, before its settings are read.
pub struct Written<'a> {
    pub name: String,
    pub preset: &'static Preset,
    section: Section<'a>,
}

/// What the environment says about one provider.
#[derive(Default)]
pub struct Surroundings {
    pub api_keys: Vec<Secret>,
    pub base_url: Option<BaseUrl>,
    pub region: Option<String>,
    pub api_version: Option<String>,
    pub fallback_model: Option<String>,
}

impl<'a> Written<'a> {
    /// A provider of the file. One of an unknown kind is refused, and read on as if it were of the first.
    pub fn of_file(name: &str, field: Field<'a>) -> Written<'a> {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
            field.refuse("must be named with letters, digits, `-`, `_` and `.` only");
        }
        let section = field.section(&shapes::PROVIDER);
        let preset = kind(name, &section).unwrap_or(&PRESETS[0]);
        Written { name: name.to_owned(), preset, section }
    }

    /// A provider the environment alone speaks of; it is named by its kind.
    pub fn of_environment(preset: &'static Preset, field: Field<'a>) -> Written<'a> {
        let section = field.section(&shapes::PROVIDER);
        Written { name: preset.kind.to_owned(), preset, section }
    }

    /// The provider; `None` (and a problem) if it cannot be reached with what is written.
    pub fn provider(&self, surroundings: Surroundings) -> Option<Provider> {
        let section = &self.section;
        let base_url = match section.field("base_url") {
            Some(field) => {
                base_url::read(&field, self.preset).map(|url| surroundings.base_url.unwrap_or(url))
            }
            None => surroundings.base_url,
        };
        let region = section.optional("region", units::label).or(surroundings.region);
        let named = || base_url.as_ref().and_then(|url| base_url::region(url, self.preset));
        let region = region.as_deref().or_else(named).unwrap_or(self.preset.region).to_owned();
        let base_url = base_url.or_else(|| self.usual_url(&region));
        let http2 = section.optional("http2", units::switch);
        Some(Provider {
            name: self.name.clone(),
            preset: self.preset,
            api_keys: self.own_keys().unwrap_or(surroundings.api_keys),
            tier: section.optional("tier", tier).unwrap_or(self.preset.tier),
            weight: section.optional("weight", units::weight),
            quota: quota::read(section),
            ca_file: section.field("ca_file").and_then(|field| files::readable(&field)),
            models: section.items("models").iter().filter_map(Field::text).collect(),
            fallback_models: fallback_models(section, surroundings.fallback_model),
            headers: section
                .entries("headers")
                .iter()
                .filter_map(|(name, field)| header(name, field))
                .collect(),
            check: section.optional("check", units::switch).unwrap_or(true),
            api_version: section.optional("api_version", units::label).or(surroundings.api_version),
            region,
            http2: http2.unwrap_or(base_url.as_ref().is_some_and(|url| url.tls)),
            // The last one: all other problems have been told when this one ends the reading.
            base_url: base_url?,
        })
    }

    /// Whether it says where its key is. Who does wants it asked with one, whatever its kind needs.
    pub fn names_keys(&self) -> bool {
        self.section.field("api_key").is_some() || !self.section.items("api_keys").is_empty()
    }

    /// The keys this provider names itself, even if they are all empty; `None` if it names none.
    fn own_keys(&self) -> Option<Vec<Secret>> {
        let mut fields: Vec<Field<'_>> = self.section.field("api_key").into_iter().collect();
        fields.extend(self.section.items("api_keys"));
        (!fields.is_empty()).then(|| distinct_secrets(fields))
    }

    fn usual_url(&self, region: &str) -> Option<BaseUrl> {
        let url = base_url::of_preset(self.preset, region);
        if url.is_none() && self.section.field("base_url").is_none() {
            let message = format!("is missing: kind `{}` has no usual one", self.preset.kind);
            self.section.missing("base_url").refuse(message);
        }
        url
    }
}

/// `kind`, which is the provider's name unless it is written.
fn kind(name: &str, section: &Section<'_>) -> Option<&'static Preset> {
    let Some(field) = section.field("kind") else {
        return known_kind(
            &section.missing("kind"),
            name,
            format!("is missing, and `{name}` is not a known one"),
        );
    };
    let kind = field.text()?;
    known_kind(&field, &kind, format!("must be a known kind, found {}", field.shown()))
}

fn known_kind(field: &Field<'_>, kind: &str, message: String) -> Option<&'static Preset> {
    let found = preset(kind);
    if found.is_none() {
        let kinds = || PRESETS.iter().map(|preset| preset.kind);
        let guess = near::did_you_mean(kind, kinds()).map(|guess| guess + " ").unwrap_or_default();
        let hint = format!("{guess}known kinds: {}", kinds().collect::<Vec<_>>().join(", "));
        field.refuse_with_hint(message, Some(hint));
    }
    found
}

fn tier(text: &str) -> Result<Tier, String> {
    let words = Tier::ALL.map(|tier| (tier.word(), tier));
    units::word(&words)(text)
}

/// The variable names one chat model, so it stands in for every class but embeddings.
fn fallback_models(section: &Section<'_>, chat: Option<String>) -> BTreeMap<Class, String> {
    let models = section.section("fallback_models", &shapes::FALLBACK_MODELS);
    let written = |class: Class| Some((class, models.field(class.word())?.text()?));
    let mut by_class: BTreeMap<Class, String> = Class::ALL.into_iter().filter_map(written).collect();
    if let Some(model) = chat {
        by_class.extend([Class::Small, Class::Large, Class::Reasoning].map(|class| (class, model.clone())));
    }
    by_class
}

fn header(name: &str, field: &Field<'_>) -> Option<(String, Secret)> {
    let value = field.secret();
    let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
        field.refuse("is not the name of a header");
        return None;
    };
    if OUR_HEADERS.contains(&name.as_str()) {
        field.refuse("is a header the gateway writes itself");
        return None;
    }
    Some((name.as_str().to_owned(), value?))
}
