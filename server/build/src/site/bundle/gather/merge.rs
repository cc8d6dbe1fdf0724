//! One WebAssembly module of several that know nothing of each other: what they import they import once, and what is
//! their own stands one behind the other.

use std::io;

use anyhow::{Context as _, Result, bail, ensure};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, FunctionSection, GlobalSection,
    ImportSection, Module, TypeSection,
};
use wasmparser::{
    CodeSectionReader, DataSectionReader, ElementSectionReader, FunctionSectionReader,
    GlobalSectionReader, Import, Parser, Payload, SectionLimited, TypeRef, TypeSectionReader,
};

/// Merges modules. They have nothing but types, imports, functions, globals, and what they write at their start into an
/// imported memory and table: no exports, as nothing calls them but through that table.
///
/// # Errors
/// Fails on a module that has anything else, or does not parse.
pub fn merge(modules: &[Vec<u8>]) -> Result<Vec<u8>> {
    let inputs: Vec<Input> = modules
        .iter()
        .map(|module| Input::read(module))
        .collect::<Result<_>>()?;
    let mut merged = Merged::default();
    let places = merged.places(&inputs)?;
    for (input, mut places) in inputs.into_iter().zip(places) {
        merged.take(input, &mut places)?;
    }
    Ok(merged.finish())
}

/// A module that is taken apart.
#[derive(Default)]
struct Input<'a> {
    types: Option<TypeSectionReader<'a>>,
    imports: Vec<Import<'a>>,
    functions: Option<FunctionSectionReader<'a>>,
    globals: Option<GlobalSectionReader<'a>>,
    elements: Option<ElementSectionReader<'a>>,
    data: Option<DataSectionReader<'a>>,
    code: Option<CodeSectionReader<'a>>,
}

impl<'a> Input<'a> {
    fn read(module: &'a [u8]) -> Result<Self> {
        let mut input = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => input.types = Some(section),
                Payload::ImportSection(section) => {
                    input.imports = section.into_imports().collect::<Result<_, _>>()?;
                }
                Payload::FunctionSection(section) => input.functions = Some(section),
                Payload::GlobalSection(section) => input.globals = Some(section),
                Payload::ElementSection(section) => input.elements = Some(section),
                Payload::DataSection(section) => input.data = Some(section),
                Payload::CodeSectionStart { range, .. } => {
                    let body = module.get(range.clone()).context("the code is cut off")?;
                    input.code = Some(CodeSectionReader::new(wasmparser::BinaryReader::new(
                        body,
                        range.start,
                    ))?);
                }
                Payload::Version { .. }
                | Payload::DataCountSection { .. }
                | Payload::CodeSectionEntry(_)
                | Payload::CustomSection(_)
                | Payload::End(_) => {}
                Payload::ExportSection(section) => {
                    ensure!(section.count() == 0, "it exports something");
                }
                other => bail!("a section that is not known here: {other:?}"),
            }
        }
        Ok(input)
    }
}

/// Where a module's things stand in the merged one, by their numbers in their own.
#[derive(Default)]
struct Places {
    first_type: u32,
    functions: Vec<u32>,
    globals: Vec<u32>,
    tables: Vec<u32>,
    memories: Vec<u32>,
    first_element: u32,
    first_data: u32,
}

impl Reencode for Places {
    type Error = io::Error;

    fn type_index(&mut self, number: u32) -> Result<u32, Error<Self::Error>> {
        Ok(self.first_type + number)
    }

    fn function_index(&mut self, number: u32) -> Result<u32, Error<Self::Error>> {
        at(&self.functions, number)
    }

    fn global_index(&mut self, number: u32) -> Result<u32, Error<Self::Error>> {
        at(&self.globals, number)
    }

    fn table_index(&mut self, number: u32) -> Result<u32, Error<Self::Error>> {
        at(&self.tables, number)
    }

    fn memory_index(&mut self, number: u32) -> Result<u32, Error<Self::Error>> {
        at(&self.memories, number)
    }

    fn element_index(&mut self, number: u32) -> Result<u32, Error<Self::Error>> {
        Ok(self.first_element + number)
    }

