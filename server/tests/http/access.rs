//! Every route and server function, called by everyone and with everything that is wrong: the matrix of what each is
//! answered.
//!
//! Routes come from the router's own entries and bodies from their descriptions, so a new route stands in the matrix by
//! itself. A new kind of object is made in [`objects`]; a function without an access entry fails here.

mod audited;
mod functions;
mod objects;
mod routes;

use std::fmt::Write as _;

use sdk::client::Client;
use sdk::permissions::Permission;
use sdk::users::Role;
use server::http::access::{Access, RouteEntry};

use self::objects::{People, parameters};
use self::routes::{Body, Route};
use crate::support::on_both;

/// Calls that end the caller's sessions.
const LEAVE: [&str; 2] = [
    "POST /api/v2/users/logout",
    "POST /api/v2/users/me/sign-out-everywhere",
];

/// What is a person's own and does not exist for others.
const PERSONAL: [&str; 6] = [
    "{chat}",
    "{workspace}",
    "{user}",
    "{token}",
    "{session}",
    "{flow}",
];

/// What nobody may do for somebody else: make a token that acts as them.
const REFUSED_TO_ALL: [&str; 1] = ["POST /api/v2/users/{user}/keys/tokens"];

fn described(access: Access) -> &'static str {
    match access {
        Access::Public { .. } => "public",
        Access::SignedIn => "signed in",
        Access::May(permission) => permission.as_str(),
    }
}

/// The status for those who lack a permission: what one may not read does not exist.
fn refusal_of(permission: Permission) -> u16 {
    match permission {
        Permission::ReadUsers | Permission::ReadSettings | Permission::ReadAuditLog => 404,
        _ => 403,
    }
}

/// Statuses by who called, and by what was wrong with the call; `None` where a route has nothing that can be wrong.
struct Row {
    anonymous: u16,
    /// Signed in, with the real object of somebody else.
    stranger: u16,
    /// With an object of their own.
    member: u16,
    /// With the member's object.
    auditor: u16,
    admin: u16,
    owner: u16,
    bad_id: Option<u16>,
    bad_json: Option<u16>,
    too_large: Option<u16>,
}

impl Row {
    async fn of(route: &Route<'_>, people: &People<'_>) -> Self {
        let template = route.entry.path.as_str();
        let path = route.path(&people.objects(template).await);
        let anonymous = route.call(&people.anonymous, &path, Body::Sound).await;
        let unknown = route.call(&people.unknown, &path, Body::Sound).await;
        assert_eq!(anonymous, unknown, "{} with a wrong token", route.name());
        let stranger = caller(route, people, &people.stranger).await;
        let stranger = route.call(&stranger, &path, Body::Sound).await;
        let auditor = caller(route, people, &people.auditor).await;
        let auditor = route.call(&auditor, &path, Body::Sound).await;
        let owner = caller(route, people, &people.owner).await;
        let (mut bad_id, mut bad_json, mut too_large) = (None, None, None);
        if parameters(template).next().is_some() {
            bad_id = Some(
                route
                    .call(&owner, &without_ids(template), Body::Sound)
                    .await,
            );
        }
        if route.has_body() {
            bad_json = Some(route.call(&owner, &path, Body::Broken).await);
            too_large = Some(route.call(&owner, &path, Body::TooLarge).await);
        }
        let member = caller(route, people, &people.member).await;
        let member = route.call(&member, &path, Body::Sound).await;
        // What the one before did may have changed the object.
        let path = route.path(&people.objects_for_admin(template).await);
        let owner = route.call(&owner, &path, Body::Sound).await;
        let path = route.path(&people.objects_for_admin(template).await);
        let admin = caller(route, people, &people.admin).await;
        Self {
            anonymous,
            stranger,
            member,
            auditor,
            admin: route.call(&admin, &path, Body::Sound).await,
            owner,
            bad_id,
            bad_json,
            too_large,
        }
    }

    /// What is wrong with the answers.
    fn problems(&self, route: &Route<'_>) -> Vec<String> {
        let name = route.name();
        let callers = [self.anonymous, self.stranger, self.member];
        let callers = callers.into_iter().chain(self.roles().map(|(_, it)| it));
        let faults = [self.bad_id, self.bad_json, self.too_large];
        let mut answers = callers.chain(faults.into_iter().flatten());
        let is_inside = |status| status >= 500;
        let rules = [
            ("failed inside", !answers.any(is_inside)),
            ("who may call", self.is_guarded(route)),
            (
                "bad id",
                matches!(self.bad_id, None | Some(400 | 401 | 404)),
            ),
            // What nobody signed is not read.
            (
                "bad JSON",
                matches!(self.bad_json, None | Some(400))
                    || self.is_signed(route) && self.bad_json == Some(401),
            ),
            ("too large", matches!(self.too_large, None | Some(413))),
        ];
        let broken = rules.into_iter().filter(|(_, holds)| !holds);
        broken.map(|(rule, _)| format!("{name}: {rule}")).collect()
    }

