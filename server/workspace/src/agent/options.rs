//! What the agent must know to start, and how a backend hands it over.
//!
//! Everything but the token travels in environment variables. The token comes on standard input, so that it is
//! neither in the environment nor on the command line, where the commands of the workspace could read it.

use std::{collections::BTreeMap, io::BufRead, path::PathBuf, time::Duration};

use url::Url;

use crate::limit_counters::{Counted, CountedLimits};

/// All variables for the agent itself begin with this; none of them reaches the commands it runs.
pub const ENVIRONMENT_PREFIX: &str = "SWITCHYARD_AGENT_";
const SERVER_URL: &str = "SWITCHYARD_AGENT_SERVER_URL";
const SERVER_SOCKET: &str = "SWITCHYARD_AGENT_SERVER_SOCKET";
const TOKEN: &str = "SWITCHYARD_AGENT_TOKEN";
const WORKING_DIRECTORY: &str = "SWITCHYARD_AGENT_WORKING_DIRECTORY";
const STATE_DIRECTORY: &str = "SWITCHYARD_AGENT_STATE_DIRECTORY";
const BASE_COMMIT: &str = "SWITCHYARD_AGENT_BASE_COMMIT";
const SANDBOXED: &str = "SWITCHYARD_AGENT_SANDBOXED";
const GIVE_UP_AFTER_S: &str = "SWITCHYARD_AGENT_GIVE_UP_AFTER_S";
const MEMORY_LIMIT_BYTES: &str = "SWITCHYARD_AGENT_MEMORY_LIMIT_BYTES";
const MEMORY_COUNTER: &str = "SWITCHYARD_AGENT_MEMORY_COUNTER";
const PROCESS_LIMIT: &str = "SWITCHYARD_AGENT_PROCESS_LIMIT";
const PROCESS_COUNTER: &str = "SWITCHYARD_AGENT_PROCESS_COUNTER";
const OWN_PROCESS_LIMIT: &str = "SWITCHYARD_AGENT_OWN_PROCESS_LIMIT";
const DESKTOP_IDLE_MS: &str = "SWITCHYARD_AGENT_DESKTOP_IDLE_MS";
const MAX_TOKEN_BYTES: u64 = 4096;

/// What the agent must know to start.
#[derive(Clone)]
pub struct AgentOptions {
    /// Address of the control plane, `http://…` or `ws://…`.
    pub server_url: Url,
    /// A Unix socket of the control plane, which is tried before its address.
    pub server_socket: Option<PathBuf>,
    /// The agent's token.
    pub token: String,
    /// The folder that commands start in, absolute.
    pub working_directory: PathBuf,
    /// A folder of the agent's own for the whole output of processes.
    pub state_directory: PathBuf,
    /// The commit that changes are shown against; `HEAD` when absent.
    pub base_commit: Option<String>,
    /// Whether a sandbox stands around the agent; only reported.
    pub is_sandboxed: bool,
    /// Ends the agent when the control plane cannot be reached for this long; until then processes live on.
    pub give_up_after: Option<Duration>,
    /// Limits that stand around the workspace, to tell when one was reached.
    pub limits: CountedLimits,
    /// How many processes the agent and its commands may be, where nothing stands around them that limits it.
    pub own_process_limit: Option<u64>,
    /// A desktop that nobody uses ends after this time.
    pub desktop_idle_limit: Duration,
}

/// Why the options cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// A variable is not set.
    #[error("{name} is not set; the agent is started by the server, see `switchyard agent --help`")]
    Missing {
        /// The variable.
        name: &'static str,
    },
    /// A variable cannot be read.
    #[error("{name} is wrong: {message}")]
    Wrong {
        /// The variable.
        name: &'static str,
        /// What is wrong.
        message: String,
    },
}

impl AgentOptions {
    /// Reads the options from this process's environment, and the token from standard input when it is not there.
    pub fn from_environment() -> Result<Self, OptionsError> {
        Self::from_variables(|name| std::env::var(name).ok(), std::io::stdin().lock())
    }

