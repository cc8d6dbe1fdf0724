//! Users, sign-in, tokens, organizations, preferences.

use reqwest::Method;

use super::{Client, ClientError, segment};
use crate::build_info::BuildInfo;
use crate::deployment::DeploymentSettings;
use crate::ids::{SessionId, TokenId};
use crate::organizations::Organization;
use crate::password_links::{PasswordLink, RedeemPasswordLink};
use crate::preferences::Preferences;
use crate::sessions::Session;
use crate::tokens::{CreateToken, CreatedToken, Token};
use crate::users::{
    CreateFirstUser, CreateUser, FirstUserCreated, ListUsers, LoggedIn, Login, UpdateUser, User,
};

const USERS: &str = "/api/v2/users";

impl Client {
    /// `GET /buildinfo`.
    pub async fn get_build_info(&self) -> Result<BuildInfo, ClientError> {
        self.get("/api/v2/buildinfo").await
    }

    /// `GET /users/first`: whether the deployment has an owner.
    pub async fn has_first_user(&self) -> Result<bool, ClientError> {
        match self.get::<serde_json::Value>("/api/v2/users/first").await {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// `POST /users/first`.
    pub async fn create_first_user(
        &self,
        user: &CreateFirstUser,
    ) -> Result<FirstUserCreated, ClientError> {
        self.call(Method::POST, "/api/v2/users/first", user).await
    }

    /// `POST /users/login`.
    pub async fn login(&self, login: &Login) -> Result<LoggedIn, ClientError> {
        self.call(Method::POST, "/api/v2/users/login", login).await
    }

    /// `POST /users/logout`.
    pub async fn logout(&self) -> Result<(), ClientError> {
        self.post_for_nothing("/api/v2/users/logout").await
    }

    /// `POST /users/me/sign-out-everywhere`.
    pub async fn sign_out_everywhere(&self) -> Result<(), ClientError> {
        self.post_for_nothing("/api/v2/users/me/sign-out-everywhere")
            .await
    }

    /// `POST /users/me/sign-out-elsewhere`.
    pub async fn sign_out_elsewhere(&self) -> Result<(), ClientError> {
        self.post_for_nothing("/api/v2/users/me/sign-out-elsewhere")
            .await
    }

    /// `GET /deployment/settings`.
    pub async fn get_deployment_settings(&self) -> Result<DeploymentSettings, ClientError> {
        self.get("/api/v2/deployment/settings").await
    }

    /// `GET /users/me/sessions`.
    pub async fn list_sessions(&self) -> Result<Vec<Session>, ClientError> {
        self.get("/api/v2/users/me/sessions").await
    }

    /// `DELETE /users/me/sessions/{session}`.
    pub async fn delete_session(&self, session: SessionId) -> Result<(), ClientError> {
        self.delete(&format!("/api/v2/users/me/sessions/{session}"))
            .await
    }

    /// `GET /users`.
    pub async fn list_users(&self, query: &ListUsers) -> Result<Vec<User>, ClientError> {
        self.get_with(USERS, query).await
    }

    /// `POST /users`.
    pub async fn create_user(&self, user: &CreateUser) -> Result<User, ClientError> {
        self.call(Method::POST, USERS, user).await
    }

    /// `GET /users/{user}`: an id, a user name or `me`.
    pub async fn get_user(&self, user: &str) -> Result<User, ClientError> {
        self.get(&format!("{USERS}/{}", segment(user))).await
    }

    /// `PATCH /users/{user}`.
    pub async fn update_user(&self, user: &str, change: &UpdateUser) -> Result<User, ClientError> {
        self.call(Method::PATCH, &format!("{USERS}/{}", segment(user)), change)
            .await
    }

    /// `POST /users/{user}/password-link`.
    pub async fn create_password_link(&self, user: &str) -> Result<PasswordLink, ClientError> {
        self.call(
            Method::POST,
            &format!("{USERS}/{}/password-link", segment(user)),
            &(),
        )
        .await
    }

    /// `POST /password-links`.
    pub async fn redeem_password_link(
        &self,
        request: &RedeemPasswordLink,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(Method::POST, "/api/v2/password-links", request)
            .await
    }

    /// `DELETE /users/{user}`.
    pub async fn delete_user(&self, user: &str) -> Result<(), ClientError> {
        self.delete(&format!("{USERS}/{}", segment(user))).await
    }

    /// `GET /users/{user}/keys/tokens`.
    pub async fn list_tokens(&self, user: &str) -> Result<Vec<Token>, ClientError> {
        self.get(&tokens_of(user)).await
    }

    /// `POST /users/{user}/keys/tokens`.
    pub async fn create_token(
        &self,
        user: &str,
        token: &CreateToken,
    ) -> Result<CreatedToken, ClientError> {
        self.call(Method::POST, &tokens_of(user), token).await
    }

    /// `DELETE /users/{user}/keys/tokens/{token}`.
    pub async fn delete_token(&self, user: &str, token: TokenId) -> Result<(), ClientError> {
        self.delete(&format!("{}/{token}", tokens_of(user))).await
    }

    /// `GET /organizations`.
    pub async fn list_organizations(&self) -> Result<Vec<Organization>, ClientError> {
        self.get("/api/v2/organizations").await
    }

    /// `GET /users/me/preferences`.
    pub async fn get_preferences(&self) -> Result<Preferences, ClientError> {
        self.get("/api/v2/users/me/preferences").await
    }

    /// `PUT /users/me/preferences`.
    pub async fn update_preferences(
        &self,
        preferences: &Preferences,
    ) -> Result<Preferences, ClientError> {
        self.call(Method::PUT, "/api/v2/users/me/preferences", preferences)
            .await
    }
}

fn tokens_of(user: &str) -> String {
    format!("{USERS}/{}/keys/tokens", segment(user))
}
