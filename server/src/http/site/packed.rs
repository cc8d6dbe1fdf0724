//! The built files behind the program in its own file: the ZIP archive that `build pack` puts there. Its entries are stored as
//! they are, so a file is read from its place and nothing of the page lies in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use zip::{CompressionMethod, ZipArchive};

use super::SiteFile;

/// What an archive without a comment ends with, and how it begins.
const END_BYTES: i64 = 22;
const END_MARK: &[u8] = b"PK\x05\x06";

/// A program's file with the page behind it. It stays open: a program that is replaced while it runs goes on with its own page.
#[derive(Debug)]
pub struct PackedSite {
    file: File,
    places: HashMap<String, Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    start_bytes: u64,
    size_bytes: usize,
    checksum: u32,
}

impl PackedSite {
    /// The page behind a program; nothing where there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or what is behind the program is damaged.
    pub fn behind(program: &Path) -> Result<Option<Self>> {
        let mut file =
            File::open(program).with_context(|| format!("open {}", program.display()))?;
        // Without this look a program without a page would be searched from its end to its beginning.
        let mut end = [0; 4];
        if file.seek(SeekFrom::End(-END_BYTES)).is_err() {
            return Ok(None);
        }
        file.read_exact(&mut end)?;
        if end != END_MARK {
            return Ok(None);
        }
        let mut archive = ZipArchive::new(&file).context("read the page behind the program")?;
        let mut places = HashMap::new();
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index)?;
            let name = entry.name()?.into_owned();
            ensure!(
                entry.compression() == CompressionMethod::Stored,
                "{name} is compressed; the page is stored as it is"
            );
            let place = Place {
                start_bytes: entry.data_start().context("an entry without a place")?,
                size_bytes: usize::try_from(entry.size())?,
                checksum: entry.crc32(),
            };
            places.insert(name, place);
        }
        drop(archive);
        Ok(Some(Self { file, places }))
    }

    /// A file of the page.
    pub(super) fn read(&self, path: &str) -> Option<SiteFile> {
        let place = self.places.get(path)?;
        let mut bytes = vec![0; place.size_bytes];
        self.file
            .read_exact_at(&mut bytes, place.start_bytes)
            .ok()?;
        Some(SiteFile {
            bytes,
            version: format!("{:08x}-{:x}", place.checksum, place.size_bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn program(method: Option<CompressionMethod>) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[b'x'; 4_000]).unwrap();
        if let Some(method) = method {
            let mut archive = ZipWriter::new(file.as_file_mut());
            let options = SimpleFileOptions::default().compression_method(method);
            for (name, content) in [("pkg/manifest.json", "{}"), ("favicon.svg", "<svg/>")] {
                archive.start_file(name, options).unwrap();
                archive.write_all(content.as_bytes()).unwrap();
            }
            archive.finish().unwrap();
        }
        file
    }

    #[test]
    fn reads_the_page_behind_a_program() {
        let program = program(Some(CompressionMethod::Stored));
        let site = PackedSite::behind(program.path()).unwrap().unwrap();
        assert_eq!(site.read("favicon.svg").unwrap().bytes, b"<svg/>");
        assert_eq!(site.read("pkg/manifest.json").unwrap().bytes, b"{}");
        assert!(site.read("pkg").is_none());
        // The file that was opened, whatever stands under its name by now.
        std::fs::remove_file(program.path()).unwrap();
        assert_eq!(site.read("favicon.svg").unwrap().bytes, b"<svg/>");
    }

    #[test]
    fn a_program_without_a_page_has_none() {
        let bare = program(None);
        assert!(PackedSite::behind(bare.path()).unwrap().is_none());
        std::fs::write(bare.path(), "#!").unwrap();
        assert!(PackedSite::behind(bare.path()).unwrap().is_none());
    }

    #[test]
    fn a_damaged_page_is_named() {
        let program = program(Some(CompressionMethod::Stored));
        let mut bytes = std::fs::read(program.path()).unwrap();
        bytes.drain(..3_990);
        bytes.drain(20..60);
        std::fs::write(program.path(), bytes).unwrap();
        let error = PackedSite::behind(program.path()).unwrap_err();
        assert_eq!(error.to_string(), "read the page behind the program");
    }
}
