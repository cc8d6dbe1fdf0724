//! Few files instead of many: the splitter writes one for every set of parts that share something, some hundreds, most of
//! them smaller than what it costs to ask for them. Those that the same parts need are put together here.

mod merge;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// What one more file costs a visitor, told in bytes of code that is not shrunk yet: the request and its headers, the module's own frame, and
/// the moment in which the browser makes an instance of it.
const FILE_COST_BYTES: u64 = 24_000;
/// Of the parts only this one is not for visitors: what it loads beside the others counts next to nothing.
const FOR_BUILDERS: &str = "gallery";

const START: &str = "const __chunk_";
const END: &str = ", []);\n";

/// What several parts share.
#[derive(Debug, PartialEq, Eq)]
struct Chunk {
    /// As the splitter numbered them: the files that stand in it.
    numbers: Vec<u32>,
    /// The parts that load it.
    parts: BTreeSet<String>,
    size_bytes: u64,
}

/// Puts files below `pkg` together and lets `loader`, the splitter's script there, ask for what came of them.
pub fn gather(pkg: &Path, loader: &str) -> Result<()> {
    let path = pkg.join(loader);
    let mut script =
        fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let file = |number: u32| pkg.join(format!("chunk_{number}.wasm"));
    let mut chunks = Vec::new();
    for (number, parts) in shared(&script) {
        let size_bytes = fs::metadata(file(number))
            .with_context(|| format!("look at chunk {number}"))?
            .len();
        chunks.push(Chunk {
            numbers: vec![number],
            parts,
            size_bytes,
        });
    }
    for chunk in cluster(chunks) {
        let [first, others @ ..] = chunk.numbers.as_slice() else {
            continue;
        };
        if others.is_empty() {
            continue;
        }
        let modules: Vec<Vec<u8>> = chunk
            .numbers
            .iter()
            .map(|number| fs::read(file(*number)))
            .collect::<Result<_, _>>()
            .context("read the chunks")?;
        let whole = merge::merge(&modules)
            .with_context(|| format!("put chunks together as chunk {first}"))?;
        fs::write(file(*first), whole).with_context(|| format!("write chunk {first}"))?;
        for other in others {
            fs::remove_file(file(*other)).with_context(|| format!("remove chunk {other}"))?;
            script = stands_in(&script, *other, *first)
                .with_context(|| format!("no loader of chunk {other} in {loader}"))?;
        }
    }
    fs::write(&path, script).with_context(|| format!("write {}", path.display()))
}

/// The numbers of the chunks that a loader's script names, each with the parts that need it.
fn shared(script: &str) -> Vec<(u32, BTreeSet<String>)> {
    let mut chunks = Vec::new();
    let mut parts = None;
    for line in script.lines() {
        if let Some(named) = line
            .strip_prefix("/* ")
            .and_then(|rest| rest.strip_suffix(" */"))
        {
            parts = Some(named.split(", ").map(ToOwned::to_owned).collect());
        } else if let Some(rest) = line.strip_prefix(START) {
            let number = rest.split(' ').next().and_then(|word| word.parse().ok());
            chunks.extend(number.zip(parts.take()));
        }
    }
    chunks
}

/// The script in which what loads `number` is what loads `first`, which the script says before.
fn stands_in(script: &str, number: u32, first: u32) -> Option<String> {
    let start = script.find(&format!("{START}{number} = "))?;
    let end = start + script.get(start..)?.find(END)? + END.len();
    let (before, after) = (script.get(..start)?, script.get(end..)?);
    Some(format!(
        "{before}{START}{number} = __chunk_{first};\n{after}"
    ))
}

