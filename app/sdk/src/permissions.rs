//! What each role may do: the one table of it. The server decides by it, the page draws its sections from it, and
//! `docs/roles.md` is held against it by a test.

use crate::users::{Role, User};

/// Something of the deployment that not everybody may do. What is a person's own needs none of these but
/// [`Permission::UseAgents`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Have agents work, which spends money: make chats, send, edit and re-run messages, answer tools, upload files.
    UseAgents,
    /// See who has an account, and which tokens they hold.
    ReadUsers,
    /// Make, change, suspend and delete accounts that are no owner's, and revoke their tokens.
    ManageUsers,
    /// The same with owners' accounts, and making somebody an owner.
    ManageOwners,
    /// Read the audit log.
    ReadAuditLog,
    /// See what everybody's chats cost.
    ReadCosts,
    /// See how the deployment is set up: providers, models, prices, instructions, templates, folders, limits.
    ReadSettings,
    /// Change how the deployment is set up.
    ManageSettings,
    /// Do with everybody's workspaces what their owners may.
    ManageWorkspaces,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::UseAgents,
        Self::ReadUsers,
        Self::ManageUsers,
        Self::ManageOwners,
        Self::ReadAuditLog,
        Self::ReadCosts,
        Self::ReadSettings,
        Self::ManageSettings,
        Self::ManageWorkspaces,
    ];

    /// Its name in documents and tests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UseAgents => "use_agents",
            Self::ReadUsers => "read_users",
            Self::ManageUsers => "manage_users",
            Self::ManageOwners => "manage_owners",
            Self::ReadAuditLog => "read_audit_log",
            Self::ReadCosts => "read_costs",
            Self::ReadSettings => "read_settings",
            Self::ManageSettings => "manage_settings",
            Self::ManageWorkspaces => "manage_workspaces",
        }
    }

    /// The roles that hold it. [`Permission::UseAgents`] is held by others too, whose account says so.
    const fn roles(self) -> &'static [Role] {
        use Role::{Admin, Auditor, Owner};
        match self {
            Self::UseAgents | Self::ManageOwners | Self::ManageWorkspaces => &[Owner],
            Self::ManageUsers | Self::ManageSettings => &[Owner, Admin],
            Self::ReadUsers | Self::ReadAuditLog | Self::ReadCosts | Self::ReadSettings => {
                &[Owner, Admin, Auditor]
            }
        }
    }

    /// Whether somebody holds it, by their role and by whether their account may use agents.
    pub fn is_held(self, role: Role, agents_access: bool) -> bool {
        (self == Self::UseAgents && agents_access) || self.roles().contains(&role)
    }
}

impl User {
    /// Whether the user may do this.
    pub fn may(&self, permission: Permission) -> bool {
        let mut roles = self.roles.iter();
        roles.any(|role| permission.is_held(*role, self.agents_access))
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    /// A cell of the table in the documents.
    fn cell(permission: Permission, role: Role) -> &'static str {
        let [without, with] = [false, true].map(|access| permission.is_held(role, access));
        match (without, with) {
            (true, _) => "yes",
            (false, true) => "with agents access",
            (false, false) => "",
        }
    }

    #[test]
    fn the_documents_say_the_same() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/roles.md");
        let text = std::fs::read_to_string(file).unwrap();
        let rows: Vec<Vec<&str>> = text
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        assert_eq!(rows.len(), Permission::ALL.len());
        for (permission, row) in Permission::ALL.into_iter().zip(rows) {
            let cells = Role::ALL.map(|role| cell(permission, role));
            assert_eq!(row[0], format!("`{}`", permission.as_str()));
            assert_eq!(row[2..], cells, "{permission:?}");
        }
    }

    #[test]
    fn whoever_changes_something_sees_it() {
        for role in Role::ALL {
            for (change, read) in [
                (Permission::ManageUsers, Permission::ReadUsers),
                (Permission::ManageOwners, Permission::ManageUsers),
                (Permission::ManageSettings, Permission::ReadSettings),
            ] {
                assert!(!change.is_held(role, false) || read.is_held(role, false));
            }
        }
    }

    #[test]
    fn an_auditor_changes_nothing() {
        for permission in Permission::ALL {
            let is_reading = permission.as_str().starts_with("read_");
            assert_eq!(permission.is_held(Role::Auditor, false), is_reading);
        }
    }
}
