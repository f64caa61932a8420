//! Every operation of the admin API: one table, out of which come the router, the OpenAPI document and the commands.

use crate::admin::admins;
use crate::admin::ask::Ask;
use crate::admin::ask::Reply;
use crate::admin::audit;
use crate::admin::entries;
use crate::admin::keys;
use crate::admin::office::Pending;
use crate::admin::openapi;
use crate::admin::refuse::Refusal;
use crate::admin::running;
use crate::admin::tenants;
use crate::admin::usage;
use crate::store::Role;

/// What all paths begin with.
pub const BASE: &str = "/admin/v1";

/// One operation.
pub struct Route {
    pub method: &'static str,
    /// Behind [`BASE`]; `{id}` stands for one segment.
    pub path: &'static str,
    pub role: Role,
    /// As the OpenAPI document calls it.
    pub name: &'static str,
    pub summary: &'static str,
    /// Parameters of the query; others are refused.
    pub query: &'static [&'static str],
    /// The schema of the body, if there is to be one.
    pub body: Option<&'static str>,
    /// The schema of the answer; `None` for one without a body.
    pub answer: Option<&'static str>,
    pub status: u16,
    pub run: fn(Ask) -> Pending<Result<Reply, Refusal>>,
}

const PAGED: &[&str] = &["limit", "after"];
const REPORT: &[&str] =
    &["from", "to", "by", "tenant", "key", "provider", "model", "order", "limit", "format"];

macro_rules! route {
    ($method:literal $path:literal $role:ident $name:literal $run:path, $query:expr, $body:expr, $answer:expr, $status:literal, $summary:literal) => {
        Route {
            method: $method,
            path: $path,
            role: Role::$role,
            name: $name,
            summary: $summary,
            query: $query,
            body: $body,
            answer: $answer,
            status: $status,
            run: |ask| Box::pin($run(ask)),
        }
    };
}

