//! `listen`, as it would be written in a file.

use crate::config::Acme;
use crate::config::Certificate;
use crate::config::Listener;
use crate::config::ListenerTls;
use crate::config::TlsVersion;
use crate::config::print::words::duration;
use crate::config::print::words::path;
use crate::config::print::words::quoted;

pub fn listener(listener: &Listener) -> String {
    let mut text = format!("  - address: {}\n", quoted(&listener.address.to_string()));
    text.push_str(&format!("    proxy_protocol: {}\n", listener.proxy_protocol));
    listener.https.iter().for_each(|port| text.push_str(&format!("    https: {port}\n")));
    listener.hsts.iter().for_each(|age| text.push_str(&format!("    hsts: {}\n", duration(*age))));
    listener.tls.iter().for_each(|tls| text.push_str(&format!("    tls: {{ {} }}\n", listener_tls(tls))));
    text
}

fn listener_tls(tls: &ListenerTls) -> String {
    let pair = |pair: &Certificate| format!("{{ cert: {}, key: {} }}", path(&pair.cert), path(&pair.key));
    let pairs: Vec<String> = tls.certificates.iter().map(pair).collect();
    let version = match tls.min_version {
        TlsVersion::Tls12 => "1.2",
        TlsVersion::Tls13 => "1.3",
    };
    let mut parts = vec![format!("http2: {}", tls.http2), format!("min_version: \"{version}\"")];
    if !pairs.is_empty() {
        parts.push(format!("certificates: [{}]", pairs.join(", ")));
    }
    if let Some(file) = &tls.client_ca {
        let auth = if tls.client_optional { "optional" } else { "required" };
        parts.push(format!("client_ca: {}, client_auth: {auth}", path(file)));
    }
    parts.extend(tls.acme.as_ref().map(acme));
    parts.join(", ")
}

fn acme(acme: &Acme) -> String {
    let domains: Vec<String> = acme.domains.iter().map(|domain| quoted(domain)).collect();
    let mut parts =
        vec![format!("domains: [{}]", domains.join(", ")), format!("directory: {}", quoted(&acme.directory))];
    parts.extend(acme.email.iter().map(|email| format!("email: {}", quoted(email))));
    parts.extend(acme.ca_file.iter().map(|file| format!("ca_file: {}", path(file))));
    format!("acme: {{ {} }}", parts.join(", "))
}
