//! Who calls the routes, and the objects that they are called with.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sdk::allowed_folders::CreateAllowedFolder;
use sdk::chat_config::{UpdateDebugLogging, UpdateUserDebugLogging};
use sdk::chats::CreateChat;
use sdk::client::Client;
use sdk::external_auth::{CreateExternalAuthConfig, PutExternalAuth};
use sdk::ids::{ChatId, ModelConfigId, ProviderConfigId, WorkspaceId};
use sdk::messages::{CreateMessage, ListMessages};
use sdk::models::CreateModelConfig;
use sdk::parts::InputPart;
use sdk::providers::{CreateProviderConfig, ProviderKind, UpdateProviderConfig};
use sdk::templates::CreateTemplate;
use sdk::tokens::CreateToken;
use sdk::users::{CreateUser, Role};
use sdk::workspaces::{CreateWorkspace, WorkspaceMode, WorkspaceStatus};

use crate::support::{TestServer, new_user};

/// Personal objects are the member's.
pub struct People<'a> {
    server: &'a TestServer,
    pub anonymous: Client,
    /// With a token that does not hold.
    pub unknown: Client,
    /// Signed in, asking for what belongs to the member.
    pub stranger: Client,
    pub member: Client,
    pub auditor: Client,
    pub admin: Client,
    pub owner: Client,
    /// The scripted model, which does what the test's chats say.
    model: ModelConfigId,
    /// Git hosts that people can sign in at.
    githubs: Mutex<Vec<standin::Handle>>,
    made: AtomicU32,
}

/// What stands for the parameters of a path.
pub type Objects = BTreeMap<&'static str, String>;

impl<'a> People<'a> {
    pub async fn of(server: &'a TestServer) -> Self {
        let owner = server.owner().await;
        Self {
            server,
            model: scripted_model(&owner).await,
            githubs: Mutex::default(),
            anonymous: server.anonymous(),
            unknown: server.anonymous().with_token("swy_not-a-token"),
            stranger: server.member("sam").await,
            member: server.member("mia").await,
            auditor: server.person("aude", Role::Auditor).await,
            admin: server.person("adam", Role::Admin).await,
            owner,
            made: AtomicU32::new(0),
        }
    }

    /// The stranger in the member's place: objects are the stranger's own.
    pub fn of_stranger(&self) -> Self {
        Self {
            server: self.server,
            anonymous: self.anonymous.clone(),
            unknown: self.unknown.clone(),
            stranger: self.member.clone(),
            member: self.stranger.clone(),
            auditor: self.auditor.clone(),
            admin: self.admin.clone(),
            owner: self.owner.clone(),
            model: self.model,
            githubs: Mutex::default(),
            made: AtomicU32::new(self.number() * 1000),
        }
    }

    /// A further member, signed in.
    pub async fn guest(&self) -> Client {
        let email = self.add_user().await.email;
        self.server.sign_in(&email).await
    }

    /// An object of each kind that the path names; that of `{user}` is the member.
    pub async fn objects(&self, path: &str) -> Objects {
        let mut objects = Objects::new();
        for parameter in parameters(path) {
            let (name, value) = match parameter {
                "{user}" => ("{user}", "mia".to_owned()),
                "{token}" => ("{token}", self.token().await),
                "{session}" => ("{session}", self.session_of(&self.member).await),
                "{chat}" => ("{chat}", self.chat().await),
                "{run}" => {
                    let (chat, run) = self.debug_run().await;
                    objects.insert("{chat}", chat.to_string());
                    ("{run}", run)
                }
                "{step}" => ("{step}", "1".to_owned()),
                "{message}" => ("{message}", self.message(id(&objects, "{chat}")).await),
                "{queued_message}" => {
                    let queued = self.queued_message(id(&objects, "{chat}"));
                    ("{queued_message}", queued.await)
                }
                "{workspace}" => ("{workspace}", self.workspace().await),
                "{build}" => ("{build}", self.build(id(&objects, "{workspace}")).await),
                "{provider}" => ("{provider}", self.provider().await.to_string()),
                "{model_config}" => ("{model_config}", self.model_config().await),
                "{template}" => ("{template}", self.template().await),
                "{folder}" => ("{folder}", self.folder().await),
                "{file}" => ("{file}", self.file().await),
                "{host}" => ("{host}", self.git_host().await),
                "{config}" => ("{config}", self.git_config().await),
                "{flow}" => ("{flow}", self.git_flow().await),
                other => panic!("{path}: make an object for {other} here"),
            };
            objects.insert(name, value);
        }
        objects
    }

