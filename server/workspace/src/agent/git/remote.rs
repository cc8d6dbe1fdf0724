//! Addresses of remotes, fit to be shown.

use url::Url;

/// The address without user name, password, query or fragment. Only web addresses carry credentials; the user of
/// an SSH address is part of it.
pub fn without_credentials(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        return address.to_owned();
    };
    if !matches!(url.scheme(), "http" | "https" | "ftp" | "ftps") {
        if url.password().is_some() {
            let _ = url.set_password(None);
            return url.to_string();
        }
        return address.to_owned();
    }
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
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

    #[test]
    fn takes_credentials_out_of_every_form() {
        for (address, shown) in [
            ("https://user:token@host/a/b.git", "https://host/a/b.git"),
            ("https://token@host/a?private_token=x#y", "https://host/a"),
            ("ssh://git:secret@host/a.git", "ssh://git@host/a.git"),
            ("git@host:a/b.git", "git@host:a/b.git"),
            ("/srv/git/a.git", "/srv/git/a.git"),
        ] {
            assert_eq!(without_credentials(address), shown);
        }
    }
}
