use reqwest::Method;
use sdk::audit_log::{AuditAction, ListAuditLog};
use sdk::client::Client;
use sdk::ids::SessionId;
use sdk::sessions::Session;
use sdk::tokens::CreateToken;
use sdk::users::{LoggedIn, Login};

use crate::support::{PASSWORD, TestServer, on_both, refusal};

/// Signed in with a browser that calls itself so.
async fn with_browser(server: &TestServer, email: &str, user_agent: &[u8]) -> Client {
    let login = Login {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
    };
    let request = server
        .anonymous()
        .request(Method::POST, "/api/v2/users/login")
        .unwrap();
    let answer = request.header("user-agent", user_agent).json(&login).send();
    let session: LoggedIn = answer.await.unwrap().json().await.unwrap();
    server.anonymous().with_token(session.session_token)
}

fn current(sessions: &[Session]) -> SessionId {
    let mut own = sessions.iter().filter(|session| session.is_current);
    let id = own.next().unwrap().id;
    assert!(own.next().is_none());
    id
}

fn status<T: std::fmt::Debug>(answer: Result<T, sdk::client::ClientError>) -> Option<u16> {
    answer.unwrap_err().status()
}

#[tokio::test]
async fn a_session_is_seen_from_another_one_and_ended_there() {
    on_both(async |server| {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let owner = server.owner().await;
        let lost = with_browser(server, "olga@example.com", firefox.as_bytes()).await;
        let seen = owner.list_sessions().await.unwrap();
        let lost_id = current(&lost.list_sessions().await.unwrap());
        assert_ne!(current(&seen), lost_id);
        let found = seen.iter().find(|session| session.id == lost_id).unwrap();
        assert_eq!(found.browser, "Firefox on Linux");
        assert!(found.last_used_at >= found.created_at && found.expires_at > found.last_used_at);
        let answer = serde_json::to_string(&seen).unwrap();
        assert!(
            !answer.contains("Mozilla") && !answer.contains("token"),
            "{answer}"
        );

        owner.delete_session(lost_id).await.unwrap();
        assert_eq!(status(lost.get_user("me").await), Some(401));
        assert_eq!(status(owner.delete_session(lost_id).await), Some(404));
        let left = owner.list_sessions().await.unwrap();
        assert_eq!(current(&left), current(&seen));
        assert!(left.iter().all(|session| session.id != lost_id));

        let log = owner
            .list_audit_log(&ListAuditLog::default())
            .await
            .unwrap();
        let entry = &log.entries[0];
        assert_eq!(entry.action, AuditAction::SessionDelete);
        assert_eq!(entry.target.name, "Firefox on Linux");
        assert_eq!(entry.before["user"], "olga");
    })
    .await;
}

#[tokio::test]
async fn sessions_of_others_do_not_exist_for_anybody() {
    on_both(async |server| {
        let owner = server.owner().await;
        let member = server.member("mia").await;
        let owners = current(&owner.list_sessions().await.unwrap());
        let members = current(&member.list_sessions().await.unwrap());
        assert_eq!(member.list_sessions().await.unwrap().len(), 1);
        assert_eq!(status(member.delete_session(owners).await), Some(404));
        assert_eq!(status(owner.delete_session(members).await), Some(404));
        assert_eq!(status(server.anonymous().list_sessions().await), Some(401));
        member.sign_out_elsewhere().await.unwrap();
        assert!(owner.get_user("me").await.is_ok() && member.get_user("me").await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn unknown_sessions_are_not_found() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let answer = owner.delete_session(SessionId::generate()).await;
    insta::assert_json_snapshot!(refusal(answer));
}

#[tokio::test]
async fn signing_out_elsewhere_leaves_the_session_that_asked() {
    on_both(async |server| {
        let owner = server.owner().await;
        let others = [server.owner().await, server.owner().await];
        owner.sign_out_elsewhere().await.unwrap();
        for other in others {
            assert_eq!(status(other.get_user("me").await), Some(401));
        }
        let left = owner.list_sessions().await.unwrap();
        assert_eq!((left.len(), left[0].is_current), (1, true));

        // Where there is nothing to end, nothing is told.
        owner.sign_out_elsewhere().await.unwrap();
        let everything = ListAuditLog::default();
        let log = owner.list_audit_log(&everything).await.unwrap();
        let told = |action| log.entries.iter().filter(|it| it.action == action).count();
        assert_eq!(told(AuditAction::UserSignOutElsewhere), 1);
    })
    .await;
}

#[tokio::test]
async fn a_token_sees_the_sessions_of_its_person_and_ends_all_of_them() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let token = CreateToken {
        token_name: "ci".to_owned(),
        lifetime_seconds: None,
    };
    let key = owner.create_token("me", &token).await.unwrap().key;
    let script = server.anonymous().with_token(key);
    let seen = script.list_sessions().await.unwrap();
    assert!(!seen.is_empty() && seen.iter().all(|session| !session.is_current));
    script.sign_out_elsewhere().await.unwrap();
    assert_eq!(status(owner.get_user("me").await), Some(401));
    assert!(script.list_sessions().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_browser_cannot_put_its_own_words_into_the_list() {
    on_both(async |server| {
        server.owner().await;
        let long = [b'a'; 4000];
        for user_agent in [
            b"<script>alert(1)</script>".as_slice(),
            b"' OR 1=1 --",
            b"Mozilla/5.0 (\"><img src=x onerror=alert(1)>)",
            b"\xff\xfe\xe2\x80\xae",
            b"",
            &long,
        ] {
            let client = with_browser(server, "olga@example.com", user_agent).await;
            let sessions = client.list_sessions().await.unwrap();
            let own = sessions.iter().find(|session| session.is_current);
            assert_eq!(own.unwrap().browser, "Unknown browser");
        }
    })
    .await;
}
