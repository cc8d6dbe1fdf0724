//! Packs the addresses that the loader writes into the binary at each start. They are a fifteenth of its size and
//! would lie in memory ever after. The packed form needs a C library that reads it (glibc 2.36); where this machine's
//! is older or another one, the usual form stays.

use std::process::Command;

/// glibc 2.36.
const PACKED_SINCE: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let is_native = std::env::var("TARGET").ok() == std::env::var("HOST").ok();
    if is_release && is_native && glibc_version().is_some_and(|version| version >= PACKED_SINCE) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// What `getconf` prints, such as `glibc 2.36`; nothing on other systems.
fn glibc_version() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let printed = String::from_utf8(output.ok()?.stdout).ok()?;
    let (major, minor) = printed.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
