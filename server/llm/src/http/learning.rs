//! Servers that refuse a part of a request which others take: what they refuse is left out, and they are asked again.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::{Error, PartStream, Request};

/// A provider that a request can be put to in several forms.
#[async_trait]
pub(crate) trait Learner: Send + Sync + 'static {
    /// What is asked for, and how.
    type Form: Copy + Send + Sync;

    /// The form that is known to be taken, or hoped to be.
    fn form(&self, request: &Request) -> Self::Form;

    /// Puts the request in this form. Nothing is sent before the stream is first polled.
    async fn ask(
        &self,
        request: &Arc<Request>,
        form: Self::Form,
        cancel: CancellationToken,
    ) -> PartStream;

    /// Learns from an error; says whether another form is tried now.
    fn learn(&self, model: &str, tried: Self::Form, error: &Error) -> bool;
}

/// The answer in the first form that is not refused. To ask again is safe, because a refused request has not begun to answer.
pub(crate) fn ask_until_taken<L: Learner>(
    learner: Arc<L>,
    request: Request,
    cancel: CancellationToken,
) -> PartStream {
    let request = Arc::new(request);
    let parts = async_stream::stream! {
        loop {
            let form = learner.form(&request);
            let mut answer = learner.ask(&request, form, cancel.clone()).await;
            let Some(first) = answer.next().await else {
                return;
            };
            if let Err(error) = &first
                && learner.learn(&request.model, form, error)
            {
                continue;
            }
            yield first;
            while let Some(part) = answer.next().await {
                yield part;
            }
            return;
        }
    };
    parts.boxed()
}

/// The answer of a call that could not even be made.
pub(crate) fn failed(error: Error) -> PartStream {
    futures::stream::iter([Err(error)]).boxed()
}
