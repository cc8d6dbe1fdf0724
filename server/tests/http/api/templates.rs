//! Templates over HTTP, with workspaces that really start from them.

use std::time::Duration;

use sdk::allowed_folders::CreateAllowedFolder;
use sdk::templates::{CreateTemplate, ParameterType, TemplateParameter, UpdateTemplate};
use sdk::workspaces::{CreateWorkspace, DeleteWorkspace, ReadBuildLog, WorkspaceStatus};

use super::workspaces::{git, until};
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_member_starts_a_workspace_from_a_template_and_its_script_sees_the_values() {
    let server = TestServer::start().await;
    let (owner, member) = (server.owner().await, server.member("mia").await);
    let origin = server.scratch().canonicalize().unwrap().join("origin");
    std::fs::create_dir(&origin).unwrap();
    git(&origin, &["init", "--quiet", "-b", "main"]);
    std::fs::write(origin.join("readme.md"), "hello\n").unwrap();
    git(&origin, &["add", "."]);
    git(&origin, &["commit", "--quiet", "-m", "first"]);
    let path = origin.to_str().unwrap().to_owned();
    owner
        .create_allowed_folder(&CreateAllowedFolder { path: path.clone() })
        .await
        .unwrap();
    let template = CreateTemplate {
        name: "service".to_owned(),
        repository_url: Some(path),
        setup_script: "cat readme.md; echo \"$GREETING $SWITCHYARD_PARAMETER_WHOM\"; false"
            .to_owned(),
        environment: [("GREETING".to_owned(), "good day".to_owned())].into(),
        parameters: vec![TemplateParameter {
            name: "whom".to_owned(),
            kind: ParameterType::String,
            required: true,
            ..TemplateParameter::default()
        }],
        ..CreateTemplate::default()
    };
    let refused = member.create_template(&template).await.unwrap_err();
    assert_eq!(refused.status(), Some(403));
    let template = owner.create_template(&template).await.unwrap();
    let seen = member.get_template(template.id).await.unwrap();
    assert_eq!(seen.parameters, template.parameters);

    let mut request = CreateWorkspace {
        template_id: Some(template.id),
        ..CreateWorkspace::default()
    };
    let refused = member.create_workspace(&request).await.unwrap_err();
    let fields = &refused.body().unwrap().validations;
    assert_eq!(fields[0].field, "parameters.whom");
    request.parameters = [("whom".to_owned(), "Mia".to_owned())].into();
    let made = member.create_workspace(&request).await.unwrap();

    // The script fails on purpose: the reason quotes its last line and the log keeps all of them.
    let failed = async {
        loop {
            let workspace = member.get_workspace(made.id).await.unwrap();
            if workspace.status == WorkspaceStatus::Failed {
                return workspace;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let failed = tokio::time::timeout(Duration::from_secs(90), failed)
        .await
        .unwrap();
    let reason = failed.status_reason.unwrap();
    assert!(
        reason.contains("setup script") && reason.contains("good day Mia"),
        "{reason}"
    );
    let build = failed.latest_build.unwrap();
    let log = member
        .get_build_log(made.id, build.id, &ReadBuildLog::default())
        .await
        .unwrap();
    assert!(
        log.is_finished && log.text.contains("hello\n"),
        "{}",
        log.text
    );

    let mended = UpdateTemplate {
        setup_script: Some("true".to_owned()),
        ..UpdateTemplate::default()
    };
    owner.update_template(template.id, &mended).await.unwrap();
    let start = sdk::workspaces::CreateBuild {
        transition: sdk::workspaces::Transition::Start,
        parameters: std::collections::BTreeMap::new(),
        force: false,
    };
    member.create_build(made.id, &start).await.unwrap();
    // The last failure is shown until the new start has begun.
    let ready = async {
        while member.get_workspace(made.id).await.unwrap().status == WorkspaceStatus::Failed {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        until(&member, made.id, WorkspaceStatus::Ready).await
    };
    let ready = ready.await;
    assert!(
        ready.working_directory.ends_with("/origin"),
        "{}",
        ready.working_directory
    );
    assert_eq!(ready.template_id, Some(template.id));
    let force = DeleteWorkspace { force: true };
    member.delete_workspace(made.id, force).await.unwrap();
    owner.delete_template(template.id).await.unwrap();
    assert!(member.list_templates().await.unwrap().is_empty());
}
