//! Writes what a package brings besides the program: manual pages and shells' completions, made
//! from the definition of the command line.
//!
//! ```console
//! cargo run --example package_files -- DIRECTORY
//! ```

use std::io::{Error, Result};
use std::path::PathBuf;

use clap_complete::Shell;

fn main() -> Result<()> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.ok_or_else(|| Error::other("name the directory to write to"))?;
    let (manual, completions) = (directory.join("man"), directory.join("completions"));
    std::fs::create_dir_all(&manual)?;
    std::fs::create_dir_all(&completions)?;
    clap_mangen::generate_to(zendesk_aep::cli::definition(), &manual)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut definition = zendesk_aep::cli::definition();
        clap_complete::generate_to(shell, &mut definition, "zendesk-aep", &completions)?;
    }
    Ok(())
}
