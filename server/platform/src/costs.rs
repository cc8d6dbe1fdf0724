//! What calls to models cost: a person's own, and for those who may see it everybody's.

mod csv;

use chrono::{DateTime, TimeDelta, Utc};
use sdk::audit_log::AuditAction;
use sdk::costs::{BackfilledCosts, ChatTotals, CostRange, CostSummary, ListUserCosts, UserCosts};
use sdk::errors::Validation;
use sdk::ids::{ChatId, ModelConfigId};
use sdk::permissions::Permission;
use store::costs::backfill::{self, Hour};
use store::costs::{self, Range, people, summary};
use store::{StoreError, model_configs};

pub use self::csv::to_csv;

use crate::audit_log::Change;
use crate::chats::ChatFailure;
use crate::users::UserError;
use crate::{Actor, Failure, FailureKind, Platform};

/// What is shown when nobody says which time is meant.
const USUAL_RANGE: TimeDelta = TimeDelta::days(30);
const USUAL_PAGE: i64 = 10;
/// People on a page at most, whatever was asked for.
const MAX_PAGE: i64 = 1000;

/// Why something about costs failed.
#[derive(Debug, thiserror::Error)]
pub enum CostError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// No such model.
    #[error("There is no such model.")]
    ModelNotFound,
    /// The model has no price to book.
    #[error("This model has no price yet. Set one first, then price what it was used for.")]
    NoPrice,
    /// Only owners may.
    #[error("Your role does not allow this. Ask an owner or administrator of this deployment.")]
    Forbidden,
    /// The person.
    #[error(transparent)]
    User(#[from] UserError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for CostError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::ModelNotFound => FailureKind::NotFound,
            Self::NoPrice => FailureKind::Conflict,
            Self::Forbidden => FailureKind::Forbidden,
            Self::User(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(validations) => validations.clone(),
            Self::User(error) => error.validations(),
            _ => Vec::new(),
        }
    }
}

impl Platform {
    /// What a person's chats cost in a range. People see their own; with [`Permission::ReadCosts`] everybody's.
    pub async fn get_cost_summary(
        &self,
        actor: &Actor,
        user: &str,
        range: CostRange,
    ) -> Result<CostSummary, CostError> {
        let user = self.find_user(actor, user).await?;
        let range = self.cost_range(range.start_date, range.end_date)?;
        Ok(summary::of_user(&self.0.db, user.id, range).await?)
    }

    /// What each person's chats cost in a range, the dearest first, in pages. Needs [`Permission::ReadCosts`].
    pub async fn list_user_costs(
        &self,
        actor: &Actor,
        query: ListUserCosts,
    ) -> Result<UserCosts, CostError> {
        actor.require(Permission::ReadCosts, CostError::Forbidden)?;
        let range = self.cost_range(query.start_date, query.end_date)?;
        let limit = match whole_number("limit", query.limit)? {
            Some(limit) if limit > 0 => limit.min(MAX_PAGE),
            _ => USUAL_PAGE,
        };
        let offset = whole_number("offset", query.offset)?.unwrap_or(0);
        if offset < 0 {
            return Err(invalid("offset", "Use 0 or a number above it."));
        }
        let name = query.username.unwrap_or_default();
        let name = name.trim();
        // PostgreSQL refuses to compare such text, and nobody's name holds it.
        let name = if name.contains('\0') { "\u{1}" } else { name };
        let (users, count) = people::list(&self.0.db, range, name, limit, offset).await?;
        Ok(UserCosts {
            start_date: range.start,
            end_date: range.end,
            count,
            users,
        })
    }

    /// What a chat of the caller has cost so far: a root chat with all that is below it.
    pub async fn get_chat_cost(
        &self,
        actor: &Actor,
        chat: ChatId,
    ) -> Result<ChatTotals, ChatFailure> {
        let row = self.own_chat(actor, chat).await?;
        Ok(costs::of_chat(&self.0.db, row.id, row.root_chat_id.unwrap_or(row.id)).await?)
    }

    /// Prices the calls of a model that have no price yet with what it costs now; those that have one keep it. Needs [`Permission::ManageSettings`].
    pub async fn backfill_costs(
        &self,
        actor: &Actor,
        model: ModelConfigId,
    ) -> Result<BackfilledCosts, CostError> {
        actor.require(Permission::ManageSettings, CostError::Forbidden)?;
        let row = model_configs::get(&self.0.db, model).await?;
        let row = row
            .filter(|row| !row.is_deleted)
            .ok_or(CostError::ModelNotFound)?;
        let prices = row.config.model_config.cost.clone().unwrap_or_default();
        if prices == sdk::models::ModelPrices::default() {
            return Err(CostError::NoPrice);
        }
        // Before the first of them: they get their prices hour by hour.
        let mut tx = self.0.db.begin().await?;
        let deed = Change::deed(AuditAction::ModelBackfillCosts, &row.config);
        self.record(&mut tx, actor, deed).await?;
        tx.commit().await?;
        let price = |call: &backfill::Unpriced| chatd::cost_micros(&call.usage(), Some(&prices));
        let mut done = BackfilledCosts::default();
        let mut after = Hour::FIRST;
        loop {
            let hours = backfill::hours(&self.0.db, model, after).await?;
            let Some(last) = hours.last() else { break };
            after = *last;
            for hour in hours {
                let (priced, left) = backfill::price_hour(&self.0.db, model, hour, price).await?;
                done.priced_message_count += priced;
                done.unpriced_message_count += left;
            }
        }
        tracing::info!(
            model_config_id = %model, by = %actor.user_id, priced = done.priced_message_count,
            "calls without a price were priced"
        );
        Ok(done)
    }

    /// Whether calls of a model were booked without a cost, which [`Self::backfill_costs`] can give them. Needs [`Permission::ReadSettings`].
    pub async fn has_unpriced_calls(
        &self,
        actor: &Actor,
        model: ModelConfigId,
    ) -> Result<bool, CostError> {
        actor.require(Permission::ReadSettings, CostError::ModelNotFound)?;
        let hours = backfill::hours(&self.0.db, model, Hour::FIRST).await?;
        Ok(!hours.is_empty())
    }

    fn cost_range(
        &self,
        start: Option<DateTime<Utc>>,
        end: Option<DateTime<Utc>>,
    ) -> Result<Range, CostError> {
        let end = end.unwrap_or_else(|| self.0.clock.now());
        let start = match start {
            Some(start) => start,
            None => end
                .checked_sub_signed(USUAL_RANGE)
                .ok_or_else(|| invalid("end_date", "Use a later time."))?,
        };
        if start > end {
            return Err(invalid(
                "start_date",
                "The range must begin before it ends.",
            ));
        }
        // Other years have no four digits, which the databases compare differently.
        let years = 1..=9998;
        for (field, time) in [("start_date", start), ("end_date", end)] {
            if !years.contains(&chrono::Datelike::year(&time)) {
                return Err(invalid(field, "Use a year between 1 and 9998."));
            }
        }
        Ok(Range {
            start: store::dialect::to_micros(start),
            end: store::dialect::to_micros(end),
        })
    }
}

/// Numbers on the wire fit 32 bits.
fn whole_number(field: &str, number: Option<i64>) -> Result<Option<i64>, CostError> {
    match number {
        Some(number) if i32::try_from(number).is_err() => {
            Err(invalid(field, "Use a number below 2,147,483,648."))
        }
        number => Ok(number),
    }
}

fn invalid(field: &str, detail: &str) -> CostError {
    CostError::Invalid(vec![Validation {
        field: field.to_owned(),
        detail: detail.to_owned(),
    }])
}
