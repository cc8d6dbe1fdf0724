//! What pages are made of: plain functions with typed props, each shown in every state on `/dev/gallery`.

pub mod icons;
pub mod toast;