    fn data_index(&mut self, number: u32) -> Result<u32, Error<Self::Error>> {
        Ok(self.first_data + number)
    }
}

fn at(places: &[u32], number: u32) -> Result<u32, Error<io::Error>> {
    usize::try_from(number)
        .ok()
        .and_then(|index| places.get(index).copied())
        .ok_or_else(|| {
            Error::UserError(io::Error::other(format!("nothing has the number {number}")))
        })
}

/// What is imported and how many of each kind that is.
#[derive(Default)]
struct Imported<'a> {
    /// Where it comes from, its name, and its number among those of its kind.
    known: Vec<(&'a str, &'a str, u32)>,
    functions: u32,
    globals: u32,
    tables: u32,
    memories: u32,
}

#[derive(Default)]
struct Merged {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    globals: GlobalSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
}

impl Merged {
    /// Writes what is imported and says where everything of each module will stand.
    fn places(&mut self, inputs: &[Input]) -> Result<Vec<Places>> {
        let mut imported = Imported::default();
        let mut all = Vec::new();
        let (mut types, mut elements, mut data) = (0, 0, 0);
        for input in inputs {
            let mut places = Places {
                first_type: types,
                first_element: elements,
                first_data: data,
                ..Places::default()
            };
            types += input.types.as_ref().map_or(0, SectionLimited::count);
            elements += input.elements.as_ref().map_or(0, SectionLimited::count);
            data += input.data.as_ref().map_or(0, SectionLimited::count);
            for import in &input.imports {
                self.import(import, &mut imported, &mut places)?;
            }
            all.push(places);
        }
        // Behind everything that is imported, which is known now.
        let (mut functions, mut globals) = (imported.functions, imported.globals);
        for (input, places) in inputs.iter().zip(&mut all) {
            let own = input.functions.as_ref().map_or(0, SectionLimited::count);
            places.functions.extend(functions..functions + own);
            functions += own;
            let own = input.globals.as_ref().map_or(0, SectionLimited::count);
            places.globals.extend(globals..globals + own);
            globals += own;
        }
        Ok(all)
    }

