//! The order of a module's functions: those that are alike stand next to each other, which packs a thirtieth better.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use wasm_encoder::{NameMap, NameSection, Section as _};
use wasmparser::{Parser, Payload, TypeRef};

/// Gives each function a name that sorts to where the function should stand; the optimizer moves them.
pub fn name_by_place(path: &Path) -> Result<()> {
    let mut content = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let (imported, functions) = functions(&content)?;
    let mut places: Vec<(u32, usize)> = (imported..).zip(0..).take(functions.len()).collect();
    for (place, index) in by_likeness(&functions).into_iter().enumerate() {
        if let Some(known) = places.get_mut(index) {
            known.1 = place;
        }
    }
    let mut names = NameMap::new();
    for (index, place) in places {
        names.append(index, &format!("{place:05}"));
    }
    let mut section = NameSection::new();
    section.functions(&names);
    section.append_to(&mut content);
    fs::write(path, content).with_context(|| format!("write {}", path.display()))
}

struct Function<'a> {
    /// Its signature, by number.
    signature: u32,
    body: &'a [u8],
    sketch: Sketch,
}

/// The number of imported functions, and the others in their order.
fn functions(content: &[u8]) -> Result<(u32, Vec<Function<'_>>)> {
    let mut imported = 0;
    let mut signatures = Vec::new();
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(content) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::FunctionSection(section) => {
                signatures = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    let functions = signatures
        .into_iter()
        .zip(bodies)
        .map(|(signature, body)| Function {
            signature,
            body,
            sketch: Sketch::of(body),
        });
    Ok((imported, functions.collect()))
}

/// A chain through all functions: behind each the one that is most like it among those left, first those of the same
/// signature.
fn by_likeness(functions: &[Function]) -> Vec<usize> {
    let mut left: Vec<(usize, &Function)> = functions.iter().enumerate().collect();
    left.sort_by_key(|(_, function)| (function.signature, function.body));
    let mut chain = Vec::with_capacity(left.len());
    let mut place = 0;
    while place < left.len() {
        let (index, last) = left.remove(place);
        chain.push(index);
        place = (0..left.len())
            .rev()
            .max_by_key(|place| left.get(*place).map(|(_, next)| last.likeness(next)))
            .unwrap_or(0);
    }
    chain
}

impl Function<'_> {
    fn likeness(&self, other: &Self) -> (bool, usize) {
        (
            self.signature == other.signature,
            self.sketch.likeness(&other.sketch),
        )
    }
}

/// How many smallest hashes tell whether functions are alike.
const HASHES: usize = 48;
/// How many bytes are hashed together.
const WINDOW: usize = 4;

/// The smallest hash, in several ways of hashing, of all short pieces of a function: two sketches agree in as many places
/// as the functions have pieces in common (MinHash).
struct Sketch([u32; HASHES]);

impl Sketch {
    fn of(body: &[u8]) -> Self {
        let mut smallest = [u32::MAX; HASHES];
        for piece in body.windows(WINDOW) {
            let piece = piece
                .iter()
                .fold(0, |bytes, byte| bytes << 8 | u64::from(*byte));
            for (way, smallest) in (1..).zip(&mut smallest) {
                *smallest = (*smallest).min(hash(piece, way));
            }
        }
        Self(smallest)
    }

    fn likeness(&self, other: &Self) -> usize {
        let places = self.0.iter().zip(&other.0);
        places.filter(|(left, right)| left == right).count()
    }
}

/// The finalizer of SplitMix64, for each way with another start.
fn hash(piece: u64, way: u64) -> u32 {
    let mut mixed = piece ^ way.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_are_alike_stand_together_and_none_is_lost() {
        let bodies = [
            (0, "to be or not to be"),
            (0, "something else altogether"),
            (1, "to be or not to be"),
            (0, "to be or not to bee"),
        ];
        let functions = bodies.map(|(signature, body)| Function {
            signature,
            body: body.as_bytes(),
            sketch: Sketch::of(body.as_bytes()),
        });
        assert_eq!(by_likeness(&functions), [1, 0, 3, 2]);
    }
}
