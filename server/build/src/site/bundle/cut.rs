//! What the page never calls, cut out of the linked module before it is split.
//!
//! A function that is cut keeps its place and becomes a trap, and what the linker noted of its references goes. So the
//! splitter sees that what only such functions need, as the tables and the ends of their futures, belongs nowhere, and
//! leaves it out. Once the module is split, all of that stands in its table of functions, which nothing can be taken out
//! of.

use std::collections::HashSet;
use std::ops::Range;

use anyhow::{Context as _, Result, bail};
use wasm_encoder::{CustomSection, Encode as _, Section as _};
use wasmparser::{
    CustomSectionReader, KnownCustom, Name, NameSectionReader, Parser, Payload, RelocAddendKind,
    RelocSectionReader, RelocationEntry, TypeRef,
};

/// The framework's second way to hydrate, compiled for every type that is drawn, for pages whose parts arrive meanwhile.
/// Here the parts are there before hydration begins (`frontend`).
const HYDRATE_LATER: &str = "8into_any13hydrate_async";
/// The list of a route's addresses, which the server asks for.
const LIST_ADDRESSES: &str = "21into_any_nested_route15generate_routes";
/// How the classes are named by which JavaScript reads streams made in Rust; the page makes none, see [`forget_streams`].
const STREAM_CLASSES: &str = "intounderlying";

/// The custom section with the linker's notes on the code.
const NOTES: &str = "reloc.CODE";

const NO_LOCALS: u8 = 0x00;
const UNREACHABLE: u8 = 0x00;
const NOP: u8 = 0x01;
const END: u8 = 0x0b;

/// The linked module without what is never called.
pub fn never_called(module: &[u8]) -> Result<Vec<u8>> {
    let linked = Linked::read(module)?;
    let cut: Vec<&Range<usize>> = linked
        .bodies
        .iter()
        .zip(linked.imported..)
        .filter(|(_, index)| linked.never_called.contains(index))
        .map(|(body, _)| body)
        .collect();
    let notes = linked
        .notes
        .context("the linker left no relocations: look at how the module is built now")?;
    let mut result = module.to_vec();
    for body in &cut {
        trap(result.get_mut((*body).clone()).unwrap_or_default());
    }
    let mut kept = Notes::default();
    for entry in notes.reader.entries() {
        let entry = entry?;
        let place = linked.code_start + entry.relocation_range().start;
        let next = cut.partition_point(|body| body.end <= place);
        if !cut.get(next).is_some_and(|body| body.contains(&place)) {
            kept.add(&entry);
        }
    }
    result.splice(notes.place, kept.section(notes.reader.section_index()));
    Ok(result)
}

/// Takes back the exports of classes that JavaScript never holds: the library for streams offers its own for streams made
/// in Rust, and the page makes none.
pub fn forget_streams(module: &mut walrus::Module) -> Result<()> {
    if let Some(made) = module
        .imports
        .iter()
        .find(|import| import.name.contains(STREAM_CLASSES))
    {
        bail!("the page makes a stream now, it imports {}", made.name);
    }
    let unused: Vec<_> = module
        .exports
        .iter()
        .filter(|export| {
            export
                .name
                .trim_start_matches("__wbg_")
                .starts_with(STREAM_CLASSES)
        })
        .map(walrus::Export::id)
        .collect();
    for export in unused {
        module.exports.delete(export);
    }
    Ok(())
}

/// What has to be known of a module that the linker wrote.
#[derive(Default)]
struct Linked<'a> {
    /// How many functions stand before those with bodies.
    imported: u32,
    never_called: HashSet<u32>,
    /// Where the code section's content begins.
    code_start: usize,
    /// In the order of the code section.
    bodies: Vec<Range<usize>>,
    notes: Option<LinkerNotes<'a>>,
}

struct LinkerNotes<'a> {
    /// Of the whole section.
    place: Range<usize>,
    reader: RelocSectionReader<'a>,
}

impl<'a> Linked<'a> {
    fn read(module: &'a [u8]) -> Result<Self> {
        let mut linked = Self::default();
        let mut section_start = 0;
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            match &payload {
                Payload::ImportSection(imports) => {
                    for import in imports.clone().into_imports() {
                        linked.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionStart { range, .. } => linked.code_start = range.start,
                Payload::CodeSectionEntry(body) => linked.bodies.push(body.range()),
                Payload::CustomSection(section) => linked.read_custom(section, section_start)?,
                _ => {}
            }
            // Sections follow each other without a gap.
            if let Some((_, range)) = payload.as_section() {
                section_start = range.end;
            }
        }
        Ok(linked)
    }

    fn read_custom(&mut self, section: &CustomSectionReader<'a>, start: usize) -> Result<()> {
        match section.as_known() {
            KnownCustom::Reloc(reader) if section.name() == NOTES => {
                let place = start..section.range().end;
                self.notes = Some(LinkerNotes { place, reader });
            }
            KnownCustom::Name(names) => self.read_names(names)?,
            _ => {}
        }
        Ok(())
    }

    fn read_names(&mut self, names: NameSectionReader<'_>) -> Result<()> {
        let mut missing = HashSet::from([HYDRATE_LATER, LIST_ADDRESSES, STREAM_CLASSES]);
        for names in names {
            let Name::Function(functions) = names? else {
                continue;
            };
            for function in functions {
                let function = function?;
                if let Some(reason) = never_called_as(function.name) {
                    missing.remove(reason);
                    self.never_called.insert(function.index);
                }
            }
        }
        if let Some(name) = missing.into_iter().next() {
            bail!("no function of the module is named {name}: look at how it is built now");
        }
        Ok(())
    }
}

/// Tells a function that is never called, by its mangled name, and as what. Only functions that can have no other use:
/// the compiler merges small ones that are alike under one of their names, as the glue that drops them.
fn never_called_as(name: &str) -> Option<&'static str> {
    if name.starts_with(STREAM_CLASSES) {
        return Some(STREAM_CLASSES);
    }
    [HYDRATE_LATER, LIST_ADDRESSES]
        .into_iter()
        .find(|end| name.contains(end) && !name.contains("drop_in_place"))
}