    fn import<'a>(
        &mut self,
        import: &Import<'a>,
        imported: &mut Imported<'a>,
        places: &mut Places,
    ) -> Result<()> {
        let (next, numbers) = match import.ty {
            TypeRef::Func(_) => (&mut imported.functions, &mut places.functions),
            TypeRef::Global(_) => (&mut imported.globals, &mut places.globals),
            TypeRef::Table(_) => (&mut imported.tables, &mut places.tables),
            TypeRef::Memory(_) => (&mut imported.memories, &mut places.memories),
            other => bail!("{} is imported as {other:?}", import.name),
        };
        let known = imported
            .known
            .iter()
            .find(|(module, name, _)| (*module, *name) == (import.module, import.name));
        if let Some((_, _, number)) = known {
            numbers.push(*number);
            return Ok(());
        }
        let number = *next;
        *next += 1;
        numbers.push(number);
        imported.known.push((import.module, import.name, number));
        let kind = places.entity_type(import.ty)?;
        self.imports.import(import.module, import.name, kind);
        Ok(())
    }

    fn take(&mut self, input: Input, places: &mut Places) -> Result<()> {
        if let Some(section) = input.types {
            utils::parse_type_section(places, &mut self.types, section)?;
        }
        if let Some(section) = input.functions {
            utils::parse_function_section(places, &mut self.functions, section)?;
        }
        if let Some(section) = input.globals {
            utils::parse_global_section(places, &mut self.globals, section)?;
        }
        if let Some(section) = input.elements {
            utils::parse_element_section(places, &mut self.elements, section)?;
        }
        if let Some(section) = input.code {
            utils::parse_code_section(places, &mut self.code, section)?;
        }
        if let Some(section) = input.data {
            utils::parse_data_section(places, &mut self.data, section)?;
        }
        Ok(())
    }

    fn finish(self) -> Vec<u8> {
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.imports)
            .section(&self.functions)
            .section(&self.globals)
            .section(&self.elements);
        if !self.data.is_empty() {
            module.section(&DataCountSection {
                count: self.data.len(),
            });
        }
        module.section(&self.code).section(&self.data);
        module.finish()
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        ConstExpr, DataSegment, DataSegmentMode, Elements, ExportKind, ExportSection, Function,
        Instruction, MemoryType, RefType, TableType, ValType,
    };
    use wasmparser::Validator;

    use super::*;

    /// A module that puts a function, which calls another one of its own, into the table at `place`, and `place` as a
    /// byte into the memory there; `shares` are the globals that it reads.
    fn module(place: u8, shares: &[&str]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], [ValType::I32]);
        let mut imports = ImportSection::new();
        for share in shares {
            let kind = wasm_encoder::GlobalType {
                val_type: ValType::I32,
                mutable: true,
                shared: false,
            };
            imports.import("shared", share, kind);
        }
        let memory = MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        imports.import("shared", "memory", memory);
        let table = TableType {
            element_type: RefType::FUNCREF,
            minimum: 8,
            maximum: None,
            table64: false,
            shared: false,
        };
        imports.import("shared", "table", table);
        let mut functions = FunctionSection::new();
        functions.function(0).function(0);
        let mut elements = ElementSection::new();
        elements.active(
            Some(0),
            &ConstExpr::i32_const(place.into()),
            Elements::Functions([1].as_slice().into()),
        );
        let mut code = CodeSection::new();
        let last = u32::try_from(shares.len()).unwrap_or_default() - 1;
        let mut reads = Function::new([]);
        reads
            .instruction(&Instruction::GlobalGet(last))
            .instruction(&Instruction::End);
        let mut calls = Function::new([]);
        calls
            .instruction(&Instruction::Call(0))
            .instruction(&Instruction::End);
        code.function(&reads).function(&calls);
        let mut data = DataSection::new();
        data.segment(DataSegment {
            mode: DataSegmentMode::Active {
                memory_index: 0,
                offset: &ConstExpr::i32_const(place.into()),
            },
            data: [place],
        });
        let mut module = Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&functions)
            .section(&elements)
            .section(&code)
            .section(&data);
        module.finish()
    }

    #[test]
    fn what_is_imported_is_imported_once_and_the_rest_stands_behind_each_other() -> Result<()> {
        let merged = merge(&[module(2, &["a", "b"]), module(5, &["b", "c"])])?;
        Validator::new().validate_all(&merged)?;
        let read = Input::read(&merged)?;
        let names: Vec<_> = read.imports.iter().map(|import| import.name).collect();
        assert_eq!(names, ["a", "b", "memory", "table", "c"]);
        let mut read_globals = Vec::new();
        let mut calls = Vec::new();
        for body in read.code.context("functions")? {
            for operator in body?.get_operators_reader()? {
                match operator? {
                    wasmparser::Operator::GlobalGet { global_index } => {
                        read_globals.push(global_index);
                    }
                    wasmparser::Operator::Call { function_index } => calls.push(function_index),
                    _ => {}
                }
            }
        }
        // The first reads `b`, the second `c`, and each calls its own.
        assert_eq!((read_globals, calls), (vec![1, 2], vec![0, 2]));
        let mut in_table = Vec::new();
        for element in read.elements.context("elements")? {
            if let wasmparser::ElementItems::Functions(functions) = element?.items {
                in_table.extend(functions.into_iter().collect::<Result<Vec<_>, _>>()?);
            }
        }
        assert_eq!(in_table, [1, 3]);
        let written: Vec<_> = read
            .data
            .context("data")?
            .into_iter()
            .map(|data| Ok(data?.data.to_vec()))
            .collect::<Result<_>>()?;
        assert_eq!(written, [[2], [5]]);
        Ok(())
    }

    #[test]
    fn a_module_that_exports_something_is_refused() {
        let mut exports = ExportSection::new();
        exports.export("memory", ExportKind::Memory, 0);
        let mut exporting = Module::new();
        exporting.section(&exports);
        assert!(merge(&[exporting.finish()]).is_err());
    }
}
