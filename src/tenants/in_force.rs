//! The keys of the file and those of the store, put together.

use crate::config::Auth;
use crate::config::Bounds;
use crate::config::Config;
use crate::config::Settings;
use crate::config::StaticKey;
use crate::config::StaticTenant;
use crate::secret::KeyHash;
use crate::state::Claim;
use crate::state::State;
use crate::state::Whose;
use crate::store::AdminRow;
use crate::store::KeyRow;
use crate::store::Role;
use crate::store::TenantRow;
use crate::tenants::credential::Credential;
use crate::tenants::credential::Rights;
use crate::tenants::credentials::Admin;
use crate::tenants::credentials::Credentials;
use crate::tenants::first_keys::FirstKeys;
use crate::tenants::registry::Known;
use crate::tenants::registry::Rows;
use crate::tenants::settings;
use crate::tenants::tenant::Tenant;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What the first keys are called.
pub const FIRST: &str = "first";

/// All keys in force, and what of the store could not be taken in, a sentence each.
pub fn in_force(config: &Config, known: &Known, state: &State) -> (Credentials, Vec<String>) {
    let tenants = Tenants::of_file(config, state);
    let model = |(name, bounds): (&String, &Bounds)| {
        (name.clone(), claim(Whose::Model, &format!("model:{name}"), bounds, state))
    };
    let mut made = Credentials::default();
    made.models = config.limits.per_model.iter().map(model).collect();
    made.per_user = Some(&config.limits.per_user).filter(|b| !b.is_empty()).cloned().map(Arc::new);
    let mut making = Making { config, state, tenants, made, problems: Vec::new() };
    config.keys.iter().for_each(|key| making.written(key));
    match known {
        Known::First(keys) => making.first(keys),
        Known::Stored(rows) => making.stored(rows),
    }
    if config.auth == Auth::Open {
        making.made.open_to(making.without_settings("anyone", "anyone"));
    }
    (making.made, making.problems)
}

/// Tenants by the id that keys refer to.
struct Tenants(HashMap<Arc<str>, Arc<Tenant>>);

struct Making<'a> {
    config: &'a Config,
    state: &'a State,
    tenants: Tenants,
    made: Credentials,
    problems: Vec<String>,
}

impl Tenants {
    fn of_file(config: &Config, state: &State) -> Tenants {
        let tenant = |tenant: &StaticTenant| {
            let made = of_settings(
                &id_in_file(&tenant.name),
                &tenant.name,
                &tenant.settings,
                tenant.disabled,
                state,
            );
            (made.id.clone(), Arc::new(made))
        };
        Tenants(config.tenants.iter().map(tenant).collect())
    }
}

/// Unlike those of the store, which begin with `tn_`.
fn id_in_file(name: &str) -> String {
    format!("tenant:{name}")
}

fn of_settings(id: &str, name: &str, settings: &Settings, disabled: bool, state: &State) -> Tenant {
    Tenant {
        id: id.into(),
        name: name.into(),
        claim: claim(Whose::Tenant, id, &settings.bounds, state),
        models: settings.models.clone(),
        failover: settings.failover,
        tags: settings.tags.clone(),
        residency: settings.residency.clone(),
        disabled,
    }
}

impl Making<'_> {
    fn written(&mut self, key: &StaticKey) {
        let id = format!("key:{}", key.name);
        let tenant = key.tenant.as_deref().and_then(|name| self.tenants.0.get(id_in_file(name).as_str()));
        let rights = Rights {
            models: key.settings.models.clone(),
            failover: key.settings.failover,
            disabled: key.disabled,
            expires: key.expires,
        };
        let own = claim(Whose::Key, &id, &key.settings.bounds, self.state);
        let credential = Credential::new(&id, &key.name, tenant.cloned(), rights, own);
        self.made.add(KeyHash::of(key.key.expose()), Arc::new(credential));
    }

    /// The first keys while nobody knows what the store says of them.
    fn first(&mut self, keys: &FirstKeys) {
        if let Some(hash) = keys.client {
            let credential = self.without_settings(FIRST, FIRST);
            self.made.add(hash, Arc::new(credential));
        }
        let admin = |hash| Admin { id: FIRST.into(), name: FIRST.into(), role: Role::Owner, hash };
        self.made.admins.extend(keys.admin.map(admin));
    }

    fn without_settings(&self, id: &str, name: &str) -> Credential {
        let rights = Rights { failover: true, ..Rights::default() };
        let own = claim(Whose::Key, id, &self.config.limits.per_key, self.state);
        Credential::new(id, name, None, rights, own)
    }

    fn stored(&mut self, rows: &Rows) {
        rows.tenants.iter().for_each(|row| self.stored_tenant(row));
        rows.keys.iter().for_each(|row| self.stored_key(row));
        let admin = |row: &AdminRow| Admin {
            id: row.id.as_str().into(),
            name: row.name.as_str().into(),
            role: row.role,
            hash: row.hash,
        };
        self.made.admins.extend(rows.admins.iter().filter(|row| !row.disabled).map(admin));
    }

    /// One that cannot be read is there, but shut: its keys are not to go without its limits.
    fn stored_tenant(&mut self, row: &TenantRow) {
        let read = settings::tenant(&row.settings, &self.config.limits.per_tenant);
        let mut problems = read.as_ref().err().cloned().unwrap_or_default();
        if self.tenants.0.contains_key(id_in_file(&row.name).as_str()) {
            problems.push(
                "the configuration file has a tenant of this name; one of them has to be renamed".into(),
            );
        }
        let shut = row.disabled || !problems.is_empty();
        let settings = read.unwrap_or_default();
        let tenant = of_settings(&row.id, &row.name, &settings, shut, self.state);
        self.problems
            .extend(problems.iter().map(|problem| format!("tenant `{}` is shut: {problem}", row.name)));
        self.tenants.0.insert(tenant.id.clone(), Arc::new(tenant));
    }

    fn stored_key(&mut self, row: &KeyRow) {
        let read = settings::key(&row.settings, &self.config.limits.per_key);
        let mut problems = read.as_ref().err().cloned().unwrap_or_default();
        let tenant = self.tenants.0.get(row.tenant.as_str()).cloned();
        if tenant.is_none() && !row.tenant.is_empty() {
            problems.push(format!("its tenant `{}` is not there", row.tenant));
        }
        let settings = read.unwrap_or_default();
        let rights = Rights {
            models: settings.models.clone(),
            failover: settings.failover,
            disabled: row.disabled || !problems.is_empty(),
            expires: row.expires_ms.map(Duration::from_millis),
        };
        let own = claim(Whose::Key, &row.id, &settings.bounds, self.state);
        let credential = Credential::new(&row.id, &row.name, tenant, rights, own);
        let credential = Arc::new(credential);
        if !self.made.add(row.hash, credential.clone()) {
            problems.push("it stands in the configuration as well, which goes first".into());
        }
        if let (Some(hash), Some(until)) = (row.old_hash, row.old_until_ms) {
            self.made.add_replaced(hash, credential, Duration::from_millis(until));
        }
        self.problems.extend(problems.iter().map(|problem| format!("key `{}`: {problem}", row.id)));
    }
}

fn claim(whose: Whose, id: &str, bounds: &Bounds, state: &State) -> Claim {
    Claim { whose, account: state.account(id), bounds: Arc::new(bounds.clone()) }
}
