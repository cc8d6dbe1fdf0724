use sdk::allowed_folders::CreateAllowedFolder;

use crate::support::TestServer;

#[tokio::test]
async fn an_owner_allows_folders_and_a_member_reads_them() {
    let server = TestServer::start().await;
    let (owner, member) = (server.owner().await, server.member("mia").await);
    let folder = server.scratch().join("code");
    std::fs::create_dir(&folder).unwrap();
    let request = |path: &std::path::Path| CreateAllowedFolder {
        path: path.to_str().unwrap().to_owned(),
    };
    let allowed = owner
        .create_allowed_folder(&request(&folder))
        .await
        .unwrap();
    let listed = member.list_allowed_folders().await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&allowed));
    for (refused, status) in [
        (member.create_allowed_folder(&request(&folder)).await, 403),
        (owner.create_allowed_folder(&request(&folder)).await, 409),
        (
            owner
                .create_allowed_folder(&request(&folder.join("missing")))
                .await,
            400,
        ),
        (
            owner
                .create_allowed_folder(&request("relative".as_ref()))
                .await,
            400,
        ),
        (
            owner
                .create_allowed_folder(&request(&server.data_dir()))
                .await,
            400,
        ),
    ] {
        assert_eq!(refused.unwrap_err().status(), Some(status));
    }
    let refused = member.delete_allowed_folder(allowed.id).await;
    assert_eq!(refused.unwrap_err().status(), Some(403));
    owner.delete_allowed_folder(allowed.id).await.unwrap();
    let gone = owner.delete_allowed_folder(allowed.id).await;
    assert_eq!(gone.unwrap_err().status(), Some(404));
}
