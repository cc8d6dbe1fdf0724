//! Pages as a browser without JavaScript gets them.

use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use sdk::preferences::{Preferences, Theme};
use sdk::users::Login;

use crate::support::{PASSWORD, TestServer, new_user};

struct Browser {
    http: reqwest::Client,
    base_url: String,
    cookie: Option<String>,
}

impl Browser {
    fn new(server: &TestServer) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self {
            http,
            base_url: server.base_url.clone(),
            cookie: None,
        }
    }

    async fn signed_in(server: &TestServer) -> Self {
        server.owner().await;
        let login = Login {
            email: "olga@example.com".into(),
            password: PASSWORD.into(),
        };
        let session = server.anonymous().login(&login).await.unwrap();
        let cookie = Some(format!("switchyard_session={}", session.session_token));
        Self {
            cookie,
            ..Self::new(server)
        }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let mut request = self
            .http
            .request(Method::GET, format!("{}{path}", self.base_url))
            .header("accept", "text/html");
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        request.send().await.unwrap()
    }

    async fn location(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert!(
            response.status().is_redirection(),
            "{path}: {}",
            response.status()
        );
        response.headers()["location"].to_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_new_deployment_leads_to_set_up() {
    let server = TestServer::start().await;
    let browser = Browser::new(&server);
    assert_eq!(browser.get("/setup").await.status(), StatusCode::OK);
    for path in ["/agents", "/settings", "/login"] {
        assert_eq!(browser.location(path).await, "/setup", "{path}");
    }
}

#[tokio::test]
async fn visitors_are_led_to_the_sign_in_and_back() {
    let server = TestServer::start().await;
    server.owner().await;
    let browser = Browser::new(&server);
    assert_eq!(browser.get("/login").await.status(), StatusCode::OK);
    assert_eq!(browser.location("/setup").await, "/login");
    let login = browser.location("/settings/tokens").await;
    assert!(
        login.starts_with("/login?next=") && login.contains("settings"),
        "{login}"
    );
}

#[tokio::test]
async fn the_signed_in_are_led_away_from_the_sign_in() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server).await;
    assert_eq!(browser.location("/login").await, "/agents");
    assert_eq!(browser.get("/settings").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_first_paint_has_the_readers_theme() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server).await;
    let dark = Preferences {
        theme: Theme::Dark,
        ..Preferences::default()
    };
    server
        .owner()
        .await
        .update_preferences(&dark)
        .await
        .unwrap();
    let page = browser.get("/settings").await.text().await.unwrap();
    assert!(page.contains("data-theme=\"dark\""), "{page}");
}

#[tokio::test]
async fn every_script_carries_the_nonce_of_its_own_request() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server).await;
    let mut nonces = std::collections::HashSet::new();
    for path in ["/settings", "/agents", "/settings"] {
        let response = browser.get(path).await;
        assert_eq!(response.headers()["cache-control"], "no-store");
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap()
            .to_owned();
        let page = response.text().await.unwrap();
        for script in page.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(
                tag.contains(&format!("nonce=\"{nonce}\"")),
                "{path}: <script{tag}>"
            );
        }
        assert!(
            !page.contains(" onclick=") && !page.contains(" style=\""),
            "{path} has inline handlers or styles"
        );
        assert!(nonces.insert(nonce), "a nonce was used twice");
    }
}

#[tokio::test]
async fn unknown_pages_are_404_pages() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server).await;
    let response = browser.get("/no/such/page").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let file = browser.get("/pkg/no-such-file.js").await;
    assert_eq!(file.status(), StatusCode::NOT_FOUND);
    assert!(file.text().await.unwrap().is_empty());
}

#[tokio::test]
async fn files_of_the_site_are_served_with_their_types() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pkg")).unwrap();
    std::fs::write(folder.path().join("favicon.svg"), "<svg/>").unwrap();
    std::fs::write(
        folder.path().join("pkg/switchyard-0123456789abcdef.js"),
        "1",
    )
    .unwrap();
    let manifest =
        r#"{"js": "switchyard-0123456789abcdef.js", "wasm": "x.wasm", "css": "main.css"}"#;
    std::fs::write(folder.path().join("pkg/manifest.json"), manifest).unwrap();
    let site_dir = folder.path().to_owned();
    let server = TestServer::start_with(|_, options| options.site_dir = Some(site_dir)).await;
    let browser = Browser::new(&server);
    let script = browser.get("/pkg/switchyard-0123456789abcdef.js").await;
    assert!(
        script.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(
        browser.get("/favicon.svg").await.headers()["content-type"],
        "image/svg+xml"
    );
    let page = browser.get("/setup").await.text().await.unwrap();
    assert!(
        page.contains("/pkg/switchyard-0123456789abcdef.js"),
        "{page}"
    );
}

#[tokio::test]
async fn pages_are_compressed_for_those_who_ask() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server).await;
    let request = browser
        .http
        .get(format!("{}/settings", server.base_url))
        .header("accept-encoding", "br");
    let response = request
        .header("cookie", browser.cookie.clone().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-encoding"], "br");
}

#[tokio::test]
async fn files_of_the_bundle_ask_nobody_who_they_are() {
    let server = TestServer::start().await;
    let browser = Browser::new(&server);
    // Anywhere else a change that a foreign page sent is refused before it is looked at.
    for (path, expected) in [
        ("/settings", StatusCode::FORBIDDEN),
        ("/pkg/no-such-file.js", StatusCode::NOT_FOUND),
    ] {
        let foreign = browser
            .http
            .post(format!("{}{path}", server.base_url))
            .header("origin", "https://elsewhere.example")
            .send()
            .await
            .unwrap();
        assert_eq!(foreign.status(), expected, "{path}");
    }
}

#[tokio::test]
async fn users_are_shown_page_by_page_also_without_a_script() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server).await;
    let owner = server.owner().await;
    let first = owner.get_user("me").await.unwrap();
    owner.create_user(&new_user("mia")).await.unwrap();
    let text = async |path: &str| browser.get(path).await.text().await.unwrap();
    let everybody = text("/settings/users").await;
    assert!(everybody.contains("mia@example.com") && everybody.contains("olga@example.com"));
    assert!(!everybody.contains("Pages of users"), "{everybody}");
    let second = text(&format!("/settings/users?after={}", first.id)).await;
    assert!(second.contains("mia@example.com"), "{second}");
    assert!(
        second.contains("First page") && !second.contains("Next page"),
        "{second}"
    );
    let broken = text("/settings/users?after=nobody").await;
    assert!(broken.contains("mia@example.com"), "{broken}");
}
