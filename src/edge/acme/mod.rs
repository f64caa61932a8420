//! Certificates from an authority that gives them to programs (ACME, RFC 8555), proved by an answer on the plain port.

pub mod challenges;
pub mod kept;
pub mod order;

pub use challenges::Challenges;
pub use order::order;

/// Why there is no new certificate.
#[derive(Debug, thiserror::Error)]
pub enum NotIssued {
    #[error("cannot use `{file}`: {cause}")]
    File { file: String, cause: std::io::Error },
    #[error("{0}")]
    Authority(#[from] instant_acme::Error),
    #[error("the authority does not look at the plain port for `{domain}`")]
    NoSuchProof { domain: String },
    #[error("the authority was not convinced: {why}")]
    Refused { why: String },
    #[error("the authority has not answered within {seconds} s")]
    TooSlow { seconds: u64 },
}
