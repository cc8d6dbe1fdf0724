//! `switchyard serve`.

use std::io::Write as _;

use anyhow::Context as _;
use leptos::config::LeptosOptions;

use crate::config::{ServeArguments, Settings};
use crate::http::site::SiteFiles;
use crate::state::AppState;

/// Serves until a signal asks to stop.
pub async fn run(arguments: ServeArguments) -> anyhow::Result<()> {
    let settings = Settings::load(&arguments)?;
    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let address = listener.local_addr()?;
    let site = SiteFiles::open(settings.site_dir.clone());
    let state = AppState {
        manifest: site.manifest(),
        site,
        leptos_options: LeptosOptions::builder().output_name("switchyard").build(),
        documents: std::sync::Arc::default(),
    };
    let app = crate::http::router(state);
    println!("Switchyard is ready at http://{address}");
    std::io::stdout().flush()?;
    axum::serve(listener, app).await?;
    Ok(())
}
