//! Ways to files outside of a workspace: mounts, namespaces, links, dots; through commands and through the agent's own
//! file calls.

use std::path::Path;

use nix::libc;
use workspace::{
    connection::AgentError,
    protocol::{EditFilesRequest, EditFilesResult, FileEdit, FileEdits},
};

use crate::{
    attacks::{SECRET, assert_all_refused, call, output_of, perl, sandboxed},
    support::{Running, execute},
};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_mounted_and_no_mount_can_be_changed() {
    let Some((fixture, running)) = sandboxed().await else {
        return;
    };
    let data = fixture.data().canonicalize().unwrap();
    let mount = |name: &str, from: &str, at: &str, flags: u64| {
        let strings = format!("$from = q({from}); $at = q({at}); $type = q(tmpfs);");
        strings
            + &call(
                name,
                libc::SYS_mount,
                &format!("$from, $at, $type, {flags}, 0"),
            )
    };
    let attempts = [
        mount("new", "x", "/tmp", 0),
        mount("bind", "/proc/1/root", "/tmp", libc::MS_BIND),
        mount(
            "writable system",
            "x",
            "/usr",
            libc::MS_REMOUNT | libc::MS_BIND,
        ),
        mount(
            "writable kernel",
            "x",
            "/proc/sys",
            libc::MS_REMOUNT | libc::MS_BIND,
        ),
        format!(
            "$at = q(/proc/sys); {}",
            call("uncover", libc::SYS_umount2, "$at, 2")
        ),
        format!("$at = q(/); {}", call("root", libc::SYS_chroot, "$at")),
    ];
    assert_all_refused(&perl(&running, &attempts.concat()).await, attempts.len());

    // In a namespace of a user's own everybody may mount, and still sees only what was mounted already.
    let outside = data.join("secret.key");
    std::fs::write(&outside, SECRET).unwrap();
    let own_namespace = format!(
        "syscall({}, {}) == 0 or print qq(no namespace\\n);",
        libc::SYS_unshare,
        libc::CLONE_NEWUSER | libc::CLONE_NEWNS
    );
    let show = format!(
        "for $file (q({outside}), q(/proc/1/root{outside}), q(/tmp/m{outside})) {{ open(F, q(<), $file) and print <F>; }} \
         open(F, q(>), q(/usr/planted)) and print q(PLANTED);",
        outside = outside.display()
    );
    let bind = "mkdir q(/tmp/m); $from = q(/); $at = q(/tmp/m); $type = q(none);";
    let bind = format!(
        "{bind} syscall({}, $from, $at, $type, {}, 0);",
        libc::SYS_mount,
        libc::MS_BIND | libc::MS_REC
    );
    let output = perl(
        &running,
        &[own_namespace, bind, attempts[2..5].concat(), show].concat(),
    )
    .await;
    let outcomes = output.strip_prefix("no namespace\n").unwrap_or(&output);
    assert_all_refused(outcomes, 3);
    assert!(!Path::new("/usr/planted").exists());
    for command in [
        "mount --bind /usr /tmp",
        "unshare -rm mount --bind /proc/1/root/root /tmp && ls -A /tmp | grep .",
    ] {
        let output = execute(&running.client, command).await;
        assert_ne!(output.exit_code, Some(0), "{command}: {}", output.output);
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_dots_lead_nowhere_neither_for_commands_nor_for_the_agents_file_calls() {
    let Some((fixture, running)) = sandboxed().await else {
        return;
    };
    let outside = fixture.data().canonicalize().unwrap().join("secret.key");
    std::fs::write(&outside, SECRET).unwrap();
    let folder = &running.started.folder;
    let outside_text = outside.display().to_string();
    let up = "../".repeat(folder.components().count());
    let script = format!(
        "ln -s {outside_text} link; ln -s {above} above; ln -s /proc/1/root{outside_text} through-process; \
         ln -s /proc/self/cwd/{up}{outside_text} through-folder",
        above = outside.parent().unwrap().display(),
    );
    output_of(&running, &script).await;
    assert_ne!(
        execute(&running.client, &format!("ln {outside_text} hard"))
            .await
            .exit_code,
        Some(0)
    );
    let inside = |path: &str| folder.join(path).display().to_string();
    let paths = [
        outside_text.clone(),
        inside("link"),
        inside("above/secret.key"),
        inside("through-process"),
        inside("through-folder"),
        inside(&format!("{up}{}", outside_text.trim_start_matches('/'))),
        inside("hard"),
    ];
    for path in &paths {
        let output = execute(&running.client, &format!("cat {path}")).await;
        assert_ne!(output.exit_code, Some(0), "{path}: {}", output.output);
        assert!(running.client.read_file(path).await.is_err(), "{path}");
        assert!(edit(&running, path).await.is_err(), "{path}");
    }
    // Some of these can be written: the folders on the way are the sandbox's own.
    for path in &paths {
        execute(&running.client, &format!("echo planted > {path}")).await;
        let _ = running.client.write_file(path, "planted").await;
        assert_eq!(std::fs::read_to_string(&outside).unwrap(), SECRET, "{path}");
    }
    // Nothing was left beside it either: writing makes a new file next to the old one first.
    let beside = std::fs::read_dir(outside.parent().unwrap()).unwrap();
    assert_eq!(
        beside.count(),
        2,
        "the secret and the folder of the workspaces"
    );
    fixture.end().await;
}

async fn edit(running: &Running, path: &str) -> Result<EditFilesResult, AgentError> {
    let edit = FileEdit {
        search: "SECRET".into(),
        replace: "planted".into(),
        replace_all: false,
    };
    let file = FileEdits {
        path: path.into(),
        edits: vec![edit],
    };
    let request = EditFilesRequest { files: vec![file] };
    running.client.edit_files(&request).await
}
