//! TLS towards clients: certificates by the name that is asked for, and what they prove themselves with.

pub mod client;
pub mod files;
pub mod settings;
pub mod sni;

pub use client::ClientCertificate;
pub use settings::acceptor;

/// Files of a listener that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadTls {
    #[error("cannot use the certificate `{cert}` with the key `{key}`: {cause}")]
    Certificate { cert: String, key: String, cause: String },
    #[error("cannot use the authorities in `{file}` for clients: {cause}")]
    Authorities { file: String, cause: String },
    #[error("cannot offer TLS: {cause}")]
    Settings { cause: String },
}
