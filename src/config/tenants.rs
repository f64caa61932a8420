//! `tenants`: who pays for keys, as far as the file says it.

use crate::config::Bounds;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::settings;
use crate::config::settings::Settings;
use crate::config::shapes;
use crate::config::units;

/// A tenant written in the configuration.
#[derive(Clone, Debug)]
pub struct StaticTenant {
    pub name: String,
    pub settings: Settings,
    pub disabled: bool,
}

pub fn read(root: &Section<'_>, per_tenant: &Bounds) -> Vec<StaticTenant> {
    let mut tenants: Vec<StaticTenant> = Vec::new();
    for field in root.items("tenants") {
        let Some(tenant) = written(&field, per_tenant) else { continue };
        if tenants.iter().any(|other| other.name == tenant.name) {
            field.refuse("has the name of a tenant above");
        }
        tenants.push(tenant);
    }
    tenants
}

fn written(field: &Field<'_>, per_tenant: &Bounds) -> Option<StaticTenant> {
    let section = field.section(&shapes::TENANT);
    let name = section.required("name").and_then(|field| field.text());
    let settings = settings::of_tenant(&section, per_tenant);
    let disabled = section.optional("disabled", units::switch).unwrap_or(false);
    Some(StaticTenant { name: name?, settings, disabled })
}

/// The tenant of a key, which has to be one of the file's.
pub fn of_key(section: &Section<'_>, tenants: &[StaticTenant]) -> Option<String> {
    let field = section.field("tenant")?;
    let name = field.text()?;
    if !tenants.iter().any(|tenant| tenant.name == name) {
        field.refuse(format!("names {}, which is not under `tenants`", field.shown()));
    }
    Some(name)
}
