//! The options of `serve` with what holds and where it comes from, for the page that lists them.

use std::collections::BTreeSet;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args as _, Command};
use figment::{Figment, Source};
use sdk::deployment::{ServerOption, SettingSource};
use serde_json::Value;

use super::{ServeArguments, Settings};

/// The option that names the file, which cannot stand in the file.
const CONFIG: &str = "config";

/// Names of the options that stand on the command line; the others that are set were variables.
pub fn flags(matches: &ArgMatches) -> BTreeSet<String> {
    let is_flag = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
    let names = matches.ids().map(clap::Id::as_str);
    names
        .filter(|name| is_flag(name))
        .map(str::to_owned)
        .collect()
}

impl ServeArguments {
    /// Every option, in the order of `serve --help`.
    pub fn sources(&self, settings: &Settings) -> anyhow::Result<Vec<ServerOption>> {
        let (figment, file) = self.layers()?;
        let given = serde_json::to_value(self)?;
        let values = serde_json::to_value(settings)?;
        let command = Self::augment_args(Command::new("serve"));
        let options = command.get_arguments().map(|argument| {
            let name = argument.get_id().as_str();
            let is_given = given.get(name).is_some() || (name == CONFIG && self.config.is_some());
            let source = match () {
                () if is_given && self.flags.contains(name) => SettingSource::CommandLine,
                () if is_given => SettingSource::Environment,
                () if is_in_file(&figment, name) => SettingSource::File,
                () => SettingSource::Default,
            };
            let file = || file.as_ref().map(|file| file.display().to_string());
            let value = if name == CONFIG {
                file()
            } else {
                values.get(name).map(shown)
            };
            describe(argument, value.unwrap_or_default(), source)
        });
        Ok(options.collect())
    }
}

fn is_in_file(figment: &Figment, name: &str) -> bool {
    let metadata = figment.find_metadata(name);
    metadata.is_some_and(|metadata| matches!(metadata.source, Some(Source::File(_))))
}

fn describe(argument: &Arg, value: String, source: SettingSource) -> ServerOption {
    let help = argument.get_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    let (description, default) = match help.rsplit_once("[default: ") {
        Some((description, default)) => (description, default.trim_end_matches(']')),
        None => (help.as_str(), ""),
    };
    let variable = argument.get_env().map(|name| name.to_string_lossy());
    ServerOption {
        name: argument.get_id().to_string(),
        flag: format!("--{}", argument.get_long().unwrap_or_default()),
        variable: variable.unwrap_or_default().into_owned(),
        description: description.trim_end().replace('`', ""),
        default: default.replace('`', ""),
        value,
        is_secret: argument.is_hide_env_values_set(),
        source,
    }
}

/// A value as it is written in a variable.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let values = values.iter().map(shown).filter(|value| !value.is_empty());
            values.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )]

    use std::path::Path;

    use clap::FromArgMatches as _;

    use super::*;

    fn options(data_dir: &Path, arguments: &[&str]) -> Vec<ServerOption> {
        let data_dir = data_dir.to_str().unwrap();
        let given = ["serve", "--data-dir", data_dir]
            .into_iter()
            .chain(arguments.iter().copied());
        let matches = ServeArguments::augment_args(Command::new("serve")).get_matches_from(given);
        let mut arguments = ServeArguments::from_arg_matches(&matches).unwrap();
        arguments.flags = flags(&matches);
        let settings = Settings::load(&arguments).unwrap();
        arguments.sources(&settings).unwrap()
    }

    fn find<'a>(options: &'a [ServerOption], name: &str) -> &'a ServerOption {
        options.iter().find(|option| option.name == name).unwrap()
    }

    #[test]
    fn every_option_says_where_its_value_comes_from() {
        let folder = tempfile::tempdir().unwrap();
        let file = "log = \"warn\"\nworkspace_processes = 7\ntrusted_proxies = [\"10.0.0.1\", \"10.0.0.2\"]\n";
        std::fs::write(folder.path().join("switchyard.toml"), file).unwrap();
        let options = options(
            folder.path(),
            &["--workspace-processes", "9", "--development"],
        );
        let said = |name: &str| {
            let option = find(&options, name);
            (option.value.as_str(), option.source)
        };
        assert_eq!(said("log"), ("warn", SettingSource::File));
        assert_eq!(
            said("workspace_processes"),
            ("9", SettingSource::CommandLine)
        );
        assert_eq!(said("development"), ("true", SettingSource::CommandLine));
        assert_eq!(
            said("trusted_proxies"),
            ("10.0.0.1, 10.0.0.2", SettingSource::File)
        );
        assert_eq!(said("listen"), ("127.0.0.1:3000", SettingSource::Default));
        assert_eq!(said("access_url"), ("", SettingSource::Default));
        assert!(said("config").0.ends_with("/switchyard.toml"));
        let listen = find(&options, "listen");
        assert_eq!(
            (listen.flag.as_str(), listen.variable.as_str()),
            ("--listen", "SWITCHYARD_LISTEN")
        );
        assert_eq!(listen.description, "Address and port to listen on");
        assert_eq!(listen.default, "127.0.0.1:3000");
        let silent =
            |option: &&ServerOption| option.description.is_empty() || option.default.is_empty();
        assert_eq!(options.iter().find(silent), None);
    }

    #[test]
    fn what_is_set_without_a_flag_was_a_variable() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ServeArguments {
            data_dir: Some(folder.path().to_owned()),
            log: Some("debug".to_owned()),
            ..ServeArguments::default()
        };
        let settings = Settings::load(&arguments).unwrap();
        let options = arguments.sources(&settings).unwrap();
        let log = find(&options, "log");
        assert_eq!(
            (log.value.as_str(), log.source),
            ("debug", SettingSource::Environment)
        );
    }

    #[test]
    fn secrets_are_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = [
            "--database-url",
            "postgres://u:canary@h/d",
            "--encryption-key",
            "canary",
        ];
        let options = options(folder.path(), &secrets);
        assert!(!serde_json::to_string(&options).unwrap().contains("canary"));
        for name in ["database_url", "encryption_key"] {
            let option = find(&options, name);
            assert!(option.is_secret && option.value.is_empty(), "{name}");
            assert_eq!(option.source, SettingSource::CommandLine);
        }
    }
}
