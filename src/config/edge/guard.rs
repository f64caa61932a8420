//! Who may use a route, and how much.

use crate::config::Limits;
use crate::config::Rate;
use crate::config::edge::headers;
use crate::config::range;
use crate::config::range::IpRange;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use crate::secret::Secret;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use std::time::Duration;

/// What is asked of who uses a route.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RouteAuth {
    #[default]
    Nothing,
    /// A key of the gateway.
    Keys,
    Basic(Basic),
}

/// Names and passwords (RFC 7617).
#[derive(Clone, Debug, PartialEq)]
pub struct Basic {
    /// Each as `user:password`.
    pub users: Vec<Secret>,
    pub realm: String,
}

/// Per route, or per zone for routes that share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteLimits {
    /// Of one address: a bucket that leaks evenly …
    pub per_ip: Option<Rate>,
    /// … and holds so many more than one.
    pub burst: u32,
    /// At once, over all addresses.
    pub concurrent: Option<u32>,
}

/// What other sites' pages may do (Fetch standard).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    pub origins: Origins,
    pub methods: Vec<Method>,
    /// Empty: whatever is asked for.
    pub headers: Vec<HeaderName>,
    pub expose: Vec<HeaderName>,
    pub credentials: bool,
    pub max_age: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    Any,
    These(Vec<HeaderValue>),
}

/// `keys`, or `{ basic: […] }`.
pub fn auth(section: &Section<'_>) -> RouteAuth {
    let Some(field) = section.field("auth") else { return RouteAuth::Nothing };
    if field.is_scalar() {
        return field.read(units::word(&[("keys", ())])).map_or(RouteAuth::Nothing, |()| RouteAuth::Keys);
    }
    let section = field.section(&shapes::ROUTE_AUTH);
    let users: Vec<Secret> = section.items("basic").iter().filter_map(user).collect();
    if users.is_empty() {
        field.refuse("must be `keys` or name users in `basic`");
    }
    let realm = section.optional("realm", realm).unwrap_or_else(|| "Tollgate".to_owned());
    RouteAuth::Basic(Basic { users, realm })
}

pub fn ranges(section: &Section<'_>, name: &'static str) -> Vec<IpRange> {
    section.items(name).iter().filter_map(|item| item.read(range::range)).collect()
}

pub fn limits(section: &Section<'_>) -> RouteLimits {
    let section = section.section("limits", &shapes::ROUTE_LIMITS);
    RouteLimits {
        per_ip: section.optional("per_ip", units::rate_or_off).flatten(),
        burst: section.optional("burst", units::count).unwrap_or(0),
        concurrent: section.optional("concurrent", units::count_or_off).flatten(),
    }
}

/// The largest body: the route's own, or that of all.
pub fn body(section: &Section<'_>, limits: &Limits) -> u64 {
    let read = |text: &str| units::memory_size_or_off(text).map(|size| size as u64);
    section.optional("body", read).unwrap_or(limits.body as u64)
}

pub fn cors(section: &Section<'_>) -> Option<Cors> {
    let field = section.field("cors")?;
    let section = field.section(&shapes::CORS);
    let names = |name| section.items(name).iter().filter_map(|item| item.read(headers::header)).collect();
    let methods: Vec<Method> = section.items("methods").iter().filter_map(|item| item.read(method)).collect();
    let origins = section.required("origins").map(|field| origins(&field));
    let credentials = section.optional("credentials", units::switch).unwrap_or(false);
    if credentials && origins == Some(Origins::Any) {
        field.refuse("cannot have credentials for any origin: name the origins");
    }
    let (headers, expose) = (names("headers"), names("expose"));
    let max_age = section.optional("max_age", units::duration).unwrap_or(Duration::from_secs(3600));
    let methods = if methods.is_empty() { simple_methods() } else { methods };
    origins.map(|origins| Cors { origins, methods, headers, expose, credentials, max_age })
}

/// A method in capitals.
pub fn method(text: &str) -> Result<Method, String> {
    let must = "must be a method in capitals such as `GET`";
    let capitals = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
    capitals.then(|| text.parse().ok()).flatten().ok_or_else(|| must.to_owned())
}

fn simple_methods() -> Vec<Method> {
    vec![Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]
}

fn origins(field: &Field<'_>) -> Origins {
    let items: Vec<Field<'_>> = if field.is_scalar() { vec![field.clone()] } else { field.items() };
    let origins: Vec<HeaderValue> = items.iter().filter_map(|item| item.read(origin)).collect();
    match origins.iter().any(|origin| origin == "*") {
        true => Origins::Any,
        false => Origins::These(origins),
    }
}

fn origin(text: &str) -> Result<HeaderValue, String> {
    let must = || "must be `*`, `null` or an origin such as `https://app.example.com`".to_owned();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let sound = matches!(text, "*" | "null")
        || rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', ' ']));
    if sound { HeaderValue::from_str(text).map_err(|_| must()) } else { Err(must()) }
}

fn user(item: &Field<'_>) -> Option<Secret> {
    let user = item.secret()?;
    let whole =
        user.expose().split_once(':').is_some_and(|(name, word)| !name.is_empty() && !word.is_empty());
    if !whole {
        item.refuse("must be a name and a password such as `ann:${ANNS_PASSWORD}`");
    }
    whole.then_some(user)
}

fn realm(text: &str) -> Result<String, String> {
    let plain = text.chars().all(|sign| matches!(sign, ' '..='~') && sign != '"' && sign != '\\');
    plain.then(|| text.to_owned()).ok_or_else(|| "must be plain words without quotes".to_owned())
}
