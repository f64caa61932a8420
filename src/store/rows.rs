//! Tenants, keys and admins as they are stored, and what changes them. Of a key only its hash ever comes here.

use crate::secret::KeyHash;

/// Who changes something, and when: what the audit log says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Id of an admin, or a word for a program.
    pub who: String,
    pub at_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRow {
    /// `tn_…`
    pub id: String,
    /// No two have the same.
    pub name: String,
    /// JSON; nothing here looks into it.
    pub settings: String,
    pub disabled: bool,
    pub created_ms: u64,
    pub updated_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTenant {
    pub name: String,
    pub settings: String,
}

/// What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantChange {
    pub name: Option<String>,
    pub settings: Option<String>,
    /// The settings that the change was made for; with others there it is [`crate::store::StoreError::Overtaken`].
    pub was: Option<String>,
    pub disabled: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// `key_…`
    pub id: String,
    /// Id; empty for a key of nobody's.
    pub tenant: String,
    /// No two keys of a tenant have the same.
    pub name: String,
    /// The first signs of the key, by which people know it again.
    pub shown: String,
    pub hash: KeyHash,
    /// The hash before the last rotation, if it is good for a while longer.
    pub old_hash: Option<KeyHash>,
    /// Just before this the old one is good.
    pub old_until_ms: Option<u64>,
    pub settings: String,
    pub expires_ms: Option<u64>,
    pub disabled: bool,
    pub created_ms: u64,
    pub updated_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    pub tenant: String,
    pub name: String,
    pub shown: String,
    pub hash: KeyHash,
    pub settings: String,
    pub expires_ms: Option<u64>,
}

/// What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyChange {
    pub name: Option<String>,
    pub settings: Option<String>,
    /// The settings that the change was made for; with others there it is [`crate::store::StoreError::Overtaken`].
    pub was: Option<String>,
    pub expires_ms: Option<Option<u64>>,
    pub disabled: Option<bool>,
}

/// What a rotation puts in the place of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHash {
    pub shown: String,
    pub hash: KeyHash,
    /// How long the one before stays good; `None`: it ends now.
    pub old_until_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminRow {
    /// `adm_…`
    pub id: String,
    /// No two have the same.
    pub name: String,
    pub role: Role,
    pub hash: KeyHash,
    pub disabled: bool,
    pub created_ms: u64,
    pub updated_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAdmin {
    pub name: String,
    pub role: Role,
    pub hash: KeyHash,
}

/// What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminChange {
    pub name: Option<String>,
    pub role: Option<Role>,
    /// A new token; the one before ends now.
    pub hash: Option<KeyHash>,
    pub disabled: Option<bool>,
}

/// What an admin may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// May look at everything.
    Viewer,
    /// May change tenants and keys too.
    Operator,
    /// May change admins too.
    Owner,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Operator, Role::Owner];

    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Owner => "owner",
        }
    }

    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// The edition that the change made: newer lines have larger ones.
    pub edition: u64,
    pub at_ms: u64,
    pub who: String,
    /// Such as `key.rotate`.
    pub action: String,
    /// Id of what was changed.
    pub subject: String,
    /// JSON without hashes: a row that came or went, or `before` and `after` of what has changed.
    pub details: String,
}
