//! Queries of model_configs.
