//! What a check says of one thing, and how it is printed.

use std::fmt;

use serde::Serialize;

use crate::cli::{exit, output};
use crate::error::{Chain, Code, Explain};

/// How it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and will not for ever, or not as one may think.
    Warning,
    /// It does not work.
    Failed,
    /// It was not looked at, since something before it failed.
    Skipped,
}

/// One thing that was looked at. The four keys that are printed are always there.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    subject: String,
    verdict: Verdict,
    what: String,
    remedy: Option<String>,
    /// What it makes the command exit with.
    #[serde(skip)]
    exit: u8,
}

impl Finding {
    fn new(subject: &str, verdict: Verdict, what: String) -> Self {
        Self {
            subject: subject.to_owned(),
            verdict,
            what,
            remedy: None,
            exit: exit::SUCCESS,
        }
    }

    /// All is well.
    pub(super) fn ok(subject: &str, what: String) -> Self {
        Self::new(subject, Verdict::Ok, what)
    }

    /// Something to know of, and what can be done.
    pub(super) fn warning(subject: &str, what: String, remedy: &str) -> Self {
        Self {
            remedy: Some(remedy.to_owned()),
            ..Self::new(subject, Verdict::Warning, what)
        }
    }

    /// Something that does not work, and the exit code that it makes.
    pub(super) fn bad(subject: &str, exit: u8, what: String, remedy: Option<&str>) -> Self {
        Self {
            remedy: remedy.map(str::to_owned),
            exit,
            ..Self::new(subject, Verdict::Failed, what)
        }
    }

    /// Something that does not work, by its code.
    pub(super) fn failure(subject: &str, code: Code, what: &str, remedy: Option<&str>) -> Self {
        Self::bad(
            subject,
            exit::code(code),
            format!("{what} [{code}]"),
            remedy,
        )
    }

    /// An error in its own words.
    pub(super) fn failed(subject: &str, error: &(impl Explain + 'static)) -> Self {
        let what = Chain(error).to_string();
        Self::failure(subject, error.code(), &what, error.hint())
    }

    /// Whether it does not work.
    pub(super) fn is_failure(&self) -> bool {
        self.verdict == Verdict::Failed
    }

    /// What could not be looked at because of a failure above it.
    pub(super) fn skipped(subject: &str, why: &str) -> Self {
        let what = format!("not looked at: {why}");
        Self::new(subject, Verdict::Skipped, what)
    }
}

/// The exit code of a check: that of the first failure, which is the cause of others more often than
/// not.
pub(super) fn exit_code(findings: &[Finding]) -> u8 {
    let mut codes = findings.iter().map(|finding| finding.exit);
    codes
        .find(|code| *code != exit::SUCCESS)
        .unwrap_or(exit::SUCCESS)
}

/// A line, and one for the remedy. The width is that of the subjects.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Ok => "ok     ",
            Verdict::Warning => "warning",
            Verdict::Failed => "FAILED ",
            Verdict::Skipped => "skipped",
        };
        let width = f.width().unwrap_or_default();
        write!(f, "{mark}  {:<width$}  {}", self.subject, self.what)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n{:indent$}→ {remedy}", "", indent = width + 11),
            None => Ok(()),
        }
    }
}

pub(super) fn print(findings: &[Finding]) {
    let subjects = findings.iter().map(|finding| finding.subject.len());
    let width = subjects.max().unwrap_or_default();
    for finding in findings {
        output::line(&format!("{finding:width$}"));
    }
}
