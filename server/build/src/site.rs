//! The site folder: what the server hands to browsers.
//!
//! `<site>/pkg` holds the style sheet, the fonts, a folder with the wasm module, its parts and their JavaScript, and one
//! each with what draws terminals and desktops, under names that carry a hash of their content, so that they can be cached
//! for ever; `manifest.json` names them for the server. The files of the module name each other, so the folder carries their hash.

mod assets;
mod bundle;
mod desktop;
mod fingerprint;
mod styles;
mod terminal;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

/// The shipped wasm module must stay below this, compressed with brotli: the goal of `docs/performance.md`.
const WASM_BUDGET_BYTES: usize = 350_000;

const MANIFEST: &str = "manifest.json";

/// What a file is for → its path below `pkg`.
type Names = BTreeMap<String, String>;

/// How to build the site.
#[derive(Args)]
pub struct SiteArguments {
    /// Optimize for size and compress.
    #[arg(long)]
    release: bool,
    /// Fail when the module is larger than its budget. Another version of the compiler may need more than the one that
    /// the tests run with, and is no reason to build nothing.
    #[arg(long, requires = "release")]
    hold_budget: bool,
    /// Where to put it.
    #[arg(long)]
    out: PathBuf,
    /// Folder for the compiler's own files.
    #[arg(long)]
    target_dir: PathBuf,
    /// Cargo of the toolchain that has the wasm library.
    #[arg(long, env = "WASM_CARGO", default_value = "cargo")]
    wasm_cargo: String,
    /// Compiler of the same toolchain.
    #[arg(long, env = "WASM_RUSTC", default_value = "rustc")]
    wasm_rustc: String,
}

/// Builds everything and replaces the site folder's content.
pub fn build(root: &Path, arguments: &SiteArguments) -> Result<()> {
    let work = arguments.target_dir.join(if arguments.release {
        "site-release"
    } else {
        "site-dev"
    });
    let module = bundle::compile(root, arguments)?;
    let kept = fingerprint::path(&arguments.out);
    let made_of = if arguments.release {
        Some(fingerprint::of(root, &module)?)
    } else {
        None
    };
    if made_of.is_some() && fs::read_to_string(&kept).ok() == made_of {
        let names = read_manifest(&arguments.out.join("pkg"))?;
        return report(&arguments.out, &names, arguments.hold_budget);
    }
    remove_file(&kept)?;
    recreate(&work)?;
    let pkg = work.join("pkg");
    fs::create_dir_all(&pkg)?;

    let bundle = pkg.join(assets::BUNDLE);
    fs::create_dir_all(&bundle)?;
    let main = bundle::split(&module, &bundle)?;
    bundle::bind(&main, &bundle)?;
    if arguments.release {
        bundle::gather(&bundle)?;
        bundle::optimize(root, &bundle)?;
    }
    styles::compile(root, &pkg, arguments.release)?;
    styles::copy_fonts(root, &pkg)?;
    assets::copy_public(root, &work)?;

    let font = assets::hash_fonts(&pkg)?;
    let mut names = assets::hash_names(&pkg)?;
    names.insert("font".to_owned(), font);
    names.insert("terminal".to_owned(), terminal::copy(root, &pkg)?);
    names.insert("desktop".to_owned(), desktop::copy(root, &pkg)?);
    write_manifest(&pkg, &names)?;
    if arguments.release {
        assets::compress(&work)?;
    }
    replace(&work, &arguments.out)?;
    if let Some(made_of) = made_of {
        fs::write(&kept, made_of).with_context(|| format!("write {}", kept.display()))?;
    }
    report(&arguments.out, &names, arguments.hold_budget)
}

fn write_manifest(pkg: &Path, names: &Names) -> Result<()> {
    let text = serde_json::to_string_pretty(names)?;
    fs::write(pkg.join(MANIFEST), text).context("write manifest.json")
}

fn read_manifest(pkg: &Path) -> Result<Names> {
    let text = fs::read(pkg.join(MANIFEST)).context("read manifest.json")?;
    serde_json::from_slice(&text).context("read manifest.json")
}

fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn recreate(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))
}

/// Moves the finished folder into place, so that a failed build leaves the old site standing.
fn replace(work: &Path, out: &Path) -> Result<()> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("remove {}", out.display()))?;
    }
    if let Some(parent) = out.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::rename(work, out).with_context(|| format!("move the site to {}", out.display()))
}

/// Prints the sizes a browser has to load and holds the budget.
fn report(out: &Path, names: &Names, holds_budget: bool) -> Result<()> {
    println!("{:<12} {:>10} {:>10}", "site", "plain", "brotli");
    let pkg = out.join("pkg");
    for (kind, name) in names {
        let size = print_sizes(kind, &pkg.join(name))?;
        if holds_budget && kind == "wasm" && size > WASM_BUDGET_BYTES {
            bail!(
                "the wasm module is larger than its budget of {}",
                kibibytes(WASM_BUDGET_BYTES)
            );
        }
    }
    for path in assets::parts(&pkg, names)? {
        print_sizes("part", &path)?;
    }
    Ok(())
}

/// Prints a line and returns how much a browser loads: what is compressed, where something is.
fn print_sizes(kind: &str, path: &Path) -> Result<usize> {
    let plain = file_len(path)?;
    let compressed = file_len(&assets::with_suffix(path, "br")).ok();
    let shown = compressed.map_or_else(|| "-".to_owned(), kibibytes);
    println!("{kind:<12} {:>10} {shown:>10}", kibibytes(plain));
    Ok(compressed.unwrap_or(plain))
}

fn file_len(path: &Path) -> Result<usize> {
    let metadata = fs::metadata(path).with_context(|| format!("read {}", path.display()))?;
    Ok(usize::try_from(metadata.len())?)
}

fn kibibytes(bytes: usize) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}

/// Runs a command and fails with its name when it fails.
fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("start {name}"))?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}
