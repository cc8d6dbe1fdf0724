//! How answers of server functions are written and read.
//!
//! The page also reads JSON out of the document and from its sockets, there as text. Reading answers as text too
//! means that the browser holds one reader for each type and not two.

use leptos::server_fn::codec::Post;
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};
use serde::{Serialize, de::DeserializeOwned};

/// JSON in the body.
pub type PageJson = Post<PageJsonEncoding>;

/// Writes and reads JSON as text.
pub struct PageJsonEncoding;

impl ContentType for PageJsonEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for PageJsonEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for PageJsonEncoding {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for PageJsonEncoding {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = std::str::from_utf8(&bytes).map_err(serde::de::Error::custom)?;
        serde_json::from_str(text)
    }
}