    /// The same for an administrator, who may delete people.
    pub async fn objects_for_admin(&self, path: &str) -> Objects {
        let mut objects = self.objects(path).await;
        if !objects.contains_key("{token}")
            && let Some(user) = objects.get_mut("{user}")
        {
            *user = self.add_user().await.username;
        }
        objects
    }

    /// The model that does what chats say.
    pub const fn model(&self) -> ModelConfigId {
        self.model
    }

    fn number(&self) -> u32 {
        self.made.fetch_add(1, Ordering::Relaxed)
    }

    async fn add_user(&self) -> CreateUser {
        let user = new_user(&format!("guest-{}", self.number()));
        self.owner.create_user(&user).await.unwrap();
        user
    }

    /// The id of a further member.
    pub async fn add_user_id(&self) -> String {
        let name = self.add_user().await.username;
        self.owner.get_user(&name).await.unwrap().id.to_string()
    }

    async fn token(&self) -> String {
        let token = CreateToken {
            token_name: format!("token-{}", self.number()),
            lifetime_seconds: None,
        };
        let created = self.member.create_token("me", &token).await.unwrap();
        created.id.to_string()
    }

    /// A further session of somebody in particular.
    pub async fn session_of(&self, person: &Client) -> String {
        let email = person.get_user("me").await.unwrap().email;
        let client = self.server.sign_in(&email).await;
        let sessions = client.list_sessions().await.unwrap();
        let own = sessions.iter().find(|session| session.is_current);
        own.unwrap().id.to_string()
    }

    /// It is at work as long as the test runs.
    async fn chat(&self) -> String {
        self.chat_of(&self.member).await
    }

    /// The same of somebody in particular.
    pub async fn chat_of(&self, person: &Client) -> String {
        let chat = CreateChat {
            content: text("!stall 300s"),
            model_config_id: Some(self.model),
            ..CreateChat::default()
        };
        person.create_chat(&chat).await.unwrap().id.to_string()
    }

