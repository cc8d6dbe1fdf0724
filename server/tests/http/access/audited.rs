//! Every route and server function that changes something of the deployment leaves an entry in the audit log that says who
//! did it and from where. One that is new fails here until it does, or until it is said why it need not.

use http::StatusCode;
use reqwest::Method;
use sdk::audit_log::{AuditEntry, AuditVia, ListAuditLog};
use sdk::client::Client;
use sdk::external_auth::PutExternalAuth;
use sdk::models::{ModelCallConfig, ModelPrices, UpdateModelConfig};
use sdk::providers::{PutUserApiKey, UpdateKeyPolicy, UpdateProviderConfig};
use sdk::tokens::CreateToken;
use serde_json::{Value, json};
use server::http::access::Access;
use server::http::page::server_functions;

use super::objects::{Objects, People};
use crate::support::{TestServer, on_both};

/// What need not be told, by the beginning of its name, and why.
const UNTOLD: [(&str, &str); 18] = [
    ("function preview_prompt", "it asks and changes nothing"),
    (
        "POST /api/experimental/chats/providers/{provider}/test",
        "it asks and changes nothing",
    ),
    (
        "POST /api/experimental/chats/files",
        "files are a person's own",
    ),
    ("DELETE /api/v2/files", "files are a person's own"),
    (
        "PUT /api/experimental/chats/config/user-",
        "how a person wants their own chats",
    ),
    (
        "DELETE /api/experimental/chats/config/user-",
        "how a person wants their own chats",
    ),
    (
        "PUT /api/v2/users/me/preferences",
        "how a person wants their own pages",
    ),
    (
        "POST /api/v2/users/logout",
        "signing in and out changes nothing that is kept",
    ),
    (
        "POST /api/experimental/chats/{chat}",
        "chats are a person's own, and tell what was done in them",
    ),
    (
        "PATCH /api/experimental/chats/{chat}",
        "chats are a person's own, and tell what was done in them",
    ),
    (
        "DELETE /api/experimental/chats/{chat}",
        "chats are a person's own, and tell what was done in them",
    ),
    (
        "POST /api/experimental/chats ",
        "chats are a person's own, and tell what was done in them",
    ),
    (
        "POST /api/v2/workspaces",
        "workspaces are a person's own, and their builds are kept",
    ),
    (
        "PATCH /api/v2/workspaces",
        "workspaces are a person's own, and their builds are kept",
    ),
    (
        "DELETE /api/v2/workspaces",
        "workspaces are a person's own, and their builds are kept",
    ),
    ("function test_provider", "it asks and changes nothing"),
    (
        "POST /api/v2/external-auth/{config}/device",
        "a code that nobody has entered changes nothing",
    ),
    (
        "POST /api/v2/external-auth/flows/{flow}/poll",
        "it asks; the link that it may lead to is told",
    ),
];

fn is_untold(name: &str) -> bool {
    // The space ends the name, so that one can be meant without those that begin like it.
    let name = format!("{name} ");
    UNTOLD
        .iter()
        .any(|(beginning, _)| name.starts_with(beginning))
}

/// An owner who came with an API token, and what is called.
struct Caller<'a> {
    people: &'a People<'a>,
    owner: Client,
}

