//! Every server function of the page, called by everyone, and with the objects of other people.
//!
//! Functions come from the page's own registration and the ids that they take from their source, so a function that
//! is new, or takes one id more, fails here until [`arguments`] says what it is called with.

mod arguments;
mod source;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use reqwest::Method;
use sdk::client::Client;
use sdk::permissions::Permission;
use sdk::users::Role;
use serde_json::{Value, json};
use server::http::access::Access;
use server::http::page::server_functions;

use self::arguments::arguments;
use self::source::{Function, functions_of_the_page};
use super::objects::{Objects, People};
use super::{described, refusal_of};
use crate::support::on_both;

/// Everything that a call can name, containers before what is in them.
const KINDS: [&str; 17] = [
    "{chat}",
    "{message}",
    "{queued_message}",
    "{run}",
    "{file}",
    "{workspace}",
    "{build}",
    "{token}",
    "{session}",
    "{user}",
    "{provider}",
    "{model_config}",
    "{template}",
    "{folder}",
    "{host}",
    "{config}",
    "{flow}",
];

/// What is a person's own and does not exist for others.
const PERSONAL: [&str; 8] = [
    "{chat}",
    "{file}",
    "{workspace}",
    "{token}",
    "{session}",
    "{user}",
    "{host}",
    "{flow}",
];

/// What is not even an owner's.
const PRIVATE: [&str; 6] = [
    "{chat}",
    "{file}",
    "{token}",
    "{session}",
    "{host}",
    "{flow}",
];

/// What is looked for inside something else, which must be its own.
const INSIDE: [&str; 4] = ["{message}", "{queued_message}", "{run}", "{build}"];

/// Calls in which an id is no more than a hint: where a list goes on, what is offered first.
const HINTS: [&str; 3] = ["list_workspaces", "new_chat_options", "offered_workspaces"];

/// Calls in which an object that does not exist is the mistake of a field.
const IN_FIELDS: [&str; 3] = ["create_chat", "update_chat: attach", "send_message: file"];

/// A call of a function; its arguments name objects by their kind.
struct Call {
    function: &'static str,
    name: String,
    arguments: Value,
    /// Whether forms call it, and not the page's own JSON.
    is_form: bool,
}

/// What a call was answered, without what differs from call to call.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    body: String,
}

impl Call {
    fn of(path: &'static str, functions: &BTreeMap<String, Function>) -> Vec<Self> {
        let source = functions.get(path);
        let source = source.unwrap_or_else(|| panic!("{path}: not in app/src/api"));
        let function = path.strip_prefix("/api/page/").unwrap();
        let calls = arguments(function).unwrap_or_else(|| {
            panic!("say in access/functions/arguments.rs what {function} is called with")
        });
        let call = |(name, arguments)| Self {
            function,
            name,
            arguments,
            is_form: source.is_form,
        };
        calls.into_iter().map(call).collect()
    }

