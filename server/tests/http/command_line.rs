//! The binary itself, without a terminal: exit codes, help, accounts, backups.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use clap::CommandFactory as _;
use sdk::chats::{ChatStatus, ListChats};
use sdk::client::Client;
use sdk::users::{Login, Role};
use server::commands::CommandLine;
use server::config::Settings;

use crate::support::running::RunningServer;
use crate::support::{PASSWORD, TestServer};

fn switchyard(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchyard"));
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SWITCHYARD_") {
            command.env_remove(name);
        }
    }
    command
}

fn run(arguments: &[&str], data_dir: &Path, input: &str) -> Output {
    let mut child = switchyard(arguments)
        .env("SWITCHYARD_DATA_DIR", data_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn create_olga(data_dir: &Path) -> Output {
    let arguments = [
        "admin",
        "create-user",
        "--email",
        "olga@example.com",
        "--username",
        "olga",
        "--role",
        "owner",
        "--password-stdin",
    ];
    run(&arguments, data_dir, PASSWORD)
}

#[test]
fn wrong_usage_is_2_and_help_is_0() {
    let code = |arguments: &[&str]| switchyard(arguments).output().unwrap().status.code();
    assert_eq!(code(&["--help"]), Some(0));
    assert_eq!(code(&["--version"]), Some(0));
    assert_eq!(code(&["serve", "--help"]), Some(0));
    assert_eq!(code(&[]), Some(2));
    assert_eq!(code(&["dance"]), Some(2));
    assert_eq!(code(&["serve", "--listen", "nowhere"]), Some(2));
    assert_eq!(code(&["admin", "create-user", "--username", "x"]), Some(2));
}

#[test]
fn every_option_of_serve_has_help_a_variable_and_a_key_in_the_file() {
    let command_line = CommandLine::command();
    let serve = command_line.find_subcommand("serve").unwrap();
    let mut keys = BTreeSet::new();
    for option in serve
        .get_arguments()
        .filter(|option| !matches!(option.get_id().as_str(), "help" | "version"))
    {
        let long = option.get_long().unwrap();
        let variable = option
            .get_env()
            .unwrap_or_else(|| panic!("--{long} has no variable"));
        assert_eq!(
            variable.to_str().unwrap(),
            format!("SWITCHYARD_{}", long.replace('-', "_").to_uppercase())
        );
        let help = option
            .get_help()
            .unwrap_or_else(|| panic!("--{long} has no help"))
            .to_string();
        assert!(
            help.contains("[default:"),
            "--{long} does not say its default: {help}"
        );
        if long != "config" {
            keys.insert(long.replace('-', "_"));
        }
    }
    // Git hosts have several fields each and come from variables of their own.
    keys.insert("external_auth".to_owned());
    assert_eq!(keys, known_keys("no_such_key = 1"));
    let help = serve.get_after_long_help().or(serve.get_after_help());
    let help = help.unwrap().to_string();
    for key in known_keys("[[external_auth]]\nno_such_key = 1") {
        let mut words = help.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_');
        assert!(words.any(|word| word == key), "{key} has no help");
    }
}

/// The refusal of an unknown key lists the known ones.
fn known_keys(wrong: &str) -> BTreeSet<String> {
    let Err(error) = toml::from_str::<Settings>(wrong) else {
        panic!("an unknown key was taken")
    };
    let message = error.message().to_owned();
    let (_, known) = message.split_once("expected one of ").unwrap();
    known
        .split(", ")
        .map(|name| name.trim_matches('`').to_owned())
        .collect()
}

#[test]
fn unknown_keys_in_the_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("switchyard.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:1\"\n").unwrap();
    let output = run(&["serve"], folder.path(), "");
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("lisen"), "{error}");
    let missing = run(
        &["serve", "--config", "/nonexistent.toml"],
        folder.path(),
        "",
    );
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn git_hosts_of_the_file_are_read_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("switchyard.toml");
    let start = |hosts: &str| {
        let settings = format!("listen = \"127.0.0.1:0\"\nno_ollama_detection = true\n{hosts}");
        std::fs::write(&file, settings).unwrap();
        let mut command = switchyard(&["serve"]);
        command.env("SWITCHYARD_DATA_DIR", folder.path());
        command
    };
    for (hosts, told) in [
        (
            "[[external_auth]]\nbase_url = \"http://git.example.com\"\n",
            "external_auth[0].base_url",
        ),
        ("[[external_auth]]\nbase_url = 7\n", "external_auth"),
        (
            "[[external_auth]]\nbase_uri = \"https://git.example.com\"\n",
            "base_uri",
        ),
    ] {
        let output = start(hosts).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{hosts}");
        let error = text(&output.stderr);
        assert!(error.contains(told), "{error}");
    }
    let good = start("[[external_auth]]\nbase_url = \"https://git.example.com\"\n");
    RunningServer::spawn(good);
    // What a variable names takes the place of the file, and is what errors are about.
    let mut both = start("[[external_auth]]\nbase_url = \"https://git.example.com\"\n");
    both.env(
        "SWITCHYARD_EXTERNAL_AUTH_0_BASE_URL",
        "http://other.example.com",
    );
    let error = text(&both.output().unwrap().stderr);
    assert!(
        error.contains("SWITCHYARD_EXTERNAL_AUTH_0_BASE_URL"),
        "{error}"
    );
}

