//! One certificate, from the account to the chain.

use crate::config::Acme;
use crate::edge::acme::Challenges;
use crate::edge::acme::NotIssued;
use crate::edge::acme::kept;
use instant_acme::Account;
use instant_acme::AccountBuilder;
use instant_acme::AccountCredentials;
use instant_acme::AuthorizationStatus;
use instant_acme::ChallengeType;
use instant_acme::Identifier;
use instant_acme::NewAccount;
use instant_acme::NewOrder;
use instant_acme::Order;
use instant_acme::OrderStatus;
use instant_acme::RetryPolicy;
use std::fs;
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// For everything. Authorities look from several places, and take their time.
const PATIENCE: Duration = Duration::from_secs(180);
/// For each of the two things that are waited for: being convinced, and being given a certificate.
const WAITING: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(60));

/// Orders a certificate and writes it down.
///
/// # Errors
/// [`NotIssued`]; what was there is still there.
pub async fn order(acme: &Acme, challenges: &Challenges) -> Result<(), NotIssued> {
    let mut tokens = Vec::new();
    let issued = timeout(PATIENCE, issued(acme, challenges, &mut tokens)).await;
    tokens.iter().for_each(|token| challenges.forget(token));
    let pem = issued.map_err(|_| NotIssued::TooSlow { seconds: PATIENCE.as_secs() })??;
    kept::keep(&kept::certificate(acme).cert, pem.as_bytes())
}

async fn issued(acme: &Acme, challenges: &Challenges, tokens: &mut Vec<String>) -> Result<String, NotIssued> {
    let account = account(acme).await?;
    let names: Vec<_> = acme.domains.iter().map(|domain| Identifier::Dns(domain.clone())).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    prove(&mut order, challenges, tokens).await?;
    if order.poll_ready(&WAITING).await? != OrderStatus::Ready {
        return Err(NotIssued::Refused { why: complaint(&mut order).await });
    }
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&WAITING).await?;
    Ok(format!("{chain}\n{key}"))
}

/// The account that was made the first time, or a new one.
async fn account(acme: &Acme) -> Result<Account, NotIssued> {
    let file = kept::account(acme);
    let known = match fs::read(&file) {
        Ok(text) => {
            Some(serde_json::from_slice::<AccountCredentials>(&text).map_err(instant_acme::Error::from)?)
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => None,
        Err(cause) => return Err(NotIssued::File { file: file.display().to_string(), cause }),
    };
    if let Some(credentials) = known {
        return Ok(client(acme)?.from_credentials(credentials).await?);
    }
    let contact: Vec<String> = acme.email.iter().map(|email| format!("mailto:{email}")).collect();
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    // Whoever configures an authority has agreed to its terms.
    let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let (account, credentials) = client(acme)?.create(&new, acme.directory.clone(), None).await?;
    kept::keep(&file, &serde_json::to_vec(&credentials).map_err(instant_acme::Error::from)?)?;
    Ok(account)
}

fn client(acme: &Acme) -> Result<AccountBuilder, NotIssued> {
    pingora::tls::install_default_crypto_provider();
    Ok(match &acme.ca_file {
        None => Account::builder()?,
        Some(file) => Account::builder_with_root(file)?,
    })
}

/// Has the answer of each name ready, then asks the authority to look.
async fn prove(
    order: &mut Order,
    challenges: &Challenges,
    tokens: &mut Vec<String>,
) -> Result<(), NotIssued> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let domain = authorization.identifier().to_string();
        let challenge = authorization.challenge(ChallengeType::Http01);
        let mut challenge = challenge.ok_or(NotIssued::NoSuchProof { domain })?;
        challenges.hold(&challenge.token, challenge.key_authorization().as_str());
        tokens.push(challenge.token.clone());
        challenge.set_ready().await?;
    }
    Ok(())
}

/// What the authority says of the names that did not convince it.
async fn complaint(order: &mut Order) -> String {
    let mut said = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let Ok(mut authorization) = authorization else { continue };
        let domain = authorization.identifier().to_string();
        let Ok(state) = authorization.refresh().await else { continue };
        let errors = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        said.extend(errors.map(|error| format!("{domain}: {error}")));
    }
    said.join("; ")
}
