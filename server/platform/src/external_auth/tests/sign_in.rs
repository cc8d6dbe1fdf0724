//! Signing in at a host, and what becomes of the tokens, against the stand-in.

use chrono::TimeDelta;
use forge::HostConfig;
use sdk::external_auth::{CreateExternalAuthConfig, ExternalAuthFlowStatus};
use standin::github::{App, DeviceOutcome, Fault};
use store::testing::for_both;
use workspace::git_askpass::GitCredential;

use super::*;
use crate::testing::open;

pub(super) const NAME: &str = "github";
/// What a GitHub App's tokens live.
pub(super) const LIFE: TimeDelta = TimeDelta::hours(8);

pub(super) struct Desk {
    pub(super) test: TestPlatform,
    pub(super) github: standin::Handle,
    pub(super) owner: Actor,
    pub(super) member: Actor,
}

impl Desk {
    pub(super) fn platform(&self) -> &Platform {
        &self.test.platform
    }

    pub(super) fn host(&self) -> String {
        self.github.base_url().replace("http://", "")
    }

    fn app(&self, app: App) {
        self.github.github().put_app(App {
            callback_url: self.platform().callback_url(NAME).into(),
            interval_seconds: 0,
            ..app
        });
    }

    pub(super) async fn set_up(&self, base_url: &str) {
        let config = CreateExternalAuthConfig {
            id: Some(NAME.to_owned()),
            base_url: base_url.to_owned(),
            client_id: App::default().client_id,
            client_secret: Some(App::default().client_secret),
            device_flow: true,
            ..CreateExternalAuthConfig::default()
        };
        let created = self
            .platform()
            .create_external_auth_config(&self.owner, config);
        created.await.unwrap();
    }

    /// The member links by a device code.
    pub(super) async fn link(&self) {
        let started = self
            .platform()
            .start_external_auth_device(&self.member, NAME)
            .await
            .unwrap();
        self.github
            .github()
            .enter_device_code(&started.user_code, DeviceOutcome::Entered);
        self.test.clock.advance(TimeDelta::seconds(1));
        let flow = self
            .platform()
            .poll_external_auth_flow(&self.member, started.flow_id)
            .await
            .unwrap();
        assert_eq!(flow.status, ExternalAuthFlowStatus::Linked, "{flow:?}");
        self.github.github().take_oauth_requests();
    }

    async fn credential(&self) -> Result<GitCredential, ExternalAuthError> {
        let links = &self.platform().0.links;
        let found = links.for_host(self.member.user_id, &self.host()).await;
        found.map(|held| held.unwrap().credential)
    }

    async fn problem(&self) -> Option<String> {
        let listed = self.platform().list_external_auth(&self.member).await;
        listed.unwrap().links.remove(0).problem
    }

