//! What ends by itself: workspaces that nobody uses, and builds whose server is gone.

use sdk::workspaces::BuildStatus;

use super::*;

/// The start of a workspace ends here without an agent: it is called ready all the same.
async fn made_ready(test: &TestPlatform, owner: &Actor, id: WorkspaceId) {
    finished(test, owner, id).await;
    let ready = store::workspaces::NewStatus {
        status: WorkspaceStatus::Ready,
        reason: None,
        since: test.clock.now(),
    };
    let set = workspaces::set_status(&test.platform.0.db, id, ready);
    set.await.unwrap();
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
            made_ready(&test, &owner, made.id).await;
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
        made_ready(&test, &owner, made.id).await;

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
            made_ready(&test, &owner, workspace.id).await;
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
