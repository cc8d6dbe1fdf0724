//! What calls to models used and cost. Money is whole micro-dollars (millionths of a US dollar).
//!
//! Ranges are half-open: `start_date <= time < end_date`. A message here is one call to a model: an answer, a title, a
//! summary, also one that was edited away or deleted since.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{ChatId, ModelConfigId, UserId};
use crate::providers::ProviderKind;

/// Query of `GET /cost/{user}/summary`. Without dates the last 30 days are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CostRange {
    /// From this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<DateTime<Utc>>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<DateTime<Utc>>,
}

/// Query of `GET /api/v2/users/{user}/costs.csv`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DownloadCosts {
    /// From this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<DateTime<Utc>>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<DateTime<Utc>>,
    /// Which table.
    pub by: CostTable,
}

/// What a table of costs has a row for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CostTable {
    /// Each day.
    Day,
    /// Each model.
    Model,
    /// Each root chat.
    #[default]
    Chat,
}

impl CostTable {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Model => "model",
            Self::Chat => "chat",
        }
    }
}

/// Query of `GET /cost/users`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListUserCosts {
    /// From this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<DateTime<Utc>>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<DateTime<Utc>>,
    /// Part of a user name or a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// People on a page; 10 when absent or not above zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// People to leave out before the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
}

/// A struct of the given fields and of the sums over calls, which stand beside them on the wire.
///
/// The fields are spelled out for each, because reading with serde's `flatten` is a second reader that a browser would have to
/// load.
macro_rules! with_totals {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            /// Micro-dollars of the calls that have a price.
            pub total_cost_micros: i64,
            /// Calls.
            pub message_count: i64,
            /// Of those, how many have no known price.
            pub unpriced_message_count: i64,
            /// Input that no cache held.
            pub total_input_tokens: i64,
            /// Output, reasoning included.
            pub total_output_tokens: i64,
            /// Input read from providers' caches.
            pub total_cache_read_tokens: i64,
            /// Input written to providers' caches.
            pub total_cache_creation_tokens: i64,
            /// How long the calls took.
            pub total_runtime_ms: i64,
        }

        impl $name {
            /// It, with its sums.
            #[allow(clippy::too_many_arguments, reason = "as many as it has fields")]
            pub fn new($($field: $type,)* totals: CostTotals) -> Self {
                Self {
                    $($field,)*
                    total_cost_micros: totals.total_cost_micros,
                    message_count: totals.message_count,
                    unpriced_message_count: totals.unpriced_message_count,
                    total_input_tokens: totals.total_input_tokens,
                    total_output_tokens: totals.total_output_tokens,
                    total_cache_read_tokens: totals.total_cache_read_tokens,
                    total_cache_creation_tokens: totals.total_cache_creation_tokens,
                    total_runtime_ms: totals.total_runtime_ms,
                }
            }

            /// Its sums.
            pub const fn totals(&self) -> CostTotals {
                CostTotals {
                    total_cost_micros: self.total_cost_micros,
                    message_count: self.message_count,
                    unpriced_message_count: self.unpriced_message_count,
                    total_input_tokens: self.total_input_tokens,
                    total_output_tokens: self.total_output_tokens,
                    total_cache_read_tokens: self.total_cache_read_tokens,
                    total_cache_creation_tokens: self.total_cache_creation_tokens,
                    total_runtime_ms: self.total_runtime_ms,
                }
            }
        }
    };
}

/// Sums over calls. Unpriced calls add nothing to the cost, and what they used to the tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CostTotals {
    /// Micro-dollars of the calls that have a price.
    pub total_cost_micros: i64,
    /// Calls.
    pub message_count: i64,
    /// Of those, how many have no known price.
    pub unpriced_message_count: i64,
    /// Input that no cache held.
    pub total_input_tokens: i64,
    /// Output, reasoning included.
    pub total_output_tokens: i64,
    /// Input read from providers' caches.
    pub total_cache_read_tokens: i64,
    /// Input written to providers' caches.
    pub total_cache_creation_tokens: i64,
    /// How long the calls took.
    pub total_runtime_ms: i64,
}

