//! Who may do what with workspaces; that they really run is shown by the server's tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeMap;

use sdk::allowed_folders::CreateAllowedFolder;
use sdk::workspaces::BuildStatus;

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
async fn the_token_of_an_agent_ends_with_its_workspace() {
    on_both(async |test| {
        assert_eq!(
            test.platform.authenticate_agent("made up").await.unwrap(),
            None
        );
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

#[tokio::test]
async fn a_workspace_that_nobody_uses_is_stopped_after_its_templates_time() {
    on_both(async |test| {
        let owner = test.owner().await;
        let platform = &test.platform;
        let template = platform
            .create_template(
                &owner,
                sdk::templates::CreateTemplate {
                    name: "short".to_owned(),
                    idle_stop_seconds: Some(600),
                    ..Default::default()
                },
            )
            .await
            .unwrap();
        let request = |template_id| CreateWorkspace {
            template_id,
            ..CreateWorkspace::default()
        };
        let service = &platform.0.workspaces;
        let mut ids = Vec::new();
        for template_id in [Some(template.id), None] {
            let made = platform
                .create_workspace(&owner, request(template_id))
                .await
                .unwrap();
            finished(&test, &owner, made.id).await;
            let ready = store::workspaces::NewStatus {
                status: WorkspaceStatus::Ready,
                reason: None,
                since: test.clock.now(),
            };
            workspaces::set_status(&platform.0.db, made.id, ready)
                .await
                .unwrap();
            ids.push(made.id);
        }
        let transitions = async |id| {
            let builds = platform.list_builds(&owner, id).await.unwrap();
            let all = builds.into_iter().map(|build| build.transition);
            all.collect::<Vec<_>>()
        };
        test.clock.advance(chrono::TimeDelta::seconds(500));
        workspaces::touch(&platform.0.db, ids[0], test.clock.now())
            .await
            .unwrap();
        test.clock.advance(chrono::TimeDelta::seconds(599));
        service.stop_idle().await.unwrap();
        assert_eq!(transitions(ids[0]).await, [Transition::Start]);
        test.clock.advance(chrono::TimeDelta::seconds(1));
        service.stop_idle().await.unwrap();
        assert_eq!(
            transitions(ids[0]).await,
            [Transition::Stop, Transition::Start]
        );
        let stopped = finished(&test, &owner, ids[0]).await.latest_build.unwrap();
        let log = store::workspaces::builds::get_log(&platform.0.db, ids[0], stopped.id).await;
        assert!(log.unwrap().unwrap().text.contains("Ending the agent"));
        // One without a template goes on.
        assert_eq!(transitions(ids[1]).await, [Transition::Start]);
    })
    .await;
}

#[tokio::test]
async fn a_workspace_is_used_as_long_as_a_chat_works_in_it_however_long_ago_it_connected() {
    on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        let platform = &test.platform;
        let template = sdk::templates::CreateTemplate {
            name: "short".to_owned(),
            idle_stop_seconds: Some(600),
            ..Default::default()
        };
        let template = platform.create_template(&owner, template).await.unwrap();
        let request = CreateWorkspace {
            template_id: Some(template.id),
            ..CreateWorkspace::default()
        };
        let made = platform.create_workspace(&owner, request).await.unwrap();
        finished(&test, &owner, made.id).await;
        let ready = store::workspaces::NewStatus {
            status: WorkspaceStatus::Ready,
            reason: None,
            since: test.clock.now(),
        };
        let set = workspaces::set_status(&platform.0.db, made.id, ready);
        set.await.unwrap();

        test.clock.advance(chrono::TimeDelta::seconds(900));
        let text = "!text \"hello\"".to_owned();
        let chat = sdk::chats::CreateChat {
            content: vec![sdk::parts::InputPart::Text { text }],
            workspace_id: Some(made.id),
            ..Default::default()
        };
        let chat = platform.create_chat(&owner, chat).await.unwrap();
        while platform.get_chat(&owner, chat.id).await.unwrap().status
            != sdk::chats::ChatStatus::Waiting
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let service = &platform.0.workspaces;
        let builds = async || platform.list_builds(&owner, made.id).await.unwrap().len();
        test.clock.advance(chrono::TimeDelta::seconds(599));
        service.stop_idle().await.unwrap();
        assert_eq!(builds().await, 1);
        test.clock.advance(chrono::TimeDelta::seconds(1));
        service.stop_idle().await.unwrap();
        assert_eq!(builds().await, 2);
        platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_build_ends_with_the_server_that_works_on_it() {
    on_both(async |test| {
        let owner = test.owner().await;
        let db = &test.platform.0.db;
        let service = &test.platform.0.workspaces;
        let begin = async || {
            let made = test
                .platform
                .create_workspace(&owner, CreateWorkspace::default());
            let made = made.await.unwrap();
            finished(&test, &owner, made.id).await;
            let row = reload(db, made.id).await.unwrap().unwrap();
            let turn = service.turn(made.id).await;
            let job = service.note(&row, Transition::Start, "again", turn).await;
            service.show(&row, WorkspaceStatus::SettingUp, None).await;
            (made.id, job.unwrap())
        };
        let told = async |id| {
            let workspace = test.platform.get_workspace(&owner, id).await.unwrap();
            let build = workspace.latest_build.unwrap();
            (workspace.status, build.status, build.reason)
        };
        let failed = |reason: &str| {
            let reason = Some(reason.to_owned());
            (WorkspaceStatus::Failed, BuildStatus::Failed, reason)
        };

        // Its server died: nobody says so.
        let (lost, job) = begin().await;
        drop(job);
        service.take_builds();
        test.clock.advance(chrono::TimeDelta::minutes(90));
        let (working, _job) = begin().await;
        service.end_lost_builds().await.unwrap();
        assert_eq!(
            told(lost).await,
            failed("The server that worked on it is gone. Start it again.")
        );
        assert_eq!(told(working).await.1, BuildStatus::Running);

        // A server that is stopped says it itself.
        service.shut_down().await;
        assert_eq!(
            told(working).await,
            failed("The server was restarted meanwhile. Start it again.")
        );
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn the_deployments_idle_time_holds_for_templates_that_say_none() {
    on_both(async |test| {
        let owner = test.owner().await;
        let platform = &test.platform;
        let mut made = Vec::new();
        for (name, idle_stop_seconds) in [("own", Some(3600)), ("none", None)] {
            let template = sdk::templates::CreateTemplate {
                name: name.to_owned(),
                idle_stop_seconds,
                ..Default::default()
            };
            let template = platform.create_template(&owner, template).await.unwrap();
            let request = CreateWorkspace {
                template_id: Some(template.id),
                ..CreateWorkspace::default()
            };
            let workspace = platform.create_workspace(&owner, request).await.unwrap();
            finished(&test, &owner, workspace.id).await;
            let ready = store::workspaces::NewStatus {
                status: WorkspaceStatus::Ready,
                reason: None,
                since: test.clock.now(),
            };
            workspaces::set_status(&platform.0.db, workspace.id, ready)
                .await
                .unwrap();
            made.push(workspace.id);
        }
        let service = &platform.0.workspaces;
        let builds = async |id| platform.list_builds(&owner, id).await.unwrap().len();
        test.clock.advance(chrono::TimeDelta::minutes(30));
        service.stop_idle().await.unwrap();
        assert_eq!(builds(made[1]).await, 1, "nothing is set");
        for (ttl_ms, is_taken) in [
            (59_999, false),
            (-1, false),
            (2_592_000_001, false),
            (1_800_000, true),
        ] {
            let ttl = sdk::chat_config::WorkspaceTtl {
                workspace_ttl_ms: ttl_ms,
            };
            let set = platform.update_workspace_ttl(&owner, ttl).await;
            assert_eq!(set.is_ok(), is_taken, "{ttl_ms}");
        }
        service.stop_idle().await.unwrap();
        assert_eq!((builds(made[0]).await, builds(made[1]).await), (1, 2));
        platform.shut_down().await;
    })
    .await;
}
