//! The built files inside the binary.

use std::fmt::Write as _;

use rust_embed::Embed;

use super::SiteFile;

#[derive(Embed)]
#[folder = "$SWITCHYARD_EMBED_DIR"]
struct Site;

/// A file of the embedded site.
pub(super) fn read(path: &str) -> Option<SiteFile> {
    let file = Site::get(path)?;
    let version =
        file.metadata
            .sha256_hash()
            .iter()
            .take(12)
            .fold(String::new(), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            });
    Some(SiteFile {
        bytes: file.data,
        version,
    })
}
