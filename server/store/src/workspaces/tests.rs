//! The contract of workspaces, builds and agents, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use chrono::{TimeDelta, TimeZone};
use sdk::ids::{AgentId, BuildId, OrganizationId};
use sdk::organizations::Organization;
use sdk::users::{Role, UserStatus};
use sdk::workspaces::{BuildStatus, Transition, WorkspaceMode};

use super::agents::NewAgent;
use super::*;
use crate::testing::for_both;
use crate::users::UserRow;
use crate::{organizations, users};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).unwrap()
}

async fn owner(db: &Db) -> UserRow {
    let organization = Organization {
        id: OrganizationId::generate(),
        name: "Default".to_owned(),
        is_default: true,
        created_at: now(),
    };
    let user = UserRow {
        id: UserId::generate(),
        organization_id: organization.id,
        username: "ada".to_owned(),
        name: String::new(),
        email: "ada@example.com".to_owned(),
        role: Role::Owner,
        status: UserStatus::Active,
        agents_access: true,
        password_hash: "$argon2id$".to_owned(),
        created_at: now(),
        updated_at: now(),
    };
    let mut tx = db.begin().await.unwrap();
    organizations::insert(&mut tx, &organization).await.unwrap();
    users::insert(&mut tx, &user).await.unwrap();
    tx.commit().await.unwrap();
    user
}

fn row(owner: &UserRow, name: &str) -> WorkspaceRow {
    WorkspaceRow {
        id: WorkspaceId::generate(),
        owner_id: owner.id,
        organization_id: owner.organization_id,
        name: name.to_owned(),
        mode: WorkspaceMode::Worktree,
        folder: Some("/srv/project".to_owned()),
        working_directory: String::new(),
        branch: None,
        base_commit: None,
        status: WorkspaceStatus::Queued,
        status_reason: None,
        status_since: now(),
        sandbox: None,
        deleted: false,
        created_at: now(),
        updated_at: now(),
        template_id: None,
        parameters: BTreeMap::new(),
        last_used_at: None,
    }
}

