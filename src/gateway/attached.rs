//! How a provider's key is attached to a request: as a header, or as a signature of the whole.

use crate::config::Provider;
use crate::provider::KeyHeader;
use crate::provider::sign::Credentials;
use http::HeaderName;
use http::HeaderValue;
use http::header;

/// How a key is attached to a request.
pub enum Attached {
    Header(HeaderName, HeaderValue),
    Signature { credentials: Credentials, region: String, service: &'static str },
}

impl Attached {
    /// `None` for a key that cannot be sent.
    pub fn new(provider: &Provider, key: &str) -> Option<Attached> {
        let bearer =
            || Some(Attached::Header(header::AUTHORIZATION, secret_value(&format!("Bearer {key}"))?));
        match provider.preset.key_header {
            KeyHeader::Bearer => bearer(),
            KeyHeader::Named(name) => {
                Some(Attached::Header(HeaderName::from_static(name), secret_value(key)?))
            }
            KeyHeader::SigV4 { service } => match Credentials::read(key) {
                None => bearer(),
                Some(credentials) => {
                    // The session token is sent as it is.
                    let region = secret_value(key).map(|_| provider.region.clone())?;
                    Some(Attached::Signature { credentials, region, service })
                }
            },
        }
    }

    /// The header that carries it as it is.
    pub fn header(&self) -> Option<(&HeaderName, &HeaderValue)> {
        match self {
            Attached::Header(name, value) => Some((name, value)),
            Attached::Signature { .. } => None,
        }
    }

    /// What must not be seen of it.
    pub fn secrets(&self) -> Vec<&[u8]> {
        match self {
            Attached::Header(_, value) => vec![value.as_bytes()],
            Attached::Signature { credentials, .. } => credentials.secrets().map(str::as_bytes).collect(),
        }
    }
}

/// A value that is never shown; `None` where it holds signs that no header may.
pub fn secret_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
