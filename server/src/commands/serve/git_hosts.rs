//! Git hosts that the environment names: `SWITCHYARD_EXTERNAL_AUTH_<n>_TYPE`, `…_BASE_URL` and `…_API_BASE_URL`, counted
//! from 0 without a gap. A host that stands there may be at a private address.

use anyhow::{Context as _, ensure};
use platform::{GitHostConfig, GitHostKind};

const PREFIX: &str = "SWITCHYARD_EXTERNAL_AUTH_";
const FIELDS: [&str; 3] = ["TYPE", "BASE_URL", "API_BASE_URL"];

/// The hosts of this process's environment.
pub(super) fn of_environment() -> anyhow::Result<Vec<GitHostConfig>> {
    let named = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with(PREFIX)
            .then_some((name, value.into_string().ok()?))
    });
    read(named.collect())
}

fn read(variables: Vec<(String, String)>) -> anyhow::Result<Vec<GitHostConfig>> {
    let mut left = variables;
    left.retain(|(_, value)| !value.trim().is_empty());
    let mut hosts = Vec::new();
    loop {
        let number = hosts.len();
        let mut take = |field: &str| {
            let name = format!("{PREFIX}{number}_{field}");
            let place = left.iter().position(|(known, _)| *known == name)?;
            Some(left.swap_remove(place).1.trim().to_owned())
        };
        let [kind, base_url, api_base_url] = FIELDS.map(&mut take);
        if kind.is_none() && base_url.is_none() && api_base_url.is_none() {
            break;
        }
        let kind = kind.unwrap_or_else(|| GitHostKind::Github.as_str().to_owned());
        let kind = GitHostKind::parse(&kind).with_context(|| {
            format!("{PREFIX}{number}_TYPE is {kind:?}: the only type is github")
        })?;
        let base_url = base_url.with_context(|| {
            format!("{PREFIX}{number}_BASE_URL is missing: set it to the host's address, such as https://git.example.com")
        })?;
        let host = GitHostConfig::new(kind, &base_url, api_base_url.as_deref());
        hosts.push(host.with_context(|| {
            format!("{PREFIX}{number}_BASE_URL or {PREFIX}{number}_API_BASE_URL")
        })?);
    }
    let unknown: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
    ensure!(
        unknown.is_empty(),
        "{} is not known: hosts are counted from 0 without a gap, and have {}",
        unknown.join(", "),
        FIELDS.join(", ")
    );
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn hosts(variables: &[(&str, &str)]) -> anyhow::Result<usize> {
        let owned = |(name, value): &(&str, &str)| (format!("{PREFIX}{name}"), (*value).to_owned());
        read(variables.iter().map(owned).collect()).map(|hosts| hosts.len())
    }

    #[test]
    fn hosts_are_read_in_their_order() {
        assert_eq!(hosts(&[]).unwrap(), 0);
        let two = [
            ("1_BASE_URL", "https://b.example.com"),
            ("0_TYPE", "github"),
            ("0_BASE_URL", "https://a.example.com"),
            ("0_API_BASE_URL", "https://api.a.example.com"),
            ("2_TYPE", ""),
        ];
        assert_eq!(hosts(&two).unwrap(), 2);
    }

    #[test]
    fn what_would_silently_not_hold_is_refused() {
        let base = ("0_BASE_URL", "https://a.example.com");
        for (variables, told) in [
            (
                vec![("1_BASE_URL", "https://a.example.com")],
                "1_BASE_URL is not known",
            ),
            (vec![base, ("0_BASEURL", "x")], "0_BASEURL is not known"),
            (vec![base, ("0_TYPE", "gitlab")], "the only type is github"),
            (vec![("0_TYPE", "github")], "0_BASE_URL is missing"),
            (vec![("0_BASE_URL", "http://a.example.com")], "0_BASE_URL"),
        ] {
            let error = format!("{:#}", hosts(&variables).unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }
}
