//! Git hosts, and the applications there that people sign in for: the entries `[[external_auth]]` of the configuration
//! file, or the variables `SWITCHYARD_EXTERNAL_AUTH_<n>_BASE_URL` and so on ([`FIELDS`]), counted from 0 without a gap. When
//! variables name any host, those of the file do not hold. A host that stands there may be at a private address.

use anyhow::{Context as _, bail, ensure};
use platform::external_auth::{is_name, is_webhook_secret, name_of};
use platform::{GitHostApp, GitHostConfig, GitHostKind};

use crate::config::{GitHostSettings, HiddenText};

const PREFIX: &str = "SWITCHYARD_EXTERNAL_AUTH_";
const FIELDS: [&str; 10] = [
    "TYPE",
    "ID",
    "DISPLAY_NAME",
    "BASE_URL",
    "API_BASE_URL",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "WEBHOOK_SECRET",
    "SCOPES",
    "DEVICE_FLOW",
];

/// What is configured.
#[derive(Debug, Default)]
pub(super) struct Configured {
    /// Every host, in order.
    pub(super) hosts: Vec<GitHostConfig>,
    /// The applications of those that have one.
    pub(super) apps: Vec<GitHostApp>,
}

/// The hosts of this process's environment, or those of the file where it names none.
pub(super) fn configured(file: &[GitHostSettings]) -> anyhow::Result<Configured> {
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
) -> anyhow::Result<Configured> {
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
        let [
            r#type,
            id,
            display_name,
            base_url,
            api_base_url,
            client_id,
            client_secret,
            webhook_secret,
            scopes,
            device_flow,
        ] = FIELDS.map(&mut take);
        let host = GitHostSettings {
            r#type,
            id,
            display_name,
            base_url,
            api_base_url,
            client_id,
            client_secret: client_secret.map(HiddenText),
            webhook_secret: webhook_secret.map(HiddenText),
            scopes,
            device_flow: device_flow.map(|text| truth(number, &text)).transpose()?,
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

fn truth(number: usize, text: &str) -> anyhow::Result<bool> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => bail!("{PREFIX}{number}_DEVICE_FLOW is {other:?}: set it to true or false"),
    }
}

/// `key` says where a field of a host stands, for errors.
fn read(
    hosts: &[GitHostSettings],
    key: impl Fn(usize, &str) -> String,
) -> anyhow::Result<Configured> {
    let mut configured = Configured::default();
    for (number, settings) in hosts.iter().enumerate() {
        let key = |field: &str| key(number, field);
        let host = host(settings, &key)?;
        if let Some(app) = app(settings, &host, &key)? {
            let known = &configured.apps;
            let is_taken = known.iter().any(|other| other.name == app.name);
            ensure!(
                !is_taken,
                "{} is {:?}, as is that of another host",
                key("id"),
                app.name
            );
            let is_twice = known.iter().any(|other| other.host.name() == host.name());
            ensure!(
                !is_twice,
                "{} names a host that is there already",
                key("base_url")
            );
            configured.apps.push(app);
        }
        configured.hosts.push(host);
    }
    Ok(configured)
}

fn given(value: Option<&String>) -> Option<&str> {
    value.map(|value| value.trim()).filter(|it| !it.is_empty())
}

