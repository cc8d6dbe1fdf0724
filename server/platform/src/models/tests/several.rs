//! Adding several models at once.

use sdk::audit_log::ListAuditLog;

use super::*;
use crate::failure::Failure as _;

#[tokio::test]
async fn several_models_are_added_in_their_order_and_the_first_is_the_default() {
    on_both(async |test| {
        let owner = test.owner().await;
        let one = provider(&test, &owner, "One").await;
        let wanted = vec![new(one, "a"), new(one, "b"), new(one, "c")];
        let added = test.platform.create_model_configs(&owner, wanted).await;
        let added: Vec<_> = added
            .unwrap()
            .into_iter()
            .map(|config| (config.model, config.is_default))
            .collect();
        let expected = [("a", true), ("b", false), ("c", false)];
        assert_eq!(
            added,
            expected.map(|(name, is_default)| (name.to_owned(), is_default))
        );
        let nothing = test.platform.create_model_configs(&owner, vec![]).await;
        assert!(nothing.unwrap().is_empty());
        let member = test.member(&owner).await;
        let refused = test
            .platform
            .create_model_configs(&member, vec![new(one, "d")])
            .await;
        assert!(matches!(refused, Err(ModelError::Forbidden)));
    })
    .await;
}

#[tokio::test]
async fn when_one_of_several_is_refused_none_is_added_and_it_is_named() {
    on_both(async |test| {
        let owner = test.owner().await;
        let one = provider(&test, &owner, "One").await;
        add(&test, &owner, one, "b").await;
        let log = ListAuditLog::default();
        let before = test
            .platform
            .list_audit_log(&owner, log.clone())
            .await
            .unwrap();
        for (last, status) in [("b", FailureKind::Conflict), ("", FailureKind::Invalid)] {
            let wanted = vec![new(one, "a"), new(one, last), new(one, "c")];
            let refused = test.platform.create_model_configs(&owner, wanted).await;
            let refused = refused.unwrap_err();
            assert_eq!(refused.kind(), status);
            assert_eq!(refused.validations().is_empty(), last == "b");
            let words = refused.to_string();
            assert!(
                words.starts_with(&format!("Nothing was added, because of {last}: ")),
                "{words}"
            );
        }
        let twice = vec![new(one, "x"), new(one, "x")];
        let refused = test.platform.create_model_configs(&owner, twice).await;
        assert!(matches!(refused, Err(ModelError::NothingAdded { .. })));
        let listed = test.platform.list_model_configs(&owner).await.unwrap();
        let names: Vec<_> = listed.iter().map(|config| config.model.as_str()).collect();
        assert_eq!(names, ["b"]);
        let after = test.platform.list_audit_log(&owner, log).await.unwrap();
        assert_eq!(before, after, "what did not happen is told");
    })
    .await;
}
