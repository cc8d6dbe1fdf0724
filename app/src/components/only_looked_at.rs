//! What somebody may see and not change: the same view, switched off, and why.

use leptos::prelude::*;
use sdk::permissions::Permission;

use crate::components::feedback::Notice;
use crate::session::use_session;
use crate::view;

/// A view, which those without the permission find switched off: no field takes anything, no button does anything. Links
/// and what is folded open as ever.
pub fn only_looked_at(permission: Permission, view: impl FnOnce() -> AnyView) -> AnyView {
    if use_session().with_untracked(|session| session.may(permission)) {
        return view();
    }
    switched_off(view())
}

/// A view that is switched off.
pub fn switched_off(view: AnyView) -> AnyView {
    view! {
        <Notice title="You can look at this, and not change it">
            "Owners and administrators of this deployment change it."
        </Notice>
        <fieldset class="only-looked-at" disabled>{view}</fieldset>
    }
}
