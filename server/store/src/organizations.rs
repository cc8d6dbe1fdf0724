//! Organizations: one default organization, made at the first start.

use chrono::{DateTime, Utc};
use sdk::ids::{OrganizationId, UserId};
use sdk::organizations::Organization;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx};

const GET_DEFAULT: &str =
    "SELECT id, name, is_default, created_at FROM organizations WHERE is_default";
const INSERT: &str =
    "INSERT INTO organizations (id, name, is_default, created_at) VALUES ($1, $2, $3, $4)";
const LIST_OF_USER: &str = "SELECT o.id, o.name, o.is_default, o.created_at \
     FROM organizations o JOIN users u ON u.organization_id = o.id WHERE u.id = $1 ORDER BY o.name";

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    name: String,
    is_default: bool,
    created_at: DateTime<Utc>,
}

impl From<Raw> for Organization {
    fn from(raw: Raw) -> Self {
        Self {
            id: OrganizationId(raw.id),
            name: raw.name,
            is_default: raw.is_default,
            created_at: raw.created_at,
        }
    }
}

/// The default organization.
pub async fn get_default(db: &Db) -> Result<Option<Organization>, StoreError> {
    let raw: Option<Raw> =
        on_reader!(db, pool => sqlx::query_as(GET_DEFAULT).fetch_optional(pool).await?);
    Ok(raw.map(Organization::from))
}

/// The default organization, as the transaction sees it.
pub async fn get_default_in(tx: &mut Tx) -> Result<Option<Organization>, StoreError> {
    let raw: Option<Raw> =
        on_tx!(tx, connection => sqlx::query_as(GET_DEFAULT).fetch_optional(connection).await?);
    Ok(raw.map(Organization::from))
}

/// The organizations that a user belongs to.
pub async fn list_of_user(db: &Db, user_id: UserId) -> Result<Vec<Organization>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool =>
        sqlx::query_as(LIST_OF_USER).bind(user_id.0).fetch_all(pool).await?);
    Ok(raw.into_iter().map(Organization::from).collect())
}

/// A new organization.
pub async fn insert(tx: &mut Tx, organization: &Organization) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(organization.id.0)
        .bind(&organization.name)
        .bind(organization.is_default)
        .bind(organization.created_at)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

crate::statements![GET_DEFAULT, INSERT, LIST_OF_USER];
