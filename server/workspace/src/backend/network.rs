//! A network of its own for a workspace: pasta's command line.
//!
//! In the machine's network, commands reach what listens on its loopback, and in a cloud the metadata service, which
//! hands out the machine's own credentials. pasta (of the package passt, Podman's choice too) makes a network namespace
//! without root and carries connections from it to the outside as an ordinary program does. The namespace has a loopback
//! of its own, on which the server's port is passed on, and nothing else of the machine's; what names the metadata
//! services of clouds is refused by packet filter rules that are set before the sandbox gives up the right to change them.
//! Routes that refuse would not do: a socket that is bound to a device goes around them.
//!
//! pasta stands outside of the sandbox and its limits, ends when the sandbox does, and the sandbox ends with it.

use std::{
    ffi::OsString,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use url::{Host, Url};

use super::{
    BackendError, Sandbox,
    record::Layout,
    sandbox::{Placed, Plan},
};

const PROGRAM: &str = "pasta";
const PROBE_DEADLINE: Duration = Duration::from_secs(10);
/// Where names are asked for in the workspace; pasta passes the questions on to the machine's own resolver, which may
/// listen on loopback or be a metadata service itself. The address that Podman uses.
const RESOLVER: &str = "169.254.1.1";
const RESOLVER_FILE: &str = "/etc/resolv.conf";
/// Sets the rules of its first argument and becomes the command in the others. Where `nft` lies may not be in the path.
const ENTER: &str =
    r#"printf %s "$1" | PATH="$PATH:/usr/sbin:/sbin" nft -f - || exit 126; shift; exec "$@""#;
/// Metadata services and the like: link-local addresses are those of Amazon, Google, Azure, Oracle, DigitalOcean,
/// OpenStack and others; then the addresses that Alibaba, Azure and Oracle document besides, those of Amazon, Google,
/// Oracle and Scaleway by IPv6, and link-local ones behind a translator (RFC 6052). The reset comes at once, where another
/// refusal would be heard with the second try, a second later.
const RULES: &str = "table inet switchyard {
  chain output {
    type filter hook output priority 0; policy accept;
    ip daddr 169.254.1.1 udp dport 53 accept
    ip daddr 169.254.1.1 tcp dport 53 accept
    ip daddr { 169.254.0.0/16, 100.100.100.200, 168.63.129.16, 192.0.0.192 } goto refuse
    ip6 daddr { fd00:ec2::/32, fd20:ce::254, fd00:c1::a9fe:a9fe, fd00:42::42, 64:ff9b::a9fe:0/112 } goto refuse
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx type admin-prohibited
  }
}
";

/// What workspaces are to reach of the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkOptions {
    /// The machine's network, as it is.
    pub is_shared: bool,
    /// What of the machine's loopback workspaces reach besides the server, as ports.
    pub loopback_ports: Vec<u16>,
}

/// What of the network a command in the sandbox reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nothing.
    #[default]
    Nothing,
    /// What the machine reaches, its own loopback included.
    Machine,
    /// What is outside of the machine, and these ports of its loopback.
    Outside { loopback_ports: Vec<u16> },
}

impl NetworkOptions {
    /// Finds out whether workspaces get a network of their own on this machine; otherwise why not.
    pub async fn look(&self) -> Result<(), String> {
        if self.is_shared {
            return Err("the server's configuration says so".into());
        }
        probe().await
    }
}

async fn probe() -> Result<(), String> {
    let reach = Reach::Outside {
        loopback_ports: Vec::new(),
    };
    let mut words = reach.entrance(true).into_iter();
    let probe = tokio::process::Command::new(words.next().unwrap_or_default())
        .args(words)
        .arg("true")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(PROBE_DEADLINE, probe).await {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => Err(said(&String::from_utf8_lossy(&output.stderr))),
        Ok(Err(error)) => Err(format!("setpriv cannot be started: {error}")),
        Err(_) => Err("pasta did not answer in time".into()),
    }
}

/// The words of the programs, without those that tell of no fault.
fn said(errors: &str) -> String {
    let noise = ["syslog", "uid_map", "user mappings"];
    let lines = errors
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !noise.iter().any(|noise| line.contains(noise)));
    let lines = lines.collect::<Vec<_>>().join("; ");
    if lines.contains(PROGRAM) && lines.contains("No such file") {
        return "pasta is not installed; install the packages passt and nftables and restart the server"
            .into();
    }
    if lines.contains("nft: not found") {
        return "nft is not installed; install the package nftables and restart the server".into();
    }
    format!("pasta and nft cannot make one here ({lines})")
}

/// What a workspace reaches whose agent finds the server under this address.
pub fn reach(
    sandbox: &Sandbox,
    own_network: &Result<(), String>,
    options: &NetworkOptions,
    server_url: &Url,
) -> (Reach, Option<String>) {
    if matches!(sandbox, Sandbox::None { .. }) {
        return (Reach::Machine, None);
    }
    if let Err(reason) = own_network {
        return (Reach::Machine, Some(reason.clone()));
    }
    // The workspace has the machine's other addresses as its own, so that nothing else of the machine answers there.
    let Some(port) = loopback_port(server_url) else {
        let reason = format!(
            "the server listens at {server_url} alone, which a workspace could not reach; let it listen on a loopback address or on all"
        );
        return (Reach::Machine, Some(reason));
    };
    let mut loopback_ports = options.loopback_ports.clone();
    loopback_ports.push(port);
    loopback_ports.sort_unstable();
    loopback_ports.dedup();
    (Reach::Outside { loopback_ports }, None)
}

