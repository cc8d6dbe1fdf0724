//! The head of a page and of its sections.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::view;

/// Title, one sentence, and the page's main action. Also sets the document's title.
#[component]
pub fn PageHeader(
    /// The page's title.
    #[prop(into)]
    title: String,
    /// What the page is for.
    #[prop(optional)]
    lead: &'static str,
    /// What belongs to the title: a state, the main action.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=title.clone()/>
        <header class="page-header">
            <div class="page-header-text">
                <h1 class="page-title" id="page-title" tabindex="-1">
                    {title}
                </h1>
                {(!lead.is_empty()).then(|| view! { <p class="page-lead">{lead}</p> })}
            </div>
            {children.map(|children| children())}
        </header>
    }
}

/// A section with a heading and a card.
#[component]
pub fn Section(
    /// The heading.
    title: &'static str,
    /// One sentence.
    #[prop(optional)]
    lead: &'static str,
    /// Its id, where something leads to it.
    #[prop(optional)]
    id: &'static str,
    /// What stands beside the heading.
    #[prop(default = None)]
    mark: Option<AnyView>,
    /// Content of the card.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="settings-section" id=(!id.is_empty()).then_some(id)>
            <div class="settings-section-head">
                <h2 class="settings-section-title" tabindex=(!id.is_empty()).then_some("-1")>{title}</h2>
                {mark}
            </div>
            {(!lead.is_empty()).then(|| view! { <p class="settings-section-lead">{lead}</p> })}
            <div class="card">
                <div class="card-body">{children()}</div>
            </div>
        </section>
    }
}
