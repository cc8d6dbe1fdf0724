#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Option<String> {
    text.parse::<Remote>().ok().map(|remote| remote.to_string())
}

#[test]
fn reads_every_usual_form() {
    for text in [
        "https://github.com/ada/greeter",
        "https://github.com/ada/greeter.git",
        "https://github.com/ada/greeter.git/",
        " https://GitHub.com:443/ada/greeter/ ",
        "https://ada:secret@github.com/ada/greeter.git",
        "https://x-access-token@github.com/ada/greeter",
    ] {
        assert_eq!(
            read(text).as_deref(),
            Some("https://github.com/ada/greeter"),
            "{text}"
        );
    }
    for text in [
        "git@github.com:ada/greeter.git",
        "github.com:ada/greeter",
        "git@github.com:/ada/greeter.git/",
        "ssh://git@github.com/ada/greeter.git",
        "ssh://git@GITHUB.com:22/ada/greeter",
        "git+ssh://git@github.com/ada/greeter",
    ] {
        assert_eq!(
            read(text).as_deref(),
            Some("ssh://github.com/ada/greeter"),
            "{text}"
        );
    }
    assert_eq!(
        read("ssh://git@git.example.com:2222/team/sub/greeter.git").as_deref(),
        Some("ssh://git.example.com:2222/team/sub/greeter")
    );
    assert_eq!(
        read("git@[::1]:ada/greeter").as_deref(),
        Some("ssh://[::1]/ada/greeter")
    );
    assert_eq!(
        read("http://127.0.0.1:8080/ada/greeter.git").as_deref(),
        Some("http://127.0.0.1:8080/ada/greeter")
    );
}

#[test]
fn refuses_what_is_no_repository_at_a_host() {
    for text in [
        "",
        "/srv/git/greeter.git",
        "../greeter",
        "file:///srv/git/ada/greeter.git",
        "https://github.com",
        "https://github.com/ada",
        "https://github.com/ada/.git",
        "https://github.com/ada//greeter",
        "https://github.com/ada/%2e%2e",
        "https://github.com/ada/greeter?x=1",
        "https://github.com/ada/greeter#x",
        "https://github.com/ada/gre eter",
        "https://github.com\\ada\\greeter",
        "ext::sh -c touch% /tmp/x",
        "javascript:alert/1",
        "git@:ada/greeter",
        "git@github.com:greeter",
        "C:\\work\\greeter",
        "git@github.com:../greeter",
    ]
    .into_iter()
    .filter(|text| *text != "javascript:alert/1")
    {
        assert_eq!(read(text), None, "{text}");
    }
    // To git that is a host by the name of javascript; no host of ours is called so.
    assert!("javascript:alert/1".parse::<Remote>().is_ok());
}

#[test]
fn a_remote_is_at_its_own_host_only() {
    let base = Url::parse("https://git.example.com:8443/").unwrap();
    let is_at = |text: &str, base: &Url| text.parse::<Remote>().unwrap().is_at(base);
    assert!(is_at("https://git.example.com:8443/a/b", &base));
    assert!(is_at("git@git.example.com:a/b", &base));
    assert!(is_at("ssh://git@git.example.com:2222/a/b", &base));
    for other in [
        "https://git.example.com/a/b",
        "http://git.example.com:8443/a/b",
        "https://evil.example/git.example.com/b",
        "https://git.example.com.evil.example:8443/a/b",
        "https://git.example.com:8443@evil.example/a/b",
        "git@evil-git.example.com:a/b",
    ] {
        assert!(!is_at(other, &base), "{other}");
    }
    let github = Url::parse("https://github.com").unwrap();
    assert!(is_at("ssh://git@ssh.github.com:443/a/b", &github));
    assert!(is_at("https://github.com/a/b", &github));
    assert!(!is_at("https://ssh.github.com/a/b", &github));
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}".prop_filter("no suffix of its own", |name| {
        name.strip_suffix(".git").is_none()
    })
}

proptest! {
    #[test]
    fn all_forms_of_an_address_are_one(
        host in "[a-z][a-z0-9-]{0,10}(\\.[a-z][a-z0-9-]{0,8}){0,3}",
        owner in name(),
        repository in name(),
        port in proptest::option::of(1u16..),
        // Not among the letters of the other parts, so that a trace of it would be seen.
        secret in "[!$*+=]{1,12}",
        form in 0usize..5,
        suffix in prop_oneof![Just(""), Just(".git"), Just("/"), Just(".git/")],
    ) {
        let with_port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let path = format!("{owner}/{repository}{suffix}");
        let text = match form {
            0 => format!("https://{host}{with_port}/{path}"),
            1 => format!("https://user:{secret}@{host}{with_port}/{path}"),
            2 => format!("ssh://git:{secret}@{host}{with_port}/{path}"),
            3 => format!("git@{host}:{path}"),
            _ => format!("{secret}@{}:/{path}", host.to_uppercase()),
        };
        let remote: Remote = text.parse().unwrap();
        prop_assert_eq!(remote.host(), host.as_str());
        prop_assert_eq!(remote.owner(), owner.as_str());
        prop_assert_eq!(remote.repository(), repository.as_str());
        let shown = remote.to_string();
        prop_assert!(!shown.contains(&secret) && !shown.contains('@'), "{}", shown);
        prop_assert_eq!(shown.parse::<Remote>().unwrap(), remote);
    }

    #[test]
    fn whatever_is_read_can_be_read_again(text in "\\PC{0,60}|(https|ssh|git|http)://[ -~]{0,40}|[ -~]{0,20}:[ -~]{0,30}") {
        if let Ok(remote) = text.parse::<Remote>() {
            let shown = remote.to_string();
            prop_assert!(!shown.contains('@'));
            prop_assert_eq!(shown.parse::<Remote>().unwrap(), remote);
        }
    }
}