async fn add(db: &Db, row: &WorkspaceRow) -> Result<(), StoreError> {
    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, row).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_workspace_is_read_as_written_prepared_renamed_and_gone() {
    for_both(async |test| {
        let owner = owner(&test.db).await;
        let (first, second) = (row(&owner, "first"), row(&owner, "second"));
        add(&test.db, &first).await.unwrap();
        add(&test.db, &second).await.unwrap();
        assert_eq!(get(&test.db, first.id).await.unwrap(), Some(first.clone()));
        let taken = add(&test.db, &row(&owner, "first")).await.unwrap_err();
        assert!(taken.unique_violation().is_some());
        let taken = rename(&test.db, second.id, "first", now())
            .await
            .unwrap_err();
        assert!(taken.unique_violation().is_some());

        let listed = list_of_owner(&test.db, owner.id, None, 1).await.unwrap();
        assert_eq!(listed, std::slice::from_ref(&second));
        let older = list_of_owner(&test.db, owner.id, Some(second.id), 5)
            .await
            .unwrap();
        assert_eq!(older, std::slice::from_ref(&first));

        let sandbox = Sandbox::None {
            reason: "not installed".to_owned(),
        };
        let prepared = Prepared {
            working_directory: "/data/w",
            branch: Some("switchyard/x"),
            base_commit: Some("abc"),
            sandbox: &sandbox,
        };
        set_prepared(&test.db, first.id, prepared, now())
            .await
            .unwrap();
        let later = now() + TimeDelta::seconds(5);
        let status = |status, reason| NewStatus {
            status,
            reason,
            since: later,
        };
        set_status(
            &test.db,
            first.id,
            status(WorkspaceStatus::Failed, Some("no disk")),
        )
        .await
        .unwrap();
        let read = get(&test.db, first.id).await.unwrap().unwrap();
        assert_eq!(
            (read.sandbox, read.branch.as_deref()),
            (Some(sandbox), Some("switchyard/x"))
        );
        assert_eq!(
            (
                read.status,
                read.status_reason.as_deref(),
                read.status_since
            ),
            (WorkspaceStatus::Failed, Some("no disk"), later)
        );
        let ready = status(WorkspaceStatus::Ready, None);
        assert!(
            !move_status(&test.db, first.id, WorkspaceStatus::Queued, ready)
                .await
                .unwrap()
        );
        assert!(
            move_status(&test.db, first.id, WorkspaceStatus::Failed, ready)
                .await
                .unwrap()
        );
        assert_eq!(
            list_with_status(&test.db, WorkspaceStatus::Ready, 5)
                .await
                .unwrap()
                .len(),
            1
        );

        mark_deleted(&test.db, first.id, later).await.unwrap();
        assert!(get(&test.db, first.id).await.unwrap().unwrap().deleted);
        assert_eq!(
            list_of_owner(&test.db, owner.id, None, 5).await.unwrap(),
            std::slice::from_ref(&second)
        );
        rename(&test.db, second.id, "first", later).await.unwrap();
        assert!(rename(&test.db, first.id, "other", later).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn builds_keep_their_log_and_end_once_and_agents_end_with_the_next() {
    for_both(async |test| {
        let owner = owner(&test.db).await;
        let workspace = row(&owner, "first");
        add(&test.db, &workspace).await.unwrap();
        let start = async |hash: &[u8], at: DateTime<Utc>| {
            let (build_id, agent_id) = (BuildId::generate(), AgentId::generate());
            let mut tx = test.db.begin().await.unwrap();
            builds::insert(&mut tx, build_id, workspace.id, Transition::Start, at)
                .await
                .unwrap();
            let agent = NewAgent {
                id: agent_id,
                workspace_id: workspace.id,
                build_id,
                token_hash: hash,
                created_at: at,
            };
            agents::insert(&mut tx, agent).await.unwrap();
            tx.commit().await.unwrap();
            (build_id, agent_id)
        };
        let (first_build, first_agent) = start(b"one", now()).await;
        builds::append_log(&test.db, first_build, "a\n")
            .await
            .unwrap();
        builds::append_log(&test.db, first_build, "b\n")
            .await
            .unwrap();
        let log = builds::get_log(&test.db, workspace.id, first_build)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((log.text.as_str(), log.is_finished), ("a\nb\n", false));
        assert_eq!(
            builds::get_log(&test.db, WorkspaceId::generate(), first_build)
                .await
                .unwrap(),
            None
        );
        builds::finish(&test.db, first_build, Some("broken"), now())
            .await
            .unwrap();
        builds::finish(&test.db, first_build, None, now())
            .await
            .unwrap();

        let later = now() + TimeDelta::seconds(1);
        let (second_build, second_agent) = start(b"two", later).await;
        let stopped = agents::find(&test.db, b"one").await.unwrap().unwrap();
        assert_eq!(
            (stopped.id, stopped.stopped_at, stopped.owner_id),
            (first_agent, Some(later), owner.id)
        );
        let current = agents::current(&test.db, workspace.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((current.id, current.stopped_at), (second_agent, None));
        assert_eq!(
            agents::get(&test.db, second_agent).await.unwrap(),
            Some(current)
        );
        assert_eq!(agents::find(&test.db, b"three").await.unwrap(), None);

        let listed = builds::list(&test.db, workspace.id, 5).await.unwrap();
        assert_eq!(
            listed.iter().map(|build| build.id).collect::<Vec<_>>(),
            [second_build, first_build]
        );
        assert_eq!(
            (listed[1].status, listed[1].reason.as_deref()),
            (BuildStatus::Failed, Some("broken"))
        );
        let latest = builds::latest_of_person(&test.db, owner.id).await.unwrap();
        assert_eq!(
            (latest.len(), latest[0].0, latest[0].1.id),
            (1, workspace.id, second_build)
        );
        let reason_of = async || {
            let listed = builds::list(&test.db, workspace.id, 1).await.unwrap();
            (listed[0].status, listed[0].reason.clone())
        };
        let failed = |reason: &str| (BuildStatus::Failed, Some(reason.to_owned()));
        let begun_at = listed[0].created_at;
        let before = begun_at - chrono::TimeDelta::seconds(1);
        builds::finish_all(&test.db, before, "lost", later)
            .await
            .unwrap();
        assert_eq!(reason_of().await, (BuildStatus::Running, None));
        builds::finish_all(&test.db, begun_at, "restarted", later)
            .await
            .unwrap();
        assert_eq!(reason_of().await, failed("restarted"));
        builds::finish_of_workspace(&test.db, workspace.id, "ended already", later)
            .await
            .unwrap();
        assert_eq!(reason_of().await, failed("restarted"));
        agents::stop_all(&test.db, workspace.id, later)
            .await
            .unwrap();
        assert_eq!(agents::current(&test.db, workspace.id).await.unwrap(), None);
    })
    .await;
}
