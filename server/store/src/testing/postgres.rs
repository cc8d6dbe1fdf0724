//! Databases on the tests' PostgreSQL server: a template that is migrated once, and copies of it.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use url::Url;
use uuid::Uuid;

use super::shared_server;
use crate::{Db, OpenOptions};

/// Guards the making of the template among all test processes.
const TEMPLATE_LOCK: i64 = 0x5357_4943;

/// A migrated database of its own: its name and its URL.
pub(super) async fn create_database() -> (String, String) {
    let server = shared_server::url().await;
    let mut admin = connect(&server).await;
    let template = template(&mut admin, &server).await;
    let name = format!("test_{}", Uuid::new_v4().simple());
    run(
        &mut admin,
        format!("CREATE DATABASE {name} TEMPLATE {template}"),
    )
    .await;
    let url = with_database(&server, &name);
    admin.close().await.expect("the connection closes");
    (name, url)
}

pub(super) async fn create_bare_database() -> String {
    let server = shared_server::url().await;
    let mut admin = connect(&server).await;
    let name = format!("test_{}", Uuid::new_v4().simple());
    run(&mut admin, format!("CREATE DATABASE {name}")).await;
    with_database(&server, &name)
}

pub(super) async fn drop_database(name: &str) {
    let server = shared_server::url().await;
    let mut admin = connect(&server).await;
    run(&mut admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    admin.close().await.expect("the connection closes");
}

/// Makes the template unless another process did. Its name tells the migrations, so that an edited schema gets a new one.
async fn template(admin: &mut PgConnection, server: &str) -> String {
    let name = format!("template_{}", schema_fingerprint());
    run(admin, format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut *admin)
            .await
            .expect("the list of databases");
    if !exists {
        let draft = format!("draft_{}", Uuid::new_v4().simple());
        run(admin, format!("CREATE DATABASE {draft}")).await;
        let options = OpenOptions::PostgresUrl(with_database(server, &draft));
        Db::open(&options)
            .await
            .expect("the migrations run")
            .close()
            .await;
        run(admin, format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    run(admin, format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await;
    name
}

fn schema_fingerprint() -> String {
    let mut hasher = Sha256::new();
    for migration in Db::postgres_migrations().iter() {
        hasher.update(&migration.checksum);
    }
    hasher
        .finalize()
        .iter()
        .take(8)
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string");
            text
        })
}

async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().expect("a PostgreSQL URL");
    options
        .connect()
        .await
        .expect("the tests' PostgreSQL server answers")
}

async fn run(connection: &mut PgConnection, statement: String) {
    // The names in it are made here from hexadecimal digits.
    sqlx::query(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .expect("the statement runs");
}

fn with_database(server: &str, name: &str) -> String {
    let mut url = Url::parse(server).expect("a PostgreSQL URL");
    url.set_path(name);
    url.into()
}
