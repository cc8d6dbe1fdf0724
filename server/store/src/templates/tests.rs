//! The contract of the rows, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use chrono::{TimeZone, Utc};
use sdk::organizations::Organization;
use sdk::templates::{ParameterType, ParameterValidation};

use super::*;
use crate::organizations;
use crate::testing::for_both;

#[tokio::test]
async fn a_template_is_read_as_written_changed_and_gone() {
    for_both(async |test| {
        let now = Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).unwrap();
        let organization = Organization {
            id: OrganizationId::generate(),
            name: "default".to_owned(),
            is_default: true,
            created_at: now,
        };
        let row = TemplateRow {
            id: TemplateId::generate(),
            organization_id: organization.id,
            name: "rust".to_owned(),
            display_name: "Rust".to_owned(),
            description: "A service".to_owned(),
            icon: "🦀".to_owned(),
            backend: TemplateBackend::Local,
            folder: None,
            repository_url: Some("https://example.com/a.git".to_owned()),
            branch: Some("main".to_owned()),
            setup_script: "make deps".to_owned(),
            environment: [("A".to_owned(), "b".to_owned())].into(),
            parameters: vec![TemplateParameter {
                name: "size".to_owned(),
                kind: ParameterType::Number,
                default: Some("2".to_owned()),
                validation: Some(ParameterValidation {
                    min: Some(0.5),
                    ..ParameterValidation::default()
                }),
                ..TemplateParameter::default()
            }],
            idle_stop_seconds: Some(600),
            deprecated: false,
            deleted: false,
            created_at: now,
            updated_at: now,
        };
        let mut tx = test.db.begin().await.unwrap();
        organizations::insert(&mut tx, &organization).await.unwrap();
        insert(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(get(&test.db, row.id).await.unwrap(), Some(row.clone()));
        let same_name = TemplateRow {
            id: TemplateId::generate(),
            ..row.clone()
        };
        let mut tx = test.db.begin().await.unwrap();
        let refused = insert(&mut tx, &same_name).await.unwrap_err();
        assert!(refused.unique_violation().is_some());
        drop(tx);
        let gone = TemplateRow {
            deleted: true,
            ..row.clone()
        };
        let mut tx = test.db.begin().await.unwrap();
        update(&mut tx, &gone).await.unwrap();
        insert(&mut tx, &same_name).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(get(&test.db, row.id).await.unwrap(), Some(gone));
        let listed = list(&test.db, organization.id, 10).await.unwrap();
        assert_eq!(listed, [same_name]);
        assert!(
            developers(&test.db, organization.id)
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}
