//! The one file: the server with the page's files behind it, as a ZIP archive that the server finds at the end of its own
//! file. Files are stored as they are; their compressed twins lie beside them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What is packed, and where to.
#[derive(clap::Args)]
pub struct PackArguments {
    /// The server's program.
    #[arg(long)]
    server: PathBuf,
    /// The folder that `site` wrote.
    #[arg(long)]
    site: PathBuf,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

/// Writes the one file. A program of that name that runs meanwhile keeps what it has.
pub fn pack(arguments: &PackArguments) -> Result<()> {
    ensure!(
        arguments.site.join("pkg/manifest.json").is_file(),
        "{} holds no page: build it first",
        arguments.site.display()
    );
    let unfinished = arguments.out.with_extension("unfinished");
    // With its permissions.
    fs::copy(&arguments.server, &unfinished)
        .with_context(|| format!("copy {}", arguments.server.display()))?;
    let mut program = File::options().write(true).open(&unfinished)?;
    program.seek(SeekFrom::End(0))?;
    let mut archive = ZipWriter::new(BufWriter::new(&mut program));
    add(&mut archive, &arguments.site, "")?;
    archive.finish()?.flush()?;
    fs::rename(&unfinished, &arguments.out)
        .with_context(|| format!("write {}", arguments.out.display()))
}

fn add(
    archive: &mut ZipWriter<impl io::Write + io::Seek>,
    folder: &Path,
    above: &str,
) -> Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    // The same files make the same archive.
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let file_name = entry.file_name();
        let file_name = file_name.to_str().context("a name that is not UTF-8")?;
        let name = format!("{above}{file_name}");
        if entry.file_type()?.is_dir() {
            add(archive, &entry.path(), &format!("{name}/"))?;
        } else {
            let options =
                SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            archive.start_file(name, options)?;
            io::copy(&mut File::open(entry.path())?, archive)?;
        }
    }
    Ok(())
}
