//! What the settings hold: their pages and the sections of these. The navigation, the heads of pages and sections, and the
//! search are drawn from here, so that none of them can know less than another.

use leptos::prelude::*;
use sdk::deployment::SettingSource;
use sdk::permissions::Permission;

use crate::components::icons::Icon;
use crate::components::page_header::Section;
use crate::pages::settings::source::{OwnSource, own_mark, source_mark};
use crate::view;

/// A page of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it is.
    pub path: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it is for.
    pub lead: &'static str,
    /// Its icon in the navigation.
    pub icon: Icon,
    /// What the reader must be allowed to see it; nothing where it is their own.
    pub needs: Option<Permission>,
    /// Whether there are pages below it.
    pub has_pages: bool,
    /// What can be set there, where the page has no sections.
    pub fields: &'static str,
}

/// A section of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its page.
    pub place: &'static Place,
    /// Its id in the document.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What is below the heading.
    pub lead: &'static str,
    /// What the reader must be allowed to see it; nothing where it is their own.
    pub needs: Option<Permission>,
    /// The labels of its fields.
    pub fields: &'static str,
}

macro_rules! places {
    ($($(#[$attribute:meta])* $name:ident = $place:expr;)*) => {
        $($(#[$attribute])* pub static $name: Place = $place;)*

        /// All pages, in the order of the navigation.
        pub static PLACES: &[&Place] = &[$(&$name),*];
    };
}

macro_rules! settings {
    ($($(#[$attribute:meta])* $name:ident = $setting:expr;)*) => {
        $($(#[$attribute])* pub static $name: Setting = $setting;)*

        /// All sections, each after those of the pages before.
        pub static SETTINGS: &[&Setting] = &[$(&$name),*];
    };
}

/// A page of one's own without pages below it.
const OWN: Place = Place {
    path: "",
    title: "",
    lead: "",
    icon: Icon::User,
    needs: None,
    has_pages: false,
    fields: "",
};

/// A page of the deployment.
const EVERYBODYS: Place = Place {
    needs: Some(Permission::ReadSettings),
    ..OWN
};

places! {
    /// The reader's account.
    PROFILE = Place { path: "/settings", title: "Profile", ..OWN };
    /// What is configured about agents.
    AGENTS = Place {
        path: "/settings/agents",
        title: "Agents",
        lead: "What agents are told before each turn, and when long chats are summarized.",
        icon: Icon::Brain,
        ..OWN
    };
    /// What calls to models cost.
    ANALYTICS = Place {
        path: "/settings/analytics",
        title: "Analytics",
        lead: "What models used and what that cost. Subagents count under the chat that started them; what was edited away or deleted stays counted.",
        icon: Icon::List,
        fields: "Costs, tokens, spending",
        ..OWN
    };
    /// Tokens for scripts.
    TOKENS = Place {
        path: "/settings/tokens",
        title: "API tokens",
        lead: "A token acts for you in scripts and other programs: send it as “Authorization: Bearer <token>”.",
        icon: Icon::KeyRound,
        fields: "New token, keys, expires",
        ..OWN
    };
    /// Tokens for git.
    GIT_HOSTS = Place {
        path: "/settings/git-hosts",
        title: "Git hosts",
        lead: "Agents fetch and push as you at these hosts. A token goes to its host alone, and is given to git in the workspaces of your chats.",
        icon: Icon::FolderGit2,
        fields: "GitHub, host, personal access token, user name, pull requests, link, device code",
        ..OWN
    };
    /// Where agents work.
    WORKSPACES = Place {
        path: "/workspaces",
        title: "Workspaces",
        lead: "Where your agents work. A workspace that is stopped keeps its files and starts again when its chat goes on.",
        icon: Icon::Terminal,
        has_pages: true,
        ..OWN
    };
    /// Where models are reached.
    PROVIDERS = Place {
        path: "/settings/providers",
        title: "Providers and models",
        lead: "Where models are reached, and which of them people can choose.",
        icon: Icon::Cpu,
        fields: "Add provider, API key, base URL, context window, prices, costs, web search, default model, reasoning effort, temperature, thinking budget, service tier, Anthropic, OpenAI, Ollama",
        ..EVERYBODYS
    };
    /// What a model is sent.
    PROMPT = Place {
        path: "/settings/prompt",
        title: "Prompt preview",
        lead: "What the next call of one of your chats would send to its model, and about how many tokens each part takes.",
        icon: Icon::MessageSquare,
        fields: "Chat, system prompt, instructions, context, tokens",
        ..EVERYBODYS
    };
    /// Where local workspaces may be.
    FOLDERS = Place {
        path: "/settings/folders",
        title: "Allowed folders",
        lead: "Agents work only in these folders of the server’s machine. In a git repository each chat gets a work tree and a branch of its own.",
        icon: Icon::Folder,
        fields: "Folder",
        ..EVERYBODYS
    };
    /// What workspaces are made from.
    TEMPLATES = Place {
        path: "/settings/templates",
        title: "Templates",
        lead: "What workspaces are made from, so that whoever starts one has to know nothing about it. Everybody may use them.",
        icon: Icon::LayoutTemplate,
        has_pages: true,
        fields: "New template, repository, branch, setup script, environment, parameters, idle",
        ..EVERYBODYS
    };
    /// Accounts.
    USERS = Place {
        path: "/settings/users",
        title: "Users",
        lead: "Owners may do everything, administrators all but what concerns owners. Auditors look and change nothing. Members use agents and see only what is their own.",
        icon: Icon::Users,
        needs: Some(Permission::ReadUsers),
        fields: "New user, role, may use agents, agents access, password, suspend, people, accounts",
        ..EVERYBODYS
    };
    /// How the server was started.
    SERVER = Place {
        path: "/settings/server",
        title: "Server",
        lead: "The options that this server was started with, and where each comes from. They change with a restart: flags win over variables, variables over the file.",
        icon: Icon::Terminal,
        fields: "Options, flags, environment variables, configuration file, data folder, listen, access URL, sandbox, limits, proxies, log",
        ..EVERYBODYS
    };
    /// Who changed what.
    AUDIT_LOG = Place {
        path: "/settings/audit-log",
        title: "Audit log",
        lead: "Every change of settings, users, providers, models, prices and prompts: who made it, from where, and what was there before. Keys, tokens and passwords are never shown; prompts and scripts are, as they were.",
        icon: Icon::FileText,
        needs: Some(Permission::ReadAuditLog),
        ..EVERYBODYS
    };
}

/// A section that everybody sees.
const fn section(place: &'static Place, id: &'static str, title: &'static str) -> Setting {
    Setting {
        place,
        id,
        title,
        lead: "",
        needs: None,
        fields: "",
    }
}

settings! {
    /// Name and address.
    ABOUT_YOU = Setting { fields: "Name, user name, e-mail", ..section(&PROFILE, "setting-about-you", "About you") };
    /// The theme.
    APPEARANCE = Setting { fields: "Theme, system, light, dark", ..section(&PROFILE, "setting-appearance", "Appearance") };
    /// The password.
    PASSWORD = Setting { fields: "Current password, new password", ..section(&PROFILE, "setting-change-password", "Password") };
    /// Where one is signed in.
    SESSIONS = Setting {
        lead: "A session ends by itself after 30 days without use.",
        fields: "Sign out everywhere, browsers",
        ..section(&PROFILE, "setting-sessions", "Sessions")
    };
    /// The reader's instructions.
    YOUR_INSTRUCTIONS = Setting {
        lead: "They hold in all of your chats, beside what holds for everybody.",
        fields: "Instructions, prompt",
        ..section(&AGENTS, "setting-your-instructions", "Your instructions")
    };
    /// When histories are summarized.
    SUMMARIES = Setting {
        lead: "When a chat fills so much of its model’s context, in percent, the history is summarized for the model. 0 summarizes after every answer, 100 never.",
        fields: "Compaction threshold",
        ..section(&AGENTS, "setting-summaries", "Summaries")
    };
    /// The reader's keys.
    YOUR_KEYS = Setting {
        lead: "Your chats use your own key for a provider where you have stored one here.",
        fields: "API key, provider",
        ..section(&AGENTS, "setting-your-keys", "Your keys")
    };
    /// Whether the reader's calls are recorded.
    DEBUG = Setting {
        lead: "What models were asked and what they answered, to see why an agent did what it did.",
        fields: "Record what the models of my chats are asked and answer",
        ..section(&AGENTS, "setting-debug", "Debug")
    };
    /// The deployment's instructions.
    EVERYBODYS_INSTRUCTIONS = Setting {
        lead: "They come first in every chat of this deployment.",
        fields: "Begin with the built-in instructions, system prompt",
        needs: Some(Permission::ReadSettings),
        ..section(&AGENTS, "setting-everybodys-instructions", "Instructions for everybody")
    };
    /// How agents plan.
    PLAN_MODE = Setting {
        lead: "An agent that plans looks and asks, writes its plan, and changes nothing before the person agrees.",
        fields: "Instructions for plans",
        needs: Some(Permission::ReadSettings),
        ..section(&AGENTS, "setting-planning", "Plan mode")
    };
    /// Models for work beside a chat's own.
    MODELS_FOR_WORK = Setting {
        lead: "A chat works on the model that was chosen for it. What is done beside it may be given to another one.",
        fields: "Agents that explore, titles, summaries, small model",
        needs: Some(Permission::ReadSettings),
        ..section(&AGENTS, "setting-models-for-work", "Models for other work")
    };
    /// What agents may make of workspaces.
    AGENTS_WORKSPACES = Setting {
        lead: "An agent that needs a workspace makes one from a template. Here you say from which, and when idle ones are stopped.",
        fields: "Templates that agents may use, stop idle workspaces after minutes",
        needs: Some(Permission::ReadSettings),
        ..section(&AGENTS, "setting-agents-workspaces", "Workspaces of agents")
    };
    /// Screens of workspaces.
    DESKTOPS = Setting {
        lead: "A workspace can have a screen, for programs with windows.",
        fields: "People may open the desktops of workspaces",
        needs: Some(Permission::ReadSettings),
        ..section(&AGENTS, "setting-desktops", "Desktops")
    };
    /// Whether people may have their calls recorded.
    EVERYBODYS_DEBUG = Setting {
        lead: "Records of calls to models, for those who want to look inside.",
        fields: "People may have the calls of their own chats recorded",
        needs: Some(Permission::ReadSettings),
        ..section(&AGENTS, "setting-everybodys-debug", "Debug for everybody")
    };
    /// As whom git hosts know this deployment.
    GIT_SIGN_INS = Setting {
        lead: "With an application that is registered at a git host, people link their accounts there with a button. Its callback URL is listed with each.",
        fields: "Address of the host, address of the API, client id, client secret, webhook secret, scopes, name in addresses, name, OAuth, allow device codes",
        needs: Some(Permission::ReadSettings),
        ..section(&GIT_HOSTS, "setting-git-sign-ins", "Sign-in at git hosts")
    };
    /// Where providers may be besides the public internet.
    PRIVATE_HOSTS = Setting {
        lead: "A base URL may lead to a private address, as in a company’s own network, only when its host stands here. Otherwise whoever answers for a name on the internet could have this server call machines that only it reaches. Link-local addresses and metadata services of clouds are never called.",
        fields: "Hosts that may be at private addresses, own network, self-hosted, vLLM, LM Studio",
        needs: Some(Permission::ReadSettings),
        ..section(&PROVIDERS, "setting-private-hosts", "Private hosts")
    };
    /// When archived chats are deleted.
    ARCHIVED_CHATS = Setting {
        lead: "Whoever archives a chat wants it out of the way; here you say whether it is ever deleted.",
        fields: "Delete archived chats after days, retention",
        needs: Some(Permission::ReadSettings),
        ..section(&AGENTS, "setting-archived-chats", "Archived chats")
    };
}

/// A section as it is told above.
#[component]
pub fn SettingSection(
    /// Which.
    setting: &'static Setting,
    /// Where its value comes from, when that can be more than one place.
    #[prop(optional)]
    source: Option<RwSignal<SettingSource>>,
    /// The same of what is the reader's own.
    #[prop(optional)]
    own: Option<Signal<OwnSource>>,
    /// Content of the card.
    children: Children,
) -> impl IntoView {
    let mark = source.map(source_mark).or_else(|| own.map(own_mark));
    view! {
        <Section title=setting.title lead=setting.lead id=setting.id mark=mark>
            {children()}
        </Section>
    }
}
