//! What a diff is made of, over HTTP: the lines around its changes and its pictures, to whom they are given, and what is no
//! way to anything else.

use std::path::PathBuf;
use std::process::Command;

use reqwest::Method;
use sdk::client::Client;
use sdk::git::{ReadGitImage, ReadGitLines, image_address};
use sdk::ids::ChatId;
use sdk::workspace_shares::WorkspacePermission;
use sdk::workspaces::{CreateBuild, Transition, Workspace, WorkspaceStatus};

use super::files::png;
use super::git_watch::{chat_in, delete, share, workspace};
use super::{new_chat, status};
use crate::api::workspaces::{git, until};
use crate::support::on_both;

/// A workspace whose files have changed, and a chat in it.
pub(super) struct Stage {
    pub(super) member: Client,
    pub(super) workspace: Workspace,
    pub(super) chat: ChatId,
    pub(super) folder: PathBuf,
}

impl Stage {
    pub(super) async fn new(member: Client) -> Self {
        let workspace = workspace(&member).await;
        let folder = PathBuf::from(&workspace.working_directory);
        let write = |name: &str, data: &[u8]| std::fs::write(folder.join(name), data).unwrap();
        let lines: Vec<_> = (1..=60).map(|number| format!("line {number}")).collect();
        let lines = lines.join("\n") + "\n";
        write("text.txt", lines.as_bytes());
        write("old.png", &png(8, 4));
        git(&folder, &["add", "."]);
        git(&folder, &["commit", "--quiet", "-m", "Begin"]);
        write(
            "text.txt",
            lines.replace("line 30\n", "LINE 30\n").as_bytes(),
        );
        write("old.png", &png(16, 4));
        write("new.gif", b"GIF89a\x01\0\x01\0\0\0\0;");
        write(
            "drawing.png",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        );
        write("large.png", &vec![0; 10 * 1024 * 1024 + 1]);
        std::os::unix::fs::symlink("/etc/passwd", folder.join("link.png")).unwrap();
        std::os::unix::fs::symlink("..", folder.join("up")).unwrap();
        let chat = chat_in(&member, &workspace, "!text \"hello\"").await.id;
        Self {
            member,
            workspace,
            chat,
            folder,
        }
    }

