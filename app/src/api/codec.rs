//! How the page calls the server: server functions by HTTP, answered in JSON.
//!
//! The page also reads JSON out of the document and from its sockets, there as text. Reading answers as text too
//! means that the browser holds one reader for each type and not two.

use leptos::prelude::{FromServerFnError as _, Resource, ServerFnErrorErr};
use leptos::server::codee::{Decoder, Encoder};
use leptos::server_fn::client::Client;
use leptos::server_fn::codec::{Encoding, FromReq, IntoReq, IntoRes, Post};
use leptos::server_fn::redirect::call_redirect_hook;
use leptos::server_fn::response::ClientRes as _;
use leptos::server_fn::server::Server;
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, Protocol};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::AppError;
use crate::json;

/// What is read once on the server and travels in the document.
pub fn resource<T, S, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    load: impl Fn(S) -> F + Send + Sync + 'static,
) -> Resource<T, DocumentJson>
where
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    S: PartialEq + Clone + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(source, load, false)
}

/// JSON in the document.
#[derive(Debug)]
pub struct DocumentJson;

impl<T: Serialize> Encoder<T> for DocumentJson {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for DocumentJson {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        json::read(text)
    }
}

/// JSON in the body. What forms call is answered with it.
pub type PageJson = Post<PageJsonEncoding>;

/// The protocol of server functions that no form calls: JSON both ways. In the browser all of them share one way to the
/// server and back, which the framework's own protocol compiles once for each function.
pub struct Page;

impl<Input, Output, ClientKind, ServerKind>
    Protocol<Input, Output, ClientKind, ServerKind, AppError> for Page
where
    Input: IntoReq<PageJson, ClientKind::Request, AppError>
        + FromReq<PageJson, ServerKind::Request, AppError>
        + Send,
    Output: IntoRes<PageJson, ServerKind::Response, AppError> + DeserializeOwned + Send,
    ClientKind: Client<AppError>,
    ServerKind: Server<AppError>,
{
    const METHOD: http::Method = PageJson::METHOD;

    async fn run_server<F, Fut>(
        request: ServerKind::Request,
        server_fn: F,
    ) -> Result<ServerKind::Response, AppError>
    where
        F: Fn(Input) -> Fut + Send,
        Fut: Future<Output = Result<Output, AppError>> + Send,
    {
        let input = Input::from_req(request).await?;
        server_fn(input).await?.into_res().await
    }

    async fn run_client(path: &str, input: Input) -> Result<Output, AppError> {
        let request = input.into_req(path, PageJson::CONTENT_TYPE)?;
        let text = answer::<ClientKind>(request).await?;
        json::read(&text).map_err(|error| not_understood(&error))
    }
}

/// The text of a good answer.
async fn answer<ClientKind: Client<AppError>>(
    request: ClientKind::Request,
) -> Result<String, AppError> {
    let response = ClientKind::send(request).await?;
    let (status, location) = (response.status(), response.location());
    let is_redirect = (300..=399).contains(&status) || response.has_redirect();
    let text = response.try_into_string().await?;
    if (400..=599).contains(&status) {
        return Err(AppError::de(Bytes::from(text)));
    }
    if is_redirect {
        call_redirect_hook(&location);
    }
    Ok(text)
}

fn not_understood(error: &serde_json::Error) -> AppError {
    AppError::from_server_fn_error(ServerFnErrorErr::Deserialization(error.to_string()))
}

/// Writes and reads JSON as text.
pub struct PageJsonEncoding;

impl ContentType for PageJsonEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for PageJsonEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for PageJsonEncoding {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for PageJsonEncoding {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = std::str::from_utf8(&bytes).map_err(serde::de::Error::custom)?;
        json::read(text)
    }
}