    fn kinds(&self) -> Vec<&'static str> {
        let text = self.arguments.to_string();
        let named = KINDS.iter().filter(|kind| text.contains(**kind));
        named.copied().collect()
    }

    fn names_any(&self, kinds: &[&str]) -> bool {
        self.kinds().iter().any(|kind| kinds.contains(kind))
    }

    /// The status of a call with an object that does not exist for the caller.
    fn refusal(&self) -> u16 {
        let name = self.name.as_str();
        match () {
            () if HINTS.contains(&name) => 200,
            () if IN_FIELDS.contains(&name) => 400,
            () => 404,
        }
    }

    async fn answer(&self, client: &Client, objects: &Objects) -> Answer {
        let path = format!("/api/page/{}", self.function);
        let request = client.request(Method::POST, &path).unwrap();
        let arguments = filled(&self.arguments, objects);
        let request = if self.is_form {
            let kind = "application/x-www-form-urlencoded";
            request.header("content-type", kind).body(form(&arguments))
        } else {
            request.json(&arguments)
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let mut body: Value = response.json().await.unwrap();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("read_at");
        }
        let mut body = body.to_string();
        for (kind, object) in objects {
            body = body.replace(object.as_str(), kind);
        }
        Answer { status, body }
    }

    /// What the function asks of its caller besides a session.
    fn permission(&self) -> Option<Permission> {
        match server_functions::access_of(&self.path()) {
            Access::May(permission) => Some(permission),
            _ => None,
        }
    }

    /// The status for somebody with a role who names the member's objects; `None` when they are let in.
    fn refusal_to(&self, role: Role) -> Option<u16> {
        match self.permission() {
            Some(permission) if !permission.is_held(role, true) => Some(refusal_of(permission)),
            _ if self.names_any(&PRIVATE) => Some(self.refusal()),
            // Where others work is an owner's alone.
            _ if role != Role::Owner && self.names_any(&["{workspace}"]) => Some(self.refusal()),
            _ => None,
        }
    }

    /// The answer to the caller, with a chat of their own where one belongs.
    async fn answer_with(
        &self,
        caller: &Client,
        people: &People<'_>,
        objects: &mut Objects,
    ) -> Answer {
        if let Some(own_chat) = objects.get_mut("{own_chat}") {
            *own_chat = people.chat_of(caller).await;
        }
        self.answer(caller, objects).await
    }

    /// The member's objects, beside a chat of the caller.
    async fn objects(&self, people: &People<'_>, caller: &Client) -> Objects {
        let mut objects = people.objects(&self.kinds().join("/")).await;
        if let Some(user) = objects.get_mut("{user}") {
            *user = match server_functions::access_of(&self.path()) {
                Access::May(_) => people.add_user_id().await,
                _ => people.member.get_user("me").await.unwrap().id.to_string(),
            };
        }
        if self.arguments.to_string().contains("{own_chat}") {
            objects.insert("{own_chat}", people.chat_of(caller).await);
        }
        objects
    }

    fn path(&self) -> String {
        format!("/api/page/{}", self.function)
    }
}

/// The same objects, where those of some kinds are nobody's.
fn unknown(objects: &Objects, kinds: &[&str]) -> Objects {
    let nobodys = |(kind, object): (&&'static str, &String)| {
        let object = match object.parse::<i64>() {
            _ if !kinds.contains(kind) => object.clone(),
            Ok(number) => (number + 4_000_000_000_000).to_string(),
            Err(_) if *kind == "{host}" => "nobodys.example.com".to_owned(),
            // Its neighbour: as a place in a list it is the same.
            Err(_) => {
                let (rest, last) = object.split_at(object.len() - 1);
                format!("{rest}{}", if last == "0" { "1" } else { "0" })
            }
        };
        (*kind, object)
    };
    objects.iter().map(nobodys).collect()
}

/// Arguments with objects in the place of their kinds; ids that are numbers as numbers.
pub(super) fn filled(arguments: &Value, objects: &Objects) -> Value {
    match arguments {
        Value::String(kind) => match objects.get(kind.as_str()) {
            Some(object) => object.parse::<i64>().map_or(json!(object), Value::from),
            None => arguments.clone(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, objects)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), filled(value, objects)))
            .collect(),
        other => other.clone(),
    }
}

