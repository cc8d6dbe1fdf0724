//! Signing in at a git host: there and back with a browser, with a device code, and what hostile people and hosts come to.

use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use sdk::client::Client;
use sdk::external_auth::{
    CreateExternalAuthConfig, ExternalAuthConfig, ExternalAuthFlow, ExternalAuthFlowStatus,
    ExternalAuthKind, UpdateExternalAuthConfig,
};
use serde_json::json;
use standin::github::{App, DeviceOutcome, Fault};
use url::Url;

use crate::support::{TestServer, on_both, refusal};

const NAME: &str = "github";
const PAGE: &str = "/settings/git-hosts?flow=";

/// A host that people can sign in at, and how it is set up here.
struct Host {
    github: standin::Handle,
    config: ExternalAuthConfig,
}

impl Host {
    async fn set_up(server: &TestServer) -> Self {
        let github = standin::start().await.unwrap();
        let config = CreateExternalAuthConfig {
            display_name: Some("The company's GitHub".to_owned()),
            scopes: vec!["repo".to_owned()],
            device_flow: true,
            ..named(NAME, &github.base_url())
        };
        let owner = server.owner().await;
        let config = owner.create_external_auth_config(&config).await.unwrap();
        let host = Self { github, config };
        host.register(App::default());
        host
    }

    fn register(&self, app: App) {
        self.github.github().put_app(App {
            callback_url: self.config.callback_url.clone(),
            ..app
        });
    }

    /// Where the host sends somebody back to who comes from here.
    async fn send_back(&self, address: &Url) -> Url {
        let browser = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .unwrap();
        let answer = browser.get(address.clone()).send().await.unwrap();
        location(&answer).parse().unwrap()
    }

    async fn go(&self, person: &Client) -> Url {
        let answer = start(person).header("sec-fetch-site", "same-origin");
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        location(&answer).parse().unwrap()
    }
}

fn named(id: &str, base_url: &str) -> CreateExternalAuthConfig {
    CreateExternalAuthConfig {
        id: Some(id.to_owned()),
        base_url: base_url.to_owned(),
        client_id: App::default().client_id,
        client_secret: Some(App::default().client_secret),
        ..CreateExternalAuthConfig::default()
    }
}

fn start(person: &Client) -> RequestBuilder {
    let path = format!("/api/v2/external-auth/{NAME}/start");
    person.request(Method::GET, &path).unwrap()
}

async fn get(person: &Client, path: &str) -> Response {
    person
        .request(Method::GET, path)
        .unwrap()
        .send()
        .await
        .unwrap()
}

