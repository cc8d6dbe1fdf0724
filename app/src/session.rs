//! Who is looking and how they like the page: known before the first byte is rendered, so that nothing jumps.
//!
//! The server provides a `Session` by context for each request; the browser reads the same value from the page.

use leptos::prelude::*;

use crate::api::codec::DocumentJson;
use sdk::permissions::Permission;
use sdk::preferences::Preferences;
use sdk::users::User;
use serde::{Deserialize, Serialize};

/// What every page knows about its reader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The signed-in user; absent for a visitor.
    pub user: Option<User>,
    /// The user's preferences, or the defaults.
    pub preferences: Preferences,
    /// Whether the deployment has an owner; without one every page leads to set-up.
    pub has_first_user: bool,
    /// Whether the server runs in development mode.
    pub is_development: bool,
    /// Version of the server, for the foot of the settings.
    pub version: String,
}

impl Session {
    /// Whether the reader may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.user.as_ref().is_some_and(|user| user.may(permission))
    }

    /// Whether what needs this is there for the reader.
    pub fn shows(&self, needs: Option<Permission>) -> bool {
        needs.is_none_or(|permission| self.may(permission))
    }

    /// Whether the reader is one whose account may not use agents.
    pub fn is_kept_from_agents(&self) -> bool {
        self.user.is_some() && !self.may(Permission::UseAgents)
    }
}

/// The session of this page, by context.
#[derive(Clone, Copy, Debug)]
pub struct SessionContext(pub RwSignal<Session>);

/// Whether the page has come to life, by context: false on the server and during hydration, then true.
#[derive(Clone, Copy, Debug)]
pub struct Hydrated(pub RwSignal<bool>);

/// Reads the request's session and hands it to the tree. Called once, by `App`.
pub fn provide_session() -> RwSignal<Session> {
    let session: SharedValue<Session, DocumentJson> =
        SharedValue::new_with_encoding(|| use_context().unwrap_or_default());
    let session = session.into_inner();
    let session = RwSignal::new(session);
    provide_context(SessionContext(session));
    session
}

/// The session of this page.
pub fn use_session() -> RwSignal<Session> {
    use_context::<SessionContext>()
        .map_or_else(|| RwSignal::new(Session::default()), |context| context.0)
}

/// Hands the tree the sign that the page has come to life. Called by the browser's entry, which gives the sign: parts of
/// the module may still be on their way when the first effects run.
pub fn provide_hydrated(hydrated: ArcRwSignal<bool>) {
    provide_context(Hydrated(hydrated.into()));
}

/// Whether handlers are attached. What cannot work as a plain form is disabled until then.
pub fn use_hydrated() -> RwSignal<bool> {
    use_context::<Hydrated>().map_or_else(|| RwSignal::new(false), |context| context.0)
}

/// Makes redirects of server functions load the next page whole, because who is signed in may have changed. Called
/// once, before the app: the router would otherwise keep the old tree. Browser only.
pub fn load_pages_on_redirect() {
    let hook = |path: &str| {
        let _ = window().location().assign(path);
    };
    // Refused when a hook is there already, which then is this one.
    let _ = leptos::server_fn::redirect::set_redirect_hook(hook);
}
