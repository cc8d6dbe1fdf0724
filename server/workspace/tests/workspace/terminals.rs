//! Terminals through the tunnel: real shells on real pseudo-terminals, in the sandbox where there is one.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use uuid::Uuid;
use workspace::{
    backend::Source,
    connection::{AgentClient, AgentError, TerminalCall},
    protocol::{TerminalInput, TerminalOutput, TerminalSize},
};

use crate::support::{Fixture, LONG, until};

const SIZE: TerminalSize = TerminalSize {
    width: 100,
    height: 30,
};

/// A window on a terminal: what it has shown, and how to type.
struct Window {
    call: TerminalCall,
    shown: String,
    /// How often it was given the scroll-back.
    begun: usize,
    exit_code: Option<i32>,
}

impl Window {
    async fn open(client: &AgentClient, id: Uuid) -> Self {
        let call = client.open_terminal(id, SIZE).await.unwrap();
        Self {
            call,
            shown: String::new(),
            begun: 0,
            exit_code: None,
        }
    }

    async fn send(&self, input: TerminalInput) {
        self.call.input.send(input).await.unwrap();
    }

    async fn type_in(&self, keys: &str) {
        let keys = Bytes::from(keys.to_owned());
        self.send(TerminalInput::Data(keys)).await;
    }

    /// Takes the next frame and says that it was worked off; false when there is none any more.
    async fn take(&mut self) -> Result<bool, AgentError> {
        let frame = tokio::time::timeout(LONG, self.call.output.next());
        let Ok(frame) = frame.await else {
            panic!("nothing comes after {:?}", self.shown);
        };
        let data = match frame {
            None => return Ok(false),
            Some(Ok(TerminalOutput::Ended { exit_code })) => {
                self.exit_code = Some(exit_code);
                self.send(TerminalInput::EndReceived).await;
                return Ok(true);
            }
            Some(Ok(TerminalOutput::ScrollBack(data))) => {
                self.shown.clear();
                self.begun += 1;
                data
            }
            Some(Ok(TerminalOutput::Data(data))) => data,
            Some(Err(error)) => return Err(error),
        };
        self.shown.push_str(&String::from_utf8_lossy(&data));
        let taken = TerminalInput::Taken(u32::try_from(data.len()).unwrap());
        // The terminal may have ended meanwhile.
        let _ = self.call.input.send(taken).await;
        Ok(true)
    }

    /// Reads on until this is shown.
    async fn until(&mut self, text: &str) {
        while !self.shown.contains(text) {
            assert!(
                self.take().await.unwrap(),
                "no {text:?} in {:?}",
                self.shown
            );
        }
    }

