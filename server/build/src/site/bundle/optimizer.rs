//! The program that shrinks wasm modules, kept running for one module after the other.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

/// A running `style/optimize.mjs`.
pub struct Optimizer {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Optimizer {
    /// Starts one in the repository's root.
    pub fn start(root: &Path) -> Result<Self> {
        let mut process = Command::new("node")
            .arg(root.join("style/optimize.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the optimizer: node style/optimize.mjs")?;
        let orders = process.stdin.take();
        let answers = process.stdout.take().context("the optimizer's answers")?;
        Ok(Self {
            process,
            orders,
            answers: BufReader::new(answers),
        })
    }

    /// Writes the module anew after the passes.
    pub fn run(&mut self, module: &Path, passes: &[&str]) -> Result<()> {
        let failed = || format!("optimize {}", module.display());
        let orders = self.orders.as_mut().with_context(failed)?;
        writeln!(orders, "{}", json!({ "module": module, "passes": passes }))
            .with_context(failed)?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).with_context(failed)?;
        match answer.strip_suffix('\n') {
            Some("") => Ok(()),
            Some(said) => bail!("{}: {said}", failed()),
            None => bail!("{}: the optimizer has ended", failed()),
        }
    }
}

impl Drop for Optimizer {
    fn drop(&mut self) {
        // At the end of its orders it ends.
        self.orders = None;
        let _ = self.process.wait();
    }
}
