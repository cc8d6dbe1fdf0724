//! Names that carry a hash of the content, files copied as they are, and compressed twins.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

/// The folder of the module, before hashing.
pub const BUNDLE: &str = "bundle";
/// Its files that pages name.
const ENTRIES: [(&str, &str); 2] = [("js", "switchyard.js"), ("wasm", "switchyard_bg.wasm")];

/// How the name of the font begins that pages load first.
const INTERFACE_FONT: &str = "inter-";

/// Endings worth compressing.
const COMPRESSIBLE: [&str; 5] = ["css", "js", "wasm", "svg", "json"];
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW_BITS: u32 = 22;
const BUFFER_BYTES: usize = 64 * 1024;

/// Renames the style sheet and the module's folder to carry a hash; returns kind → path below `pkg`.
pub fn hash_names(pkg: &Path) -> Result<BTreeMap<String, String>> {
    let style = pkg.join("main.css");
    let css = format!("main-{}.css", short_hash(&read(&style)?));
    fs::rename(&style, pkg.join(&css))?;

    let folder = hash_folder(pkg, BUNDLE, "switchyard")?;
    let entries = ENTRIES.map(|(kind, file)| (kind.to_owned(), format!("{folder}/{file}")));
    let css = ("css".to_owned(), css);
    Ok(entries.into_iter().chain([css]).collect())
}

/// Renames a folder below `pkg` to carry the hash of what lies in it, and returns its name.
pub fn hash_folder(pkg: &Path, folder: &str, name: &str) -> Result<String> {
    let folder = pkg.join(folder);
    let mut files = Vec::new();
    list_files(&folder, &mut files)?;
    files.sort();
    let contents: Vec<Vec<u8>> = files.iter().map(|path| read(path)).collect::<Result<_>>()?;
    let name = format!("{name}-{}", short_hash(&contents.concat()));
    fs::rename(&folder, pkg.join(&name))?;
    Ok(name)
}

fn list_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list_files(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// The parts of the module that are loaded when they are first needed.
pub fn parts(pkg: &Path, names: &BTreeMap<String, String>) -> Result<Vec<PathBuf>> {
    let main = names.get("wasm").map(|name| pkg.join(name));
    let Some(folder) = main.as_deref().and_then(Path::parent) else {
        return Ok(Vec::new());
    };
    let mut parts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "wasm") && Some(&path) != main.as_ref() {
            parts.push(path);
        }
    }
    parts.sort();
    Ok(parts)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("read {}", path.display()))
}

/// Renames the fonts to carry a hash, also in the style sheet, which must not have its own yet; returns the path of the
/// interface's font below `pkg`.
pub fn hash_fonts(pkg: &Path) -> Result<String> {
    let style = pkg.join("main.css");
    let mut css = fs::read_to_string(&style).context("read main.css")?;
    let mut interface = None;
    let entries = fs::read_dir(pkg.join("fonts")).context("read the fonts")?;
    // All before the first, because renamed ones may be listed again.
    let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
    for path in entries.iter().map(fs::DirEntry::path) {
        let (Some(stem), Some(ending)) = (
            path.file_stem().and_then(OsStr::to_str),
            path.extension().and_then(OsStr::to_str),
        ) else {
            bail!("the font {} has an odd name", path.display());
        };
        let old = format!("fonts/{stem}.{ending}");
        let new = format!("fonts/{stem}-{}.{ending}", short_hash(&fs::read(&path)?));
        if !css.contains(&old) {
            bail!("the style sheet does not name {old}; name it or do not ship it");
        }
        css = css.replace(&old, &new);
        fs::rename(&path, pkg.join(&new))?;
        if stem.starts_with(INTERFACE_FONT) {
            interface = Some(new);
        }
    }
    fs::write(&style, css)?;
    interface.with_context(|| format!("there is no font whose name begins with {INTERFACE_FONT}"))
}

