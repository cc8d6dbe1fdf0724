//! Short names between the module and its JavaScript.
//!
//! The binding gives each import a long name with a hash, which packs badly: numbers tell them apart as well.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use walrus::Module;

/// What the module calls the object of JavaScript's functions.
const BINDINGS: &str = "./switchyard_bg.js";
const SHORT_BINDINGS: &str = "b";

/// How functions are named that JavaScript can call, after those that have a name of their own.
const MANGLED: &str = "_ZN";

/// Renames imports, and exports that have no name of their own, in the module and in the script.
pub fn shorten(module: &mut Module, script: &Path) -> Result<()> {
    let mut text = fs::read_to_string(script).context("read the module's JavaScript")?;
    let mut rename = |old: &str, new: &str| -> Result<()> {
        if !text.contains(old) {
            bail!("the module's JavaScript does not name {old}: look at how it is written now");
        }
        text = text.replace(old, new);
        Ok(())
    };
    rename(&format!("\"{BINDINGS}\": "), &format!("{SHORT_BINDINGS}: "))?;
    let imports = module.imports.iter_mut();
    for (number, import) in imports
        .filter(|import| import.module == BINDINGS)
        .enumerate()
    {
        rename(
            &format!("\n        {}: ", import.name),
            &format!("\n        {number}: "),
        )?;
        SHORT_BINDINGS.clone_into(&mut import.module);
        import.name = number.to_string();
    }
    let exports = module.exports.iter_mut();
    let unnamed = exports.filter(|export| export.name.starts_with(MANGLED));
    for (number, export) in unnamed.enumerate() {
        let short = format!("f{number}");
        rename(&format!("wasm.{}(", export.name), &format!("wasm.{short}("))?;
        export.name = short;
    }
    fs::write(script, text).context("write the module's JavaScript")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use walrus::{FunctionBuilder, ModuleConfig};

    use super::*;

    const SCRIPT: &str = "import0 = {
        __wbg_now_1: function() {},
        __wbg_now_10: function() {},
    };
    ({ \"./switchyard_bg.js\": import0, });
    wasm._ZN4callE_1(1); wasm._ZN4callE(2); wasm.hydrate();";

    fn module() -> Module {
        let mut module = Module::with_config(ModuleConfig::new());
        let kind = module.types.add(&[], &[]);
        for name in ["__wbg_now_1", "__wbg_now_10"] {
            module.add_import_func(BINDINGS, name, kind);
        }
        module.add_import_func("elsewhere", "load", kind);
        for name in ["_ZN4callE", "_ZN4callE_1", "hydrate"] {
            let mut function = FunctionBuilder::new(&mut module.types, &[], &[]);
            function.func_body().unreachable();
            let function = function.finish(Vec::new(), &mut module.funcs);
            module.exports.add(name, function);
        }
        module
    }

    #[test]
    fn both_sides_have_the_same_short_names() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("switchyard.js");
        fs::write(&script, SCRIPT).unwrap();
        let mut module = module();
        shorten(&mut module, &script).unwrap();
        let imports = module.imports.iter();
        let imports: Vec<_> = imports
            .map(|import| (&*import.module, &*import.name))
            .collect();
        assert_eq!(imports, [("b", "0"), ("b", "1"), ("elsewhere", "load")]);
        let exports: Vec<_> = module.exports.iter().map(|export| &*export.name).collect();
        assert_eq!(exports, ["f0", "f1", "hydrate"]);
        assert_eq!(
            fs::read_to_string(&script).unwrap(),
            "import0 = {
        0: function() {},
        1: function() {},
    };
    ({ b: import0, });
    wasm.f1(1); wasm.f0(2); wasm.hydrate();"
        );
    }
}
