//! The OpenAPI document of the admin API, made of the table of its operations.

use crate::admin::ask::Ask;
use crate::admin::ask::Reply;
use crate::admin::refuse::Refusal;
use crate::admin::routes::BASE;
use crate::admin::routes::ROUTES;
use crate::admin::routes::Route;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

const SCHEMAS: &str = include_str!("schemas.json");

/// Parameters of queries and what they mean.
const PARAMETERS: &[(&str, &str, &str)] = &[
    ("action", "string", "Only this kind of change, such as `key.rotate`"),
    ("after", "string", "`next` of the page before"),
    ("by", "string", "Any of `day`, `hour`, `tenant`, `key`, `provider`, `model`, separated by commas"),
    ("format", "string", "`json` or `csv`; the header `Accept: text/csv` does as well"),
    ("from", "string", "Since when: a date, a time (UTC), or a duration ago such as `7d`"),
    ("key", "string", "Only of this key (id)"),
    ("limit", "integer", "How many rows at most"),
    ("model", "string", "Only of this model, as the provider calls it"),
    ("order", "string", "`group`, or `cost` for the dearest first"),
    ("provider", "string", "Only of this provider"),
    ("subject", "string", "Only changes of this (id)"),
    ("tenant", "string", "Only of this tenant (id)"),
    ("to", "string", "Until just before when; written as `from`"),
    ("who", "string", "Only changes by this admin (id)"),
];

pub async fn read(_ask: Ask) -> Result<Reply, Refusal> {
    Ok(Reply::Json(document()))
}

/// OpenAPI 3.1.
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(format!("{BASE}{}", route.path)).or_insert_with(|| json!({}));
        path[route.method.to_ascii_lowercase()] = operation(route);
    }
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Tollgate admin API", "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }, { "header": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "header": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            },
            "schemas": schemas,
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "description": format!("Needs the role `{}`.", route.role.word()),
        "x-role": route.role.word(),
        "parameters": parameters(route),
        "responses": responses(route),
    });
    if let Some(schema) = route.body {
        operation["requestBody"] = body(schema);
    }
    operation
}

/// A body may be left out where all of its fields may.
fn body(schema: &str) -> Value {
    match schema {
        "ConfigText" => {
            json!({ "required": true, "content": { "application/yaml": { "schema": reference(schema) } } })
        }
        _ => json!({
            "required": schema.starts_with("New"), "content": { "application/json": { "schema": reference(schema) } },
        }),
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let id = route
        .path
        .contains("{id}")
        .then(|| json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }));
    let known = |name: &&str| PARAMETERS.iter().find(|(known, _, _)| known == name);
    let of_query = route.query.iter().filter_map(known).map(|(name, kind, meaning)| {
        json!({ "name": name, "in": "query", "description": meaning, "schema": { "type": kind } })
    });
    id.into_iter().chain(of_query).collect()
}

fn responses(route: &Route) -> Value {
    let refusals = [
        ("400", "The request cannot be read; `param` names the field"),
        ("401", "No admin has this key"),
        ("403", "The role does not reach so far"),
        ("404", "There is no such thing"),
        ("409", "It contradicts what is there"),
        ("413", "The body is too large"),
        ("429", "Too many wrong keys came from this address"),
        ("500", "A fault of ours; the log says more"),
        ("503", "The store is away"),
    ];
    let refusal = |(status, meaning): (&str, &str)| {
        (status.to_owned(), json!({ "description": meaning, "content": of_json("Refusal") }))
    };
    let mut all: Map<String, Value> = refusals.into_iter().map(refusal).collect();
    let mut done = json!({ "description": "Done" });
    if let Some(schema) = route.answer {
        done["content"] = of_json(schema);
    }
    if schema_is_table(route) {
        done["content"]["text/csv"] = json!({ "schema": { "type": "string" } });
    }
    all.insert(route.status.to_string(), done);
    Value::Object(all)
}

fn schema_is_table(route: &Route) -> bool {
    route.query.contains(&"format")
}

fn of_json(schema: &str) -> Value {
    json!({ "application/json": { "schema": reference(schema) } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_in_the_document_and_every_schema_is_there() {
        let document = document();
        for route in ROUTES {
            let path = format!("{BASE}{}", route.path);
            let operation = &document["paths"][path.as_str()][route.method.to_ascii_lowercase()];
            assert_eq!(operation["operationId"], route.name, "{path}");
            let named =
                operation["parameters"].as_array().unwrap().iter().filter(|p| p["in"] == "query").count();
            assert_eq!(named, route.query.len(), "a parameter of {path} is not explained");
            for schema in route.body.iter().chain(&route.answer) {
                assert!(document["components"]["schemas"][schema].is_object(), "{schema}");
            }
        }
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"][name].is_object(), "{name}");
        }
        let operations: usize =
            document["paths"].as_object().unwrap().values().map(|p| p.as_object().unwrap().len()).sum();
        assert_eq!(operations, ROUTES.len(), "an operation is there twice");
    }
}
