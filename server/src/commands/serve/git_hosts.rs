//! Git hosts besides github.com: the entries `[[external_auth]]` of the configuration file, or the variables
//! `SWITCHYARD_EXTERNAL_AUTH_<n>_TYPE`, `…_BASE_URL` and `…_API_BASE_URL`, counted from 0 without a gap. When variables
//! name any host, those of the file do not hold. A host that stands there may be at a private address.

use anyhow::{Context as _, ensure};
use platform::{GitHostConfig, GitHostKind};

use crate::config::GitHostSettings;

const PREFIX: &str = "SWITCHYARD_EXTERNAL_AUTH_";
const FIELDS: [&str; 3] = ["TYPE", "BASE_URL", "API_BASE_URL"];

/// The hosts of this process's environment, or those of the file where it names none.
pub(super) fn configured(file: &[GitHostSettings]) -> anyhow::Result<Vec<GitHostConfig>> {
    let named = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with(PREFIX)
            .then_some((name, value.into_string().ok()?))
    });
    chosen(named.collect(), file)
}

fn chosen(
    variables: Vec<(String, String)>,
    file: &[GitHostSettings],
) -> anyhow::Result<Vec<GitHostConfig>> {
    let named = named_by(variables)?;
    if !named.is_empty() {
        return read(&named, |number, field| {
            format!("{PREFIX}{number}_{}", field.to_uppercase())
        });
    }
    read(file, |number, field| {
        format!("external_auth[{number}].{field} in the configuration file")
    })
}

/// What variables say of hosts, in their order.
fn named_by(variables: Vec<(String, String)>) -> anyhow::Result<Vec<GitHostSettings>> {
    let mut left = variables;
    left.retain(|(_, value)| !value.trim().is_empty());
    let mut hosts = Vec::new();
    loop {
        let number = hosts.len();
        let mut take = |field: &str| {
            let name = format!("{PREFIX}{number}_{field}");
            let place = left.iter().position(|(known, _)| *known == name)?;
            Some(left.swap_remove(place).1)
        };
        let [r#type, base_url, api_base_url] = FIELDS.map(&mut take);
        let host = GitHostSettings {
            r#type,
            base_url,
            api_base_url,
        };
        if host == GitHostSettings::default() {
            break;
        }
        hosts.push(host);
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

/// `key` says where a field of a host stands, for errors.
fn read(
    hosts: &[GitHostSettings],
    key: impl Fn(usize, &str) -> String,
) -> anyhow::Result<Vec<GitHostConfig>> {
    let hosts = hosts.iter().enumerate().map(|(number, host)| {
        let [kind, base_url, api_base_url] = [&host.r#type, &host.base_url, &host.api_base_url]
            .map(|value| value.as_deref().map(str::trim).filter(|it| !it.is_empty()));
        let kind = kind.unwrap_or(GitHostKind::Github.as_str());
        let kind = GitHostKind::parse(kind).with_context(|| {
            format!(
                "{} is {kind:?}: the only type is github",
                key(number, "type")
            )
        })?;
        let base_url = base_url.with_context(|| {
            format!(
                "{} is missing: set it to the host's address, such as https://git.example.com",
                key(number, "base_url")
            )
        })?;
        GitHostConfig::new(kind, base_url, api_base_url).with_context(|| {
            let field = match api_base_url {
                Some(_) if GitHostConfig::new(kind, base_url, None).is_ok() => "api_base_url",
                _ => "base_url",
            };
            format!("{} cannot be used", key(number, field))
        })
    });
    hosts.collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn hosts(variables: &[(&str, &str)]) -> anyhow::Result<usize> {
        let owned = |(name, value): &(&str, &str)| (format!("{PREFIX}{name}"), (*value).to_owned());
        chosen(variables.iter().map(owned).collect(), &[]).map(|hosts| hosts.len())
    }

    fn of_file(text: &str) -> anyhow::Result<Vec<GitHostConfig>> {
        #[derive(serde::Deserialize)]
        struct File {
            external_auth: Vec<GitHostSettings>,
        }
        chosen(Vec::new(), &toml::from_str::<File>(text)?.external_auth)
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
    #[test]
    fn variables_take_the_place_of_the_file() {
        let file = [GitHostSettings {
            base_url: Some("https://file.example.com".into()),
            ..GitHostSettings::default()
        }];
        let variable = (
            format!("{PREFIX}0_BASE_URL"),
            "https://a.example.com".into(),
        );
        let host = |hosts: Vec<GitHostConfig>| format!("{hosts:?}");
        let both = host(chosen(vec![variable], &file).unwrap());
        assert!(both.contains("a.example.com"), "{both}");
        assert!(!both.contains("file.example.com"), "{both}");
        let alone = host(chosen(Vec::new(), &file).unwrap());
        assert!(alone.contains("file.example.com"), "{alone}");
    }

    #[test]
    fn errors_of_the_file_name_the_key() {
        let good = "[[external_auth]]\nbase_url = \"https://a.example.com\"\n";
        assert_eq!(of_file(&good.repeat(2)).unwrap().len(), 2);
        for (entry, told) in [
            (
                "type = \"gitlab\"\nbase_url = \"https://b.example.com\"",
                "external_auth[1].type",
            ),
            (
                "type = \"github\"",
                "external_auth[1].base_url in the configuration file is missing",
            ),
            (
                "base_url = \"http://b.example.com\"",
                "external_auth[1].base_url",
            ),
            (
                "base_url = \"https://b.example.com\"\napi_base_url = \"ftp://x\"",
                "external_auth[1].api_base_url",
            ),
            ("baseurl = \"https://b.example.com\"", "baseurl"),
        ] {
            let error = of_file(&format!("{good}[[external_auth]]\n{entry}\n")).unwrap_err();
            let error = format!("{error:#}");
            assert!(error.contains(told), "{error}");
        }
    }
}
