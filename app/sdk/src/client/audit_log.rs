//! The audit log.

use super::{Client, ClientError};
use crate::audit_log::{AuditLog, ListAuditLog};

impl Client {
    /// `GET /api/v2/audit-log`.
    pub async fn list_audit_log(&self, query: &ListAuditLog) -> Result<AuditLog, ClientError> {
        self.get_with("/api/v2/audit-log", query).await
    }
}
