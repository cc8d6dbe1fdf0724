//! The list of models that Anthropic offers, page by page.

use http::Method;
use serde::Deserialize;

use super::Shared;
use crate::limits::{self, ModelLimits};
use crate::{Error, ModelInfo, RequestMetadata};

/// Pages that are read at most; a hundred models each is more than there are.
const MOST_PAGES: usize = 10;

#[derive(Deserialize)]
struct Page {
    data: Vec<Entry>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    last_id: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    lifecycle: Option<String>,
    #[serde(default)]
    max_input_tokens: Option<u64>,
    #[serde(default)]
    max_tokens: Option<u64>,
}

pub(super) async fn list(shared: &Shared) -> Result<Vec<ModelInfo>, Error> {
    let mut models = Vec::new();
    let mut after_id: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut url = shared.endpoint.base.join("/v1/models");
        url.query_pairs_mut().append_pair("limit", "100");
        if let Some(id) = &after_id {
            url.query_pairs_mut().append_pair("after_id", id);
        }
        let call = shared.call(
            (Method::GET, url),
            Vec::new(),
            &RequestMetadata::default(),
            None,
        )?;
        let page: Page = call.fetch().await?;
        models.extend(page.data.into_iter().filter_map(Entry::into_model));
        after_id = page.last_id.filter(|_| page.has_more);
        if after_id.is_none() {
            break;
        }
    }
    Ok(models)
}

impl Entry {
    /// A retired model is listed as history but can no longer be called.
    fn into_model(self) -> Option<ModelInfo> {
        if self.lifecycle.as_deref() == Some("retired") {
            return None;
        }
        let known = limits::known(&self.id);
        let limits = ModelLimits {
            context_tokens: self.max_input_tokens.unwrap_or(known.context_tokens),
            max_output_tokens: self.max_tokens.unwrap_or(known.max_output_tokens),
        };
        let display_name = self.display_name.unwrap_or_else(|| self.id.clone());
        Some(ModelInfo {
            id: self.id,
            display_name,
            limits,
        })
    }
}
