//! Organizations that the caller belongs to.

use sdk::organizations::Organization;
use store::{StoreError, organizations};

use crate::{Actor, Platform};

impl Platform {
    /// The caller's organizations.
    pub async fn list_organizations(&self, actor: &Actor) -> Result<Vec<Organization>, StoreError> {
        organizations::list_of_user(&self.0.db, actor.user_id).await
    }
}