impl Caller<'_> {
    async fn newest(&self) -> AuditEntry {
        let one = ListAuditLog {
            limit: Some(1),
            ..ListAuditLog::default()
        };
        self.owner
            .list_audit_log(&one)
            .await
            .unwrap()
            .entries
            .remove(0)
    }

    /// Calls, and gives what is wrong with what it left.
    async fn call(&self, name: &str, request: reqwest::RequestBuilder) -> Option<String> {
        let before = self.newest().await;
        let response = request.send().await.unwrap();
        let status = response.status();
        if !matches!(
            status,
            StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT
        ) {
            let text = response.text().await.unwrap();
            return Some(format!("{name}: {status} {text}"));
        }
        let entry = self.newest().await;
        if entry.id == before.id {
            return Some(format!("{name}: left no entry"));
        }
        let actor = (entry.actor.username.as_str(), entry.actor.via);
        let came_from = (
            entry.actor.token_name.as_str(),
            entry.actor.address.as_str(),
        );
        let is_right = actor == ("olga", AuditVia::Token) && came_from == ("audited", "127.0.0.1");
        (!is_right).then(|| format!("{name}: {entry:?}"))
    }

    /// Objects that the call works with.
    async fn objects(&self, path: &str) -> Objects {
        let mut objects = self.people.objects_for_admin(path).await;
        if path.contains("/keys/tokens") && !path.contains("{token}") {
            objects.insert("{user}", "me".to_owned());
        }
        if path.contains("{session}") || path.ends_with("/sign-out-elsewhere") {
            let session = self.people.session_of(&self.owner).await;
            objects.insert("{session}", session);
        }
        if let Some(host) = objects.get("{host}") {
            let link = PutExternalAuth {
                token: "a-private-token".to_owned(),
                username: None,
            };
            self.owner.put_external_auth(host, &link).await.unwrap();
        }
        if path.contains("/user-provider-configs/") {
            self.bring_own_key(&objects).await;
        }
        if path.ends_with("{model_config}/costs") {
            self.set_prices(&objects).await;
        }
        objects
    }

    /// A provider that takes people's keys, and has one.
    async fn bring_own_key(&self, objects: &Objects) {
        let change = UpdateProviderConfig {
            key_policy: UpdateKeyPolicy {
                allow_user_api_key: Some(true),
                ..UpdateKeyPolicy::default()
            },
            ..UpdateProviderConfig::default()
        };
        let id = objects["{provider}"].parse().unwrap();
        self.owner.update_provider(id, &change).await.unwrap();
        let key = PutUserApiKey {
            api_key: "sk-first".to_owned(),
        };
        self.owner.put_user_api_key(id, &key).await.unwrap();
    }

    /// Without prices there is nothing to book.
    async fn set_prices(&self, objects: &Objects) {
        let prices = ModelPrices {
            input_price_per_million_tokens: Some("1".parse().unwrap()),
            ..ModelPrices::default()
        };
        let change = UpdateModelConfig {
            model_config: Some(ModelCallConfig {
                cost: Some(prices),
                ..ModelCallConfig::default()
            }),
            ..UpdateModelConfig::default()
        };
        let id = objects["{model_config}"].parse().unwrap();
        self.owner.update_model_config(id, &change).await.unwrap();
    }

    /// What each route is sent, so that it changes something.
    fn body(&self, name: &str, made: u32, folder: &str) -> Value {
        match name {
            "PUT /api/experimental/chats/config/debug-logging" => json!({ "allow_users": true }),
            "PUT /api/experimental/chats/config/debug-retention-days" => {
                json!({ "debug_retention_days": 7 })
            }
            "PUT /api/experimental/chats/config/desktop-enabled" => {
                json!({ "enable_desktop": true })
            }
            "PUT /api/experimental/chats/config/explore-model-override"
            | "PUT /api/experimental/chats/config/title-model-override"
            | "PUT /api/experimental/chats/config/summary-model-override" => {
                json!({ "model_config_id": self.people.model() })
            }
            "PUT /api/experimental/chats/config/plan-mode-instructions" => {
                json!({ "plan_mode_instructions": "Plan well." })
            }
            "PUT /api/experimental/chats/config/private-provider-hosts" => {
                json!({ "hosts": ["models.corp"] })
            }
            "PUT /api/experimental/chats/config/retention-days" => json!({ "retention_days": 30 }),
            "PUT /api/experimental/chats/config/system-prompt" => {
                json!({ "system_prompt": "Be brief." })
            }
            "PUT /api/experimental/chats/config/workspace-ttl" => {
                json!({ "workspace_ttl_ms": 3_600_000 })
            }
            "POST /api/experimental/chats/providers" => {
                json!({ "provider": "openai-compat", "display_name": "New", "base_url": "http://127.0.0.1:1/v1" })
            }
            "PATCH /api/experimental/chats/providers/{provider}" => json!({ "enabled": false }),
            "PATCH /api/experimental/chats/model-configs/{model_config}" => {
                json!({ "context_limit": 2000 })
            }
            "POST /api/v2/external-auth/configs" => json!({
                "base_url": format!("https://g{made}.example.com"), "client_id": "c", "client_secret": "s",
            }),
            "PATCH /api/v2/external-auth/configs/{config}" => json!({ "display_name": "Other" }),
            "PUT /api/v2/external-auth/{host}" => json!({ "token": "another-private-token" }),
            "PUT /api/experimental/chats/user-provider-configs/{provider}" => {
                json!({ "api_key": "sk-second" })
            }
            "POST /api/v2/allowed-folders" => json!({ "path": folder }),
            "POST /api/v2/templates" => json!({ "name": format!("n{made}") }),
            "PATCH /api/v2/templates/{template}" => json!({ "description": "Ours." }),
            "POST /api/v2/users" => json!({
                "email": format!("new{made}@example.com"), "username": format!("new{made}"), "password": "correct horse",
            }),
            "PATCH /api/v2/users/{user}" => json!({ "role": "owner" }),
            "POST /api/v2/users/{user}/keys/tokens" => json!({ "token_name": format!("n{made}") }),
            _ => Value::Null,
        }
    }
}