fn loopback_port(url: &Url) -> Option<u16> {
    let is_loopback = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(address).to_canonical().is_loopback(),
    };
    is_loopback.then(|| url.port_or_known_default()).flatten()
}

impl Reach {
    /// Whether there is any network.
    pub fn is_any(&self) -> bool {
        *self != Self::Nothing
    }

    /// Whether pasta stands around the sandbox.
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Outside { .. })
    }

    /// The words before everything else that enter the network. It ends with its parent on demand.
    pub fn entrance(&self, dies_with_parent: bool) -> Vec<OsString> {
        let Self::Outside { loopback_ports } = self else {
            return Vec::new();
        };
        let ports = match &loopback_ports[..] {
            [] => "none".to_owned(),
            ports => ports
                .iter()
                .map(u16::to_string)
                .collect::<Vec<_>>()
                .join(","),
        };
        let mut words: Vec<&str> = Vec::new();
        if dies_with_parent {
            words.extend(["setpriv", "--pdeathsig", "KILL"]);
        }
        words.extend([PROGRAM, "--config-net", "--quiet", "--no-map-gw"]);
        // Nothing from the machine into the workspace, and of its loopback only what is named.
        words.extend(["-t", "none", "-u", "none", "-U", "none", "-T", &ports]);
        words.extend(["--dns-forward", RESOLVER]);
        if nix::unistd::geteuid().is_root() {
            // Without a user namespace, as the files of others could not be written in one.
            words.extend(["--netns-only", "--runas", "0"]);
        }
        words.extend(["--", "/bin/sh", "-c", ENTER, "sh", RULES]);
        words.into_iter().map(Into::into).collect()
    }

    /// What the sandbox inside of the network needs besides.
    pub fn add_to(&self, plan: &mut Plan, layout: &Layout) -> Result<(), BackendError> {
        if self.is_own() {
            plan.placed.push(Placed {
                from: write_resolver_file(&layout.resolver())?,
                at: RESOLVER_FILE.into(),
                is_writable: false,
            });
        }
        plan.reach = self.clone();
        Ok(())
    }
}

/// The machine's file with another resolver: search domains and options stay.
fn write_resolver_file(path: &Path) -> Result<PathBuf, BackendError> {
    let machine = fs::read_to_string(RESOLVER_FILE).unwrap_or_default();
    let kept = machine
        .lines()
        .filter(|line| ["search", "domain", "options"].contains(&first_word(line)));
    let lines = std::iter::once(format!("nameserver {RESOLVER}")).chain(kept.map(str::to_owned));
    let text: String = lines.map(|line| line + "\n").collect();
    fs::write(path, text).map_err(|error| BackendError::system(path, "cannot write", error))?;
    Ok(path.to_owned())
}

fn first_word(line: &str) -> &str {
    line.split_ascii_whitespace().next().unwrap_or_default()
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

    fn reach_of(url: &str) -> (Reach, Option<String>) {
        let options = NetworkOptions {
            loopback_ports: vec![8080, 3000],
            ..NetworkOptions::default()
        };
        let url = url.parse().unwrap();
        reach(&Sandbox::Bubblewrap, &Ok(()), &options, &url)
    }

    #[test]
    fn passes_the_servers_port_on_and_those_that_are_named() {
        for url in [
            "http://127.0.0.1:3000/",
            "http://[::1]:3000/",
            "http://localhost:3000/",
        ] {
            let (reach, reason) = reach_of(url);
            assert_eq!(reason, None, "{url}");
            let line = reach.entrance(false);
            let position = line.iter().position(|word| word == "-T").unwrap();
            assert_eq!(line[position + 1], "3000,8080", "{url}");
        }
    }

    #[test]
    fn says_why_a_workspace_must_share_the_machines_network() {
        let (reach_there, reason) = reach_of("http://192.0.2.7:3000/");
        assert_eq!(reach_there, Reach::Machine);
        assert!(reason.unwrap().contains("http://192.0.2.7:3000/"));
        let options = NetworkOptions::default();
        let url = "http://127.0.0.1:3000/".parse().unwrap();
        let missing = Err("pasta is not installed".to_owned());
        let (reach, reason) = reach(&Sandbox::Bubblewrap, &missing, &options, &url);
        assert_eq!(reach, Reach::Machine);
        assert_eq!(reason.as_deref(), Some("pasta is not installed"));
    }

    #[test]
    fn tells_what_is_missing() {
        assert!(
            said("setpriv: failed to execute pasta: No such file or directory\n").contains("passt")
        );
        assert!(
            said("Couldn't write to /proc/self/uid_map: x\nsh: 1: nft: not found\n")
                .contains("nftables")
        );
        assert_eq!(
            said("No external routable interface\n"),
            "pasta and nft cannot make one here (No external routable interface)"
        );
    }
}
