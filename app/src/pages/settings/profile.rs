//! The reader's own account: name, password, theme, sessions.

mod sessions;

use leptos::form::ActionForm;
use leptos::prelude::*;
use sdk::preferences::Theme;

use crate::api::preferences::UpdateTheme;
use crate::api::users::{UpdatePassword, UpdateProfile};
use crate::components::button::{ButtonKind, SubmitButton};
use crate::components::feedback::{FormError, Notice, NoticeKind};
use crate::components::field::{Input, Segment, Segments, TextField};
use crate::components::form::{error_of, field_error, on_answer, reset, saved};
use crate::components::icons::Icon;
use crate::components::page_header::PageHeader;
use crate::pages::settings::places::{self, SettingSection};
use crate::pages::settings::source::OwnSource;
use crate::session::use_session;
use crate::theme;
use crate::view;

/// The page.
#[component]
pub fn ProfilePage() -> impl IntoView {
    let session = use_session();
    let is_chosen = move || session.with(|session| session.preferences.theme != Theme::default());
    let theme = Signal::derive(move || OwnSource::of(is_chosen()));
    view! {
        <PageHeader title=places::PROFILE.title/>
        <SettingSection setting=&places::ABOUT_YOU>{about_you()}</SettingSection>
        <SettingSection setting=&places::APPEARANCE own=theme>{appearance()}</SettingSection>
        <SettingSection setting=&places::PASSWORD>{password()}</SettingSection>
        <SettingSection setting=&places::SESSIONS>
            {sessions::sessions()}
        </SettingSection>
    }
}

fn about_you() -> impl IntoView {
    const FIELDS: &[&str] = &["name", "username", "email"];
    let session = use_session();
    let update = ServerAction::<UpdateProfile>::new();
    let error = error_of(update);
    on_answer(update, "about-you", move |user| {
        session.update(|session| session.user = Some(user.clone()));
    });
    let user = session.with_untracked(|session| session.user.clone());
    let (name, username, email) = user
        .map(|user| (user.name, user.username, user.email))
        .unwrap_or_default();
    view! {
        <div id="about-you">
            <ActionForm action=update>
                <div class="form">
                    <div class="form-row">
                        <TextField
                            label="Name"
                            name="name"
                            value=name
                            is_optional=true
                            error=field_error(error, "name")
                        />
                        <TextField
                            label="User name"
                            name="username"
                            input=Input::Username
                            value=username
                            error=field_error(error, "username")
                        />
                    </div>
                    <TextField
                        label="E-mail"
                        name="email"
                        input=Input::Email
                        value=email
                        help="You sign in with it."
                        error=field_error(error, "email")
                    />
                    <FormError error=error fields=FIELDS/>
                    <div class="form-actions">
                        <SubmitButton pending=update.pending()>"Save"</SubmitButton>
                        {saved(update)}
                    </div>
                </div>
            </ActionForm>
        </div>
    }
}

fn appearance() -> impl IntoView {
    let session = use_session();
    let update = ServerAction::<UpdateTheme>::new();
    let error = error_of(update);
    let chosen = session.with_untracked(|session| session.preferences.theme);
    let on_choose = move |value: &'static str| {
        let theme = parse(value);
        theme::apply(theme);
        session.update(|session| session.preferences.theme = theme);
        update.dispatch(UpdateTheme { theme });
    };
    view! {
        <ActionForm action=update>
            <div class="form">
                <div class="form-actions">
                    <Segments
                        label="Theme"
                        name="theme"
                        value=name_of(chosen)
                        on_choose=Callback::new(on_choose)
                        segments=vec![
                            Segment { value: "system", label: "System", icon: Icon::Monitor },
                            Segment { value: "light", label: "Light", icon: Icon::Sun },
                            Segment { value: "dark", label: "Dark", icon: Icon::Moon },
                        ]
                    />
                    <button class="button until-hydrated">"Save theme"</button>
                </div>
                <FormError error=error/>
            </div>
        </ActionForm>
    }
}

const fn name_of(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

fn parse(name: &str) -> Theme {
    match name {
        "light" => Theme::Light,
        "dark" => Theme::Dark,
        _ => Theme::System,
    }
}

fn password() -> impl IntoView {
    const FIELDS: &[&str] = &["old_password", "password"];
    let update = ServerAction::<UpdatePassword>::new();
    let error = error_of(update);
    on_answer(update, "password", |()| reset("password"));
    let is_saved = move || {
        !update.pending().get() && update.value().with(|answer| matches!(answer, Some(Ok(()))))
    };
    view! {
        <div id="password">
            <ActionForm action=update>
                <div class="form">
                    <div class="form-row">
                        <TextField
                            label="Current password"
                            name="old_password"
                            input=Input::CurrentPassword
                            error=field_error(error, "old_password")
                        />
                        <TextField
                            label="New password"
                            name="password"
                            input=Input::NewPassword
                            help="At least 8 characters."
                            min_length=8
                            error=field_error(error, "password")
                        />
                    </div>
                    <FormError error=error fields=FIELDS/>
                    <div class="form-actions">
                        <SubmitButton kind=ButtonKind::Plain pending=update.pending()>
                            "Change password"
                        </SubmitButton>
                    </div>
                    {move || {
                        is_saved().then(|| view! { <Notice kind=NoticeKind::Success title="Password changed."/> })
                    }}
                </div>
            </ActionForm>
        </div>
    }
}
