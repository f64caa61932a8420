//! A key in force: whose it is, what it may ask for, and the accounts its use is counted on.

use crate::state::Claim;
use crate::state::Claims;
use crate::tenants::tenant::Tenant;
use std::sync::Arc;
use std::time::Duration;

/// One key. The key itself is not kept, only its hash.
pub struct Credential {
    pub name: Arc<str>,
    /// What it is counted and remembered under. Unlike the name, no key in a file can bear that of another kind.
    pub id: Arc<str>,
    /// Who pays, if anybody is named.
    pub tenant: Option<Arc<Tenant>>,
    /// Whose cached answers it is given: its tenant's, or else its own.
    pub shared: Arc<str>,
    /// What it and its tenant may use, and where that is counted.
    pub claims: Claims,
    pub failover: bool,
    models: Vec<String>,
    expires: Option<Duration>,
    disabled: bool,
}

/// What is written of a key.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    /// Models, aliases and groups it may name; empty is all.
    pub models: Vec<String>,
    pub failover: bool,
    pub disabled: bool,
    /// Since the epoch: from then on it is refused.
    pub expires: Option<Duration>,
}

/// Why a key that is known does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapsed {
    Expired,
    Disabled,
    /// Its tenant is disabled, or not there any more.
    TenantDisabled,
    /// It was rotated, and its time beside the new one is over.
    Replaced,
}

/// The one of two lists that forbids a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForbiddenBy {
    Key,
    Tenant,
}

impl Credential {
    pub fn new(id: &str, name: &str, tenant: Option<Arc<Tenant>>, rights: Rights, own: Claim) -> Credential {
        let id: Arc<str> = id.into();
        let claims = Claims::of(own);
        Credential {
            name: name.into(),
            shared: tenant.as_ref().map_or_else(|| id.clone(), |tenant| tenant.id.clone()),
            id,
            claims: match &tenant {
                Some(tenant) => claims.and(tenant.claim.clone()),
                None => claims,
            },
            tenant,
            failover: rights.failover,
            models: rights.models,
            expires: rights.expires,
            disabled: rights.disabled,
        }
    }

    /// Whether it opens at this moment, a time since the epoch that is only asked for where it matters.
    ///
    /// # Errors
    /// Why not.
    pub fn opens(&self, wall: impl FnOnce() -> Duration) -> Result<(), Lapsed> {
        match (&self.tenant, self.expires) {
            _ if self.disabled => Err(Lapsed::Disabled),
            (Some(tenant), _) if tenant.disabled => Err(Lapsed::TenantDisabled),
            (_, Some(expires)) if wall() >= expires => Err(Lapsed::Expired),
            _ => Ok(()),
        }
    }

    /// Whether it may name a model, alias or group: its own list and its tenant's have to allow it.
    pub fn may_name(&self, model: &str) -> bool {
        self.forbids(model).is_none()
    }

    /// Whose list forbids a name, if one does.
    pub fn forbids(&self, model: &str) -> Option<ForbiddenBy> {
        let allows = |list: &[String]| list.is_empty() || list.iter().any(|name| name == model);
        match &self.tenant {
            _ if !allows(&self.models) => Some(ForbiddenBy::Key),
            Some(tenant) if !allows(&tenant.models) => Some(ForbiddenBy::Tenant),
            _ => None,
        }
    }

    /// Whether a request of this key may go on to other targets than the one it names.
    pub fn fails_over(&self) -> bool {
        self.failover && self.tenant.as_ref().is_none_or(|tenant| tenant.failover)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Bounds;
    use crate::state::State;
    use crate::state::Whose;

    fn claim(whose: Whose, state: &State) -> Claim {
        Claim { whose, account: state.account(whose.word()), bounds: Arc::new(Bounds::default()) }
    }

    fn tenant(models: &[&str], disabled: bool) -> Arc<Tenant> {
        let state = State::memory();
        Arc::new(Tenant {
            id: "tn_1".into(),
            name: "acme".into(),
            claim: claim(Whose::Tenant, &state),
            models: models.iter().map(|model| (*model).to_owned()).collect(),
            failover: true,
            tags: Vec::new(),
            residency: None,
            disabled,
        })
    }

    fn key(tenant: Option<Arc<Tenant>>, rights: Rights) -> Credential {
        Credential::new("key_1", "app", tenant, rights, claim(Whose::Key, &State::memory()))
    }

    #[test]
    fn a_name_has_to_be_allowed_by_both_lists() {
        let rights = Rights { models: vec!["fast".to_owned(), "smart".to_owned()], ..Rights::default() };
        let both = key(Some(tenant(&["fast", "dear"], false)), rights.clone());
        for (name, by) in
            [("fast", None), ("smart", Some(ForbiddenBy::Tenant)), ("dear", Some(ForbiddenBy::Key))]
        {
            assert_eq!(both.forbids(name), by, "{name}");
        }
        assert!(key(Some(tenant(&[], false)), rights).may_name("smart"), "an empty list is no list");
        assert!(key(None, Rights::default()).may_name("anything"));
    }

    #[test]
    fn a_key_opens_until_it_expires_or_somebody_shuts_it() {
        let at = Duration::from_secs(100);
        let expiring = || Rights { expires: Some(at), ..Rights::default() };
        let opens = |tenant, rights, wall| key(tenant, rights).opens(|| wall);
        assert_eq!(opens(None, expiring(), at - Duration::from_millis(1)), Ok(()));
        assert_eq!(opens(None, expiring(), at), Err(Lapsed::Expired));
        assert_eq!(opens(Some(tenant(&[], true)), expiring(), at), Err(Lapsed::TenantDisabled));
        let disabled = Rights { disabled: true, ..expiring() };
        assert_eq!(opens(Some(tenant(&[], true)), disabled, at), Err(Lapsed::Disabled));
    }

    #[test]
    fn answers_are_shared_within_a_tenant() {
        assert_eq!(&*key(Some(tenant(&[], false)), Rights::default()).shared, "tn_1");
        assert_eq!(&*key(None, Rights::default()).shared, "key_1");
    }
}
