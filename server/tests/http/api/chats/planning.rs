//! Plan mode: the agent looks, asks and writes its plan, and nothing else.

use sdk::chat_config::PlanModeInstructions;
use sdk::chats::{ChatStatus, CreateChat, DynamicTool, PlanMode};
use sdk::client::Client;
use sdk::ids::ChatId;
use sdk::live::LiveChat;
use sdk::messages::CreateMessage;
use sdk::parts::{Part, ToolResultPart};
use sdk::providers::ProviderKind;
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};
use serde_json::{Value, json};

use super::adapters::model_of;
use super::{follow, message, new_chat, tool_results};
use crate::support::{TestServer, on_both};

fn planned(script: &str) -> CreateChat {
    CreateChat {
        plan_mode: Some(PlanMode::Plan),
        new_workspace: Some(CreateWorkspace {
            mode: Some(WorkspaceMode::Empty),
            ..CreateWorkspace::default()
        }),
        ..new_chat(script)
    }
}

fn results_of(live: &LiveChat) -> Vec<ToolResultPart> {
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
    tool_results(live)
}

fn error_of(result: &ToolResultPart) -> &str {
    assert!(result.is_error, "{result:?}");
    let result = result.result.as_ref().unwrap();
    result["error"].as_str().unwrap()
}

/// Calls these tools, one step each, and says "the end"; gives the results of this turn.
async fn calls(
    client: &Client,
    chat: ChatId,
    mode: Option<PlanMode>,
    tools: &[(&str, Value)],
) -> (Vec<ToolResultPart>, LiveChat) {
    let seen = results_of(&follow(client, chat).await).len();
    let steps = tools
        .iter()
        .map(|(name, arguments)| format!("!call {name} {arguments}\n!then\n"));
    let script = steps
        .chain(["!text \"the end\"".to_owned()])
        .collect::<String>();
    let message = CreateMessage {
        plan_mode: mode,
        ..message(&script)
    };
    client.send_message(chat, &message).await.unwrap();
    let live = follow(client, chat).await;
    (results_of(&live).split_off(seen), live)
}

fn ends_in_words(live: &LiveChat) -> bool {
    let last = live.messages.last();
    last.is_some_and(|message| message.text().starts_with("the end"))
}

