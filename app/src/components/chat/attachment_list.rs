//! The attachments above the editor: each file is uploaded at once, can be stopped, tried again and removed; comments on lines
//! of a diff (`comments`) and files of the workspace (`references`) stand among them. A part of its own (`pages::parts`).

mod comments;
mod references;

use leptos::prelude::*;
use leptos::wasm_bindgen::closure::Closure;
use leptos::wasm_bindgen::{JsCast as _, JsValue};
use sdk::files::{MAX_FILE_BYTES, MEDIA_TYPES, UploadedFile, is_picture, thumbnail_address};
use sdk::ids::FileId;
use sdk::parts::{DiffComment, FilePart, InputPart, LineReference, Part};
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize};
use web_sys::{File, FilePropertyBag, HtmlImageElement, ProgressEvent, XmlHttpRequest};

use self::comments::{Comments, attach, comment_of};
use super::attachments::{Attachment, Attachments, Given, Progress};
use super::draft;
use crate::components::control_flow::For;
use crate::components::icons::{Icon, icon_with_class};
use crate::json;
use crate::session::use_session;
use crate::view;

/// An upload that is under way or failed.
#[derive(Clone)]
struct Upload {
    item: Attachment,
    file: SendWrapper<File>,
    request: SendWrapper<XmlHttpRequest>,
}

/// An attachment as it is kept with the draft.
#[derive(Deserialize, Serialize)]
struct Kept {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<FileId>,
    name: String,
    media_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<DiffComment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<LineReference>,
}

#[derive(Clone, Copy)]
struct List {
    attachments: Attachments,
    comments: Comments,
    uploads: RwSignal<Vec<Upload>>,
    /// Where files go.
    address: StoredValue<String>,
}

/// The list.
#[component]
pub fn AttachmentList(
    /// What is attached.
    attachments: Attachments,
) -> impl IntoView {
    let organization = use_session().with_untracked(|session| {
        let user = session.user.as_ref()?;
        user.organization_ids.first().copied()
    });
    let organization = organization.map(|id| id.to_string()).unwrap_or_default();
    let list = List {
        attachments,
        comments: Comments::new(attachments),
        uploads: RwSignal::new(Vec::new()),
        address: StoredValue::new(format!(
            "/api/experimental/chats/files?organization={organization}"
        )),
    };
    Effect::new(move |_| {
        if attachments.given.with(|given| !given.is_empty()) {
            for given in std::mem::take(&mut *attachments.given.write()) {
                list.take(given);
            }
        }
    });
    Effect::new(move |_| list.keep());
    let is_shown = move || !attachments.is_empty();
    (move || {
        is_shown().then(|| {
            view! {
                <ul class="attachments" aria-label="Attached to the message">
                    <For each=move || attachments.items.get() key=|item| item.key let:item>{draw(list, item)}</For>
                </ul>
            }
        })
    })
    .into_any()
}

impl List {
    fn take(self, given: Given) {
        match given {
            Given::File(file) => self.begin(file),
            Given::Text(text) => {
                if let Some(file) = text_file(&text) {
                    self.begin(SendWrapper::new(file));
                }
            }
            Given::Sent(content) => {
                for part in &content {
                    let input = part.as_input();
                    if let Some(input) = input.filter(|it| !matches!(it, InputPart::Text { .. })) {
                        let (name, media_type) = words(part);
                        self.attachments
                            .add(name, media_type, Progress::Ready(input));
                    }
                }
                let items = self.attachments.items;
                items.update(|items| items.iter_mut().for_each(|item| item.is_sent = true));
            }
            Given::Kept(kept) => {
                // What cannot be read was written by another version.
                for kept in json::read::<Vec<Kept>>(&kept).unwrap_or_default() {
                    if let Some(comment) = kept.comment {
                        attach(self.attachments, comment);
                    } else if let Some(reference) = kept.reference {
                        references::attach(self.attachments, reference);
                    } else if let Some(file_id) = kept.id {
                        let progress = Progress::Ready(InputPart::File { file_id });
                        self.attachments.add(kept.name, kept.media_type, progress);
                    }
                }
            }
            Given::WorkspaceFile(chat, path) => references::add(self.attachments, chat, path),
            Given::Comment(comment) => self.comments.add(comment),
            Given::Uncomment(key) => self.comments.remove(key),
        }
    }

