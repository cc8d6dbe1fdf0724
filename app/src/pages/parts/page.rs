//! The pages of parts.

use crate::pages::gallery::Sheet;

/// A page of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartPage {
    /// The first visit.
    Setup,
    /// Sign in.
    Login,
    /// Set one's password with a link.
    SetPassword,
    /// No chat chosen: the form of a new one.
    Home,
    /// The frame of the settings.
    Settings,
    /// Settings: the reader's own account.
    Profile,
    /// Settings: what is configured about agents.
    ChatConfig,
    /// Settings: API tokens.
    Tokens,
    /// Settings: tokens for git hosts.
    GitHosts,
    /// Settings: accounts.
    Users,
    /// Settings: providers and models.
    Providers,
    /// Settings: allowed folders.
    Folders,
    /// Settings: how the server was started.
    Server,
    /// Settings: templates.
    Templates,
    /// Settings: one template, or a new one.
    Template,
    /// Settings: what calls to models cost.
    Analytics,
    /// Settings: who changed what.
    AuditLog,
    /// Settings: what a chat's model is sent.
    PromptPreview,
    /// The reader's workspaces.
    Workspaces,
    /// One workspace.
    Workspace,
    /// Every component in every state.
    Gallery(Sheet),
}
