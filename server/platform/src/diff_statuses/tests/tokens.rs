//! Whose token goes where, and where none goes.

use sdk::users::{UpdateUser, UserStatus};

use super::*;

#[tokio::test]
async fn without_a_token_nothing_is_asked_and_a_new_one_is_used_at_once() {
    on_both(async |stage| {
        stage.put(7, Pull::default());
        stage.give(&stage.member, "token-of-member").await;
        stage.mark(stage.chat, "topic").await;
        stage.refresh_due().await;
        assert_eq!(
            stage.known(stage.chat).await.problem.as_deref(),
            Some("no_token")
        );
        assert_eq!((stage.due_in(stage.chat).await, stage.asked()), (600, 0));
        let diff = stage
            .platform()
            .get_chat_diff(&stage.owner, stage.chat)
            .await
            .unwrap();
        assert_eq!(
            (diff.branch.as_deref(), diff.diff, diff.provider),
            (Some("topic"), None, None)
        );
        stage.give(&stage.owner, "token-of-owner").await;
        assert_eq!(stage.refresh_due().await, 1);
        assert!(stage.known(stage.chat).await.pull_request.is_some());

        let suspend = UpdateUser {
            status: Some(UserStatus::Suspended),
            ..UpdateUser::default()
        };
        let members = stage.chat_of(&stage.member).await;
        stage.mark(members, "topic").await;
        stage
            .platform()
            .update_user(&stage.owner, "member", suspend)
            .await
            .unwrap();
        stage.asked();
        stage.refresh_due().await;
        assert_eq!(
            stage.known(members).await.problem.as_deref(),
            Some("suspended")
        );
        assert_eq!(stage.asked(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_address_of_the_agents_own_is_never_asked() {
    on_both(async |stage| {
        stage.give(&stage.owner, "token-of-owner").await;
        let row = store::chats::get(&stage.platform().0.db, stage.chat)
            .await
            .unwrap()
            .unwrap();
        let elsewhere = standin::start().await.unwrap();
        for origin in [
            format!("{}/ada/greeter.git", elsewhere.base_url()),
            "http://169.254.169.254/latest/meta-data".to_owned(),
            format!(
                "http://{}@{}/ada/greeter",
                stage.host(),
                elsewhere.base_url().replace("http://", "")
            ),
            "file:///etc/passwd".to_owned(),
        ] {
            stage
                .platform()
                .mark_diff_status_stale(&row, ("topic", &origin), false)
                .await;
            stage.refresh_due().await;
            let known = stage.known(stage.chat).await;
            assert_eq!(known.problem.as_deref(), Some("unknown_host"), "{origin}");
        }
        assert_eq!(elsewhere.github().take_requests(), []);
        let secret = "https://ada:hunter2@git.example.com/ada/greeter";
        stage
            .platform()
            .mark_diff_status_stale(&row, ("topic", secret), false)
            .await;
        let kept = stage.known(stage.chat).await.git_remote_origin;
        assert_eq!(kept, "https://git.example.com/ada/greeter");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_the_host_says_is_none_is_told_until_there_is_another() {
    on_both(async |stage| {
        stage.put(7, Pull::default());
        stage.give(&stage.owner, "token-of-owner").await;
        stage.mark(stage.chat, "topic").await;
        let platform = stage.platform();
        let problem = async || {
            let listed = platform.list_external_auth(&stage.owner).await.unwrap();
            listed.links[0].problem.clone()
        };
        let look = async |fault: Fault| {
            stage.github.github().fail(fault);
            stage.test.clock.advance(TimeDelta::hours(1));
            stage.refresh_due().await;
            stage.known(stage.chat).await.problem
        };
        // A gate in front of the host says nothing of the token.
        let gate = Fault {
            body: "<h1>Sign in</h1>".to_owned(),
            ..Fault::refusal(401, "", &[])
        };
        assert_eq!(look(gate).await.as_deref(), Some("bad_credentials"));
        assert_eq!(problem().await, None);

        // What is said of a token that was replaced meanwhile is not said of the one that is there.
        let links = &platform.0.links;
        let host = stage.host();
        let held = links.for_host(stage.owner.user_id, &host).await;
        let before = held.unwrap().unwrap().token;
        stage.give(&stage.owner, "token-of-owner").await;
        links.refused(&host, &before).await.unwrap();
        assert_eq!(problem().await, None);

        let refusal = || Fault::refusal(401, "Bad credentials", &[]);
        assert_eq!(look(refusal()).await.as_deref(), Some("bad_credentials"));
        let told = problem().await.unwrap();
        assert!(told.contains("no longer takes the token"), "{told}");
        stage.asked();
        let diff = platform.get_chat_diff(&stage.owner, stage.chat).await;
        let told = diff.unwrap_err().to_string();
        assert!(told.contains("Link it again under Settings"), "{told}");
        assert_eq!(stage.asked(), 0, "it is not tried again");

        stage.give(&stage.owner, "another-token-of-owner").await;
        assert_eq!(problem().await, None);
        stage.test.clock.advance(TimeDelta::hours(1));
        stage.refresh_due().await;
        assert_eq!(stage.known(stage.chat).await.problem, None);
    })
    .await;
}
