//! Addresses of GitHub's API and of its pages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::Github;
use crate::RepositoryName;

/// What a branch's name may hold in an address as it is.
const BRANCH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

impl Github {
    /// An address of the API; each name is one segment, whatever it holds.
    pub(super) fn api(&self, names: &[&str]) -> Url {
        let mut url = self.api_base_url.clone();
        // Only addresses without a host cannot have segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(names);
        }
        url
    }

    /// An address of the host's pages.
    pub(super) fn page(&self, names: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(names);
        }
        url
    }

    pub(super) fn pull_request_url(&self, repository: &RepositoryName, number: i32) -> String {
        let RepositoryName { owner, name } = repository;
        format!("{}{owner}/{name}/pull/{number}", self.base_url)
    }

    pub(super) fn tree_url(&self, repository: &RepositoryName, branch: &str) -> Option<String> {
        let RepositoryName { owner, name } = repository;
        if owner.is_empty() || name.is_empty() || branch.is_empty() {
            return None;
        }
        let branch = utf8_percent_encode(branch, BRANCH);
        Some(format!("{}{owner}/{name}/tree/{branch}", self.base_url))
    }

    pub(super) fn parse_pull_request(&self, text: &str) -> Option<(RepositoryName, i32)> {
        let text = text.trim().trim_end_matches([')', ',', '.', ';']);
        let url = Url::parse(text).ok()?;
        if url.origin() != self.base_url.origin() {
            return None;
        }
        let mut names = url.path_segments()?;
        let (owner, name) = (names.next()?, names.next()?);
        let number: i32 = (names.next()? == "pull")
            .then(|| names.next())??
            .parse()
            .ok()?;
        // A repository's address says what names may hold.
        let remote: crate::Remote = format!("https://host/{owner}/{name}").parse().ok()?;
        let repository = RepositoryName {
            owner: remote.owner().to_owned(),
            name: remote.repository().to_owned(),
        };
        (number > 0).then_some((repository, number))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;

    use super::*;
    use crate::http::Http;

    fn github(base: &str, api: &str) -> Github {
        let url = |text: &str| Url::parse(text).unwrap();
        Github::new(
            Arc::new(Http::new("1").unwrap()),
            "host".to_owned(),
            url(base),
            url(api),
        )
    }

    fn repository() -> RepositoryName {
        RepositoryName {
            owner: "ada".to_owned(),
            name: "greeter".to_owned(),
        }
    }

    #[test]
    fn names_cannot_leave_their_segment() {
        let github = github("https://git.example.com", "https://git.example.com/api/v3");
        let url = github.api(&["repos", "ada", "greeter", "compare", "main...a/../../b?c#d"]);
        assert_eq!(
            url.as_str(),
            "https://git.example.com/api/v3/repos/ada/greeter/compare/main...a%2F..%2F..%2Fb%3Fc%23d"
        );
    }

    #[test]
    fn pull_requests_are_read_from_addresses_of_the_own_host_only() {
        let github = github("https://git.example.com", "https://git.example.com/api/v3");
        for text in [
            "https://git.example.com/ada/greeter/pull/7",
            " https://git.example.com/ada/greeter/pull/7/files?x=1#y ",
            "https://git.example.com/ada/greeter/pull/7).",
        ] {
            assert_eq!(
                github.parse_pull_request(text),
                Some((repository(), 7)),
                "{text}"
            );
        }
        for text in [
            "https://github.com/ada/greeter/pull/7",
            "http://git.example.com/ada/greeter/pull/7",
            "https://git.example.com/ada/greeter/pull/0",
            "https://git.example.com/ada/greeter/pull/-7",
            "https://git.example.com/ada/greeter/pull/99999999999",
            "https://git.example.com/ada/greeter/issues/7",
            "https://git.example.com/ada/%2e%2e/pull/7",
            "https://git.example.com/pull/7",
            "",
        ] {
            assert_eq!(github.parse_pull_request(text), None, "{text}");
        }
    }

    #[test]
    fn pages_are_addressed_at_the_web_host() {
        let github = github("https://git.example.com", "https://git.example.com/api/v3");
        assert_eq!(
            github.pull_request_url(&repository(), 7),
            "https://git.example.com/ada/greeter/pull/7"
        );
        assert_eq!(
            github.tree_url(&repository(), "feat/what? #1").unwrap(),
            "https://git.example.com/ada/greeter/tree/feat/what%3F%20%231"
        );
        assert_eq!(github.tree_url(&repository(), ""), None);
    }
}
