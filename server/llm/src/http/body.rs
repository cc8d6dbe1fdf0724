//! Where the body of a call is written: a small one at once, a large one on a thread for such work.
//!
//! The history of a long chat takes milliseconds to write, and whatever else the runtime's thread had to do would wait
//! for it, such as the answer to the message that this call is for.

use std::sync::Arc;

use serde::Serialize;

use crate::{Content, Error, Request};

/// What is written in a fraction of a millisecond.
const MOST_BYTES_AT_ONCE: usize = 64 * 1024;
/// A message costs something however short it is.
const BYTES_OF_A_MESSAGE: usize = 256;

/// The body that `write` makes of the request.
pub(crate) async fn write_body(
    provider: &str,
    request: &Arc<Request>,
    write: impl FnOnce(&Request) -> Vec<u8> + Send + 'static,
) -> Result<Vec<u8>, Error> {
    if is_small(request) {
        return Ok(write(request));
    }
    let request = Arc::clone(request);
    let written = tokio::task::spawn_blocking(move || write(&request)).await;
    written.map_err(|failure| match failure.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The runtime ends, and the call with it.
        Err(_) => Error::cancelled(Some(provider)),
    })
}

/// The JSON of a body, written into a buffer that need not grow.
pub(crate) fn json(request: &Request, body: &impl Serialize) -> Vec<u8> {
    let messages = request.messages.iter();
    let contents = messages.flat_map(|message| &message.content);
    let sizes = contents.map(|content| content.size_bytes() + BYTES_OF_A_MESSAGE);
    // What must be escaped takes more.
    let size: usize = sizes.sum();
    let mut json = Vec::with_capacity(size + size / 8 + MOST_BYTES_AT_ONCE);
    // Its maps have texts as keys, and nothing in it fails.
    let _ = serde_json::to_writer(&mut json, body);
    json
}

fn is_small(request: &Request) -> bool {
    let mut left = MOST_BYTES_AT_ONCE;
    request.messages.iter().all(|message| {
        let texts = message.content.iter().map(Content::size_bytes);
        let size = texts.fold(BYTES_OF_A_MESSAGE, usize::saturating_add);
        let fits = size <= left;
        left = left.saturating_sub(size);
        fits
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use std::thread;

    use bytes::Bytes;

    use super::*;
    use crate::{Message, Role};

    fn of(messages: Vec<Message>) -> Arc<Request> {
        Arc::new(Request {
            messages: Arc::new(messages),
            ..Request::default()
        })
    }

    async fn thread_of(request: &Arc<Request>) -> thread::ThreadId {
        let (told, thread) = std::sync::mpsc::channel();
        let written = write_body("test", request, move |request| {
            told.send(thread::current().id()).unwrap();
            request.messages.len().to_string().into_bytes()
        });
        let body = written.await.unwrap();
        assert_eq!(body, request.messages.len().to_string().into_bytes());
        thread.recv().unwrap()
    }

    #[tokio::test]
    async fn a_small_request_is_written_where_it_is_asked_for() {
        let here = thread::current().id();
        assert_eq!(thread_of(&of(Vec::new())).await, here);
        assert_eq!(thread_of(&of(vec![Message::user("Hello"); 20])).await, here);
    }

    #[tokio::test]
    async fn a_large_one_is_written_elsewhere() {
        let here = thread::current().id();
        let many = of(vec![Message::user("Hello"); 10_000]);
        assert_ne!(thread_of(&many).await, here);
        let long = of(vec![Message::user("x".repeat(1_000_000))]);
        assert_ne!(thread_of(&long).await, here);
        let picture = Content::Image {
            media_type: "image/png".to_owned(),
            data: Bytes::from(vec![0; 1_000_000]),
        };
        let picture = Message {
            role: Role::User,
            content: vec![picture],
        };
        assert_ne!(thread_of(&of(vec![picture])).await, here);
    }

    #[tokio::test]
    #[should_panic(expected = "a defect")]
    async fn a_panic_stays_one() {
        let many = of(vec![Message::user("Hello"); 10_000]);
        write_body("test", &many, |_| panic!("a defect")).await.ok();
    }
}
