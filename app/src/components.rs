//! What pages are made of: plain functions with typed props, each shown in every state on `/dev/gallery`.

pub mod badge;
pub mod button;
pub mod chat;
pub mod control_flow;
pub mod copy_button;
pub mod desktop;
pub mod dialog;
pub mod feedback;
pub mod field;
pub mod form;
pub mod icons;
pub mod keyboard;
pub mod live_region;
pub mod loaded;
pub mod menu;
pub mod only_looked_at;
pub mod page_header;
pub mod plain;
pub mod relative_time;
pub mod script;
pub mod table;
pub mod tabs;
pub mod terminals;
pub mod toast;
pub mod tooltip;
pub mod workspaces;
