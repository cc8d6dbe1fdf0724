//! What the model is told besides messages: how full its context is, the instruction files and skills of the workspace.
//! A part of its own (`pages::parts`); looks anew each time it is opened.

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::chat_context::{ChatContext, ContextFile, ContextSkill};
use sdk::ids::ChatId;

use super::context_ring::{Share, percent};
use super::words;
use crate::api::chats::{ContextView, chat_context};
use crate::components::icons::{Icon, icon};
use crate::error::AppError;
use crate::pages::settings::places;
use crate::session::use_session;
use crate::view;

/// The card's content.
#[component]
pub fn ContextCard(
    /// The chat.
    chat: ChatId,
    /// How full the context is.
    share: Share,
    /// How often the card was opened.
    openings: RwSignal<u32>,
) -> impl IntoView {
    // What was seen before stays until the new look is there.
    let seen = RwSignal::new(None::<Result<ContextView, AppError>>);
    Effect::new(move |_| {
        openings.track();
        spawn_local(async move {
            let looked = chat_context(chat).await;
            let _ = seen.try_set(Some(looked));
        });
    });
    let sees_prompt = use_session().with_untracked(|session| session.shows(places::PROMPT.needs));
    let whole = format!("{}?chat={chat}", places::PROMPT.path);
    view! {
        {move || share.get().map(|(used, limit)| view! { <Gauge used limit/> })}
        {move || seen.get().map_or_else(|| looking().into_any(), |seen| match seen {
            Ok(view) => told(view).into_any(),
            Err(error) => note(Icon::CircleAlert, error.message).into_any(),
        })}
        {sees_prompt.then(|| view! { <p class="context-card-note"><a class="link" href=whole>"See the whole prompt"</a></p> })}
    }
}

/// The share of the context that is used, as a bar.
#[component]
fn Gauge(used: i64, limit: i64) -> impl IntoView {
    let percent = percent(used, limit);
    view! {
        <p class="context-card-head">
            <strong>{format!("{percent} % of the context")}</strong>
            <span>{format!("{} of {} tokens", words::tokens(used), words::tokens(limit))}</span>
        </p>
        <meter class="context-meter" min="0" max="100" high="80" value=percent aria-label="Used part of the context"></meter>
    }
}

fn looking() -> impl IntoView {
    note(Icon::LoaderCircle, "Looking…".to_owned())
}

fn note(name: Icon, words: String) -> impl IntoView {
    view! { <p class="context-card-note">{icon(name)}<span>{words}</span></p> }
}

/// What else the model is told.
pub fn told(view: ContextView) -> impl IntoView {
    let ContextView {
        context,
        unavailable,
        threshold_percent,
        cost,
    } = view;
    view! {
        {(!cost.is_empty()).then(|| view! { <p class="context-card-head"><strong>"Cost so far"</strong><span>{cost}</span></p> })}
        {threshold_percent.map(|percent| view! { <p class="context-card-note">{threshold(percent)}</p> })}
        {unavailable.map(|reason| note(Icon::Info, format!("Instructions and skills are not known now. {reason}")))}
        {context.map(workspace)}
    }
}

fn threshold(percent: i32) -> String {
    match percent {
        ..=0 => "The history is summarized after every answer.".to_owned(),
        100.. => "The history is not summarized by itself.".to_owned(),
        percent => format!("The history is summarized at {percent} %."),
    }
}

fn workspace(context: ChatContext) -> impl IntoView {
    let ChatContext {
        working_directory,
        home_directory,
        instruction_files,
        skills,
    } = context;
    let is_empty = instruction_files.is_empty() && skills.is_empty();
    let places = (working_directory, home_directory);
    let files: Vec<_> = instruction_files
        .into_iter()
        .map(|file| file_line(file, &places))
        .collect();
    let skills: Vec<_> = skills.into_iter().map(skill_line).collect();
    view! {
        {is_empty.then(|| note(Icon::Info, "There is no AGENTS.md and no skill in this workspace.".to_owned()))}
        {list("Instructions", files)}
        {list("Skills", skills)}
    }
}

fn list(title: &'static str, lines: Vec<AnyView>) -> Option<impl IntoView> {
    (!lines.is_empty()).then(|| {
        view! {
            <p class="context-card-title">{title}</p>
            <ul class="context-card-list" aria-label=title>{lines}</ul>
        }
    })
}

fn file_line(file: ContextFile, places: &(String, String)) -> AnyView {
    let cut = file.is_cut.then_some(" (cut at 64 KiB)");
    let shown = short(&file.path, places);
    view! { <li title=file.path>{icon(Icon::FileText)}<span><code>{shown}</code>{cut}</span></li> }
        .into_any()
}

fn skill_line(skill: ContextSkill) -> AnyView {
    view! {
        <li title=skill.path>
            {icon(Icon::Sparkles)}
            <span><strong>{skill.name}</strong>" "<span class="context-card-words">{skill.description}</span></span>
        </li>
    }
    .into_any()
}

/// Relative to the working directory, or with `~` for the home folder.
fn short(path: &str, (working_directory, home_directory): &(String, String)) -> String {
    let below = |folder: &str| path.strip_prefix(folder)?.strip_prefix('/');
    match (below(working_directory), below(home_directory)) {
        (Some(rest), _) => rest.to_owned(),
        (None, Some(rest)) => format!("~/{rest}"),
        (None, None) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_short_where_they_can_be() {
        let places = ("/home/me/work/one".to_owned(), "/home/me".to_owned());
        for (path, shown) in [
            ("/home/me/work/one/AGENTS.md", "AGENTS.md"),
            ("/home/me/work/AGENTS.md", "~/work/AGENTS.md"),
            (
                "/home/me/work/one-more/AGENTS.md",
                "~/work/one-more/AGENTS.md",
            ),
            ("/srv/AGENTS.md", "/srv/AGENTS.md"),
        ] {
            assert_eq!(short(path, &places), shown, "{path}");
        }
    }

    #[test]
    fn the_threshold_is_said_in_words() {
        assert!(threshold(0).contains("every answer"));
        assert!(threshold(70).contains("70 %"));
        assert!(threshold(100).contains("not summarized"));
    }
}