impl CostTotals {
    /// Adds other sums.
    pub const fn add(&mut self, other: &Self) {
        self.total_cost_micros = self
            .total_cost_micros
            .saturating_add(other.total_cost_micros);
        self.message_count = self.message_count.saturating_add(other.message_count);
        self.unpriced_message_count = self
            .unpriced_message_count
            .saturating_add(other.unpriced_message_count);
        self.total_input_tokens = self
            .total_input_tokens
            .saturating_add(other.total_input_tokens);
        self.total_output_tokens = self
            .total_output_tokens
            .saturating_add(other.total_output_tokens);
        self.total_cache_read_tokens = self
            .total_cache_read_tokens
            .saturating_add(other.total_cache_read_tokens);
        self.total_cache_creation_tokens = self
            .total_cache_creation_tokens
            .saturating_add(other.total_cache_creation_tokens);
        self.total_runtime_ms = self.total_runtime_ms.saturating_add(other.total_runtime_ms);
    }
}

/// Answer of `GET /cost/{user}/summary`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostSummary {
    /// From this time on.
    pub start_date: DateTime<Utc>,
    /// Before this time.
    pub end_date: DateTime<Utc>,
    /// Micro-dollars of the calls that have a price.
    pub total_cost_micros: i64,
    /// Calls with a price, free ones among them.
    pub priced_message_count: i64,
    /// Calls without a known price.
    pub unpriced_message_count: i64,
    /// Input that no cache held.
    pub total_input_tokens: i64,
    /// Output, reasoning included.
    pub total_output_tokens: i64,
    /// Input read from providers' caches.
    pub total_cache_read_tokens: i64,
    /// Input written to providers' caches.
    pub total_cache_creation_tokens: i64,
    /// How long the calls took.
    pub total_runtime_ms: i64,
    /// By the model that ran them, the dearest first.
    pub by_model: Vec<ModelCost>,
    /// By root chat, what its subagents spent included, the dearest first; at most 1,000.
    pub by_chat: Vec<ChatCost>,
    /// How many root chats there are, also beyond those in `by_chat`.
    pub chat_count: i64,
    /// By day in UTC, the oldest first; days without calls are left out.
    pub by_day: Vec<DayCost>,
}

with_totals! {
    /// What one model cost.
    ModelCost {
        /// The model, deleted or not.
        model_config_id: ModelConfigId,
        /// Its name; empty when nothing is known of it any more.
        display_name: String,
        /// Its provider's wire protocol.
        provider: Option<ProviderKind>,
        /// The provider's identifier of it.
        model: String,
    }
}

with_totals! {
    /// What one chat with its subagents cost.
    ChatCost {
        /// The chat at the top of the tree.
        root_chat_id: ChatId,
        /// Its title; empty when it was deleted.
        chat_title: String,
    }
}

with_totals! {
    /// What one day cost.
    DayCost {
        /// The day in UTC.
        date: NaiveDate,
    }
}

/// Answer of `GET /cost/users`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCosts {
    /// From this time on.
    pub start_date: DateTime<Utc>,
    /// Before this time.
    pub end_date: DateTime<Utc>,
    /// How many people there are, also beyond this page.
    pub count: i64,
    /// The dearest first, then by user name.
    pub users: Vec<UserCost>,
}

with_totals! {
    /// What one person's chats cost.
    UserCost {
        /// The person.
        user_id: UserId,
        /// Their user name; empty when the account was deleted.
        username: String,
        /// Their name.
        name: String,
        /// Root chats in which calls were made.
        chat_count: i64,
    }
}

with_totals! {
    /// Answer of `GET /api/v2/chats/{chat}/cost`: what the chat has cost so far, the chats below it included.
    ChatTotals {
        /// Of the cost, what the chats below it spent.
        subagents_cost_micros: i64,
    }
}

/// Answer of `POST /api/v2/model-configs/{model_config}/costs`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackfilledCosts {
    /// Calls that had no price and have one now.
    pub priced_message_count: i64,
    /// Calls that still have none, because no count of theirs has a price.
    pub unpriced_message_count: i64,
}
