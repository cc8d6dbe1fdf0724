//! Who may allow which folders.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::*;
use crate::testing::on_both;

fn path(text: impl AsRef<Path>) -> CreateAllowedFolder {
    CreateAllowedFolder {
        path: text.as_ref().to_str().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn owners_allow_real_folders_outside_the_data_folder_once() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(real.join("project/.git")).unwrap();
        std::fs::write(real.join("file"), "").unwrap();
        std::os::unix::fs::symlink(real.join("project"), real.join("link")).unwrap();

        let allowed = test
            .platform
            .create_allowed_folder(&owner, path(real.join("link")))
            .await
            .unwrap();
        assert_eq!(allowed.path, real.join("project").to_str().unwrap());
        assert!(allowed.is_git_repository);
        for (wrong, expected) in [
            (path("relative"), "absolute"),
            (path(real.join("missing")), "no such folder"),
            (path(real.join("file")), "not a folder"),
            (path("/"), "whole file system"),
            (path(&test.options.data_dir), "data folder"),
            (path(real.join("project")), "allowed already"),
        ] {
            let error = test
                .platform
                .create_allowed_folder(&owner, wrong.clone())
                .await
                .unwrap_err();
            assert!(error.to_string().contains(expected), "{wrong:?}: {error}");
        }
        let listed = test.platform.list_allowed_folders(&member).await.unwrap();
        assert_eq!(listed, std::slice::from_ref(&allowed));
        let refused = test
            .platform
            .create_allowed_folder(&member, path(&real))
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Forbidden);
        let refused = test
            .platform
            .delete_allowed_folder(&member, allowed.id)
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Forbidden);
        test.platform
            .delete_allowed_folder(&owner, allowed.id)
            .await
            .unwrap();
        let gone = test
            .platform
            .delete_allowed_folder(&owner, allowed.id)
            .await
            .unwrap_err();
        assert_eq!(gone.kind(), FailureKind::NotFound);
    })
    .await;
}
