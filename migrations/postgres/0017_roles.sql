-- Roles between owner and member, and who may have agents work. SQLite changes no CHECK, so the column is made anew.
ALTER TABLE users ADD COLUMN new_role TEXT NOT NULL DEFAULT 'member'
    CHECK (new_role IN ('owner', 'admin', 'auditor', 'member'));
UPDATE users SET new_role = role;
ALTER TABLE users DROP COLUMN role;
ALTER TABLE users RENAME COLUMN new_role TO role;

-- For those who have an account already nothing changes.
ALTER TABLE users ADD COLUMN agents_access BOOLEAN NOT NULL DEFAULT TRUE;