    /// A chat whose calls are recorded, and what is recorded of it; it has a step.
    async fn debug_run(&self) -> (ChatId, String) {
        let allow = UpdateDebugLogging { allow_users: true };
        self.owner.update_debug_logging(&allow).await.unwrap();
        let wish = UpdateUserDebugLogging {
            debug_logging_enabled: true,
        };
        self.member.update_user_debug_logging(&wish).await.unwrap();
        let chat = self.chat().await.parse().unwrap();
        let recorded = async {
            loop {
                let runs = self.member.list_debug_runs(chat).await.unwrap();
                if let Some(run) = runs.first()
                    && self.member.get_debug_step(chat, run.id, 1).await.is_ok()
                {
                    return run.id.to_string();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let patience = Duration::from_mins(1);
        (
            chat,
            tokio::time::timeout(patience, recorded).await.unwrap(),
        )
    }

    async fn message(&self, chat: ChatId) -> String {
        let newest = ListMessages::default();
        let page = self.member.list_messages(chat, &newest).await.unwrap();
        page.messages[0].id.to_string()
    }

    async fn queued_message(&self, chat: ChatId) -> String {
        let message = CreateMessage {
            content: text("!stall 300s"),
            ..CreateMessage::default()
        };
        let sent = self.member.send_message(chat, &message).await.unwrap();
        sent.queued_message.unwrap().id.to_string()
    }

    async fn workspace(&self) -> String {
        let request = CreateWorkspace {
            mode: Some(WorkspaceMode::Empty),
            ..CreateWorkspace::default()
        };
        let id = self.member.create_workspace(&request).await.unwrap().id;
        let runs = async {
            while self.member.get_workspace(id).await.unwrap().status != WorkspaceStatus::Ready {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let patience = Duration::from_secs(90);
        tokio::time::timeout(patience, runs).await.unwrap();
        id.to_string()
    }

    async fn build(&self, workspace: WorkspaceId) -> String {
        let builds = self.member.list_builds(workspace).await.unwrap();
        builds[0].id.to_string()
    }

    async fn provider(&self) -> ProviderConfigId {
        let provider = CreateProviderConfig {
            provider: ProviderKind::OpenAiCompatible,
            display_name: Some(format!("provider-{}", self.number())),
            base_url: Some("http://127.0.0.1:1/v1".to_owned()),
            api_key: None,
            enabled: None,
            key_policy: sdk::providers::UpdateKeyPolicy::default(),
        };
        self.owner.create_provider(&provider).await.unwrap().id
    }

    async fn model_config(&self) -> String {
        let model = CreateModelConfig {
            provider_config_id: self.provider().await,
            model: "small".to_owned(),
            display_name: None,
            enabled: None,
            is_default: None,
            context_limit: 1000,
            compression_threshold: None,
            model_config: None,
        };
        let created = self.owner.create_model_config(&model).await.unwrap();
        created.id.to_string()
    }

    async fn template(&self) -> String {
        let template = CreateTemplate {
            name: format!("t{}", self.number()),
            ..CreateTemplate::default()
        };
        let made = self.owner.create_template(&template).await.unwrap();
        made.id.to_string()
    }

    /// The smallest picture: one pixel of GIF.
    async fn file(&self) -> String {
        const PIXEL: &[u8] =
            b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
        let organization = self.member.list_organizations().await.unwrap()[0].id;
        let file = self
            .member
            .upload_file(organization, "a.gif", "image/gif", PIXEL.to_vec());
        file.await.unwrap().id.to_string()
    }

    async fn git_host(&self) -> String {
        let host = format!("git{}.example.com", self.number());
        let link = PutExternalAuth {
            token: "a-private-token".to_owned(),
            username: None,
        };
        self.member.put_external_auth(&host, &link).await.unwrap();
        host
    }

    /// A sign-in at a git host of its own, which answers.
    async fn git_config(&self) -> String {
        let github = standin::start().await.unwrap();
        github.github().put_app(standin::github::App::default());
        let config = CreateExternalAuthConfig {
            // No name's neighbour is another one's.
            id: Some(format!("git-{}-x", self.number())),
            base_url: github.base_url(),
            client_id: "Iv1.switchyard".to_owned(),
            client_secret: Some("the-client-secret".to_owned()),
            webhook_secret: Some("the-webhook-secret".to_owned()),
            device_flow: true,
            ..CreateExternalAuthConfig::default()
        };
        self.githubs.lock().unwrap().push(github);
        let created = self.owner.create_external_auth_config(&config).await;
        created.unwrap().id
    }

    /// The member's, who was shown a code to enter at a git host.
    async fn git_flow(&self) -> String {
        let config = self.git_config().await;
        let started = self.member.start_external_auth_device(&config).await;
        started.unwrap().flow_id.to_string()
    }

    async fn folder(&self) -> String {
        let path = self.server.scratch().join(format!("f{}", self.number()));
        std::fs::create_dir(&path).unwrap();
        let folder = CreateAllowedFolder {
            path: path.to_str().unwrap().to_owned(),
        };
        let allowed = self.owner.create_allowed_folder(&folder).await.unwrap();
        allowed.id.to_string()
    }
}

/// It is switched off beside real models unless somebody wants it.
async fn scripted_model(owner: &Client) -> ModelConfigId {
    let providers = owner.list_providers().await.unwrap();
    let mut providers = providers.into_iter();
    let demo = providers.find(|provider| provider.provider == ProviderKind::Demo);
    let id = demo.unwrap().id;
    let on = UpdateProviderConfig {
        enabled: Some(true),
        ..UpdateProviderConfig::default()
    };
    owner.update_provider(id, &on).await.unwrap();
    let models = owner.list_model_configs().await.unwrap();
    let mut models = models.into_iter();
    let model = models.find(|model| model.provider_config_id == id);
    model.unwrap().id
}

/// The parameters of a path, in order.
pub fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| segment.starts_with('{'))
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(objects: &Objects, name: &str) -> T {
    objects[name].parse().unwrap()
}

fn text(text: &str) -> Vec<InputPart> {
    vec![InputPart::Text {
        text: text.to_owned(),
    }]
}
