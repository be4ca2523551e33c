//! Printing: results on standard output, errors on standard error.

use std::io::Write as _;
use std::path::Path;

use serde::Serialize;

use super::exit;
use crate::config::{self, Config};
use crate::error::{Chain, Explain, Report};
pub(super) use crate::status::words::grouped;
use crate::telemetry;

/// Loads the configuration and sets up logging by it; on failure prints why.
pub(super) fn load(path: &Path) -> Result<Config, u8> {
    match config::load(path) {
        Ok(config) => {
            telemetry::init(&config.log);
            Ok(config)
        }
        Err(error) => {
            telemetry::fatal(&format!("error: {}", Chain(&error)));
            Err(exit::CONFIGURATION)
        }
    }
}

/// Prints an explained error and gives its exit code.
pub(super) fn fail(error: &(dyn Explain + 'static)) -> u8 {
    eprintln!("{}", Report(error));
    exit::code(error.code())
}

/// Prints a value for programs.
pub(super) fn json(value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("\"{error}\""));
    line(&text);
}

/// Prints a line. A closed pipe (`… | head`) is no error of ours.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A duration in its two largest units.
pub(super) fn span(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 if seconds < 10 => format!("{:.1} s", duration.as_secs_f64()),
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn spans_have_two_units() {
        let check = |millis, text: &str| assert_eq!(span(Duration::from_millis(millis)), text);
        check(40, "0.0 s");
        check(1_500, "1.5 s");
        check(59_999, "59 s");
        check(61_000, "1 min 1 s");
        check(7_260_000, "2 h 1 min");
        check(90_000_000, "1 d 1 h");
    }
}
