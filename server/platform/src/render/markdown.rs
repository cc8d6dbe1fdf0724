//! Markdown to HTML: parsed by comrak, code coloured, everything sanitized by ammonia.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use comrak::adapters::SyntaxHighlighterAdapter;
use comrak::nodes::NodeValue;
use comrak::options::Plugins;
use comrak::{Arena, Options, format_html_with_plugins, parse_document};

use super::budget::CodeBudget;
use super::highlight::{self, escape};

/// A fence's language as shown and as a hook for the page's copy button.
const MAX_LANGUAGE_CHARACTERS: usize = 32;

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(sanitizer);

/// Sanitized HTML of a text.
pub(super) fn to_html(text: &str, keeps_line_breaks: bool, budget: &CodeBudget) -> String {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.render.hardbreaks = keeps_line_breaks;
    options.render.github_pre_lang = true;
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options);
    for node in root.descendants() {
        let mut data = node.data.borrow_mut();
        // A picture from elsewhere tells its server who reads what; a link does so only when it is followed.
        if let NodeValue::Image(link) = &data.value {
            let link = link.clone();
            data.value = NodeValue::Link(link);
        }
    }
    let highlighter = Highlighter(budget);
    let mut plugins = Plugins::default();
    plugins.render.codefence_syntax_highlighter = Some(&highlighter);
    let mut html = String::with_capacity(text.len() * 2);
    if format_html_with_plugins(root, &options, &mut html, &plugins).is_err() {
        html.clear();
        escape(text, &mut html);
    }
    // Text is escaped and raw HTML left out, so this tag is the end of a block that the highlighter began.
    SANITIZER
        .clean(&html.replace("</pre>", "</pre></div>"))
        .to_string()
}

fn sanitizer() -> Builder<'static> {
    let mut builder = Builder::empty();
    let tags = [
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "div",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "span",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    builder
        .tags(HashSet::from(tags))
        .add_tag_attributes("a", &["href", "title"])
        .add_tag_attributes("div", &["class", "data-language"])
        .add_tag_attributes("span", &["class"])
        .add_tag_attributes("ol", &["start"])
        .add_tag_attributes("td", &["align"])
        .add_tag_attributes("th", &["align"])
        .clean_content_tags(HashSet::from(["script", "style"]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank");
    builder
}

/// Puts each block of code into `<div class="code-block" data-language="…">`, where the page adds its copy button.
struct Highlighter<'a>(&'a CodeBudget);

impl SyntaxHighlighterAdapter for Highlighter<'_> {
    fn write_highlighted(
        &self,
        output: &mut dyn fmt::Write,
        language: Option<&str>,
        code: &str,
    ) -> fmt::Result {
        let language = short(language.unwrap_or_default());
        output.write_str(&highlight::code(&language, code, self.0))
    }

    fn write_pre_tag(
        &self,
        output: &mut dyn fmt::Write,
        attributes: HashMap<&'static str, Cow<'_, str>>,
    ) -> fmt::Result {
        let language = short(attributes.get("lang").map(Cow::as_ref).unwrap_or_default());
        let mut escaped = String::new();
        escape(&language, &mut escaped);
        write!(
            output,
            "<div class=\"code-block\" data-language=\"{escaped}\"><pre>"
        )
    }

    fn write_code_tag(
        &self,
        output: &mut dyn fmt::Write,
        _attributes: HashMap<&'static str, Cow<'_, str>>,
    ) -> fmt::Result {
        output.write_str("<code>")
    }
}

fn short(language: &str) -> String {
    let word = language.split([' ', ',', '{']).next().unwrap_or_default();
    word.chars()
        .take(MAX_LANGUAGE_CHARACTERS)
        .collect::<String>()
        .to_lowercase()
}