    /// Keeps with the draft what is on the server.
    fn keep(self) {
        let kept = |item: &Attachment| {
            let mut kept = Kept {
                id: None,
                name: item.name.clone(),
                media_type: item.media_type.clone(),
                comment: None,
                reference: None,
            };
            match item.progress.get() {
                Progress::Ready(InputPart::File { file_id }) => kept.id = Some(file_id),
                Progress::Ready(InputPart::DiffComment(comment)) => kept.comment = Some(comment),
                Progress::Ready(InputPart::FileReference(lines)) => kept.reference = Some(lines),
                _ => return None,
            }
            Some(kept)
        };
        let items = self.attachments.items.get();
        let kept: Vec<Kept> = items.iter().filter_map(kept).collect();
        let text = if kept.is_empty() {
            String::new()
        } else {
            serde_json::to_string(&kept).unwrap_or_default()
        };
        if self.attachments.is_draft.get_value() {
            draft::write(&self.attachments.key.get_value(), &text);
        }
    }

    fn begin(self, file: SendWrapper<File>) {
        let media_type = media_type(&file.type_());
        let name = file.name();
        let item = self
            .attachments
            .add(name, media_type, Progress::Uploading(0));
        self.upload(item, file);
    }

    fn upload(self, item: Attachment, file: SendWrapper<File>) {
        let Ok(request) = XmlHttpRequest::new() else {
            return;
        };
        let upload = Upload {
            item: item.clone(),
            file,
            request: SendWrapper::new(request),
        };
        self.uploads.update(|uploads| {
            uploads.retain(|upload| upload.item.key != item.key);
            uploads.push(upload.clone());
        });
        if let Some(reason) = refusal(&item.media_type, upload.file.size()) {
            item.progress.set(Progress::Failed(reason));
            return;
        }
        item.progress.set(Progress::Uploading(0));
        listen(&upload);
        if self.send(&upload).is_err() {
            item.progress.set(Progress::Failed(LOST.to_owned()));
        }
    }

    fn send(self, upload: &Upload) -> Result<(), JsValue> {
        let request = &upload.request;
        request.open("POST", &self.address.get_value())?;
        request.set_request_header("Content-Type", &upload.item.media_type)?;
        let name = String::from(js_sys::encode_uri_component(&upload.item.name));
        let name = name.replace('\'', "%27");
        let disposition = format!("attachment; filename*=UTF-8''{name}");
        request.set_request_header("Content-Disposition", &disposition)?;
        request.send_with_opt_blob(Some(&upload.file))
    }

    fn again(self, key: u32) {
        let upload = self.uploads.with_untracked(|uploads| {
            let mut uploads = uploads.iter();
            uploads.find(|upload| upload.item.key == key).cloned()
        });
        if let Some(upload) = upload {
            self.upload(upload.item, upload.file);
        }
    }

    /// Takes one away; what was uploaded for it is removed, but not from a message that was sent.
    fn remove(self, item: &Attachment) {
        self.attachments
            .items
            .update(|items| items.retain(|other| other.key != item.key));
        let upload = self.uploads.with_untracked(|uploads| {
            let mut uploads = uploads.iter();
            uploads.find(|upload| upload.item.key == item.key).cloned()
        });
        if let Some(upload) = upload {
            // An upload that is under way ends with it.
            let _ = upload.request.abort();
        }
        if let Progress::Ready(InputPart::File { file_id }) = item.progress.get_untracked()
            && !item.is_sent
            && let Ok(request) = XmlHttpRequest::new()
        {
            // What is left behind goes after a week.
            let _ = request.open("DELETE", &format!("/api/v2/files/{file_id}"));
            let _ = request.send();
        }
    }
}

const LOST: &str = "The server could not be reached.";

/// Follows an upload until it ends.
fn listen(upload: &Upload) {
    let progress = upload.item.progress.clone();
    if let Ok(sending) = upload.request.upload() {
        let progress = progress.clone();
        let on_progress = Closure::<dyn FnMut(ProgressEvent)>::new(move |event: ProgressEvent| {
            let percent = 100.0 * event.loaded() / event.total().max(1.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to 99"
            )]
            let percent = percent.clamp(0.0, 99.0) as u8;
            progress.set(Progress::Uploading(percent));
        });
        sending.set_onprogress(Some(on_progress.as_ref().unchecked_ref()));
        on_progress.forget();
    }
    let request = upload.request.clone();
    let is_shown_as_picture = is_picture(&upload.item.media_type);
    let on_end = Closure::<dyn FnMut()>::new(move || {
        let end = match answer(&request) {
            Ok(id) => {
                if is_shown_as_picture && let Ok(picture) = HtmlImageElement::new() {
                    // It is in the browser's cache when the timeline asks for it.
                    picture.set_src(&thumbnail_address(id));
                }
                Progress::Ready(InputPart::File { file_id: id })
            }
            Err(reason) => Progress::Failed(reason),
        };
        progress.set(end);
    });
    upload
        .request
        .set_onloadend(Some(on_end.as_ref().unchecked_ref()));
    on_end.forget();
}

