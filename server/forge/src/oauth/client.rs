//! Asking a host's endpoints.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{DeviceCode, OauthApp, OauthEndpoints, OauthError, OauthTokens, answers};
use crate::http::Http;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// One application at one host.
#[derive(Clone, Debug)]
pub struct Oauth {
    http: Arc<Http>,
    host: String,
    endpoints: OauthEndpoints,
    app: OauthApp,
}

impl Oauth {
    pub(crate) const fn new(
        http: Arc<Http>,
        host: String,
        endpoints: OauthEndpoints,
        app: OauthApp,
    ) -> Self {
        Self {
            http,
            host,
            endpoints,
            app,
        }
    }

    /// Where a person is sent to agree. `verifier` is kept and shown with the code; the host sees its hash now.
    pub fn authorize_url(&self, state: &str, verifier: &str, redirect_uri: &Url) -> Url {
        let mut url = self.endpoints.authorize.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.app.client_id)
            .append_pair("redirect_uri", redirect_uri.as_str())
            .append_pair("state", state)
            .append_pair("code_challenge", &challenge(verifier))
            .append_pair("code_challenge_method", "S256");
        if !self.app.scopes.is_empty() {
            url.query_pairs_mut()
                .append_pair("scope", &self.app.scopes.join(" "));
        }
        url
    }

    /// Tokens for the code that a person came back with.
    pub async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &Url,
    ) -> Result<OauthTokens, OauthError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri.as_str()),
            ("code_verifier", verifier),
        ];
        self.tokens(&form).await
    }

    /// The tokens that follow. Most hosts take each refresh token once.
    pub async fn refresh(&self, refresh_token: &str) -> Result<OauthTokens, OauthError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        self.tokens(&form).await
    }

    /// Begins a device flow.
    pub async fn device_code(&self) -> Result<DeviceCode, OauthError> {
        let scopes = self.app.scopes.join(" ");
        let mut form = vec![("client_id", self.app.client_id.as_str())];
        if !scopes.is_empty() {
            form.push(("scope", &scopes));
        }
        let url = &self.endpoints.device_code;
        let posted = self.http.post(&self.host, url, &form).await?;
        answers::device_code(&self.host, &self.endpoints.token, &posted)
    }

    /// Asks once whether the person has entered the code.
    pub async fn device_tokens(&self, device_code: &str) -> Result<OauthTokens, OauthError> {
        let form = [("grant_type", DEVICE_GRANT), ("device_code", device_code)];
        self.tokens(&form).await
    }

    /// Has the host take a token back: this one, none of the others that the application has of the same account.
    pub async fn revoke(&self, token: &str) -> Result<(), OauthError> {
        let mut url = self.endpoints.applications.clone();
        // Only addresses without a host cannot have segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            let id = self.app.client_id.as_str();
            segments.pop_if_empty().extend([id, "token"]);
        }
        let secret = self.app.client_secret.expose_secret();
        let as_whom = (self.app.client_id.as_str(), secret);
        let posted = self.http.revoke(&self.host, &url, as_whom, token).await?;
        answers::revoked(&self.host, &posted)
    }

    async fn tokens(&self, form: &[(&str, &str)]) -> Result<OauthTokens, OauthError> {
        let mut form = form.to_vec();
        form.push(("client_id", &self.app.client_id));
        let secret = self.app.client_secret.expose_secret();
        if !secret.is_empty() {
            form.push(("client_secret", secret));
        }
        let posted = self
            .http
            .post(&self.host, &self.endpoints.token, &form)
            .await?;
        answers::tokens(&self.host, &posted)
    }
}

/// RFC 7636, 4.2.
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::challenge;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        // RFC 7636, appendix B.
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
