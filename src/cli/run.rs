//! `run`: the daemon.

use std::path::Path;

use super::{exit, output};
use crate::error::{Chain, Explain as _};
use crate::lifecycle;

pub(super) async fn run(path: &Path) -> u8 {
    let config = match output::load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Some(proxy) = &config.zendesk.network.proxy {
        tracing::info!(%proxy, no_proxy = proxy.direct(), "the environment names a proxy");
    }
    match lifecycle::run(config, path).await {
        Ok(()) => exit::SUCCESS,
        Err(error) => {
            // Into the log too: under a service manager that is all there is.
            tracing::error!(
                code = error.code().as_str(),
                hint = error.hint(),
                "{}",
                Chain(&error)
            );
            exit::code(error.code())
        }
    }
}
