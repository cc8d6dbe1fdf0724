//! What holds a secret is never shown whole, so that no log and no message of a test tells it.

/// `Debug` that shows these fields and tells that there are others.
macro_rules! shows_only {
    ($($name:ident { $($field:ident),* })*) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter
                    .debug_struct(stringify!($name))
                    $(.field(stringify!($field), &self.$field))*
                    .finish_non_exhaustive()
            }
        })*
    };
}

pub(crate) use shows_only;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fmt::Debug;

    use serde::de::DeserializeOwned;
    use serde_json::json;

    use crate::password_links::{PasswordLink, RedeemPasswordLink};
    use crate::providers::{CreateProviderConfig, PutUserApiKey, UpdateProviderConfig};
    use crate::tokens::CreatedToken;
    use crate::users::{CreateFirstUser, CreateUser, LoggedIn, Login, UpdateUser};

    const SECRET: &str = "hunter2-hunter2";
    const ID: &str = "01890000-0000-7000-8000-000000000000";

    fn shown<T: DeserializeOwned + Debug>(held: serde_json::Value) -> String {
        assert!(held.to_string().contains(SECRET));
        format!("{:?}", serde_json::from_value::<T>(held).unwrap())
    }

    #[test]
    fn what_holds_a_secret_does_not_show_it() {
        let account = json!({"email": "mia@example.com", "username": "mia", "password": SECRET});
        let link = json!({"url": format!("https://a.example.com/set-password?token={SECRET}"), "token": SECRET,
            "expires_at": "2026-01-02T03:04:05Z"});
        for shown in [
            shown::<PasswordLink>(link),
            shown::<RedeemPasswordLink>(json!({"token": SECRET, "password": SECRET})),
            shown::<CreateFirstUser>(account.clone()),
            shown::<CreateUser>(account.clone()),
            shown::<Login>(account),
            shown::<UpdateUser>(json!({"name": "Mia", "password": SECRET, "old_password": SECRET})),
            shown::<LoggedIn>(json!({"session_token": SECRET})),
            shown::<CreatedToken>(json!({"id": ID, "key": SECRET})),
            shown::<PutUserApiKey>(json!({"api_key": SECRET})),
            shown::<CreateProviderConfig>(json!({"provider": "anthropic", "api_key": SECRET})),
            shown::<UpdateProviderConfig>(json!({"enabled": true, "api_key": SECRET})),
            #[cfg(feature = "client")]
            format!(
                "{:?}",
                crate::client::Client::new("http://127.0.0.1:1")
                    .unwrap()
                    .with_token(SECRET.to_owned())
            ),
        ] {
            assert!(!shown.contains(SECRET), "{shown}");
            assert!(shown.ends_with('}') && shown.contains(".."), "{shown}");
        }
    }
}
