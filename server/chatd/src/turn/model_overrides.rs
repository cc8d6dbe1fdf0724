//! Models that the deployment wants for work beside a chat's own.

use sdk::chat_config::ModelPurpose;
use sdk::ids::UserId;
use store::chat_config::{self, KeptModelOverride};

use crate::daemon::Shared;
use crate::sources::ResolvedModel;

/// The model for a purpose; `None` where none is set or the one that is cannot be used: then it is the chat's own. What is
/// wrong with it is for the log, and no reason not to do the work.
pub(crate) async fn model_for(
    shared: &Shared,
    purpose: ModelPurpose,
    owner: UserId,
) -> Option<ResolvedModel> {
    let purpose_name = purpose.as_str();
    let wanted = match chat_config::get_model_override(&shared.db, purpose).await {
        Ok(KeptModelOverride::Unset) => return None,
        Ok(KeptModelOverride::Model(id)) => id,
        Ok(KeptModelOverride::Malformed) => {
            tracing::warn!(
                purpose = purpose_name,
                "the model override names no model: set it anew"
            );
            return None;
        }
        Err(error) => {
            tracing::warn!(purpose = purpose_name, %error, "the model override cannot be read");
            return None;
        }
    };
    match shared.models.resolve(wanted, owner).await {
        Ok(model) => Some(model),
        Err(error) => {
            tracing::warn!(
                purpose = purpose_name,
                model_config_id = %wanted,
                error = error.message,
                "the model override cannot be used: the chat's own model does the work"
            );
            None
        }
    }
}