fn host(
    settings: &GitHostSettings,
    key: &impl Fn(&str) -> String,
) -> anyhow::Result<GitHostConfig> {
    let kind = given(settings.r#type.as_ref()).unwrap_or(GitHostKind::Github.as_str());
    let kind = GitHostKind::parse(kind)
        .with_context(|| format!("{} is {kind:?}: the only type is github", key("type")))?;
    let base_url = given(settings.base_url.as_ref()).with_context(|| {
        format!(
            "{} is missing: set it to the host's address, such as https://git.example.com",
            key("base_url")
        )
    })?;
    let api_base_url = given(settings.api_base_url.as_ref());
    GitHostConfig::new(kind, base_url, api_base_url).with_context(|| {
        let field = match api_base_url {
            Some(_) if GitHostConfig::new(kind, base_url, None).is_ok() => "api_base_url",
            _ => "base_url",
        };
        format!("{} cannot be used", key(field))
    })
}

/// The application that people sign in for, of a host that has one.
fn app(
    settings: &GitHostSettings,
    host: &GitHostConfig,
    key: &impl Fn(&str) -> String,
) -> anyhow::Result<Option<GitHostApp>> {
    let secret = settings
        .client_secret
        .as_ref()
        .map(|HiddenText(secret)| secret);
    let webhook_secret = settings
        .webhook_secret
        .as_ref()
        .map(|HiddenText(secret)| secret);
    let Some(client_id) = given(settings.client_id.as_ref()) else {
        for (field, is_given) in [
            ("id", settings.id.is_some()),
            ("client_secret", secret.is_some()),
            ("webhook_secret", webhook_secret.is_some()),
            ("scopes", settings.scopes.is_some()),
            ("device_flow", settings.device_flow.is_some()),
        ] {
            ensure!(
                !is_given,
                "{} needs {} beside it",
                key(field),
                key("client_id")
            );
        }
        return Ok(None);
    };
    let name = given(settings.id.as_ref())
        .map_or_else(|| name_of(host.base_url().as_str()), str::to_owned);
    ensure!(
        is_name(&name),
        "{} is {name:?}: use 1 to 64 small letters, digits and hyphens, such as github",
        key("id")
    );
    let secret = given(secret).unwrap_or_default();
    let device_flow = settings.device_flow.unwrap_or_default();
    ensure!(
        device_flow || !secret.is_empty(),
        "{} is missing: set it, or {} to true, which needs none",
        key("client_secret"),
        key("device_flow")
    );
    let webhook_secret = given(webhook_secret).unwrap_or_default();
    ensure!(
        webhook_secret.is_empty() || is_webhook_secret(webhook_secret),
        "{} cannot be used: enter 16 to 512 letters, digits and signs, without spaces",
        key("webhook_secret")
    );
    let scopes = given(settings.scopes.as_ref()).unwrap_or_default();
    Ok(Some(GitHostApp {
        display_name: given(settings.display_name.as_ref())
            .map_or_else(|| host.name(), str::to_owned),
        name,
        host: host.clone(),
        client_id: client_id.to_owned(),
        client_secret: secret.to_owned().into(),
        webhook_secret: webhook_secret.to_owned().into(),
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        device_flow,
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn hosts(variables: &[(&str, &str)]) -> anyhow::Result<usize> {
        let owned = |(name, value): &(&str, &str)| (format!("{PREFIX}{name}"), (*value).to_owned());
        chosen(variables.iter().map(owned).collect(), &[]).map(|it| it.hosts.len())
    }

    fn of_file(text: &str) -> anyhow::Result<Configured> {
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
            (
                vec![base, ("0_CLIENT_SECRET", "s")],
                "0_CLIENT_SECRET needs SWITCHYARD_EXTERNAL_AUTH_0_CLIENT_ID",
            ),
            (
                vec![base, ("0_WEBHOOK_SECRET", "s")],
                "0_WEBHOOK_SECRET needs SWITCHYARD_EXTERNAL_AUTH_0_CLIENT_ID",
            ),
            (
                vec![
                    base,
                    ("0_CLIENT_ID", "c"),
                    ("0_DEVICE_FLOW", "true"),
                    ("0_WEBHOOK_SECRET", "too-short"),
                ],
                "0_WEBHOOK_SECRET cannot be used",
            ),
            (
                vec![base, ("0_CLIENT_ID", "c")],
                "0_CLIENT_SECRET is missing",
            ),
            (
                vec![base, ("0_CLIENT_ID", "c"), ("0_DEVICE_FLOW", "yes")],
                "0_DEVICE_FLOW is",
            ),
            (
                vec![
                    base,
                    ("0_CLIENT_ID", "c"),
                    ("0_CLIENT_SECRET", "s"),
                    ("0_ID", "Git Hub"),
                ],
                "0_ID is",
            ),
            (
                vec![
                    base,
                    ("0_CLIENT_ID", "c"),
                    ("0_CLIENT_SECRET", "s"),
                    ("1_BASE_URL", "https://a.example.com:8443"),
                    ("1_CLIENT_ID", "c"),
                    ("1_CLIENT_SECRET", "s"),
                ],
                "1_ID is",
            ),
        ] {
            let error = format!("{:#}", hosts(&variables).unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn an_application_is_read_with_its_host_and_its_secret_is_not_shown() {
        let variables = [
            ("0_BASE_URL", "https://Git.Example.com"),
            ("0_CLIENT_ID", "Iv1.abc"),
            ("0_CLIENT_SECRET", "very-secret"),
            ("0_WEBHOOK_SECRET", "very-secret-of-webhooks"),
            ("0_SCOPES", " repo  read:org "),
            ("0_DEVICE_FLOW", "true"),
        ];
        let owned = |(name, value): &(&str, &str)| (format!("{PREFIX}{name}"), (*value).to_owned());
        let configured = chosen(variables.iter().map(owned).collect(), &[]).unwrap();
        let app = configured.apps.first().unwrap();
        assert_eq!(app.name, "git-example-com");
        assert_eq!(app.display_name, "git.example.com");
        assert_eq!(app.scopes, ["repo", "read:org"]);
        assert!(app.device_flow);
        assert!(!format!("{configured:?}").contains("very-secret"));
        let file = "[[external_auth]]\nbase_url = \"https://a.example.com\"\nclient_id = \"c\"\ndevice_flow = true\n";
        assert_eq!(of_file(file).unwrap().apps.len(), 1);
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
        let host = |hosts: Configured| format!("{hosts:?}");
        let both = host(chosen(vec![variable], &file).unwrap());
        assert!(both.contains("a.example.com"), "{both}");
        assert!(!both.contains("file.example.com"), "{both}");
        let alone = host(chosen(Vec::new(), &file).unwrap());
        assert!(alone.contains("file.example.com"), "{alone}");
    }

    #[test]
    fn errors_of_the_file_name_the_key() {
        let good = "[[external_auth]]\nbase_url = \"https://a.example.com\"\n";
        assert_eq!(of_file(&good.repeat(2)).unwrap().hosts.len(), 2);
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
