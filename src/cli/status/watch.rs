//! `status --watch`: the same, again and again.
//!
//! On a terminal it is drawn in place, on the screen that editors use, so that what was there before
//! comes back at the end. Elsewhere each look follows the last one.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use super::{has_colours, tell};
use crate::cli::{Output, exit};
use crate::config::Config;
use crate::error::Report as ErrorReport;
use crate::lifecycle;
use crate::status::terminal::{Terminal, render};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(config: &Config, output: Output) -> u8 {
    let stop = match lifecycle::stop_on_signals() {
        Ok(stop) => stop,
        Err(error) => return crate::cli::output::fail(&error),
    };
    let in_place = output == Output::Human && io::stdout().is_terminal();
    let screen = in_place.then(Screen::enter);
    let looking = async {
        loop {
            let text = look(config, output, in_place).await;
            let shown = match &screen {
                Some(screen) => screen.show(&text),
                None => write(&text),
            };
            if shown.is_err() {
                // Nobody reads on.
                return;
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = looking => {}
    }
    exit::SUCCESS
}

/// One look, in the shape that is asked for.
async fn look(config: &Config, output: Output, in_place: bool) -> String {
    let told = match tell(config).await {
        Ok(told) => told,
        Err(error) => return format!("{}\n", ErrorReport(&error)),
    };
    match output {
        Output::Json => match serde_json::to_string(&told.report) {
            Ok(line) => line + "\n",
            Err(error) => format!("\"{error}\"\n"),
        },
        Output::Human => {
            let terminal = Terminal {
                colours: has_colours(),
                // The last row is for the line about itself.
                rows: in_place
                    .then(rows)
                    .flatten()
                    .map(|rows| rows.saturating_sub(2)),
            };
            let text = render(&told.report, terminal);
            let at = told.report.at.strftime("%Y-%m-%d %H:%M:%S UTC");
            match in_place {
                true => format!("{text}\n{at}; Ctrl-C ends"),
                false => format!("{at}\n{text}\n"),
            }
        }
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// How many rows the terminal has; `None` if it does not say.
fn rows() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_row > 0).then_some(size.ws_row.into())
}

/// The terminal's other screen, without a cursor; dropping it brings back the first.
struct Screen;

impl Screen {
    fn enter() -> Self {
        // Should it fail, so does the first look.
        let _ = write("\u{1b}[?1049h\u{1b}[?25l");
        Self
    }

    /// Draws over what is there: clearing first would flicker.
    fn show(&self, text: &str) -> io::Result<()> {
        let lines: Vec<&str> = text.lines().collect();
        write(&format!(
            "\u{1b}[H{}\u{1b}[K\u{1b}[J",
            lines.join("\u{1b}[K\n")
        ))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = write("\u{1b}[?25h\u{1b}[?1049l");
    }
}
