//! Desktops through the tunnel: a real screen and real programs on it, in the sandbox where there is one.

use std::{path::PathBuf, time::Duration};

use base64::Engine as _;
use uuid::Uuid;
use workspace::{
    backend::{Backend as _, Source},
    connection::{AgentClient, AgentError},
    protocol::{
        DesktopAction, DesktopActionKind as Kind, DesktopActionResult, DesktopSize, ProcessSignal,
        ScrollDirection, StartProcess,
    },
};

use crate::{
    support::{Fixture, LONG, execute, skip, until},
    viewer::Viewer,
};

const BACKGROUND: [u8; 3] = [0x2f, 0x36, 0x40];

/// An action in the screen's own size.
fn native(kind: Kind) -> DesktopAction {
    DesktopAction {
        scaled_width: None,
        scaled_height: None,
        ..DesktopAction::new(kind)
    }
}

fn with_text(kind: Kind, text: &str) -> DesktopAction {
    DesktopAction {
        text: Some(text.into()),
        ..native(kind)
    }
}

fn at(kind: Kind, coordinate: [i32; 2]) -> DesktopAction {
    DesktopAction {
        coordinate: Some(coordinate),
        ..native(kind)
    }
}

async fn act(client: &AgentClient, action: &DesktopAction) -> DesktopActionResult {
    client.desktop_action(action).await.unwrap()
}

/// The pixels of an answer's picture, in red, green and blue.
fn pixels(result: &DesktopActionResult) -> Vec<[u8; 3]> {
    let file = base64::engine::general_purpose::STANDARD
        .decode(&result.screenshot_data)
        .unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(file))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(
        (info.width, info.height),
        (result.screenshot_width, result.screenshot_height)
    );
    pixels.as_chunks::<3>().0.to_vec()
}

/// A program on the desktop that goes on.
async fn open(client: &AgentClient, command: &str) -> Uuid {
    let request = StartProcess {
        command: command.into(),
        background: true,
        ..StartProcess::default()
    };
    client.start_process(&request).await.unwrap().id
}

/// A program that writes what it hears into a file of its name; where its window is.
async fn listening(client: &AgentClient, name: &str, options: &str) -> [i32; 2] {
    let command = format!("exec xev -name {name} {options} > {name}.txt");
    open(client, &command).await;
    let [x, y, ..] = window(client, name).await;
    [x, y]
}

/// Where a window is once it is shown: left, top, width and height.
async fn window(client: &AgentClient, name: &str) -> [i32; 4] {
    let mut place = None;
    until("the window is shown", async || {
        let told = execute(client, &format!("xwininfo -name {name}"))
            .await
            .output;
        let number = |label: &str| {
            let rest = told.split_once(label)?.1;
            rest.split_whitespace().next()?.parse::<i32>().ok()
        };
        place = (|| {
            told.contains("IsViewable").then_some(())?;
            Some([
                number("Absolute upper-left X:")?,
                number("Absolute upper-left Y:")?,
                number("Width:")?,
                number("Height:")?,
            ])
        })();
        place.is_some()
    })
    .await;
    place.unwrap()
}

async fn display(client: &AgentClient) -> String {
    execute(client, "echo $DISPLAY")
        .await
        .output
        .trim()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_is_seen_by_rfb_and_in_pictures_of_the_declared_size() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = &running.client;
    assert_eq!(display(client).await, "", "none before it is wanted");
    let mut viewer = Viewer::open(client).await;
    assert_eq!(
        viewer.shake_hands().await,
        (1920, 1080, "Switchyard".to_owned())
    );
    assert_eq!(viewer.pixel(1900, 1000).await, BACKGROUND);

    let seen = act(client, &DesktopAction::new(Kind::Screenshot)).await;
    let declared = DesktopSize::NATIVE.declared();
    assert_eq!(
        (seen.screenshot_width, seen.screenshot_height),
        (declared.width, declared.height)
    );
    assert_eq!(pixels(&seen).last(), Some(&BACKGROUND));
    let whole = act(client, &native(Kind::Screenshot)).await;
    assert_eq!(pixels(&whole).len(), 1920 * 1080);
    assert_eq!(seen.output, None);

    // A second one looks at the same.
    let mut other = Viewer::open(client).await;
    other.shake_hands().await;
    open(
        client,
        "xmessage -name shown -bg '#00ff00' -geometry 600x400 hello",
    )
    .await;
    let [x, y, width, height] = window(client, "shown").await;
    let corner = [x + width - 3, y + height - 3].map(|place| u16::try_from(place).unwrap());
    for viewer in [&mut viewer, &mut other] {
        assert_eq!(viewer.pixel(corner[0], corner[1]).await, [0, 0xff, 0]);
    }
    fixture.end().await;
}

