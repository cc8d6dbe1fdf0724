//! What commands of a workspace try against the machine: other processes, the agent, limits, keys, privileged programs,
//! devices. What needs a call that no program makes is made with perl. Files are in `escapes`.

use std::{
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::libc;
use workspace::backend::Source;

use crate::support::{Fixture, Running, command, execute, skip};

pub const SECRET: &str = "TOP SECRET";
/// Does nothing and ends without a word; anything else counts as success of the attack.
const REFUSED: &str = "refused";

/// A process outside that holds a secret in its environment and its memory, and that no workspace may harm.
struct Victim(Child);

impl Victim {
    fn start() -> Self {
        let child = Command::new("sleep")
            .arg("1000")
            .env("VICTIM", SECRET)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A sandboxed workspace, or nothing where there is no sandbox.
pub async fn sandboxed() -> Option<(Fixture, Running)> {
    let fixture = Fixture::new().await;
    if !fixture.is_sandboxed() {
        skip("bubblewrap is missing; install it to test the sandbox");
        return None;
    }
    let running = fixture.start(Source::Empty).await;
    Some((fixture, running))
}

pub async fn output_of(running: &Running, script: &str) -> String {
    execute(&running.client, script).await.output
}

/// What a perl program printed.
pub async fn perl(running: &Running, program: &str) -> String {
    assert!(!program.contains('\''));
    output_of(running, &format!("perl -e '{program}' 2>&1")).await
}

/// Perl that makes a call and prints `refused` and why, or that it was allowed.
pub fn call(name: &str, number: libc::c_long, arguments: &str) -> String {
    format!(
        "print syscall({number}, {arguments}) == -1 ? \"{name}: {REFUSED}: $!\\n\" : \"{name}: ALLOWED\\n\";"
    )
}

/// Every line tells of a refusal.
pub fn assert_all_refused(output: &str, lines: usize) {
    assert_eq!(output.lines().count(), lines, "{output}");
    assert!(
        output.lines().all(|line| line.contains(REFUSED)),
        "{output}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_outside_can_neither_be_read_nor_ended() {
    let Some((fixture, running)) = sandboxed().await else {
        return;
    };
    let other = fixture.start(Source::Empty).await;
    let mut victim = Victim::start();
    let number = victim.0.id();
    for file in [
        "environ",
        "mem",
        "maps",
        "cmdline",
        "root/etc/passwd",
        "fd/0",
    ] {
        let output = execute(&running.client, &format!("head -c1 /proc/{number}/{file}")).await;
        assert_ne!(output.exit_code, Some(0), "{file}: {}", output.output);
    }
    let environments = output_of(
        &running,
        "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'",
    )
    .await;
    assert!(environments.contains("PROJECT_SETTING"), "{environments}");
    assert!(!environments.contains(SECRET), "{environments}");
    let attach = call("attach", libc::SYS_ptrace, &format!("16, {number}, 0, 0"));
    let signal = call("kill", libc::SYS_kill, &format!("{number}, 9"));
    assert_all_refused(&perl(&running, &(attach + &signal)).await, 2);

    // Everything that can be seen is this workspace's own. Counted first: if the sandbox was wrong, this would end what
    // runs on the machine.
    let end_all = "[ $(ls -d /proc/[0-9]* | wc -l) -lt 10 ] && kill -9 -1";
    let _ = running
        .client
        .with_reconnect_grace(Duration::from_millis(10))
        .start_process(&command(end_all))
        .await;
    assert_eq!(output_of(&other, "echo on").await, "on\n");
    assert!(victim.is_alive());
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_cannot_be_traced() {
    let Some((fixture, running)) = sandboxed().await else {
        return;
    };
    let program = format!(
        "$agent = getppid(); open(A, q(<), q(/proc/) . $agent . q(/comm)); print <A>; $buffer = q(x) x 4096; \
         $local = pack(q(PQ), $buffer, 4096); $remote = pack(q(QQ), 0x400000, 4096); {}{}{}",
        // Commands run as the same user, so only that the agent forbids it stands in the way.
        call("attach", libc::SYS_ptrace, "16, $agent, 0, 0"),
        call("seize", libc::SYS_ptrace, "0x4206, $agent, 0, 0"),
        call(
            "read",
            libc::SYS_process_vm_readv,
            "$agent, $local, 1, $remote, 1, 0"
        ),
    );
    // exec, so that the agent is the parent.
    let output = output_of(&running, &format!("exec perl -e '{program}' 2>&1")).await;
    let (name, outcomes) = output.split_once('\n').unwrap();
    assert_eq!(name, "agent", "{output}");
    assert_all_refused(outcomes, 3);
    assert!(
        outcomes.lines().all(|line| line.ends_with("not permitted")),
        "{outcomes}"
    );
    // A command may trace what it starts itself; debuggers work.
    let own = call("trace", libc::SYS_ptrace, "16, $child, 0, 0");
    let own = format!("$child = fork; if (!$child) {{ sleep 100; exit }} {own} kill 9, $child;");
    assert_eq!(perl(&running, &own).await, "trace: ALLOWED\n");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_lifts_its_limits_or_reaches_the_servers_keys() {
    let Some((fixture, running)) = sandboxed().await else {
        return;
    };
    // Who makes a namespace of control groups may mount them, and owns their files when the server is the same user.
    let all = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWCGROUP;
    let (user_keyring, search) = (-4, 10);
    let attempts = [
        call("unshare", libc::SYS_unshare, &all.to_string()),
        call(
            "unshare alone",
            libc::SYS_unshare,
            &libc::CLONE_NEWCGROUP.to_string(),
        ),
        call(
            "clone",
            libc::SYS_clone,
            &format!("{}, 0, 0, 0, 0", all | libc::SIGCHLD),
        ),
        format!(
            "$arguments = pack(q(Q11), {all}); {}",
            call("clone3", libc::SYS_clone3, "$arguments, 88")
        ),
        format!(
            "$type = q(user); $name = q(a); {}",
            call(
                "add_key",
                libc::SYS_add_key,
                &format!("$type, $name, $name, 1, {user_keyring}")
            )
        ),
        call("request_key", libc::SYS_request_key, "$type, $name, 0, 0"),
        call(
            "keyctl",
            libc::SYS_keyctl,
            &format!("{search}, {user_keyring}, $type, $name, 0"),
        ),
    ];
    let output = perl(&running, &attempts.concat()).await;
    assert_all_refused(&output, attempts.len());
    assert!(!output.contains("Required key not available"), "{output}");
    for (name, error) in [("clone3", "not implemented"), ("keyctl", "not permitted")] {
        let line = output.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(line.ends_with(error), "{line}");
    }
    // What programs need still works: threads and processes, and other namespaces where the kernel allows them.
    assert_eq!(
        output_of(
            &running,
            "(echo a | cat) && perl -e 'fork or exit; wait; print 1'"
        )
        .await,
        "a\n1"
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_privileged_program_gives_nothing() {
    let Some((fixture, running)) = sandboxed().await else {
        return;
    };
    // As if it had come there somehow: a command can make none, and none whose owner is another user.
    let copy = running.started.folder.join("privileged");
    std::fs::copy("/usr/bin/grep", &copy).unwrap();
    std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o6755)).unwrap();
    let look = "'^(NoNewPrivs|CapEff|CapPrm|CapAmb):' /proc/self/status";
    for program in ["./privileged", "grep"] {
        let output = output_of(&running, &format!("{program} -E {look} | tr -s '\\t' ' '")).await;
        let none = "0".repeat(16);
        for line in ["CapPrm", "CapEff", "CapAmb"] {
            assert!(
                output.contains(&format!("{line}: {none}\n")),
                "{program}: {output}"
            );
        }
        assert!(output.contains("NoNewPrivs: 1\n"), "{program}: {output}");
    }
    for command in [
        "su -c true nobody",
        "sudo -n true",
        "mount -t proc x /tmp",
        "chown 54321 privileged",
    ] {
        let output = execute(&running.client, command).await;
        assert_ne!(output.exit_code, Some(0), "{command}: {}", output.output);
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_program_can_be_made_that_runs_as_the_servers_user() {
    let Some((fixture, running)) = sandboxed().await else {
        return;
    };
    // Each way to a mode that there is, by its number where no program goes it.
    let numbers = if cfg!(target_arch = "x86_64") {
        "my @p = (\"x\", \"node\", \"created\", \"opened\"); syscall 452, -100, $p[0], 04755, 0; \
         syscall 133, $p[1], 0104755, 0; syscall 85, $p[2], 04755; syscall 2, $p[3], 0101, 04755"
    } else {
        "my $p = \"x\"; syscall 452, -100, $p, 04755, 0"
    };
    let attempts = r#"cp /bin/true x
        chmod 4755 x; chmod u+s x; chmod 6755 x
        perl -e 'open F, "<", "x"; chmod 04755, *F'
        perl -e 'use Fcntl; sysopen F, "made", O_CREAT|O_WRONLY, 04755'
        perl -e 'NUMBERS'
        cp /bin/true y; install -m 4755 y installed; mkdir -m 4755 folder 2>&1
        perl -e 'my $name = "hidden"; my $how = pack "QQQ", 0101, 04755, 0; syscall 437, -100, $name, $how, 24'
        perl -e 'my $p = "\0" x 120; print "RING ", syscall(425, 1, $p), "\n"'
        find . -type f -perm /4000; echo done"#;
    let output = output_of(&running, &attempts.replace("NUMBERS", numbers)).await;
    assert!(output.ends_with("RING -1\ndone\n"), "{output}");
    let folder = &running.started.folder;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        assert!(
            metadata.is_dir() || metadata.permissions().mode() & 0o4000 == 0,
            "{:?}: {output}",
            entry.path()
        );
    }
    // Whatever else a mode says is the workspace's own matter, also the group's bit of a folder.
    let usual = "umask 022; chmod 755 x && mkdir shared && chmod 2775 shared && : > plain && stat -c %a x shared plain";
    assert_eq!(output_of(&running, usual).await, "755\n2775\n644\n");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_no_devices_but_harmless_ones() {
    let Some((fixture, running)) = sandboxed().await else {
        return;
    };
    // Not by `find`: it believes the file system below, where each device is an empty file.
    let look = "for device in $(find /dev -not -type l); do test -b $device -o -c $device && echo $device; done";
    let devices = output_of(&running, look).await;
    for device in devices.lines() {
        let harmless = [
            "console", "full", "null", "ptmx", "random", "tty", "urandom", "zero",
        ];
        let name = device
            .trim_start_matches("/dev/")
            .trim_start_matches("pts/");
        assert!(harmless.contains(&name), "{devices}");
    }
    assert!(devices.contains("/dev/null"), "{devices}");
    for command in [
        "mknod disk b 254 0",
        "mknod memory c 1 1",
        "head -c1 /dev/mem",
        "head -c1 /dev/kmsg",
        "head -c1 /proc/kcore",
        "head -c1 /proc/kmsg",
        "test -w /proc/sysrq-trigger",
        "test -e /sys/fs/cgroup",
    ] {
        let output = execute(&running.client, command).await;
        assert_ne!(output.exit_code, Some(0), "{command}: {}", output.output);
    }
    fixture.end().await;
}
