//! Who may do what with templates, what is refused, and what becomes of a workspace that is made from one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeMap;

use sdk::templates::{ParameterType, TemplateParameter};
use sdk::workspaces::{CreateBuild, CreateWorkspace, Transition, WorkspaceMode};

use super::*;
use crate::testing::on_both;
use crate::{Failure as _, FailureKind};

fn named(name: &str) -> CreateTemplate {
    CreateTemplate {
        name: name.to_owned(),
        ..CreateTemplate::default()
    }
}

#[tokio::test]
async fn owners_write_templates_and_members_choose_from_those_in_use() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let platform = &test.platform;
        let refused = platform.create_template(&member, named("rust")).await;
        assert_eq!(refused.unwrap_err().kind(), FailureKind::Forbidden);
        let made = platform
            .create_template(
                &owner,
                CreateTemplate {
                    display_name: " Rust service ".to_owned(),
                    setup_script: "echo a\r\necho b\r\n".to_owned(),
                    idle_stop_seconds: Some(0),
                    ..named("rust")
                },
            )
            .await
            .unwrap();
        assert_eq!(made.title(), "Rust service");
        assert_eq!(made.setup_script, "echo a\necho b\n");
        assert_eq!(made.idle_stop_seconds, None);
        let again = platform.create_template(&owner, named("rust")).await;
        assert_eq!(again.unwrap_err().kind(), FailureKind::Conflict);
        assert_eq!(platform.get_template(&member, made.id).await.unwrap(), made);

        let retired = UpdateTemplate {
            deprecated: Some(true),
            display_name: Some(String::new()),
            ..UpdateTemplate::default()
        };
        let changed = platform
            .update_template(&owner, made.id, retired)
            .await
            .unwrap();
        assert_eq!(changed.title(), "rust");
        assert_eq!(changed.setup_script, made.setup_script);
        assert!(platform.list_templates(&member).await.unwrap().is_empty());
        assert_eq!(platform.list_templates(&owner).await.unwrap(), [changed]);
        let gone = platform.get_template(&member, made.id).await;
        assert_eq!(gone.unwrap_err().kind(), FailureKind::NotFound);

        let refused = platform.delete_template(&member, made.id).await;
        assert_eq!(refused.unwrap_err().kind(), FailureKind::Forbidden);
        platform.delete_template(&owner, made.id).await.unwrap();
        let twice = platform.delete_template(&owner, made.id).await;
        assert_eq!(twice.unwrap_err().kind(), FailureKind::NotFound);
        // The name is free again.
        platform
            .create_template(&owner, named("rust"))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn every_field_that_cannot_be_used_is_named() {
    on_both(async |test| {
        let owner = test.owner().await;
        let refused = |request: CreateTemplate| {
            let (platform, owner) = (test.platform.clone(), owner);
            async move {
                let error = platform.create_template(&owner, request).await.unwrap_err();
                let validations = error.validations();
                validations
                    .into_iter()
                    .map(|validation| validation.field)
                    .collect::<Vec<_>>()
            }
        };
        let all = CreateTemplate {
            name: "two words".to_owned(),
            icon: "far too long an icon".to_owned(),
            folder: Some("/somewhere".to_owned()),
            repository_url: Some("https://user:secret@example.com/a.git".to_owned()),
            branch: Some("a..b".to_owned()),
            environment: [("SWITCHYARD_TOKEN".to_owned(), "x".to_owned())].into(),
            idle_stop_seconds: Some(5),
            parameters: vec![TemplateParameter::default()],
            ..CreateTemplate::default()
        };
        assert_eq!(
            refused(all).await,
            [
                "name",
                "icon",
                "environment",
                "idle_stop_seconds",
                "parameters[0].name",
                "repository_url",
                "branch",
                "folder",
                "repository_url",
            ]
        );
        for url in [
            "ext::sh -c id",
            "--upload-pack=id",
            "file:///etc",
            "/etc",
            "https://",
            "-oProxyCommand=id:x",
            "a b:c",
        ] {
            let request = CreateTemplate {
                repository_url: Some(url.to_owned()),
                ..named("x")
            };
            assert_eq!(refused(request).await, ["repository_url"], "{url}");
        }
        for url in [
            "https://example.com/team/project.git",
            "ssh://git@example.com:22/team/project",
            "git@example.com:team/project.git",
        ] {
            let request = CreateTemplate {
                repository_url: Some(url.to_owned()),
                ..named(&format!("name-{}", url.len()))
            };
            test.platform
                .create_template(&owner, request)
                .await
                .unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_workspace_takes_name_and_values_from_its_template() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let platform = &test.platform;
        let template = platform
            .create_template(
                &owner,
                CreateTemplate {
                    parameters: vec![TemplateParameter {
                        name: "size".to_owned(),
                        kind: ParameterType::Number,
                        required: true,
                        ..TemplateParameter::default()
                    }],
                    ..named("a-name-of-more-than-27-characters")
                },
            )
            .await
            .unwrap();
        let request = |values: &[(&str, &str)]| CreateWorkspace {
            template_id: Some(template.id),
            parameters: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..CreateWorkspace::default()
        };
        let missing = platform.create_workspace(&member, request(&[])).await;
        assert_eq!(
            missing.unwrap_err().validations()[0].field,
            "parameters.size"
        );
        let with_mode = CreateWorkspace {
            mode: Some(WorkspaceMode::Empty),
            ..request(&[("size", "3")])
        };
        let refused = platform.create_workspace(&member, with_mode).await;
        assert_eq!(refused.unwrap_err().validations()[0].field, "mode");
        let alone = CreateWorkspace {
            template_id: None,
            ..request(&[("size", "3")])
        };
        let refused = platform.create_workspace(&member, alone).await;
        assert_eq!(refused.unwrap_err().validations()[0].field, "parameters");

        let made = platform
            .create_workspace(&member, request(&[("size", "3")]))
            .await
            .unwrap();
        assert!(
            made.name.starts_with("a-name-of-more-than-27-char-"),
            "{}",
            made.name
        );
        assert_eq!(made.name.len(), 27 + 5);
        assert_eq!(made.template_id, Some(template.id));
        assert_eq!(made.parameters["size"], "3");
        let known = platform.get_template(&member, template.id).await.unwrap();
        assert_eq!(known.active_developers, 1);

        // The agent of this test platform is /bin/false: the start fails, and another one may take other values.
        let start = |transition, size: &str| CreateBuild {
            transition,
            parameters: BTreeMap::from([("size".to_owned(), size.to_owned())]),
            force: false,
        };
        let refused = platform
            .create_build(&member, made.id, start(Transition::Start, "many"))
            .await;
        assert_eq!(
            refused.unwrap_err().validations()[0].field,
            "parameters.size"
        );
        let refused = platform
            .create_build(&member, made.id, start(Transition::Stop, "4"))
            .await;
        assert_eq!(refused.unwrap_err().validations()[0].field, "parameters");
        let stop = CreateBuild {
            transition: Transition::Stop,
            parameters: BTreeMap::new(),
            force: false,
        };
        // A stop ends the start that is under way.
        platform.create_build(&member, made.id, stop).await.unwrap();
        let started = async {
            loop {
                match platform
                    .create_build(&member, made.id, start(Transition::Start, "4"))
                    .await
                {
                    Ok(build) => return build,
                    Err(error) => assert_eq!(error.kind(), FailureKind::Conflict, "{error}"),
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        started.await;
        let found = platform.get_workspace(&member, made.id).await.unwrap();
        assert_eq!(found.parameters["size"], "4");
    })
    .await;
}
