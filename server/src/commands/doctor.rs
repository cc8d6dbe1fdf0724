//! `switchyard doctor`: looks at everything a server needs and says what to do about what is missing.

mod checks;

use clap::Args;

use super::data::DataArguments;
use checks::Finding;

/// Arguments of `doctor`.
#[derive(Args)]
pub struct DoctorArguments {
    #[command(flatten)]
    data: DataArguments,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// The server works, less well.
    Warning,
    /// The server does not work.
    Bad,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Bad => "failed",
        }
    }
}

/// Prints one line for each check; fails when one of them is bad.
pub async fn run(arguments: DoctorArguments) -> anyhow::Result<()> {
    let settings = arguments.data.settings()?;
    let findings = checks::all(&settings).await;
    print(&findings);
    let bad = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Bad)
        .count();
    anyhow::ensure!(bad == 0, "{bad} of {} checks failed", findings.len());
    Ok(())
}

fn print(findings: &[Finding]) {
    let width = findings
        .iter()
        .map(|finding| finding.subject.len())
        .max()
        .unwrap_or_default();
    for Finding {
        subject,
        verdict,
        words,
    } in findings
    {
        println!("{subject:<width$}  {:<7}  {words}", verdict.word());
    }
}
