//! What commands push is told, for the chat that pushed and for no other, whatever git signs in with.

use sdk::external_auth::GitPush;
use sdk::ids::ChatId;
use uuid::Uuid;
use workspace::backend::Source;
use workspace::protocol::StartProcess;

use crate::support::{Fixture, LONG, command, execute, until};

/// A host at the end of SSH that takes every push, and a clone of it with a commit.
const SET_UP: &str = r#"
git init -q --bare host.git
printf '#!/bin/sh\nexec git-receive-pack "%s/host.git"\n' "$PWD" > ssh
chmod +x ssh
git init -q clone && cd clone
git commit -q --allow-empty -m first
git remote add origin git@git.example.com:owner/repository.git
git config core.sshCommand "$PWD/../ssh"
git config ssh.variant simple
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_push_by_ssh_is_told_for_the_chat_that_made_it() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let [pusher, neighbour, onlooker] = [(); 3].map(|()| Uuid::now_v7());
    let [pushing, working, looking] =
        [pusher, neighbour, onlooker].map(|chat| running.client.for_chat(chat, vec![]));
    assert_eq!(execute(&pushing, SET_UP).await.exit_code, Some(0));
    let told = || fixture.server.pushes.lock().unwrap().clone();
    let push = |branch: &str, origin: &str| GitPush {
        chat_id: ChatId(pusher),
        git_branch: branch.to_owned(),
        git_remote_origin: origin.to_owned(),
    };

    // Another chat works in the same workspace all the while, with git, too.
    let beside =
        "cd clone; while [ ! -e ../over ]; do git status -s; git log -1 -q; sleep 0.1; done";
    let beside = working.start_process(&command(beside)).await.unwrap();

    let output = execute(&pushing, "cd clone && git push -q origin HEAD:feature/one").await;
    assert_eq!(output.exit_code, Some(0), "{}", output.output);
    let first = push("feature/one", "git@git.example.com:owner/repository.git");
    until("the push is told", async || told() == [first.clone()]).await;

    // By a script, in the background, to another remote, whose password is not told.
    let script = "cd clone && git remote add team/fork ssh://git:secret@git.example.com/team/repository.git && \
                  printf 'git -C . push -q team/fork HEAD:two' > ../script && sh ../script";
    let background = StartProcess {
        background: true,
        ..command(script)
    };
    pushing.start_process(&background).await.unwrap();
    let second = push("two", "ssh://git@git.example.com/team/repository.git");
    let both = [first.clone(), second.clone()];
    until("the second push is told", async || told() == both).await;

    // Git was not pushing, a push failed, or it was no branch: nothing is told, before the next push is.
    for quiet in [
        "cd clone && git push -q nowhere HEAD:x || true",
        "cd clone && git push -q origin no-such-branch || true",
        "cd clone && git commit -q --allow-empty -m next && git tag v1 && git push -q origin v1",
        "git init -q empty && cd empty && git push -q || true",
    ] {
        execute(&pushing, quiet).await;
    }
    let reading = StartProcess {
        is_read_only: true,
        ..command("env")
    };
    let reading = looking.start_process(&reading).await.unwrap();
    let environment = looking.process_output(reading.id, LONG).await.unwrap();
    assert!(
        !environment.output.contains("TRACE2"),
        "{}",
        environment.output
    );
    // One that began before and fails does not take what a neighbour pushed meanwhile for its own.
    let slow = "mkdir slow && printf '#!/bin/sh\nwhile [ ! -e ../pushed ]; do sleep 0.05; done; exit 1' > slow/pre-push && \
                chmod +x slow/pre-push && cd clone && git -c core.hooksPath=../slow push -q origin HEAD:refused";
    let slow = pushing.start_process(&command(slow)).await.unwrap();
    execute(
        &working,
        "cd clone && git push -q origin HEAD:four && touch ../pushed",
    )
    .await;
    let output = pushing.process_output(slow.id, LONG).await.unwrap();
    assert_ne!(output.exit_code, Some(0));
    let neighbours = GitPush {
        chat_id: ChatId(neighbour),
        ..push("four", "git@git.example.com:owner/repository.git")
    };
    let three = [first.clone(), second.clone(), neighbours.clone()];
    until("the neighbour's push is told", async || told() == three).await;

    // Where git keeps no branches of the remote, and where it is configured what is pushed.
    let shallow = "git clone -q --depth 1 --branch four \"file://$PWD/host.git\" shallow && cd shallow && \
                   git remote set-url origin git@git.example.com:owner/repository.git && \
                   git config core.sshCommand \"$PWD/../ssh\" && git config ssh.variant simple && \
                   git switch -q -c five && git commit -q --allow-empty -m more && git push -q -u origin five && \
                   git commit -q --allow-empty -m yet-more && git push -q";
    let output = execute(&pushing, shallow).await;
    assert_eq!(output.exit_code, Some(0), "{}", output.output);
    let last = push("five", "git@git.example.com:owner/repository.git");
    let all = [first, second, neighbours, last.clone(), last];
    until("the last pushes are told", async || told() == all).await;

    execute(&pushing, "touch over").await;
    let output = working.process_output(beside.id, LONG).await.unwrap();
    assert!(!output.running);
    fixture.end().await;
}
