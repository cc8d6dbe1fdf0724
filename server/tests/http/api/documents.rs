use reqwest::Method;

use crate::support::{TestServer, answer};

async fn document(server: &TestServer, query: &str) -> serde_json::Value {
    let path = format!("/api/v2/openapi.json{query}");
    let reply = answer(server.anonymous().request(Method::GET, &path).unwrap()).await;
    assert_eq!(reply["status"], 200);
    reply["body"].clone()
}

fn paths(document: &serde_json::Value) -> Vec<&String> {
    document["paths"].as_object().unwrap().keys().collect()
}

#[tokio::test]
async fn leaves_experimental_routes_out_unless_asked() {
    let server = TestServer::start().await;
    let stable = document(&server, "").await;
    assert!(
        paths(&stable)
            .iter()
            .all(|path| !path.starts_with("/api/experimental/"))
    );
    assert!(stable["paths"]["/api/v2/users/login"]["post"].is_object());
    let all = document(&server, "?experimental=true").await;
    assert!(all["paths"]["/api/experimental/chats/providers"]["get"].is_object());
    assert!(paths(&all).len() > paths(&stable).len());
}

#[tokio::test]
async fn describes_every_route_that_is_registered() {
    let server = TestServer::start().await;
    let all = document(&server, "?experimental=true").await;
    for entry in server::routes::all().entries() {
        let operation = &all["paths"][&entry.path][entry.method.to_lowercase()];
        assert!(
            operation["summary"].is_string(),
            "{} {} has no summary",
            entry.method,
            entry.path
        );
    }
}

#[tokio::test]
async fn every_schema_that_is_named_is_there() {
    let server = TestServer::start().await;
    let all = document(&server, "?experimental=true").await;
    let mut missing = Vec::new();
    references(&all, &mut |name| {
        if all["components"]["schemas"].get(name).is_none() {
            missing.push(name.to_owned());
        }
    });
    assert!(missing.is_empty(), "{missing:?}");
}

fn references(value: &serde_json::Value, found: &mut dyn FnMut(&str)) {
    match value {
        serde_json::Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(|reference| reference.as_str()) {
                found(reference.rsplit('/').next().unwrap());
            }
            fields.values().for_each(|field| references(field, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
