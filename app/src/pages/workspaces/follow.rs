//! A workspace on the screen and what becomes of it: its state, its builds, the log that is shown.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::ids::{BuildId, WorkspaceId};
use sdk::workspaces::{Build, BuildStatus, Workspace, WorkspaceStatus};

use crate::api::workspaces::{WorkspaceNews, WorkspaceView, follow_workspace, telling};
use crate::components::form::go_to_login;
use crate::components::live_region::{Announcer, use_announcer};
use crate::components::workspaces::build_log::ShownLog;
use crate::error::{AppError, ErrorCode};

/// Between two looks while something goes on; the server waits for news besides.
const BUSY_PAUSE_MS: u32 = 250;
const QUIET_PAUSE_MS: u32 = 3_000;
const HIDDEN_PAUSE_MS: u32 = 1_000;

/// What is known.
#[derive(Clone, Copy)]
pub struct Opened {
    id: WorkspaceId,
    pub workspace: RwSignal<Workspace>,
    pub builds: RwSignal<Vec<Build>>,
    /// The build whose log is shown.
    pub shown: RwSignal<Option<BuildId>>,
    /// Whether the address names that build; else the newest start is shown, whichever that is.
    is_named: bool,
    pub log: ShownLog,
    pub is_lost: RwSignal<bool>,
    pub is_gone: RwSignal<bool>,
    /// Moves when a look is wanted at once.
    round: RwSignal<u32>,
    announcer: Announcer,
}

impl Opened {
    /// What the server rendered.
    pub fn new(view: WorkspaceView, is_named: bool) -> Self {
        Self {
            id: view.row.workspace.id,
            workspace: RwSignal::new(view.row.workspace),
            builds: RwSignal::new(view.builds),
            shown: RwSignal::new(view.shown),
            is_named,
            log: ShownLog::new(view.log),
            is_lost: RwSignal::new(false),
            is_gone: RwSignal::new(false),
            round: RwSignal::new(0),
            announcer: use_announcer(),
        }
    }

    /// Looks at once.
    pub fn look(self) {
        self.round.update(|round| *round += 1);
    }

    /// Follows until the current owner is cleaned up. Browser only.
    pub fn follow(self) {
        Effect::new(move |_| {
            let round = self.round.get();
            spawn_local(self.keep_looking(round));
        });
    }

    async fn keep_looking(self, round: u32) {
        while self.is_current(round) {
            let pause_ms = if document().hidden() {
                HIDDEN_PAUSE_MS
            } else {
                self.look_once(round).await
            };
            TimeoutFuture::new(pause_ms).await;
        }
    }

    /// Another look was begun, or the page was left: then what comes is not wanted any more.
    fn is_current(self, round: u32) -> bool {
        self.round.try_get_untracked() == Some(round)
            && self.is_gone.try_get_untracked() == Some(false)
    }

    async fn look_once(self, round: u32) -> u32 {
        let shown = self.shown.get_untracked();
        let news = follow_workspace(self.id, shown, self.log.next_offset()).await;
        if !self.is_current(round) {
            return 0;
        }
        match news {
            Ok(news) => {
                self.is_lost.set(false);
                self.take(news);
            }
            Err(error) => self.could_not(&error),
        }
        if self.is_busy() {
            BUSY_PAUSE_MS
        } else {
            QUIET_PAUSE_MS
        }
    }

    fn could_not(self, error: &AppError) {
        match error.code {
            ErrorCode::NotFound => self.is_gone.set(true),
            ErrorCode::Unauthenticated => go_to_login(),
            _ => self.is_lost.set(true),
        }
    }

    fn is_busy(self) -> bool {
        let is_running = self.builds.with_untracked(|builds| {
            builds
                .first()
                .is_some_and(|build| build.status == BuildStatus::Running)
        });
        !self.is_lost.get_untracked() && (is_running || !self.log.is_finished())
    }

    fn take(self, news: WorkspaceNews) {
        let WorkspaceNews {
            workspace,
            builds,
            log,
        } = news;
        self.log.add(log);
        let newest = telling(&builds);
        if self.builds.with_untracked(|known| *known != builds) {
            self.builds.set(builds);
        }
        if !self.is_named && newest != self.shown.get_untracked() {
            self.log.begin_anew();
            self.shown.set(newest);
        }
        let before = self.workspace.with_untracked(|known| known.status);
        if before != workspace.status {
            self.announce(workspace.status);
        }
        if self.workspace.with_untracked(|known| *known != workspace) {
            self.workspace.set(workspace);
        }
    }

    fn announce(self, status: WorkspaceStatus) {
        let sentence = match status {
            WorkspaceStatus::Ready => "The workspace is ready.",
            WorkspaceStatus::Failed => "The workspace could not be started.",
            WorkspaceStatus::Stopped => "The workspace is stopped.",
            other => match other.start_in_words() {
                Some(words) => words,
                None => return,
            },
        };
        self.announcer.say(sentence);
    }
}