/// Why the server did not take a file.
#[derive(Deserialize)]
struct Refused {
    message: String,
}

fn answer(request: &XmlHttpRequest) -> Result<FileId, String> {
    let text = request.response_text().ok().flatten().unwrap_or_default();
    if request.status() == Ok(201) {
        let uploaded = json::read::<UploadedFile>(&text);
        return uploaded.map(|file| file.id).map_err(|_| LOST.to_owned());
    }
    let refused = json::read::<Refused>(&text);
    Err(refused.map_or_else(|_| LOST.to_owned(), |refused| refused.message))
}

/// Browsers do not know most kinds of text, so what is unknown is sent as text; the server looks whether it is.
fn media_type(said: &str) -> String {
    let is_known = MEDIA_TYPES.contains(&said);
    let is_media = ["image/", "audio/", "video/", "font/"]
        .iter()
        .any(|kind| said.starts_with(kind));
    if is_known || is_media {
        said.to_owned()
    } else {
        "text/plain".to_owned()
    }
}

/// What the server would refuse is not sent to it.
fn refusal(media_type: &str, size_bytes: f64) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "10 MiB")]
    let most = MAX_FILE_BYTES as f64;
    if size_bytes > most {
        Some("Larger than 10 MiB.".to_owned())
    } else if size_bytes <= 0.0 {
        Some("The file is empty.".to_owned())
    } else if !MEDIA_TYPES.contains(&media_type) {
        Some("Only PNG, JPEG, GIF, WebP and text can be attached.".to_owned())
    } else {
        None
    }
}

fn text_file(text: &str) -> Option<File> {
    let options = FilePropertyBag::new();
    options.set_type("text/plain");
    let now = chrono::Utc::now();
    let name = format!("pasted-text-{}.txt", now.format("%Y-%m-%d-%H-%M-%S"));
    let pieces = js_sys::Array::of1(&JsValue::from_str(text));
    File::new_with_str_sequence_and_options(&pieces, &name, &options).ok()
}

/// What an attachment is called.
fn words(part: &Part) -> (String, String) {
    match part {
        Part::File(FilePart {
            name, media_type, ..
        }) => (
            name.clone().unwrap_or_else(|| media_type.clone()),
            media_type.clone(),
        ),
        Part::FileReference(lines) => (references::name(lines), String::new()),
        Part::DiffComment(comment) => (comment.place(), String::new()),
        _ => (String::new(), String::new()),
    }
}

fn draw(list: List, item: Attachment) -> AnyView {
    if let Some(comment) = comment_of(&item) {
        return comments::draw(list.comments, item.key, &comment);
    }
    if references::is_one(&item) {
        return references::draw(list.attachments, &item);
    }
    let progress = item.progress.clone();
    let is_failed = Signal::derive(move || matches!(progress.get(), Progress::Failed(_)));
    let progress = item.progress.clone();
    let name = item.name.clone();
    let removed = item.clone();
    let key = item.key;
    view! {
        <li class="attachment" class:failed=move || is_failed.get()>
            {picture(&item)}
            <span class="attachment-words">
                <span class="attachment-name" title=name.clone()>{name.clone()}</span>
                {move || state(&progress.get())}
            </span>
            {move || is_failed.get().then(|| view! {
                <button type="button" class="button button-quiet button-small" on:click=move |_| list.again(key)>"Retry"</button>
            })}
            <button type="button" class="icon-button icon-button-small" aria-label=format!("Remove {name}") title="Remove"
                on:click=move |_| list.remove(&removed)>
                {icon_with_class(Icon::X, "icon icon-small")}
            </button>
        </li>
    }
}

/// The picture as soon as it is there; a place of the same size before.
fn picture(item: &Attachment) -> AnyView {
    let progress = item.progress.clone();
    let is_picture = is_picture(&item.media_type);
    let name_icon = if is_picture {
        Icon::Paperclip
    } else {
        Icon::FileText
    };
    view! {
        <span class="attachment-picture">
            {move || match progress.get() {
                Progress::Ready(InputPart::File { file_id }) if is_picture => {
                    view! { <img src=thumbnail_address(file_id) alt=""/> }
                }
                Progress::Failed(_) => icon_with_class(Icon::CircleAlert, "icon").into_any(),
                _ => icon_with_class(name_icon, "icon").into_any(),
            }}
        </span>
    }
}

fn state(progress: &Progress) -> AnyView {
    match progress {
        Progress::Uploading(percent) => view! {
            <progress class="attachment-progress" max="100" value=percent.to_string() aria-label="Uploading"></progress>
        },
        Progress::Failed(reason) => {
            view! { <span class="attachment-error" role="alert">{reason.clone()}</span> }
        }
        Progress::Ready(_) => ().into_any(),
    }
}
