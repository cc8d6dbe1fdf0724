//! A platform on a database of its own, with a clock that stands still, for this crate's tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use chrono::{TimeZone, Utc};
use sdk::users::{CreateFirstUser, CreateUser, Login, Role, User};
use store::Clock;
use store::testing::{TestDb, for_both};
use url::Url;

use crate::{Actor, ClientInfo, Platform, PlatformOptions};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A platform and what a test moves it with.
pub(crate) struct TestPlatform {
    pub(crate) platform: Platform,
    pub(crate) clock: Clock,
    pub(crate) options: PlatformOptions,
}

/// Runs a test on a new platform on each database.
pub(crate) async fn on_both(test: impl AsyncFn(TestPlatform)) {
    for_both(async |database| test(open(database, |_| {}).await).await).await;
}

/// A new platform; the harness's own connections to its database are closed.
pub(crate) async fn open(database: &TestDb, change: impl Fn(&mut PlatformOptions)) -> TestPlatform {
    database.db.close().await;
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).unwrap());
    let access_url = Url::parse("http://127.0.0.1:1/").unwrap();
    let mut options = PlatformOptions::new(database.folder(), access_url, "/bin/false");
    options.database_url = database.url().map(|url| url.to_owned().into());
    options.clock = clock.clone();
    change(&mut options);
    let platform = Platform::open(options.clone()).await.unwrap();
    TestPlatform {
        platform,
        clock,
        options,
    }
}

impl TestPlatform {
    /// The first user, signed in.
    pub(crate) async fn owner(&self) -> Actor {
        let request = CreateFirstUser {
            email: "owner@example.com".to_owned(),
            username: "owner".to_owned(),
            name: None,
            password: PASSWORD.to_owned(),
        };
        let client = ClientInfo::default();
        self.platform
            .create_first_user(request, &client)
            .await
            .unwrap();
        self.sign_in("owner").await
    }

    /// A further user.
    pub(crate) async fn add(&self, owner: &Actor, username: &str, role: Role) -> User {
        let request = CreateUser {
            email: format!("{username}@example.com"),
            username: username.to_owned(),
            name: None,
            password: Some(PASSWORD.to_owned()),
            role: Some(role),
            agents_access: None,
        };
        self.platform.create_user(owner, request).await.unwrap()
    }

    /// A further member, signed in.
    pub(crate) async fn member(&self, owner: &Actor) -> Actor {
        self.add(owner, "member", Role::Member).await;
        self.sign_in("member").await
    }

    pub(crate) async fn token_of(&self, username: &str) -> String {
        let login = Login {
            email: format!("{username}@example.com"),
            password: PASSWORD.to_owned(),
        };
        self.platform
            .login(login, &ClientInfo::default())
            .await
            .unwrap()
            .session_token
    }

    pub(crate) async fn sign_in(&self, username: &str) -> Actor {
        let token = self.token_of(username).await;
        self.platform.authenticate(&token).await.unwrap().unwrap()
    }
}

/// An address where nobody listens.
pub(crate) async fn closed_address() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    format!("http://{address}")
}
