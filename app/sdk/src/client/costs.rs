//! What calls to models cost.

use super::{Client, ClientError};
use crate::costs::{BackfilledCosts, ChatTotals, CostRange, CostSummary, ListUserCosts, UserCosts};
use crate::ids::{ChatId, ModelConfigId};

const COST: &str = "/api/experimental/chats/cost";

impl Client {
    /// `GET /cost/{user}/summary`; `user` is an id, a user name or `me`.
    pub async fn get_cost_summary(
        &self,
        user: &str,
        range: &CostRange,
    ) -> Result<CostSummary, ClientError> {
        self.get_with(&format!("{COST}/{user}/summary"), range)
            .await
    }

    /// `GET /cost/users`.
    pub async fn list_user_costs(&self, query: &ListUserCosts) -> Result<UserCosts, ClientError> {
        self.get_with(&format!("{COST}/users"), query).await
    }

    /// `GET /api/v2/chats/{chat}/cost`.
    pub async fn get_chat_cost(&self, chat: ChatId) -> Result<ChatTotals, ClientError> {
        self.get(&format!("/api/v2/chats/{chat}/cost")).await
    }

    /// `POST /api/v2/model-configs/{model_config}/costs`.
    pub async fn backfill_costs(
        &self,
        model: ModelConfigId,
    ) -> Result<BackfilledCosts, ClientError> {
        self.post_nothing(&format!("/api/v2/model-configs/{model}/costs"))
            .await
    }
}
