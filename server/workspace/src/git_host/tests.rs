#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use proptest::prelude::*;

use super::*;

fn entered(text: &str) -> Result<String, GitHostError> {
    GitHost::of_entry(text).map(|host| host.name)
}

#[test]
fn one_host_has_one_name_however_it_is_written() {
    for text in [
        "git.example.com",
        " Git.Example.COM ",
        "git.example.com:443",
        "https://git.example.com",
        "https://git.example.com/",
        "HTTPS://git.example.com:443/",
    ] {
        assert_eq!(entered(text).as_deref(), Ok("git.example.com"), "{text}");
    }
    for (address, name) in [
        (
            "https://git.example.com/team/project.git",
            "git.example.com",
        ),
        (
            "https://me:pw@git.example.com:8443/x?y#z",
            "git.example.com:8443",
        ),
        ("https://bücher.example/x", ""),
        ("https://[2001:db8::1]:8443/x", "[2001:db8::1]:8443"),
        ("https://127.1/x", "127.0.0.1"),
    ] {
        let host = GitHost::of_repository(address).map(|host| host.name);
        let expected = if name.is_empty() {
            Err(GitHostError::Malformed)
        } else {
            Ok(name.to_owned())
        };
        assert_eq!(host, expected, "{address}");
    }
    assert_eq!(
        entered("bücher.example").as_deref(),
        Ok("xn--bcher-kva.example")
    );
}

#[test]
fn only_the_machine_itself_is_reached_without_encryption() {
    for (address, name) in [
        ("http://127.0.0.1:3000/x.git", "127.0.0.1:3000"),
        ("http://localhost/x.git", "localhost:80"),
        ("http://[::1]:8080/x", "[::1]:8080"),
    ] {
        let host = GitHost::of_repository(address).unwrap();
        assert_eq!(host.name(), name);
        assert_eq!(GitHost::of_repository(&host.address()).unwrap(), host);
    }
    for address in [
        "http://git.example.com/x.git",
        "http://localhost.example.com/x",
        "http://127.0.0.1.example.com/x",
        "http://10.0.0.1/x",
        "ssh://git@git.example.com/x.git",
        "git://git.example.com/x.git",
        "file:///srv/x.git",
    ] {
        assert!(GitHost::of_repository(address).is_err(), "{address}");
    }
}

#[test]
fn refuses_what_could_be_read_in_two_ways() {
    for address in [
        "git@git.example.com:team/project",
        "https://git.example.com\\@evil.example/x",
        "https://git.example.com./x",
        "https://git..example.com/x",
        "https://*.example.com/x",
        "https:///x",
        "https:git.example.com",
        "https:/git.example.com/x",
        "https://git.example.com:99999/x",
        "https://a b/x",
        "https://git.example.com/\n",
        "",
    ] {
        assert!(GitHost::of_repository(address).is_err(), "{address:?}");
    }
    for text in [
        "git.example.com/team",
        "me@git.example.com",
        "https://git.example.com/?a",
        "https://git.example.com/#a",
    ] {
        assert_eq!(entered(text), Err(GitHostError::NotAlone), "{text}");
    }
    for text in [
        "",
        " ",
        "https://",
        "git.example.com.",
        "*",
        "a\\b",
        "not a host",
    ] {
        assert_eq!(entered(text), Err(GitHostError::Malformed), "{text:?}");
    }
    assert_eq!(
        entered("http://git.example.com"),
        Err(GitHostError::NotEncrypted)
    );
}

proptest! {
    #[test]
    fn what_is_accepted_is_read_the_same_again(text in "\\PC{0,40}") {
        if let Ok(host) = GitHost::of_entry(&text) {
            prop_assert_eq!(GitHost::of_repository(&host.address()), Ok(host.clone()));
            let address = host.address();
            let (scheme, authority) = address.split_once("://").unwrap();
            prop_assert_eq!(GitHost::of_authority(scheme == "https", authority), Ok(host));
        }
    }
}
