//! Who may do what with workspaces; that they really run is shown by the server's tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod life;

use std::collections::BTreeMap;

use sdk::allowed_folders::CreateAllowedFolder;
use sdk::workspace_shares::{UpdateWorkspaceAcl, WorkspacePermission};

use super::*;
use crate::testing::{TestPlatform, on_both};
use crate::{Failure as _, FailureKind};

async fn finished(test: &TestPlatform, actor: &Actor, id: WorkspaceId) -> Workspace {
    loop {
        let workspace = test.platform.get_workspace(actor, id).await.unwrap();
        if workspace
            .latest_build
            .as_ref()
            .unwrap()
            .finished_at
            .is_some()
        {
            return workspace;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_workspace_exists_for_its_owner_and_for_admins_only() {
    on_both(async |test| {
        let admin = test.owner().await;
        let member = test.member(&admin).await;
        test.add(&admin, "stranger", sdk::users::Role::Member).await;
        let stranger = test.sign_in("stranger").await;
        let created = test
            .platform
            .create_workspace(&member, CreateWorkspace::default())
            .await
            .unwrap();
        assert!(created.name.starts_with("workspace-"));
        let id = created.id;

        // The agent of this test platform is /bin/false, so the start fails and says why.
        let failed = finished(&test, &member, id).await;
        assert_eq!(failed.status, WorkspaceStatus::Failed);
        assert!(
            failed
                .status_reason
                .unwrap()
                .contains("ended before it connected")
        );
        assert!(failed.sandbox.is_some());
        let build = failed.latest_build.unwrap();
        let log = test
            .platform
            .get_build_log(&member, id, build.id, ReadBuildLog::default())
            .await
            .unwrap();
        assert!(
            log.is_finished && log.text.contains("starting the agent"),
            "{log:?}"
        );

        for error in [
            test.platform
                .get_workspace(&stranger, id)
                .await
                .unwrap_err(),
            test.platform
                .update_workspace(&stranger, id, UpdateWorkspace::default())
                .await
                .unwrap_err(),
            test.platform
                .delete_workspace(&stranger, id, true)
                .await
                .unwrap_err(),
            test.platform.list_builds(&stranger, id).await.unwrap_err(),
            test.platform
                .get_unsaved_work(&stranger, id)
                .await
                .unwrap_err(),
            test.platform
                .get_build_log(&stranger, id, build.id, ReadBuildLog::default())
                .await
                .unwrap_err(),
            test.platform
                .create_build(
                    &stranger,
                    id,
                    CreateBuild {
                        transition: Transition::Stop,
                        parameters: BTreeMap::new(),
                        force: false,
                    },
                )
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), FailureKind::NotFound);
        }
        assert!(
            test.platform
                .list_workspaces(&stranger, &ListWorkspaces::default())
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            test.platform.get_workspace(&admin, id).await.unwrap().id,
            id
        );
        let renamed = UpdateWorkspace {
            name: Some("better".into()),
        };
        assert_eq!(
            test.platform
                .update_workspace(&member, id, renamed)
                .await
                .unwrap()
                .name,
            "better"
        );
        let wrong = UpdateWorkspace {
            name: Some("../up".into()),
        };
        assert_eq!(
            test.platform
                .update_workspace(&member, id, wrong)
                .await
                .unwrap_err()
                .kind(),
            FailureKind::Invalid
        );
        test.platform
            .delete_workspace(&admin, id, false)
            .await
            .unwrap();
        assert_eq!(
            test.platform
                .get_workspace(&member, id)
                .await
                .unwrap_err()
                .kind(),
            FailureKind::NotFound
        );
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn the_log_of_a_deletion_can_be_read_to_its_end() {
    on_both(async |test| {
        let admin = test.owner().await;
        let member = test.member(&admin).await;
        test.add(&admin, "guest", sdk::users::Role::Member).await;
        let guest = test.sign_in("guest").await;
        let platform = &test.platform;
        let request = CreateWorkspace::default();
        let created = platform.create_workspace(&member, request).await.unwrap();
        let id = created.id;
        finished(&test, &member, id).await;
        let share = UpdateWorkspaceAcl {
            user_permissions: [("guest".to_owned(), vec![WorkspacePermission::Read])].into(),
        };
        platform
            .update_workspace_acl(&member, id, share)
            .await
            .unwrap();
        let request = CreateBuild {
            transition: Transition::Delete,
            parameters: BTreeMap::new(),
            force: true,
        };
        let build = platform.create_build(&member, id, request).await.unwrap();

        for reader in [&member, &admin] {
            let mut text = String::new();
            loop {
                let query = ReadBuildLog {
                    offset: text.len() as u64,
                    wait_seconds: 5,
                };
                let log = platform.get_build_log(reader, id, build.id, query).await;
                let log = log.unwrap();
                text.push_str(&log.text);
                if log.is_finished && log.next_offset == text.len() as u64 {
                    break;
                }
            }
            assert!(text.contains("removing the workspace's files"), "{text}");
            assert!(text.ends_with("Deleted.\n"), "{text}");
            let builds = platform.list_builds(reader, id).await.unwrap();
            let transitions = builds.iter().map(|build| build.transition);
            assert_eq!(
                transitions.collect::<Vec<_>>(),
                [Transition::Delete, Transition::Start]
            );
        }
        let query = ReadBuildLog::default();
        let refused = [
            platform.get_workspace(&member, id).await.map(drop),
            platform.list_builds(&guest, id).await.map(drop),
            platform
                .get_build_log(&guest, id, build.id, query)
                .await
                .map(drop),
        ];
        for refused in refused {
            assert_eq!(refused.unwrap_err().kind(), FailureKind::NotFound);
        }
        platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn only_allowed_folders_can_be_worked_on() {
    on_both(async |test| {
        let admin = test.owner().await;
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(real.join("allowed/inner")).unwrap();
        std::fs::create_dir_all(real.join("other")).unwrap();
        std::os::unix::fs::symlink(real.join("other"), real.join("allowed/way-out")).unwrap();
        let path = |name: &str| Some(real.join(name).display().to_string());
        let allow = CreateAllowedFolder {
            path: path("allowed").unwrap(),
        };
        test.platform
            .create_allowed_folder(&admin, allow)
            .await
            .unwrap();
        let request = |folder: Option<String>, mode| CreateWorkspace {
            folder,
            mode,
            ..CreateWorkspace::default()
        };
        for (refused, field) in [
            (request(path("other"), None), "folder"),
            (request(path("allowed/way-out"), None), "folder"),
            (request(path("allowed/../other"), None), "folder"),
            (request(path("missing"), None), "folder"),
            (request(Some("allowed".into()), None), "folder"),
            (
                request(path("allowed"), Some(WorkspaceMode::Worktree)),
                "folder",
            ),
            (request(path("allowed"), Some(WorkspaceMode::Empty)), "mode"),
            (request(None, Some(WorkspaceMode::Direct)), "folder"),
            (
                CreateWorkspace {
                    name: Some("a b".into()),
                    ..CreateWorkspace::default()
                },
                "name",
            ),
        ] {
            let error = test
                .platform
                .create_workspace(&admin, refused.clone())
                .await
                .unwrap_err();
            assert_eq!(
                (error.kind(), error.validations()[0].field.as_str()),
                (FailureKind::Invalid, field),
                "{refused:?}"
            );
        }
        let direct = test
            .platform
            .create_workspace(&admin, request(path("allowed/inner"), None))
            .await
            .unwrap();
        assert_eq!(
            (direct.mode, direct.folder),
            (WorkspaceMode::Direct, path("allowed/inner"))
        );
        finished(&test, &admin, direct.id).await;
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn the_token_of_an_agent_holds_until_the_next_start_and_ends_with_its_workspace() {
    on_both(async |test| {
        let authenticate = |token: &'static str| test.platform.authenticate_agent(token);
        assert_eq!(authenticate("made up").await.unwrap(), None);

        let admin = test.owner().await;
        let create = test
            .platform
            .create_workspace(&admin, CreateWorkspace::default());
        let workspace = finished(&test, &admin, create.await.unwrap().id).await;
        let build = workspace.latest_build.unwrap();
        let start = async |token: &str| {
            let db = &test.platform.0.db;
            let mut tx = db.begin().await.unwrap();
            let agent = agents::NewAgent {
                id: AgentId::generate(),
                workspace_id: workspace.id,
                build_id: build.id,
                token_hash: &credentials::hash(token),
                created_at: test.clock.now(),
            };
            agents::insert(&mut tx, agent).await.unwrap();
            tx.commit().await.unwrap();
            agent.id
        };
        let first = start("first").await;
        assert_eq!(authenticate("first").await.unwrap(), Some(first));
        let second = start("second").await;
        let refused = authenticate("first").await;
        assert!(
            matches!(refused, Err(WorkspaceError::AgentGone)),
            "{refused:?}"
        );
        assert_eq!(authenticate("second").await.unwrap(), Some(second));

        let delete = test.platform.delete_workspace(&admin, workspace.id, true);
        delete.await.unwrap();
        let ended = async {
            while matches!(authenticate("second").await, Ok(Some(_))) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ended)
            .await
            .expect("the token ends with its workspace");
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn starting_again_and_again_keeps_one_place_for_the_agent() {
    on_both(async |test| {
        let admin = test.owner().await;
        let created = test
            .platform
            .create_workspace(&admin, CreateWorkspace::default())
            .await
            .unwrap();
        finished(&test, &admin, created.id).await;
        for _ in 0..3 {
            let start = CreateBuild {
                transition: Transition::Start,
                parameters: BTreeMap::new(),
                force: false,
            };
            // The turn is given back a moment after the build's end is noted.
            while let Err(error) = test
                .platform
                .create_build(&admin, created.id, start.clone())
                .await
            {
                assert!(matches!(error, WorkspaceError::Busy), "{error}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            finished(&test, &admin, created.id).await;
        }
        assert_eq!(test.platform.agent_hub().agent_count(), 1);
        test.platform.shut_down().await;
    })
    .await;
}

#[test]
fn a_full_disk_and_an_absent_database_are_said_and_not_called_a_fault() {
    use crate::allowed_folders::AllowedFolderError;
    for (error, said) in [
        (StoreError::Full as fn(sqlx::Error) -> StoreError, "space"),
        (StoreError::Unreachable, "does not answer"),
    ] {
        let workspace = WorkspaceError::from(error(sqlx::Error::PoolTimedOut));
        let folder = AllowedFolderError::from(error(sqlx::Error::PoolTimedOut));
        let failures: [&dyn crate::Failure; 2] = [&workspace, &folder];
        for failure in failures {
            assert_eq!(failure.kind(), FailureKind::Unavailable);
            assert!(failure.message().contains(said), "{}", failure.message());
        }
        let told = connect::in_words(error(sqlx::Error::PoolTimedOut).into());
        assert!(told.contains(said), "{told}");
    }
    let fault = WorkspaceError::from(StoreError::Driver(sqlx::Error::PoolTimedOut));
    assert_eq!(fault.kind(), FailureKind::Internal);
}
