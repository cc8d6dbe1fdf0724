//! Pages of the web that an agent found or cites, as links.
//!
//! Addresses and titles are words of strangers: a title is text, only addresses of the web are links, and nothing is loaded
//! from there.

use leptos::prelude::*;
use sdk::messages::Message;
use sdk::parts::{Part, SourcePart};

use crate::view;

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebPage {
    /// Its address.
    pub url: String,
    /// Its title, or its host when it has none.
    pub title: String,
    /// How old it is, in the provider's words.
    pub age: Option<String>,
}

impl WebPage {
    /// A page at this address; `None` when that is none of the web.
    pub fn new(url: &str, title: Option<&str>, age: Option<&str>) -> Option<Self> {
        let host = host_of(url)?;
        let title = title.map(str::trim).filter(|title| !title.is_empty());
        Some(Self {
            url: url.to_owned(),
            title: title.unwrap_or(host).to_owned(),
            age: age.map(str::to_owned),
        })
    }

    /// Where it is.
    pub fn host(&self) -> &str {
        host_of(&self.url).unwrap_or_default()
    }
}

/// The host that a browser would go to.
fn host_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_of_web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    // Browsers read a backslash as a slash.
    let authority = rest.split(['/', '\\', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    (is_of_web && !host.is_empty() && !url.contains(char::is_control)).then_some(host)
}

/// The pages that the text part of a message cites, each once.
pub fn sources_of(message: &Message, part: usize) -> Vec<WebPage> {
    let after = message.content.iter().skip(part + 1);
    let sources = after.map_while(|part| match part {
        Part::Source(source) => Some(source),
        _ => None,
    });
    let mut pages: Vec<WebPage> = Vec::new();
    for page in sources.filter_map(page_of) {
        if !pages.iter().any(|known| known.url == page.url) {
            pages.push(page);
        }
    }
    pages
}

fn page_of(source: &SourcePart) -> Option<WebPage> {
    WebPage::new(&source.url, source.title.as_deref(), None)
}

/// A list of pages, each a link into a new tab.
pub fn page_list(pages: &[WebPage], label: &'static str) -> AnyView {
    let pages = pages
        .iter()
        .map(|page| {
            let host = page.host().to_owned();
            let host = (host != page.title).then_some(host);
            let about: Vec<_> = host.into_iter().chain(page.age.clone()).collect();
            let about = (!about.is_empty())
                .then(|| view! { <span class="web-page-about">{about.join(" · ")}</span> });
            view! {
                <li>
                    <a class="web-page" href=page.url.clone() title=page.url.clone() target="_blank" rel="noopener noreferrer nofollow">
                        <span class="web-page-title">{page.title.clone()}</span> {about}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="web-pages" aria-label=label>{pages}</ul> }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_host_is_the_one_that_a_browser_goes_to() {
        for (url, host) in [
            ("https://www.rust-lang.org/learn?x#y", "rust-lang.org"),
            ("HTTP://example.com", "example.com"),
            ("https://bank.example@evil.example/", "evil.example"),
            ("https://evil.example\\@bank.example/", "evil.example"),
            ("https://evil.example?@bank.example/", "evil.example"),
            ("http://127.0.0.1:8080/a", "127.0.0.1:8080"),
        ] {
            assert_eq!(host_of(url), Some(host), "{url}");
        }
        for url in [
            "javascript:alert(1)",
            "javascript://example.com/%0aalert(1)",
            "data:text/html,x",
            "//example.com",
            "https:example.com",
            "https://",
            "https://user@/",
            "java\nscript://x",
            "https://exa\nmple.com",
            " https://example.com",
            "",
        ] {
            assert_eq!(host_of(url), None, "{url}");
            assert_eq!(WebPage::new(url, Some("title"), None), None);
        }
    }

    #[test]
    fn a_page_without_a_title_is_called_by_its_host() {
        for title in [None, Some(""), Some("  ")] {
            let page = WebPage::new("https://www.example.com/a", title, None).unwrap();
            assert_eq!(page.title, "example.com");
        }
    }
}
