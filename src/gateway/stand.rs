//! The accounts a request stands in besides those of its key: known once its body is read.

use crate::dialect::openai::end_user;
use crate::gateway::client::name;
use crate::gateway::parts::Parts;
use crate::gateway::receive::Ask;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use crate::hex;
use crate::state::Claim;
use crate::state::Whose;
use crate::tenants::credential::Credential;
use http::HeaderMap;
use sha2::Digest;
use sha2::Sha256;

/// Takes a place among the requests under way of the end user.
///
/// # Errors
/// The [`Refusal`] to send.
pub fn stand(
    parts: &Parts,
    who: &Credential,
    headers: &HeaderMap,
    ask: &Ask,
    record: &mut Record,
) -> Result<(), Refusal> {
    let said = headers.get(name::END_USER).and_then(|value| value.to_str().ok()).and_then(end_user::kept);
    record.subject.end_user = said.or_else(|| ask.shape.end_user.clone());
    let (now, in_force) = (record.arrival.moment(), parts.credentials.load());
    let Some(reservation) = &mut record.held.reservation else { return Ok(()) };
    let user = record.subject.end_user.as_deref().zip(in_force.per_user.as_ref());
    let Some((name, bounds)) = user else { return Ok(()) };
    let account = parts.state.account_of_user(&account_of(&who.shared, name));
    let claim = Claim { whose: Whose::User, account, bounds: bounds.clone() };
    reservation.join(claim, now).map_err(|limited| refuse::limited(limited, now.wall))
}

/// Takes a place among those of a model that is limited under this name.
///
/// # Errors
/// The [`Refusal`] to send.
pub fn stand_for_model(parts: &Parts, name: Option<&str>, record: &mut Record) -> Result<(), Refusal> {
    let (Some(name), Some(reservation)) = (name, &mut record.held.reservation) else { return Ok(()) };
    let (now, in_force) = (record.arrival.moment(), parts.credentials.load());
    let Some(claim) = in_force.models.get(name) else { return Ok(()) };
    reservation.join(claim.clone(), now).map_err(|limited| refuse::limited(limited, now.wall))
}

/// What an end user is counted under. Two tenants may call theirs alike, and a name is nobody's business.
pub fn account_of(scope: &str, name: &str) -> String {
    let mut hash = Sha256::new();
    for part in [scope, name] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    ["user:", &hex::of(&hash.finalize()[..16])].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_two_tenants_are_two_whatever_they_are_called() {
        assert_eq!(account_of("tn_1", "bob"), account_of("tn_1", "bob"));
        let ids = [account_of("tn_1", "bob"), account_of("tn_2", "bob"), account_of("tn_", "1bob")];
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids.iter().all(|id| id.len() == 37), "{ids:?}");
        assert!(!ids[0].contains("bob"));
    }
}
