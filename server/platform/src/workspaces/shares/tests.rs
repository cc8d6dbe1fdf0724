//! What a shared workspace lets others do: what they were given, and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeMap;

use sdk::users::Role;
use sdk::workspaces::{
    CreateBuild, CreateWorkspace, ListWorkspaces, Transition, UpdateWorkspace, Workspace,
};

use super::*;
use crate::testing::{TestPlatform, on_both};
use crate::{Failure as _, FailureKind};

struct Stage {
    test: TestPlatform,
    admin: Actor,
    owner: Actor,
    guest: Actor,
    id: WorkspaceId,
}

impl Stage {
    async fn of(test: TestPlatform) -> Self {
        let admin = test.owner().await;
        let owner = test.member(&admin).await;
        test.add(&admin, "guest", Role::Member).await;
        let guest = test.sign_in("guest").await;
        let made = test
            .platform
            .create_workspace(&owner, CreateWorkspace::default())
            .await
            .unwrap();
        let stage = Self {
            test,
            admin,
            owner,
            guest,
            id: made.id,
        };
        // The agent of this test platform is /bin/false, so the start ends soon.
        while stage
            .get(&stage.owner)
            .await
            .unwrap()
            .latest_build
            .unwrap()
            .finished_at
            .is_none()
        {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        stage
    }

    fn platform(&self) -> &Platform {
        &self.test.platform
    }

    async fn get(&self, actor: &Actor) -> Result<Workspace, WorkspaceError> {
        self.platform().get_workspace(actor, self.id).await
    }

    async fn share(&self, named: &str, permissions: &[Permission]) -> Result<(), WorkspaceError> {
        let change = UpdateWorkspaceAcl {
            user_permissions: [(named.to_owned(), permissions.to_vec())].into(),
        };
        self.platform()
            .update_workspace_acl(&self.owner, self.id, change)
            .await
    }

    /// What the guest is answered who attaches, watches, starts, renames and deletes it; nothing when it works.
    async fn answers(&self) -> [Option<FailureKind>; 5] {
        let (platform, guest, id) = (self.platform(), &self.guest, self.id);
        let attached = platform.attachable_workspace(guest, id).await.map(drop);
        let watched = platform.connected_agent(guest, id).await.map(drop);
        let renamed = UpdateWorkspace {
            name: Some("theirs".to_owned()),
        };
        let renamed = platform
            .update_workspace(guest, id, renamed)
            .await
            .map(drop);
        let started = self.build(Transition::Start).await;
        let deleted = if started.is_ok() {
            Ok(())
        } else {
            self.build(Transition::Delete).await
        };
        let kind = |outcome: Result<(), WorkspaceError>| outcome.err().map(|error| error.kind());
        [
            kind(attached),
            kind(watched),
            kind(started),
            kind(renamed),
            kind(deleted),
        ]
    }

    async fn build(&self, transition: Transition) -> Result<(), WorkspaceError> {
        let request = CreateBuild {
            transition,
            parameters: BTreeMap::new(),
            force: true,
        };
        let begun = self.platform().create_build(&self.guest, self.id, request);
        match begun.await {
            // The turn of the build before is given back in a moment; who may not is told so first.
            Ok(_) | Err(WorkspaceError::Busy) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

const NO: Option<FailureKind> = Some(FailureKind::Forbidden);
const GONE: Option<FailureKind> = Some(FailureKind::NotFound);

#[tokio::test]
async fn each_permission_lets_do_its_own_and_nothing_else() {
    on_both(async |test| {
        let stage = Stage::of(test).await;
        assert_eq!(
            stage.get(&stage.guest).await.unwrap_err().kind(),
            FailureKind::NotFound
        );
        assert_eq!(stage.answers().await, [GONE; 5]);

        stage.share("guest", &[Permission::Read]).await.unwrap();
        assert_eq!(stage.get(&stage.guest).await.unwrap().id, stage.id);
        assert_eq!(stage.answers().await, [NO, NO, NO, NO, NO]);
        let listed = stage
            .platform()
            .list_builds(&stage.guest, stage.id)
            .await
            .unwrap();
        assert_eq!(listed.len(), 1);

        stage.share("guest", &[Permission::Ssh]).await.unwrap();
        assert_eq!(stage.answers().await, [None, None, NO, NO, NO]);
        stage
            .share("guest", &[Permission::ApplicationConnect])
            .await
            .unwrap();
        assert_eq!(stage.answers().await, [NO, None, NO, NO, NO]);
        stage.share("guest", &[Permission::Update]).await.unwrap();
        let [attached, watched, started, renamed, _] = stage.answers().await;
        assert_eq!([attached, watched, started, renamed], [NO, NO, None, None]);
        stage.share("guest", &[Permission::Delete]).await.unwrap();
        assert_eq!(stage.answers().await, [NO, NO, NO, NO, None]);
        stage.test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn only_whose_it_is_shares_it_and_takes_it_back() {
    on_both(async |test| {
        let stage = Stage::of(test).await;
        let platform = stage.platform();
        let (guest, id) = (stage.guest, stage.id);
        let own = ListWorkspaces::default();
        let shared = ListWorkspaces {
            shared: true,
            ..own
        };
        for (named, permissions) in [
            ("member", vec![Permission::Read]),
            ("nobody", vec![]),
            ("a\0b", vec![]),
        ] {
            let refused = stage.share(named, &permissions).await.unwrap_err();
            assert_eq!(refused.kind(), FailureKind::Invalid, "{named:?}");
        }
        stage.share("GUEST", &Permission::ALL).await.unwrap();
        assert_eq!(platform.list_workspaces(&guest, &own).await.unwrap(), []);
        let seen = platform.list_workspaces(&guest, &shared).await.unwrap();
        assert_eq!(seen.len(), 1);
        assert!(seen[0].latest_build.is_some());

        let acl = platform.get_workspace_acl(&stage.owner, id).await.unwrap();
        assert_eq!(acl.users.len(), 1);
        assert_eq!(acl.users[0].permissions, Permission::ALL);
        assert_eq!(
            platform.get_workspace_acl(&stage.admin, id).await.unwrap(),
            acl
        );
        let refused = platform.get_workspace_acl(&guest, id).await.unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Forbidden);
        let change = UpdateWorkspaceAcl::default();
        let refused = platform.update_workspace_acl(&guest, id, change).await;
        assert_eq!(refused.unwrap_err().kind(), FailureKind::Forbidden);
        let refused = platform.delete_workspace_acl(&guest, id).await;
        assert_eq!(refused.unwrap_err().kind(), FailureKind::Forbidden);

        stage.share(&guest.user_id.to_string(), &[]).await.unwrap();
        assert_eq!(
            stage.get(&guest).await.unwrap_err().kind(),
            FailureKind::NotFound
        );
        stage.share("guest", &[Permission::Read]).await.unwrap();
        platform
            .delete_workspace_acl(&stage.owner, id)
            .await
            .unwrap();
        assert_eq!(platform.list_workspaces(&guest, &shared).await.unwrap(), []);
        let refused = platform.get_workspace_acl(&guest, id).await.unwrap_err();
        assert_eq!(refused.kind(), FailureKind::NotFound);
        stage.test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn people_are_found_by_exact_names_and_addresses_alone() {
    on_both(async |test| {
        let stage = Stage::of(test).await;
        for named in ["guest", "GUEST", "guest@example.com", " Guest@Example.com "] {
            stage.share(named, &[Permission::Read]).await.unwrap();
            let acl = stage
                .platform()
                .get_workspace_acl(&stage.owner, stage.id)
                .await;
            assert_eq!(acl.unwrap().users[0].username, "guest", "{named}");
            stage.share(named, &[]).await.unwrap();
        }
        for named in [
            "gues",
            "guest@example",
            "@example.com",
            "@",
            "",
            "%",
            "g_est",
            "a\0b@c",
        ] {
            let refused = stage.share(named, &[Permission::Read]).await.unwrap_err();
            assert_eq!(refused.kind(), FailureKind::Invalid, "{named:?}");
            assert!(refused.validations()[0].detail.contains("no such user"));
        }
    })
    .await;
}

#[tokio::test]
async fn each_is_told_what_they_may_do_and_strangers_nothing() {
    on_both(async |test| {
        let stage = Stage::of(test).await;
        let may = async |actor: &Actor| {
            let permissions = stage.platform().get_workspace_permissions(actor, stage.id);
            permissions.await.map_err(|error| error.kind())
        };
        assert_eq!(may(&stage.owner).await, Ok(Permission::ALL.to_vec()));
        assert_eq!(may(&stage.admin).await, Ok(Permission::ALL.to_vec()));
        assert_eq!(may(&stage.guest).await, Err(FailureKind::NotFound));
        let given = [Permission::Read, Permission::Update];
        stage.share("guest", &given).await.unwrap();
        assert_eq!(may(&stage.guest).await, Ok(given.to_vec()));
    })
    .await;
}

#[tokio::test]
async fn whose_it_is_is_told_to_those_who_may_see_it() {
    on_both(async |test| {
        let stage = Stage::of(test).await;
        let workspace = stage.get(&stage.owner).await.unwrap();
        let whose = async |actor: &Actor| {
            let standing = stage.platform().get_workspace_standing(actor, &workspace);
            let standing = standing.await.map_err(|error| error.kind());
            standing.map(|standing| standing.owner)
        };
        assert_eq!(whose(&stage.owner).await, Ok(None));
        assert_eq!(whose(&stage.guest).await, Err(FailureKind::NotFound));
        stage.share("guest", &[Permission::Read]).await.unwrap();
        let told = whose(&stage.guest).await.unwrap().unwrap();
        assert_eq!(Ok(Some(told)), whose(&stage.admin).await);
    })
    .await;
}