fn short_hash(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .take(8)
        .fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Copies `style/public` (favicon and the like) to the site's root.
pub fn copy_public(root: &Path, work: &Path) -> Result<()> {
    let source = root.join("style/public");
    if source.is_dir() {
        copy_folder(&source, work)
    } else {
        Ok(())
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Puts a `.br` and a `.gz` beside each file that gains from it.
pub fn compress(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            compress(&path)?;
        } else if is_compressible(&path) {
            compress_file(&path).with_context(|| format!("compress {}", path.display()))?;
        }
    }
    Ok(())
}

fn is_compressible(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| COMPRESSIBLE.iter().any(|known| ending == *known))
}

fn compress_file(path: &Path) -> Result<()> {
    let content = fs::read(path)?;
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(
        &mut brotli,
        BUFFER_BYTES,
        BROTLI_QUALITY,
        BROTLI_WINDOW_BITS,
    )
    .write_all(&content)?;
    fs::write(with_suffix(path, "br"), brotli)?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&content)?;
    fs::write(with_suffix(path, "gz"), gzip.finish()?)?;
    Ok(())
}

/// `a/b.js` → `a/b.js.br`.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn names_carry_the_hash_of_the_content() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.css"), "main.css").unwrap();
        fs::create_dir(folder.path().join(BUNDLE)).unwrap();
        for file in ["switchyard.js", "switchyard_bg.wasm", "settings.wasm"] {
            fs::write(folder.path().join(BUNDLE).join(file), file).unwrap();
        }
        let names = hash_names(folder.path()).unwrap();
        let css = names.get("css").unwrap();
        assert_eq!(css, &format!("main-{}.css", short_hash(b"main.css")));
        assert!(folder.path().join(css).is_file());
        assert!(!folder.path().join("main.css").exists());
        let hash = short_hash(b"settings.wasmswitchyard.jsswitchyard_bg.wasm");
        let wasm = names.get("wasm").unwrap();
        assert_eq!(wasm, &format!("switchyard-{hash}/switchyard_bg.wasm"));
        let part = folder
            .path()
            .join(format!("switchyard-{hash}/settings.wasm"));
        assert_eq!(parts(folder.path(), &names).unwrap(), [part]);
    }

    #[test]
    fn fonts_carry_the_hash_of_their_content_also_in_the_style_sheet() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("fonts")).unwrap();
        let css = "a{src:url(/pkg/fonts/inter-x.woff2)}b{src:url(/pkg/fonts/mono.woff2)}";
        fs::write(folder.path().join("main.css"), css).unwrap();
        for font in ["inter-x.woff2", "mono.woff2"] {
            fs::write(folder.path().join("fonts").join(font), font).unwrap();
        }
        let interface = hash_fonts(folder.path()).unwrap();
        let inter = short_hash(b"inter-x.woff2");
        assert_eq!(interface, format!("fonts/inter-x-{inter}.woff2"));
        assert!(folder.path().join(&interface).is_file());
        let mono = short_hash(b"mono.woff2");
        assert_eq!(
            fs::read_to_string(folder.path().join("main.css")).unwrap(),
            format!(
                "a{{src:url(/pkg/fonts/inter-x-{inter}.woff2)}}b{{src:url(/pkg/fonts/mono-{mono}.woff2)}}"
            )
        );
        fs::write(folder.path().join("fonts/stray.woff2"), "").unwrap();
        assert!(hash_fonts(folder.path()).is_err());
    }

    #[test]
    fn compressed_twins_unpack_to_the_same_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.js");
        let content = "let a = 1;\n".repeat(1000);
        fs::write(&path, &content).unwrap();
        compress(folder.path()).unwrap();
        let packed = fs::read(with_suffix(&path, "br")).unwrap();
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut unpacked).unwrap();
        assert_eq!(unpacked, content.as_bytes());
        assert!(packed.len() < content.len() / 10);
    }
}