    /// The name of a file's version that is committed, as short as git writes it.
    pub(super) fn blob(&self, path: &str) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.folder)
            .args(["rev-parse", "--short", &format!("HEAD:{path}")])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn lines(&self, blob: &str, first_line: u32, last_line: u32) -> ReadGitLines {
        ReadGitLines {
            repo_root: self.workspace.working_directory.clone(),
            blob: blob.to_owned(),
            first_line,
            last_line,
            from_end: false,
        }
    }

    fn image(&self, blob: Option<&str>, path: Option<&str>) -> ReadGitImage {
        ReadGitImage {
            repo_root: self.workspace.working_directory.clone(),
            blob: blob.map(str::to_owned),
            path: path.map(str::to_owned),
        }
    }

    async fn refusal_of(&self, path: &str) -> u16 {
        let query = self.image(None, Some(path));
        status(self.member.read_git_image(self.chat, &query)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_those_of_the_version_that_the_diff_was_made_of() {
    on_both(async |server| {
        let stage = Stage::new(server.member("mia").await).await;
        let old = stage.blob("text.txt");
        // Whatever became of the file since.
        std::fs::write(stage.folder.join("text.txt"), "nothing\n").unwrap();
        let ask = async |query: &ReadGitLines| stage.member.read_git_lines(stage.chat, query).await;
        let read = ask(&stage.lines(&old, 29, 31)).await.unwrap();
        assert_eq!(read.lines, ["line 29", "line 30", "line 31"]);
        assert_eq!((read.first_line, read.total_lines), (29, 60));
        assert!(!read.is_unterminated);
        let beyond = ask(&stage.lines(&old, 59, 500)).await.unwrap();
        assert_eq!((beyond.first_line, beyond.lines.len()), (59, 2));

        let refused = async |query: ReadGitLines| status(ask(&query)).await;
        assert_eq!(refused(stage.lines(&old, 0, 5)).await, 400);
        assert_eq!(refused(stage.lines(&old, 5, 4)).await, 400);
        assert_eq!(refused(stage.lines("HEAD:text.txt", 1, 2)).await, 400);
        assert_eq!(refused(stage.lines("--all", 1, 2)).await, 400);
        assert_eq!(refused(stage.lines("deadbeefdeadbeef", 1, 2)).await, 404);
        let picture = stage.blob("old.png");
        assert_eq!(refused(stage.lines(&picture, 1, 2)).await, 400, "binary");
        for root in ["/", "/tmp", "relative", "", "/nowhere"] {
            let query = ReadGitLines {
                repo_root: root.to_owned(),
                ..stage.lines(&old, 1, 2)
            };
            assert_eq!(refused(query).await, 404, "{root:?}");
        }
        delete(&stage.member, &stage.workspace).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_given_before_and_after_and_nothing_else_is() {
    on_both(async |server| {
        let stage = Stage::new(server.member("mia").await).await;
        let old = stage.blob("old.png");
        let get = async |query: &ReadGitImage| {
            let image = stage
                .member
                .read_git_image(stage.chat, query)
                .await
                .unwrap();
            (image.media_type, image.data)
        };
        let kept = stage.image(Some(&old), None);
        assert_eq!(get(&kept).await, ("image/png".to_owned(), png(8, 4)));
        let lying = stage.image(None, Some("old.png"));
        assert_eq!(get(&lying).await, ("image/png".to_owned(), png(16, 4)));
        assert_eq!(
            get(&stage.image(None, Some("new.gif"))).await.0,
            "image/gif"
        );

        for (query, cached) in [
            (&kept, "private, max-age=31536000, immutable"),
            (&lying, "no-store"),
        ] {
            let address = image_address(stage.chat, query);
            let request = stage.member.request(Method::GET, &address).unwrap();
            let response = request.send().await.unwrap();
            let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert!(header("content-security-policy").starts_with("default-src 'none'"));
            assert_eq!(header("cross-origin-resource-policy"), "same-origin");
            assert_eq!(header("cache-control"), cached);
        }

        // What is no picture by its bytes, what is none of the repository's files, and what leads out of it.
        assert_eq!(stage.refusal_of("drawing.png").await, 400);
        assert_eq!(stage.refusal_of("text.txt").await, 400);
        assert_eq!(stage.refusal_of("large.png").await, 413);
        assert_eq!(stage.refusal_of("missing.png").await, 404);
        for path in [
            "link.png",
            "up/x.png",
            "../x.png",
            "/etc/passwd",
            ".git/config",
            ".git/HEAD",
            "",
            "up",
        ] {
            assert_eq!(stage.refusal_of(path).await, 400, "{path:?}");
        }
        let both = stage.image(Some(&old), Some("old.png"));
        let neither = stage.image(None, None);
        for query in [both, neither] {
            assert_eq!(
                status(stage.member.read_git_image(stage.chat, &query)).await,
                400
            );
        }
        delete(&stage.member, &stage.workspace).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_look_into_the_workspace_reads_nothing() {
    on_both(async |server| {
        let guest = server.member("sam").await;
        let stage = Stage::new(server.member("mia").await).await;
        let old = stage.blob("text.txt");
        let picture = stage.blob("old.png");
        let lines = stage.lines(&old, 1, 2);
        let image = stage.image(Some(&picture), None);
        let asked = async |client: &Client, chat| {
            let image = status(client.read_git_image(chat, &image)).await;
            assert_eq!(status(client.read_git_lines(chat, &lines)).await, image);
            image
        };
        assert_eq!(asked(&guest, stage.chat).await, 404, "not their chat");
        let gives = async |given: &[WorkspacePermission]| {
            share(&stage.member, &stage.workspace, "sam", given).await;
        };
        gives(&[WorkspacePermission::Ssh]).await;
        let theirs = chat_in(&guest, &stage.workspace, "!text \"hello\"")
            .await
            .id;
        guest.read_git_lines(theirs, &lines).await.unwrap();
        gives(&[WorkspacePermission::ApplicationConnect]).await;
        guest.read_git_image(theirs, &image).await.unwrap();
        gives(&[WorkspacePermission::Read]).await;
        assert_eq!(asked(&guest, theirs).await, 403);
        gives(&[]).await;
        assert_eq!(asked(&guest, theirs).await, 404);

        let without = stage.member.create_chat(&new_chat("!text \"hello\"")).await;
        assert_eq!(
            asked(&stage.member, without.unwrap().id).await,
            400,
            "no workspace"
        );
        let stop = CreateBuild {
            transition: Transition::Stop,
            parameters: std::collections::BTreeMap::new(),
            force: false,
        };
        stage
            .member
            .create_build(stage.workspace.id, &stop)
            .await
            .unwrap();
        until(&stage.member, stage.workspace.id, WorkspaceStatus::Stopped).await;
        assert_eq!(asked(&stage.member, stage.chat).await, 503);
        delete(&stage.member, &stage.workspace).await;
    })
    .await;
}
