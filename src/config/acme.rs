//! `listen[].tls.acme`: certificates that an authority gives to programs (RFC 8555).

use crate::config::files;
use crate::config::reader::Field;
use crate::config::shapes;
use std::path::Path;
use std::path::PathBuf;

/// What stands for nothing else.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// Of one certificate. Never empty.
    pub domains: Vec<String>,
    /// Where the authority writes to.
    pub email: Option<String>,
    pub directory: String,
    /// Who vouches for the authority itself, where that is nobody this machine knows.
    pub ca_file: Option<PathBuf>,
    /// Where its accounts and certificates are kept.
    pub folder: PathBuf,
}

pub fn read(field: &Field<'_>, data_dir: &Path) -> Option<Acme> {
    let acme = field.section(&shapes::ACME);
    let written = acme.items("domains");
    if written.is_empty() {
        field.refuse("needs `domains`, the names the certificate is for");
    }
    let domains: Vec<String> = written.iter().filter_map(|item| item.read(domain)).collect();
    let whole = Acme {
        domains,
        email: acme.optional("email", email),
        directory: acme.optional("directory", directory).unwrap_or_else(|| LETS_ENCRYPT.to_owned()),
        ca_file: acme.field("ca_file").and_then(|field| files::readable(&field)),
        folder: data_dir.join("acme"),
    };
    // What is missing has been told of.
    (!whole.domains.is_empty()).then_some(whole)
}

/// The authority looks for a name's server, so it must be a whole one.
fn domain(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        let fits = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
        !label.is_empty() && label.len() < 64 && label.chars().all(fits)
    };
    let name = text.to_ascii_lowercase();
    let is_address =
        name.rsplit('.').next().is_some_and(|last| last.bytes().all(|sign| sign.is_ascii_digit()));
    match name.split('.').all(is_label) && name.len() < 254 && !is_address {
        true => Ok(name),
        false => Err("must be a name such as `www.example.com`, without `*`".to_owned()),
    }
}

fn email(text: &str) -> Result<String, String> {
    let sound = text.split_once('@').is_some_and(|(who, at)| !who.is_empty() && !at.is_empty());
    let sound = sound && text.chars().all(|sign| sign.is_ascii_graphic());
    if sound { Ok(text.to_owned()) } else { Err("must be an e-mail address".to_owned()) }
}

fn directory(text: &str) -> Result<String, String> {
    let sound = text.starts_with("https://") && text.parse::<http::Uri>().is_ok();
    if sound { Ok(text.to_owned()) } else { Err(format!("must be an address such as `{LETS_ENCRYPT}`")) }
}
