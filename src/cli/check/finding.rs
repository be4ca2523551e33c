//! What a check says of one thing, and how it is printed.

use serde::Serialize;

use crate::cli::{exit, output};
use crate::error::{Chain, Code, Explain};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Ok,
    Warning,
    Failed,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) subject: String,
    pub(super) verdict: Verdict,
    pub(super) what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
    #[serde(skip)]
    pub(super) code: u8,
}

pub(super) fn ok(subject: &str, what: String) -> Finding {
    Finding {
        subject: subject.to_owned(),
        verdict: Verdict::Ok,
        what,
        remedy: None,
        code: exit::SUCCESS,
    }
}

pub(super) fn failed(subject: &str, error: &(impl Explain + 'static)) -> Finding {
    Finding {
        subject: subject.to_owned(),
        verdict: Verdict::Failed,
        what: format!("{} [{}]", Chain(error), error.code()),
        remedy: error.hint().map(str::to_owned),
        code: match error.code() {
            Code::Interrupted => exit::INTERRUPTED,
            code => exit::code(code),
        },
    }
}

pub(super) fn print(findings: &[Finding]) {
    for finding in findings {
        let mark = match finding.verdict {
            Verdict::Ok => "ok     ",
            Verdict::Warning => "warning",
            Verdict::Failed => "FAILED ",
        };
        output::line(&format!(
            "{mark}  {:<16}  {}",
            finding.subject, finding.what
        ));
        if let Some(remedy) = &finding.remedy {
            output::line(&format!("{:27}→ {remedy}", ""));
        }
    }
}
