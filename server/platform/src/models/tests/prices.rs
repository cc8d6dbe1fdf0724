//! Prices, apart from the other fields of a model.

use super::*;

#[tokio::test]
async fn prices_are_changed_without_the_other_options_of_a_model() {
    on_both(async |test| {
        let owner = test.owner().await;
        let one = provider(&test, &owner, "One").await;
        let made = add(&test, &owner, one, "m").await;
        update(&test, &owner, made.id, |request| {
            request.model_config = Some(ModelCallConfig {
                max_output_tokens: Some(7),
                ..ModelCallConfig::default()
            });
        })
        .await
        .unwrap();
        let priced = async |prices: ModelPrices| {
            let request = UpdateModelConfig {
                display_name: Some("Named".to_owned()),
                ..UpdateModelConfig::default()
            };
            let platform = &test.platform;
            platform
                .update_priced_model(&owner, made.id, request, prices.into())
                .await
        };
        let free = ModelPrices {
            input_price_per_million_tokens: Some("0".parse().unwrap()),
            ..ModelPrices::default()
        };
        let changed = priced(free.clone()).await.unwrap();
        assert_eq!(changed.display_name, "Named");
        assert_eq!(changed.model_config.max_output_tokens, Some(7));
        assert_eq!(changed.model_config.cost, Some(free), "free is not unknown");

        let negative = ModelPrices {
            output_price_per_million_tokens: Some("-0.1".parse().unwrap()),
            ..ModelPrices::default()
        };
        let ModelError::Invalid(refused) = priced(negative).await.unwrap_err() else {
            panic!("not refused")
        };
        assert_eq!(
            refused[0].field,
            "model_config.cost.output_price_per_million_tokens"
        );

        let emptied = priced(ModelPrices::default()).await.unwrap();
        assert_eq!(emptied.model_config.cost, None);
        assert_eq!(emptied.model_config.max_output_tokens, Some(7));
        let member = test.member(&owner).await;
        let refused = test
            .platform
            .update_priced_model(
                &member,
                made.id,
                UpdateModelConfig::default(),
                ModelForm::default(),
            )
            .await;
        assert!(matches!(refused, Err(ModelError::Forbidden)));
        assert!(matches!(
            test.platform.list_prices(&member),
            Err(ModelError::NotFound)
        ));
    })
    .await;
}
