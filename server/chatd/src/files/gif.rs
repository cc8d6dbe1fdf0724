//! A GIF without what people and programs wrote into it: GIF89a, sections 17 to 27, and what XMP's specification (part 3) adds.

const IMAGE: u8 = 0x2c;
const EXTENSION: u8 = 0x21;
const TRAILER: u8 = 0x3b;
const GRAPHIC_CONTROL: u8 = 0xf9;
const PLAIN_TEXT: u8 = 0x01;
const APPLICATION: u8 = 0xff;
/// The applications whose data browsers obey: how often the pictures are shown.
const LOOPING: [&[u8]; 2] = [b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0"];

/// The same pictures without comments and the data of other programs. What stands behind the last block that is whole goes too,
/// where a name could hide as well.
pub(super) fn without_metadata(data: &[u8]) -> Vec<u8> {
    let mut blocks = Blocks { rest: data };
    let mut kept = Vec::with_capacity(data.len());
    if let Some(screen) = blocks.screen() {
        kept.extend_from_slice(screen);
        while let Some((block, is_kept)) = blocks.next_block() {
            if is_kept {
                kept.extend_from_slice(block);
            }
        }
    }
    kept.push(TRAILER);
    kept
}

struct Blocks<'a> {
    rest: &'a [u8],
}

impl<'a> Blocks<'a> {
    /// The header, the screen's description and the colours of all pictures.
    fn screen(&mut self) -> Option<&'a [u8]> {
        const PACKED: usize = 10;
        let length = 13 + colours_bytes(*self.rest.get(PACKED)?);
        self.take(length)
    }

    /// The next block with whether it is kept; `None` at the trailer, and where what follows is no whole block.
    fn next_block(&mut self) -> Option<(&'a [u8], bool)> {
        let begin = self.rest;
        let (length, is_kept) = match *begin.first()? {
            IMAGE => {
                const PACKED: usize = 9;
                // Its place, its colours, and how many bits its codes begin with.
                let head = 10 + colours_bytes(*begin.get(PACKED)?) + 1;
                (head + sub_blocks_bytes(begin.get(head..)?)?, true)
            }
            EXTENSION => {
                let body = begin.get(2..)?;
                let is_kept = match *begin.get(1)? {
                    GRAPHIC_CONTROL | PLAIN_TEXT => true,
                    APPLICATION => LOOPING.iter().any(|it| body.starts_with(it)),
                    _ => false,
                };
                (2 + sub_blocks_bytes(body)?, is_kept)
            }
            // Some programs put more of them at the end of a block than it has.
            0 => (1, false),
            _ => return None,
        };
        self.take(length).map(|block| (block, is_kept))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

fn colours_bytes(packed: u8) -> usize {
    let has_colours = packed & 0x80 != 0;
    if has_colours {
        3 << ((packed & 0x07) + 1)
    } else {
        0
    }
}

/// Each begins with its length, and one of none ends them.
fn sub_blocks_bytes(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match usize::from(*data.get(at)?) {
            0 => return Some(at + 1),
            length => at += length + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..400)) {
            let once = without_metadata(&data);
            prop_assert!(once.len() <= data.len() + 1);
            prop_assert_eq!(without_metadata(&once), once);
        }
    }
}