#[test]
fn flags_win_over_variables_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("switchyard.toml");
    let first_line = |arguments: &[&str], variable: Option<&str>| {
        let mut command = switchyard(arguments);
        command.env("SWITCHYARD_DATA_DIR", folder.path());
        if let Some(value) = variable {
            command.env("SWITCHYARD_ACCESS_URL", value);
        }
        RunningServer::spawn(command).ready_line.clone()
    };
    std::fs::write(&file, "access_url = \"http://file.example\"\nlisten = \"127.0.0.1:0\"\nno_ollama_detection = true\n").unwrap();
    assert!(first_line(&["serve"], None).ends_with("http://file.example"));
    assert!(
        first_line(&["serve"], Some("http://variable.example"))
            .ends_with("http://variable.example")
    );
    let both = first_line(
        &["serve", "--access-url", "http://flag.example"],
        Some("http://variable.example"),
    );
    assert!(both.ends_with("http://flag.example"));
}

#[tokio::test]
async fn accounts_and_tokens_without_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let created = create_olga(folder.path());
    assert!(created.status.success(), "{}", text(&created.stderr));
    let again = create_olga(folder.path());
    assert_eq!(again.status.code(), Some(1));
    assert!(
        text(&again.stderr).contains("taken"),
        "{}",
        text(&again.stderr)
    );
    let auditor = run(
        &[
            "admin",
            "create-user",
            "--email",
            "aude@example.com",
            "--username",
            "aude",
            "--role",
            "auditor",
            "--without-agents-access",
            "--password-stdin",
        ],
        folder.path(),
        PASSWORD,
    );
    assert!(auditor.status.success(), "{}", text(&auditor.stderr));
    let token = run(
        &["admin", "create-token", "--user", "olga", "--name", "ci"],
        folder.path(),
        "",
    );
    assert!(token.status.success(), "{}", text(&token.stderr));
    let key = text(&token.stdout);
    assert_eq!(key.lines().count(), 1);
    let reset = run(
        &[
            "admin",
            "reset-password",
            "--user",
            "olga",
            "--password-stdin",
        ],
        folder.path(),
        "another password\n",
    );
    assert!(reset.status.success(), "{}", text(&reset.stderr));

    let server = RunningServer::start(folder.path());
    let client = Client::new(&server.base_url).unwrap();
    let olga = client.clone().with_token(key.trim());
    assert_eq!(olga.get_user("me").await.unwrap().username, "olga");
    let aude = olga.get_user("aude").await.unwrap();
    assert_eq!((aude.role(), aude.agents_access), (Role::Auditor, false));
    let login = |password: &str| Login {
        email: "olga@example.com".into(),
        password: password.into(),
    };
    assert_eq!(
        client.login(&login(PASSWORD)).await.unwrap_err().status(),
        Some(401)
    );
    client.login(&login("another password")).await.unwrap();
    // Beside a running server too.
    let beside = run(
        &[
            "admin",
            "create-token",
            "--user",
            "olga",
            "--name",
            "second",
        ],
        folder.path(),
        "",
    );
    assert!(beside.status.success(), "{}", text(&beside.stderr));
}

#[test]
fn passwords_come_from_standard_input_only() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "admin",
        "create-user",
        "--email",
        "a@example.com",
        "--username",
        "a",
        "--password-stdin",
    ];
    let empty = run(&arguments, folder.path(), "");
    assert_eq!(empty.status.code(), Some(1));
    assert!(text(&empty.stderr).contains("standard input"));
    let short = run(&arguments, folder.path(), "short");
    assert_eq!(short.status.code(), Some(1));
    assert!(
        text(&short.stderr).contains("password"),
        "{}",
        text(&short.stderr)
    );
    let unknown = run(
        &["admin", "create-token", "--user", "nobody", "--name", "x"],
        folder.path(),
        "",
    );
    assert_eq!((unknown.status.code(), unknown.stdout.len()), (Some(1), 0));
}

