//! Calls of routes, made from what is registered and described.

use reqwest::{Method, RequestBuilder};
use sdk::client::Client;
use serde_json::{Map, Value, json};
use server::http::access::RouteEntry;
use server::http::limits::{LONGEST_BODY_BYTES, LONGEST_DELIVERY_BYTES, LONGEST_FILE_BYTES};

use super::objects::Objects;

/// A registered route and its description.
pub struct Route<'a> {
    pub entry: &'a RouteEntry,
    document: &'a Value,
}

/// What is sent with a call that takes a body.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// The shortest that its description allows.
    Sound,
    /// No JSON.
    Broken,
    /// More bytes than are read.
    TooLarge,
}

impl<'a> Route<'a> {
    pub fn new(entry: &'a RouteEntry, document: &'a Value) -> Self {
        let route = Self { entry, document };
        assert!(route.operation().is_object(), "{} has none", route.name());
        route
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.entry.method, self.entry.path)
    }

    pub fn has_body(&self) -> bool {
        !self.operation()["requestBody"].is_null()
    }

    /// The path with an object for each parameter.
    pub fn path(&self, objects: &Objects) -> String {
        let segments = self.entry.path.split('/');
        let concrete: Vec<&str> = segments
            .map(|segment| objects.get(segment).map_or(segment, String::as_str))
            .collect();
        concrete.join("/")
    }

    /// The status of the answer.
    pub async fn call(&self, client: &Client, path: &str, body: Body) -> u16 {
        let method: Method = self.entry.method.parse().unwrap();
        let request = client.request(method, path).unwrap();
        // As the own page: what only browsers follow asks where they come from.
        let request = request.header("sec-fetch-site", "same-origin");
        let request = self.with_body(upgrading(request, self.is_socket()), body);
        request.send().await.unwrap().status().as_u16()
    }

    fn with_body(&self, request: RequestBuilder, body: Body) -> RequestBuilder {
        let text = match body {
            _ if !self.has_body() => return request,
            Body::Sound => {
                let content = &self.operation()["requestBody"]["content"];
                self.shortest(&content["application/json"]["schema"])
                    .to_string()
            }
            Body::Broken => "{".to_owned(),
            Body::TooLarge if self.entry.path.ends_with("/files") => {
                " ".repeat(LONGEST_FILE_BYTES + 1)
            }
            Body::TooLarge if self.entry.path.ends_with("/webhook") => {
                " ".repeat(LONGEST_DELIVERY_BYTES + 1)
            }
            Body::TooLarge => " ".repeat(LONGEST_BODY_BYTES + 1),
        };
        request
            .header("content-type", "application/json")
            .body(text)
    }

    fn operation(&self) -> &Value {
        let path = &self.document["paths"][&self.entry.path];
        &path[self.entry.method.to_lowercase()]
    }

    fn is_socket(&self) -> bool {
        !self.operation()["responses"]["101"].is_null()
    }

    /// The shortest value that a schema allows.
    fn shortest(&self, schema: &Value) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap();
            return self.shortest(&self.document["components"]["schemas"][name]);
        }
        if let Some(choices) = schema["enum"].as_array() {
            return choices[0].clone();
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let parts = parts.iter().map(|part| self.shortest(part));
            return parts.reduce(together).unwrap();
        }
        for several in ["oneOf", "anyOf"] {
            if let Some(schemas) = schema[several].as_array() {
                let schema = schemas.iter().find(|schema| schema["type"] != "null");
                return self.shortest(schema.unwrap());
            }
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => &kinds[0],
            kind => kind,
        };
        match kind.as_str() {
            Some("string") if schema["format"] == "uuid" => {
                json!("01890000-0000-7000-8000-000000000000")
            }
            Some("string") => json!("x"),
            Some("integer" | "number") => json!(1),
            Some("boolean") => json!(true),
            Some("array") => json!([]),
            _ => self.shortest_object(schema),
        }
    }

    fn shortest_object(&self, schema: &Value) -> Value {
        let required = schema["required"].as_array();
        let names = required.into_iter().flatten().filter_map(Value::as_str);
        let fields = names.map(|name| {
            let value = self.shortest(&schema["properties"][name]);
            (name.to_owned(), value)
        });
        Value::Object(fields.collect::<Map<_, _>>())
    }
}

/// What both ask for.
fn together(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

fn upgrading(request: RequestBuilder, is_socket: bool) -> RequestBuilder {
    if !is_socket {
        return request;
    }
    request
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "c3dpdGNoeWFyZC1kb2NzIQ==")
}
