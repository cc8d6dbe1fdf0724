//! Files that people attached are read when a model is called, once in a turn.

use std::collections::hash_map::Entry;

use bytes::Bytes;
use sdk::files::is_picture;
use sdk::ids::{FileId, UserId};
use store::files::{self, Variant};
use store::{Db, StoreError};

use super::Turn;
use crate::prompt::attachments::Loaded;

impl Turn {
    /// Reads what is new in the conversation. Files belong to the chat's owner; others are not there.
    pub(super) async fn load_files(&mut self, db: &Db, owner: UserId) -> Result<(), StoreError> {
        let ids = self.prompt.file_ids();
        self.files.retain(|id, _| ids.contains(id));
        for id in ids {
            if let Entry::Vacant(place) = self.files.entry(id) {
                place.insert(load(db, id, owner).await?);
            }
        }
        Ok(())
    }
}

async fn load(db: &Db, id: FileId, owner: UserId) -> Result<Loaded, StoreError> {
    let smaller = files::read_variant(db, id, owner, Variant::Model).await?;
    let file = match smaller {
        Some(file) => Some(file),
        None => files::read(db, id, owner).await?,
    };
    Ok(match file {
        None => Loaded::Gone,
        Some(file) if is_picture(&file.content.media_type) => Loaded::Picture {
            media_type: file.content.media_type,
            data: Bytes::from(file.content.data),
        },
        Some(file) => Loaded::text(&file.content.data),
    })
}