#[test]
fn a_second_server_on_the_same_folder_or_port_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = RunningServer::start(folder.path());
    let second = run(
        &["serve", "--listen", "127.0.0.1:0", "--no-ollama-detection"],
        folder.path(),
        "",
    );
    assert_eq!(second.status.code(), Some(1));
    assert!(
        text(&second.stderr).contains("another Switchyard process"),
        "{}",
        text(&second.stderr)
    );
    let other = tempfile::tempdir().unwrap();
    let address = first.base_url.trim_start_matches("http://");
    let same_port = run(
        &["serve", "--listen", address, "--no-ollama-detection"],
        other.path(),
        "",
    );
    assert_eq!(same_port.status.code(), Some(1));
    assert!(
        text(&same_port.stderr).contains("--listen"),
        "{}",
        text(&same_port.stderr)
    );
}

#[test]
fn serve_says_one_line_and_ends_well_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["TERM", "INT"] {
        let server = RunningServer::start(folder.path());
        assert_eq!(
            server.ready_line,
            format!("Switchyard is ready at {}", server.base_url)
        );
        let (code, rest) = server.stop(signal);
        assert_eq!((code, rest.as_str()), (Some(0), ""), "{signal}");
    }
}

#[tokio::test]
async fn a_backup_restores_into_another_folder_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy, restored) = (
        folder.path().join("data"),
        folder.path().join("copy"),
        folder.path().join("restored"),
    );
    let nothing = run(&["backup", "--to", copy.to_str().unwrap()], &data, "");
    assert_eq!(nothing.status.code(), Some(1));
    create_olga(&data);
    let server = RunningServer::start(&data);
    let backup = run(&["backup", "--to", copy.to_str().unwrap()], &data, "");
    assert!(backup.status.success(), "{}", text(&backup.stderr));
    assert!(copy.join("switchyard.db").is_file() && copy.join("encryption.key").is_file());
    let again = run(&["backup", "--to", copy.to_str().unwrap()], &data, "");
    assert_eq!(again.status.code(), Some(1));
    drop(server);
    let onto = run(&["restore", "--from", copy.to_str().unwrap()], &data, "");
    assert_eq!(onto.status.code(), Some(1));
    let restore = run(
        &["restore", "--from", copy.to_str().unwrap()],
        &restored,
        "",
    );
    assert!(restore.status.success(), "{}", text(&restore.stderr));
    let server = RunningServer::start(&restored);
    let login = Login {
        email: "olga@example.com".into(),
        password: PASSWORD.into(),
    };
    Client::new(&server.base_url)
        .unwrap()
        .login(&login)
        .await
        .unwrap();
}

#[test]
fn a_broken_backup_restores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (copy, data) = (folder.path().join("copy"), folder.path().join("data"));
    std::fs::create_dir(&copy).unwrap();
    std::fs::write(
        copy.join("switchyard.db"),
        "this is no database, whatever its name says ".repeat(200),
    )
    .unwrap();
    let restore = run(&["restore", "--from", copy.to_str().unwrap()], &data, "");
    assert_eq!(restore.status.code(), Some(1));
    assert!(!data.join("switchyard.db").exists());
}

#[tokio::test]
async fn an_empty_deployment_is_seeded_once() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "dev",
        "seed",
        "--members",
        "1",
        "--chats",
        "60",
        "--messages",
        "120",
    ];
    let seeded = run(&arguments, folder.path(), "");
    assert!(seeded.status.success(), "{}", text(&seeded.stderr));
    assert_eq!(text(&seeded.stdout).lines().count(), 3);
    let server = RunningServer::start(folder.path());
    let login = Login {
        email: "owner@example.com".into(),
        password: "switchyard-dev".into(),
    };
    let client = Client::new(&server.base_url).unwrap();
    let session = client.login(&login).await.unwrap().session_token;
    let client = client.with_token(session);
    let titles = async |q: Option<&str>| {
        let query = ListChats {
            q: q.map(str::to_owned),
            limit: Some(200),
            ..ListChats::default()
        };
        let chats = client.list_chats(&query).await.unwrap();
        chats
            .into_iter()
            .map(|chat| (chat.title, chat.status))
            .collect::<Vec<_>>()
    };
    let shown = titles(None).await;
    assert_eq!(shown.len(), 3 + 54 + 1, "{shown:?}");
    assert!(
        shown.contains(&("A turn that failed".to_owned(), ChatStatus::Error)),
        "{shown:?}"
    );
    assert_eq!(titles(Some("archived:true")).await.len(), 1 + 6);
    assert_eq!(titles(Some("\"120 messages\"")).await.len(), 1);
    drop(server);
    let again = run(&["dev", "seed"], folder.path(), "");
    assert_eq!(again.status.code(), Some(1));
}

