//! What is sealed opens in its place, with its key, unchanged, and nowhere else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn secrets(byte: u8) -> Secrets {
    Secrets::new(&[byte; KEY_BYTES])
}

fn place() -> Place {
    Place {
        table: "provider_configs",
        column: "api_key_sealed",
        row: Uuid::max(),
    }
}

#[test]
fn a_sealed_text_opens_in_its_place() {
    let sealed = secrets(1).seal(place(), "sk-secret").unwrap();
    let opened = secrets(1).unseal(place(), &sealed).unwrap().unwrap();
    assert_eq!(opened.expose_secret(), "sk-secret");
    assert!(!sealed.windows(9).any(|window| window == b"sk-secret"));
    assert_ne!(
        sealed,
        secrets(1).seal(place(), "sk-secret").unwrap(),
        "the nonce repeats"
    );
}

#[test]
fn nothing_stays_nothing() {
    assert!(secrets(1).seal(place(), "").unwrap().is_empty());
    assert!(secrets(1).unseal(place(), &[]).unwrap().is_none());
}

#[test]
fn another_row_column_or_table_does_not_open_it() {
    let sealed = secrets(1).seal(place(), "sk-secret").unwrap();
    for other in [
        Place {
            row: Uuid::nil(),
            ..place()
        },
        Place {
            column: "other",
            ..place()
        },
        Place {
            table: "other",
            ..place()
        },
    ] {
        let refusal = secrets(1).unseal(other, &sealed).unwrap_err();
        assert_eq!(refusal, UnsealError::WrongKeyOrTampered);
    }
}

#[test]
fn another_key_does_not_open_it_and_says_what_to_do() {
    let sealed = secrets(1).seal(place(), "sk-secret").unwrap();
    let refusal = secrets(2).unseal(place(), &sealed).unwrap_err();
    assert!(
        refusal.to_string().contains("SWITCHYARD_ENCRYPTION_KEY"),
        "{refusal}"
    );
}

#[test]
fn every_changed_byte_is_noticed() {
    let sealed = secrets(1).seal(place(), "sk-secret").unwrap();
    for position in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[position] ^= 1;
        assert!(
            secrets(1).unseal(place(), &changed).is_err(),
            "byte {position}"
        );
    }
    for length in 1..sealed.len() {
        assert!(
            secrets(1).unseal(place(), &sealed[..length]).is_err(),
            "length {length}"
        );
    }
}

#[test]
fn a_configured_key_must_be_32_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in ["", "abc", "bm90IDMyIGJ5dGVz"] {
        let refusal = Secrets::open(folder.path(), Some(&wrong.to_owned().into())).unwrap_err();
        assert!(matches!(refusal, SecretsError::WrongKey), "{refusal}");
    }
    let right = STANDARD.encode([7_u8; 32]);
    Secrets::open(folder.path(), Some(&right.into())).unwrap();
    assert!(
        fs::read_dir(folder.path()).unwrap().next().is_none(),
        "a key file was made"
    );
}

#[test]
fn the_key_file_is_made_once_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let sealed = Secrets::open(folder.path(), None)
        .unwrap()
        .seal(place(), "text")
        .unwrap();
    let path = folder.path().join("encryption.key");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let again = Secrets::open(folder.path(), None).unwrap();
    assert_eq!(
        again
            .unseal(place(), &sealed)
            .unwrap()
            .unwrap()
            .expose_secret(),
        "text"
    );
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "a draft was left behind"
    );
}

#[test]
fn processes_that_start_at_once_get_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<Secrets> = std::thread::scope(|scope| {
        let open = || Secrets::open(folder.path(), None).unwrap();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let sealed = all[0].seal(place(), "text").unwrap();
    assert!(
        all.iter()
            .all(|secrets| secrets.unseal(place(), &sealed).is_ok())
    );
}

#[test]
fn a_broken_key_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("encryption.key"), "broken").unwrap();
    let refusal = Secrets::open(folder.path(), None).unwrap_err();
    assert!(refusal.to_string().contains("encryption.key"), "{refusal}");
}

#[test]
fn debug_shows_nothing_of_the_key() {
    assert_eq!(format!("{:?}", secrets(65)), "Secrets(…)");
}
