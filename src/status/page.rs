//! The status page: one document of HTML, for a person.
//!
//! It needs nothing besides itself: no build, no font, no image, no other host. What others wrote
//! (names, errors of services) goes through `Escaped`, and [`CONTENT_SECURITY_POLICY`] lets
//! nothing run or load but what is written in this folder.
//!
//! It is whole without script. Where scripts run, a short one fetches the page again every so often
//! and can be told not to; `<meta http-equiv=refresh>` could not, and would take the reader's place
//! and focus away (WCAG 2.2.1, 2.2.2).

mod back_fill;
mod cell;
mod escaped;
mod plot;
mod quota;
mod streams;
#[cfg(test)]
mod tests;
mod troubles;
mod verdict;

use std::fmt::{self, Display};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::report::{Report, Source};
use super::verdict::{Level, verdict};
use super::words::grouped;
use cell::When;
use escaped::Escaped;

const STYLE: &str = include_str!("page/style.css");

const SCRIPT: &str = include_str!("page/script.js");

/// What a browser is to let this page do: value of the header of that name.
pub static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT),
    )
});

/// The page about a report.
pub fn page(report: &Report) -> String {
    Page(report).to_string()
}

struct Page<'a>(&'a Report);

impl Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let account = Escaped(&report.account);
        let mark = match verdict(report).level {
            Level::Well => "✓",
            Level::Odd => "△",
            Level::Person => "✕",
        };
        write!(
            f,
            r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{mark} {account} – zendesk-aep</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<p class="brand">zendesk-aep <span class="muted">{version}</span></p>
<p class="account">{account}</p>
</header>
<p id="stale" role="alert" hidden>The daemon does not answer: what is shown is old.</p>
<main id="main" tabindex="-1">
"##,
            version = Escaped(&report.version),
        )?;
        write!(
            f,
            "{}{}{}{}{}{}{}",
            verdict::Section(report),
            streams::Section(report),
            back_fill::Section(report),
            quota::Section(report),
            troubles::Failures(report),
            troubles::DeadLetters(report),
            Machine(report),
        )?;
        write!(
            f,
            r#"</main>
<footer>
<p id="refresh" hidden><label><input type="checkbox" checked> Refresh every 15 seconds</label></p>
<nav aria-label="The same for programs"><ul><li><a href="">Reload</a></li><li><a href="status.json">status.json</a></li><li><a href="metrics">metrics</a></li></ul></nav>
</footer>
<script>{SCRIPT}</script>
</body>
</html>
"#
        )
    }
}

/// The process, its sign-ins, and when all this was so.
struct Machine<'a>(&'a Report);

impl Display for Machine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        f.write_str("<section aria-labelledby=\"daemon\">\n<h2 id=\"daemon\">Daemon</h2>\n<dl class=\"card facts\">\n")?;
        let seen = When(report.at, report.at).exact();
        writeln!(f, "<div><dt>As of</dt><dd>{seen}</dd></div>")?;
        if let Some(since) = report.started_at {
            let since = When(since, report.at);
            writeln!(f, "<div><dt>Started</dt><dd>{since}</dd></div>")?;
        }
        if report.source == Source::Daemon {
            let in_flight = grouped(report.in_flight.into());
            writeln!(
                f,
                "<div><dt>Requests to the inlet under way</dt><dd>{in_flight}</dd></div>"
            )?;
        }
        for token in &report.tokens {
            let side = Escaped(&token.side);
            let accepted = match token.accepted {
                Some(true) => "accepted",
                Some(false) => "refused",
                None => "not tried yet",
            };
            write!(f, "<div><dt>Sign-in to {side}</dt><dd>{accepted}")?;
            if let Some(expires_at) = token.expires_at {
                write!(f, ", token expires {}", When(expires_at, report.at))?;
            }
            f.write_str("</dd></div>\n")?;
        }
        f.write_str("</dl>\n</section>\n")
    }
}
