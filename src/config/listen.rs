//! `listen`, `admin` and `auth`: where Tollgate answers, and whom.

use crate::config::Acme;
use crate::config::Auth;
use crate::config::acme;
use crate::config::environment::Variables;
use crate::config::files;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub address: SocketAddr,
    pub tls: Option<ListenerTls>,
    /// Trusted peers say first whom they speak for (PROXY protocol, version 1 or 2); others are refused.
    pub proxy_protocol: bool,
    /// The port that plain requests are redirected to.
    pub https: Option<u16>,
    /// For how long browsers are told to come with TLS alone (RFC 6797).
    pub hsts: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerTls {
    /// The first is for clients that name no host, or one that none is for. Empty only with `acme`.
    pub certificates: Vec<Certificate>,
    /// One more, from an authority that gives them to programs.
    pub acme: Option<Acme>,
    pub min_version: TlsVersion,
    pub http2: bool,
    /// Authorities whose clients are let in.
    pub client_ca: Option<PathBuf>,
    /// Whether clients without a certificate are let in, too.
    pub client_optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    Tls12,
    Tls13,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Listener {
    fn plain(address: SocketAddr) -> Listener {
        Listener { address, tls: None, proxy_protocol: false, https: None, hsts: None }
    }
}

/// Nobody but this machine, until its owner says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4000);
const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4001);

/// `GATEWAY_LISTEN`, else `listen`, else one plain listener on 127.0.0.1:4000.
pub fn listeners(root: &Section<'_>, variables: &Variables<'_>, data_dir: &Path) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for item in root.items("listen") {
        if let Some(listener) = listener(&item, data_dir) {
            refuse_clash(&item, listener.address, &listeners);
            listeners.push(listener);
        }
    }
    if let Some(field) = variables.field("GATEWAY_LISTEN") {
        listeners.clear();
        for address in field.read(addresses).unwrap_or_default() {
            refuse_clash(&field, address, &listeners);
            listeners.push(Listener::plain(address));
        }
    }
    if listeners.is_empty() {
        listeners.push(Listener::plain(LISTEN));
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

fn listener(item: &Field<'_>, data_dir: &Path) -> Option<Listener> {
    let section = item.section(&shapes::LISTENER);
    let tls = section.field("tls").map(|field| tls(&field, data_dir));
    let address = section.required("address").and_then(|field| field.read(address));
    let (https, hsts) = (section.field("https"), section.field("hsts"));
    match (&tls, &https, &hsts) {
        (Some(_), Some(field), _) => field.refuse("is for plain listeners, whose requests it redirects"),
        (None, _, Some(field)) => field.refuse("is for listeners with `tls`: browsers heed it nowhere else"),
        (_, _, _) => {}
    }
    let listener = Listener {
        // Reading goes on, so that all problems are told at once.
        address: address.unwrap_or(LISTEN),
        tls: None,
        proxy_protocol: section.optional("proxy_protocol", units::switch).unwrap_or(false),
        https: https.and_then(|field| field.read(port)),
        hsts: hsts.and_then(|field| field.read(units::duration)),
    };
    match tls {
        None => address.map(|_| listener),
        Some(tls) => address.zip(tls).map(|(_, tls)| Listener { tls: Some(tls), ..listener }),
    }
}

fn port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| "must be a port from 1 to 65535".to_owned())
}

fn tls(field: &Field<'_>, data_dir: &Path) -> Option<ListenerTls> {
    let tls = field.section(&shapes::TLS);
    let versions = [("1.2", TlsVersion::Tls12), ("1.3", TlsVersion::Tls13)];
    let clients = [("required", false), ("optional", true)];
    let client_optional = tls.optional("client_auth", units::word(&clients));
    if let (Some(field), None) = (tls.field("client_auth"), tls.field("client_ca")) {
        field.refuse("needs `client_ca`, the authorities that sign clients");
    }
    let acme = tls.field("acme");
    let alone = ["certificates", "cert", "key"].iter().all(|name| tls.field(name).is_none());
    let certificates = if acme.is_some() && alone { Some(Vec::new()) } else { certificates(&tls) };
    let acme = acme.map(|field| acme::read(&field, data_dir));
    let min_version = tls.optional("min_version", units::word(&versions)).unwrap_or(TlsVersion::Tls12);
    let http2 = tls.optional("http2", units::switch).unwrap_or(true);
    let client_ca = tls.field("client_ca").and_then(|field| files::readable(&field));
    Some(ListenerTls {
        certificates: certificates?,
        acme: match acme {
            None => None,
            Some(acme) => Some(acme?),
        },
        min_version,
        http2,
        client_ca,
        client_optional: client_optional.unwrap_or(false),
    })
}

/// `{ cert, key }` or `{ certificates: [{ cert, key }, …] }`.
fn certificates(tls: &Section<'_>) -> Option<Vec<Certificate>> {
    let Some(list) = tls.field("certificates") else {
        return pair(tls).map(|one| vec![one]);
    };
    for name in ["cert", "key"].into_iter().filter_map(|name| tls.field(name)) {
        name.refuse("cannot stand beside `certificates`");
    }
    let items = list.items();
    if items.is_empty() {
        list.refuse("must hold at least one certificate");
        return None;
    }
    items.iter().map(|item| pair(&item.section(&shapes::CERTIFICATE))).collect()
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
