//! Set-up, signing in and signing out, which lead to another page, so that they work as plain forms too; and where the reader
//! is signed in.

use leptos::prelude::*;
use sdk::ids::SessionId;
use sdk::sessions::Session;

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// Creates the first owner and signs them in.
#[server(name = CreateFirstOwner, prefix = "/api/page", endpoint = "create_first_user", output = PageJson)]
pub async fn create_first_user(
    name: String,
    email: String,
    username: String,
    password: String,
) -> Result<(), AppError> {
    use sdk::users::{CreateFirstUser, Login};

    let platform = super::platform()?;
    let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let user = CreateFirstUser {
        email: email.clone(),
        username,
        name,
        password: password.clone(),
    };
    platform
        .create_first_user(user, &super::client())
        .await
        .map_err(super::failed)?;
    let session = platform
        .login(Login { email, password }, &super::client())
        .await
        .map_err(super::failed)?;
    crate::cookie::set_session_cookie(&session.session_token);
    super::redirect("/agents");
    Ok(())
}

/// Signs in and leads to `next`, a page of ours.
#[server(name = SignIn, prefix = "/api/page", endpoint = "login", output = PageJson)]
pub async fn login(
    email: String,
    password: String,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    let platform = super::platform()?;
    let login = sdk::users::Login { email, password };
    let session = platform
        .login(login, &super::client())
        .await
        .map_err(super::failed)?;
    crate::cookie::set_session_cookie(&session.session_token);
    super::redirect(&next);
    Ok(())
}

/// Sets the password of whose link it is, and leads to the sign-in.
#[server(name = RedeemLink, prefix = "/api/page", endpoint = "redeem_password_link", output = PageJson)]
pub async fn redeem_password_link(token: String, password: String) -> Result<(), AppError> {
    let platform = super::platform()?;
    let request = sdk::password_links::RedeemPasswordLink { token, password };
    platform
        .redeem_password_link(request, &super::client())
        .await
        .map_err(super::failed)?;
    super::redirect("/login");
    Ok(())
}

/// Ends this session.
#[server(name = SignOut, prefix = "/api/page", endpoint = "logout", output = PageJson)]
pub async fn logout() -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform.logout(&actor).await.map_err(super::failed)?;
    crate::cookie::clear_session_cookie();
    super::redirect("/login");
    Ok(())
}

/// Ends every session of the user, this one too.
#[server(name = SignOutEverywhere, prefix = "/api/page", endpoint = "sign_out_everywhere", output = PageJson)]
pub async fn sign_out_everywhere() -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .sign_out_everywhere(&actor)
        .await
        .map_err(super::failed)?;
    crate::cookie::clear_session_cookie();
    super::redirect("/login");
    Ok(())
}

/// The reader's sessions, last used first.
#[server(name = ListSessions, prefix = "/api/page", endpoint = "list_sessions", protocol = Page)]
pub async fn list_sessions() -> Result<Vec<Session>, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform.list_sessions(&actor).await.map_err(super::failed)
}

/// Ends one of the reader's sessions.
#[server(name = DeleteSession, prefix = "/api/page", endpoint = "delete_session", output = PageJson)]
pub async fn delete_session(id: SessionId) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_session(&actor, id)
        .await
        .map_err(super::failed)
}

/// Ends every session of the reader but this one.
#[server(name = SignOutElsewhere, prefix = "/api/page", endpoint = "sign_out_elsewhere", output = PageJson)]
pub async fn sign_out_elsewhere() -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .sign_out_elsewhere(&actor)
        .await
        .map_err(super::failed)
}
