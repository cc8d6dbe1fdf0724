//! Words from outside in a chat's row. PostgreSQL holds no NUL character in `text` or `jsonb`; what a provider or a
//! model says may have one, and must not keep a turn from ending. Every write of a row passes here.

use sdk::chats::ChatError;
use sdk::stream::RetryInfo;
use store::chats::ChatRow;

/// Takes NUL characters out of the title, the error and the retry.
pub(super) fn strip_nul(chat: &mut ChatRow) {
    strip(&mut chat.title);
    if let Some(error) = &mut chat.last_error {
        strip_error(error);
    }
    if let Some(retry) = &mut chat.retry_state {
        strip_retry(retry);
    }
}

fn strip_error(error: &mut ChatError) {
    strip(&mut error.message);
    strip(&mut error.kind);
    error.detail.as_mut().map(strip);
    error.provider.as_mut().map(strip);
}

fn strip_retry(retry: &mut RetryInfo) {
    strip(&mut retry.error);
    strip(&mut retry.kind);
    retry.provider.as_mut().map(strip);
}

fn strip(text: &mut String) {
    text.retain(|letter| letter != '\0');
}
