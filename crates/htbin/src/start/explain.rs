//! `htbin sandbox explain`: what the scripts of a route may do, in words, on this kernel.

use std::io::{self, Write};

use anyhow::Context as _;
use htbin_spawn::{Kernel, sandbox::explain};

use crate::{cli, config, handle::cgi::RunAs, route::Routes};

/// Prints what holds for the scripts at an address.
pub(super) fn run(asked: &cli::Explain) -> anyhow::Result<()> {
    let settings = config::from_file(&asked.file)?;
    let routes = Routes::open(&settings.routes)?;
    let (host, path) = split(&asked.address);
    let request = http::Request::get(path).header(http::header::HOST, host).body(());
    let request =
        request.with_context(|| format!("'{}' is no address: it looks like www.example.org/git", asked.address))?;
    let rule = routes.find(&request.into_parts().0).map_err(|_| anyhow::anyhow!("'{path}' is no path"))?;
    let user = match &rule.scripts.run_as {
        RunAs::Server => "as the server's user".to_owned(),
        RunAs::User(runner) => format!("as {}", runner.name),
        RunAs::Owner(minimum) => format!(
            "each as its owner, if suexec's rules let it: no link, changed by nobody else, user {} or above",
            minimum.uid
        ),
    };
    let mut out = io::stdout().lock();
    writeln!(out, "scripts run {user}")?;
    for line in explain(&rule.scripts.terms.confinement, Kernel::probe()) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// `www.example.org/git`, `https://www.example.org/git` or `/git`.
fn split(address: &str) -> (&str, &str) {
    let bare = address.split_once("://").map_or(address, |(_, bare)| bare);
    let at = bare.find('/').unwrap_or(bare.len());
    (&bare[..at], if at == bare.len() { "/" } else { &bare[at..] })
}
