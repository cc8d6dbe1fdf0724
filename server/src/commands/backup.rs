//! `switchyard backup` and `switchyard restore`: the database and the encryption key, into and out of a folder.
//!
//! A backup of SQLite is taken by the database itself (`VACUUM INTO`) and is whole even while the server runs.
//! Neither command ever overwrites anything. Workspaces' folders are not part of a backup: what an agent changed in
//! a git repository is in that repository's branch.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use super::data::{DataArguments, open};
use crate::config::Settings;

const DATABASE: &str = "switchyard.db";
const KEY: &str = "encryption.key";

/// Arguments of `backup`.
#[derive(Args)]
pub struct BackupArguments {
    /// Folder for the backup; created, and refused when it holds anything
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    data: DataArguments,
}

/// Arguments of `restore`.
#[derive(Args)]
pub struct RestoreArguments {
    /// Folder that `switchyard backup` wrote
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    data: DataArguments,
}

/// Writes a backup.
pub async fn backup(arguments: BackupArguments) -> anyhow::Result<()> {
    let settings = arguments.data.settings()?;
    refuse_postgres(&settings, "Back it up with `pg_dump --format=custom`")?;
    let database = settings.data_dir.join(DATABASE);
    ensure!(
        database.is_file(),
        "there is no database in {}",
        settings.data_dir.display()
    );
    create_empty_folder(&arguments.to)?;
    let platform = open(&settings).await?;
    platform
        .back_up_database(&arguments.to.join(DATABASE))
        .await?;
    platform.shut_down().await;
    let key = settings.data_dir.join(KEY);
    if key.is_file() {
        copy_private(&key, &arguments.to.join(KEY))?;
        println!(
            "Backed up {} to {}. It holds the encryption key: keep it private.",
            settings.data_dir.display(),
            arguments.to.display()
        );
    } else {
        println!(
            "Backed up {} to {}. The encryption key is not in the data folder: keep it elsewhere.",
            settings.data_dir.display(),
            arguments.to.display()
        );
    }
    Ok(())
}

/// Puts a backup in place of a data folder that has no database yet.
pub async fn restore(arguments: RestoreArguments) -> anyhow::Result<()> {
    let settings = arguments.data.settings()?;
    refuse_postgres(&settings, "Restore it with `pg_restore`")?;
    let source = arguments.from.join(DATABASE);
    ensure!(
        source.is_file(),
        "{} is no backup: it holds no {DATABASE}",
        arguments.from.display()
    );
    let targets = [DATABASE, KEY].map(|name| settings.data_dir.join(name));
    for target in &targets {
        ensure!(
            !target.exists(),
            "{} exists already and is not overwritten: name another --data-dir",
            target.display()
        );
    }
    fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(&settings.data_dir)?;
    let [database, key] = targets;
    if arguments.from.join(KEY).is_file() {
        copy_private(&arguments.from.join(KEY), &key)?;
    }
    copy_private(&source, &database)?;
    if let Err(error) = try_open(&settings).await {
        // What was copied is of no use and would stand in the way of the next attempt.
        let _ = fs::remove_file(&database);
        let _ = fs::remove_file(&key);
        return Err(error.context("the backup cannot be used; nothing was restored"));
    }
    println!(
        "Restored {} into {}. Start the server with --data-dir {}.",
        arguments.from.display(),
        settings.data_dir.display(),
        settings.data_dir.display()
    );
    Ok(())
}

async fn try_open(settings: &Settings) -> anyhow::Result<()> {
    let platform = open(settings).await?;
    platform.check_ready().await?;
    platform.shut_down().await;
    Ok(())
}

fn refuse_postgres(settings: &Settings, advice: &str) -> anyhow::Result<()> {
    if settings.database_url.is_some() {
        bail!(
            "this deployment keeps its data in PostgreSQL. {advice}, and keep the file {KEY} of the data folder with it."
        );
    }
    Ok(())
}

fn create_empty_folder(folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() {
        let is_empty = fs::read_dir(folder)?.next().is_none();
        ensure!(
            is_empty,
            "{} is not empty and nothing is overwritten: name another folder",
            folder.display()
        );
        return Ok(());
    }
    ensure!(!folder.exists(), "{} is not a folder", folder.display());
    fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(folder)
        .with_context(|| format!("cannot create {}", folder.display()))
}

fn copy_private(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut source = File::open(from).with_context(|| format!("cannot read {}", from.display()))?;
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .with_context(|| format!("cannot create {}", to.display()))?;
    io::copy(&mut source, &mut target)?;
    target.sync_all()?;
    Ok(())
}
