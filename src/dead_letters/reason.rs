//! Why records are refused.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a record was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// The inlet rejected its message.
    Rejected {
        /// The status of the message.
        status: u16,
        /// What the inlet said. May quote the record.
        message: String,
    },
    /// It could not be mapped to a message.
    Unmappable {
        /// Why not.
        message: String,
    },
    /// The platform would refuse its message.
    Invalid {
        /// Where in the message and why, without quoting it.
        message: String,
    },
    /// Zendesk cannot give it; what stands for the record says where it must be.
    Unreadable {
        /// How reading it fails.
        message: String,
    },
    /// Its message is larger than the inlet takes.
    TooLarge {
        /// Size and limit.
        message: String,
    },
}

/// The kind of a [`Reason`], as written in the store and on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// [`Reason::Rejected`]
    Rejected,
    /// [`Reason::Unmappable`]
    Unmappable,
    /// [`Reason::Invalid`]
    Invalid,
    /// [`Reason::Unreadable`]
    Unreadable,
    /// [`Reason::TooLarge`]
    TooLarge,
}

impl Reason {
    /// Its kind.
    pub fn code(&self) -> ReasonCode {
        match self {
            Self::Rejected { .. } => ReasonCode::Rejected,
            Self::Unmappable { .. } => ReasonCode::Unmappable,
            Self::Invalid { .. } => ReasonCode::Invalid,
            Self::Unreadable { .. } => ReasonCode::Unreadable,
            Self::TooLarge { .. } => ReasonCode::TooLarge,
        }
    }

    /// The words of whoever refused it. May quote the record.
    pub fn message(&self) -> &str {
        match self {
            Self::Rejected { message, .. }
            | Self::Unmappable { message }
            | Self::Invalid { message }
            | Self::Unreadable { message }
            | Self::TooLarge { message } => message,
        }
    }

    /// The same reason in other words.
    pub fn with_message(self, message: String) -> Self {
        match self {
            Self::Rejected { status, .. } => Self::Rejected { status, message },
            Self::Unmappable { .. } => Self::Unmappable { message },
            Self::Invalid { .. } => Self::Invalid { message },
            Self::Unreadable { .. } => Self::Unreadable { message },
            Self::TooLarge { .. } => Self::TooLarge { message },
        }
    }
}

impl ReasonCode {
    const ALL: [Self; 5] = [
        Self::Rejected,
        Self::Unmappable,
        Self::Invalid,
        Self::Unreadable,
        Self::TooLarge,
    ];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Unmappable => "unmappable",
            Self::Invalid => "invalid",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ReasonCode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
            .ok_or("write `rejected`, `unmappable`, `invalid`, `unreadable` or `too_large`")
    }
}