    /// Those with a role between member and owner, and owners.
    fn roles(&self) -> [(Role, u16); 3] {
        [
            (Role::Auditor, self.auditor),
            (Role::Admin, self.admin),
            (Role::Owner, self.owner),
        ]
    }

    /// Whether a signature takes the place of an account, which no caller here has.
    fn is_signed(&self, route: &Route<'_>) -> bool {
        matches!(route.entry.access, Access::Public { .. })
            && route.entry.path.ends_with("/webhook")
            && self.anonymous == 401
    }

    fn is_guarded(&self, route: &Route<'_>) -> bool {
        let name = route.name();
        let is_refused = REFUSED_TO_ALL.contains(&name.as_str());
        let is_personal = parameters(&name).any(|kind| PERSONAL.contains(&kind));
        let is_about_user = parameters(&name).any(|kind| kind == "{user}");
        match route.entry.access {
            Access::Public { reason } => reason.len() > 10,
            Access::May(permission) => {
                let refusal = refusal_of(permission);
                let is_right = |(role, status): (Role, u16)| {
                    if permission.is_held(role, true) {
                        ![401, 403].contains(&status)
                    } else {
                        status == refusal
                    }
                };
                [self.anonymous, self.stranger, self.member] == [401, refusal, refusal]
                    && self.roles().into_iter().all(is_right)
            }
            Access::SignedIn => {
                // Auditors see who there is; what else is a person's own does not exist for them either.
                let is_auditor_right = match (is_personal, is_about_user) {
                    (true, true) => [200, 403].contains(&self.auditor),
                    (true, false) => self.auditor == 404,
                    (false, _) => self.auditor != 401,
                };
                let is_owner_right = self.owner != 401 && (self.owner != 403 || is_refused);
                let is_admin_right = if is_personal && !is_about_user {
                    self.admin == 404
                } else {
                    self.admin == self.owner || !is_personal
                };
                self.anonymous == 401
                    && self.member != 401
                    && (!is_personal || self.stranger == 404)
                    && is_auditor_right
                    && is_admin_right
                    && is_owner_right
            }
        }
    }

    fn write(&self, route: &Route<'_>, matrix: &mut String) {
        let fault = |status: Option<u16>| status.map_or("-".to_owned(), |it| it.to_string());
        writeln!(
            matrix,
            "{:<15} {:<9} {:<8} {:<6} {:<7} {:<5} {:<5} {:<6} {:<8} {:<9} {}",
            described(route.entry.access),
            self.anonymous,
            self.stranger,
            self.member,
            self.auditor,
            self.admin,
            self.owner,
            fault(self.bad_id),
            fault(self.bad_json),
            fault(self.too_large),
            route.name()
        )
        .unwrap();
    }
}

/// The one who calls, or a guest in their place when the call ends all sessions of the caller.
async fn caller(route: &Route<'_>, people: &People<'_>, usual: &Client) -> Client {
    if LEAVE.contains(&route.name().as_str()) {
        people.guest().await
    } else {
        usual.clone()
    }
}

/// The path with something else where ids belong.
fn without_ids(template: &str) -> String {
    let segments = template.split('/').map(|segment| {
        if segment.starts_with('{') {
            "not-an-id"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_turns_away_whom_it_must() {
    let documents = server::routes::documents();
    let document = serde_json::to_value(documents.with_experimental).unwrap();
    on_both(async |server| {
        let people = People::of(server).await;
        let heading = "access          anonymous stranger member auditor admin owner bad-id bad-JSON too-large\n";
        let (mut matrix, mut problems) = (heading.to_owned(), Vec::new());
        let routes = server::routes::all();
        let mut entries: Vec<&RouteEntry> = routes.entries().iter().collect();
        entries.sort_by(|one, other| (&one.path, one.method).cmp(&(&other.path, other.method)));
        for entry in entries {
            let route = Route::new(entry, &document);
            let row = Row::of(&route, &people).await;
            row.write(&route, &mut matrix);
            problems.extend(row.problems(&route));
        }
        assert!(problems.is_empty(), "{problems:#?}\n{matrix}");
        insta::assert_snapshot!("every_route_turns_away_whom_it_must", matrix);
    })
    .await;
}
