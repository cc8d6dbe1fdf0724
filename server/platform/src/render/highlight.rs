//! Code as HTML with classes for its tokens: the first atoms of the innermost scope that has a colour, each with the
//! prefix `hl-`, as `style/syntax.css` expects them.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::LazyLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use super::budget::CodeBudget;

/// Longer code stays without colours.
const MAX_CODE_BYTES: usize = 128 * 1024;
/// Code with longer lines (minified) stays without colours.
const MAX_LINE_BYTES: usize = 4 * 1024;
/// Atoms of a scope that become classes.
const ATOMS: usize = 3;
/// First atoms of scopes that have a colour.
const COLOURED: [&str; 8] = [
    "comment", "string", "constant", "keyword", "storage", "entity", "support", "variable",
];

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// Code of a language by its name in a fence; escaped without colours when the language is not known or the budget
/// is spent.
pub(super) fn code(language: &str, code: &str, budget: &CodeBudget) -> String {
    let lines: Vec<&str> = code.split_inclusive('\n').collect();
    let syntax = (!language.is_empty() && !is_too_large(&lines))
        .then(|| SYNTAXES.find_syntax_by_token(token(language)))
        .flatten()
        .filter(|_| budget.take(code.len()));
    render(syntax, &lines).concat()
}

/// Lines of a file as HTML, one for each, coloured by the file's name. Lines carry no newline.
pub fn highlight_lines(path: &str, lines: &[&str]) -> Vec<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit('.').next().unwrap_or(name);
    let syntax = SYNTAXES
        .find_syntax_by_extension(name)
        .or_else(|| SYNTAXES.find_syntax_by_extension(token(extension)));
    render(syntax, lines)
}

/// Names that the bundled syntaxes do not know by themselves.
fn token(language: &str) -> &str {
    match language {
        "ts" | "tsx" | "typescript" | "jsx" | "mjs" | "cjs" => "js",
        "shell" | "console" | "zsh" => "bash",
        "jsonc" | "json5" => "json",
        "toml" | "ini" | "conf" => "yaml",
        other => other,
    }
}

fn render(syntax: Option<&SyntaxReference>, lines: &[&str]) -> Vec<String> {
    let Some(syntax) = syntax.filter(|_| !is_too_large(lines)) else {
        return plain(lines);
    };
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let mut classes = Classes::default();
    let mut rendered = Vec::with_capacity(lines.len());
    for line in lines {
        match render_line(line, &mut state, &mut stack, &mut classes) {
            Some(html) => rendered.push(html),
            None => return plain(lines),
        }
    }
    rendered
}

fn is_too_large(lines: &[&str]) -> bool {
    let size: usize = lines.iter().map(|line| line.len()).sum();
    size > MAX_CODE_BYTES || lines.iter().any(|line| line.len() > MAX_LINE_BYTES)
}

fn render_line(
    line: &str,
    state: &mut ParseState,
    stack: &mut ScopeStack,
    classes: &mut Classes,
) -> Option<String> {
    // The bundled syntaxes want their newline.
    let whole = if line.ends_with('\n') {
        line.to_owned()
    } else {
        format!("{line}\n")
    };
    let operations = state.parse_line(&whole, &SYNTAXES).ok()?;
    let mut html = String::with_capacity(line.len() * 2);
    let mut from = 0;
    for (at, operation) in operations {
        let at = at.min(line.len());
        push_token(line.get(from..at)?, stack, classes, &mut html);
        from = at;
        stack.apply(&operation).ok()?;
    }
    push_token(line.get(from..)?, stack, classes, &mut html);
    Some(html)
}

fn push_token(text: &str, stack: &ScopeStack, classes: &mut Classes, html: &mut String) {
    if text.is_empty() {
        return;
    }
    let class = (!text.trim().is_empty())
        .then(|| classes.of(stack))
        .flatten();
    match class {
        Some(class) => {
            let _ = write!(html, "<span class=\"{class}\">");
            escape(text, html);
            html.push_str("</span>");
        }
        None => escape(text, html),
    }
}

fn plain(lines: &[&str]) -> Vec<String> {
    lines
        .iter()
        .map(|line| {
            let mut html = String::with_capacity(line.len());
            escape(line, &mut html);
            html
        })
        .collect()
}

/// Classes by scope; looking a scope's name up takes a lock.
#[derive(Default)]
struct Classes(HashMap<Scope, Option<String>>);

impl Classes {
    fn of(&mut self, stack: &ScopeStack) -> Option<String> {
        stack
            .scopes
            .iter()
            .rev()
            .find_map(|scope| self.of_scope(*scope))
    }

    fn of_scope(&mut self, scope: Scope) -> Option<String> {
        self.0
            .entry(scope)
            .or_insert_with(|| {
                let name = scope.build_string();
                let atoms: Vec<&str> = name.split('.').take(ATOMS).collect();
                let is_coloured = atoms.first().is_some_and(|first| COLOURED.contains(first));
                is_coloured.then(|| {
                    atoms
                        .iter()
                        .map(|atom| format!("hl-{atom}"))
                        .collect::<Vec<_>>()
                        .join(" ")
                })
            })
            .clone()
    }
}

/// Text as HTML text.
pub(super) fn escape(text: &str, html: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}