/// Puts together, two by two, whatever makes the loading of all parts cheapest, until nothing does. What comes of two is
/// loaded by each part that needs one of them: that costs the bytes of the other one and spares files.
fn cluster(mut chunks: Vec<Chunk>) -> Vec<Chunk> {
    loop {
        let mut best: Option<(u64, usize, usize)> = None;
        for (later, one) in chunks.iter().enumerate() {
            for (earlier, other) in chunks.iter().enumerate().take(later) {
                let spared = spared(one, other);
                if spared > best.map_or(0, |(spared, ..)| spared) {
                    best = Some((spared, earlier, later));
                }
            }
        }
        let Some((_, earlier, later)) = best else {
            return chunks;
        };
        let added = chunks.remove(later);
        if let Some(kept) = chunks.get_mut(earlier) {
            kept.numbers.extend(added.numbers);
            kept.numbers.sort_unstable();
            kept.parts.extend(added.parts);
            kept.size_bytes += added.size_bytes;
        }
    }
}

/// What is spared by putting two together; zero when nothing is.
fn spared(one: &Chunk, other: &Chunk) -> u64 {
    let both = Chunk {
        numbers: Vec::new(),
        parts: one.parts.union(&other.parts).cloned().collect(),
        size_bytes: one.size_bytes + other.size_bytes,
    };
    (cost(one) + cost(other)).saturating_sub(cost(&both))
}

/// What it costs that each part loads a chunk.
fn cost(chunk: &Chunk) -> u64 {
    /// A visitor's part, against one for builders.
    const WEIGHT: u64 = 50;
    let weights = chunk
        .parts
        .iter()
        .map(|part| if part == FOR_BUILDERS { 1 } else { WEIGHT });
    weights.sum::<u64>() * (chunk.size_bytes + FILE_COST_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "/* home, settings */\nconst __chunk_2 = makeLoad(() => {\n    const src = fetch(\"./chunk_2.wasm\");\n}\n, []);\n\
        /* gallery, home */\nconst __chunk_3 = makeLoad(() => {\n    const src = fetch(\"./chunk_3.wasm\");\n}\n, []);\n\
        export const __wasm_split_load_home = wrapAsyncCb(makeLoad(() => {}, [__chunk_2, __chunk_3]));\n";

    fn chunk(number: u32, parts: &[&str], size_bytes: u64) -> Chunk {
        Chunk {
            numbers: vec![number],
            parts: parts.iter().map(|&part| part.to_owned()).collect(),
            size_bytes,
        }
    }

    #[test]
    fn the_loaders_script_says_who_needs_what() {
        let named: Vec<_> = shared(SCRIPT)
            .into_iter()
            .map(|(number, parts)| (number, parts.into_iter().collect::<Vec<_>>().join(" ")))
            .collect();
        assert_eq!(
            named,
            [
                (2, "home settings".to_owned()),
                (3, "gallery home".to_owned())
            ]
        );
    }

    #[test]
    fn the_loader_of_a_chunk_becomes_another_ones() -> Result<()> {
        let script = stands_in(SCRIPT, 3, 2).context("it is there")?;
        assert!(script.contains("/* gallery, home */\nconst __chunk_3 = __chunk_2;\nexport const"));
        assert!(script.contains("fetch(\"./chunk_2.wasm\")"));
        assert!(!script.contains("fetch(\"./chunk_3.wasm\")"));
        assert_eq!(stands_in(SCRIPT, 4, 2), None);
        Ok(())
    }

    #[test]
    fn small_ones_of_nearly_the_same_parts_come_together() {
        let gathered = cluster(vec![
            chunk(2, &["home", "settings"], 500),
            chunk(3, &["gallery", "home", "settings"], 700),
            chunk(4, &["debug", "desktop"], 290_000),
            chunk(5, &["analytics", "audit_log"], 290_000),
        ]);
        let numbers: Vec<_> = gathered.iter().map(|chunk| &*chunk.numbers).collect();
        assert_eq!(numbers, [&[2, 3][..], &[4], &[5]]);
        let Some(first) = gathered.first() else {
            unreachable!("three are left");
        };
        assert_eq!((first.size_bytes, first.parts.len()), (1_200, 3));
    }
}