    async fn wait_for_link(&self) {
        for _ in 0..500 {
            let listed = self.platform().list_external_auth(&self.member).await;
            if !listed.unwrap().links.is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("there is no link");
    }

    fn asked(&self) -> usize {
        self.github.github().take_oauth_requests().len()
    }
}

pub(super) async fn on_both_desks(app: App, test: impl AsyncFn(&Desk)) {
    for_both(async |database| {
        let opened = open(database, |_| {}).await;
        let owner = opened.owner().await;
        let member = opened.member(&owner).await;
        let desk = Desk {
            test: opened,
            github: standin::start().await.unwrap(),
            owner,
            member,
        };
        desk.app(app.clone());
        desk.set_up(&desk.github.base_url()).await;
        Box::pin(test(&desk)).await;
        desk.platform().shut_down().await;
    })
    .await;
}

pub(super) fn expiring() -> App {
    App {
        has_expiring_tokens: true,
        ..App::default()
    }
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_by_one_of_many_who_want_it() {
    on_both_desks(expiring(), async |desk| {
        desk.link().await;
        let first = desk.credential().await.unwrap();
        assert_eq!(first.username, "ada");
        assert_eq!(desk.asked(), 0);
        desk.test.clock.advance(LIFE - TimeDelta::minutes(1));
        let wanted = (0..8).map(|_| desk.credential());
        let given = futures::future::join_all(wanted).await;
        let given: Vec<GitCredential> = given.into_iter().map(Result::unwrap).collect();
        assert_eq!(desk.asked(), 1);
        assert!(given.iter().all(|one| one.token == given[0].token));
        assert_ne!(given[0].token, first.token);
        // Again, as the refresh token changed too.
        desk.test.clock.advance(LIFE);
        let third = desk.credential().await.unwrap();
        assert_ne!(third.token, given[0].token);
        assert_eq!(desk.problem().await, None);
    })
    .await;
}

#[tokio::test]
async fn a_renewal_goes_on_when_nobody_waits_for_it_any_more() {
    on_both_desks(expiring(), async |desk| {
        desk.link().await;
        desk.test.clock.advance(LIFE);
        let wanted = tokio::time::timeout(std::time::Duration::from_millis(1), desk.credential());
        drop(wanted.await);
        let token = desk.credential().await.unwrap().token;
        assert_eq!(desk.credential().await.unwrap().token, token);
        assert_eq!(desk.asked(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_arrives_when_nobody_waits_any_more_is_kept() {
    on_both_desks(App::default(), async |desk| {
        let (platform, github) = (desk.platform(), desk.github.github());
        let there = platform.start_external_auth(&desk.member, NAME).await;
        let back = github.agree(there.unwrap().query().unwrap());
        let back: url::Url = back.parse().unwrap();
        let pairs: std::collections::HashMap<_, _> = back.query_pairs().into_owned().collect();
        let returned = Returned {
            state: pairs["state"].clone(),
            code: pairs["code"].clone(),
            ..Returned::default()
        };
        let asked = || github.count_oauth_requests() > 0;
        gone_once(
            asked,
            platform.finish_external_auth(&desk.member, NAME, returned),
        )
        .await;
        desk.wait_for_link().await;
        let host = desk.host();
        platform
            .delete_external_auth(&desk.member, &host)
            .await
            .unwrap();

        let started = platform
            .start_external_auth_device(&desk.member, NAME)
            .await
            .unwrap();
        github.enter_device_code(&started.user_code, DeviceOutcome::Entered);
        github.take_oauth_requests();
        desk.test.clock.advance(TimeDelta::seconds(1));
        let polled = platform.poll_external_auth_flow(&desk.member, started.flow_id);
        gone_once(asked, polled).await;
        desk.wait_for_link().await;
    })
    .await;
}

/// Drops what is under way as soon as something has come of it elsewhere.
async fn gone_once(has_come: impl Fn() -> bool, work: impl Future) {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|context| {
        // Looked at first, so that the work is never polled again once it is so.
        if has_come() {
            return std::task::Poll::Ready(());
        }
        assert!(work.as_mut().poll(context).is_pending(), "it is through");
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

#[tokio::test]
async fn a_revoked_link_says_so_until_it_is_linked_again() {
    on_both_desks(expiring(), async |desk| {
        desk.link().await;
        desk.github.github().revoke_all();
        desk.test.clock.advance(LIFE);
        for _ in 0..2 {
            let refused = desk.credential().await.unwrap_err();
            assert!(matches!(refused, ExternalAuthError::Broken(_)), "{refused}");
            let words = refused.to_string();
            assert!(
                words.contains("revoked") && words.contains("Settings → Git hosts"),
                "{words}"
            );
        }
        assert_eq!(desk.asked(), 1);
        assert!(desk.problem().await.unwrap().contains("revoked"));
        desk.link().await;
        assert_eq!(desk.problem().await, None);
        desk.credential().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_host_that_is_out_of_order_breaks_no_link() {
    on_both_desks(expiring(), async |desk| {
        desk.link().await;
        let first = desk.credential().await.unwrap();
        let fail = || {
            let fault = Fault::refusal(502, "Bad gateway", &[]);
            desk.github.github().fail_oauth(fault);
        };
        fail();
        desk.test.clock.advance(LIFE - TimeDelta::minutes(1));
        assert_eq!(desk.credential().await.unwrap().token, first.token);
        fail();
        desk.test.clock.advance(TimeDelta::minutes(1));
        let failed = desk.credential().await.unwrap_err();
        assert!(matches!(failed, ExternalAuthError::Host(_)), "{failed}");
        assert_eq!(desk.problem().await, None);
        assert_ne!(desk.credential().await.unwrap().token, first.token);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_goes_to_no_other_host_whatever_the_name_means_now() {
    on_both_desks(expiring(), async |desk| {
        desk.link().await;
        let removed = desk
            .platform()
            .delete_external_auth_config(&desk.owner, NAME);
        removed.await.unwrap();
        let other = standin::start().await.unwrap();
        other.github().put_app(App::default());
        desk.set_up(&other.base_url()).await;
        desk.test.clock.advance(LIFE - TimeDelta::minutes(1));
        desk.credential().await.unwrap();
        desk.test.clock.advance(LIFE);
        let refused = desk.credential().await.unwrap_err();
        assert!(
            refused.to_string().contains("removed its configuration"),
            "{refused}"
        );
        assert_eq!(other.github().take_oauth_requests(), []);
        assert_eq!(desk.asked(), 0);
    })
    .await;
}

#[tokio::test]
async fn who_comes_back_too_late_or_with_another_session_is_not_linked() {
    on_both_desks(App::default(), async |desk| {
        let platform = desk.platform();
        let state_of = async |actor: &Actor| {
            let url = platform.start_external_auth(actor, NAME).await.unwrap();
            let mut pairs = url.query_pairs();
            let (_, state) = pairs.find(|(name, _)| name == "state").unwrap();
            Returned {
                state: state.into_owned(),
                error: "access_denied".to_owned(),
                ..Returned::default()
            }
        };
        let back = async |actor: &Actor, returned: &Returned| {
            platform
                .finish_external_auth(actor, NAME, returned.clone())
                .await
        };
        let returned = state_of(&desk.member).await;
        let other_session = desk.test.sign_in("member").await;
        for other in [&desk.owner, &other_session] {
            let refused = back(other, &returned).await.unwrap_err();
            assert!(matches!(refused, ExternalAuthError::NoFlow), "{refused}");
        }
        desk.test.clock.advance(TimeDelta::minutes(10));
        let late = back(&desk.member, &returned).await.unwrap_err();
        assert!(matches!(late, ExternalAuthError::NoFlow), "{late}");
        let returned = state_of(&desk.member).await;
        let flow = back(&desk.member, &returned).await.unwrap();
        assert!(back(&desk.member, &returned).await.is_err(), "once");
        let flow = platform.get_external_auth_flow(&desk.member, flow).await;
        let problem = flow.unwrap().problem.unwrap();
        assert!(problem.contains("access_denied"), "{problem}");
        assert_eq!(desk.asked(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_device_code_is_asked_about_no_sooner_than_the_host_allows() {
    let app = App {
        interval_seconds: 7,
        ..App::default()
    };
    on_both_desks(App::default(), async |desk| {
        desk.github.github().put_app(app.clone());
        let platform = desk.platform();
        let started = platform
            .start_external_auth_device(&desk.member, NAME)
            .await;
        let started = started.unwrap();
        assert_eq!((started.interval_seconds, desk.asked()), (7, 1));
        let poll = async || {
            let flow = platform.poll_external_auth_flow(&desk.member, started.flow_id);
            flow.await.unwrap()
        };
        desk.test.clock.advance(TimeDelta::seconds(6));
        poll().await;
        assert_eq!(desk.asked(), 0);
        desk.test.clock.advance(TimeDelta::seconds(1));
        poll().await;
        poll().await;
        assert_eq!(desk.asked(), 1);
        // The clock of the stand-in does not move, so this is too soon for it.
        desk.test.clock.advance(TimeDelta::seconds(7));
        assert_eq!(poll().await.interval_seconds, 12);
        assert_eq!(desk.asked(), 1);
        desk.test.clock.advance(TimeDelta::seconds(11));
        poll().await;
        assert_eq!(desk.asked(), 0);
        desk.test.clock.advance(TimeDelta::hours(1));
        let over = poll().await;
        assert_eq!(over.status, ExternalAuthFlowStatus::Failed);
        assert!(over.problem.unwrap().contains("not entered in time"));
        assert_eq!(desk.asked(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_the_environment_names_holds_and_is_not_changed_here() {
    for_both(async |database| {
        let host = HostConfig::new(forge::ForgeKind::Github, "https://git.example.com", None);
        let host = host.unwrap();
        let test = open(database, |options| {
            options.git_host_apps = vec![crate::GitHostApp {
                name: NAME.to_owned(),
                display_name: "Git".to_owned(),
                host: host.clone(),
                client_id: "c".to_owned(),
                client_secret: "very-secret".to_owned().into(),
                webhook_secret: "very-secret-of-webhooks".to_owned().into(),
                scopes: Vec::new(),
                device_flow: false,
            }];
        })
        .await;
        let owner = test.owner().await;
        let platform = &test.platform;
        let listed = platform.list_external_auth_configs(&owner).await.unwrap();
        let shown = format!("{listed:?}");
        assert!(
            shown.contains("Environment") && !shown.contains("very-secret"),
            "{shown}"
        );
        let refused = platform.delete_external_auth_config(&owner, NAME).await;
        assert!(matches!(refused, Err(ExternalAuthError::FromEnvironment)));
        let same = |id: &str, base_url: &str| CreateExternalAuthConfig {
            id: Some(id.to_owned()),
            base_url: base_url.to_owned(),
            client_id: "c".to_owned(),
            client_secret: Some("s".to_owned()),
            ..CreateExternalAuthConfig::default()
        };
        let name = same(NAME, "https://other.example.com");
        let name = platform.create_external_auth_config(&owner, name).await;
        assert!(
            matches!(name, Err(ExternalAuthError::NameTaken)),
            "{name:?}"
        );
        let host = same("other", "https://Git.Example.com/");
        let host = platform.create_external_auth_config(&owner, host).await;
        assert!(
            matches!(host, Err(ExternalAuthError::HostTaken)),
            "{host:?}"
        );
        platform.shut_down().await;
    })
    .await;
}
