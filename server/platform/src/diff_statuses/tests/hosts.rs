//! Hosts beside each other.

use super::*;

#[tokio::test]
async fn a_host_that_does_not_answer_keeps_nobody_from_another_one() {
    for_both(async |database| {
        let github = standin::start().await.unwrap();
        // It takes every connection and says nothing.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent_url = format!("http://{}", silent.local_addr().unwrap());
        let hosts = [github.base_url(), silent_url.clone()];
        let hosts = hosts.map(|url| HostConfig::new(ForgeKind::Github, &url, None).unwrap());
        let test = open(database, |options| options.git_hosts = hosts.to_vec()).await;
        test.platform.start_presets().await.unwrap();
        let owner = test.owner().await;
        let chat = chat_of(&test.platform, &owner).await;
        let stage = Stage {
            member: owner,
            github,
            owner,
            chat,
            test,
        };
        stage.give(&stage.owner, "token-of-owner").await;
        let link = PutExternalAuth {
            token: "token-of-owner".to_owned(),
            username: None,
        };
        let host = silent_url.replace("http://", "");
        let put = stage
            .platform()
            .put_external_auth(&stage.owner, &host, link);
        put.await.unwrap();
        stage.put(7, Pull::default());

        // More of them than can be looked at at once, each with a branch of its own, and first in line.
        for number in 0..12 {
            let chat = stage.chat_of(&stage.owner).await;
            let row = store::chats::get(&stage.platform().0.db, chat)
                .await
                .unwrap();
            let place = (
                format!("topic-{number}"),
                format!("{silent_url}/ada/greeter.git"),
            );
            let place = (place.0.as_str(), place.1.as_str());
            let mark = stage
                .platform()
                .mark_diff_status_stale(row.as_ref().unwrap(), place, false);
            mark.await;
        }
        stage.platform().start_looking_at_git_hosts();
        tokio::time::sleep(Duration::from_millis(300)).await;
        stage.mark(stage.chat, "topic").await;
        let found = async {
            while stage.known(stage.chat).await.pull_request.is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(8), found).await;
        in_time.expect("the other host's answer is there");
        drop(silent);
        stage.platform().shut_down().await;
    })
    .await;
}