/// The signs of the keys that `xev` told of, in order, without those that are held for others.
fn typed(log: &str) -> String {
    let presses = log
        .split("\n\n")
        .filter(|event| event.contains("KeyPress event"));
    let keysyms = presses.filter_map(|event| {
        let number = event.split_once("(keysym 0x")?.1.split(',').next()?;
        Some(xkeysym::Keysym::new(
            u32::from_str_radix(number, 16).unwrap(),
        ))
    });
    keysyms
        .filter(|keysym| !keysym.is_modifier_key())
        .map(|keysym| keysym.key_char().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sign_is_typed() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = &running.client;
    act(client, &native(Kind::Screenshot)).await;
    let [x, y] = listening(client, "typed", "-geometry 300x200 -event keyboard").await;
    act(client, &at(Kind::LeftClick, [x + 50, y + 50])).await;
    // More signs that the keyboard does not have than it has spare keys.
    let many: String = ('一'..).take(150).collect();
    let text = format!("Hello, World! ~{{[|\\]}}@#\" äÖß é € → Привет {many} aA");
    act(client, &with_text(Kind::Type, &text)).await;
    let log = PathBuf::from(&running.started.folder).join("typed.txt");
    until("the program hears the last one", async || {
        typed(&std::fs::read_to_string(&log).unwrap()).ends_with(" aA")
    })
    .await;
    let heard = typed(&std::fs::read_to_string(&log).unwrap());
    assert_eq!(heard, text);
    fixture.end().await;
}

/// Presses of buttons that `xev` told of, and keys by their names, in order.
fn heard(log: &str) -> Vec<String> {
    let events = log.split("\n\n");
    events
        .filter_map(|event| {
            let after = |mark: &str, end: char| {
                let rest = event.split_once(mark)?.1;
                rest.split(end).next().map(str::to_owned)
            };
            if event.contains("ButtonPress event") {
                after(" button ", ',').map(|button| format!("button {button}"))
            } else if event.contains("ButtonRelease event") {
                after(" button ", ',').map(|button| format!("released {button}"))
            } else if event.contains("KeyPress event") {
                after("(keysym ", ')').and_then(|key| Some(key.split_once(", ")?.1.to_owned()))
            } else {
                None
            }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_of_the_pointer_is_what_a_program_hears() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = &running.client;
    act(client, &native(Kind::Screenshot)).await;
    let [x, y] = listening(
        client,
        "heard",
        "-geometry 500x400 -event button -event keyboard",
    )
    .await;
    let inside = [x + 200, y + 200];
    let log = PathBuf::from(&running.started.folder).join("heard.txt");
    let mut told = 0;
    let mut hears = async |actions: &[DesktopAction], expected: &[&str]| {
        for action in actions {
            act(client, action).await;
        }
        let mut new = Vec::new();
        until("the program hears it", async || {
            let all = heard(&std::fs::read_to_string(&log).unwrap());
            new = all.get(told..).unwrap_or_default().to_vec();
            new.len() >= expected.len()
        })
        .await;
        assert_eq!(new, expected, "{actions:?}");
        told += new.len();
    };
    hears(&[at(Kind::MouseMove, inside)], &[]).await;
    let place = act(client, &DesktopAction::new(Kind::CursorPosition)).await;
    let [scaled_x, scaled_y] = DesktopSize::NATIVE.point_on(DesktopSize::NATIVE.declared(), inside);
    assert_eq!(place.output, Some(format!("X={scaled_x},Y={scaled_y}")));

    hears(&[at(Kind::LeftClick, inside)], &["button 1", "released 1"]).await;
    hears(&[native(Kind::RightClick)], &["button 3", "released 3"]).await;
    hears(&[native(Kind::MiddleClick)], &["button 2", "released 2"]).await;
    hears(
        &[native(Kind::DoubleClick)],
        &["button 1", "released 1", "button 1", "released 1"],
    )
    .await;
    hears(
        &[native(Kind::TripleClick)],
        &["button 1", "released 1"].repeat(3),
    )
    .await;
    // A button stays pressed between two actions.
    hears(&[native(Kind::LeftMouseDown)], &["button 1"]).await;
    hears(&[native(Kind::LeftMouseUp)], &["released 1"]).await;
    let scroll = |direction, amount| DesktopAction {
        scroll_direction: Some(direction),
        scroll_amount: Some(amount),
        ..native(Kind::Scroll)
    };
    for (direction, button) in [
        (ScrollDirection::Up, 4),
        (ScrollDirection::Down, 5),
        (ScrollDirection::Left, 6),
        (ScrollDirection::Right, 7),
    ] {
        let (pressed, released) = (format!("button {button}"), format!("released {button}"));
        let expected = [pressed.as_str(), &released].repeat(2);
        hears(&[scroll(direction, 2)], &expected).await;
    }
    let drag = DesktopAction {
        start_coordinate: Some(inside),
        ..at(Kind::LeftClickDrag, [inside[0] + 60, inside[1] + 40])
    };
    hears(&[drag], &["button 1", "released 1"]).await;
    hears(
        &[with_text(Kind::LeftClick, "ctrl")],
        &["Control_L", "button 1", "released 1"],
    )
    .await;
    let hold = DesktopAction {
        duration: Some(50),
        ..with_text(Kind::HoldKey, "F7")
    };
    hears(&[hold], &["F7"]).await;
    hears(
        &[with_text(Kind::Key, "Page_Down shift+a")],
        &["Next", "Shift_L", "A"],
    )
    .await;
    let wait = DesktopAction {
        duration: Some(1),
        ..native(Kind::Wait)
    };
    hears(&[wait], &[]).await;
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drag_goes_through_every_place_of_its_way() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = &running.client;
    act(client, &native(Kind::Screenshot)).await;
    let [x, y] = listening(client, "drawn", "-geometry 500x400 -event mouse").await;
    let corners =
        [[100, 100], [300, 100], [300, 300], [100, 300]].map(|[right, down]| [x + right, y + down]);
    let drag = DesktopAction {
        start_coordinate: Some(corners[0]),
        via: corners[1..].to_vec(),
        ..at(Kind::LeftClickDrag, corners[0])
    };
    act(client, &drag).await;
    let log = PathBuf::from(&running.started.folder).join("drawn.txt");
    until("the pointer has come around", async || {
        let heard = std::fs::read_to_string(&log).unwrap();
        let ways = heard.split("ButtonPress").nth(1);
        let way = ways.and_then(|way| way.split_once("ButtonRelease"));
        let mut rest = way.map_or("", |(way, _)| way);
        corners[1..].iter().all(|[x, y]| {
            let found = rest.split_once(&format!("root:({x},{y})"));
            rest = found.map_or("", |(_, later)| later);
            found.is_some()
        })
    })
    .await;
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_is_clicked_where_the_declared_size_shows_it() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = &running.client;
    act(client, &native(Kind::Screenshot)).await;
    let asked = open(client, "exec xmessage -name asked -buttons yes:7 go on").await;
    let [x, y, _, height] = window(client, "asked").await;
    let declared = DesktopSize::NATIVE.declared();
    let button = DesktopSize::NATIVE.point_on(declared, [x + 20, y + height - 16]);
    let click = DesktopAction {
        coordinate: Some(button),
        ..DesktopAction::new(Kind::LeftClick)
    };
    act(client, &click).await;
    let answered = client.process_output(asked, LONG).await.unwrap();
    assert_eq!(answered.exit_code, Some(7), "{}", answered.output);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_starts_nothing() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = &running.client;
    let outside = DesktopAction {
        coordinate: Some([1280, 0]),
        ..DesktopAction::new(Kind::LeftClick)
    };
    for (action, reason) in [
        (outside, "outside of the screen"),
        (with_text(Kind::Key, "ctrl+nonsense"), "nonsense"),
        (with_text(Kind::Type, &"x".repeat(4097)), "at most 4096"),
    ] {
        let error = client.desktop_action(&action).await.unwrap_err();
        assert!(
            matches!(&error, AgentError::Refused { status, message } if *status == 400 && message.contains(reason)),
            "{error}"
        );
    }
    assert_eq!(display(client).await, "");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_want_it_at_once_get_one_desktop_that_nobody_else_can_enter() {
    let fixture = Fixture::new().await;
    let running = fixture.start(Source::Empty).await;
    let client = &running.client;
    let look = native(Kind::Screenshot);
    let looks = (0..5).map(|_| client.desktop_action(&look));
    for seen in futures::future::join_all(looks).await {
        seen.unwrap();
    }
    let script =
        "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a ^XAUTHORITY= | sort -u";
    let cookie = execute(client, script).await.output;
    let cookie = PathBuf::from(cookie.trim().strip_prefix("XAUTHORITY=").unwrap());
    let folder = cookie.parent().unwrap().display();
    let modes = format!("cd {folder} && stat -c '%n %a' . Xauthority vnc.sock");
    assert_eq!(
        execute(client, &modes).await.output.trim(),
        ". 700\nXauthority 600\nvnc.sock 600"
    );
    assert_eq!(execute(client, "xwininfo -root").await.exit_code, Some(0));
    let stranger = execute(client, "XAUTHORITY=/dev/null xwininfo -root").await;
    assert_eq!(stranger.exit_code, Some(1), "{}", stranger.output);
    fixture.end().await;
}

/// Ends the screen as a crash would.
async fn crash(client: &AgentClient) {
    let script = "for process in /proc/[0-9]*; do \
                  case \"$(cat $process/comm 2>/dev/null)\" in Xtigervnc|Xvnc) kill -9 ${process#/proc/};; esac; done";
    execute(client, script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_that_died_is_started_again() {
    let fixture = Fixture::new().await;
    if !fixture.is_sandboxed() {
        skip("outside of a sandbox the screens of others would be in sight");
        return;
    }
    let running = fixture.start(Source::Empty).await;
    let client = &running.client;
    let mut viewer = Viewer::open(client).await;
    viewer.shake_hands().await;
    crash(client).await;
    viewer.until_it_ends().await;
    until("the end was noticed", async || {
        display(client).await.is_empty()
    })
    .await;
    let mut viewer = Viewer::open(client).await;
    viewer.shake_hands().await;
    assert_eq!(viewer.pixel(5, 5).await, BACKGROUND);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_without_readers_and_actions_ends_and_one_with_a_reader_stays() {
    let limit = Duration::from_millis(1500);
    let fixture = Fixture::with(|options| options.desktop_idle_limit = limit).await;
    let running = fixture.start(Source::Empty).await;
    let client = &running.client;
    let mut viewer = Viewer::open(client).await;
    viewer.shake_hands().await;
    tokio::time::sleep(limit * 2).await;
    assert_eq!(viewer.pixel(5, 5).await, BACKGROUND, "somebody looks");
    drop(viewer);
    until("nobody used it for too long", async || {
        display(client).await.is_empty()
    })
    .await;
    act(client, &native(Kind::Screenshot)).await;
    assert_ne!(display(client).await, "");
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_without_the_programs_says_what_installs_them() {
    let fixture = Fixture::new().await;
    let mut spec = fixture.spec(Uuid::now_v7(), Source::Empty);
    spec.environment
        .insert("DESKTOP_PROGRAMS_PATH".into(), "/nowhere".into());
    let running = fixture.start_as(spec).await.unwrap();
    let client = &running.client;
    let opened = client.open_desktop().await.map(drop).unwrap_err();
    let acted = client.desktop_action(&native(Kind::Screenshot)).await;
    for error in [opened, acted.unwrap_err()] {
        assert!(
            matches!(&error, AgentError::ProgramsMissing { message } if message.contains("apt-get install tigervnc-standalone-server openbox")),
            "{error}"
        );
        assert!(!error.is_transient());
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_ends_with_its_workspace() {
    let fixture = Fixture::with(|options| options.use_sandbox = false).await;
    let running = fixture.start(Source::Empty).await;
    let client = &running.client;
    act(client, &native(Kind::Screenshot)).await;
    let number = display(client).await;
    let socket = format!("/tmp/.X11-unix/X{}", number.strip_prefix(':').unwrap());
    let program = open(client, "exec xmessage -name left open").await;
    window(client, "left").await;
    assert!(std::fs::exists(&socket).unwrap());
    client
        .signal_process(program, ProcessSignal::Kill)
        .await
        .unwrap();
    fixture.backend.stop(running.workspace_id).await.unwrap();
    let is_listening = async || tokio::net::UnixStream::connect(&socket).await.is_ok();
    until("the screen is gone", async || !is_listening().await).await;
    fixture.end().await;
}