/// Flat arguments as a form sends them.
pub(super) fn form(arguments: &Value) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in arguments.as_object().unwrap() {
        match value {
            Value::String(text) => form.append_pair(name, text),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    form.finish()
}

#[test]
fn every_id_that_a_function_takes_is_called_with() {
    let functions = functions_of_the_page();
    for (path, _) in server_functions::registered() {
        let calls = Call::of(path, &functions);
        for id in &functions[path].ids {
            let is_given = |call: &Call| {
                let object = call.arguments[id].as_str();
                object.is_some_and(|object| KINDS.contains(&object))
            };
            assert!(
                calls.iter().any(is_given),
                "{path}: {id} is given no object"
            );
        }
    }
    let all = functions.values().map(|function| function.ids.len());
    let all: usize = all.sum();
    assert!(all > 40, "only {all} ids were found in app/src/api");
}

/// Answers by who called.
#[derive(Debug)]
struct Row {
    /// With what is the member's.
    stranger: Answer,
    /// The stranger with what nobody has.
    nobodys: Answer,
    /// The stranger with what is the member's inside of their own, and with what nobody has there.
    inside: Option<[Answer; 2]>,
    /// With their own.
    member: Answer,
    /// With what is the member's, as the two below.
    auditor: Answer,
    admin: Answer,
    owner: Answer,
}

impl Row {
    async fn of(call: &Call, people: &People<'_>) -> Self {
        let objects = call.objects(people, &people.stranger).await;
        let stranger = call.answer(&people.stranger, &objects).await;
        let nobodys = unknown(&objects, &KINDS);
        let nobodys = call.answer(&people.stranger, &nobodys).await;
        let inside = if call.names_any(&INSIDE) {
            Some(Self::inside(call, people, &objects).await)
        } else {
            None
        };
        let mut objects = objects;
        let auditor = call
            .answer_with(&people.auditor, people, &mut objects)
            .await;
        let member = call.answer_with(&people.member, people, &mut objects).await;
        // What the one before did may have changed the object.
        let objects = call.objects(people, &people.owner).await;
        let owner = call.answer(&people.owner, &objects).await;
        let objects = call.objects(people, &people.admin).await;
        let admin = call.answer(&people.admin, &objects).await;
        Self {
            stranger,
            nobodys,
            inside,
            member,
            auditor,
            admin,
            owner,
        }
    }

    async fn inside(call: &Call, people: &People<'_>, objects: &Objects) -> [Answer; 2] {
        let own = people.of_stranger();
        let mut mixed = call.objects(&own, &own.member).await;
        for kind in INSIDE {
            if let Some(object) = objects.get(kind) {
                mixed.insert(kind, object.clone());
            }
        }
        let nobodys = unknown(&mixed, &INSIDE);
        [
            call.answer(&own.member, &mixed).await,
            call.answer(&own.member, &nobodys).await,
        ]
    }

    /// What is wrong with the answers.
    fn problems(&self, call: &Call) -> Vec<String> {
        let all = [
            &self.stranger,
            &self.member,
            &self.auditor,
            &self.admin,
            &self.owner,
        ];
        let is_misread = |answer: &&Answer| answer.body.contains("The form was not understood");
        let permission = call.permission();
        let is_personal = permission.is_none() && call.names_any(&PERSONAL);
        let refusal = call.refusal();
        let roles = [
            (Role::Auditor, &self.auditor),
            (Role::Admin, &self.admin),
            (Role::Owner, &self.owner),
        ];
        let wrong_roles = roles.into_iter().filter(|(role, answer)| {
            let is_right = match call.refusal_to(*role) {
                Some(refusal) => answer.status == refusal,
                None => ![401, 403, 404].contains(&answer.status),
            };
            !is_right
        });
        let is_stranger_right = match permission {
            Some(permission) => self.stranger.status == refusal_of(permission),
            None => !is_personal || self.stranger.status == refusal,
        };
        let is_member_right = match permission {
            Some(permission) => self.member.status == refusal_of(permission),
            None => ![403, 404].contains(&self.member.status),
        };
        let inside = self.inside.as_ref();
        let rules = [
            ("failed inside", all.iter().all(|it| it.status < 500)),
            ("understood", !all.iter().any(is_misread)),
            ("stranger", is_stranger_right),
            (
                "another's exists",
                !is_personal || self.stranger == self.nobodys,
            ),
            (
                "another's exists inside of one's own",
                inside.is_none_or(|[anothers, nobodys]| anothers == nobodys),
            ),
            ("member", is_member_right),
            ("roles", wrong_roles.count() == 0),
        ];
        let broken = rules.into_iter().filter(|(_, holds)| !holds);
        broken
            .map(|(rule, _)| format!("{}: {rule}: {self:?}", call.name))
            .collect()
    }

    fn write(&self, call: &Call, matrix: &mut String) {
        let access = described(server_functions::access_of(&call.path()));
        let inside = self.inside.as_ref();
        let inside = inside.map_or("-".to_owned(), |[answer, _]| answer.status.to_string());
        let [stranger, member, auditor, admin, owner] = [
            &self.stranger,
            &self.member,
            &self.auditor,
            &self.admin,
            &self.owner,
        ]
        .map(|it| it.status);
        let name = &call.name;
        writeln!(
            matrix,
            "{access:<15} {stranger:<8} {inside:<6} {member:<6} {auditor:<7} {admin:<5} {owner:<5} {name}"
        )
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_function_gives_what_is_anothers() {
    on_both(async |server| {
        let people = People::of(server).await;
        let sources = functions_of_the_page();
        let mut matrix =
            String::from("access          stranger inside member auditor admin owner\n");
        let mut problems = Vec::new();
        let mut functions: Vec<(&str, Method)> = server_functions::registered().collect();
        functions.sort_by_key(|(path, _)| *path);
        for (path, _) in functions {
            for call in Call::of(path, &sources) {
                let row = Row::of(&call, &people).await;
                row.write(&call, &mut matrix);
                problems.extend(row.problems(&call));
            }
        }
        assert!(problems.is_empty(), "{problems:#?}\n{matrix}");
        insta::assert_snapshot!("no_server_function_gives_what_is_anothers", matrix);
    })
    .await;
}

#[tokio::test]
async fn every_server_function_has_its_entry() {
    let registered: BTreeMap<&str, Method> = server_functions::registered().collect();
    let listed: BTreeMap<&str, Access> = server_functions::ACCESS.iter().copied().collect();
    let without_entry: Vec<_> = registered
        .keys()
        .filter(|path| !listed.contains_key(*path))
        .collect();
    assert!(
        without_entry.is_empty(),
        "write an access entry in server/src/http/page/server_functions.rs for {without_entry:?}"
    );
    let gone: Vec<_> = listed
        .keys()
        .filter(|path| !registered.contains_key(*path))
        .collect();
    assert!(
        gone.is_empty(),
        "entries of functions that are gone: {gone:?}"
    );
}

#[tokio::test]
async fn every_server_function_turns_away_whom_it_must() {
    on_both(async |server| {
        let (anonymous, member) = (server.anonymous(), server.member("mia").await);
        let auditor = server.person("aude", Role::Auditor).await;
        let unknown = server.anonymous().with_token("swy_not-a-token");
        let mut matrix = String::from("access          anonymous unknown\n");
        let mut functions: Vec<(&str, Method)> = server_functions::registered().collect();
        functions.sort_by_key(|(path, _)| *path);
        for (path, method) in functions {
            let access = server_functions::access_of(path);
            let mut statuses = [0; 2];
            for (status, client) in statuses.iter_mut().zip([&anonymous, &unknown]) {
                *status = call_function(client, &method, path).await;
            }
            match access {
                Access::Public { reason } => {
                    assert!(reason.len() > 10, "{path} is public without a reason");
                }
                _ => assert_eq!(statuses, [401, 401], "{path}"),
            }
            if let Access::May(permission) = access {
                let refusal = refusal_of(permission);
                let status = call_function(&member, &method, path).await;
                assert_eq!(status, refusal, "{path}: member");
                let status = call_function(&auditor, &method, path).await;
                let is_held = permission.is_held(Role::Auditor, true);
                assert!(is_held || status == refusal, "{path}: auditor");
            }
            let [anonymous, unknown] = statuses;
            let access = described(access);
            writeln!(
                matrix,
                "{access:<15} {anonymous:<9} {unknown:<7} {method} {path}"
            )
            .unwrap();
        }
        insta::assert_snapshot!("every_server_function_turns_away_whom_it_must", matrix);
    })
    .await;
}

/// The status of a function called without arguments.
async fn call_function(client: &Client, method: &Method, path: &str) -> u16 {
    let request = client.request(method.clone(), path).unwrap();
    let request = match *method {
        Method::GET => request,
        _ => request.json(&serde_json::json!({})),
    };
    request.send().await.unwrap().status().as_u16()
}
