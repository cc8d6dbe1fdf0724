//! What becomes of a token at its host when its link is removed here.

use standin::github::{App, Fault, OauthAsked};

use super::sign_in::{Desk, LIFE, NAME, expiring, on_both_desks};
use super::*;

const REVOKE: &str = "/applications/Iv1.switchyard/token";

impl Desk {
    async fn remove(&self) -> ExternalAuthDeleted {
        let host = self.host();
        let platform = self.platform();
        let removed = platform.delete_external_auth(&self.member, &host).await;
        let listed = platform.list_external_auth(&self.member).await.unwrap();
        assert!(listed.links.is_empty(), "it is gone in any case");
        removed.unwrap()
    }

    fn asked_for(&self) -> Vec<OauthAsked> {
        self.github.github().take_oauth_requests()
    }
}

#[tokio::test]
async fn what_the_host_gave_is_taken_back_there() {
    on_both_desks(App::default(), async |desk| {
        desk.link().await;
        let links = &desk.platform().0.links;
        let held = links.for_host(desk.member.user_id, &desk.host()).await;
        let token = held.unwrap().unwrap().credential.token;
        let removed = desk.remove().await;
        assert!(removed.token_revoked, "{removed:?}");
        assert_eq!(removed.token_revocation_error, None);
        let asked = desk.asked_for();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(
            (&*asked[0].path, &asked[0].form["access_token"]),
            (REVOKE, &token)
        );
    })
    .await;
}

#[tokio::test]
async fn what_has_ended_is_renewed_to_be_taken_back() {
    on_both_desks(expiring(), async |desk| {
        desk.link().await;
        desk.test.clock.advance(LIFE);
        assert!(desk.remove().await.token_revoked);
        let asked = desk.asked_for();
        let paths: Vec<&str> = asked.iter().map(|asked| &*asked.path).collect();
        assert_eq!(paths, ["/login/oauth/access_token", REVOKE]);
    })
    .await;
}

#[tokio::test]
async fn a_host_that_does_not_take_it_back_keeps_no_link_and_is_told_of() {
    on_both_desks(App::default(), async |desk| {
        for (status, words) in [(502, "Bad gateway"), (422, "Validation Failed"), (302, "")] {
            desk.link().await;
            let fault = Fault::refusal(status, words, &[("location", "http://localhost:1/")]);
            desk.github.github().fail_oauth(fault);
            let removed = desk.remove().await;
            assert!(!removed.token_revoked, "{removed:?}");
            let problem = removed.token_revocation_error.unwrap();
            assert!(problem.contains("revoke the application"), "{problem}");
            desk.asked_for();
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_that_a_person_entered_is_left_to_them() {
    on_both_desks(App::default(), async |desk| {
        let link = PutExternalAuth {
            token: "ghp_of-the-person".to_owned(),
            username: None,
        };
        let (platform, host) = (desk.platform(), desk.host());
        let put = platform.put_external_auth(&desk.member, &host, link);
        put.await.unwrap();
        assert_eq!(desk.remove().await, ExternalAuthDeleted::default());
        assert_eq!(desk.asked_for(), []);
    })
    .await;
}

#[tokio::test]
async fn a_token_goes_back_to_no_other_host_whatever_the_name_means_now() {
    on_both_desks(App::default(), async |desk| {
        desk.link().await;
        let gone = desk
            .platform()
            .delete_external_auth_config(&desk.owner, NAME);
        gone.await.unwrap();
        let other = standin::start().await.unwrap();
        other.github().put_app(App::default());
        desk.set_up(&other.base_url()).await;
        let removed = desk.remove().await;
        let problem = removed.token_revocation_error.unwrap();
        assert!(problem.contains("removed its configuration"), "{problem}");
        assert_eq!(other.github().take_oauth_requests(), []);
        assert_eq!(desk.asked_for(), []);
    })
    .await;
}
