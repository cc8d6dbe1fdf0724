//! Files through the platform, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use sdk::chats::CreateChat;
use sdk::messages::CreateMessage;
use sdk::parts::{InputPart, Part};

use super::*;
use crate::testing::on_both;

async fn upload(platform: &Platform, actor: &Actor, text: &str) -> FileId {
    let (organization, data) = (actor.organization_id, text.as_bytes().to_vec());
    let uploaded = platform.upload_file(actor, organization, "a.txt", "text/plain", data);
    uploaded.await.unwrap().id
}

async fn uploads(platform: &Platform, actor: &Actor, count: usize) -> Vec<InputPart> {
    let mut parts = Vec::new();
    for number in 0..count {
        let file_id = upload(platform, actor, &number.to_string()).await;
        parts.push(InputPart::File { file_id });
    }
    parts
}

fn with(content: Vec<InputPart>) -> CreateChat {
    CreateChat {
        content,
        ..CreateChat::default()
    }
}

#[tokio::test]
async fn a_chat_holds_so_many_files_and_says_when_it_is_full() {
    on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        let first = uploads(&test.platform, &owner, MAX_FILES_OF_A_CHAT - 1).await;
        let chat = test
            .platform
            .create_chat(&owner, with(first.clone()))
            .await
            .unwrap();
        assert_eq!(chat.warnings, Vec::<String>::new());
        let seen = test.platform.get_chat(&owner, chat.id).await.unwrap();
        assert_eq!(seen.files.len(), MAX_FILES_OF_A_CHAT - 1);

        // Both or none; what stands in it already does not count again.
        let mut two = uploads(&test.platform, &owner, 2).await;
        two.push(first[0].clone());
        let message = CreateMessage {
            content: two,
            ..CreateMessage::default()
        };
        let sent = test
            .platform
            .send_message(&owner, chat.id, message.clone())
            .await
            .unwrap();
        assert_eq!(sent.warnings.len(), 1, "{:?}", sent.warnings);
        let seen = test.platform.get_chat(&owner, chat.id).await.unwrap();
        assert_eq!(seen.files.len(), MAX_FILES_OF_A_CHAT - 1);
        let InputPart::File { file_id } = message.content[0] else {
            panic!("a file was sent");
        };
        assert!(test.platform.read_file(&owner, file_id).await.is_ok());

        let again = CreateMessage {
            content: vec![message.content[0].clone(), first[0].clone()],
            ..CreateMessage::default()
        };
        let sent = test
            .platform
            .send_message(&owner, chat.id, again)
            .await
            .unwrap();
        assert_eq!(sent.warnings, Vec::<String>::new());
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn nobody_sends_or_reads_the_file_of_another() {
    on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let file_id = upload(&test.platform, &owner, "secret").await;
        let refused = test
            .platform
            .create_chat(&member, with(vec![InputPart::File { file_id }]))
            .await;
        let refused = refused.unwrap_err().validations();
        assert_eq!(refused[0].field, "content[0].file_id");
        for outcome in [
            test.platform.read_file(&member, file_id).await,
            test.platform.read_thumbnail(&member, file_id).await,
        ] {
            assert!(matches!(outcome, Err(FileError::NotFound)));
        }
        let outcome = test.platform.delete_file(&member, file_id).await;
        assert!(matches!(outcome, Err(FileError::NotUnsent)));
        let outcome = test.platform.read_thumbnail(&owner, file_id).await;
        assert!(matches!(outcome, Err(FileError::NotAPicture)));
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_names_the_file_as_it_was_stored() {
    on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        let file_id = upload(&test.platform, &owner, "hello").await;
        let chat = test
            .platform
            .create_chat(&owner, with(vec![InputPart::File { file_id }]))
            .await
            .unwrap();
        let page = test
            .platform
            .list_messages(&owner, chat.id, sdk::messages::ListMessages::default())
            .await
            .unwrap();
        let first = page.messages.last().unwrap();
        let [Part::File(file)] = first.content.as_slice() else {
            panic!("{:?}", first.content);
        };
        assert_eq!(file.file_id, Some(file_id));
        assert_eq!(
            (file.media_type.as_str(), file.name.as_deref()),
            ("text/plain", Some("a.txt"))
        );
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn what_was_never_sent_goes_after_a_week() {
    on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        let unsent = upload(&test.platform, &owner, "unsent").await;
        let sent = upload(&test.platform, &owner, "sent").await;
        let chat = with(vec![InputPart::File { file_id: sent }]);
        test.platform.create_chat(&owner, chat).await.unwrap();
        let outcome = test.platform.delete_file(&owner, sent).await;
        assert!(matches!(outcome, Err(FileError::NotUnsent)));

        test.clock.advance(TimeDelta::days(UNSENT_DAYS));
        assert_eq!(test.platform.remove_unsent_files().await.unwrap(), 0);
        test.clock.advance(TimeDelta::seconds(1));
        assert_eq!(test.platform.remove_unsent_files().await.unwrap(), 1);
        assert!(test.platform.read_file(&owner, sent).await.is_ok());
        assert!(matches!(
            test.platform.read_file(&owner, unsent).await,
            Err(FileError::NotFound)
        ));
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn uploads_that_are_never_sent_have_an_end() {
    on_both(async |test| {
        test.platform.start().await.unwrap();
        let owner = test.owner().await;
        for _ in 0..MAX_UNSENT {
            upload(&test.platform, &owner, "a").await;
        }
        let more =
            test.platform
                .upload_file(&owner, owner.organization_id, "a", "text/plain", vec![b'a']);
        assert!(matches!(more.await, Err(FileError::TooMany)));
        let foreign = test.platform.upload_file(
            &owner,
            OrganizationId::generate(),
            "a",
            "text/plain",
            vec![b'a'],
        );
        assert!(matches!(foreign.await, Err(FileError::ForeignOrganization)));
        test.platform.shut_down().await;
    })
    .await;
}
