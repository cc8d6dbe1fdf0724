//! A browser's name in words, from what it calls itself.
//!
//! That text is anybody's: whoever signs in chooses it. So nothing of it is shown but words that are known here and, of a program
//! that is no browser, a short name of plain letters.

/// Signs of a browser and its name, in the order in which to look: most call themselves by the names of others too.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Signs of a system and its name, likewise.
const SYSTEMS: [(&str, &str); 9] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
    ("Linux", "Linux"),
];
const MAX_PROGRAM_CHARACTERS: usize = 32;
const UNKNOWN: &str = "Unknown browser";

/// `Firefox on Linux`, `curl`, or that it is not known.
pub(super) fn in_words(user_agent: &str) -> String {
    let system = first(&SYSTEMS, user_agent);
    match (first(&BROWSERS, user_agent), system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => match (program(user_agent), system) {
            (Some(program), _) => program.to_owned(),
            (None, Some(system)) => format!("{UNKNOWN} on {system}"),
            (None, None) => UNKNOWN.to_owned(),
        },
    }
}

fn first(signs: &[(&str, &'static str)], user_agent: &str) -> Option<&'static str> {
    let found = signs.iter().find(|(sign, _)| user_agent.contains(sign));
    found.map(|(_, name)| *name)
}

/// The name of a program that is no browser: all browsers begin with `Mozilla`.
fn program(user_agent: &str) -> Option<&str> {
    let name = user_agent.split(['/', ' ']).next().unwrap_or_default();
    let is_plain = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'));
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    (begins && is_plain && name.len() <= MAX_PROGRAM_CHARACTERS && name != "Mozilla")
        .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_usual_ones() {
        for (user_agent, words) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/139.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/139.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("python-requests/2.32", "python-requests"),
        ] {
            assert_eq!(in_words(user_agent), words, "{user_agent}");
        }
    }

    #[test]
    fn shows_nothing_of_what_somebody_made_up() {
        for (user_agent, words) in [
            ("", UNKNOWN),
            (" ", UNKNOWN),
            ("/", UNKNOWN),
            ("<script>alert(1)</script>", UNKNOWN),
            ("\u{202e}evil", UNKNOWN),
            ("Your\u{a0}session-ended", UNKNOWN),
            ("\u{e9}vil/1", UNKNOWN),
            ("-rf", UNKNOWN),
            ("Mozilla/5.0 (compatible; \"><img src=x>)", UNKNOWN),
            ("Mozilla/5.0 (Windows; <b>)", "Unknown browser on Windows"),
            ("\"><svg/onload=x> Firefox/1", "Firefox"),
            (&"a".repeat(10_000), UNKNOWN),
        ] {
            assert_eq!(in_words(user_agent), words, "{user_agent}");
        }
    }
}
