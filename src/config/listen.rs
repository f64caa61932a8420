//! `listen`, `admin` and `auth`: where Tollgate answers, and whom.

use crate::config::Auth;
use crate::config::environment::Variables;
use crate::config::files;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub address: SocketAddr,
    pub tls: Option<Certificate>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// Nobody but this machine, until its owner says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4000);
const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4001);

/// `GATEWAY_LISTEN`, else `listen`, else one plain listener on 127.0.0.1:4000.
pub fn listeners(root: &Section<'_>, variables: &Variables<'_>) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for item in root.items("listen") {
        if let Some(listener) = listener(&item) {
            refuse_clash(&item, listener.address, &listeners);
            listeners.push(listener);
        }
    }
    if let Some(field) = variables.field("GATEWAY_LISTEN") {
        listeners.clear();
        for address in field.read(addresses).unwrap_or_default() {
            refuse_clash(&field, address, &listeners);
            listeners.push(Listener { address, tls: None });
        }
    }
    if listeners.is_empty() {
        listeners.push(Listener { address: LISTEN, tls: None });
    }
    listeners
}

/// `GATEWAY_ADMIN_LISTEN`, else `admin.listen`, else 127.0.0.1:4001.
pub fn admin(root: &Section<'_>, variables: &Variables<'_>, listeners: &[Listener]) -> Option<SocketAddr> {
    let section = root.section("admin", &shapes::ADMIN);
    let written = section.optional("listen", address_or_off);
    let address =
        variables.optional("GATEWAY_ADMIN_LISTEN", address_or_off).or(written).unwrap_or(Some(ADMIN))?;
    let field = variables.field("GATEWAY_ADMIN_LISTEN").or_else(|| section.field("listen"));
    refuse_clash(&field.unwrap_or_else(|| section.missing("listen")), address, listeners);
    Some(address)
}

/// `auth.keys`; `open` only where nobody else can reach the gateway.
pub fn auth(root: &Section<'_>, listeners: &[Listener]) -> Auth {
    let section = root.section("auth", &shapes::AUTH);
    let words = [("required", Auth::Required), ("open", Auth::Open)];
    let auth = section.optional("keys", units::word(&words)).unwrap_or(Auth::Required);
    let public = listeners.iter().find(|listener| !listener.address.ip().is_loopback());
    if let (Auth::Open, Some(public), Some(field)) = (auth, public, section.field("keys")) {
        let message = format!("must be `required`, as {} can be reached by others", public.address);
        field.refuse_with_hint(message, Some("listen on 127.0.0.1, or give out keys".to_owned()));
    }
    auth
}

fn listener(item: &Field<'_>) -> Option<Listener> {
    let section = item.section(&shapes::LISTENER);
    let tls = section.field("tls").map(|field| certificate(&field));
    let address = section.required("address").and_then(|field| field.read(address));
    match tls {
        None => Some(Listener { address: address?, tls: None }),
        Some(tls) => Some(Listener { address: address?, tls: Some(tls?) }),
    }
}

/// `{ cert, key }` or `{ certificates: [{ cert, key }] }`.
fn certificate(field: &Field<'_>) -> Option<Certificate> {
    let tls = field.section(&shapes::TLS);
    if let Some(http2) = tls.field("http2").filter(|field| field.read(units::switch) == Some(false)) {
        http2.refuse("must be `true`: HTTP/2 cannot be turned off in this version");
    }
    let Some(list) = tls.field("certificates") else {
        return pair(&tls);
    };
    for name in ["cert", "key"].into_iter().filter_map(|name| tls.field(name)) {
        name.refuse("cannot stand beside `certificates`");
    }
    let items = list.items();
    match items.as_slice() {
        [one] => pair(&one.section(&shapes::CERTIFICATE)),
        [] => {
            list.refuse("must hold one certificate");
            None
        }
        [_, second, ..] => {
            second.refuse("is one too many: several certificates come with a later version");
            None
        }
    }
}

fn pair(section: &Section<'_>) -> Option<Certificate> {
    let cert = section.required("cert").and_then(|field| files::readable(&field));
    let key = section.required("key").and_then(|field| files::readable(&field));
    Some(Certificate { cert: cert?, key: key? })
}

fn refuse_clash(field: &Field<'_>, address: SocketAddr, taken: &[Listener]) {
    if let Some(other) = taken.iter().find(|listener| clash(listener.address, address)) {
        field.refuse(format!("cannot be {address}, as {} is listened on already", other.address));
    }
}

/// Port 0 is a free port of the system's choice, and clashes with nothing.
fn clash(a: SocketAddr, b: SocketAddr) -> bool {
    let overlap = a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() != 0 && a.port() == b.port() && overlap
}

fn addresses(text: &str) -> Result<Vec<SocketAddr>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(address).collect()
}

fn address_or_off(text: &str) -> Result<Option<SocketAddr>, String> {
    match text {
        "off" => Ok(None),
        _ => address(text).map(Some),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let must = "must be an address and a port such as `127.0.0.1:4000` or `[::]:4000`";
    local.as_deref().unwrap_or(text).parse().map_err(|_| must.to_owned())
}