/// All of them. What is read needs a viewer, what changes tenants, keys or the configuration in force an operator,
/// what changes admins an owner.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    route!("GET" "/tenants" Viewer "listTenants" tenants::list, PAGED, None, Some("Tenants"), 200, "Tenants, by id"),
    route!("POST" "/tenants" Operator "createTenant" tenants::create, &[], Some("NewTenant"), Some("Tenant"), 201, "Makes a tenant"),
    route!("GET" "/tenants/{id}" Viewer "readTenant" tenants::read, &[], None, Some("Tenant"), 200, "One tenant"),
    route!("PATCH" "/tenants/{id}" Operator "changeTenant" tenants::change, &[], Some("TenantChange"), Some("Tenant"), 200, "Changes a tenant; each section that is given is replaced whole, null takes it out"),
    route!("DELETE" "/tenants/{id}" Operator "deleteTenant" tenants::delete, &[], None, None, 204, "Deletes a tenant without keys"),
    route!("POST" "/tenants/{id}/disable" Operator "disableTenant" tenants::switch::<true>, &[], None, Some("Tenant"), 200, "Refuses all keys of a tenant"),
    route!("POST" "/tenants/{id}/enable" Operator "enableTenant" tenants::switch::<false>, &[], None, Some("Tenant"), 200, "Lets the keys of a tenant in again"),
    route!("GET" "/keys" Viewer "listKeys" keys::list, &["tenant", "limit", "after"], None, Some("Keys"), 200, "Keys, by id"),
    route!("POST" "/keys" Operator "createKey" keys::create, &[], Some("NewKey"), Some("ShownKey"), 201, "Makes a key and shows it this once"),
    route!("GET" "/keys/{id}" Viewer "readKey" keys::read, &[], None, Some("Key"), 200, "One key, without the key itself"),
    route!("PATCH" "/keys/{id}" Operator "changeKey" keys::change, &[], Some("KeyChange"), Some("Key"), 200, "Changes a key; each section that is given is replaced whole, null takes it out"),
    route!("DELETE" "/keys/{id}" Operator "deleteKey" keys::delete, &[], None, None, 204, "Deletes a key; what it used stays in the ledger"),
    route!("POST" "/keys/{id}/rotate" Operator "rotateKey" keys::rotate, &[], Some("Rotation"), Some("ShownKey"), 200, "Puts a new key in the place of this one and shows it this once; the old one is good for `grace` longer"),
    route!("POST" "/keys/{id}/disable" Operator "disableKey" keys::switch::<true>, &[], None, Some("Key"), 200, "Refuses a key"),
    route!("POST" "/keys/{id}/enable" Operator "enableKey" keys::switch::<false>, &[], None, Some("Key"), 200, "Lets a key in again"),
    route!("GET" "/admins" Owner "listAdmins" admins::list, PAGED, None, Some("Admins"), 200, "Admins, by id"),
    route!("POST" "/admins" Owner "createAdmin" admins::create, &[], Some("NewAdmin"), Some("ShownAdmin"), 201, "Makes an admin and shows the token this once"),
    route!("GET" "/admins/{id}" Owner "readAdmin" admins::read, &[], None, Some("Admin"), 200, "One admin"),
    route!("PATCH" "/admins/{id}" Owner "changeAdmin" admins::change, &[], Some("AdminChange"), Some("Admin"), 200, "Changes name or role; one owner stays"),
    route!("DELETE" "/admins/{id}" Owner "deleteAdmin" admins::delete, &[], None, None, 204, "Deletes an admin; one owner stays"),
    route!("POST" "/admins/{id}/rotate" Owner "rotateAdmin" admins::rotate, &[], None, Some("ShownAdmin"), 200, "Makes a new token, shows it this once, and ends the old one"),
    route!("POST" "/admins/{id}/disable" Owner "disableAdmin" admins::switch::<true>, &[], None, Some("Admin"), 200, "Refuses an admin; one owner stays"),
    route!("POST" "/admins/{id}/enable" Owner "enableAdmin" admins::switch::<false>, &[], None, Some("Admin"), 200, "Lets an admin in again"),
    route!("GET" "/audit" Owner "listAudit" audit::list, &["who", "action", "subject", "from", "to", "limit", "after"], None, Some("Audit"), 200, "Changes, the newest first"),
    route!("GET" "/usage" Viewer "reportUsage" usage::report, REPORT, None, Some("Usage"), 200, "What was used and what it cost, as JSON or CSV"),
    route!("GET" "/entries" Viewer "listEntries" entries::list, &["tenant", "key", "from", "to", "limit", "after"], None, Some("Entries"), 200, "Lines of the ledger, the newest first"),
    route!("GET" "/providers" Viewer "listProviders" running::providers, &[], None, Some("Providers"), 200, "How each provider and each of its keys is"),
    route!("GET" "/clusters" Viewer "listClusters" running::clusters, &[], None, Some("Clusters"), 200, "How each cluster and each of its servers is"),
    route!("GET" "/limits" Viewer "readLimits" running::limits, &["key", "tenant"], None, Some("Limits"), 200, "Limits in force, and what is left of them"),
    route!("GET" "/config" Viewer "readConfig" running::config, &[], None, Some("Config"), 200, "The configuration in force, secrets masked"),
    route!("POST" "/config/check" Operator "checkConfig" running::check, &[], Some("ConfigText"), Some("Checked"), 200, "Reads a configuration (YAML) and lists every problem; changes nothing"),
    route!("POST" "/config/reload" Operator "reloadConfig" running::reload, &[], None, Some("Reloaded"), 200, "Reads the configuration again and puts it in force"),
    route!("GET" "/openapi.json" Viewer "readOpenapi" openapi::read, &[], None, Some("Document"), 200, "This document"),
];

/// The operation behind a method and a path, and what stands for `{id}`.
pub fn find<'p>(method: &str, path: &'p str) -> Option<(&'static Route, &'p str)> {
    let rest = path.strip_prefix(BASE)?;
    ROUTES
        .iter()
        .filter(|route| route.method == method)
        .find_map(|route| Some((route, fits(route.path, rest)?)))
}

/// What stands for `{id}`, or nothing where there is none.
fn fits<'p>(template: &str, path: &'p str) -> Option<&'p str> {
    let (mut template, mut path, mut id) = (template.split('/'), path.split('/'), "");
    loop {
        match (template.next(), path.next()) {
            (None, None) => return Some(id),
            (Some("{id}"), Some(segment)) if !segment.is_empty() => id = segment,
            (Some(one), Some(other)) if one == other => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_one_operation() {
        let name = |method, path| find(method, path).map(|(route, id)| (route.name, id));
        assert_eq!(name("GET", "/admin/v1/keys"), Some(("listKeys", "")));
        assert_eq!(name("POST", "/admin/v1/keys/key_1/rotate"), Some(("rotateKey", "key_1")));
        for (method, path) in [
            ("PUT", "/admin/v1/keys"),
            ("GET", "/admin/v1/keys/"),
            ("GET", "/admin/v1/keys/a/b"),
            ("GET", "/keys"),
        ] {
            assert_eq!(name(method, path), None, "{method} {path}");
        }
    }
}
