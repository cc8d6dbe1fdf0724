//! Workspaces, their builds, and the folders they may use.

use reqwest::Method;

use super::{Client, ClientError};
use crate::allowed_folders::{AllowedFolder, CreateAllowedFolder};
use crate::ids::{AllowedFolderId, BuildId, WorkspaceId};
use crate::workspace_shares::{UpdateWorkspaceAcl, WorkspaceAcl};
use crate::workspaces::{
    Build, BuildLog, CreateBuild, CreateWorkspace, DeleteWorkspace, ListWorkspaces, ReadBuildLog,
    UnsavedWork, UpdateWorkspace, Workspace,
};

const WORKSPACES: &str = "/api/v2/workspaces";
const ALLOWED_FOLDERS: &str = "/api/v2/allowed-folders";

impl Client {
    /// `GET /workspaces`: one's own.
    pub async fn list_workspaces(
        &self,
        query: &ListWorkspaces,
    ) -> Result<Vec<Workspace>, ClientError> {
        self.get_with(WORKSPACES, query).await
    }

    /// `POST /workspaces`: makes one and starts it.
    pub async fn create_workspace(
        &self,
        workspace: &CreateWorkspace,
    ) -> Result<Workspace, ClientError> {
        self.call(Method::POST, WORKSPACES, workspace).await
    }

    /// `GET /workspaces/{workspace}`.
    pub async fn get_workspace(&self, id: WorkspaceId) -> Result<Workspace, ClientError> {
        self.get(&format!("{WORKSPACES}/{id}")).await
    }

    /// `PATCH /workspaces/{workspace}`.
    pub async fn update_workspace(
        &self,
        id: WorkspaceId,
        change: &UpdateWorkspace,
    ) -> Result<Workspace, ClientError> {
        self.call(Method::PATCH, &format!("{WORKSPACES}/{id}"), change)
            .await
    }

    /// `DELETE /workspaces/{workspace}`: 409 when work would be lost, unless `force`.
    pub async fn delete_workspace(
        &self,
        id: WorkspaceId,
        query: DeleteWorkspace,
    ) -> Result<(), ClientError> {
        self.delete(&format!("{WORKSPACES}/{id}?force={}", query.force))
            .await
    }

    /// `GET /workspaces/{workspace}/unsaved-work`: what deleting would lose.
    pub async fn get_unsaved_work(&self, id: WorkspaceId) -> Result<UnsavedWork, ClientError> {
        self.get(&format!("{WORKSPACES}/{id}/unsaved-work")).await
    }

    /// `POST /workspaces/{workspace}/builds`: starts, stops or deletes.
    pub async fn create_build(
        &self,
        id: WorkspaceId,
        build: &CreateBuild,
    ) -> Result<Build, ClientError> {
        self.call(Method::POST, &format!("{WORKSPACES}/{id}/builds"), build)
            .await
    }

    /// `GET /workspaces/{workspace}/builds`, newest first.
    pub async fn list_builds(&self, id: WorkspaceId) -> Result<Vec<Build>, ClientError> {
        self.get(&format!("{WORKSPACES}/{id}/builds")).await
    }

    /// `GET /workspaces/{workspace}/builds/{build}/log`: from an offset on, waiting for more.
    pub async fn get_build_log(
        &self,
        id: WorkspaceId,
        build: BuildId,
        query: &ReadBuildLog,
    ) -> Result<BuildLog, ClientError> {
        self.get_with(&format!("{WORKSPACES}/{id}/builds/{build}/log"), query)
            .await
    }

    /// `GET /workspaces/{workspace}/acl`: with whom it is shared.
    pub async fn get_workspace_acl(&self, id: WorkspaceId) -> Result<WorkspaceAcl, ClientError> {
        self.get(&format!("{WORKSPACES}/{id}/acl")).await
    }

    /// `PATCH /workspaces/{workspace}/acl`: what those that are named may do from now on.
    pub async fn update_workspace_acl(
        &self,
        id: WorkspaceId,
        change: &UpdateWorkspaceAcl,
    ) -> Result<(), ClientError> {
        self.call_for_nothing(Method::PATCH, &format!("{WORKSPACES}/{id}/acl"), change)
            .await
    }

    /// `DELETE /workspaces/{workspace}/acl`: it is shared with nobody.
    pub async fn delete_workspace_acl(&self, id: WorkspaceId) -> Result<(), ClientError> {
        self.delete(&format!("{WORKSPACES}/{id}/acl")).await
    }

    /// `GET /allowed-folders`.
    pub async fn list_allowed_folders(&self) -> Result<Vec<AllowedFolder>, ClientError> {
        self.get(ALLOWED_FOLDERS).await
    }

    /// `POST /allowed-folders`.
    pub async fn create_allowed_folder(
        &self,
        folder: &CreateAllowedFolder,
    ) -> Result<AllowedFolder, ClientError> {
        self.call(Method::POST, ALLOWED_FOLDERS, folder).await
    }

    /// `DELETE /allowed-folders/{id}`.
    pub async fn delete_allowed_folder(&self, id: AllowedFolderId) -> Result<(), ClientError> {
        self.delete(&format!("{ALLOWED_FOLDERS}/{id}")).await
    }
}
