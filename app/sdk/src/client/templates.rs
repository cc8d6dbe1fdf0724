//! What workspaces are made from.

use reqwest::Method;

use super::{Client, ClientError};
use crate::ids::TemplateId;
use crate::templates::{CreateTemplate, Template, UpdateTemplate};

const TEMPLATES: &str = "/api/v2/templates";

impl Client {
    /// `GET /templates`.
    pub async fn list_templates(&self) -> Result<Vec<Template>, ClientError> {
        self.get(TEMPLATES).await
    }

    /// `POST /templates`.
    pub async fn create_template(
        &self,
        template: &CreateTemplate,
    ) -> Result<Template, ClientError> {
        self.call(Method::POST, TEMPLATES, template).await
    }

    /// `GET /templates/{template}`.
    pub async fn get_template(&self, id: TemplateId) -> Result<Template, ClientError> {
        self.get(&format!("{TEMPLATES}/{id}")).await
    }

    /// `PATCH /templates/{template}`.
    pub async fn update_template(
        &self,
        id: TemplateId,
        change: &UpdateTemplate,
    ) -> Result<Template, ClientError> {
        self.call(Method::PATCH, &format!("{TEMPLATES}/{id}"), change)
            .await
    }

    /// `DELETE /templates/{template}`.
    pub async fn delete_template(&self, id: TemplateId) -> Result<(), ClientError> {
        self.delete(&format!("{TEMPLATES}/{id}")).await
    }
}