    fn from_variables(
        variable: impl Fn(&'static str) -> Option<String>,
        token_source: impl BufRead,
    ) -> Result<Self, OptionsError> {
        let present = |name| variable(name).filter(|value| !value.is_empty());
        let required = |name| present(name).ok_or(OptionsError::Missing { name });
        let wrong = |name| {
            move |error: String| OptionsError::Wrong {
                name,
                message: error,
            }
        };
        let server_url = required(SERVER_URL)?
            .parse()
            .map_err(|error: url::ParseError| wrong(SERVER_URL)(error.to_string()))?;
        let working_directory = absolute(WORKING_DIRECTORY, required(WORKING_DIRECTORY)?)?;
        let state_directory = absolute(STATE_DIRECTORY, required(STATE_DIRECTORY)?)?;
        let number = |name| {
            let parse = |text: String| {
                text.parse::<u64>()
                    .map_err(|error| wrong(name)(error.to_string()))
            };
            present(name).map(parse).transpose()
        };
        let counted = |limit, counter| {
            Ok(number(limit)?
                .zip(present(counter))
                .map(|(limit, counter)| Counted {
                    limit,
                    counter: counter.into(),
                }))
        };
        let token = match present(TOKEN) {
            Some(token) => token,
            None => read_token(token_source).ok_or(OptionsError::Missing { name: TOKEN })?,
        };
        Ok(Self {
            server_url,
            server_socket: present(SERVER_SOCKET).map(PathBuf::from),
            token,
            working_directory,
            state_directory,
            base_commit: present(BASE_COMMIT),
            is_sandboxed: present(SANDBOXED).is_some_and(|value| value == "1"),
            give_up_after: number(GIVE_UP_AFTER_S)?.map(Duration::from_secs),
            limits: CountedLimits {
                memory: counted(MEMORY_LIMIT_BYTES, MEMORY_COUNTER)?,
                processes: counted(PROCESS_LIMIT, PROCESS_COUNTER)?,
            },
            own_process_limit: number(OWN_PROCESS_LIMIT)?,
            desktop_idle_limit: number(DESKTOP_IDLE_MS)?
                .map_or(super::DESKTOP_IDLE_LIMIT, Duration::from_millis),
        })
    }

    /// The variables that make [`AgentOptions::from_environment`] read these options, without the token.
    pub fn to_variables(&self) -> BTreeMap<&'static str, String> {
        let mut variables = BTreeMap::from([
            (SERVER_URL, self.server_url.to_string()),
            (
                WORKING_DIRECTORY,
                self.working_directory.display().to_string(),
            ),
            (STATE_DIRECTORY, self.state_directory.display().to_string()),
            (
                SANDBOXED,
                if self.is_sandboxed { "1" } else { "0" }.to_owned(),
            ),
        ]);
        if let Some(server_socket) = &self.server_socket {
            variables.insert(SERVER_SOCKET, server_socket.display().to_string());
        }
        if let Some(base_commit) = &self.base_commit {
            variables.insert(BASE_COMMIT, base_commit.clone());
        }
        if let Some(give_up_after) = self.give_up_after {
            variables.insert(GIVE_UP_AFTER_S, give_up_after.as_secs().to_string());
        }
        if self.desktop_idle_limit != super::DESKTOP_IDLE_LIMIT {
            let milliseconds = self.desktop_idle_limit.as_millis();
            variables.insert(DESKTOP_IDLE_MS, milliseconds.to_string());
        }
        if let Some(limit) = self.own_process_limit {
            variables.insert(OWN_PROCESS_LIMIT, limit.to_string());
        }
        for (counted, limit, counter) in [
            (&self.limits.memory, MEMORY_LIMIT_BYTES, MEMORY_COUNTER),
            (&self.limits.processes, PROCESS_LIMIT, PROCESS_COUNTER),
        ] {
            if let Some(counted) = counted {
                variables.insert(limit, counted.limit.to_string());
                variables.insert(counter, counted.counter.display().to_string());
            }
        }
        variables
    }
}

fn absolute(name: &'static str, value: String) -> Result<PathBuf, OptionsError> {
    let path = PathBuf::from(value);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(OptionsError::Wrong {
            name,
            message: "the path must be absolute".into(),
        })
    }
}

fn read_token(source: impl BufRead) -> Option<String> {
    let mut line = String::new();
    source.take(MAX_TOKEN_BYTES).read_line(&mut line).ok()?;
    let token = line.trim();
    (!token.is_empty()).then(|| token.to_owned())
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

    fn options() -> AgentOptions {
        AgentOptions {
            server_url: "http://127.0.0.1:3000/".parse().unwrap(),
            server_socket: Some("/run/agents".into()),
            token: "secret".into(),
            working_directory: "/w".into(),
            state_directory: "/s".into(),
            base_commit: Some("abc".into()),
            is_sandboxed: true,
            give_up_after: Some(Duration::from_secs(7)),
            limits: CountedLimits {
                memory: Some(Counted {
                    limit: 1024,
                    counter: "/m".into(),
                }),
                processes: Some(Counted {
                    limit: 5,
                    counter: "/p".into(),
                }),
            },
            own_process_limit: Some(9),
            desktop_idle_limit: Duration::from_millis(1500),
        }
    }

    #[test]
    fn reads_back_what_a_backend_hands_over_and_keeps_the_token_out_of_the_environment() {
        let variables = options().to_variables();
        assert!(variables.values().all(|value| !value.contains("secret")));
        assert!(
            variables
                .keys()
                .all(|name| name.starts_with(ENVIRONMENT_PREFIX))
        );
        let read =
            AgentOptions::from_variables(|name| variables.get(name).cloned(), &b"secret\n"[..])
                .unwrap();
        assert_eq!(read.token, "secret");
        assert_eq!(read.to_variables(), variables);
        assert_eq!(read.limits, options().limits);
    }

    #[test]
    fn names_the_variable_that_is_missing_or_wrong() {
        let mut variables = options().to_variables();
        let read = |variables: &BTreeMap<&'static str, String>, token: &[u8]| {
            AgentOptions::from_variables(|name| variables.get(name).cloned(), token)
                .err()
                .map(|error| error.to_string())
        };
        assert!(read(&variables, b"").unwrap().contains(TOKEN));
        variables.insert(WORKING_DIRECTORY, "relative".into());
        assert!(read(&variables, b"t").unwrap().contains("must be absolute"));
        variables.remove(SERVER_URL);
        assert!(read(&variables, b"t").unwrap().contains(SERVER_URL));
    }
}
