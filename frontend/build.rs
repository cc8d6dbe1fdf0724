//! The module is split into parts after it was linked, for which the linker must leave its relocations in.

fn main() {
    println!("cargo::rustc-link-arg-cdylib=--emit-relocs");
    println!("cargo::rerun-if-changed=build.rs");
}
