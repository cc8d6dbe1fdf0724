//! What a provider is told of each call beside the prompt: over the wire, and in the record.

use std::collections::BTreeMap;

use chatd::state::people::NewChat;
use sdk::ids::WorkspaceId;
use sdk::workspaces::{WorkspaceMode, WorkspaceStatus};
use standin::RecordedRequest;
use store::chats::ChatMode;
use store::workspaces::{self, WorkspaceRow};
use uuid::Uuid;

use super::*;

const OWNER: &str = "x-coder-owner-id";
const CHAT: &str = "x-coder-chat-id";
const SUBCHAT: &str = "x-coder-subchat-id";
const WORKSPACE: &str = "x-coder-workspace-id";
const USER_AGENT: &str = concat!("switchyard/", env!("CARGO_PKG_VERSION"));

/// A workspace of the bench's person.
async fn workspace(bench: &Bench) -> WorkspaceId {
    let now = store::Clock::system().now();
    let row = WorkspaceRow {
        id: WorkspaceId::generate(),
        owner_id: bench.seed.owner,
        organization_id: bench.seed.organization,
        name: "secret-project".to_owned(),
        mode: WorkspaceMode::Empty,
        folder: None,
        working_directory: String::new(),
        branch: None,
        base_commit: None,
        status: WorkspaceStatus::Ready,
        status_reason: None,
        status_since: now,
        sandbox: None,
        deleted: false,
        created_at: now,
        updated_at: now,
        template_id: None,
        parameters: BTreeMap::new(),
        last_used_at: None,
    };
    let mut tx = bench.db.begin().await.unwrap();
    workspaces::insert(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    row.id
}

fn header<'a>(request: &'a RecordedRequest, name: &str) -> Option<&'a str> {
    Some(request.headers.get(name)?.to_str().unwrap())
}

fn id(request: &RecordedRequest, name: &str) -> Option<Uuid> {
    Some(header(request, name)?.parse().unwrap())
}

async fn begin(bench: &Bench, new: NewChat) -> ChatId {
    let chat = bench.daemon.create(new).await.unwrap().0.id;
    bench.until_idle(chat).await;
    ended(bench, chat, "chat_turn", 1).await;
    ended(bench, chat, "title_generation", 1).await;
    chat
}

#[tokio::test]
async fn each_call_says_whose_it_is_in_ids_alone() {
    for kind in [ProviderKind::Anthropic, ProviderKind::OpenAiCompatible] {
        let provider = standin::start().await.unwrap();
        let remote = Remote::new(kind, &provider.base_url(), "sk-test");
        let bench = recorded_on(TestDb::sqlite().await, Arc::new(remote)).await;
        let workspace = workspace(&bench).await;

        let alone = begin(&bench, bench.new_chat("!text \"one\"")).await;
        let [turn, title] = &provider.traffic().requests[..] else {
            panic!("a turn and a title")
        };
        for request in [turn, title] {
            assert_eq!(id(request, CHAT), Some(alone.0));
            assert_eq!((id(request, SUBCHAT), id(request, WORKSPACE)), (None, None));
        }

        let new = |text: &str| NewChat {
            workspace_id: Some(workspace),
            ..bench.new_chat(text)
        };
        let root = begin(&bench, new("!text \"one\"")).await;
        bench.daemon.regenerate_title(root).await.unwrap();
        bench.daemon.compact(root, String::new()).await.unwrap();
        ended(&bench, root, "compaction", 1).await;
        bench.until_idle(root).await;
        let mut children = Vec::new();
        for chat_mode in [ChatMode::General, ChatMode::Explore, ChatMode::ComputerUse] {
            let child = NewChat {
                chat_mode,
                parent: Some(root),
                ..new("!text \"two\"")
            };
            children.push(begin(&bench, child).await);
        }

        let requests = provider.traffic().requests;
        let mut calls: BTreeMap<Option<Uuid>, usize> = BTreeMap::new();
        for request in &requests[2..] {
            assert_eq!(id(request, CHAT), Some(root.0));
            assert_eq!(id(request, WORKSPACE), Some(workspace.0));
            *calls.entry(id(request, SUBCHAT)).or_default() += 1;
        }
        // The chat's turn, both titles and the summary; of each child its turn and its title.
        let own = children.iter().map(|child| (Some(child.0), 2));
        let expected: BTreeMap<_, _> = own.chain([(None, 4)]).collect();
        assert_eq!(calls, expected, "{kind:?}");
        for request in &requests {
            assert_eq!(id(request, OWNER), Some(bench.seed.owner.0));
            assert_eq!(header(request, "user-agent"), Some(USER_AGENT));
            let told = format!("{:?}", request.headers).to_lowercase();
            for name in ["ada", "example.com", "secret-project", "!text"] {
                assert!(!told.contains(name), "{told}");
            }
        }

        for chat in children.iter().chain([&root]) {
            for run in runs::list(&bench.db, *chat).await.unwrap() {
                let detail = detail(&bench, &run).await;
                let headers = &detail.steps[0].attempts[0].request_headers;
                assert_eq!(headers[OWNER], bench.seed.owner.to_string());
                assert_eq!(headers[CHAT], root.to_string());
                let own = (*chat != root).then(|| chat.to_string());
                assert_eq!(headers.get(SUBCHAT), own.as_ref());
                assert_eq!(headers[WORKSPACE], workspace.to_string());
                assert_eq!(headers["user-agent"], USER_AGENT);
            }
        }
        bench.end().await;
    }
}
