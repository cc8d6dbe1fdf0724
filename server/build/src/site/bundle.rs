//! The wasm module: compile, split, bind to JavaScript, shrink.

mod cut;
mod gather;
mod names;
mod optimizer;
mod order;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use wasm_bindgen_cli_support::Bindgen;

use self::optimizer::Optimizer;
use super::{SiteArguments, run};

/// For size, with the control flow laid out anew between: 2 % smaller than `-Oz` alone.
const PASSES: [&str; 11] = [
    "-Oz",
    "flatten",
    "rereloop",
    "-Oz",
    "-Oz",
    "flatten",
    "rereloop",
    "-Oz",
    "-Oz",
    "strip-debug",
    "strip-producers",
];

/// Functions where their names put them.
const ORDER: [&str; 2] = ["reorder-functions-by-name", "strip-debug"];

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

/// Splits the module: what pages of a part need and others do not goes into files of its own below `pkg`, which
/// `__wasm_split.js` fetches when they are asked for. Returns the path of what remains.
pub fn split(module: &Path, pkg: &Path) -> Result<PathBuf> {
    let content = fs::read(module).with_context(|| format!("read {}", module.display()))?;
    let content = cut::never_called(&content)?;
    let main = module.with_file_name("frontend_main.wasm");
    let mut options = wasm_split_cli_support::Options::new(&content);
    options.output_dir = pkg;
    options.main_out_path = &main;
    options.main_module = "./switchyard.js";
    wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow!("split the wasm module: {error:?}"))?;
    Ok(main)
}

/// Writes `switchyard.js` and `switchyard_bg.wasm`.
pub fn bind(module: &Path, pkg: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .out_name("switchyard")
        // The parts import what the linker exported for them.
        .keep_lld_exports(true)
        .demangle(false)
        .typescript(false);
    bindgen.web(true).context("choose the web target")?;
    bindgen
        .generate(pkg)
        .context("bind the wasm module to JavaScript")
}

/// Puts the small files of the splitter together.
pub fn gather(pkg: &Path) -> Result<()> {
    gather::gather(pkg, "__wasm_split.js")
}

/// Shrinks the module and its parts.
pub fn optimize(root: &Path, pkg: &Path) -> Result<()> {
    let main = pkg.join("switchyard_bg.wasm");
    let mut module = walrus::Module::from_file(&main)?;
    cut::forget_streams(&mut module)?;
    names::shorten(&mut module, &pkg.join("switchyard.js"))?;
    module.emit_wasm_file(&main)?;
    // The optimizer is busy with one core for most of its time. The largest go first: the last one must not be long.
    let mut modules = modules(pkg)?;
    println!(
        "==> Shrinking the page in {} parts (some minutes)",
        modules.len()
    );
    modules.sort_by_key(|(size_bytes, _)| *size_bytes);
    let waiting = Mutex::new(modules);
    let next = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop()
    };
    let work = || -> Result<()> {
        let mut optimizer = Optimizer::start(root)?;
        while let Some((_, module)) = next() {
            optimizer.run(&module, &PASSES)?;
            order::name_by_place(&module)?;
            optimizer.run(&module, &ORDER)?;
        }
        Ok(())
    };
    let count = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err(anyhow!("the optimizer's thread panicked")))
        })
    })
}

/// The module and its parts, with their sizes.
fn modules(pkg: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let mut modules = Vec::new();
    for entry in fs::read_dir(pkg)? {
        let module = entry?.path();
        if module.extension().is_some_and(|ending| ending == "wasm") {
            modules.push((fs::metadata(&module)?.len(), module));
        }
    }
    Ok(modules)
}
