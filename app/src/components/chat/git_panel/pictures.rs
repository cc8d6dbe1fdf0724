//! A picture that changed, before and after. It is drawn when the reader is near, in a frame that is as high from the beginning.

use std::fmt::Write as _;

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::git::ReadGitImage;
use sdk::ids::ChatId;
use sdk::parts::DiffSide;

use super::regions::Regions;
use super::review::Place;
use crate::api::chats::{Picture, git_picture};
use crate::components::button::{Button, ButtonKind};
use crate::components::plain::plain;
use crate::diff::FileChange;
use crate::diff::index::IndexedFile;
use crate::error::AppError;
use crate::view;

/// What is drawn; SVG, which can hold scripts, is not.
const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "gif", "webp"];

const UNDRAWN: &str = "The picture did not arrive whole, or the browser cannot draw it.";

/// What is known of one side; nothing asks for it, again if need be.
pub type Known = ArcRwSignal<Option<Result<Picture, AppError>>>;

/// Where the sides of a picture are.
#[derive(Clone, Debug, PartialEq)]
pub struct Sides {
    chat: ChatId,
    before: Option<ReadGitImage>,
    after: Option<ReadGitImage>,
    /// Tells one change of it from the next one.
    print: u64,
}

/// Where the sides of a changed picture are; nothing when it is none, or when nobody can be asked.
pub fn sides(regions: Regions, place: &Place, file: &IndexedFile) -> Option<Sides> {
    let is_picture = file.head.is_binary && is_called_picture(file.path());
    let repo_root = regions.root(place).filter(|_| is_picture)?;
    let kept = |side| {
        Some(ReadGitImage {
            repo_root: repo_root.clone(),
            blob: Some(file.blob(side)?.to_owned()),
            path: None,
        })
    };
    let in_work_tree = ReadGitImage {
        repo_root: repo_root.clone(),
        blob: None,
        path: file.head.new_path.clone(),
    };
    let after = match place.root {
        _ if file.head.change == FileChange::Deleted => None,
        Some(_) => Some(in_work_tree),
        None => kept(DiffSide::New),
    };
    let before = kept(DiffSide::Old);
    (before.is_some() || after.is_some()).then_some(Sides {
        chat: regions.chat,
        before,
        after,
        print: file.print,
    })
}

fn is_called_picture(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// The picture; asked for once `is_near`.
pub fn pictures(sides: Sides, is_near: Memo<bool>) -> AnyView {
    let Sides {
        chat,
        before,
        after,
        print,
    } = sides;
    let side = |query: ReadGitImage| {
        let known = Known::default();
        ask(chat, query, print, is_near, known.clone());
        known
    };
    drawn(before.map(side), after.map(side))
}

fn ask(chat: ChatId, query: ReadGitImage, print: u64, is_near: Memo<bool>, known: Known) {
    let is_asked = StoredValue::new(false);
    Effect::new(move |_| {
        let is_wanted = is_near.get() && known.with(Option::is_none);
        if !is_wanted || is_asked.get_value() {
            return;
        }
        is_asked.set_value(true);
        let (query, known) = (query.clone(), known.clone());
        spawn_local(async move {
            let is_kept = query.blob.is_some();
            let mut answer = git_picture(chat, query).await;
            if let Ok(picture) = &mut answer
                && !is_kept
            {
                // What the browser holds of the address is the change before.
                let _ = write!(picture.address, "#{print:x}");
            }
            let _ = is_asked.try_set_value(false);
            known.set(Some(answer));
        });
    });
}

/// Both sides, or the one that there is.
pub fn drawn(before: Option<Known>, after: Option<Known>) -> AnyView {
    let side = |label: &'static str, known: Known| {
        let facts = {
            let known = known.clone();
            move || known.with(|known| Some(facts(known.as_ref()?.as_ref().ok()?)))
        };
        view! {
            <figure class="picture">
                <figcaption>{label}<span class="picture-facts">{move || facts()}</span></figcaption>
                <div class="picture-frame">{move || content(label, &known)}</div>
            </figure>
        }
    };
    let before = before.map(|known| side("Before", known));
    let after = after.map(|known| side("After", known));
    view! { <div class="pictures">{before}{after}</div> }
}

fn content(label: &str, known: &Known) -> AnyView {
    match known.get() {
        None => view! { <p class="picture-note">"Reading…"</p> },
        Some(Err(error)) => refused(error.message, known.clone()),
        Some(Ok(picture)) => {
            let is_broken = RwSignal::new(false);
            let alt = format!("{label} the change");
            let known = known.clone();
            let image = move || {
                if is_broken.get() {
                    return refused(UNDRAWN.to_owned(), known.clone());
                }
                view! { <img src=picture.address.clone() alt=alt.clone() decoding="async" on:error=move |_| is_broken.set(true)/> }
            };
            (move || image()).into_any()
        }
    }
}

/// Why there is no picture, and the way to it.
fn refused(reason: String, known: Known) -> AnyView {
    view! {
        <div class="picture-note" role="status">
            {plain("p", reason)}
            <Button kind=ButtonKind::Plain is_small=true on_click=move |_| known.set(None)>"Try again"</Button>
        </div>
    }
}

/// `640 × 480, 12.3 KiB`.
fn facts(picture: &Picture) -> String {
    let size = size(picture.size_bytes);
    match picture.width_px.zip(picture.height_px) {
        Some((width, height)) => format!("{width} × {height}, {size}"),
        None => size,
    }
}

fn size(bytes: u64) -> String {
    let tenths = |unit: u64, name: &str| {
        let tenths = (bytes * 10 + unit / 2) / unit;
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => tenths(1024, "KiB"),
        _ => tenths(1_048_576, "MiB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_which_files_may_be_pictures() {
        assert!(is_called_picture("a/b.PNG") && is_called_picture("x.jpeg"));
        assert!(
            !is_called_picture("x.svg")
                && !is_called_picture("png")
                && !is_called_picture("x.png.bin")
        );
    }

    #[test]
    fn says_pixels_and_bytes() {
        let picture = |size_bytes, width_px| Picture {
            size_bytes,
            width_px,
            height_px: width_px.map(|_| 480),
            ..Picture::default()
        };
        let words = |size_bytes, width_px| facts(&picture(size_bytes, width_px));
        assert_eq!(words(12_595, Some(640)), "640 × 480, 12.3 KiB");
        assert_eq!(words(17, None), "17 B");
        assert_eq!(words(10 * 1024 * 1024, None), "10.0 MiB");
        assert_eq!(words(1024 * 1024 - 1, None), "1024.0 KiB");
    }
}