async fn add_provider(data_dir: &Path) {
    let server = RunningServer::start(data_dir);
    let client = Client::new(&server.base_url).unwrap();
    let login = Login {
        email: "olga@example.com".into(),
        password: PASSWORD.into(),
    };
    let session = client.login(&login).await.unwrap().session_token;
    let provider = serde_json::from_value(serde_json::json!({
        "provider": "anthropic", "display_name": "Mine", "api_key": "sk-very-secret",
        "base_url": "http://127.0.0.1:9",
    }));
    client
        .with_token(session)
        .create_provider(&provider.unwrap())
        .await
        .unwrap();
    server.stop("TERM");
}

#[tokio::test]
async fn the_doctor_looks_at_everything() {
    let folder = tempfile::tempdir().unwrap();
    create_olga(folder.path());
    let output = run(&["doctor"], folder.path(), "");
    let table = text(&output.stdout);
    for subject in [
        "data folder",
        "database",
        "first user",
        "git",
        "bubblewrap",
        "network",
        "limits",
        "providers",
    ] {
        assert!(table.contains(subject), "{table}");
    }
    assert!(output.status.success(), "{table}{}", text(&output.stderr));
    assert!(table.contains("only the demo can answer"), "{table}");
    add_provider(folder.path()).await;
    let output = run(&["doctor"], folder.path(), "");
    let table = text(&output.stdout);
    assert!(table.contains("added: Mine (key stored)"), "{table}");
    assert!(!table.contains("sk-very-secret"), "{table}");
    std::fs::write(folder.path().join("switchyard.db"), "broken ".repeat(1000)).unwrap();
    let broken = run(&["doctor"], folder.path(), "");
    assert_eq!(broken.status.code(), Some(1));
    assert!(
        text(&broken.stdout).contains("failed"),
        "{}",
        text(&broken.stdout)
    );
}

#[test]
fn commands_for_workspaces_say_what_they_are_for() {
    let folder = tempfile::tempdir().unwrap();
    let askpass = run(
        &["git-askpass", "Password for 'https://example.com': "],
        folder.path(),
        "",
    );
    assert_eq!((askpass.status.code(), askpass.stdout.len()), (Some(1), 0));
    assert!(text(&askpass.stderr).contains("https://example.com"));
    let agent = run(&["agent"], folder.path(), "");
    assert_eq!(agent.status.code(), Some(1));
    assert!(
        text(&agent.stderr).contains("SWITCHYARD_AGENT_"),
        "{}",
        text(&agent.stderr)
    );
}

#[tokio::test]
async fn secrets_stay_out_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    create_olga(folder.path());
    let mut command = switchyard(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--no-ollama-detection",
        "--log",
        "trace,hyper=info,h2=info",
    ]);
    command
        .env("SWITCHYARD_DATA_DIR", folder.path())
        .env("ANTHROPIC_API_KEY", "sk-ant-very-secret")
        .env("ANTHROPIC_BASE_URL", "http://127.0.0.1:9");
    let server = RunningServer::spawn(command);
    let client = Client::new(&server.base_url).unwrap();
    let login = Login {
        email: "olga@example.com".into(),
        password: PASSWORD.into(),
    };
    let session = client.login(&login).await.unwrap().session_token;
    client.with_token(&session).get_user("me").await.unwrap();
    let log = server.stop_and_read_log();
    assert!(log.contains("/api/v2/users/login"), "{log}");
    for secret in ["sk-ant-very-secret", PASSWORD, &session] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn the_log_says_loudly_that_agents_are_not_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let empty = tempfile::tempdir().unwrap();
    let mut command = switchyard(&["serve", "--listen", "127.0.0.1:0", "--no-ollama-detection"]);
    command
        .env("SWITCHYARD_DATA_DIR", folder.path())
        .env("PATH", empty.path());
    let log = RunningServer::spawn(command).stop_and_read_log();
    let warning = log
        .lines()
        .find(|line| line.contains("WORKSPACES RUN WITHOUT A SANDBOX"));
    assert!(
        warning.is_some_and(|line| line.contains("bubblewrap is not installed")),
        "{log}"
    );
}

#[tokio::test]
async fn stopping_a_server_in_process_ends_it() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    client.get_build_info().await.unwrap();
    server.stop().await;
    assert!(client.get_build_info().await.is_err());
}
