//! Files of chats: what may be attached, and what is made of it before it is stored.
//!
//! What a file is, is read from its bytes; what its sender says must agree with that. Of pictures everything is removed that
//! tells where and with what they were taken.

mod gif;
mod kind;
mod name;
mod picture;

use sdk::files::MAX_FILE_BYTES;
use sdk::ids::FileId;
use sdk::parts::Part;
use store::files::{Content, NewFile};
use tokio::sync::Semaphore;

pub use name::clean_name;

/// Pictures that are decoded at once: each may take a quarter of a gigabyte for a moment.
static DECODERS: Semaphore = Semaphore::const_new(2);

/// Why a file was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing is left of its name.
    #[error("Give the file a name.")]
    Nameless,
    /// It has no bytes.
    #[error("The file is empty.")]
    Empty,
    /// It has too many.
    #[error("The file is larger than 10 MiB. Attach a smaller one.")]
    TooLarge,
    /// Its type cannot be attached.
    #[error(
        "Files of the type {0:?} cannot be attached. Use PNG, JPEG, GIF, WebP, or text as UTF-8."
    )]
    Type(String),
    /// Its bytes are those of nothing that can be attached.
    #[error(
        "The file is neither a picture that can be shown (PNG, JPEG, GIF, WebP) nor text as UTF-8."
    )]
    Unreadable,
    /// Its bytes are those of another type.
    #[error("The file is said to be {declared} and is {found}.")]
    Mismatch {
        /// What its sender says.
        declared: String,
        /// What its bytes are.
        found: &'static str,
    },
    /// SVG can hold scripts.
    #[error("SVG cannot be attached, because it can hold scripts. Attach a PNG of it.")]
    Svg,
    /// Said to be JSON.
    #[error("The file is said to be JSON and is not: {0}.")]
    NotJson(String),
    /// A picture that cannot be decoded, or that is too large to be.
    #[error("The picture cannot be read: {0}.")]
    Picture(String),
    /// The server is at fault.
    #[error("The file could not be looked at. Try again.")]
    Inside,
}

/// The media type of bytes that are a picture which can be shown: PNG, JPEG, GIF or WebP, whatever it is called. SVG is none.
pub fn picture_type(data: &[u8]) -> Option<&'static str> {
    kind::picture(data).map(|(_, media_type)| media_type)
}

/// Width and height of a picture in pixels, as its bytes say; nothing is decoded for that.
pub fn picture_size(data: &[u8]) -> Option<(u32, u32)> {
    let reader = image::ImageReader::new(std::io::Cursor::new(data));
    reader.with_guessed_format().ok()?.into_dimensions().ok()
}

/// The stored files that a message names, each once.
pub fn ids_of(content: &[Part]) -> Vec<FileId> {
    let mut ids = Vec::new();
    for part in content {
        if let Part::File(file) = part
            && let Some(id) = file.file_id
            && !ids.contains(&id)
        {
            ids.push(id);
        }
    }
    ids
}

/// Looks at a file and makes of it what is stored. `declared` is the type that its sender says, if they say one.
pub async fn accept(name: &str, declared: Option<&str>, data: Vec<u8>) -> Result<NewFile, Refused> {
    let name = clean_name(name).ok_or(Refused::Nameless)?;
    if data.is_empty() {
        return Err(Refused::Empty);
    }
    if data.len() as u64 > MAX_FILE_BYTES {
        return Err(Refused::TooLarge);
    }
    let declared = declared.map(str::to_owned);
    let Ok(_permit) = DECODERS.acquire().await else {
        return Err(Refused::Inside);
    };
    tokio::task::spawn_blocking(move || look(name, declared.as_deref(), data))
        .await
        .unwrap_or(Err(Refused::Inside))
}

fn look(name: String, declared: Option<&str>, data: Vec<u8>) -> Result<NewFile, Refused> {
    let kind = kind::of(&name, declared, &data)?;
    let (data, variants) = match kind.picture {
        Some(format) => picture::prepare(format, data)?,
        None => (data, Vec::new()),
    };
    Ok(NewFile {
        name,
        content: Content {
            media_type: kind.media_type.to_owned(),
            data,
        },
        variants,
    })
}

#[cfg(test)]
mod tests;
