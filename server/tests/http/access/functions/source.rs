//! What the source of the page says of its server functions.

use std::collections::BTreeMap;
use std::path::Path;

/// What the source says of a function.
pub struct Function {
    /// The ids that it takes.
    pub ids: Vec<String>,
    pub is_form: bool,
}

/// Functions by their paths, as their source says.
pub fn functions_of_the_page() -> BTreeMap<String, Function> {
    let mut found = BTreeMap::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/src/api");
    for file in files_in(&folder) {
        let source = std::fs::read_to_string(file).unwrap();
        for function in source.split("#[server(name").skip(1) {
            let endpoint = function.split("endpoint = \"").nth(1).unwrap();
            let endpoint = endpoint.split('"').next().unwrap();
            let parameters = function.split("pub async fn ").nth(1).unwrap();
            let parameters = parameters.split(") ->").next().unwrap();
            let (_, parameters) = parameters.split_once('(').unwrap();
            let ids = parameters.split(',').filter_map(|parameter| {
                let (name, kind) = parameter.rsplit_once(": ")?;
                let name = name.rsplit([' ', '\n']).next()?;
                kind.trim_end_matches('>')
                    .ends_with("Id")
                    .then(|| name.to_owned())
            });
            let function_found = Function {
                ids: ids.collect(),
                is_form: is_form(function),
            };
            found.insert(format!("/api/page/{endpoint}"), function_found);
        }
    }
    found
}

/// All functions speak JSON but those that answer forms.
fn is_form(source: &str) -> bool {
    let attribute = source.split(")]").next().unwrap();
    assert!(attribute.contains("protocol = Page") != attribute.contains("output = PageJson"));
    attribute.contains("output = PageJson")
}

/// The files of a folder and of those in it.
fn files_in(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_in(&path));
        } else {
            files.push(path);
        }
    }
    files
}
