//! The wasm module: compile, bind to JavaScript, shrink.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use super::{SiteArguments, run};

/// Compiles the `frontend` crate and returns the module's path.
pub fn compile(root: &Path, arguments: &SiteArguments) -> Result<PathBuf> {
    let profile = if arguments.release {
        "wasm-release"
    } else {
        "wasm-dev"
    };
    let target_dir = arguments.target_dir.join("wasm");
    let mut command = Command::new(&arguments.wasm_cargo);
    command
        .current_dir(root)
        .args([
            "build",
            "--package",
            "frontend",
            "--target",
            "wasm32-unknown-unknown",
            "--profile",
            profile,
        ])
        .arg("--target-dir")
        .arg(&target_dir)
        .env("RUSTC", &arguments.wasm_rustc)
        .env_remove("CARGO_TARGET_DIR");
    run(&mut command).context("compile the page for wasm")?;
    Ok(target_dir
        .join("wasm32-unknown-unknown")
        .join(profile)
        .join("frontend.wasm"))
}

/// Writes `switchyard.js` and `switchyard_bg.wasm`.
pub fn bind(module: &Path, pkg: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .out_name("switchyard")
        .typescript(false);
    bindgen.web(true).context("choose the web target")?;
    bindgen
        .generate(pkg)
        .context("bind the wasm module to JavaScript")
}

/// Shrinks the module with binaryen's optimizer.
pub fn optimize(root: &Path, pkg: &Path) -> Result<()> {
    let module = pkg.join("switchyard_bg.wasm");
    let tool = root.join("style/node_modules/.bin/wasm-opt");
    run(Command::new(tool)
        .arg("-Oz")
        .args([
            "--enable-bulk-memory",
            "--enable-nontrapping-float-to-int",
            "--enable-sign-ext",
        ])
        .args([
            "--enable-mutable-globals",
            "--enable-reference-types",
            "--enable-multivalue",
        ])
        .args(["--strip-debug", "--strip-producers"])
        .arg(&module)
        .arg("-o")
        .arg(&module))
    .context("optimize the wasm module")
}