/// Replaces a function's body by a trap of the same length.
fn trap(body: &mut [u8]) {
    if let [locals, first, between @ .., end] = body {
        *locals = NO_LOCALS;
        *first = UNREACHABLE;
        between.fill(NOP);
        *end = END;
    }
}

/// Relocations to write.
#[derive(Default)]
struct Notes {
    count: u32,
    entries: Vec<u8>,
}

impl Notes {
    fn add(&mut self, entry: &RelocationEntry) {
        self.count += 1;
        self.entries.push(entry.ty as u8);
        entry.offset.encode(&mut self.entries);
        entry.index.encode(&mut self.entries);
        if entry.ty.addend_kind() != RelocAddendKind::None {
            entry.addend.encode(&mut self.entries);
        }
    }

    fn section(&self, of_section: u32) -> Vec<u8> {
        let mut data = Vec::new();
        of_section.encode(&mut data);
        self.count.encode(&mut data);
        data.extend(&self.entries);
        let mut section = Vec::new();
        CustomSection {
            name: NOTES.into(),
            data: data.into(),
        }
        .append_to(&mut section);
        section
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use wasm_encoder::{
        CodeSection, Function, FunctionSection, Module, NameMap, NameSection, TypeSection,
    };
    use wasmparser::{RelocationType, Validator};

    use super::*;

    /// Each function calls the first; the linker noted each call.
    fn linked(names: &[&str]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        let mut known = NameMap::new();
        for (index, name) in (0..).zip(names) {
            functions.function(0);
            let mut function = Function::new([]);
            function.instructions().call(0).nop().nop().end();
            code.function(&function);
            known.append(index, name);
        }
        let mut name_section = NameSection::new();
        name_section.functions(&known);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        let mut content = module.section(&name_section).clone().finish();
        let mut notes = Notes::default();
        let bodies = bodies(&content);
        for body in &bodies {
            notes.add(&RelocationEntry {
                ty: RelocationType::FunctionIndexLeb,
                // Behind the number of locals and the instruction.
                offset: u32::try_from(body.start + 2 - code_start(&content)).unwrap(),
                index: 0,
                addend: 0,
            });
        }
        content.extend(notes.section(2));
        content
    }

    fn bodies(content: &[u8]) -> Vec<Range<usize>> {
        let payloads = Parser::new(0).parse_all(content).map(Result::unwrap);
        let bodies = payloads.filter_map(|payload| match payload {
            Payload::CodeSectionEntry(body) => Some(body.range()),
            _ => None,
        });
        bodies.collect()
    }

    fn code_start(content: &[u8]) -> usize {
        let mut payloads = Parser::new(0).parse_all(content).map(Result::unwrap);
        payloads
            .find_map(|payload| match payload {
                Payload::CodeSectionStart { range, .. } => Some(range.start),
                _ => None,
            })
            .unwrap()
    }

    fn noted_places(content: &[u8]) -> Vec<u32> {
        let payloads = Parser::new(0).parse_all(content).map(Result::unwrap);
        let mut places = Vec::new();
        for payload in payloads {
            if let Payload::CustomSection(section) = payload
                && let KnownCustom::Reloc(reader) = section.as_known()
            {
                places.extend(
                    reader
                        .entries()
                        .into_iter()
                        .map(|entry| entry.unwrap().offset),
                );
            }
        }
        places
    }

    const GLUE: &str = "drop_in_place_8into_any13hydrate_async";

    #[test]
    fn what_is_never_called_becomes_a_trap_that_refers_to_nothing() {
        let names = ["kept", HYDRATE_LATER, GLUE, LIST_ADDRESSES, STREAM_CLASSES];
        let before = linked(&names);
        let after = never_called(&before).unwrap();
        Validator::new().validate_all(&after).unwrap();
        assert_eq!(bodies(&after), bodies(&before), "nothing moves");
        for ((body, name), is_cut) in bodies(&after)
            .into_iter()
            .zip(names)
            .zip([false, true, false, true, true])
        {
            let is_trap = after.get(body.start + 1) == Some(&UNREACHABLE);
            assert_eq!(is_trap, is_cut, "{name}");
        }
        let noted = noted_places(&before);
        let kept: Vec<u32> = [0, 2]
            .iter()
            .filter_map(|at| noted.get(*at).copied())
            .collect();
        assert_eq!(noted_places(&after), kept);
    }

    #[test]
    fn a_module_without_the_names_is_refused() {
        assert!(never_called(&linked(&["kept", HYDRATE_LATER])).is_err());
    }

    #[test]
    fn streams_are_forgotten_while_the_page_makes_none() {
        let mut module = walrus::Module::with_config(walrus::ModuleConfig::new());
        let kind = module.types.add(&[], &[]);
        for name in [
            "hydrate",
            "intounderlyingsink_close",
            "__wbg_intounderlyingsink_free",
        ] {
            let (function, _) = module.add_import_func("elsewhere", "function", kind);
            module.exports.add(name, function);
        }
        forget_streams(&mut module).unwrap();
        let exports: Vec<_> = module.exports.iter().map(|export| &*export.name).collect();
        assert_eq!(exports, ["hydrate"]);
        module.add_import_func("elsewhere", "__wbg_intounderlyingsink_new_1", kind);
        assert!(forget_streams(&mut module).is_err());
    }
}
