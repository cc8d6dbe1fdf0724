//! Files through the tunnel.

use std::os::unix::fs::{PermissionsExt, symlink};

use workspace::{
    backend::Source,
    connection::AgentError,
    protocol::{
        EditFilesRequest, FileEdit, FileEdits, ListDirectoryRequest, ReadLinesQuery, Relativity,
    },
};

use crate::support::{Fixture, skip};

fn edits(path: &str, pairs: &[(&str, &str)]) -> FileEdits {
    let edit = |(search, replace): &(&str, &str)| FileEdit {
        search: (*search).into(),
        replace: (*replace).into(),
        replace_all: false,
    };
    FileEdits {
        path: path.into(),
        edits: pairs.iter().map(edit).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_reads_and_edits_keeping_modes_line_endings_and_links() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let (client, folder) = (&running.client, &running.started.folder);
    let path = |name: &str| folder.join(name).display().to_string();

    let written = client
        .write_file(&path("src/new file.txt"), "a\r\nb\r\nc\r\n")
        .await
        .unwrap();
    assert!(written.is_new && written.diff.unwrap().contains("+++ b/src/new file.txt"));
    std::fs::set_permissions(
        folder.join("src/new file.txt"),
        PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    symlink("new file.txt", folder.join("src/link")).unwrap();

    let request = EditFilesRequest {
        files: vec![edits(&path("src/link"), &[("a\nb", "1\n2")])],
    };
    let result = client.edit_files(&request).await.unwrap();
    assert!(result.files[0].diff.contains("-a") && result.files[0].diff.contains("+2"));
    let real = folder.join("src/new file.txt");
    assert_eq!(std::fs::read(&real).unwrap(), b"1\r\n2\r\nc\r\n");
    assert_eq!(
        std::fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o755
    );
    assert!(folder.join("src/link").is_symlink());
    assert_eq!(
        client
            .resolve_path(&path("src/link"))
            .await
            .unwrap()
            .resolved_path,
        real.display().to_string()
    );

    let read = client
        .read_file_lines(&ReadLinesQuery::whole(path("src/link")))
        .await
        .unwrap();
    assert_eq!(read.content, "1\t1\n2\t2\n3\tc\n4\t");
    assert_eq!(
        &client.read_file(&path("src/link")).await.unwrap()[..],
        b"1\r\n2\r\nc\r\n"
    );

    let request = ListDirectoryRequest {
        path: folder
            .components()
            .skip(1)
            .map(|part| part.as_os_str().to_str().unwrap().into())
            .collect(),
        relativity: Relativity::Root,
    };
    let listed = client.list_directory(&request).await.unwrap();
    assert!(
        listed
            .contents
            .iter()
            .any(|entry| entry.name == "src" && entry.is_dir)
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_changes_nothing_when_one_of_its_files_fails() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let (client, folder) = (&running.client, &running.started.folder);
    let path = |name: &str| folder.join(name).display().to_string();
    for name in ["a", "b"] {
        client.write_file(&path(name), "old\n").await.unwrap();
    }
    for (second, expected) in [
        (edits(&path("b"), &[("missing", "x")]), "not found"),
        (edits(&path("none"), &[("old", "x")]), "does not exist"),
        (edits(&path("b"), &[]), "is empty"),
    ] {
        let request = EditFilesRequest {
            files: vec![edits(&path("a"), &[("old", "new")]), second],
        };
        let error = client.edit_files(&request).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(std::fs::read_to_string(folder.join("a")).unwrap(), "old\n");
    }
    let names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().contains(".tmp")),
        "{names:?}"
    );
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_the_system_refuses_leaves_the_other_files_alone() {
    let fixture = Fixture::new().await;
    if !fixture.is_sandboxed() {
        skip("without bubblewrap there is no read-only folder that root cannot write");
        return;
    }
    let running = fixture.start(Source::Empty).await;
    let path = running.started.folder.join("a").display().to_string();
    running.client.write_file(&path, "old\n").await.unwrap();
    let request = EditFilesRequest {
        files: vec![
            edits(&path, &[("old", "new")]),
            edits("/etc/passwd", &[("root", "toor")]),
        ],
    };
    let error = running.client.edit_files(&request).await.unwrap_err();
    assert!(error.to_string().contains("/etc/passwd"), "{error}");
    assert_eq!(
        std::fs::read_to_string(running.started.folder.join("a")).unwrap(),
        "old\n"
    );
    let error = running
        .client
        .write_file("/usr/bin/new-tool", "x")
        .await
        .unwrap_err();
    assert!(
        matches!(error, AgentError::Refused { .. }) && error.to_string().contains("read-only"),
        "{error}"
    );
    // A real device without space: every write to it fails.
    let error = running
        .client
        .write_file("/dev/full", "x")
        .await
        .unwrap_err();
    assert!(matches!(error, AgentError::Refused { .. }), "{error}");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_relative_paths_huge_files_and_what_is_not_a_file() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let (client, folder) = (&running.client, &running.started.folder);
    let error = client.read_file("src/main.rs").await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&folder.join("src/main.rs").display().to_string()),
        "{error}"
    );
    let missing = client
        .read_file(&folder.join("missing").display().to_string())
        .await
        .unwrap_err();
    assert!(matches!(missing, AgentError::NotFound { .. }), "{missing}");
    let error = client
        .read_file(&folder.display().to_string())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("folder"), "{error}");

    let huge = folder.join("huge");
    std::fs::File::create(&huge)
        .unwrap()
        .set_len(5 << 30)
        .unwrap();
    let read = client
        .read_file_lines(&ReadLinesQuery::whole(huge.display().to_string()))
        .await
        .unwrap();
    assert!(!read.success && read.file_size == 5 << 30 && read.error.unwrap().contains("grep"));
    let error = client
        .read_file(&huge.display().to_string())
        .await
        .unwrap_err();
    assert!(matches!(error, AgentError::Refused { .. }), "{error}");
    let too_large = client
        .write_file(&huge.display().to_string(), vec![b'x'; 13 << 20])
        .await
        .unwrap_err();
    assert!(
        matches!(too_large, AgentError::Refused { status, .. } if status == 413),
        "{too_large}"
    );
    let fifo = folder.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(
        client
            .read_file(&fifo.display().to_string())
            .await
            .unwrap_err()
            .to_string()
            .contains("regular file")
    );
    fixture.end().await;
}
