//! Queries of provider_configs.