fn location(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn path_of(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// What became of somebody who comes back at this address.
async fn come_back(person: &Client, address: &Url) -> Result<ExternalAuthFlow, String> {
    let answer = get(person, &path_of(address)).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let led_to = location(&answer);
    let flow = led_to
        .strip_prefix(PAGE)
        .unwrap_or_else(|| panic!("{led_to}"));
    match flow.parse() {
        Ok(flow) => Ok(person.get_external_auth_flow(flow).await.unwrap()),
        Err(_) => Err(flow.to_owned()),
    }
}

async fn is_linked(person: &Client) -> bool {
    !person.list_external_auth().await.unwrap().links.is_empty()
}

#[tokio::test]
async fn somebody_goes_there_agrees_and_is_linked() {
    on_both(async |server| {
        let host = Host::set_up(server).await;
        let mia = server.member("mia").await;
        let listed = mia.list_external_auth().await.unwrap();
        let provider = &listed.providers[0];
        assert_eq!(
            (
                &*provider.id,
                &*provider.display_name,
                provider.code_flow,
                provider.device_flow
            ),
            (NAME, "The company's GitHub", true, true)
        );
        let there = host.go(&mia).await;
        assert!(
            there.as_str().starts_with(&host.github.base_url()),
            "{there}"
        );
        let query: std::collections::HashMap<_, _> = there.query_pairs().into_owned().collect();
        assert_eq!(query["redirect_uri"], host.config.callback_url);
        assert!(query["redirect_uri"].starts_with(&server.base_url));
        assert_eq!(
            (&*query["code_challenge_method"], &*query["scope"]),
            ("S256", "repo")
        );
        let back = host.send_back(&there).await;
        let flow = come_back(&mia, &back).await.unwrap();
        assert_eq!(flow.status, ExternalAuthFlowStatus::Linked, "{flow:?}");
        let link = mia.list_external_auth().await.unwrap().links.remove(0);
        assert_eq!(link.host, host.github.base_url().replace("http://", ""));
        assert_eq!(
            (link.kind, &*link.username),
            (ExternalAuthKind::Oauth, "ada")
        );
        assert!(!is_linked(&server.member("sam").await).await);
        // Once.
        assert_eq!(come_back(&mia, &back).await.unwrap_err(), "unknown");
        let page = get(&mia, &format!("{PAGE}{}", flow.id))
            .await
            .text()
            .await
            .unwrap();
        assert!(page.contains("is linked"), "{page}");
        assert!(!page.contains("gho_"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn a_state_of_another_of_nobody_or_of_another_sign_in_links_nobody() {
    on_both(async |server| {
        let host = Host::set_up(server).await;
        let (mia, sam) = (server.member("mia").await, server.member("sam").await);
        let again = server.sign_in("mia@example.com").await;
        let back = host.send_back(&host.go(&mia).await).await;
        for other in [&sam, &again] {
            assert_eq!(come_back(other, &back).await.unwrap_err(), "unknown");
        }
        let changed = |name: &str, value: &str| {
            let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
            let mut url = back.clone();
            url.query_pairs_mut()
                .clear()
                .extend_pairs(pairs.iter().filter(|(known, _)| known != name))
                .append_pair(name, value);
            url
        };
        for state in ["", "x", "../../", "\u{0}", &"x".repeat(5000)] {
            let refused = come_back(&mia, &changed("state", state)).await;
            assert_eq!(refused.unwrap_err(), "unknown");
        }
        let anonymous = get(&server.anonymous(), &path_of(&back)).await;
        assert_eq!(location(&anonymous), "/login?next=/settings/git-hosts");
        // A code of somebody else's way there: its verifier is not this one's.
        let sams = host.send_back(&host.go(&sam).await).await;
        let (_, code) = sams.query_pairs().find(|(name, _)| name == "code").unwrap();
        let flow = come_back(&mia, &changed("code", &code)).await.unwrap();
        assert_eq!(flow.status, ExternalAuthFlowStatus::Failed);
        let problem = flow.problem.unwrap();
        assert!(problem.contains("bad_verification_code"), "{problem}");
        for person in [&mia, &sam, &again] {
            assert!(!is_linked(person).await);
        }
        let theirs = sam.get_external_auth_flow(flow.id).await;
        assert_eq!(refusal(theirs)["status"], 404);
    })
    .await;
}

#[tokio::test]
async fn what_the_host_says_against_it_is_told_to_its_person() {
    let server = TestServer::start().await;
    let host = Host::set_up(&server).await;
    let mia = server.member("mia").await;
    host.register(App {
        is_denied: true,
        ..App::default()
    });
    let back = host.send_back(&host.go(&mia).await).await;
    let denied = come_back(&mia, &back).await.unwrap().problem.unwrap();
    assert!(
        denied.contains("denied your application access"),
        "{denied}"
    );
    host.register(App::default());
    for (status, body, told) in [
        (200, "<html>".to_owned(), "not the JSON of a token"),
        (200, "x".repeat(100_000), "more than 65536 bytes"),
        (500, String::new(), "cannot be reached"),
        (302, String::new(), "must not go"),
        (
            200,
            json!({"error": "incorrect_client_credentials"}).to_string(),
            "do not belong together",
        ),
        (
            200,
            json!({"access_token": "gho_but-nobodys", "token_type": "mac"}).to_string(),
            "none",
        ),
    ] {
        let back = host.send_back(&host.go(&mia).await).await;
        host.github.github().fail_oauth(Fault {
            body,
            ..Fault::refusal(status, "", &[("location", "http://localhost:1/")])
        });
        let flow = come_back(&mia, &back).await.unwrap();
        let problem = flow.problem.unwrap();
        assert!(problem.contains(told), "{problem}");
        let page = get(&mia, &format!("{PAGE}{}", flow.id))
            .await
            .text()
            .await
            .unwrap();
        assert!(page.contains("was not linked"), "{page}");
    }
    assert!(!is_linked(&mia).await);
    let nowhere = get(&mia, "/api/v2/external-auth/nothing/callback?state=x").await;
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn nobody_is_sent_on_the_way_by_a_foreign_page_or_without_a_session() {
    let server = TestServer::start().await;
    Host::set_up(&server).await;
    let mia = server.member("mia").await;
    let page = format!("{}/settings/git-hosts", server.base_url);
    let page = page.as_str();
    let evil = "http://evil.example/settings/git-hosts";
    // Browsers send no Sec-Fetch-Site over plain HTTP, and a page may hide its address.
    for (headers, status) in [
        (&[("sec-fetch-site", "cross-site")][..], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "cross-site"), ("referer", page)], 403),
        (&[("referer", evil)], 403),
        (&[("referer", "http://127.0.0.1:1/")], 403),
        (&[("referer", "about:blank")], 403),
        (&[], 403),
        (&[("sec-fetch-site", "same-origin")], 303),
        (&[("sec-fetch-site", "none")], 303),
        (&[("referer", page)], 303),
    ] {
        let mut request = start(&mia);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{headers:?}");
    }
    let token = sdk::tokens::CreateToken {
        token_name: "script".to_owned(),
        lifetime_seconds: None,
    };
    let key = mia.create_token("me", &token).await.unwrap().key;
    let script = server.anonymous().with_token(key);
    let refused = start(&script).header("referer", page).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    server.stop().await;
}

#[tokio::test]
async fn people_come_back_to_the_servers_own_address_whatever_a_request_says() {
    let server = TestServer::start_with(|_, options| {
        options.access_url = Some("https://switchyard.example.com/".parse().unwrap());
    })
    .await;
    let host = Host::set_up(&server).await;
    let expected = "https://switchyard.example.com/api/v2/external-auth/github/callback";
    assert_eq!(host.config.callback_url, expected);
    let mia = server.member("mia").await;
    let start =
        format!("/api/v2/external-auth/{NAME}/start?redirect_uri=https://evil.example.com/");
    let request = mia.request(Method::GET, &start).unwrap();
    let request = request.header("sec-fetch-site", "same-origin");
    let request = request.header("host", "evil.example.com");
    let request = request.header("x-forwarded-host", "evil.example.com");
    let there: Url = location(&request.send().await.unwrap()).parse().unwrap();
    assert!(!there.as_str().contains("evil"), "{there}");
    assert!(there.query_pairs().any(|(_, value)| value == expected));
    server.stop().await;
}

#[tokio::test]
async fn a_code_is_entered_there_and_the_link_is_here() {
    on_both(async |server| {
        let host = Host::set_up(server).await;
        host.register(App {
            interval_seconds: 1,
            ..App::default()
        });
        let (mia, sam) = (server.member("mia").await, server.member("sam").await);
        for (outcome, told) in [
            (DeviceOutcome::Denied, Some("denied")),
            (DeviceOutcome::Expired, Some("expired")),
            (DeviceOutcome::Entered, None),
        ] {
            let started = mia.start_external_auth_device(NAME).await.unwrap();
            assert!(
                started
                    .verification_uri
                    .starts_with(&host.github.base_url())
            );
            let theirs = sam.poll_external_auth_flow(started.flow_id).await;
            assert_eq!(refusal(theirs)["status"], 404);
            let early = mia.poll_external_auth_flow(started.flow_id).await.unwrap();
            assert_eq!(early.status, ExternalAuthFlowStatus::Pending);
            host.github
                .github()
                .enter_device_code(&started.user_code, outcome);
            let flow = loop {
                let flow = mia.poll_external_auth_flow(started.flow_id).await.unwrap();
                if flow.status != ExternalAuthFlowStatus::Pending {
                    break flow;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            };
            match (flow.problem, told) {
                (None, None) => {}
                (Some(problem), Some(told)) => assert!(problem.contains(told), "{problem}"),
                other => panic!("{other:?}"),
            }
            assert_eq!(is_linked(&mia).await, told.is_none());
        }
    })
    .await;
}

#[tokio::test]
async fn a_device_code_is_not_entered_at_another_host() {
    let server = TestServer::start().await;
    let host = Host::set_up(&server).await;
    let mia = server.member("mia").await;
    let body = json!({
        "device_code": "d", "user_code": "AAAA-BBBB", "verification_uri": "https://evil.example.com/login/device",
        "expires_in": 900, "interval": 5,
    });
    host.github.github().fail_oauth(Fault {
        body: body.to_string(),
        ..Fault::refusal(200, "", &[])
    });
    let refused = refusal(mia.start_external_auth_device(NAME).await);
    assert_eq!(refused["status"], 503);
    host.register(App {
        has_device_flow: false,
        ..App::default()
    });
    let refused = refusal(mia.start_external_auth_device(NAME).await);
    let words = refused["body"]["message"].as_str().unwrap();
    assert!(
        words.contains("Device Flow must be explicitly enabled"),
        "{words}"
    );
    server.stop().await;
}

#[tokio::test]
async fn owners_set_up_change_and_remove_and_nobody_sees_the_secret() {
    on_both(async |server| {
        let host = Host::set_up(server).await;
        let (owner, mia) = (server.owner().await, server.member("mia").await);
        assert_eq!(
            refusal(mia.list_external_auth_configs().await)["status"],
            404
        );
        let change = UpdateExternalAuthConfig {
            device_flow: Some(false),
            ..UpdateExternalAuthConfig::default()
        };
        assert_eq!(
            refusal(mia.update_external_auth_config(NAME, &change).await)["status"],
            403
        );
        let changed = owner
            .update_external_auth_config(NAME, &change)
            .await
            .unwrap();
        assert!(changed.has_client_secret && !changed.device_flow);
        assert_eq!(
            refusal(mia.start_external_auth_device(NAME).await)["status"],
            409
        );
        let no_secret = UpdateExternalAuthConfig {
            client_secret: Some(String::new()),
            ..UpdateExternalAuthConfig::default()
        };
        let refused = refusal(owner.update_external_auth_config(NAME, &no_secret).await);
        assert_eq!(refused["body"]["validations"][0]["field"], "client_secret");
        for path in [
            "/api/v2/external-auth/configs",
            "/api/v2/external-auth",
            "/api/v2/audit-log",
            "/settings/git-hosts",
        ] {
            let shown = get(&owner, path).await.text().await.unwrap();
            assert!(!shown.contains("the-client-secret"), "{shown}");
        }
        for (id, base_url) in [
            ("Git Hub", "https://a.example.com"),
            ("configs", "https://a.example.com"),
            ("a", "http://a.example.com"),
            ("a", "https://169.254.169.254"),
            ("a", "https://u:p@a.example.com"),
            ("a", "https://a.example.com/team"),
            ("a", ""),
        ] {
            let refused = owner
                .create_external_auth_config(&named(id, base_url))
                .await;
            assert_eq!(refusal(refused)["status"], 400, "{id} {base_url}");
        }
        let twice = named(NAME, "https://a.example.com");
        let twice = refusal(owner.create_external_auth_config(&twice).await);
        assert_eq!(twice["body"]["validations"][0]["field"], "id");
        let twice = named("other", &host.github.base_url());
        let twice = refusal(owner.create_external_auth_config(&twice).await);
        assert_eq!(twice["body"]["validations"][0]["field"], "base_url");
        owner.delete_external_auth_config(NAME).await.unwrap();
        assert_eq!(
            refusal(owner.delete_external_auth_config(NAME).await)["status"],
            404
        );
        let gone = start(&mia).header("sec-fetch-site", "same-origin");
        let gone = gone.send().await.unwrap();
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    })
    .await;
}
