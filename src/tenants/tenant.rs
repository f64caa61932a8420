//! A tenant in force: who pays for some keys, and what all of them together may use.

use crate::state::Claim;
use std::sync::Arc;

/// One tenant.
pub struct Tenant {
    /// What it is counted under. No name in a file can bear that of a stored one.
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// What all its keys together may use.
    pub claim: Claim,
    /// Models, aliases and groups its keys may name; empty is all.
    pub models: Vec<String>,
    pub failover: bool,
    pub tags: Vec<String>,
    /// Where its data may be, in words of the operator.
    pub residency: Option<String>,
    pub disabled: bool,
}