    /// Runs a command line and returns what it printed. The mark is put together by the shell, so that the line itself,
    /// which is shown as it is typed, does not hold it.
    async fn run(&mut self, command: &str) -> String {
        let mark = Uuid::now_v7().simple().to_string();
        let (one, other) = mark.split_at(16);
        self.type_in(&format!(
            "echo '{one}''{other}'; {command}; echo '{other}''{one}'\r"
        ))
        .await;
        let (begin, end) = (mark.clone(), format!("{other}{one}"));
        self.until(&end).await;
        let printed = self.shown.rsplit_once(&begin).unwrap().1;
        let printed = printed.split_once(&end).unwrap().0;
        printed.trim().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_has_a_terminal_with_the_size_of_the_window() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let mut window = Window::open(&running.client, Uuid::now_v7()).await;
    assert_eq!(window.run("stty size").await, "30 100");
    assert_eq!(window.run("echo $TERM").await, "xterm-256color");
    assert_eq!(window.run("echo $PROJECT_SETTING").await, "given");
    assert_eq!(
        window.run("env | grep -c SWITCHYARD_AGENT_").await,
        "0",
        "what is for the agent alone"
    );
    let folder = running.started.folder.display().to_string();
    assert_eq!(window.run("pwd").await, folder);
    let size = TerminalSize {
        width: 61,
        height: 17,
    };
    window.send(TerminalInput::Resize(size)).await;
    until("the shell has the new size", async || {
        window.run("stty size").await == "17 61"
    })
    .await;
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_and_its_past_are_found_again_after_a_cut_connection() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let id = Uuid::now_v7();
    let mut window = Window::open(&running.client, id).await;
    assert_eq!(
        window.run("kept=here; echo first-$kept").await,
        "first-here"
    );
    fixture.server.hub.disconnect_all();
    let end = loop {
        match window.take().await {
            Ok(true) => {}
            other => break other,
        }
    };
    assert!(
        matches!(end, Ok(false) | Err(AgentError::Disconnected { .. })),
        "{end:?}"
    );
    let mut window = Window::open(&running.client, id).await;
    window.until("first-here").await;
    assert_eq!(window.begun, 1);
    assert_eq!(window.run("echo still-$kept").await, "still-here");
    // Another terminal knows nothing of it.
    let mut other = Window::open(&running.client, Uuid::now_v7()).await;
    assert_eq!(other.run("echo none-$kept").await, "none-");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_windows_see_one_terminal() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let id = Uuid::now_v7();
    let mut one = Window::open(&running.client, id).await;
    let mut other = Window::open(&running.client, id).await;
    one.run("secret=42").await;
    assert_eq!(other.run("echo $secret").await, "42");
    one.until("echo $secret").await;
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_program_and_the_exit_code_is_told() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let id = Uuid::now_v7();
    let mut window = Window::open(&running.client, id).await;
    // Until the shell has made room, the terminal is its own, and lines end otherwise.
    window.type_in("echo be'gun'; cat\r").await;
    window.until("begun").await;
    window.type_in("hello cat\r").await;
    // Typed and repeated.
    while window.shown.matches("hello cat").count() < 2 {
        window.take().await.unwrap();
    }
    // Ctrl-D ends its input.
    window.type_in("\u{4}").await;
    let program =
        "trap 'echo inter''rupted; exit 9' INT; echo rea''dy; while :; do sleep 0.05; done";
    window
        .type_in(&format!("bash -c \"{program}\"; echo code=$?\r"))
        .await;
    window.until("ready").await;
    window.type_in("\u{3}").await;
    window.until("interrupted").await;
    window.until("code=9").await;
    window.type_in("exit 7\r").await;
    while window.take().await.unwrap() {}
    assert_eq!(window.exit_code, Some(7));
    // The same id is a new shell now.
    let mut window = Window::open(&running.client, id).await;
    assert_eq!(window.run("echo new").await, "new");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_was_away_is_told_the_end() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let id = Uuid::now_v7();
    let mut window = Window::open(&running.client, id).await;
    window.run("echo before").await;
    window
        .type_in("while ! test -e go; do sleep 0.02; done; exit 3\r")
        .await;
    window.until("exit 3").await;
    drop(window);
    std::fs::write(running.started.folder.join("go"), "").unwrap();
    let mut window = Window::open(&running.client, id).await;
    while window.take().await.unwrap() {}
    assert_eq!(window.exit_code, Some(3));
    assert!(window.shown.contains("before"));
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_terminal_is_gone_with_what_runs_in_it() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let mut window = Window::open(&running.client, Uuid::now_v7()).await;
    window.type_in("cat\r").await;
    window.until("cat").await;
    window.send(TerminalInput::End).await;
    while window.take().await.unwrap() {}
    assert!(window.exit_code.is_some());
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_terminals_and_no_more() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let mut windows = Vec::new();
    for _ in 0..20 {
        windows.push(Window::open(&running.client, Uuid::now_v7()).await);
    }
    let client = &running.client;
    let refused = client.open_terminal(Uuid::now_v7(), SIZE).await.err();
    let refused = refused.unwrap().to_string();
    assert!(refused.contains("close one of them first"), "{refused}");
    let mut window = windows.pop().unwrap();
    window.send(TerminalInput::End).await;
    while window.take().await.unwrap() {}
    let mut window = Window::open(client, Uuid::now_v7()).await;
    assert_eq!(window.run("echo one more").await, "one more");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_output_is_held_up_by_a_window_that_takes_nothing_and_fills_no_memory() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let id = Uuid::now_v7();
    let mut window = Window::open(&running.client, id).await;
    window.run("echo begun").await;
    window.type_in("yes 0123456789abcdef\r").await;
    let mut taken = 0;
    while taken < 20 * 1024 * 1024 {
        window.shown.clear();
        assert!(window.take().await.unwrap());
        taken += window.shown.len();
    }
    // Not a byte is missing between the lines. The last may have been cut between its two ends.
    let lines = window.shown.split('\n').skip(1);
    let lines = lines.map(|line| line.trim_end_matches('\r'));
    let whole: Vec<_> = lines.filter(|line| line.len() > 16).collect();
    assert!(whole.is_empty(), "{whole:?}");
    assert_eq!(window.begun, 1, "a window that takes is not left behind");
    // Whoever takes nothing gets no more than fits: the rest stays where it comes from.
    let mut waiting = 0;
    let quiet = Duration::from_secs(1);
    while let Ok(Some(Ok(TerminalOutput::Data(data)))) =
        tokio::time::timeout(quiet, window.call.output.next()).await
    {
        waiting += data.len();
    }
    assert!(waiting <= 192 * 1024, "{waiting} bytes under way");
    // It may take again: it is shown what is kept, and Ctrl-C works.
    window
        .send(TerminalInput::Taken(u32::try_from(waiting).unwrap()))
        .await;
    window.type_in("\u{3}").await;
    window.until("^C").await;
    // What is typed while it ends may be thrown away with the rest of the line.
    let over = async {
        while !window.shown.contains("it is over") {
            window.type_in("echo it is 'over'\r").await;
            let _ = tokio::time::timeout(quiet, window.until("it is over")).await;
        }
    };
    tokio::time::timeout(LONG, over).await.unwrap();
    fixture.end().await;
}
