use sdk::preferences::{Preferences, Theme};

use crate::support::TestServer;

#[tokio::test]
async fn each_user_has_their_own() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let member = server.member("mia").await;
    assert_eq!(
        owner.get_preferences().await.unwrap(),
        Preferences::default()
    );
    let dark = Preferences {
        theme: Theme::Dark,
        ..Preferences::default()
    };
    assert_eq!(owner.update_preferences(&dark).await.unwrap(), dark);
    assert_eq!(owner.get_preferences().await.unwrap(), dark);
    assert_eq!(
        member.get_preferences().await.unwrap(),
        Preferences::default()
    );
    assert_eq!(member.list_organizations().await.unwrap().len(), 1);
}
