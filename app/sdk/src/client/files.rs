//! Files of chats.

use reqwest::{Method, header};

use super::{Client, ClientError, read, segment, send};
use crate::files::{UploadedFile, address, thumbnail_address};
use crate::ids::{FileId, OrganizationId};

/// A file's bytes with what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileContent {
    /// Media type.
    pub media_type: String,
    /// The bytes.
    pub data: Vec<u8>,
}

impl Client {
    /// `POST /files?organization=`.
    pub async fn upload_file(
        &self,
        organization: OrganizationId,
        name: &str,
        media_type: &str,
        data: Vec<u8>,
    ) -> Result<UploadedFile, ClientError> {
        let path = format!("/api/experimental/chats/files?organization={organization}");
        let disposition = format!("attachment; filename*=UTF-8''{}", segment(name));
        let request = self
            .request(Method::POST, &path)?
            .header(header::CONTENT_TYPE, media_type)
            .header(header::CONTENT_DISPOSITION, disposition)
            .body(data);
        read(send(request).await?).await
    }

    /// `GET /files/{file}`.
    pub async fn read_file(&self, id: FileId) -> Result<FileContent, ClientError> {
        self.read_bytes(&address(id)).await
    }

    /// `GET /files/{file}/thumbnail`.
    pub async fn read_thumbnail(&self, id: FileId) -> Result<FileContent, ClientError> {
        self.read_bytes(&thumbnail_address(id)).await
    }

    /// `DELETE /files/{file}`.
    pub async fn delete_file(&self, id: FileId) -> Result<(), ClientError> {
        self.delete(&format!("/api/v2/files/{id}")).await
    }

    pub(super) async fn read_bytes(&self, path: &str) -> Result<FileContent, ClientError> {
        let response = send(self.request(Method::GET, path)?).await?;
        let media_type = response.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_owned();
        let data = response.bytes().await.map_err(ClientError::Transport)?;
        Ok(FileContent {
            media_type,
            data: data.into(),
        })
    }
}