fn edit(path: &str, search: &str, replace: &str) -> Value {
    json!({"path": path, "edits": [{"search": search, "replace": replace}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_plan_is_written_until_the_mode_is_left() {
    on_both(async |server| {
        let owner = server.owner().await;
        let script = "!call write_file {\"path\": \"/notes.md\", \"content\": \"no\"}\n!call process_list {}\n\
                      !call execute {\"command\": \"echo code > code.txt; pwd\", \"timeout\": \"30s\"}\n!then\n!text \"ok\"";
        let chat = owner.create_chat(&planned(script)).await.unwrap().id;
        let results = results_of(&follow(&owner, chat).await);
        let plan = error_of(&results[0])
            .strip_prefix("In plan mode only the plan can be written: ")
            .unwrap();
        assert!(plan.ends_with(&format!("/.switchyard/plans/PLAN-{chat}.md")), "{plan}");
        assert!(error_of(&results[1]).contains("cannot be used in plan mode"));
        let folder = results[2].result.as_ref().unwrap()["output"].as_str().unwrap();
        let code = format!("{}/code.txt", folder.trim());

        let (results, live) = calls(&owner, chat, None, &[
            ("propose_plan", json!({})),
            ("write_file", json!({"path": plan, "content": "# Steps\n\n1. Look\n"})),
            ("edit_files", json!({"files": [edit(plan, "Look", "Think"), edit(&code, "code", "changed")]})),
            ("write_file", json!({"path": "PLAN.md", "content": "no"})),
            ("edit_files", json!({"files": [edit(plan, "Look", "Look twice")]})),
            ("execute", json!({"command": format!("cat {code}"), "timeout": "30s"})),
            ("propose_plan", json!({"path": code})),
            ("propose_plan", json!({})),
        ]).await;
        error_of(&results[0]);
        assert!(!results[1].is_error, "{:?}", results[1]);
        assert!(error_of(&results[2]).contains(plan), "one wrong path refuses all of them");
        assert!(error_of(&results[3]).contains("must be absolute"));
        assert!(!results[4].is_error, "{:?}", results[4]);
        assert_eq!(results[5].result.as_ref().unwrap()["output"], "code\n");
        assert!(error_of(&results[6]).contains(plan));
        let proposed = results[7].result.as_ref().unwrap();
        assert_eq!(proposed["content"], "# Steps\n\n1. Look twice\n");
        assert_eq!((&proposed["path"], &proposed["kind"]), (&json!(plan), &json!("plan")));
        let last = live.messages.last().unwrap();
        assert!(matches!(last.content[0], Part::ToolResult(_)), "a proposed plan ends the turn: {last:?}");

        let (results, live) = calls(&owner, chat, Some(PlanMode::Off), &[
            ("write_file", json!({"path": code, "content": "done\n"})),
            ("propose_plan", json!({})),
        ]).await;
        assert!(!results[0].is_error, "{:?}", results[0]);
        assert!(error_of(&results[1]).contains("no tool"), "{results:?}");
        assert!(ends_in_words(&live));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_a_link_empty_or_too_long_is_refused() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let script = "!call write_file {\"path\": \"/notes.md\", \"content\": \"no\"}\n\
                  !call execute {\"command\": \"pwd\", \"timeout\": \"30s\"}\n!then\n!text \"ok\"";
    let chat = owner.create_chat(&planned(script)).await.unwrap().id;
    let results = results_of(&follow(&owner, chat).await);
    let plan = error_of(&results[0]).rsplit(' ').next().unwrap().to_owned();
    let folder = results[1].result.as_ref().unwrap()["output"].clone();
    let other = format!("{}/other.md", folder.as_str().unwrap().trim());
    let run = |command: String| ("execute", json!({"command": command, "timeout": "30s"}));
    let (results, live) = calls(
        &owner,
        chat,
        None,
        &[
            run(format!(
                "mkdir -p $(dirname {plan}) && echo kept > {other} && ln -s {other} {plan}"
            )),
            (
                "write_file",
                json!({"path": plan, "content": "written through the link"}),
            ),
            (
                "write_file",
                json!({"path": other, "content": "written at the link's end"}),
            ),
            ("propose_plan", json!({})),
            run(format!("cat {other}; rm {plan}; printf ' \\n' > {plan}")),
            ("propose_plan", json!({})),
            run(format!("head -c 32769 /dev/zero | tr '\\0' x > {plan}")),
            ("propose_plan", json!({})),
            run(format!("printf 'a\\377b' > {plan}")),
            ("propose_plan", json!({})),
        ],
    )
    .await;
    for refused in [1, 2, 3] {
        error_of(&results[refused]);
    }
    assert_eq!(results[4].result.as_ref().unwrap()["output"], "kept\n");
    assert!(error_of(&results[5]).contains("empty"));
    assert!(error_of(&results[7]).contains("longer than 32768 bytes"));
    assert!(error_of(&results[9]).contains("UTF-8"));
    assert!(ends_in_words(&live));
    server.stop().await;
}

#[tokio::test]
async fn a_question_ends_the_turn_and_a_bad_one_does_not() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let option = |label: &str| json!({"label": label, "description": ""});
    let question = |options: &[Value]| json!({"questions": [{"header": "Place", "question": "Where?", "options": options}]});
    let bad = [
        json!({}),
        json!({"questions": []}),
        json!({"questions": vec![json!({"question": "Where?", "options": [option("a"), option("b")]}); 5]}),
        question(&[option("only one")]),
        question(&[option("here"), option(" ")]),
        json!({"questions": [{"question": "", "options": [option("a"), option("b")]}]}),
    ];
    let good = question(&[option("here"), option("there")]);
    let chat = CreateChat {
        plan_mode: Some(PlanMode::Plan),
        ..new_chat("!text \"ok\"")
    };
    let chat = owner.create_chat(&chat).await.unwrap().id;
    let tools: Vec<_> = bad
        .iter()
        .chain([&good])
        .map(|asked| ("ask_user_question", asked.clone()))
        .collect();
    let (results, live) = calls(&owner, chat, None, &tools).await;
    let (asked, refused) = results.split_last().unwrap();
    assert_eq!(refused.len(), bad.len());
    for result in refused {
        error_of(result);
    }
    assert_eq!(asked.result.as_ref().unwrap(), &good, "{asked:?}");
    let last = live.messages.last().unwrap();
    assert!(
        matches!(last.content[0], Part::ToolResult(_)),
        "it is the person's turn: {last:?}"
    );
    server.stop().await;
}

#[tokio::test]
async fn the_model_is_told_of_the_mode_and_offered_what_goes_with_it() {
    let provider = standin::start().await.unwrap();
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let own = PlanModeInstructions {
        plan_mode_instructions: "Name the risks first.".to_owned(),
    };
    owner.update_plan_mode_instructions(&own).await.unwrap();
    let base_url = format!("{}/v1", provider.base_url());
    let client_tool = DynamicTool {
        name: "open_ticket".to_owned(),
        description: "Opens a ticket".to_owned(),
        input_schema: Value::Null,
    };
    let new = CreateChat {
        model_config_id: Some(model_of(&owner, ProviderKind::OpenAiCompatible, &base_url).await),
        unsafe_dynamic_tools: vec![client_tool],
        ..planned("!text \"ok\"")
    };
    let chat = owner.create_chat(&new).await.unwrap().id;
    follow(&owner, chat).await;
    let off = CreateMessage {
        plan_mode: Some(PlanMode::Off),
        ..message("!text \"ok\"")
    };
    owner.send_message(chat, &off).await.unwrap();
    follow(&owner, chat).await;

    let bodies = provider.traffic().requests.into_iter();
    let bodies: Vec<Value> = bodies
        .map(|request| request.json())
        .filter(|body| body["tools"].is_array())
        .collect();
    let [planning, working] = bodies.as_slice() else {
        panic!("{bodies:?}")
    };
    let names = |body: &Value| -> Vec<String> {
        let tools = body["tools"].as_array().unwrap().iter();
        tools
            .map(|tool| tool["function"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(planning),
        [
            "read_file",
            "write_file",
            "edit_files",
            "execute",
            "process_output",
            "list_templates",
            "read_template",
            "create_workspace",
            "start_workspace",
            "spawn_agent",
            "wait_agent",
            "list_agents",
            "propose_plan",
            "ask_user_question",
        ]
    );
    assert!(names(working).contains(&"open_ticket".to_owned()));
    assert!(!names(working).contains(&"propose_plan".to_owned()));
    let system = |body: &Value| body["messages"][0]["content"].as_str().unwrap().to_owned();
    assert!(system(planning).contains("This chat is in plan mode"));
    assert!(system(planning).contains("Name the risks first."));
    assert!(system(planning).contains(&format!("/.switchyard/plans/PLAN-{chat}.md")));
    for told in ["plan mode", "Name the risks", "PLAN-"] {
        assert!(!system(working).contains(told), "{told}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mode_that_is_set_in_the_middle_of_a_turn_holds_from_the_next_step_on() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let script = "!call execute {\"command\": \"sleep 1; pwd\", \"timeout\": \"30s\"}\n!then\n\
                  !call write_file {\"path\": \"/tmp/notes.md\", \"content\": \"no\"}\n!then\n!text \"the end\"";
    let new = CreateChat {
        plan_mode: None,
        ..planned(script)
    };
    let chat = owner.create_chat(&new).await.unwrap().id;
    let plan = sdk::chats::UpdateChat {
        plan_mode: Some(PlanMode::Plan),
        ..sdk::chats::UpdateChat::default()
    };
    owner.update_chat(chat, &plan).await.unwrap();
    let live = follow(&owner, chat).await;
    let results = results_of(&live);
    assert!(
        error_of(&results[1]).contains("In plan mode"),
        "{results:?}"
    );
    assert!(ends_in_words(&live));
    server.stop().await;
}
