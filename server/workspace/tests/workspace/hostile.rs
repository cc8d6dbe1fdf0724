//! Folders that an agent prepared for the server or for the repository's owner. What a command of theirs would do
//! outside the sandbox shows as a file.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use uuid::Uuid;
use workspace::backend::{Backend, Source};

use crate::support::{Fixture, Running, execute, git, skip, worktree};

fn direct(folder: &Path) -> Source {
    Source::Direct {
        folder: folder.into(),
    }
}

/// Plays the owner, whose git may fail but must not run what an agent wrote.
fn owners_status(repository: &Path) {
    Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(["status", "--porcelain"])
        .output()
        .unwrap();
}

/// A script that leaves a mark, and the mark.
fn trap(folder: &Path) -> (PathBuf, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (script, mark) = (folder.join("trap.sh"), folder.join("mark"));
    let text = format!("#!/bin/sh\nenv > {}\nexit 1\n", mark.display());
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    (script, mark)
}

/// Names of files and folders, without those that every commit may bring.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "worktrees")
        .collect();
    names.sort();
    names
}

async fn succeeds(running: &Running, command: &str) -> String {
    let output = execute(&running.client, command).await;
    assert_eq!(output.exit_code, Some(0), "{command}: {}", output.output);
    assert!(
        !output.output.contains("rror:") && !output.output.contains("fatal:"),
        "{command}: {}",
        output.output
    );
    output.output
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_place_of_the_folder_is_refused_at_the_next_start() {
    let fixture = Fixture::new().await;
    std::fs::write(fixture.data().join("secret.key"), "TOP SECRET").unwrap();
    let data = fixture.data().canonicalize().unwrap();
    let above = fixture.folder.path().canonicalize().unwrap().join("above");
    std::fs::create_dir_all(above.join("inner")).unwrap();
    let outer = fixture.start(direct(&above)).await;
    let id = Uuid::now_v7();
    let inner = fixture
        .try_start(id, direct(&above.join("inner")))
        .await
        .unwrap();
    fixture.backend.stop(inner.workspace_id).await.unwrap();
    let swap = format!("mv inner moved && ln -s {} inner", data.display());
    execute(&outer.client, &swap).await;
    assert_eq!(above.join("inner").canonicalize().unwrap(), data);
    let error = fixture
        .try_start(id, Source::Empty)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("leads to"), "{error}");

    // The same between the permission and the first start.
    let fresh = fixture
        .try_start(Uuid::now_v7(), direct(&above.join("inner")))
        .await;
    assert!(fresh.is_err());
    symlink(above.join("moved"), above.join("other")).unwrap();
    let fresh = fixture
        .try_start(Uuid::now_v7(), direct(&above.join("other")))
        .await;
    assert!(fresh.err().unwrap().to_string().contains("leads to"));

    execute(&outer.client, "rm inner && mv moved inner").await;
    fixture.try_start(id, Source::Empty).await.unwrap();
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_place_of_the_shared_git_folder_or_of_the_work_tree_is_refused() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    let id = Uuid::now_v7();
    let running = fixture
        .try_start(id, worktree(&repository, "x"))
        .await
        .unwrap();
    fixture.backend.stop(id).await.unwrap();
    std::fs::rename(repository.join(".git"), repository.join("moved")).unwrap();
    symlink(fixture.data(), repository.join(".git")).unwrap();
    assert!(fixture.try_start(id, Source::Empty).await.is_err());
    std::fs::remove_file(repository.join(".git")).unwrap();
    std::fs::rename(repository.join("moved"), repository.join(".git")).unwrap();

    let objects = repository.join(".git/objects");
    std::fs::rename(&objects, repository.join("objects")).unwrap();
    symlink(repository.join("objects"), &objects).unwrap();
    assert!(fixture.try_start(id, Source::Empty).await.is_err());
    std::fs::remove_file(&objects).unwrap();
    std::fs::rename(repository.join("objects"), &objects).unwrap();

    let work = &running.started.folder;
    std::fs::rename(work, work.with_extension("moved")).unwrap();
    symlink(fixture.data(), work).unwrap();
    assert!(fixture.try_start(id, Source::Empty).await.is_err());
    std::fs::remove_file(work).unwrap();
    std::fs::rename(work.with_extension("moved"), work).unwrap();
    fixture.try_start(id, Source::Empty).await.unwrap();
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_repository_never_runs_what_its_configuration_names() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    let (script, mark) = trap(&fixture.folder.path().canonicalize().unwrap());
    for (name, value) in [
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", "ssh://nowhere.invalid/x"),
        ("remote.origin.uploadpack", script.to_str().unwrap()),
        ("protocol.allow", "always"),
        ("core.sshCommand", script.to_str().unwrap()),
        ("core.fsmonitor", script.to_str().unwrap()),
        ("filter.x.clean", script.to_str().unwrap()),
        ("filter.x.process", script.to_str().unwrap()),
    ] {
        git(&repository, &["config", name, value]);
    }
    std::fs::write(repository.join(".gitattributes"), "* filter=x\n").unwrap();
    std::fs::write(repository.join("readme.md"), "changed\n").unwrap();
    // A commit that is not there would have to be fetched.
    std::fs::write(
        repository.join(".git/refs/heads/main"),
        "0123456789012345678901234567890123456789\n",
    )
    .unwrap();
    for url in ["ssh://nowhere.invalid/x", "/nowhere", "ext::sh -c x"] {
        git(&repository, &["config", "remote.origin.url", url]);
        for source in [worktree(&repository, "x"), direct(&repository)] {
            let _ = fixture.backend.check(&source).await;
        }
        // A start looks at more: the files, too.
        let source = worktree(&repository, "x");
        assert!(fixture.try_start(Uuid::now_v7(), source).await.is_err());
    }
    assert!(
        !mark.exists(),
        "{}",
        std::fs::read_to_string(&mark).unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_for_unsaved_work_gives_the_workspace_neither_variables_nor_a_place_to_write() {
    let fixture = Fixture::new().await;
    if !fixture.is_sandboxed() {
        skip("bubblewrap is missing; install it to test the sandbox");
        return;
    }
    let running = fixture.start(Source::Empty).await;
    let mark = running.started.folder.join("mark");
    let plant = format!(
        "printf '#!/bin/sh\\nenv > {}\\nenv > /dev/stderr\\nexit 1\\n' > ../trap; chmod +x ../trap; \
         git config filter.x.clean ../trap; git config filter.x.required true; \
         echo a > a; git add a; git commit -qm a; echo '* filter=x' > .gitattributes; sleep 1; touch a",
        mark.display()
    );
    execute(&running.client, &plant).await;
    let work = fixture
        .backend
        .unsaved_work(running.workspace_id)
        .await
        .unwrap();
    let told = format!("{work:?}");
    assert!(!mark.exists());
    assert!(!told.contains("CARGO_MANIFEST_DIR"), "{told}");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sandbox_git_and_its_filters_get_no_variable_of_the_server() {
    let fixture = Fixture::with(|options| options.use_sandbox = false).await;
    let running = fixture.start(Source::Empty).await;
    let (script, mark) = trap(&fixture.folder.path().canonicalize().unwrap());
    let plant = format!(
        "echo a > a; git add a; git commit -qm a; git config filter.x.clean {}; \
         echo '* filter=x' > .gitattributes; echo b > a",
        script.display()
    );
    execute(&running.client, &plant).await;
    std::fs::remove_file(&mark).ok();
    let _ = fixture.backend.unsaved_work(running.workspace_id).await;
    let seen = std::fs::read_to_string(&mark).unwrap();
    assert!(
        seen.contains("PATH=/usr") && !seen.contains("CARGO"),
        "{seen}"
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owners_git_runs_nothing_that_an_agent_of_a_worktree_or_of_the_folder_planted() {
    let fixture = Fixture::new().await;
    if !fixture.is_sandboxed() {
        skip("bubblewrap is missing; install it to test the sandbox");
        return;
    }
    let repository = fixture.repository("project");
    let common = repository.join(".git");
    std::fs::create_dir_all(common.join("modules/m")).unwrap();
    git(
        &repository,
        &["worktree", "add", "--quiet", "../neighbour", "-b", "n"],
    );
    let neighbour = fixture
        .folder
        .path()
        .canonicalize()
        .unwrap()
        .join("neighbour");
    let (script, mark) = trap(&fixture.folder.path().canonicalize().unwrap());
    for source in [worktree(&repository, "x"), direct(&repository)] {
        let running = fixture.start(source.clone()).await;
        let evil = format!("[core]\\n\\tfsmonitor = {}\\n", script.display());
        let plant = format!(
            "cd {git}; mkdir -p evil/objects evil/refs; printf '{evil}' > evil/config; \
             echo evil > commondir; rm -f commondir; mv commondir c; echo evil > commondir; \
             printf '{evil}' >> config; printf '{evil}' > config.worktree; printf '{evil}' > modules/m/config; \
             echo {git}/evil > worktrees/neighbour/commondir; mkdir modules/m/hooks; \
             rm -rf hooks; mv config c; mv modules m2; mv worktrees w2; \
             cd ..; mv .git .moved && mkdir .git && cp -r .moved/* .git && printf '{evil}' > .git/config",
            git = common.display()
        );
        execute(&running.client, &plant).await;
        owners_status(&repository);
        owners_status(&neighbour);
        assert!(!mark.exists(), "{source:?}");
        assert_eq!(
            git(&repository, &["config", "--get-all", "core.bare"]),
            "false"
        );
        assert!(!common.join("modules/m/config").exists());
        fixture.backend.stop(running.workspace_id).await.unwrap();
        std::fs::remove_dir_all(common.join("evil")).ok();
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_whose_git_is_sent_elsewhere_for_its_configuration_is_refused() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    git(
        &repository,
        &["clone", "--quiet", "--bare", ".", ".git/evil"],
    );
    std::fs::write(repository.join(".git/commondir"), "evil\n").unwrap();
    for source in [worktree(&repository, "x"), direct(&repository)] {
        let error = fixture.backend.check(&source).await.unwrap_err();
        assert!(
            error.to_string().contains("leads git to another"),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn git_works_in_a_worktree_and_what_it_cannot_do_it_says() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    git(&repository, &["tag", "v0"]);
    git(&repository, &["branch", "packed"]);
    git(&repository, &["pack-refs", "--all"]);
    let packed_refs = repository.join(".git/packed-refs");
    let packed_before = std::fs::read(&packed_refs).unwrap();
    let files_before = names_in(&repository.join(".git"));
    let running = fixture.start(worktree(&repository, "work")).await;
    let branch = running.started.branch.clone().unwrap();
    let home = succeeds(&running, "git clone -q --bare . ~/remote.git && echo $HOME").await;
    let remote = format!("{}/remote.git", home.trim());
    git(&repository, &["remote", "add", "origin", &remote]);
    for command in [
        "git config user.name >/dev/null && git rev-parse v0",
        "echo a > a && git add a && git commit -qm a",
        "git checkout -qb side && echo b > b && git add b && git commit -qm b && git checkout -q -",
        "echo c > c && git add c && git commit -qm c && git rebase -q side",
        "git checkout -q side && git cherry-pick HEAD@{1} || git cherry-pick --skip; git status",
        "git checkout -q - && git merge -q --no-ff -m merged side && git diff HEAD~1 --stat",
        "echo dirty > a && git stash -q && git stash pop -q && git checkout -q a && git stash list",
        "git branch -qD side 2>&1 | grep -v config; ! git rev-parse -q --verify side",
        "git tag v1 && git tag -a -m two v2 && git tag -d v1 && git fetch -q . HEAD:refs/heads/copied",
        "git push -q origin HEAD:refs/heads/pushed && git fetch -q && git rev-parse origin/pushed",
        "git push -q origin :pushed && git fetch -q --prune && ! git rev-parse -q --verify origin/pushed",
        "git checkout -q packed && git commit -q --allow-empty -m onward && git checkout -q -",
        "git rebase -q --onto v0 HEAD~1 && git reset -q --hard ORIG_HEAD",
        "git status && git worktree list && git fsck && git reflog -5",
    ] {
        succeeds(&running, command).await;
    }
    let head = succeeds(&running, "git rev-parse HEAD").await;
    assert_eq!(git(&repository, &["rev-parse", &branch]), head.trim());
    assert_eq!(std::fs::read(&packed_refs).unwrap(), packed_before);
    if fixture.is_sandboxed() {
        assert_eq!(names_in(&repository.join(".git")), files_before);
    }
    // The owner packs what was made, and both still see it; a change of his configuration opens nothing.
    git(&repository, &["branch", "owners"]);
    git(&repository, &["gc", "--quiet"]);
    git(&repository, &["branch", "-D", "owners"]);
    git(&repository, &["config", "core.abbrev", "9"]);
    assert_eq!(succeeds(&running, "git rev-parse HEAD").await, head);
    succeeds(&running, "git commit -q --allow-empty -m after").await;
    assert!(!git(&repository, &["log", "-1", "--format=%s", &branch]).is_empty());
    if fixture.is_sandboxed() {
        let packed_before = std::fs::read(&packed_refs).unwrap();
        for (command, expected) in [
            ("git gc", "Read-only file system"),
            ("git pack-refs --all", "owners-packed-refs"),
            ("git tag -d v0", "owners-packed-refs"),
            ("git worktree add ../second", "Read-only file system"),
            ("git config core.abbrev 10", "Read-only file system"),
        ] {
            let output = execute(&running.client, command).await;
            assert_ne!(output.exit_code, Some(0), "{command}");
            assert!(
                output.output.contains(expected),
                "{command}: {}",
                output.output
            );
        }
        assert_eq!(std::fs::read(&packed_refs).unwrap(), packed_before);
    }
    let id = running.workspace_id;
    fixture.backend.stop(id).await.unwrap();
    let again = fixture.try_start(id, Source::Empty).await.unwrap();
    succeeds(&again, "git commit -q --allow-empty -m again").await;
    fixture.backend.delete(id, true).await.unwrap();
    assert_eq!(git(&repository, &["worktree", "list"]).lines().count(), 1);
    assert_eq!(git(&repository, &["branch", "--list", "switchyard/*"]), "");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn git_works_in_a_folder_that_is_used_directly() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository("project");
    let running = fixture.start(direct(&repository)).await;
    for command in [
        "echo a > a && git add a && git commit -qm a && git checkout -qb side",
        "echo b > a && git stash -q && git stash pop -q && git commit -qam b",
        "git checkout -q main && git merge -q side && git branch -qd side 2>&1 | grep -v config; ! git rev-parse -q --verify side",
        "git pack-refs --all && git gc -q && git status && git worktree list && git fsck",
    ] {
        succeeds(&running, command).await;
    }
    assert_eq!(git(&repository, &["log", "-1", "--format=%s"]), "b");
    assert_eq!(git(&repository, &["status", "--porcelain"]), "");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_of_very_deep_folders_links_and_pipes_can_be_looked_at_and_deleted() {
    let fixture = Fixture::new().await;
    let kept = fixture.folder.path().join("kept");
    std::fs::create_dir(&kept).unwrap();
    std::fs::write(kept.join("file"), "").unwrap();
    let running = fixture.start(Source::Empty).await;
    let script = format!(
        "ln -s {} out; mkfifo pipe; perl -e 'for (1..20000) {{ mkdir \"d\"; chdir \"d\" or die }}' && echo deep; \
         mkdir closed && touch closed/x && chmod 0 closed",
        kept.canonicalize().unwrap().display()
    );
    let output = execute(&running.client, &script).await.output;
    assert!(output.contains("deep"), "{output}");
    fixture
        .backend
        .delete(running.workspace_id, true)
        .await
        .unwrap();
    assert!(!running.started.folder.exists() && kept.join("file").exists());
    fixture.end().await;
}
