//! The programs that make a desktop, and what they are told.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

use crate::agent::{error::ApiError, processes::inherited_environment};
use crate::protocol::DESKTOP_PROGRAMS_MISSING;

/// The screen; under either name, as systems have it.
const SCREEN: [&str; 2] = ["Xtigervnc", "Xvnc"];
const WINDOW_MANAGER: &str = "openbox";
const TERMINALS: [&str; 4] = ["x-terminal-emulator", "xterm", "xfce4-terminal", "konsole"];
/// Browsers of this family end at once where their own sandbox cannot be made, as for root or inside of another sandbox;
/// the workspace's stands around them.
const WITHOUT_SANDBOX: &str = "--no-sandbox";
const BROWSERS: [&str; 5] = [
    "x-www-browser",
    "firefox",
    "firefox-esr",
    "chromium",
    "google-chrome",
];

/// Folders in which the programs lie, when these are others than those of `PATH`; from the workspace's environment.
const SEARCH_PATH: &str = "DESKTOP_PROGRAMS_PATH";
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

const SETTINGS: &str = include_str!("openbox.xml");
const SETTINGS_FILE: &str = "openbox.xml";
const MENU_FILE: &str = "menu.xml";

/// What a desktop is made with.
#[derive(Debug)]
pub struct Programs {
    /// The X server that speaks RFB.
    pub screen: PathBuf,
    /// Gives windows their frames.
    pub window_manager: PathBuf,
    menu: Vec<(&'static str, PathBuf)>,
}

impl Programs {
    /// Looks for them in [`SEARCH_PATH`], or else where commands of the workspace are looked for.
    pub fn find() -> Result<Self, ApiError> {
        let environment = inherited_environment();
        let named = |name| environment.get(OsStr::new(name));
        let path = named(SEARCH_PATH).or_else(|| named("PATH"));
        Self::find_in(path.map_or(OsStr::new(USUAL_PATH), |path| path.as_os_str()))
    }

    fn find_in(path: &OsStr) -> Result<Self, ApiError> {
        let find = |names: &[&str]| {
            let named = |folder: &PathBuf| {
                let programs = names.iter().map(|name| folder.join(name));
                programs.into_iter().find(|program| program.is_file())
            };
            let folders: Vec<_> = std::env::split_paths(path).collect();
            folders.iter().find_map(named)
        };
        let (screen, window_manager) = (find(&SCREEN), find(&[WINDOW_MANAGER]));
        let (Some(screen), Some(window_manager)) = (screen, window_manager) else {
            return Err(ApiError {
                status: DESKTOP_PROGRAMS_MISSING,
                message: format!(
                    "this workspace has no programs for a desktop; install them where it runs: {}",
                    sdk::desktop::INSTALL_COMMAND
                ),
            });
        };
        let entries = [("Terminal", &TERMINALS[..]), ("Web browser", &BROWSERS[..])];
        let menu = entries
            .into_iter()
            .filter_map(|(label, names)| Some((label, find(names)?)));
        Ok(Self {
            screen,
            window_manager,
            menu: menu.collect(),
        })
    }

    /// Writes what the window manager reads into the desktop's folder; the file's name there.
    pub fn write_settings(&self, folder: &Path) -> io::Result<&'static str> {
        let menu = folder.join(MENU_FILE);
        std::fs::write(&menu, self.menu())?;
        let menu = escaped(&menu.display().to_string());
        std::fs::write(
            folder.join(SETTINGS_FILE),
            SETTINGS.replace("MENU_FILE", &menu),
        )?;
        Ok(SETTINGS_FILE)
    }

    /// What a click beside all windows offers.
    fn menu(&self) -> String {
        let mut menu = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<openbox_menu xmlns=\"http://openbox.org/3.4/menu\">\n\
             <menu id=\"root-menu\" label=\"Programs\">\n",
        );
        for (label, program) in &self.menu {
            let arguments = if is_chromium(program) {
                format!(" {WITHOUT_SANDBOX}")
            } else {
                String::new()
            };
            let program = escaped(&program.display().to_string());
            let _ = writeln!(
                menu,
                "<item label=\"{label}\"><action name=\"Execute\"><command>{program}{arguments}</command></action></item>"
            );
        }
        if self.menu.is_empty() {
            menu.push_str("<item label=\"No programs were found\"></item>\n");
        }
        menu.push_str("</menu>\n</openbox_menu>\n");
        menu
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// By the name of the program itself, which the system's browser is a link to.
fn is_chromium(program: &Path) -> bool {
    let program = program
        .canonicalize()
        .unwrap_or_else(|_| program.to_owned());
    let name = program.file_name().map(OsStr::to_string_lossy);
    name.is_some_and(|name| name.contains("chrom"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn programs_that_are_missing_are_told_with_the_line_that_installs_them() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Xvnc"), "").unwrap();
        let refused = Programs::find_in(folder.path().as_os_str()).unwrap_err();
        assert_eq!(refused.status, DESKTOP_PROGRAMS_MISSING);
        assert!(
            refused
                .message
                .contains("apt-get install tigervnc-standalone-server openbox"),
            "{}",
            refused.message
        );
        std::fs::write(folder.path().join("openbox"), "").unwrap();
        let found = Programs::find_in(folder.path().as_os_str()).unwrap();
        assert_eq!(found.screen, folder.path().join("Xvnc"));
        assert!(found.menu().contains("No programs"));
        std::fs::write(folder.path().join("chromium"), "").unwrap();
        std::os::unix::fs::symlink("chromium", folder.path().join("x-www-browser")).unwrap();
        let found = Programs::find_in(folder.path().as_os_str()).unwrap();
        let entry = "x-www-browser --no-sandbox</command>";
        assert!(found.menu().contains(entry), "{}", found.menu());
    }
}
