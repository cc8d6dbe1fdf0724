//! Providers keep what they have read of a prompt as long as the next one begins with it, byte for byte. What is compared
//! here is what went over the wire.

use std::io::Cursor;

use chatd::state::people::NewChat;
use sdk::files::ChatFile;
use sdk::ids::{ChatId, FileId};
use sdk::messages::BusyBehavior;
use sdk::models::ModelCallConfig;
use sdk::parts::{FilePart, Part};
use standin::RecordedRequest;
use store::chats::Status;
use store::testing::TestDb;

use crate::harness::Bench;
use crate::protocols::{Protocol, daemon, turns_of};

/// Moves on with the conversation; providers leave it out when they compare.
const MARK: &str = r#","cache_control":{"type":"ephemeral"}"#;
/// Marks of a call of Anthropic's model: the instructions and the last messages of both sides.
const MARKS: usize = 3;

const LOOKS: &str = "!reason \"I should look.\"\n!text \"Looking.\"\n!call echo {\"b\": 1, \"a\": [2]}\n!call fail {}\n\
    !then\n!reason \"Both are there.\"\n!text \"Done — “so” it is.\"";
const WAITS: &str = "!reason \"Wait.\"\n!call wait {\"ms\": 500}\n!then\n!text \"two\"";
const AGAIN: &str =
    "!reason \"Once more.\"\n!call echo {}\n!then\n!reason \"Well.\"\n!text \"four\"";
/// Steps of each of the turns.
const STEPS: [usize; 4] = [2, 2, 1, 2];

/// A picture of the bench's person, as a part of a message.
async fn picture(bench: &Bench) -> Part {
    let mut data = Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_pixel(3, 2, image::Rgb([200, 100, 0]));
    pixels.write_to(&mut data, image::ImageFormat::Png).unwrap();
    let new = chatd::files::accept("a.png", None, data.into_inner());
    let new = new.await.unwrap();
    let file = ChatFile {
        id: FileId::generate(),
        owner_id: bench.seed.owner,
        organization_id: bench.seed.organization,
        name: new.name.clone(),
        mime_type: new.content.media_type.clone(),
        created_at: store::Clock::system().now(),
    };
    let mut tx = bench.db.begin().await.unwrap();
    store::files::insert(&mut tx, &file, &new).await.unwrap();
    tx.commit().await.unwrap();
    Part::File(FilePart {
        media_type: file.mime_type,
        file_id: Some(file.id),
        name: Some(file.name),
        data: None,
    })
}

async fn end_of_turn(bench: &Bench, chat: ChatId) {
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
}

/// Four turns of one chat: with a picture, with a message that waits for the second to end, and after a restart.
async fn play(bench: Bench, protocol: Protocol, provider: &standin::Handle) -> Bench {
    let new = NewChat {
        content: vec![Part::text(LOOKS), picture(&bench).await],
        ..bench.new_chat("")
    };
    let chat = bench.daemon.create(new).await.unwrap().0.id;
    end_of_turn(&bench, chat).await;
    bench.send(chat, WAITS, BusyBehavior::Queue).await;
    bench
        .send(chat, "!text \"three\"", BusyBehavior::Queue)
        .await;
    assert_eq!(bench.row(chat).await.status, Status::Running);
    end_of_turn(&bench, chat).await;
    // Another process knows nothing but the rows.
    bench.daemon.shut_down().await;
    let options = ModelCallConfig::default();
    let bench = Bench {
        daemon: daemon(&bench, protocol, provider, options),
        ..bench
    };
    bench.send(chat, AGAIN, BusyBehavior::Queue).await;
    end_of_turn(&bench, chat).await;
    bench
}

fn text(request: &RecordedRequest) -> String {
    String::from_utf8(request.body.to_vec()).unwrap()
}

/// The body without its marks. The conversation stands last in it, so it must be the beginning of the next one but for the
/// brackets at its end.
fn unmarked(request: &RecordedRequest) -> String {
    text(request).replace(MARK, "")
}

/// A body without the plain thoughts: compatible servers get them back only in the turn that they were had in.
fn thoughtless(body: &str) -> String {
    let mut rest = body;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(r#","reasoning_content":""#) {
        kept.push_str(before);
        // The thoughts of these scripts hold no quotes.
        rest = after.split_once('"').unwrap().1;
    }
    kept + rest
}

/// Where two texts part, with what stands there.
fn parting<'a>(before: &'a str, after: &'a str) -> (&'a str, &'a str) {
    let mut pairs = before.char_indices().zip(after.chars());
    let place = pairs.find_map(|((place, one), other)| (one != other).then_some(place));
    let place = place.unwrap_or(before.len().min(after.len()));
    let shown = |text: &'a str| {
        let end = text.ceil_char_boundary((place + 200).min(text.len()));
        text.get(place..end).unwrap_or_default()
    };
    (shown(before), shown(after))
}

#[tokio::test]
async fn each_prompt_begins_with_the_one_before_it() {
    for protocol in Protocol::ALL {
        let provider = standin::start().await.unwrap();
        let mut bench = Bench::on(TestDb::sqlite().await).await;
        let options = ModelCallConfig::default();
        bench.daemon = daemon(&bench, protocol, &provider, options);
        let bench = play(bench, protocol, &provider).await;

        let calls = turns_of(&provider);
        assert_eq!(calls.len(), STEPS.iter().sum::<usize>());
        let marks = if protocol == Protocol::Anthropic {
            MARKS
        } else {
            0
        };
        for (number, call) in calls.iter().enumerate() {
            let found = text(call).matches(MARK).count();
            // The first one has said nothing yet.
            let expected = marks.min(2 + number);
            assert_eq!(found, expected, "{protocol:?}: marks of call {number}");
        }
        let ends: Vec<usize> = STEPS
            .iter()
            .scan(0, |end, steps| {
                *end += steps;
                Some(*end)
            })
            .collect();
        for (number, pair) in calls.windows(2).enumerate() {
            let (mut before, mut after) = (unmarked(&pair[0]), unmarked(&pair[1]));
            let begins_turn = ends.contains(&(number + 1));
            if protocol == Protocol::ChatCompletions && begins_turn {
                assert!(!after.contains("reasoning_content"), "call {number}");
                (before, after) = (thoughtless(&before), thoughtless(&after));
            }
            let beginning = before.trim_end_matches([']', '}']);
            assert!(
                after.len() > beginning.len() && after.starts_with(beginning),
                "{protocol:?}: call {number} and the next part at {:?}",
                parting(beginning, &after)
            );
        }
        let last = text(calls.last().unwrap());
        let kept = match protocol {
            Protocol::Anthropic => ["\"signature\":", "\"image\"", "\"is_error\":true"],
            Protocol::ChatCompletions => ["\"reasoning_content\":", "image_url", "\"tool\""],
            Protocol::Responses => [
                "\"encrypted_content\":",
                "input_image",
                "function_call_output",
            ],
        };
        for kept in kept {
            assert!(last.contains(kept), "{protocol:?}: {kept}: {last}");
        }
        bench.end().await;
    }
}