/// A token goes on when all sessions end.
async fn with_token(owner: &Client) -> Client {
    let token = CreateToken {
        token_name: "audited".to_owned(),
        lifetime_seconds: None,
    };
    let created = owner.create_token("me", &token).await.unwrap();
    owner.clone().with_token(created.key)
}

/// People whose owner comes with a token, and a folder that can be allowed.
async fn prepared(server: &TestServer) -> (People<'_>, String) {
    let mut people = People::of(server).await;
    people.owner = with_token(&people.owner).await;
    let folder = server.scratch().join("allowed");
    std::fs::create_dir(&folder).unwrap();
    (people, folder.to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_by_an_owner_leaves_an_entry() {
    on_both(async |server| {
        let (people, folder) = prepared(server).await;
        let caller = Caller {
            people: &people,
            owner: people.owner.clone(),
        };
        let routes = server::routes::all();
        let (mut problems, mut told) = (Vec::new(), 0_u32);
        for entry in routes.entries() {
            let name = format!("{} {}", entry.method, entry.path);
            let is_public = matches!(entry.access, Access::Public { .. });
            if entry.method == "GET" || is_public || is_untold(&name) {
                continue;
            }
            told += 1;
            let objects = caller.objects(&entry.path).await;
            let body = match name.as_str() {
                "PUT /api/experimental/chats/config/template-allowlist" => {
                    let template = people.objects("{template}").await["{template}"].clone();
                    json!({ "template_ids": [template] })
                }
                "POST /api/experimental/chats/model-configs" => {
                    let provider = people.objects("{provider}").await["{provider}"].clone();
                    json!({ "provider_config_id": provider, "model": "new", "context_limit": 1000 })
                }
                name => caller.body(name, told, &folder),
            };
            let path = entry
                .path
                .split('/')
                .map(|segment| objects.get(segment).map_or(segment, String::as_str));
            let path = path.collect::<Vec<_>>().join("/");
            let method: Method = entry.method.parse().unwrap();
            let request = caller.owner.request(method, &path).unwrap();
            let request = if body.is_null() {
                request
            } else {
                request.json(&body)
            };
            problems.extend(caller.call(&name, request).await);
        }
        assert!(problems.is_empty(), "{problems:#?}");
        assert!(told > 25, "only {told} routes were called");
    })
    .await;
}

/// What each function is sent, so that it changes something.
#[rustfmt::skip]
fn form(function: &str, made: u32, folder: &str) -> Option<Value> {
    let name = format!("f{made}");
    Some(match function {
        "update_system_prompt" => json!({ "system_prompt": "Be brief.", "include_default_system_prompt": true }),
        "update_plan_mode_instructions" => json!({ "plan_mode_instructions": "Plan well." }),
        "update_model_overrides" => json!({ "title_model_override": "{model_config}" }),
        "update_retention_days" => json!({ "retention_days": "30" }),
        "update_workspace_ttl" => json!({ "idle_minutes": "60" }),
        "update_desktop_enabled" => json!({ "enable_desktop": true }),
        "update_private_provider_hosts" => json!({ "hosts": "models.corp\n10.0.0.0/8" }),
        "update_debug_logging" => json!({ "allow_users": true }),
        "create_user" => json!({
            "name": "", "email": format!("{name}@example.com"), "username": name, "password": "correct horse",
            "role": "member",
        }),
        "update_user" => json!({ "id": "{user}", "status": "suspended" }),
        "reset_password" => json!({ "id": "{user}", "password": "another battery staple" }),
        "create_password_link" | "delete_user" => json!({ "id": "{user}" }),
        "create_provider" => json!({
            "provider": "openai-compat", "display_name": name, "base_url": "http://127.0.0.1:1/v1", "api_key": "",
        }),
        "update_provider" => json!({ "id": "{provider}", "display_name": name, "base_url": "", "api_key": "sk-1" }),
        "enable_provider" => json!({ "id": "{provider}", "enabled": false }),
        "delete_provider" => json!({ "id": "{provider}" }),
        "create_model_config" => json!({
            "provider_config_id": "{provider}", "model": "tiny", "display_name": "", "context_limit": "1000",
        }),
        "create_model_configs" => json!({
            "provider_config_id": "{provider}", "models": [{ "model": "tiny", "display_name": "Tiny" }],
        }),
        "update_model_config" => json!({ "id": "{model_config}", "display_name": "Other", "context_limit": "1000" }),
        "enable_model_config" => json!({ "id": "{model_config}", "enabled": false }),
        "choose_default_model" | "delete_model_config" | "backfill_costs" => json!({ "id": "{model_config}" }),
        "create_template" => json!({ "form[name]": name, "form[source]": "empty" }),
        "update_template" => json!({ "id": "{template}", "form[name]": name, "form[source]": "empty" }),
        "delete_template" => json!({ "id": "{template}" }),
        "create_allowed_folder" => json!({ "path": folder }),
        "delete_allowed_folder" => json!({ "id": "{folder}" }),
        "create_external_auth_config" => json!({
            "form[base_url]": format!("https://{name}.example.com"), "form[client_id]": "c", "form[client_secret]": "s",
        }),
        "update_external_auth_config" => json!({ "config": "{config}", "form[display_name]": name, "form[client_id]": "c" }),
        "generate_webhook_secret" | "remove_webhook_secret" | "delete_external_auth_config" => json!({ "config": "{config}" }),
        _ => return None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_on_the_page_leaves_an_entry() {
    on_both(async |server| {
        let (people, folder) = prepared(server).await;
        let caller = Caller {
            people: &people,
            owner: people.owner.clone(),
        };
        let mut problems = Vec::new();
        let mut told = 0_u32;
        for (path, access) in server_functions::ACCESS {
            let function = path.strip_prefix("/api/page/").unwrap();
            let reads = function.starts_with("list_") || function.starts_with("get_");
            if !matches!(access, Access::May(_))
                || reads
                || is_untold(&format!("function {function}"))
            {
                continue;
            }
            told += 1;
            let arguments = match function {
                "update_template_allowlist" => {
                    let id = people.objects("{template}").await["{template}"].clone();
                    let template = people.owner.get_template(id.parse().unwrap()).await;
                    Some(json!({ "template_names": template.unwrap().name }))
                }
                function => form(function, told, &folder),
            };
            let arguments =
                arguments.unwrap_or_else(|| panic!("say above what {function} is sent"));
            let kinds = [
                "{user}",
                "{provider}",
                "{model_config}",
                "{template}",
                "{folder}",
                "{config}",
            ];
            let text = arguments.to_string();
            let named = kinds.into_iter().filter(|kind| text.contains(kind));
            let mut objects = people.objects(&named.collect::<Vec<_>>().join("/")).await;
            if let Some(user) = objects.get_mut("{user}") {
                *user = people.add_user_id().await;
            }
            let arguments = super::functions::filled(&arguments, &objects);
            let request = caller.owner.request(Method::POST, path).unwrap();
            if function == "backfill_costs" {
                caller.set_prices(&objects).await;
            }
            let request = if matches!(function, "create_model_configs" | "backfill_costs") {
                request.json(&arguments)
            } else {
                let kind = "application/x-www-form-urlencoded";
                let form = super::functions::form(&arguments);
                request.header("content-type", kind).body(form)
            };
            problems.extend(caller.call(function, request).await);
        }
        assert!(problems.is_empty(), "{problems:#?}");
        assert!(told > 20, "only {told} functions were called");
    })
    .await;
}

#[test]
fn what_is_untold_is_there_and_has_its_reason() {
    let routes = server::routes::all();
    let routes = routes.entries().iter();
    let routes = routes.map(|entry| format!("{} {} ", entry.method, entry.path));
    let functions = server_functions::ACCESS.iter();
    let functions = functions.map(|(path, _)| path.replace("/api/page/", "function "));
    let names: Vec<String> = routes.chain(functions).collect();
    for (beginning, reason) in UNTOLD {
        let is_there = names.iter().any(|name| name.starts_with(beginning));
        assert!(is_there, "{beginning} is gone");
        assert!(reason.len() > 10, "{beginning}");
    }
}
