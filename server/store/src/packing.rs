//! Content that is kept smaller than it is.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::StoreError;

/// Shorter content is kept as it is.
const LEAST_DEFLATED_BYTES: usize = 128;
/// What content unpacks to at most, whatever its row says.
const MOST_UNPACKED_BYTES: u64 = 1024 * 1024;

/// Content as it is stored, and whether it is deflated.
pub fn pack(content: &[u8]) -> (bool, Vec<u8>) {
    if content.len() < LEAST_DEFLATED_BYTES {
        return (false, content.to_vec());
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(content).and_then(|()| encoder.finish());
    match packed {
        Ok(packed) if packed.len() < content.len() => (true, packed),
        _ => (false, content.to_vec()),
    }
}

/// What was packed, of a row of a table.
pub fn unpack(
    table: &'static str,
    is_deflated: bool,
    content: Vec<u8>,
) -> Result<Vec<u8>, StoreError> {
    if !is_deflated {
        return Ok(content);
    }
    let mut whole = Vec::new();
    DeflateDecoder::new(content.as_slice())
        .take(MOST_UNPACKED_BYTES)
        .read_to_end(&mut whole)
        .map_err(|error| StoreError::Corrupt {
            table,
            detail: error.to_string(),
        })?;
    Ok(whole)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn packing_loses_nothing() {
        for content in [
            Vec::new(),
            b"short".to_vec(),
            b"again and again ".repeat(1000),
        ] {
            let (is_deflated, packed) = pack(&content);
            assert!(packed.len() <= content.len());
            assert_eq!(unpack("pieces", is_deflated, packed).unwrap(), content);
        }
        unpack("pieces", true, b"no deflate".to_vec()).unwrap_err();
    }
}
