//! Codes, hints, and the one printer of error chains.
//!
//! Every error a person can meet has a [`Code`] that stays the same over releases and is listed
//! in `docs/errors.md`, says in its text what failed, and has a hint where there is something to
//! do. A room's error type implements [`Explain`]; [`Report`] prints one with its causes.

use std::error::Error;
use std::fmt;

/// Stable names for what can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A configuration that was to be changed to cannot be.
    Configuration,
    /// The TLS set-up failed.
    Tls,
    /// Zendesk did not accept the credentials.
    ZendeskSignIn,
    /// Zendesk accepted the credentials but not the request.
    ZendeskForbidden,
    /// The account or the endpoint is not where we look.
    ZendeskAddress,
    /// Zendesk called the request wrong.
    ZendeskRefused,
    /// Zendesk gave no usable answer.
    ZendeskUnavailable,
    /// An export misbehaved.
    ZendeskExport,
    /// The identity service or the inlet did not accept the credentials.
    PlatformSignIn,
    /// The inlet is not where we look.
    PlatformAddress,
    /// The inlet calls every request wrong.
    PlatformRefused,
    /// The inlet gave no usable answer.
    PlatformUnavailable,
    /// So many records were rejected that the configuration must be wrong.
    MostlyRejected,
    /// A stream's schema cannot be had or used.
    Schema,
    /// The rules of privacy cannot be applied.
    Privacy,
    /// A mapping file is wrong.
    MappingFile,
    /// So much is gone from a list that the list must be wrong.
    ListShrank,
    /// A list has more pages than Zendesk gives.
    ListCutOff,
    /// The state file or its lock.
    State,
    /// The dead-letter store.
    DeadLetters,
    /// The status server cannot listen.
    StatusAddress,
    /// The program was told to stop.
    Interrupted,
    /// A defect of this program or of the system under it.
    Internal,
}

impl Code {
    /// The code as printed and logged.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "CONFIGURATION",
            Self::Tls => "TLS",
            Self::ZendeskSignIn => "ZENDESK-SIGN-IN",
            Self::ZendeskForbidden => "ZENDESK-FORBIDDEN",
            Self::ZendeskAddress => "ZENDESK-ADDRESS",
            Self::ZendeskRefused => "ZENDESK-REFUSED",
            Self::ZendeskUnavailable => "ZENDESK-UNAVAILABLE",
            Self::ZendeskExport => "ZENDESK-EXPORT",
            Self::PlatformSignIn => "PLATFORM-SIGN-IN",
            Self::PlatformAddress => "PLATFORM-ADDRESS",
            Self::PlatformRefused => "PLATFORM-REFUSED",
            Self::PlatformUnavailable => "PLATFORM-UNAVAILABLE",
            Self::MostlyRejected => "MOSTLY-REJECTED",
            Self::Schema => "SCHEMA",
            Self::Privacy => "PRIVACY",
            Self::MappingFile => "MAPPING-FILE",
            Self::ListShrank => "LIST-SHRANK",
            Self::ListCutOff => "LIST-CUT-OFF",
            Self::State => "STATE",
            Self::DeadLetters => "DEAD-LETTERS",
            Self::StatusAddress => "STATUS-ADDRESS",
            Self::Interrupted => "INTERRUPTED",
            Self::Internal => "INTERNAL",
        }
    }
}

impl Code {
    /// Whether trying again soon is pointless: somebody must change something first.
    pub fn needs_a_person(self) -> bool {
        match self {
            Self::Configuration
            | Self::Tls
            | Self::ZendeskSignIn
            | Self::ZendeskForbidden
            | Self::ZendeskAddress
            | Self::ZendeskRefused
            | Self::PlatformSignIn
            | Self::PlatformAddress
            | Self::PlatformRefused
            | Self::MostlyRejected
            | Self::Schema
            | Self::Privacy
            | Self::MappingFile
            | Self::ListShrank
            | Self::ListCutOff => true,
            // Services come back, and disks are given room.
            Self::ZendeskUnavailable
            | Self::ZendeskExport
            | Self::PlatformUnavailable
            | Self::State
            | Self::DeadLetters
            | Self::StatusAddress
            | Self::Interrupted
            | Self::Internal => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error that can explain itself to an operator.
pub trait Explain: Error {
    /// Its stable code.
    fn code(&self) -> Code;
    /// What to do about it, where there is something to do.
    fn hint(&self) -> Option<&'static str>;
}

/// Prints an error and its causes on one line, each cause once.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printed = self.0.to_string();
        f.write_str(&printed)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            let text = error.to_string();
            // Some layers already quote their cause; saying it twice helps nobody.
            if !printed.contains(&text) {
                write!(f, ": {text}")?;
                printed.push_str(&text);
            }
            source = error.source();
        }
        Ok(())
    }
}

/// An explained error as an operator reads it on a terminal.
pub struct Report<'a>(pub &'a (dyn Explain + 'static));

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: ", self.0.code())?;
        let mut line = self.0.to_string();
        f.write_str(&line)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            let text = error.to_string();
            if !line.contains(&text) {
                write!(f, "\n  because {text}")?;
                line.push_str(&text);
            }
            source = error.source();
        }
        if let Some(hint) = self.0.hint() {
            write!(f, "\n\nhint: {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot {0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    impl Explain for Layer {
        fn code(&self) -> Code {
            Code::Internal
        }

        fn hint(&self) -> Option<&'static str> {
            Some("try again")
        }
    }

    fn error() -> Layer {
        let root = Layer("open the file", None);
        Layer(
            "start",
            Some(Box::new(Layer("read the file", Some(Box::new(root))))),
        )
    }

    #[test]
    fn a_report_has_code_causes_and_hint() {
        insta::assert_snapshot!(Report(&error()), @r"
        error[INTERNAL]: cannot start
          because cannot read the file
          because cannot open the file

        hint: try again
        ");
        assert_eq!(
            Chain(&error()).to_string(),
            "cannot start: cannot read the file: cannot open the file"
        );
    }

    /// Every code, in the order of the documentation.
    const ALL: [Code; 23] = [
        Code::Configuration,
        Code::Tls,
        Code::ZendeskSignIn,
        Code::ZendeskForbidden,
        Code::ZendeskAddress,
        Code::ZendeskRefused,
        Code::ZendeskUnavailable,
        Code::ZendeskExport,
        Code::PlatformSignIn,
        Code::PlatformAddress,
        Code::PlatformRefused,
        Code::PlatformUnavailable,
        Code::MostlyRejected,
        Code::Schema,
        Code::Privacy,
        Code::MappingFile,
        Code::ListShrank,
        Code::ListCutOff,
        Code::State,
        Code::DeadLetters,
        Code::StatusAddress,
        Code::Interrupted,
        Code::Internal,
    ];

    #[test]
    fn every_code_is_documented_and_nothing_else() {
        let documented: Vec<&str> = include_str!("../docs/errors.md")
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .collect();
        let codes: Vec<&str> = ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(documented, codes);
    }
}
