//! GitHub and GitHub Enterprise, by the REST API.

mod addresses;
mod checks;
mod reviews;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use sdk::diff_statuses::PullRequestState;
use serde::de::DeserializeOwned;
use url::Url;

use crate::http::{Answer, Http, Question, not_understood};
use crate::{
    Access, Forge, ForgeError, ForgeKind, LARGEST_DIFF_BYTES, OauthEndpoints, PullRequest, Remote,
    RepositoryName,
};

const JSON: &str = "application/vnd.github+json";
const DIFF: &str = "application/vnd.github.diff";
/// A page of a list of pull requests holds whole repositories and texts.
const LARGEST_JSON_BYTES: usize = 4 * 1024 * 1024;
const LONGEST_LOGIN_BYTES: usize = 255;

/// One host.
#[derive(Debug)]
pub(crate) struct Github {
    http: Arc<Http>,
    name: String,
    base_url: Url,
    api_base_url: Url,
}

impl Github {
    pub(crate) const fn new(
        http: Arc<Http>,
        name: String,
        base_url: Url,
        api_base_url: Url,
    ) -> Self {
        Self {
            http,
            name,
            base_url,
            api_base_url,
        }
    }

    fn question(&self, url: Url, accept: &'static str) -> Question<'_> {
        let limit_bytes = if accept == DIFF {
            LARGEST_DIFF_BYTES
        } else {
            LARGEST_JSON_BYTES
        };
        Question {
            host: &self.name,
            url,
            accept,
            limit_bytes,
        }
    }

    async fn json<T: DeserializeOwned>(
        &self,
        access: &Access,
        url: Url,
    ) -> Result<(T, Option<Url>), ForgeError> {
        let question = self.question(url, JSON);
        let Answer { body, next } = self.http.get(access, question.clone()).await?;
        let value = serde_json::from_slice(&body);
        let value = value.map_err(|problem| not_understood(&question, &problem.to_string()))?;
        Ok((value, next))
    }

    async fn diff(&self, access: &Access, url: Url) -> Result<String, ForgeError> {
        let answer = self.http.get(access, self.question(url, DIFF)).await?;
        // Files are in whatever encoding their authors chose.
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// Page by page, as far as `most_pages`.
    async fn pages<T: DeserializeOwned>(
        &self,
        access: &Access,
        url: Url,
        most_pages: usize,
    ) -> Result<Vec<T>, ForgeError> {
        let (mut all, mut next) = self
            .json::<T>(access, url)
            .await
            .map(|(page, next)| (vec![page], next))?;
        while let Some(url) = next.take()
            && all.len() < most_pages
        {
            let (page, following) = self.json(access, url).await?;
            all.push(page);
            next = following;
        }
        Ok(all)
    }

    /// Where a pull request is asked for.
    fn address_of(&self, repository: &RepositoryName, number: i32) -> Url {
        let RepositoryName { owner, name } = repository;
        self.api(&["repos", owner, name, "pulls", &number.to_string()])
    }

    /// The number of the branch's pull request.
    async fn number_of(
        &self,
        access: &Access,
        repository: &RepositoryName,
        branch: &str,
    ) -> Result<Option<i32>, ForgeError> {
        for (state, sort) in [("open", "updated"), ("all", "created")] {
            let mut url = self.api(&["repos", &repository.owner, &repository.name, "pulls"]);
            url.query_pairs_mut()
                .append_pair("state", state)
                .append_pair("head", &format!("{}:{branch}", repository.owner))
                .append_pair("sort", sort)
                .append_pair("direction", "desc")
                .append_pair("per_page", "1");
            let (found, _) = self.json::<Vec<wire::Listed>>(access, url).await?;
            // Hosts that do not know the condition answer with pull requests of other branches.
            let of_branch = found.iter().find(|listed| listed.head.name == branch);
            if let Some(listed) = of_branch {
                return Ok(Some(listed.number));
            }
        }
        Ok(None)
    }

    async fn get_pull_request(
        &self,
        access: &Access,
        repository: &RepositoryName,
        number: i32,
    ) -> Result<PullRequest, ForgeError> {
        let url = self.address_of(repository, number);
        let (pull, _) = self.json::<wire::Pull>(access, url.clone()).await?;
        let reviews = self.reviews(access, url).await?;
        let check_state = if pull.state() == PullRequestState::Open {
            self.check_state(access, repository, &pull.head.sha).await?
        } else {
            None
        };
        let own = self
            .parse_pull_request_url(&pull.html_url)
            .filter(|(_, told)| *told == number);
        let (repository, number) = own.unwrap_or_else(|| (repository.clone(), number));
        Ok(PullRequest {
            url: self.pull_request_url(&repository, number),
            number,
            check_state,
            reviewer_count: reviews.reviewer_count,
            is_approved: reviews.is_approved,
            has_changes_requested: reviews.has_changes_requested,
            ..pull.shown()
        })
    }
}

#[async_trait]
impl Forge for Github {
    fn kind(&self) -> ForgeKind {
        ForgeKind::Github
    }

    fn host(&self) -> &str {
        &self.name
    }

    fn oauth_endpoints(&self) -> OauthEndpoints {
        OauthEndpoints {
            authorize: self.page(&["login", "oauth", "authorize"]),
            token: self.page(&["login", "oauth", "access_token"]),
            device_code: self.page(&["login", "device", "code"]),
            applications: self.api(&["applications"]),
        }
    }

    async fn account(&self, access: &Access) -> Result<String, ForgeError> {
        let url = self.api(&["user"]);
        let (user, _) = self.json::<wire::Person>(access, url.clone()).await?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = !user.login.is_empty()
            && user.login.len() <= LONGEST_LOGIN_BYTES
            && user.login.bytes().all(is_plain);
        if is_name {
            return Ok(user.login);
        }
        let question = self.question(url, JSON);
        Err(not_understood(&question, "the account has no name"))
    }

    fn repository(&self, remote: &Remote) -> Option<RepositoryName> {
        let is_here = remote.is_at(&self.base_url) && !remote.owner().contains('/');
        is_here.then(|| RepositoryName {
            owner: remote.owner().to_owned(),
            name: remote.repository().to_owned(),
        })
    }

    fn parse_pull_request_url(&self, url: &str) -> Option<(RepositoryName, i32)> {
        self.parse_pull_request(url)
    }

    fn branch_url(&self, repository: &RepositoryName, branch: &str) -> Option<String> {
        self.tree_url(repository, branch)
    }

    async fn find_pull_request(
        &self,
        access: &Access,
        repository: &RepositoryName,
        branch: &str,
    ) -> Result<Option<PullRequest>, ForgeError> {
        match self.number_of(access, repository, branch).await? {
            Some(number) => self
                .get_pull_request(access, repository, number)
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    async fn pull_request_diff(
        &self,
        access: &Access,
        repository: &RepositoryName,
        number: i32,
    ) -> Result<String, ForgeError> {
        let url = self.address_of(repository, number);
        self.diff(access, url).await
    }

    async fn branch_diff(
        &self,
        access: &Access,
        repository: &RepositoryName,
        branch: &str,
    ) -> Result<String, ForgeError> {
        let url = self.api(&["repos", &repository.owner, &repository.name]);
        let (found, _) = self.json::<wire::Repository>(access, url.clone()).await?;
        if found.default_branch.is_empty() {
            let question = self.question(url, JSON);
            return Err(not_understood(
                &question,
                "the repository has no default branch",
            ));
        }
        if found.default_branch == branch {
            return Ok(String::new());
        }
        let range = format!("{}...{branch}", found.default_branch);
        let url = self.api(&[
            "repos",
            &repository.owner,
            &repository.name,
            "compare",
            &range,
        ]);
        self.diff(access, url).await
    }
}
