//! Files over HTTP: uploaded, seen again, shown to models, handed over by agents.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::{Method, StatusCode};
use sdk::chats::{ChatStatus, CreateChat};
use sdk::client::Client;
use sdk::files::{UploadedFile, address};
use sdk::ids::OrganizationId;
use sdk::parts::{InputPart, Part};
use sdk::providers::ProviderKind;
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};
use serde_json::Value;

use super::adapters::model_of;
use super::{follow, new_chat};
use crate::support::{TestServer, on_both};

pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        Rgb([
            u8::try_from(x % 256).unwrap(),
            u8::try_from(y % 256).unwrap(),
            7,
        ])
    });
    let mut data = Cursor::new(Vec::new());
    DynamicImage::from(picture)
        .write_to(&mut data, ImageFormat::Png)
        .unwrap();
    data.into_inner()
}

async fn organization(client: &Client) -> OrganizationId {
    client.list_organizations().await.unwrap()[0].id
}

async fn upload(client: &Client, name: &str, media_type: &str, data: Vec<u8>) -> UploadedFile {
    let organization = organization(client).await;
    client
        .upload_file(organization, name, media_type, data)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_back_as_it_was_and_cannot_act() {
    on_both(async |server| {
        let owner = server.owner().await;
        let picture = png(900, 600);
        let file = upload(&owner, "../Größe \"1\".png", "image/png", picture.clone()).await;
        let request = owner.request(Method::GET, &address(file.id)).unwrap();
        let response = request.send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "image/png");
        assert_eq!(
            header("content-disposition"),
            "inline; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.png"
        );
        assert_eq!(
            header("cache-control"),
            "private, max-age=31536000, immutable"
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(
            header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(header("content-length"), picture.len().to_string());
        assert_eq!(response.bytes().await.unwrap(), picture);

        let small = owner.read_thumbnail(file.id).await.unwrap();
        assert_eq!(small.media_type, "image/jpeg");
        let small = image::load_from_memory(&small.data).unwrap();
        assert_eq!((small.width(), small.height()), (480, 320));

        let stranger = server.member("mia").await;
        for refused in [
            stranger.read_file(file.id).await.map(drop),
            stranger.read_thumbnail(file.id).await.map(drop),
            stranger.delete_file(file.id).await,
        ] {
            assert_eq!(refused.unwrap_err().status(), Some(404));
        }
        owner.delete_file(file.id).await.unwrap();
        assert_eq!(
            owner.read_file(file.id).await.unwrap_err().status(),
            Some(404)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_why() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let own = organization(&owner).await;
    for (name, media_type, data, status, words) in [
        ("a.svg", "image/svg+xml", b"<svg/>".to_vec(), 400, "SVG"),
        (
            "a.txt",
            "text/plain",
            b" <svg onload=x>".to_vec(),
            400,
            "SVG",
        ),
        (
            "a.png",
            "image/png",
            b"no picture".to_vec(),
            400,
            "is said to be image/png",
        ),
        (
            "a.pdf",
            "application/pdf",
            b"%PDF".to_vec(),
            400,
            "application/pdf",
        ),
        ("a.txt", "text/plain", Vec::new(), 400, "empty"),
        ("", "text/plain", b"a".to_vec(), 400, "name"),
        (
            "a.txt",
            "text/plain",
            vec![b'a'; 10 * 1024 * 1024 + 1],
            413,
            "10240 KiB",
        ),
    ] {
        let refused = owner
            .upload_file(own, name, media_type, data)
            .await
            .unwrap_err();
        assert_eq!(refused.status(), Some(status), "{name} {media_type}");
        let message = &refused.body().unwrap().message;
        assert!(message.contains(words), "{message}");
    }
    let foreign = owner.upload_file(OrganizationId::generate(), "a", "text/plain", b"a".to_vec());
    assert_eq!(foreign.await.unwrap_err().status(), Some(403));
    let nowhere = owner
        .request(Method::POST, "/api/experimental/chats/files")
        .unwrap();
    assert_eq!(
        nowhere.send().await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_file_is_taken() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let most = vec![b'a'; 10 * 1024 * 1024];
    let file = upload(&owner, "a.txt", "text/plain", most.clone()).await;
    assert_eq!(owner.read_file(file.id).await.unwrap().data, most);
}

#[tokio::test(flavor = "multi_thread")]
async fn models_see_the_pictures_and_texts_of_a_message() {
    use base64::Engine as _;
    let provider = standin::start().await.unwrap();
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let picture = png(30, 20);
    let encoded = base64::engine::general_purpose::STANDARD.encode(&picture);
    for (kind, path, wire) in [
        (ProviderKind::Anthropic, "", "/messages"),
        (ProviderKind::OpenAiCompatible, "/v1", "/chat/completions"),
    ] {
        let seen = upload(&owner, "a.png", "image/png", picture.clone()).await;
        let large = upload(&owner, "b.png", "image/png", png(2500, 50)).await;
        let text = upload(&owner, "c.md", "text/plain", b"# Title".to_vec()).await;
        let files = [seen, large, text].map(|file| InputPart::File { file_id: file.id });
        let base_url = format!("{}{path}", provider.base_url());
        let mut new = CreateChat {
            model_config_id: Some(model_of(&owner, kind, &base_url).await),
            ..new_chat("!text \"Nice.\"")
        };
        new.content.extend(files);
        let chat = owner.create_chat(&new).await.unwrap();
        let live = follow(&owner, chat.id).await;
        assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
        // The pieces of what the person said, in the call of this wire format that has any; a title's call has none.
        let requests = provider.traffic().requests.into_iter();
        let calls = requests.filter(|request| request.path.ends_with(wire));
        let mut pieces = calls.filter_map(|request| {
            let body = request.json();
            let messages = body["messages"].as_array()?;
            let user = messages.iter().find(|message| message["role"] == "user")?;
            user["content"]
                .as_array()
                .filter(|pieces| pieces.len() > 1)
                .cloned()
        });
        let shown = Value::from(pieces.next().unwrap()).to_string();
        assert!(shown.contains(&encoded), "{kind:?} did not get the picture");
        assert!(
            shown.contains("[attached: c.md]\\n```\\n# Title\\n```"),
            "{kind:?}"
        );
        assert!(!shown.contains("[attached: b.png"), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hands_a_file_over() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let new = CreateChat {
        new_workspace: Some(CreateWorkspace {
            mode: Some(WorkspaceMode::Empty),
            ..CreateWorkspace::default()
        }),
        ..new_chat(
            "!call execute {\"command\": \"echo a,b > /tmp/table.csv\"}\n!then\n\
             !call attach_file {\"path\": \"/tmp/table.csv\", \"name\": \"numbers.csv\"}\n\
             !call attach_file {\"path\": \"/bin/sh\"}\n!call attach_file {\"path\": \"/nowhere\"}\n!then\n!text \"There.\"",
        )
    };
    let chat = owner.create_chat(&new).await.unwrap();
    let live = follow(&owner, chat.id).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
    let results: Vec<_> = live
        .messages
        .iter()
        .flat_map(|message| &message.content)
        .filter_map(|part| match part {
            Part::ToolResult(result) if result.tool_name == "attach_file" => Some(result),
            _ => None,
        })
        .collect();
    let [good, binary, missing] = results.as_slice() else {
        panic!("{results:?}");
    };
    let result = good.result.as_ref().unwrap();
    assert_eq!(result["name"], "numbers.csv");
    assert_eq!(result["media_type"], "text/csv");
    assert_eq!(result["size"], 4);
    let id = result["file_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(owner.read_file(id).await.unwrap().data, b"a,b\n");
    assert!(binary.is_error && missing.is_error);
    let files = owner.get_chat(chat.id).await.unwrap().files;
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].id, id);
}
